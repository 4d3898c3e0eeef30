"""Edits: before the answer, while it is written, after it, before the message, and those that say nothing new."""

import logging

import pytest
from desk import Desk
from rows import NOON
from shop import CAPTION, about, echo, edited, reel, seconds, text, unsent

from pilito.channels.base import Post
from pilito.conversations.close import close
from pilito.conversations.own_posts import keep_posts
from pilito.database import transaction
from pilito.lifecycle import ConversationState, EventOutcome, MessageType, ShareState, TurnState
from pilito.models import EarlyEdit, Message, Turn, db

ONE, TWO = seconds(1), seconds(2)
LINK = "https://www.instagram.com/p/DPiLiTo0107/"


@pytest.fixture
def desk(make_shop):
    return Desk(make_shop(reply_quiet_seconds=3))


def last_outcome(desk, *items, now=NOON + TWO):
    return desk.outcomes(desk.take(*items, now=now))[-1]


@pytest.mark.sqlite_only
def test_a_question_edited_before_its_answer_is_answered_from_the_new_text(desk, caplog):
    desk.take(text("این کفش چنده؟", NOON, mid="q"))
    version = desk.turn.version

    with caplog.at_level(logging.INFO):
        desk.take(edited("q", "این پیراهن چنده؟", NOON + ONE), now=NOON + ONE)
    desk.answer(NOON + seconds(4))

    message = desk.message("q")
    assert (message.text, message.content) == ("این پیراهن چنده؟", "این پیراهن چنده؟")
    assert (message.earlier_texts, message.edited_at, message.edit_number) == (["این کفش چنده؟"], NOON + ONE, 1)
    assert desk.turn.version > version
    assert "پیراهن" in desk.model.prompts[0]
    assert "کفش" not in desk.model.prompts[0]
    assert desk.conversation.preview != "این کفش چنده؟"
    assert f"✏️ Message {message.id} was edited before its answer" in caplog.text


def test_t8_an_edit_while_the_answer_is_written_voids_the_draft(desk):
    desk.take(text("این کفش چنده؟", NOON, mid="q"))

    def edit_now(payload):
        desk.take(edited("q", "این پیراهن چنده؟", NOON + seconds(4)), now=NOON + seconds(4))
        return desk.model.default(payload)

    desk.model.script = [edit_now]
    desk.answer(NOON + seconds(3))
    dropped = not desk.replies
    desk.answer(NOON + seconds(7))

    assert dropped
    assert "کفش" not in desk.model.prompts[1]
    assert len(desk.replies) == 1


def test_a_link_whose_question_is_edited_away_while_its_answer_is_written_is_a_lone_one(desk):
    desk.take(text(f"این چنده؟ {LINK}", NOON, mid="s"))

    def edit_now(payload):
        desk.take(edited("s", LINK, NOON + seconds(4)), now=NOON + seconds(4))
        return desk.model.default(payload)

    desk.model.script = [edit_now]
    desk.answer(NOON + seconds(3))
    desk.answer(NOON + seconds(7))

    assert desk.replies == []
    assert desk.shop.share_of(desk.message("s")).state is ShareState.WAITING
    assert (desk.turn.state, desk.conversation.unanswered_since) == (TurnState.DROPPED, None)


@pytest.mark.sqlite_only
def test_an_edit_to_the_same_words_leaves_the_answer_being_written_alone(desk):
    desk.take(text("این کفش چنده؟", NOON, mid="q"))

    def edit_now(payload):
        desk.take(edited("q", "این کفش چنده؟", NOON + seconds(4)), now=NOON + seconds(4))
        return desk.model.default(payload)

    desk.model.script = [edit_now]
    desk.answer(NOON + seconds(3))

    assert len(desk.replies) == 1


@pytest.mark.sqlite_only
def test_an_edit_after_the_answer_is_shown_and_not_answered(desk):
    desk.take(text("این کفش چنده؟", NOON, mid="q"))
    desk.answer(NOON + seconds(3))
    desk.deliver(NOON + seconds(3))

    outcome = last_outcome(desk, edited("q", "این پیراهن چنده؟", NOON + seconds(9)), now=NOON + seconds(9))
    desk.sweep(NOON + seconds(60))

    assert outcome is EventOutcome.STORED
    assert desk.message("q").text == "این پیراهن چنده؟"
    assert desk.turn.state is TurnState.ANSWERED
    assert desk.conversation.state is ConversationState.ASSISTANT
    assert desk.conversation.unanswered_since is None
    assert len(desk.graph.sent) == 1


