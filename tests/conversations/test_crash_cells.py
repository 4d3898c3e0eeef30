"""A crash, an error and a pause at every commit and every outside call on the way of an event, before and after.

The cells of part 2.1 of the guarantees: each point x {kill, raise, pause} x {a question, a share and its question, a
person's reply}, and the second part of an answer that is sent in two. A kill is an exception that nothing on the way may catch: what was committed stays, the rest is gone,
the job is lost. A pause is what a sleeping process sees when it wakes: the others have held its lease for over, and
have finished what it left. Then a process is killed in earnest at each place, which no `finally` outlives.
"""

import ast
import itertools
import os
import signal
from contextlib import ExitStack
from pathlib import Path
from unittest import mock

import pytest
from shop import REEL_URL, echo, reel, seconds, text, webhook

from pilito import failpoints
from pilito.clock import utc_now
from pilito.conversations import lease, sweep, take_turns
from pilito.conversations.read_again import find_failed, read_again
from pilito.conversations.reply import reply
from pilito.conversations.turns import UNFINISHED
from pilito.failpoints import DOORS, POINTS, SIDES, PlantedError
from pilito.lifecycle import ConversationState, DeliveryState, MessageType, Sender, WebhookState
from pilito.models import Conversation, Customer, Delivery, Message, Turn, Webhook, db

pytestmark = pytest.mark.whole  # 159 cells and 60, each the whole way of an event: for `make test`, not for each change

KINDS = ("a question", "a share and its question", "a person's reply", "the second part of an answer")
QUESTION, SHARED, PERSON, LONG = KINDS
KILL, RAISE, PAUSE = DEEDS = ("kill", "raise", "pause")
# What a person's reply does not pass: it is no event, and nobody asks the model. The assistant's reply is claimed by
# the commit that records it, but for the parts behind its first.
ONLY_EVENTS = {"p1", "p2", "read", "p4", "p5"}
ONLY_PEOPLE = {"p7"}
OF_EACH_PART = {"p7", "p8", "p9"}
SECOND = ("p8", "p9")  # come by for the first part, too
PASSED = {
    QUESTION: set(POINTS) - ONLY_PEOPLE,
    SHARED: set(POINTS) - ONLY_PEOPLE,
    PERSON: set(POINTS) - ONLY_EVENTS,
    LONG: OF_EACH_PART,
}
# Claimed for its send, and the send never began or never came to its end: nobody may send it again.
CLAIMED = {
    QUESTION: {"p6_after", "p8_before"},
    SHARED: {"p6_after", "p8_before"},
    PERSON: {"p7_after", "p8_before"},
    LONG: {"p7_after", "p8_before"},
}
SENT = {"p8_after", "p9_before"}
# Whoever comes to a turn after one of these asks the model anew: what it said was lost, or is still on its way.
ASKED_ANEW = {
    KILL: {"p5_after", "p6_before"},
    RAISE: {"p6_before"},
    PAUSE: {"p4_after", "p5_before", "p5_after"},
}
ANSWERS = dict.fromkeys(KINDS, "در همین پست نوشته‌ایم.") | {LONG: "\n".join(["این محصول در این رنگ موجود است."] * 33)}
HOUSE = Path(failpoints.__file__).parent
customers = itertools.count(1)


class Killed(BaseException):
    """The process is gone."""


class Blow:
    """What happens at the point, once: the first time that somebody comes by, or the second."""

    def __init__(self, shop, deed, passing=1):
        self._deed = {KILL: self._kill, RAISE: failpoints._raise, PAUSE: lambda: pause(shop)}[deed]
        self._left = passing

    @property
    def struck(self):
        return self._left <= 0

    def __call__(self):
        self._left -= 1
        if self._left == 0:
            self._deed()

    def _kill(self):
        raise Killed


@pytest.fixture(autouse=True)
def _nothing_planted():
    yield
    failpoints.arm("")


@pytest.fixture
def shop(make_shop):
    return make_shop(reply_quiet_seconds=0)


