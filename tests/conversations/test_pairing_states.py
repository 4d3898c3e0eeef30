"""Events late, twice, swapped and unsent, against the rule in one line: on real rows, by a state machine."""

import io
import json
from itertools import count

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from longer import examples
from rows import add_message
from shop import item, reel, seconds, text, unsent, webhook

from pilito import keys
from pilito.assistant.reader import Understood
from pilito.clock import utc_now
from pilito.conversations.expire import expire
from pilito.conversations.lock import get_locked
from pilito.conversations.pair import WHICH_WAIT, pair_shares
from pilito.conversations.pairing import Place, QuestionPoint, ReplyPoint, SharePoint, pair
from pilito.conversations.read_media import read_media
from pilito.conversations.receive import receive
from pilito.conversations.record import record
from pilito.conversations.turns import asks
from pilito.database import transaction
from pilito.extensions import media_store
from pilito.lifecycle import MessageType, ProcessingStatus, ReadingState, Sender, ShareState
from pilito.models import Conversation, Customer, Inbox, MediaFile, Message, Reading, Share, db

WAIT, LOOKBACK = 120, 10
NOW = 500  # seconds after the beginning of each run's time line: the oldest shares are over, the newest wait
MOMENTS = st.integers(min_value=0, max_value=700)
customers = count(1)
HEARD = "همین چنده؟"


def expected(shares, questions):
    """The rule once more, told from the questions' side. Both map a message's id to the second it was sent at."""
    taken_by, free = {}, []
    for question, asked in sorted(questions.items(), key=lambda one: (one[1], one[0])):
        newest = max((one for one in shares if shares[one] <= asked), key=lambda one: (shares[one], one), default=None)
        if newest is not None and newest not in taken_by and asked - shares[newest] < WAIT:
            taken_by[newest] = question
        else:
            free.append(question)
    for question in free:
        asked = questions[question]
        following = min(
            (one for one in shares if shares[one] > asked), key=lambda one: (shares[one], one), default=None
        )
        if following is None or following in taken_by or shares[following] - asked > LOOKBACK:
            continue
        nearer = [
            one for one in free if (asked, question) < (questions[one], one) and questions[one] < shares[following]
        ]
        if not nearer:
            taken_by[following] = question
    return {share: _place(share, shares, taken_by) for share in shares}


def _place(share, shares, taken_by):
    if share in taken_by:
        return ShareState.COMBINED, taken_by[share]
    newer = [shares[one] for one in shares if (shares[one], one) > (shares[share], share)]
    if newer and min(newer) - shares[share] < WAIT:
        return ShareState.SUPERSEDED, None
    is_over = bool(newer) or NOW - shares[share] >= WAIT
    return (ShareState.EXPIRED if is_over else ShareState.WAITING), None


def share_of(mid):
    return lambda at, **where: reel(at, caption=f"<{mid}>", **where)


def ask(at, **where):
    return text("چنده؟", at, **where)


def say(at, mid, customer):
    files = [{"type": "audio", "payload": {"url": "https://lookaside.fbsbx.com/x"}}]
    return item(at, {"mid": mid, "attachments": files}, customer=customer)


class Listener:
    def transcribe(self, _sound, _mime_type):
        return Understood(HEARD, "hears", 1)


class Pairing(RuleBasedStateMachine):
    """One conversation; its events come in any order, some of them again."""

    shop = None
    voice_asks = False

    def __init__(self):
        super().__init__()
        self.customer = f"9000{next(customers)}"
        self.begin = utc_now() - seconds(NOW)
        self.now = self.begin + seconds(NOW)
        self.sent = {}  # mid -> (kind, moment)
        self.unsent = set()

    def deliver(self, item):
        webhook_id = record("instagram", json.dumps(webhook(item)).encode(), self.now)
        receive(webhook_id, self.now)

    @rule(moment=MOMENTS)
    def share(self, moment):
        self._send("share", moment)

    @rule(moment=MOMENTS)
    def ask(self, moment):
        self._send("text", moment)

    @rule(moment=MOMENTS)
    def say(self, moment):
        self._send("voice", moment)

    @rule(data=st.data())
    def write_down(self, data):
        """The words of a voice note are there, at whatever moment."""
        of_run = Reading.message_id.in_([message.id for message in self._messages()])
        waiting = db.session.scalars(db.select(Reading.id).where(of_run, Reading.state == ReadingState.PENDING)).all()
        if waiting:
            reading_id = data.draw(st.sampled_from(sorted(waiting)))
            db.session.execute(db.update(MediaFile).values(state="stored", key="00/00/0", size_bytes=1))
            db.session.commit()
            read_media(reading_id, Listener(), lambda: self.now)

    def _send(self, kind, moment):
        mid = f"{self.customer}.{len(self.sent)}"
        self.sent[mid] = kind, moment
        self._deliver(mid)

    def _deliver(self, mid):
        kind, moment = self.sent[mid]
        make = {"share": share_of(mid), "text": ask, "voice": say}[kind]
        self.deliver(make(self.begin + seconds(moment), mid=mid, customer=self.customer))

    @rule(data=st.data())
    def come_again(self, data):
        if self.sent:
            self._deliver(data.draw(st.sampled_from(sorted(self.sent))))

    @rule(data=st.data())
    def unsend(self, data):
        if self.sent:
            mid = data.draw(st.sampled_from(sorted(self.sent)))
            self.unsent.add(mid)
            self.deliver(unsent(mid, self.now, customer=self.customer))

    @rule()
    def unsend_before_it_comes(self):
        mid = f"{self.customer}.{len(self.sent)}"
        self.sent[mid] = "text", NOW
        self.unsent.add(mid)
        self.deliver(unsent(mid, self.now, customer=self.customer))

    @rule(data=st.data())
    def time_out(self, data):
        messages = self._messages()
        if messages:
            message = data.draw(st.sampled_from(messages))
            expire(message.conversation_id, message.id, self.now)

    def _messages(self):
        db.session.rollback()
        return list(
            db.session.scalars(
                db.select(Message)
                .join(Conversation, Message.conversation_id == Conversation.id)
                .join(Customer, Conversation.customer_id == Customer.id)
                .where(Customer.external_id == self.customer)
                .order_by(Message.id)
            )
        )

    @property
    def asking(self):
        return ("text", "voice") if self.voice_asks else ("text",)

    @invariant()
    def the_rows_follow_the_rule(self):
        messages = {message.external_id: message for message in self._messages()}
        assert set(messages) == set(self.sent)
        present = {mid: one for mid, one in self.sent.items() if mid not in self.unsent}
        shares = {messages[mid].id: at for mid, (kind, at) in present.items() if kind == "share"}
        questions = {messages[mid].id: at for mid, (kind, at) in present.items() if kind in self.asking}

        rows = list(db.session.scalars(db.select(Share).where(Share.message_id.in_([m.id for m in messages.values()]))))
        places = expected(shares, questions)

        assert {row.message_id: (row.state, row.combined_with_id) for row in rows} == places
        for mid, message in messages.items():
            taken = [share for share, (_, question) in places.items() if question == message.id]
            assert message.content.startswith("[CONTEXT: پست/ریلز") == bool(taken)
            for share in taken:
                assert f"<{next(one for one in messages if messages[one].id == share)}>" in message.content
            assert bool(message.deleted_at) == (mid in self.unsent)
            if message.message_type is MessageType.VOICE and not message.deleted_at:
                is_read = message.processing_status is ProcessingStatus.COMPLETED
                assert message.content.endswith(f"[پیام صوتی]\n{HEARD}" if is_read else "[پیام صوتی]")
            assert not (message.deleted_at and (message.text or message.content))
        self._redis_knows_the_waiting_share(messages, places)

    def _redis_knows_the_waiting_share(self, messages, places):
        if not messages:
            return
        conversation_id = next(iter(messages.values())).conversation_id
        waiting = [share for share, (state, _) in places.items() if state is ShareState.WAITING]
        kept = self.shop.app.extensions["pilito_redis"].get(keys.pending_share(conversation_id))
        assert ([int(kept)] if kept else []) == waiting