def test_the_pairing_of_an_edited_question_is_built_from_its_new_text(desk):
    desk.take(reel(NOON, mid="reel"), text("کفش؟", NOON + ONE, mid="q"), now=NOON + ONE)

    desk.take(edited("q", "این چنده؟", NOON + TWO), now=NOON + TWO)

    content = desk.message("q").content
    assert content.startswith("[CONTEXT: پست/ریلز")
    assert content.endswith("این چنده؟")
    assert "کفش" not in content
    assert CAPTION.splitlines()[0] in content


@pytest.mark.sqlite_only
def test_an_answered_pair_shows_the_new_text_beside_its_post(desk):
    desk.take(reel(NOON), text("کفش؟", NOON + ONE, mid="q"), now=NOON + ONE)
    desk.answer(NOON + seconds(4))
    desk.deliver(NOON + seconds(4))

    desk.take(edited("q", "این چنده؟", NOON + seconds(9)), now=NOON + seconds(9))

    assert desk.message("q").content.startswith("[CONTEXT: پست/ریلز")
    assert desk.message("q").content.endswith("این چنده؟")


@pytest.mark.sqlite_only
def test_an_older_edit_and_the_same_again_change_nothing(desk):
    desk.take(text("یک", NOON, mid="q"), edited("q", "سه", NOON + TWO, number=2), now=NOON + TWO)

    again = last_outcome(desk, edited("q", "سه", NOON + TWO, number=2))
    older = last_outcome(desk, edited("q", "دو", NOON + ONE, number=1))

    assert (again, older) == (EventOutcome.DUPLICATE, EventOutcome.DUPLICATE)
    assert (desk.message("q").text, desk.message("q").earlier_texts) == ("سه", ["یک"])


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    "said",
    [
        {"mid": "q", "num_edit": 0},
        {"mid": "q", "text": "x", "num_edit": "0"},
        {"mid": "q", "text": " "},
        {"text": "x"},
        [],
    ],
)
def test_an_edit_that_says_nothing_new_is_on_the_ledger_only(desk, said):
    desk.take(text("یک", NOON, mid="q"))

    outcome = last_outcome(desk, about(NOON + ONE, message_edit=said))

    assert outcome is EventOutcome.IGNORED
    assert (desk.message("q").text, desk.message("q").edited_at) == ("یک", None)
    assert desk.rows(EarlyEdit) == []


@pytest.mark.sqlite_only
def test_an_edit_needs_no_sender(desk):
    desk.take(text("یک", NOON, mid="q"))
    nameless = edited("q", "دو", NOON + ONE)
    del nameless["sender"], nameless["recipient"]

    desk.take(nameless, now=NOON + ONE)

    assert desk.message("q").text == "دو"


def test_an_edit_that_comes_before_its_message_is_applied_when_it_comes(desk):
    desk.take(edited("q", "سه", NOON + TWO, number=2), edited("q", "دو", NOON + ONE, number=1), now=NOON + TWO)
    assert desk.rows(Message) == []

    desk.take(text("یک", NOON, mid="q"), now=NOON + seconds(3))
    desk.answer(NOON + seconds(6))

    message = desk.message("q")
    assert (message.text, message.content, message.edit_number) == ("سه", "سه", 2)
    assert message.earlier_texts == ["یک", "دو"]
    assert desk.rows(EarlyEdit) == []
    assert "یک" not in desk.model.prompts[0].partition("question")[2]


@pytest.mark.sqlite_only
def test_an_edit_of_a_message_that_never_comes_makes_none_and_is_forgotten(desk):
    outcome = last_outcome(desk, edited("nobody", "دو", NOON))

    kept = len(desk.rows(EarlyEdit))
    desk.sweep(NOON + seconds(36 * 3600))
    still = len(desk.rows(EarlyEdit))
    desk.sweep(NOON + seconds(38 * 3600))

    assert outcome is EventOutcome.IGNORED
    assert (kept, still, desk.rows(EarlyEdit)) == (1, 1, [])
    assert desk.rows(Message) == []


