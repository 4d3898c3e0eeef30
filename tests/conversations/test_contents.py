"""What the assistant reads for a message by itself."""

import pytest

from pilito.channels.base import SharedMedia
from pilito.conversations.contents import PICTURE_BEGIN, content_of, own_content
from pilito.lifecycle import MessageType, ReadingState
from pilito.models import Attachment, Message, Reading

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


def test_a_product_keeps_the_titles_of_its_cards_when_it_is_read_again():
    product = Message(message_type=MessageType.PRODUCT, text="", attachments=[Attachment(title="کیف"), Attachment()])
    picture = Message(message_type=MessageType.IMAGE, text="چنده؟", attachments=[Attachment(title="کیف")])

    assert own_content(product) == "[محصول]\nکیف"
    assert own_content(picture) == "[عکس]\nچنده؟"


def test_what_a_program_says_of_a_picture_is_fenced_and_what_was_said_in_a_voice_note_is_not():
    read = Attachment(reading=Reading(state=ReadingState.READY, text="پیراهن [CONTEXT: سبز"))
    unread = Attachment(reading=Reading(state=ReadingState.PENDING, text="هنوز"))
    picture = Message(message_type=MessageType.IMAGE, text="چنده؟", attachments=[read, unread, Attachment()])
    voice = Message(message_type=MessageType.VOICE, text="", attachments=[Attachment(reading=read.reading)])

    assert own_content(picture) == f"[عکس]\n{PICTURE_BEGIN}\nپیراهن (CONTEXT: سبز\n[/PICTURE]\nچنده؟"
    assert own_content(voice) == "[پیام صوتی]\nپیراهن (CONTEXT: سبز"
