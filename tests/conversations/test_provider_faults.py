"""The provider's bad days, row by row of what Pilito guarantees: against the fake Instagram over real HTTP, both ways.

What customers got is read from the provider's own log, never from our rows.
"""

import itertools
import sys
import threading
from collections import Counter
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import fields
from datetime import timedelta
from pathlib import Path

import pytest
from desk import Desk
from fakes import serve_one as serve_model
from longer import examples
from shop import ACCOUNT, Shop

from pilito.blueprints.panel.sentences import DELIVERY_ERRORS
from pilito.channels.base import Account, Outbound, OutboundFile
from pilito.channels.instagram import client
from pilito.clock import utc_now
from pilito.conversations.connect import connect
from pilito.conversations.deliver import deliver
from pilito.conversations.payload import Extras
from pilito.conversations.receive import receive
from pilito.conversations.reply import reply
from pilito.demo import graph
from pilito.demo.faults import Fault
from pilito.demo.instagram import close_fake_instagram, create_fake_instagram
from pilito.demo.meta_errors import NAMED
from pilito.demo.service import serve
from pilito.errors import ChannelError
from pilito.lifecycle import (
    AssistantMode,
    ConversationState,
    DeliveryState,
    HandOverReason,
    InboxState,
    MessageType,
    Sender,
    WebhookState,
)
from pilito.models import Conversation, Customer, Delivery, Inbox, Message, Turn, Webhook, db

sys.path.insert(0, str(Path(__file__).parents[1] / "demo"))
from fake_instagram_tools import Fake, eventually, running

APP_SECRET = "an app secret of these tests"
OF_EACH_CUSTOMER = (
    db.select(Customer.external_id, Delivery.state)
    .join(Conversation, Conversation.id == Delivery.conversation_id)
    .join(Customer, Customer.id == Conversation.customer_id)
)
HANDED_OVER = (
    db.select(Customer.external_id, Conversation.hand_over_reason)
    .join(Customer, Customer.id == Conversation.customer_id)
    .where(Conversation.state == ConversationState.HANDED_OVER)
)


class Stage(Desk):
    """A shop whose Instagram is the fake: webhooks come from it, sends go to it."""

    def __init__(self, shop, fake):
        super().__init__(shop)
        self.fake = fake
        self.customer = fake.customer()

    def ask(self, words="چنده؟", **more):
        """The customer writes; what came is read, nothing is answered yet."""
        mid = self.fake.control("send", customer=self.customer, text=words, **more)["mid"]
        eventually(lambda: self.read() and self.message(mid))

    def read(self):
        """Do what the jobs of all webhooks would; True, to stand in a condition."""
        for webhook in self.rows(Webhook, state=WebhookState.PENDING):
            self.call(receive, webhook.id, utc_now())
        return True

    def answer_and_send(self, words="چنده؟", **fault):
        """The customer asks, the assistant answers, and its send meets the fault."""
        self.ask(words)
        self.answer(utc_now())
        if fault:
            self.fake.faults(**fault)
        self.deliver(utc_now())

    def settle(self):
        """Everything that is under way arrives and is read."""
        eventually(lambda: not self.fake.state(self.customer)["pending"])
        self.read()

    def try_everything_again(self):
        """Whatever could send once more, for an hour."""
        self.settle()
        for minutes in (1, 5, 60):
            later = utc_now() + timedelta(minutes=minutes)
            self.sweep(later)
            for turn in self.rows(Turn):
                self.answer(later, turn.id)
            self.deliver(later)
        self.settle()

    @property
    def accepted(self):
        """What the customer got, by the provider's own word."""
        return [row["detail"]["text"] for row in self.fake.log("send_accepted")]

    @property
    def tries(self):
        return len(self.fake.log("send_accepted")) + len(self.fake.log("send_refused"))

    @property
    def states(self):
        return [delivery.state for delivery in self.deliveries]

    @property
    def newest_reply_id(self):
        return self.call(lambda: db.session.scalar(db.select(db.func.max(Delivery.message_id))))

    @property
    def outcomes_by_customer(self):
        """How often each customer got a reply, by the provider's own word, and what we believe of it."""
        got = Counter(row["customer"] for row in self.fake.log("send_accepted"))
        believed = self.call(lambda: db.session.execute(OF_EACH_CUSTOMER).all())
        return {customer: (got[customer], state) for customer, state in believed}

    @property
    def handed_over(self):
        """The customers who lie before people because nobody knows whether their reply arrived."""
        found = self.call(lambda: db.session.execute(HANDED_OVER).all())
        assert {reason for _, reason in found} == {HandOverReason.DELIVERY_UNKNOWN}
        return {customer for customer, _ in found}