@pytest.mark.sqlite_only
def test_its_words_leave_the_ledger_with_it_and_those_of_an_edit_that_found_its_message_stay(desk):
    """An edit need not say whose it is: when they are erased, nothing else would take it along."""
    nameless = edited("nobody", "kanarienvogel", NOON)
    del nameless["sender"], nameless["recipient"]
    webhook_id = desk.take(nameless, edited("somebody", "spatz", NOON))
    desk.take(text("یک", NOON, mid="somebody"), now=NOON + ONE)

    desk.sweep(NOON + seconds(38 * 3600))

    assert b"kanarienvogel" not in desk.webhook(webhook_id).body
    assert b"spatz" in desk.webhook(webhook_id).body
    assert desk.message("somebody").text == "spatz"


@pytest.mark.sqlite_only
def test_an_edit_of_a_message_that_was_taken_back_brings_no_text_back(desk):
    desk.take(text("یک", NOON, mid="q"), unsent("q", NOON + ONE), now=NOON + ONE)

    outcome = last_outcome(desk, edited("q", "دو", NOON + TWO))

    assert outcome is EventOutcome.IGNORED
    assert (desk.message("q").text, desk.message("q").content) == ("", "")


@pytest.mark.sqlite_only
def test_what_the_shop_typed_on_the_phone_may_be_edited_too(desk):
    desk.take(echo("بله", NOON, "phone"))

    desk.take(edited("phone", "بله، داریم", NOON + ONE, by_shop=True), now=NOON + ONE)

    assert desk.message("phone").text == "بله، داریم"
    assert desk.turn is None


@pytest.mark.sqlite_only
def test_an_edit_where_people_answer_asks_nobody(desk):
    desk.take(
        text("یک", NOON, mid="q"), echo("بله", NOON + ONE, "phone"), text("دو", NOON + TWO, mid="r"), now=NOON + TWO
    )

    desk.take(edited("r", "سه", NOON + seconds(3)), now=NOON + seconds(3))

    assert desk.conversation.state is ConversationState.OPERATOR
    assert desk.turn.state is TurnState.DROPPED
    assert desk.conversation.unanswered_since == NOON + TWO


def test_a_lone_link_that_becomes_a_question_is_answered_once(desk):
    desk.take(text(LINK, NOON, mid="s"))
    desk.take(edited("s", f"این چنده؟ {LINK}", NOON + ONE), now=NOON + ONE)
    waits = desk.conversation.unanswered_since

    desk.answer(NOON + seconds(9))
    desk.answer(NOON + seconds(20))

    assert waits == NOON
    assert "این چنده؟" in desk.model.prompts[0]
    assert desk.message("s").answered_by_id == desk.replies[0].id
    assert desk.conversation.unanswered_since is None
    assert len(desk.replies) == 1


@pytest.mark.sqlite_only
def test_a_lone_link_that_becomes_a_question_where_people_answer_waits_for_them(desk):
    desk.take(echo("سلام", NOON - ONE, "phone"), text(LINK, NOON, mid="s"))

    desk.take(edited("s", f"این چنده؟ {LINK}", NOON + ONE), now=NOON + ONE)

    assert (desk.conversation.unanswered_since, desk.turn) == (NOON, None)


@pytest.mark.sqlite_only
def test_a_link_whose_question_was_answered_gets_no_second_answer_when_it_asks_the_same(desk):
    desk.take(text(LINK, NOON, mid="s"), text("چنده؟", NOON + ONE, mid="q"), now=NOON + ONE)
    desk.answer(NOON + seconds(4))
    desk.deliver(NOON + seconds(4))

    desk.take(edited("s", f"این چنده؟ {LINK}", NOON + seconds(9)), now=NOON + seconds(9))
    desk.answer(NOON + seconds(20))

    assert desk.message("s").answered_by_id == desk.message("q").answered_by_id
    assert len(desk.rows(Turn)) == 1
    assert desk.conversation.unanswered_since is None


