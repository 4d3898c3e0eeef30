"""The line that says a machine answers: in front of the first answer, again when that is due, never doubled."""

from functools import partial

import pytest
from desk import Desk
from rows import NOON, add_operator
from shop import echo, seconds, text, unsent

from pilito.assistant.instructions import longest_reply
from pilito.conversations.approve import send_draft
from pilito.conversations.choose_mode import Rules, choose_rules
from pilito.conversations.disclose import SAY_AGAIN_AFTER, line_due
from pilito.conversations.reply import reply
from pilito.conversations.retract import retract
from pilito.conversations.settle import Settlement, settle
from pilito.conversations.take_over import give_back, take_over
from pilito.database import transaction
from pilito.errors import Refused
from pilito.lifecycle import AssistantMode, DeliveryState, Role, Sender
from pilito.models import Delivery, Draft, SearchEntry, db

LINE = "این پاسخ را دستیار هوشمند فروشگاه نوشته است."
ANSWER = "در همین پست نوشته‌ایم."
BOTH = f"{LINE}\n\n{ANSWER}"
MINUTE = seconds(60)


@pytest.fixture
def desk(shop):
    desk = Desk(shop)
    rule(desk)
    return desk


def rule(desk, mode=AssistantMode.AUTO, line=LINE, **rules):
    desk.call(choose_rules, desk.shop.inbox_id, Rules(mode, machine_line=line, **rules), None, NOON)


@pytest.fixture
def person(desk):
    with transaction():
        return add_operator(Role.AGENT).id


def ask(desk, at=NOON, mid=None):
    """A question, its answer, and that sent."""
    desk.take(
        text("این چنده؟" if at == NOON else f"سایز {at.minute} دارید؟", at, mid=mid or f"q{at.timestamp()}"), now=at
    )
    desk.answer(at)
    desk.deliver(at)


def sent(desk):
    return [one["text"] for one in desk.graph.sent]


# --- when it is said -------------------------------------------------------------------------------------------------


@pytest.mark.sqlite_only
def test_the_first_answer_begins_with_the_line_and_the_next_does_not(desk):
    ask(desk)
    ask(desk, NOON + MINUTE)

    assert sent(desk) == [BOTH, ANSWER]


@pytest.mark.sqlite_only
def test_where_the_shop_wrote_no_line_none_is_said(desk):
    rule(desk, line=None)

    ask(desk)

    assert sent(desk) == [ANSWER]


@pytest.mark.sqlite_only
@pytest.mark.parametrize(("apart", "again"), [(SAY_AGAIN_AFTER, BOTH), (SAY_AGAIN_AFTER - MINUTE, ANSWER)])
def test_after_thirty_days_it_is_said_again_and_not_before(desk, apart, again):
    ask(desk)

    ask(desk, NOON + apart)

    assert sent(desk) == [BOTH, again]


@pytest.mark.sqlite_only
def test_when_the_assistant_goes_on_after_a_person_it_is_said_again(desk):
    ask(desk)
    desk.call(reply, desk.conversation.id, None, "سلام، من سارا هستم.", "c1", NOON + MINUTE)
    desk.call(give_back, desk.conversation.id, None, NOON + 2 * MINUTE)

    ask(desk, NOON + 3 * MINUTE)
    ask(desk, NOON + 4 * MINUTE)

    assert sent(desk) == [BOTH, "سلام، من سارا هستم.", BOTH, ANSWER]


def test_an_early_echo_of_other_words_that_looked_like_a_persons_is_no_reason_to_say_it_again(desk):
    def echo_first(payload):
        desk.take(echo(f"{BOTH} (1/2)", NOON + seconds(5), "mid.sent.1"), now=NOON + seconds(5))
        return desk.graph.default(payload)

    desk.graph.script = [echo_first]
    ask(desk)

    ask(desk, NOON + MINUTE)

    assert sent(desk)[1:] == [ANSWER]
    assert desk.conversation.person_at is None


@pytest.mark.sqlite_only
def test_what_a_person_writes_has_no_line_however_early(desk):
    desk.take(text("این چنده؟", NOON))

    desk.call(reply, desk.conversation.id, None, "سلام!", "c1", NOON)
    desk.deliver()

    assert sent(desk) == ["سلام!"]


@pytest.mark.sqlite_only
def test_a_line_that_never_left_was_not_said(desk):
    desk.take(text("این چنده؟", NOON))
    desk.answer()
    desk.call(take_over, desk.conversation.id, None, NOON)  # before it was sent
    desk.deliver()
    desk.call(give_back, desk.conversation.id, None, NOON + seconds(1))

    ask(desk, NOON + MINUTE)

    assert sent(desk) == [BOTH]


@pytest.mark.sqlite_only
def test_the_line_at_a_hand_over_is_a_machines_too(desk):
    rule(desk, hand_over_line="همکارم جواب می‌دهد.")
    desk.model.reply = {"reply": "", "hand_over": True, "reason": "refund"}

    ask(desk)

    assert sent(desk) == [f"{LINE}\n\nهمکارم جواب می‌دهد."]


@pytest.mark.sqlite_only
def test_a_line_longer_than_a_line_is_refused(desk):
    with pytest.raises(Refused, match="300"):
        rule(desk, line="خ" * 301)


# --- that it is sent once --------------------------------------------------------------------------------------------