@pytest.fixture
def stage(tmp_path, free_port, make_settings, make_app, model, monkeypatch):
    monkeypatch.setattr(graph, "ECHO_DELAY_SECONDS", 0.03)
    webhook_url = f"http://127.0.0.1:{free_port}/webhooks/instagram"
    app = create_fake_instagram(
        str(tmp_path / "fake.sqlite3"), APP_SECRET, webhook_url, ACCOUNT, token="a-token", retry_seconds=(0.01,) * 5
    )
    with ExitStack() as stack:
        stack.callback(close_fake_instagram, app)
        fake = Fake(stack.enter_context(running(app)), app)
        settings = make_settings(
            instagram_app_secret=[APP_SECRET],
            instagram_graph_url=fake.url,
            openai_base_url=stack.enter_context(serve_model(model)),
        )
        pilito = make_app(settings)
        stack.enter_context(_served(pilito, free_port))
        yield Stage(Shop(pilito, None, model, APP_SECRET), fake)


@contextmanager
def _served(app, port):
    server = serve(app, port)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield
    server.shutdown()
    server.server_close()


@pytest.mark.sqlite_only
def test_a_good_day_is_one_answer(stage):
    stage.answer_and_send()
    stage.try_everything_again()

    assert stage.accepted == ["در همین پست نوشته‌ایم."]
    assert stage.states == [DeliveryState.SENT]
    assert stage.rows(Message, sender=Sender.PHONE) == []


# --- C11: the token is dead -------------------------------------------------------------------------------------------


@pytest.mark.sqlite_only
@pytest.mark.parametrize("error", ["token_dead", "password_changed"])
def test_c11_a_dead_token_stops_the_account_which_keeps_receiving_and_sends_once_when_connected(stage, error):
    stage.answer_and_send(error=error)
    stage.ask("هستید؟")
    stage.try_everything_again()
    (inbox,) = stage.rows(Inbox)
    stopped, before = (inbox.state, inbox.stop_reason), stage.accepted

    stage.call(connect, "instagram", "x", ACCOUNT, "a-token", {}, AssistantMode.AUTO, utc_now())
    stage.deliver(utc_now())
    stage.try_everything_again()

    assert stopped == (InboxState.STOPPED, error)
    assert before == []
    assert len(stage.accepted) == len(set(stage.deliveries)) == stage.states.count(DeliveryState.SENT)


# --- C12: it will never be taken --------------------------------------------------------------------------------------


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    ("error", "reason"),
    [
        ("window_closed", "window_closed"),
        ("window_closed_page", "window_closed"),
        ("person_unavailable", "unreachable"),
        ("person_unavailable_200", "unreachable"),
    ],
)
def test_c12_a_final_refusal_is_shown_to_people_and_never_tried_again(stage, error, reason):
    stage.answer_and_send(error=error)
    stage.try_everything_again()

    assert (stage.accepted, stage.tries) == ([], 1)
    assert [(one.state, one.error) for one in stage.deliveries] == [(DeliveryState.FAILED, reason)]
    assert stage.conversation.hand_over_reason is HandOverReason.DELIVERY_FAILED