class Which(Pairing):
    """With replies that ask "which one?" among the events: the rows are what the rule gives for all that was said,
    whatever came first."""

    @rule(moment=MOMENTS, before=st.sampled_from([0, 0, 20, 200, 400]))
    def ask_which(self, moment, before):
        """About what was asked so many seconds before: as a draft it may have waited for a person."""
        messages = self._messages()
        if not messages:
            return
        at = self.begin + seconds(moment)
        with transaction() as tx:
            conversation = get_locked(messages[0].conversation_id)
            asked = {"message_type": MessageType.POSTBACK, "text": "<asked>", "sent_at": at - seconds(before)}
            question = add_message(conversation, inbox_id=conversation.inbox_id, **asked)
            which = {"sender": Sender.ASSISTANT, "asks_which": True, "content": "<which?>", "sent_at": at}
            reply = add_message(conversation, inbox_id=conversation.inbox_id, **which)
            question.answered_by_id = reply.id
            pair_shares(tx, conversation, at, self.now)

    @invariant()
    def the_rows_follow_the_rule(self):
        messages = [one for one in self._messages() if not one.deleted_at]
        rows = {one.message_id: one for one in db.session.scalars(db.select(Share))}
        shares = [one for one in messages if one.id in rows]
        texts = [one for one in messages if one.message_type is MessageType.TEXT and one.sender is Sender.CUSTOMER]
        others = [one for one in messages if one not in shares and one not in texts]
        asked_at = {one.answered_by_id: one.sent_at for one in others}

        places = pair(
            [SharePoint(one.id, one.sent_at, one.sent_at + seconds(WAIT)) for one in shares],
            [QuestionPoint(one.id, one.sent_at, False) for one in texts],
            self.now,
            seconds(LOOKBACK),
            [ReplyPoint(one.id, one.sent_at, one.asks_which, asked_at.get(one.id)) for one in others],
            WHICH_WAIT,
        )

        found = {one.id: rows[one.id] for one in shares}
        assert places == {
            number: Place(row.state, row.combined_with_id, row.answers_id) for number, row in found.items()
        }
        for share in shares:
            is_answer = places[share.id].answers_id is not None
            assert is_answer == asks(share) == share.content.startswith("[CONTEXT: پست/ریلز")
            assert is_answer == share.content.endswith("<asked>")


@pytest.mark.sqlite_only
def test_a_share_answers_which_one_whatever_comes_first(make_shop, monkeypatch):
    run(Which, make_shop, monkeypatch)


@pytest.mark.sqlite_only
@pytest.mark.parametrize("voice_asks", [False, True])
def test_pairing_follows_the_rule_whatever_happens(make_shop, monkeypatch, voice_asks):
    run(Pairing, make_shop, monkeypatch, voice_asks)


def run(machine, make_shop, monkeypatch, voice_asks=False):
    Pairing.shop = make_shop(reply_quiet_seconds=3000, reply_quiet_max_seconds=3000, openai_transcription_model="hears")
    monkeypatch.setattr(media_store, "open", lambda _name, _size: io.BytesIO(b"sound"))
    machine.voice_asks = voice_asks
    db.session.execute(db.update(Inbox).values(voice_takes_share=voice_asks))
    db.session.commit()

    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples(14),
            stateful_step_count=12,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            derandomize=True,
            database=None,
        ),
    )