def post(shop, *items):
    """As Meta does: again, until it is told that it was taken."""
    for _ in range(3):
        try:
            if shop.post(webhook(*items)).status_code == 200:
                return
        except (Killed, PlantedError):
            continue
    raise AssertionError("It was never taken.")


def work(shop):
    for _ in range(3):  # a killed worker is replaced
        try:
            return shop.work()
        except Killed:
            continue
    raise AssertionError("The worker is killed again and again.")


def recover(shop):
    """Every lease is over, every job is lost, and the sweep comes, as often as something is left."""
    db.session.rollback()
    past = utc_now() - seconds(1)
    for table in (Turn, Delivery, Webhook):
        db.session.execute(db.update(table).where(table.lease_until.is_not(None)).values(lease_until=past))
    db.session.execute(db.update(Turn).values(due_at=past))
    db.session.commit()
    shop.app.extensions["pilito_redis"].flushall()
    for _ in range(3):
        found = sweep.sweep(utc_now() + sweep.GRACE + seconds(1))
        work(shop)
        if not any(found.values()):
            return


def pause(shop):
    """The others are a process of their own: they do not know what the sleeping one has in hand, and who sleeps renews
    no lease."""
    with ExitStack() as stack:
        stack.enter_context(mock.patch.object(lease, "_held", {}))
        for work_round in (take_turns._reading, take_turns._answering):
            stack.enter_context(mock.patch.object(work_round, "_in_hand", set()))
        recover(shop)


class Talk:
    """One customer, and what becomes of them."""

    def __init__(self, shop, kind):
        self.shop, self.kind, self.customer = shop, kind, f"7{next(customers):014}"
        shop.model.reply = {**shop.model.reply, "reply": ANSWERS[kind]}
        if kind == PERSON:
            self._ask()
            work(shop)
            assert len(self.sent) == 1
        shop.model.calls.clear()

    def _ask(self):
        at = utc_now()
        if self.kind == SHARED:
            post(self.shop, reel(at, mid=f"post-{self.customer}", customer=self.customer))
        post(self.shop, text("این چنده؟", at, mid=f"question-{self.customer}", customer=self.customer))

    def go_on(self):
        if self.kind != PERSON:
            self._ask()
            work(self.shop)
            return
        for _ in range(2):  # who sees an error presses again
            try:
                reply(self.conversation.id, None, "همکار شما هستم", f"client-{self.customer}", utc_now())
                break
            except (Killed, PlantedError):
                db.session.rollback()
        work(self.shop)

    @property
    def conversation(self):
        db.session.rollback()
        return db.session.scalars(
            db.select(Conversation).join(Conversation.customer).where(Customer.external_id == self.customer)
        ).one()

    @property
    def sent(self):
        return [one for one in self.shop.graph.sent if one["to"] == self.customer]

    @property
    def expected_sends(self):
        return 2 if self.kind in (PERSON, LONG) else 1

    @property
    def asked(self):
        """How often the model was."""
        return len(self.shop.model.calls)

    def rows(self, table):
        return db.session.scalars(
            db.select(table)
            .where(table.conversation_id == self.conversation.id)
            .order_by(table.id)
            .execution_options(populate_existing=True)
        ).all()

    def echo(self):
        """The provider says what it took."""
        for one in self.sent:
            post(self.shop, echo(one["text"], utc_now(), one["mid"], customer=self.customer))
        work(self.shop)


def expect_finished(talk):
    assert not {one.state for one in talk.rows(Turn)} & set(UNFINISHED)
    assert {one.state for one in talk.rows(Delivery)} <= {DeliveryState.SENT, DeliveryState.UNKNOWN}
    assert db.session.scalars(db.select(Webhook.state).distinct()).all() in ([], [WebhookState.READ])
    said = [one for one in talk.rows(Message) if one.sender is Sender.CUSTOMER]
    assert len(said) == (2 if talk.kind == SHARED else 1)


def is_unreadable(point, deed):
    """An error while it is read is the item's own, as far as anybody can tell: it is kept, shown, and not tried again."""
    return point == "read_before" and deed == RAISE