@pytest.mark.sqlite_only
def test_c12_the_window_is_enforced_by_the_provider_as_by_us(stage):
    long_ago = utc_now() - timedelta(days=2)
    stage.ask("سلام", timestamp_ms=round(long_ago.timestamp() * 1000))
    conversation_id = stage.conversation.id

    stage.call(reply, conversation_id, None, "سلام", "a-click", utc_now())
    stage.deliver(utc_now())

    assert stage.accepted == ["سلام"]
    assert stage.fake.log("send_accepted")[0]["detail"]["tag"] == "HUMAN_AGENT"
    assert stage.fake.reply(stage.customer, "سلام", token="a-token").json()["error"]["error_subcode"] == 2534022


# --- C13: not now -----------------------------------------------------------------------------------------------------


@pytest.mark.sqlite_only
@pytest.mark.parametrize("error", ["app_limit", "instagram_limit"])
def test_c13_a_limit_delays_and_the_answer_arrives_once(stage, error):
    stage.answer_and_send(error=error)
    before = stage.accepted
    stage.try_everything_again()

    assert before == []
    assert stage.accepted == ["در همین پست نوشته‌ایم."]
    assert stage.states == [DeliveryState.SENT]


@pytest.mark.sqlite_only
@pytest.mark.parametrize("told", [{"retry_after": 120}, {"regain_minutes": 2}])
def test_c13_a_limit_that_says_how_long_is_waited_for_by_the_whole_account(stage, told):
    stage.answer_and_send(error="instagram_limit", **told)
    conversation_id = stage.conversation.id
    stage.call(reply, conversation_id, None, "دوم", "a-click", utc_now())

    stage.deliver(utc_now() + timedelta(seconds=100))
    early = stage.tries
    stage.deliver(utc_now() + timedelta(seconds=150))
    stage.try_everything_again()

    assert early == 1
    assert stage.accepted == ["دوم"]  # the assistant's own was taken over by the person who wrote it
    assert stage.states == [DeliveryState.FAILED, DeliveryState.SENT]


@pytest.mark.sqlite_only
def test_c13_an_account_near_its_limit_slows_down_by_itself_and_loses_nothing(stage):
    stage.answer_and_send(app_usage=99)
    conversation_id = stage.conversation.id
    stage.call(reply, conversation_id, None, "دوم", "a-click", utc_now())
    stage.deliver(utc_now())
    early = len(stage.accepted)

    stage.try_everything_again()

    assert early == 1
    assert len(stage.accepted) == 2
    assert stage.states == [DeliveryState.SENT] * 2


@pytest.mark.sqlite_only
def test_c13_a_used_up_account_rests_as_long_as_it_is_told(stage):
    stage.answer_and_send(business_usage=100, regain_minutes=3)
    paused_until = stage.rows(Inbox)[0].paused_until

    assert timedelta(minutes=2.9) < paused_until - utc_now() < timedelta(minutes=3.1)
    assert stage.states == [DeliveryState.SENT]


# --- every error ------------------------------------------------------------------------------------------------------


@pytest.mark.sqlite_only
def test_every_error_of_meta_means_what_the_table_says_and_stands_before_the_operator_in_words(stage):
    stage.ask()
    account, settings = Account(ACCOUNT, "a-token"), stage.app.extensions["pilito_settings"]

    for name, error in NAMED.items():
        stage.fake.faults(error=name)
        with pytest.raises(ChannelError) as caught:
            client.send(settings, account, Outbound(stage.customer, "سلام"))
        assert (caught.value.remedy, caught.value.reason) == client._meaning(
            error.http_status, error.code, error.subcode
        ), name
        assert caught.value.reason in DELIVERY_ERRORS, name

    named = {(error.code, error.subcode) for error in NAMED.values()}
    assert {key for key in client.ERRORS if key[0] != client.ANY} <= named
    assert stage.accepted == []


# --- C13, C14: perhaps ------------------------------------------------------------------------------------------------