@pytest.mark.sqlite_only
@pytest.mark.parametrize("ends", ["another link", "closed"])
def test_an_edit_of_a_lone_link_has_nobody_wait_who_asks_nothing_or_where_all_is_done(desk, ends):
    other = "https://www.instagram.com/p/DPiLiTo0108/"
    desk.take(text(LINK, NOON, mid="s"))
    if ends == "closed":
        desk.call(close, desk.conversation.id, None, NOON)

    desk.take(edited("s", other if ends == "another link" else f"این چنده؟ {LINK}", NOON + ONE), now=NOON + ONE)
    desk.sweep(NOON + seconds(60))

    assert (desk.conversation.unanswered_since, desk.turn) == (None, None)


@pytest.mark.sqlite_only
def test_a_lone_link_that_becomes_a_question_is_asked_and_back_again_it_waits(desk):
    desk.take(text(LINK, NOON, mid="s"))
    assert desk.turn is None

    desk.take(edited("s", f"این چنده؟ {LINK}", NOON + ONE), now=NOON + ONE)
    asked = desk.shop.share_of(desk.message("s")).state, desk.turn.state
    desk.take(edited("s", LINK, NOON + TWO, number=2), now=NOON + TWO)

    assert asked == (ShareState.COMBINED, TurnState.OPEN)
    assert desk.shop.share_of(desk.message("s")).state is ShareState.WAITING
    desk.answer(NOON + seconds(9))
    assert desk.model.calls == []


COAT, BAG = (f"https://www.instagram.com/p/DPiLiTo0{code}/" for code in ("coat", "bag"))
COATS, BAGS = "پالتو پشمی: ۴٬۲۰۰٬۰۰۰ تومان", "کیف چرم: ۹۰۰٬۰۰۰ تومان"


@pytest.fixture
def shopping(desk):
    """Both posts are the shop's own."""
    posts = [
        Post("18000000000000201", COATS, COAT, "DPiLiTo0coat", posted_at=NOON),
        Post("18000000000000202", BAGS, BAG, "DPiLiTo0bag", posted_at=NOON),
    ]
    desk.call(keep_posts, desk.shop.inbox_id, posts, NOON)
    return desk


def ask_of_the_bag(desk, after=9):
    """Have it answered: what was read is the bag's, once, and nothing of the coat."""
    desk.answer(NOON + seconds(after))
    [prompt] = desk.model.prompts
    assert (COATS in prompt, BAGS in prompt, "چنده" in prompt) == (False, True, True)
    assert len(desk.replies) == 1


def test_a_question_whose_link_is_edited_to_another_asks_about_that_post(shopping):
    shopping.take(text(f"این چنده؟ {COAT}", NOON, mid="q"))

    shopping.take(edited("q", f"این چنده؟ {BAG}", NOON + ONE), now=NOON + ONE)

    share = shopping.shop.share_of(shopping.message("q"))
    assert (share.permalink, share.own_post.caption, share.state) == (BAG, BAGS, ShareState.COMBINED)
    ask_of_the_bag(shopping)


@pytest.mark.sqlite_only
@pytest.mark.parametrize("asked_first", [False, True])
def test_so_does_a_question_that_took_a_lone_link(shopping, asked_first):
    question = text("چنده؟", NOON + TWO, mid="q")
    shopping.take(text(COAT, NOON, mid="s"), *([question] if asked_first else []), now=NOON + TWO)

    shopping.take(edited("s", BAG, NOON + seconds(3)), now=NOON + seconds(3))
    if not asked_first:
        shopping.take(question, now=NOON + seconds(4))

    assert shopping.shop.share_of(shopping.message("s")).combined_with_id == shopping.message("q").id
    ask_of_the_bag(shopping)


@pytest.mark.sqlite_only
def test_open_panels_are_shown_the_question_anew_whose_link_was_edited(shopping):
    shopping.take(text(COAT, NOON, mid="s"), text("چنده؟", NOON + ONE, mid="q"), now=NOON + ONE)
    shown = shopping.message("q").seq

    shopping.take(edited("s", BAG, NOON + TWO), now=NOON + TWO)

    assert BAGS in shopping.message("q").content
    assert shopping.message("q").seq > shown


@pytest.mark.sqlite_only
def test_a_link_that_is_edited_away_and_back_in_as_another_is_that_one(shopping):
    shopping.take(text(f"این چنده؟ {COAT}", NOON, mid="q"))
    shopping.take(edited("q", "این چنده؟", NOON + ONE), now=NOON + ONE)

    shopping.take(edited("q", f"این چنده؟ {BAG}", NOON + TWO, number=2), now=NOON + TWO)

    ask_of_the_bag(shopping)