def read_what_failed(shop):
    """As an admin does, on the health page."""
    failed = find_failed()
    assert len(failed) == 1
    read_again(failed[0])
    recover(shop)


def expect_on_the_list(talk):
    """Nothing left us as far as we know; a person decides."""
    assert talk.rows(Delivery)[-1].state is DeliveryState.UNKNOWN
    assert talk.conversation.state in (ConversationState.HANDED_OVER, ConversationState.OPERATOR)
    assert len(talk.sent) == talk.expected_sends - 1


def expect_settled_by_its_echo(talk):
    assert talk.rows(Delivery)[-1].state is DeliveryState.UNKNOWN
    talk.echo()
    assert talk.rows(Delivery)[-1].state is DeliveryState.SENT
    assert len(talk.sent) == talk.expected_sends


def expect_done(talk):
    assert talk.rows(Delivery)[-1].state is DeliveryState.SENT
    assert [one["text"] for one in talk.sent] == [part.text for part in talk.rows(Delivery)]
    assert len(talk.sent) == talk.expected_sends


def expect_asked(point, deed, talk):
    """At most one call of the model more, and that only where its answer was lost."""
    is_never = talk.kind == PERSON or (point == "p5_before" and deed == RAISE)
    assert talk.asked == (0 if is_never else 2 if point in ASKED_ANEW[deed] else 1)


def expect(point, deed, talk):
    if deed == RAISE and point.startswith("p5"):
        assert talk.conversation.state is ConversationState.HANDED_OVER  # the assistant is broken, and a person is told
        assert talk.sent == []
    elif deed != PAUSE and point in CLAIMED[talk.kind]:
        expect_on_the_list(talk)
    elif deed != PAUSE and point in SENT:
        expect_settled_by_its_echo(talk)
    else:
        expect_done(talk)
    if talk.kind == SHARED and not is_unreadable(point, deed):
        question = [one for one in talk.rows(Message) if one.message_type is MessageType.TEXT][0]
        assert REEL_URL in question.content


def cells(name, is_every_kind):
    """The cells of a point. A pause before a commit is none: the row's lock, or SQLite's, keeps everybody else out. Where
    not every kind is asked for, each kill, each error and each pause strikes one, not always the same."""
    is_commit = POINTS[name].startswith("commit")
    kinds = [kind for kind in KINDS if name in PASSED[kind]]
    for side, deed in itertools.product(SIDES, DEEDS):
        is_locked = is_commit and side == "before" and deed == PAUSE
        one = kinds[(DEEDS.index(deed) - SIDES.index(side)) % len(kinds)]
        for kind in () if is_locked else kinds if is_every_kind else (one,):
            yield f"{name}_{side}", deed, kind


@pytest.fixture
def is_every_kind(database_kind, pytestconfig):
    """What a kill or an error leaves is what the database takes back, the same of each kind, and a pause holds no lock
    while others go on, by statements that are the same of each: beside SQLite, where all are tried, one shows it on
    PostgreSQL."""
    return database_kind == "sqlite" or pytestconfig.getoption("--database") == "postgresql"


@pytest.mark.timeout(400)
@pytest.mark.parametrize("name", POINTS)
def test_nothing_is_lost_and_nothing_sent_twice(shop, name, is_every_kind):
    for point, deed, kind in cells(name, is_every_kind):
        talk = Talk(shop, kind)
        blow = Blow(shop, deed, 2 if kind == LONG and name in SECOND else 1)
        failpoints.plant(point, blow)

        talk.go_on()
        failpoints.arm("")
        recover(shop)

        try:
            assert blow.struck
            if is_unreadable(point, deed):
                read_what_failed(shop)
            expect_finished(talk)
            expect(point, deed, talk)
            expect_asked(point, deed, talk)
            sends, asked = len(talk.sent), talk.asked
            recover(shop)
            assert (len(talk.sent), talk.asked) == (sends, asked)
        except AssertionError as error:
            raise AssertionError(f"{point}, {deed}, {kind}: {error}") from error


# --- a process that is really killed ---------------------------------------------------------------------------------