AMBIGUOUS = {
    "time-out after acceptance": ({"accept_then_hang": 0.4}, 1),
    "time-out before acceptance": ({"hang": 0.4}, 1),
    "500 after acceptance": ({"accept_then_500": True}, 1),
    "broken JSON after acceptance": ({"accept_then_broken_json": True}, 1),
    "reset after acceptance": ({"reset": "after"}, 1),
    "reset before acceptance": ({"reset": "before"}, 0),
    "cut without a word": ({"refuse": True}, 0),
    "an answer that drips": ({"drip": 0.01}, 1),
    "code 1": ({"error": "unknown"}, 0),
    "code 1 of a message that was sent": ({"error": "unknown_but_sent"}, 0),
    "code 2": ({"error": "temporary"}, 0),
    "code 2 with a 400": ({"error": "temporary_200"}, 0),
    "a 502 that is no JSON": ({"http_status": 502}, 0),
    "a code nobody knows with a 503": ({"code": 99, "subcode": 1, "http_status": 503, "message": "?"}, 0),
}
# Accepted or not, and how we hear of it: the others differ in the provider's words alone.
ON_BOTH = ("time-out after acceptance", "500 after acceptance", "reset before acceptance")


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(client, "READ_SECONDS", 0.1)
    monkeypatch.setattr(client, "WHOLE_ANSWER_SECONDS", 0.15)


@pytest.mark.parametrize("what", ON_BOTH)
def test_c14_an_ambiguous_send_is_never_repeated_and_comes_before_people(stage, impatient, what):
    assert_ambiguous(stage, what)


@pytest.mark.sqlite_only
@pytest.mark.parametrize("what", [what for what in AMBIGUOUS if what not in ON_BOTH])
def test_c14_nor_is_any_other_ambiguous_send(stage, impatient, what):
    assert_ambiguous(stage, what)


def assert_ambiguous(stage, what):
    fault, accepted = AMBIGUOUS[what]

    stage.answer_and_send(echo="none", **fault)
    stage.try_everything_again()

    eventually(lambda: len(stage.accepted) == accepted)
    assert stage.states == [DeliveryState.UNKNOWN]
    assert stage.conversation.state is ConversationState.HANDED_OVER
    assert stage.conversation.hand_over_reason is HandOverReason.DELIVERY_UNKNOWN


@pytest.mark.sqlite_only
@pytest.mark.parametrize("echo", [{"echo": "late", "echo_delay_seconds": 0.3}, {"echo": "held"}, {}])
def test_c14_an_ambiguous_send_is_settled_by_its_echo_whenever_it_comes(stage, impatient, echo):
    stage.answer_and_send(accept_then_500=True, **echo)
    stage.fake.control("release")
    eventually(lambda: stage.read() and stage.states == [DeliveryState.SENT])
    stage.try_everything_again()

    assert len(stage.accepted) == 1
    assert stage.conversation.state is ConversationState.ASSISTANT
    assert stage.rows(Message, sender=Sender.PHONE) == []


@pytest.mark.sqlite_only
def test_c14_a_picture_of_unknown_fate_is_settled_by_its_echo_too(stage, impatient):
    stage.ask()
    picture = Extras(file=OutboundFile("image", "https://shop.example/a.jpg"))
    stage.call(reply, stage.conversation.id, None, "", "a-click", utc_now(), picture)
    stage.fake.faults(accept_then_500=True)

    stage.deliver(utc_now())
    eventually(lambda: stage.read() and stage.states == [DeliveryState.SENT])
    stage.try_everything_again()

    assert [row["detail"]["kind"] for row in stage.fake.log("send_accepted")] == ["image"]
    assert stage.rows(Message, sender=Sender.PHONE) == []


# --- C14 in numbers ---------------------------------------------------------------------------------------------------

SENDS = {**AMBIGUOUS, "nothing at all": ({}, 1)}  # the neighbour: it is not that all of them are doubted


