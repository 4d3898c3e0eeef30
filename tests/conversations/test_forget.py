"""After an unsend no table holds the words any more, whatever had been made of them before."""

import json
import time
from datetime import timedelta
from functools import partial

import pytest
from desk import Desk
from rows import NOON
from shop import about, edited, item, reaction, reel, seconds, standby, text, unsent

from pilito.conversations import forget, tally
from pilito.conversations.receive import receive
from pilito.conversations.take_over import give_back
from pilito.models import Event, OpenQuestion, Webhook, db
from pilito.queries import analytics

# No other word of the tests holds it, and it is the same in every spelling that a copy may be kept in.
CANARY = "بلدرچین"
SAID = json.dumps(CANARY).strip('"')  # as it stands in a body
AFTER = seconds(90)


@pytest.fixture
def desk(make_shop):
    return Desk(make_shop(reply_quiet_seconds=3))


def leaks(desk):
    """Every table and column that holds the canary, also inside JSON and raw bodies."""
    db.session.rollback()
    found = []
    for table in db.metadata.sorted_tables:
        for row in db.session.execute(db.select(table)).mappings():
            for name, value in row.items():
                held = value.decode() if isinstance(value, bytes) else repr(value)
                if CANARY in held or SAID in held or repr(CANARY)[1:-1] in held:
                    found.append(f"{table.name}.{name}")
    return found


def redis_leaks(desk):
    redis = desk.app.extensions["pilito_redis"]
    return [key for key in redis.keys("*") if CANARY.encode() in (redis.dump(key) or b"")]


def attachment_message(sent_at, mid):
    post = {"title": f"کپشن {CANARY}", "ig_post_media_id": "1", "url": "https://lookaside.fbsbx.com/x"}
    return item(sent_at, {"mid": mid, "text": CANARY, "attachments": [{"type": "ig_post", "payload": post}]})


LIVES = {
    "a text": [text(CANARY, NOON, mid="m")],
    "an edited text": [text("یک", NOON, mid="m"), edited("m", CANARY, NOON), edited("m", "سه", NOON, number=2)],
    "an edit that came first": [edited("m", CANARY, NOON), text("یک", NOON, mid="m")],
    "an edit whose message never came": [edited("m", CANARY, NOON)],
    "a post alone": [reel(NOON, caption=CANARY, mid="m")],
    "a post and its question": [reel(NOON, caption=CANARY, mid="m"), text("چنده؟", NOON, mid="q")],
    "two posts for one question": [
        reel(NOON, mid="other"),
        reel(NOON, caption=CANARY, mid="m"),
        text("چنده؟", NOON, mid="q"),
    ],
    "the question of a post": [reel(NOON, mid="reel"), text(CANARY, NOON, mid="m")],
    "a post with its question in one message": [attachment_message(NOON, "m")],
    "a message that others answer": [
        text(CANARY, NOON, mid="m"),
        item(NOON, {"text": "چنده؟", "mid": "q", "reply_to": {"mid": "m"}}),
        reaction("m", NOON),
    ],
    "a tap": [item(NOON, {"mid": "m", "text": CANARY, "quick_reply": {"payload": CANARY}})],
    "an ad click": [
        item(NOON, {"mid": "m", "text": "سلام", "referral": {"ref": CANARY, "ads_context_data": {"ad_title": CANARY}}})
    ],
    "a picture with words": [
        item(
            NOON,
            {
                "mid": "m",
                "text": CANARY,
                "attachments": [{"type": "image", "payload": {"url": f"https://x.test/{CANARY}"}}],
            },
        )
    ],
    "a card": [
        item(
            NOON,
            {
                "mid": "m",
                "attachments": [
                    {"type": "template", "payload": {"product": {"elements": [{"id": "1", "title": CANARY}]}}}
                ],
            },
        ),
        text("چنده؟", NOON, mid="q"),
    ],
    "a change": [about(NOON, message={"mid": "m", "text": CANARY})],
}


