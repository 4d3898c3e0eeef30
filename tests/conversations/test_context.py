"""What the assistant reads around a question, and what asks it nothing."""

import pytest
from desk import Desk
from rows import NOON
from shop import CAPTION, REEL_URL, attachment, item, reaction, reel, seconds, text, unsent

from pilito.assistant.prompt import read_blocks
from pilito.channels.base import OutboundReaction
from pilito.conversations.payload import Extras
from pilito.conversations.reply import reply
from pilito.conversations.take_over import give_back
from pilito.lifecycle import ConversationState, HandOverReason

ONE, LATER = seconds(1), seconds(600)

pytestmark = pytest.mark.sqlite_only


@pytest.fixture
def desk(make_shop):
    return Desk(make_shop())


def blocks(desk, *kinds):
    """What the model was asked last: the blocks of these kinds as (label, text)."""
    return [(one.label, one.text) for one in read_blocks(desk.model.prompts[-1]) if one.kind in kinds]


def ask(desk, at=NOON + LATER, **message):
    desk.take(item(at, {"text": "این چنده؟", **message}), now=at)
    desk.answer(at)


def test_the_message_that_a_question_answers_stands_before_it(desk):
    desk.take(text("سلام", NOON))
    desk.answer()
    desk.deliver()

    ask(desk, reply_to={"mid": desk.deliveries[0].external_id})

    assert blocks(desk, "context", "question") == [("reply_to_shop", desk.replies[0].text), ("", "این چنده؟")]


def test_a_post_that_is_answered_days_later_is_the_one_asked_about(desk):
    desk.take(reel(NOON, mid="old"))
    desk.take(reel(NOON + seconds(300), caption="کیف چرم: ۹۰۰ هزار تومان"), now=NOON + seconds(300))
    desk.sweep(NOON + LATER)

    ask(desk, reply_to={"mid": "old"})

    assert blocks(desk, "fact") == [("caption", CAPTION), ("earlier_caption", "کیف چرم: ۹۰۰ هزار تومان")]
    assert blocks(desk, "context")[0][0] == "reply_to_customer"


BAG = "کیف چرم: ۹۰۰ هزار تومان"


def share_two_and_quote_the_first(desk, order=(0, 1, 2)):
    """The dress, then the bag, then within the bag's wait a question that answers the dress; told in this order."""
    quote = {"mid": "quote", "text": "این چنده؟", "reply_to": {"mid": "dress"}}
    items = [reel(NOON, mid="dress"), reel(NOON + ONE, caption=BAG, mid="bag"), item(NOON + 2 * ONE, quote)]
    for number in order:
        desk.take(items[number], now=NOON + 2 * ONE)
    desk.answer(NOON + seconds(9))


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_a_question_that_quotes_a_post_asks_about_that_one_and_not_about_the_one_that_waits(desk, order):
    share_two_and_quote_the_first(desk, order)

    assert blocks(desk, "fact") == [("caption", CAPTION)]
    [question] = [text for _label, text in blocks(desk, "question")]
    assert question.startswith("[CONTEXT: پست/ریلز")
    assert CAPTION in question
    assert question.endswith("[/CONTEXT]\nاین چنده؟")
    assert BAG not in question
    # The pairing itself is by time alone: the rules of product.md stand as they are.
    assert desk.message("bag").share.combined_with_id == desk.message("quote").id
    assert desk.message("quote").text == "این چنده؟"


def test_afterwards_the_quoted_post_is_the_one_before_and_the_other_is_known_too(desk):
    share_two_and_quote_the_first(desk)

    ask(desk, text="سایز ۴۰ هم دارید؟")

    assert blocks(desk, "fact") == [("earlier_caption", CAPTION), ("earlier_caption", BAG)]
    [asked] = [text for label, text in blocks(desk, "history") if text.endswith("این چنده؟")]
    assert CAPTION in asked
    assert BAG not in asked


def test_a_question_that_quotes_the_post_it_took_is_as_any_other(desk):
    quote = {"mid": "quote", "text": "این چنده؟", "reply_to": {"mid": "bag"}}
    desk.take(reel(NOON), reel(NOON + ONE, caption=BAG, mid="bag"), item(NOON + 2 * ONE, quote), now=NOON + 2 * ONE)

    desk.answer(NOON + seconds(9))

    assert blocks(desk, "fact") == [("caption", BAG)]
    assert blocks(desk, "question") == [("", desk.message("quote").content)]