# A question comes by all but p7, which a person's reply does, and an answer of two parts between them. In the request of
# the webhook, the provider is told nothing.
IN_A_REQUEST = {"p2", "p3"}
KILLED_AT = tuple(name for name in POINTS if name not in ("p1", "p10"))


def die_in_a_process(talk, point):
    """Do it in a process of its own, which SIGKILL ends at the point: no `finally`, no rollback, no line closed."""
    db.session.remove()
    db.engine.dispose()  # the other process opens its own
    process = os.fork()
    if not process:
        try:
            failpoints.arm(f"{point}:kill")
            talk.go_on()
        finally:
            os._exit(1)  # it never came by
    assert os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == -signal.SIGKILL


@pytest.mark.sqlite_only
@pytest.mark.parametrize("name", KILLED_AT)
def test_a_process_that_is_killed_leaves_nothing_lost_and_nothing_sent_twice(shop, name):
    for side, kind in itertools.product(SIDES, (PERSON, LONG) if name in ONLY_PEOPLE else (QUESTION,)):
        talk = Talk(shop, kind)

        die_in_a_process(talk, f"{name}_{side}")
        if name in IN_A_REQUEST:
            talk.go_on()
        recover(shop)

        expect_finished(talk)
        expect(f"{name}_{side}", KILL, talk)
        expect_asked(f"{name}_{side}", KILL, talk)
        sends, asked = len(talk.sent), talk.asked
        recover(shop)
        assert (len(talk.sent), talk.asked) == (sends, asked)


# --- none is without -------------------------------------------------------------------------------------------------

WAY = ("record", "receive", "answer", "deliver", "reply")  # the rooms that an event passes from the webhook to the send
OUTSIDE = {"enqueue_call", "enqueue_at", "compose", "send", "emit", "verify"}
OUTSIDE_IN = (
    "hints.py",
    "realtime.py",
    "blueprints/webhooks.py",
    "conversations/answer.py",
    "conversations/deliver.py",
)
# Calls of these names that reach nobody, or whose event is none: the switch for all, a note for one person.
INSIDE = {"deliver.send", "all_changed", "notified"}


def tree_of(path):
    return ast.parse((HOUSE / path).read_text(encoding="utf-8"))


def calls(tree, *names):
    """Each call of one of these names: the function it stands in, the call, and what it is called on."""
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef):
            for node in ast.walk(function):
                if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in names:
                    yield function, node, ast.unparse(node.func)


def points_named_in(*paths):
    for path in paths:
        for _, call, _ in calls(tree_of(path), "transaction", "around"):
            yield from (argument.value for argument in call.args if isinstance(argument, ast.Constant))


@pytest.mark.parametrize("verb", WAY)
def test_every_commit_on_the_way_of_an_event_has_a_failpoint(verb):
    found = list(calls(tree_of(f"conversations/{verb}.py"), "transaction"))

    assert found
    for function, call, _ in found:
        names = [argument.value for argument in call.args if isinstance(argument, ast.Constant)]
        assert names, f"{verb}.{function.name}: this commit has no name"
        assert POINTS[names[0]].startswith("commit")


def test_every_call_outside_on_the_way_of_an_event_has_a_failpoint():
    seen = set()
    for path in OUTSIDE_IN:
        tree = tree_of(path)
        inside = {
            id(node)
            for block in ast.walk(tree)
            if isinstance(block, ast.With) and "failpoints.around" in ast.unparse(block.items[0])
            for node in ast.walk(block)
        }
        for function, call, name in calls(tree, *OUTSIDE):
            if name not in INSIDE and function.name not in INSIDE:
                assert id(call) in inside, f"{path}, {function.name}: {name} has no failpoint"
                seen.add(name.rpartition(".")[2])

    assert seen == OUTSIDE


def test_every_point_is_on_the_way():
    used = set(points_named_in(*OUTSIDE_IN, *(f"conversations/{verb}.py" for verb in WAY)))

    assert used - set(DOORS) == set(POINTS)  # and what has doors of its own beside it