@pytest.mark.parametrize("life", LIVES)
@pytest.mark.parametrize(
    "answered",
    [
        pytest.param(False, id="before the answer", marks=pytest.mark.sqlite_only),  # which sends less of the same
        pytest.param(True, id="after the answer"),
    ],
)
def test_what_was_unsent_is_nowhere(desk, life, answered):
    for number, one in enumerate(LIVES[life]):
        desk.take(one, now=NOON + seconds(number))
    if answered and desk.turn is not None:
        desk.answer(NOON + seconds(8))
        desk.deliver(NOON + seconds(8))
    assert leaks(desk), "the canary must have been there, or the test shows nothing"

    desk.take(unsent("m", NOON + AFTER), now=NOON + AFTER)

    assert leaks(desk) == []
    assert redis_leaks(desk) == []


@pytest.mark.sqlite_only
@pytest.mark.parametrize("life", LIVES)
def test_what_was_unsent_in_the_same_webhook_is_nowhere(desk, life):
    desk.take(*LIVES[life], unsent("m", NOON), now=NOON)

    assert leaks(desk) == []


@pytest.mark.sqlite_only
@pytest.mark.parametrize("life", LIVES)
def test_what_comes_after_its_unsend_leaves_nothing_either(desk, life):
    desk.take(unsent("m", NOON), now=NOON)

    for one in LIVES[life]:
        desk.take(one, now=NOON + seconds(1))
    desk.take(standby(*LIVES[life]), now=NOON + seconds(2))

    assert leaks(desk) == []


@pytest.mark.sqlite_only
def test_the_model_is_not_asked_with_it_again(desk):
    desk.take(text(CANARY, NOON, mid="m"))
    desk.answer(NOON + seconds(4))
    desk.take(unsent("m", NOON + seconds(9)), now=NOON + seconds(9))

    desk.take(item(NOON + AFTER, {"text": "چنده؟", "mid": "q", "reply_to": {"mid": "m"}}), now=NOON + AFTER)
    desk.answer(NOON + AFTER + seconds(4))

    assert CANARY in desk.model.prompts[0]
    assert CANARY not in desk.model.prompts[1]


@pytest.mark.sqlite_only
def test_its_neighbours_on_the_ledger_keep_their_words_and_places(desk):
    webhook_id = desk.take(text("یک", NOON, mid="a"), text(CANARY, NOON, mid="m"), text("سه", NOON, mid="c"))

    desk.take(unsent("m", NOON + AFTER), now=NOON + AFTER)

    items = json.loads(desk.rows(Webhook, id=webhook_id)[0].body)["entry"][0]["messaging"]
    assert [one["message"].get("text") for one in items] == ["یک", None, "سه"]
    assert [event.position for event in desk.rows(Event, webhook_id=webhook_id)] == [0, 1, 2]
    assert desk.message("a").text == "یک"


@pytest.mark.sqlite_only
def test_early_edits_of_several_messages_in_one_webhook_each_leave_with_their_own(desk):
    desk.take(edited("n", "دو", NOON), edited("m", CANARY, NOON))
    desk.take(text("یک", NOON, mid="n"), text("یک", NOON, mid="m"))

    desk.take(unsent("m", NOON + AFTER), now=NOON + AFTER)

    assert leaks(desk) == []
    assert desk.message("n").text == "دو"


def test_two_who_unsend_at_once_are_both_taken_out_of_the_body_that_told_of_both(desk, monkeypatch):
    first, second = "600000000000001", "600000000000002"
    desk.take(text(CANARY, NOON, mid="a", customer=first), text(CANARY, NOON, mid="b", customer=second))
    unsends = [
        desk.record(unsent(mid, NOON + AFTER, customer=who), now=NOON + AFTER)
        for mid, who in (("a", first), ("b", second))
    ]

    def redact_slowly(*args):
        time.sleep(0.2)
        redact(*args)

    redact = forget.redact
    monkeypatch.setattr(forget, "redact", redact_slowly)

    desk.together(*(partial(receive, webhook_id, NOON + AFTER) for webhook_id in unsends))

    assert leaks(desk) == []