def test_its_echo_is_ours_and_pauses_nobody(desk):
    desk.take(text("این چنده؟", NOON))
    desk.answer()
    with transaction():
        db.session.execute(db.update(Delivery).values(state=DeliveryState.SENDING, attempt=1))

    desk.take(echo(BOTH, NOON, "m1"))

    assert [one.state for one in desk.deliveries] == [DeliveryState.SENT]
    assert [one.sender for one in desk.replies] == [Sender.ASSISTANT]


@pytest.mark.sqlite_only
def test_a_reply_that_is_sent_again_has_the_line_once_and_the_next_answer_has_none(desk, person):
    desk.take(text("این چنده؟", NOON))
    desk.answer()
    with transaction():
        db.session.execute(db.update(Delivery).values(state=DeliveryState.UNKNOWN, unknown_at=NOON))

    desk.call(settle, desk.deliveries[0].id, Settlement.AGAIN, person, NOON)
    desk.deliver()

    again = desk.replies[-1]
    assert sent(desk) == [BOTH] == [again.text]
    assert (again.machine_line, again.words, again.content) == (LINE, ANSWER, ANSWER)
    assert desk.call(lambda: line_due(desk.conversation, NOON)) is None


@pytest.mark.sqlite_only
def test_a_later_part_that_is_sent_again_has_no_line(desk, person):
    desk.model.reply = " ".join([ANSWER] * 30)
    desk.graph.script = [None, (500, {})]
    ask(desk)
    [uncertain] = desk.rows(Delivery, state=DeliveryState.UNKNOWN)

    desk.call(settle, uncertain.id, Settlement.AGAIN, person, NOON)

    assert (uncertain.position, desk.replies[-1].machine_line) == (1, None)
    assert LINE not in desk.replies[-1].text


@pytest.mark.sqlite_only
def test_a_long_answer_is_split_as_ever_and_begins_with_it(desk):
    desk.model.reply = " ".join([ANSWER] * 30)

    ask(desk)

    parts = sent(desk)
    assert len(parts) > 1
    assert parts[0].startswith(f"{LINE}\n\n{ANSWER}")
    assert sum(part.count(LINE) for part in parts) == 1


@pytest.mark.sqlite_only
def test_an_answer_as_long_as_one_may_be_is_not_held_for_the_line(desk):
    """The length that the checks allow is the model's own."""
    rule(desk, line="خ" * 300)
    longest = longest_reply(None)
    desk.model.reply = " ".join([ANSWER] * (longest // (len(ANSWER) + 1)))
    assert len(desk.model.reply) + 300 > longest

    ask(desk)

    assert desk.replies[0].text == f"{'خ' * 300}\n\n{desk.model.reply}"


# --- what else sees it -----------------------------------------------------------------------------------------------


@pytest.mark.sqlite_only
def test_the_model_reads_its_own_words_without_the_line(desk):
    ask(desk)

    ask(desk, NOON + MINUTE)

    assert ANSWER in desk.model.prompts[-1]
    assert LINE not in desk.model.prompts[-1]


@pytest.mark.sqlite_only
def test_the_list_and_the_search_show_the_answer_and_not_the_line(desk):
    ask(desk)

    words = " ".join(one.words for one in desk.rows(SearchEntry))
    assert desk.conversation.preview == ANSWER
    assert "هوشمند" not in words
    assert desk.replies[0].text == BOTH


@pytest.mark.sqlite_only
def test_a_part_that_is_taken_back_on_the_phone_takes_its_line_along(desk):
    desk.model.reply = " ".join([ANSWER] * 30)
    ask(desk)
    first = desk.deliveries[0]

    desk.take(unsent(first.external_id, NOON), now=NOON + MINUTE)

    rest = desk.replies[0]
    assert rest.machine_line is None
    assert rest.content == rest.text
    assert LINE not in rest.text


# --- drafts ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def drafted(desk):
    rule(desk, AssistantMode.DRAFT)
    desk.take(text("این چنده؟", NOON))
    desk.answer()
    return desk


def send(desk, **how):
    draft = desk.rows(Draft)[-1]
    return desk.call(partial(send_draft, **how), desk.conversation.id, draft.id, None, NOON)


@pytest.mark.sqlite_only
def test_a_draft_goes_with_the_line_as_it_is_and_without_it_in_a_persons_words(drafted):
    assert drafted.rows(Draft)[0].text == ANSWER  # what a person edits
    assert drafted.call(lambda: line_due(drafted.conversation, NOON)) == LINE  # what the panel shows above it

    send(drafted)
    drafted.deliver()

    assert sent(drafted) == [BOTH]


@pytest.mark.sqlite_only
@pytest.mark.parametrize("words", ["بله، داریم.", ANSWER])
def test_what_a_person_sends_from_the_composer_is_theirs(drafted, words):
    send(drafted, text=words)
    drafted.deliver()

    assert sent(drafted) == [words]


@pytest.mark.sqlite_only
def test_a_draft_that_is_taken_back_comes_back_without_the_line(drafted, person):
    draft = drafted.rows(Draft)[-1]
    sending = partial(send_draft, hold=seconds(10))
    message_id = drafted.call(lambda: sending(drafted.conversation.id, draft.id, person, NOON).id)

    taken = drafted.call(retract, drafted.conversation.id, message_id, person, NOON)

    assert taken.text == ANSWER
    assert drafted.call(lambda: line_due(drafted.conversation, NOON)) == LINE  # nothing was said