@pytest.mark.whole
@pytest.mark.sqlite_only
@pytest.mark.timeout(120 * examples(1))
def test_c14_of_many_ambiguous_sends_none_arrives_twice_and_none_is_silent(stage, impatient):
    """Each to a customer of its own, by turns with the echo of what was accepted and without. FUZZ_TIMES=36 makes them a
    thousand."""
    expected = {}
    for _, what, has_echo in itertools.product(range(examples(1)), SENDS, (True, False)):
        fault, accepted = SENDS[what]
        stage.customer = stage.fake.customer()
        stage.ask()
        stage.answer(utc_now())
        stage.fake.faults(**fault, echo="" if has_echo else "none")
        stage.call(deliver, stage.newest_reply_id, utc_now)
        is_known = not fault or (accepted and has_echo)
        expected[stage.customer] = (accepted, DeliveryState.SENT if is_known else DeliveryState.UNKNOWN)

    with suppress(AssertionError):  # which would not say for whom
        eventually(lambda: stage.read() and stage.outcomes_by_customer == expected)
    stage.customer = next(iter(expected))
    stage.try_everything_again()

    assert stage.outcomes_by_customer == expected
    doubted = {customer for customer, (_, state) in expected.items() if state is DeliveryState.UNKNOWN}
    assert stage.handed_over == doubted


# --- T1, T9: the way back ---------------------------------------------------------------------------------------------


@pytest.mark.sqlite_only
def test_t9_an_echo_that_comes_before_the_answer_of_the_send_is_ours(stage):
    stage.answer_and_send(echo="before")
    stage.try_everything_again()

    assert len(stage.accepted) == 1
    assert stage.states == [DeliveryState.SENT]
    assert stage.rows(Message, sender=Sender.PHONE) == []
    assert stage.conversation.state is ConversationState.ASSISTANT


@pytest.mark.sqlite_only
def test_t1_t9_webhooks_and_echoes_three_times_each_in_any_order_change_nothing(stage):
    stage.fake.control("network", copies=3, hold=True)
    stage.fake.control("send", customer=stage.customer, text="چنده؟")
    stage.fake.control("network", copies=3)
    stage.fake.control("release", order="shuffled", seed=1)
    eventually(lambda: stage.read() and stage.turn)
    stage.answer(utc_now())
    stage.deliver(utc_now())

    stage.try_everything_again()

    assert len(stage.accepted) == 1
    assert stage.states == [DeliveryState.SENT]
    assert len(stage.rows(Message, sender=Sender.CUSTOMER)) == 1
    assert stage.rows(Message, sender=Sender.PHONE) == []
    assert len(stage.rows(Webhook)) == 6  # they did come three times each


@pytest.mark.sqlite_only
def test_t2_a_share_that_arrives_after_its_question_is_answered_with_it_once(stage):
    stage.fake.control("network", hold=True)
    stage.fake.control("send", customer=stage.customer, kind="ig_post", post_id="dress", text="این چنده؟")
    stage.fake.control("network")
    stage.fake.control("release", order="swapped")
    eventually(lambda: stage.read() and len(stage.rows(Message)) == 2)
    stage.answer(utc_now())
    stage.deliver(utc_now())

    stage.try_everything_again()

    question, share = stage.rows(Message, sender=Sender.CUSTOMER)
    assert (question.message_type, share.message_type) == (MessageType.TEXT, MessageType.SHARE)  # as they came
    assert len(stage.accepted) == 1
    assert question.content.startswith("[CONTEXT")


# --- the verbs --------------------------------------------------------------------------------------------------------


@pytest.mark.sqlite_only
def test_every_fault_verb_is_used_by_a_test():
    tests = "".join(path.read_text() for path in Path(__file__).parents[1].rglob("test_*.py"))

    for verb in fields(Fault):
        assert f"{verb.name}=" in tests or f'"{verb.name}":' in tests, verb.name