def test_a_question_to_which_its_forgotten_link_is_added_asks_about_that_post(shopping):
    shopping.take(text("این چنده؟", NOON, mid="q"))

    shopping.take(edited("q", f"این چنده؟ {BAG}", NOON + ONE), now=NOON + ONE)

    message = shopping.message("q")
    assert (message.message_type, message.share.state) == (MessageType.SHARE, ShareState.COMBINED)
    ask_of_the_bag(shopping)


@pytest.mark.sqlite_only
def test_the_post_that_it_had_taken_is_a_lone_one_again(shopping):
    shopping.take(text(COAT, NOON, mid="s"), text("این چنده؟", NOON + ONE, mid="q"), now=NOON + ONE)

    shopping.take(edited("q", f"این چنده؟ {BAG}", NOON + TWO), now=NOON + TWO)

    share = shopping.shop.share_of(shopping.message("s"))
    assert (share.state, share.combined_with_id) == (ShareState.SUPERSEDED, None)
    shopping.answer(NOON + seconds(9))
    assert f"{BAGS}" in shopping.model.prompts[0].rpartition("[CONTEXT:")[2]


@pytest.mark.sqlite_only
def test_a_question_that_becomes_a_lone_link_waits_and_gets_no_answer(shopping, caplog):
    shopping.take(text("این چنده؟", NOON, mid="s"))

    with caplog.at_level(logging.INFO):
        shopping.take(edited("s", BAG, NOON + ONE), now=NOON + ONE)
    shopping.answer(NOON + seconds(9))

    assert shopping.message("s").share.state is ShareState.WAITING
    assert (shopping.model.calls, shopping.turn.state) == ([], TurnState.DROPPED)
    assert shopping.conversation.unanswered_since is None
    assert "share detected - waiting for follow-up question" in caplog.text
    shopping.take(text("چنده؟", NOON + seconds(30)), now=NOON + seconds(30))
    ask_of_the_bag(shopping, after=40)


@pytest.mark.sqlite_only
@pytest.mark.parametrize("before", ["این چنده؟", f"این چنده؟ {COAT}"])
def test_an_early_edit_does_the_same(shopping, before):
    shopping.take(edited("q", f"این چنده؟ {BAG}", NOON + ONE), now=NOON + ONE)

    shopping.take(text(before, NOON, mid="q"), now=NOON + TWO)

    ask_of_the_bag(shopping)


@pytest.mark.sqlite_only
def test_a_link_that_is_added_after_the_answer_is_shown_and_opens_nothing(shopping):
    shopping.take(text("سلام", NOON, mid="q"))
    shopping.answer(NOON + seconds(4))
    shopping.deliver(NOON + seconds(4))

    shopping.take(edited("q", f"این چنده؟ {BAG}", NOON + seconds(9)), now=NOON + seconds(9))

    assert (shopping.message("q").message_type, shopping.message("q").share) == (MessageType.TEXT, None)
    assert (len(shopping.rows(Turn)), shopping.conversation.unanswered_since) == (1, None)


@pytest.mark.sqlite_only
def test_what_the_shop_typed_on_the_phone_gets_no_share_by_an_edit(shopping):
    shopping.take(echo("بله", NOON, "phone"))

    shopping.take(edited("phone", f"این را ببینید {BAG}", NOON + ONE, by_shop=True), now=NOON + ONE)

    assert shopping.message("phone").share is None


def test_an_edit_and_its_message_that_came_at_the_same_moment_meet_at_the_sweep(desk):
    webhook_id = desk.take(text("یک", NOON, mid="q"))

    def add_early():
        with transaction():
            values = {
                "inbox_id": desk.shop.inbox_id,
                "external_id": "q",
                "webhook_id": webhook_id,
                "position": 0,
                "at": NOON + ONE,
            }
            db.session.add(EarlyEdit(text="دو", question="دو", number=1, created_at=NOON, **values))

    desk.call(add_early)

    found = desk.sweep(NOON + TWO)
    desk.answer(NOON + seconds(6))

    assert found["early_edits"] == 1
    assert (desk.message("q").text, desk.rows(EarlyEdit)) == ("دو", [])
    assert desk.model.prompts[-1].count("دو") == 1
