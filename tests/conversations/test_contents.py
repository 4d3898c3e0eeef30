"""What the assistant reads for a message by itself."""

import pytest

from pilito.channels.base import SharedMedia
from pilito.conversations.contents import content_of
from pilito.lifecycle import MessageType

POST = SharedMedia("ig_post", caption="پیراهن سبز")


@pytest.mark.parametrize(
    ("message_type", "label"),
    [
        (MessageType.IMAGE, "[عکس]"),
        (MessageType.VIDEO, "[ویدیو]"),
        (MessageType.VOICE, "[پیام صوتی]"),
        (MessageType.FILE, "[فایل]"),
        (MessageType.STORY, "[استوری]"),
        (MessageType.STORY_MENTION, "[منشن در استوری]"),
        (MessageType.PRODUCT, "[محصول]"),
        (MessageType.LIKE, "[لایک]"),
        (MessageType.UNSUPPORTED, "[پیامی که نمایش داده نمی‌شود]"),
        (MessageType.OTHER, "[محتوای دیگر]"),
    ],
)
def test_what_is_no_text_is_named_before_the_words_that_came_with_it(message_type, label):
    assert content_of(message_type, "", None) == label
    assert content_of(message_type, "این چنده؟", None) == f"{label}\nاین چنده؟"


def test_a_text_is_its_own_words():
    assert content_of(MessageType.TEXT, "این چنده؟", None) == "این چنده؟"


def test_a_product_is_read_with_the_titles_of_its_cards_and_a_picture_is_not():
    titles = ["پیراهن · ۴۰ هزار تومان", None]

    assert content_of(MessageType.PRODUCT, "", None, titles=titles) == "[محصول]\nپیراهن · ۴۰ هزار تومان"
    assert content_of(MessageType.IMAGE, "", None, titles=titles) == "[عکس]"


def test_a_post_is_its_parts_and_with_words_beside_it_their_context():
    assert content_of(MessageType.SHARE, "", POST) == "کپشن: پیراهن سبز"
    assert content_of(MessageType.SHARE, "چنده؟", POST, "چنده؟").endswith("کپشن: پیراهن سبز\n[/CONTEXT]\nچنده؟")