def test_a_quoted_post_that_was_taken_back_leaves_the_question_the_one_it_took(desk):
    quote = {"mid": "quote", "text": "این چنده؟", "reply_to": {"mid": "dress"}}
    desk.take(reel(NOON, mid="dress"), reel(NOON + ONE, caption=BAG), item(NOON + 2 * ONE, quote), now=NOON + 2 * ONE)
    desk.take(unsent("dress", NOON + 3 * ONE), now=NOON + 3 * ONE)

    desk.answer(NOON + seconds(9))

    assert blocks(desk, "fact") == [("caption", BAG)]
    assert CAPTION not in desk.model.prompts[-1]


def test_the_same_question_about_three_quoted_posts_is_no_misunderstanding(desk):
    captions = [CAPTION, BAG, "شال نخی: ۴۵۰ هزار تومان"]
    for number, caption in enumerate(captions):
        desk.take(reel(NOON + number * ONE, caption=caption, mid=f"post-{number}"), now=NOON + number * ONE)
    desk.sweep(NOON + seconds(300))
    ask(desk, at=NOON + seconds(400), text="سلام")

    for number in range(3):
        ask(desk, at=NOON + LATER + number * seconds(60), reply_to={"mid": f"post-{number}"})

    assert len(desk.replies) == 4
    assert desk.conversation.state is ConversationState.ASSISTANT


def test_a_message_that_was_taken_back_or_is_unknown_is_no_context(desk):
    desk.take(text("راز", NOON, mid="m"), unsent("m", NOON + ONE), now=NOON + ONE)

    ask(desk, reply_to={"mid": "m"})
    ask(desk, at=NOON + LATER + ONE, reply_to={"mid": "never seen"})

    assert blocks(desk, "context") == []


def test_a_message_of_another_customer_is_no_context(desk):
    desk.take(text("رازِ دیگری", NOON, mid="theirs", customer="600000000000099"))
    at = NOON + LATER
    desk.take(item(at, {"text": "این چنده؟", "mid": "q", "reply_to": {"mid": "theirs"}}), now=at)

    desk.answer(at)

    assert "رازِ دیگری" not in desk.model.prompts[-1]


def test_a_reply_to_a_story_says_so_and_asks_the_assistant(desk):
    ask(desk, reply_to={"story": {"id": "1", "url": "https://lookaside.fbsbx.com/story"}})

    assert blocks(desk, "context") == [("story", "[استوری فروشگاه]")]
    assert "lookaside" not in desk.model.prompts[-1]


STORY = {"story": {"id": "1", "url": "https://lookaside.fbsbx.com/story"}}


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_reply_to_a_story_asks_about_no_post_that_waits(desk, order):
    items = [reel(NOON, mid="dress"), item(NOON + ONE, {"mid": "story", "text": "قیمت؟", "reply_to": STORY})]
    for number in order:
        desk.take(items[number], now=NOON + ONE)

    desk.answer(NOON + seconds(9))

    assert blocks(desk, "fact") == []
    assert blocks(desk, "context", "question") == [("story", "[استوری فروشگاه]"), ("", "قیمت؟")]
    # That the post was shared before is history. The pairing itself is by time alone, as for a quoted post.
    assert [CAPTION in text for _label, text in blocks(desk, "history")] == [True]
    assert desk.message("dress").share.combined_with_id == desk.message("story").id
    assert desk.message("story").content.startswith("[CONTEXT: پست/ریلز")


def test_what_was_asked_of_a_story_is_history_without_the_post_of_its_time(desk):
    desk.take(reel(NOON), item(NOON + ONE, {"text": "قیمت؟", "reply_to": STORY}), now=NOON + ONE)
    desk.answer(NOON + seconds(9))

    ask(desk, text="سایز ۴۰ هم دارید؟")

    assert "قیمت؟" in [text for _label, text in blocks(desk, "history")]
    assert blocks(desk, "fact") == [("earlier_caption", CAPTION)]


def test_a_post_that_comes_as_a_link_in_a_reply_to_a_story_is_the_one_asked_about(desk):
    ask(desk, text=f"این چنده؟ {REEL_URL}", reply_to=STORY)

    [question] = [text for _label, text in blocks(desk, "question")]
    assert REEL_URL in question.partition("[/CONTEXT]")[0]