# --- what nobody could answer ----------------------------------------------------------------------------------------

NOT_KNOWN = {"reply": "", "hand_over": True, "reason": "not_known"}
LATER = NOON + timedelta(minutes=20)


def ask_in_vain(desk, *items):
    """The assistant does not know, and the questions without an answer are counted."""
    desk.model.reply = NOT_KNOWN
    for number, one in enumerate(items):
        desk.take(one, now=NOON + seconds(number))
    desk.answer(NOON + seconds(8))
    desk.call(tally.count_due, LATER)
    return [question.likeness for question in desk.rows(OpenQuestion)]


def test_a_question_without_an_answer_goes_with_its_words(desk):
    assert ask_in_vain(desk, text(f"{CANARY} دارید؟", NOON, mid="m")) == [CANARY]

    desk.take(unsent("m", LATER), now=LATER)

    assert leaks(desk) == []
    assert desk.rows(OpenQuestion) == []
    desk.call(tally.count_due, LATER + timedelta(minutes=1))
    assert desk.rows(OpenQuestion) == []


@pytest.mark.sqlite_only
@pytest.mark.parametrize("how", ["unsent", "edited"])
def test_what_is_left_of_it_is_like_others_by_its_own_words(desk, how):
    before = ask_in_vain(desk, text(f"{CANARY}", NOON, mid="m"), text("ارسال به عراق", NOON + seconds(1), mid="n"))

    gone = unsent("m", LATER) if how == "unsent" else edited("m", "سلام", LATER)
    desk.take(gone, now=LATER)

    [question] = desk.rows(OpenQuestion)
    assert CANARY in before[0]
    assert question.likeness == tally.likeness_of("ارسال به عراق" if how == "unsent" else "سلام ارسال به عراق")


@pytest.mark.sqlite_only
def test_a_question_that_was_asked_anew_since_is_forgotten_in_its_old_turn_too(desk):
    ask_in_vain(desk, text(f"{CANARY} دارید؟", NOON, mid="m"))
    desk.call(give_back, desk.conversation.id, None, LATER)
    desk.model.reply = "سلام"
    desk.answer(LATER + seconds(30))

    desk.take(unsent("m", LATER + AFTER), now=LATER + AFTER)

    assert leaks(desk) == []


def test_an_unsend_in_the_moment_of_the_count_leaves_nothing(desk, monkeypatch):
    """Counted from words that were there, written when they are gone."""
    desk.model.reply = NOT_KNOWN
    desk.take(text(f"{CANARY} دارید؟", NOON, mid="m"))
    desk.answer(NOON + seconds(8))
    was_counted = tally.tallies.not_known

    def unsend_meanwhile(*stretch):
        found = was_counted(*stretch)
        assert CANARY in str(found)
        desk.take(unsent("m", LATER), now=LATER)
        return found

    monkeypatch.setattr(tally.tallies, "not_known", unsend_meanwhile)
    desk.call(tally.count_due, LATER)

    assert leaks(desk) == []
    assert desk.rows(OpenQuestion) == []


@pytest.mark.sqlite_only
def test_those_that_are_alike_stay_listed_when_the_newest_is_unsent(desk):
    for number, customer in enumerate(("600000000000001", "600000000000002")):
        ask_in_vain(desk, text("ارسال به عراق دارید؟", NOON, mid=f"m{number}", customer=customer))
    desk.call(tally.count_due, LATER + timedelta(hours=3))
    assert len(desk.rows(OpenQuestion)) == 2

    desk.take(unsent("m1", LATER, customer="600000000000002"), now=LATER)

    [group] = desk.call(analytics.open_groups, NOON - timedelta(days=1), NOON + timedelta(days=1), None, 10)
    assert (group.count, group.text) == (1, "ارسال به عراق دارید؟")