def test_a_reaction_is_told_with_its_message_and_one_taken_off_is_not(desk):
    desk.take(text("سلام", NOON, mid="m"))
    desk.answer()
    desk.deliver()
    sent = desk.deliveries[0].external_id
    desk.take(reaction(sent, NOON + ONE), reaction("m", NOON + ONE, by_shop=True), now=NOON + ONE)

    ask(desk)
    told = blocks(desk, "history")
    desk.take(reaction(sent, NOON + LATER, action="unreact"), now=NOON + LATER)
    ask(desk, at=NOON + LATER + ONE)

    assert told == [
        ("customer", "سلام\n[واکنش فروشگاه: ❤️]"),
        ("assistant", f"{desk.replies[0].text}\n[واکنش مشتری: ❤️]"),
    ]
    assert blocks(desk, "history")[1] == ("assistant", desk.replies[0].text)


def test_the_ad_of_a_message_is_a_fact_and_the_words_of_a_link_are_none(desk):
    ad = {
        "ref": "promo",
        "ad_id": "7",
        "source": "ADS",
        "ads_context_data": {"ad_title": "حراج: پیراهن ۹۹۰ هزار تومان"},
    }

    ask(desk, referral=ad)

    assert blocks(desk, "fact") == [("ad", "حراج: پیراهن ۹۹۰ هزار تومان")]
    assert blocks(desk, "context") == [("referral", "promo")]
    assert desk.replies[0].proof.facts[0]["source"] == "ad"


def test_a_product_waits_for_its_question_and_tells_what_is_meant(desk):
    card = {"id": "1", "title": "پیراهن نیلوفر", "subtitle": "۲٬۰۰۰٬۰۰۰ تومان", "image_url": "https://x.test/p"}
    product = {"type": "template", "payload": {"product": {"elements": [card]}}}
    desk.take(item(NOON, {"attachments": [product]}))
    alone = desk.turn

    ask(desk)

    assert alone is None
    assert blocks(desk, "fact") == [("of_others", "پیراهن نیلوفر · ۲٬۰۰۰٬۰۰۰ تومان")]
    assert blocks(desk, "history") == [("customer", "[محصول]\nپیراهن نیلوفر · ۲٬۰۰۰٬۰۰۰ تومان")]


@pytest.mark.parametrize(("extras", "known"), [({"reaction": OutboundReaction("card", "❤️")}, True), ({}, False)])
def test_a_heart_on_a_product_answers_nothing_about_it_and_a_reply_does(desk, extras, known):
    card = {"type": "template", "payload": {"product": {"elements": [{"id": "1", "title": "پیراهن نیلوفر"}]}}}
    desk.take(item(NOON, {"mid": "card", "attachments": [card]}))
    desk.call(reply, desk.conversation.id, None, "" if extras else "بله", "1", NOON + ONE, Extras(**extras))
    desk.call(give_back, desk.conversation.id, None, NOON + ONE)

    ask(desk)

    assert blocks(desk, "fact") == ([("of_others", "پیراهن نیلوفر")] if known else [])


@pytest.mark.parametrize("kind", ["story_mention", "ig_story", "story", "like_heart"])
def test_what_asks_nothing_opens_no_turn(desk, kind):
    desk.take(attachment(kind, NOON))
    desk.sweep(NOON + LATER)

    assert desk.turn is None
    assert desk.conversation.state is ConversationState.ASSISTANT
    assert desk.conversation.unread_count == 1


@pytest.mark.parametrize("kind", ["ephemeral", "unsupported_type", "hologram"])
def test_what_cannot_be_read_goes_to_a_person(desk, kind):
    desk.take(attachment(kind, NOON))
    desk.answer()

    assert desk.conversation.hand_over_reason is HandOverReason.UNREADABLE
    assert desk.model.calls == []


@pytest.mark.parametrize("payload", ["SHIPPING", "3:IB_FIRST_PARTY:123"])
def test_a_tap_is_asked_by_its_title(desk, payload):
    desk.take(item(NOON, {"mid": "m", "text": "ارسال دارید؟", "quick_reply": {"payload": payload}}))
    desk.answer()

    assert blocks(desk, "question") == [("", "ارسال دارید؟")]
    assert desk.message("m").payload == payload
    assert payload not in desk.model.prompts[-1]
