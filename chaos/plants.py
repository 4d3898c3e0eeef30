"""Bugs that can be planted into the system under test: `python -m chaos.plants NAME program arguments…`.

A plant changes one function of Pilito as its module is loaded, in the programs of one run only; nothing of it is in
Pilito itself. The judge has to find each of them: a checker that finds nothing may be blind.
"""

import importlib.abc
import importlib.machinery
import itertools
import runpy
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any

Patch = Callable[[ModuleType], None]


@dataclass(frozen=True)
class Plant:
    module: str
    patch: Patch
    invariant: str  # which it violates
    needs_faults: bool  # it shows only where something dies or fails
    sends: tuple[dict[str, Any], ...]  # how sends fail in its run; none: in every way


PLANTS: dict[str, Plant] = {}


def plant(
    name: str,
    module: str,
    invariant: str,
    needs_faults: bool = False,
    sends: tuple[dict[str, Any], ...] = (),
) -> Callable[[Patch], Patch]:
    def keep(patch: Patch) -> Patch:
        PLANTS[name] = Plant(module, patch, invariant, needs_faults, sends)
        return patch

    return keep


def sometimes(every: int) -> Callable[[], bool]:
    """True once in `every` calls."""
    counter = itertools.count(1)
    return lambda: next(counter) % every == 0


@plant("forgets-an-event", "pilito.conversations.receive", "I1")
def _(module: ModuleType) -> None:
    """A webhook is called read, and what it said is written nowhere."""
    store, is_lost = module._store, sometimes(8)

    def lossy(webhook_id: int, position: int, item: Any, now: Any, is_last: bool, become: Any) -> None:
        if not is_lost():
            store(webhook_id, position, item, now, is_last, become)
            return
        with module.transaction():
            module._finish(webhook_id, now)

    module._store = lossy


@plant("says-200-and-stores-nothing", "pilito.conversations.record", "I1")
def _(module: ModuleType) -> None:
    record, is_lost = module.record, sometimes(8)
    module.record = lambda *event: 0 if is_lost() else record(*event)


@plant("reads-half-of-a-batch", "pilito.conversations.receive", "I1")
def _(module: ModuleType) -> None:
    """Of a webhook that tells several things the first is read."""
    receive_item = module._receive_item

    def first(webhook_id: int, channel: str, position: int, item: Any, now: Any, is_last: bool) -> Any:
        if position == 0:
            return receive_item(webhook_id, channel, position, item, now, is_last)
        with module.transaction():
            module._finish(webhook_id, now)
        return True

    module._receive_item = first


@plant("breaks-at-an-item", "pilito.conversations.receive", "I1")
def _(module: ModuleType) -> None:
    """What it cannot read it calls failed, and goes on."""
    become, is_broken = module._become, sometimes(6)

    def breaking(*event: Any) -> Any:
        if is_broken():
            raise ValueError("planted")
        return become(*event)

    module._become = breaking


@plant("stores-a-repetition-again", "pilito.conversations.store", "I2")
def _(module: ModuleType) -> None:
    """What comes twice is taken for something new."""
    store, seen, lock = module.store_message, set(), threading.Lock()

    def twice(tx: Any, inbox: Any, item: Any, *more: Any, **named: Any) -> Any:
        with lock:
            is_known = item.external_id in seen
            seen.add(item.external_id)
        return store(tx, inbox, replace(item, external_id=item.external_id + "x") if is_known else item, *more, **named)

    module.store_message = twice


@plant("rewrites-what-was-typed", "pilito.conversations.store", "I2")
def _(module: ModuleType) -> None:
    store, is_wrong = module.store_message, sometimes(6)

    def rewritten(tx: Any, inbox: Any, item: Any, *more: Any, **named: Any) -> Any:
        return store(tx, inbox, replace(item, text=item.text[:4]) if is_wrong() else item, *more, **named)

    module.store_message = rewritten


@plant("drops-what-comes-late", "pilito.conversations.store", "I2")
def _(module: ModuleType) -> None:
    """An event that was long on its way is taken for a repetition."""
    from datetime import timedelta

    from pilito.conversations.outcome import Outcome
    from pilito.lifecycle import EventOutcome

    store, late = module.store_message, timedelta(seconds=2)

    def impatient(tx: Any, inbox: Any, item: Any, now: Any, *more: Any, **named: Any) -> Any:
        if now - item.sent_at > late:
            return Outcome(EventOutcome.DUPLICATE)
        return store(tx, inbox, item, now, *more, **named)

    module.store_message = impatient


@plant("loses-a-correction", "pilito.conversations.edit", "I2")
def _(module: ModuleType) -> None:
    """It is called stored, and the message says what it said."""
    module._apply = lambda *_args: None


@plant("loses-a-correction-that-comes-first", "pilito.conversations.edit", "I2")
def _(module: ModuleType) -> None:
    """An edit whose message is not here yet is forgotten."""
    module._keep = lambda *_args: None


@plant("stores-it-with-another-customer", "pilito.conversations.store", "I2")
def _(module: ModuleType) -> None:
    store, last, is_wrong = module.store_message, [], sometimes(6)

    def mixed(tx: Any, inbox: Any, item: Any, *more: Any, **named: Any) -> Any:
        others = [one for account, one in last if account == inbox.id and one != item.customer_id]
        last.append((inbox.id, item.customer_id))
        is_mixed = bool(others) and is_wrong()
        return store(tx, inbox, replace(item, customer_id=others[-1]) if is_mixed else item, *more, **named)

    module.store_message = mixed


@plant("sends-twice", "pilito.conversations.deliver", "I3")
def _(module: ModuleType) -> None:
    """As a retry that did not ask what had become of the first try."""
    send, is_again = module._send, sometimes(6)

    def again(claim: Any, clock: Any) -> None:
        if is_again():
            module.channels[claim.channel].send(claim.account, claim.outbound)
        send(claim, clock)

    module._send = again


@plant("sends-what-may-have-arrived", "pilito.conversations.sweep", "I3", needs_faults=True)
def _(module: ModuleType) -> None:
    """A send whose worker died is called unsent, and sent again."""
    from datetime import timedelta

    from sqlalchemy import update

    from pilito.database import transaction
    from pilito.models import Delivery

    def pending_again(now: Any) -> int:
        stuck = (Delivery.state == "sending", Delivery.lease_until < now + timedelta(seconds=59))
        with transaction():
            values = {"state": "pending", "due_at": now, "lease_until": None}
            return module.db.session.execute(update(Delivery).where(*stuck).values(**values)).rowcount

    module._mark_lost_sends = pending_again


@plant("answers-the-wrong-customer", "pilito.conversations.deliver", "I3")
def _(module: ModuleType) -> None:
    """Every now and then the receiver of the send before; of the same account, for another's would be refused."""
    claimed, last, is_wrong = module._claimed, [], sometimes(3)

    def mixed(*args: Any) -> Any:
        claim = claimed(*args)
        own = claim.outbound.recipient_id
        others = [one for inbox, one in last if inbox == claim.inbox_id and one != own]
        last.append((claim.inbox_id, own))
        if others and is_wrong():
            claim = replace(claim, outbound=replace(claim.outbound, recipient_id=others[-1]))
        return claim

    module._claimed = mixed


@plant("does-not-settle", "pilito.conversations.answer", "I5")
def _(module: ModuleType) -> None:
    """A reply is recorded, and its questions are still called unanswered."""
    from sqlalchemy import false

    module.SETTLE = module.SETTLE.where(false())


@plant("takes-each-press-for-a-reply", "pilito.conversations.reply", "I3")
def _(module: ModuleType) -> None:
    """A person presses twice, and the customer reads it twice."""
    reply, count = module.reply, itertools.count()
    module.reply = lambda conversation, operator, text, client, *more, **named: reply(
        conversation, operator, text, f"{client}-{next(count)}", *more, **named
    )


@plant("takes-a-reply-that-is-nowhere", "pilito.blueprints.api", "I3")
def _(module: ModuleType) -> None:
    """A person is told 202, and nothing was committed."""
    from sqlalchemy import select

    from pilito.models import Message, db

    reply = module.reply

    def lossy(conversation: int, operator: Any, text: str, client: str, *more: Any, **named: Any) -> Any:
        if int(client[0], 16) % 2:  # each press of the same hand, at whichever process
            return reply(conversation, operator, text, client, *more, **named)
        return db.session.scalars(select(Message).where(Message.conversation_id == conversation).limit(1)).one()

    module.reply = lossy


@plant("fails-a-reply-in-silence", "pilito.conversations.reply", "I3")
def _(module: ModuleType) -> None:
    """What a person wrote is called failed before anybody has tried to send it."""

    def fail(_tx: Any, _conversation: Any, message: Any, *_more: Any) -> None:
        for part in message.deliveries:
            part.state = "failed"
        module.db.session.flush()

    module.send_after = fail


@plant("says-a-line-at-each-hand-over", "pilito.conversations.hand_over", "I4", needs_faults=True)
def _(module: ModuleType) -> None:
    """An apology that no shop has written."""
    say_line = module._say_line

    def apologise(tx: Any, conversation: Any, reason: Any, now: Any) -> None:
        conversation.inbox.hand_over_line = "همکاران ما پاسخ می‌دهند."
        say_line(tx, conversation, reason, now)

    module._say_line = apologise


@plant("does-not-look-back", "pilito.conversations.pairing", "I4")
def _(module: ModuleType) -> None:
    """What was typed just before a share is about none."""
    from datetime import timedelta

    pair = module.pair
    module.pair = lambda shares, questions, now, _lookback, *more, **named: pair(
        shares, questions, now, timedelta(0), *more, **named
    )


@plant("forgets-the-share", "pilito.conversations.pairing", "I4")
def _(module: ModuleType) -> None:
    """The wait of a share is over at once."""
    pair = module.pair
    module.pair = lambda shares, *more, **named: pair(
        [replace(one, expires_at=one.sent_at) for one in shares], *more, **named
    )


@plant("waits-for-ever", "pilito.conversations.pair", "I4")
def _(module: ModuleType) -> None:
    """A question takes a share that was left alone long before, however far that must be looked for."""
    from datetime import timedelta

    pair = module.pair
    later = timedelta(hours=1)
    module._reach = lambda: later
    module.pair = lambda shares, *more, **named: pair(
        [replace(one, expires_at=one.sent_at + later) for one in shares], *more, **named
    )


@plant("asks-about-every-share", "pilito.conversations.turns", "I4")
def _(module: ModuleType) -> None:
    """A share is a question like any other."""
    asks = module.asks

    def eager(message: Any) -> bool:
        is_open = message.sender is module.Sender.CUSTOMER and not (message.deleted_at or message.answered_by_id)
        return asks(message) or (is_open and message.message_type is module.MessageType.SHARE)

    module.asks = eager


@plant("drops-the-caption", "pilito.conversations.pair", "I4")
def _(module: ModuleType) -> None:
    """Question and share are put together in the panel only."""
    module.combined_content = lambda _shares, question: question


@plant("answers-a-stale-question", "pilito.conversations.answer", "I5")
def _(module: ModuleType) -> None:
    """A draft goes out although something newer came meanwhile."""

    def holds(_claim: Any, _conversation: Any, turn: Any) -> bool:
        if turn.state == "open":  # what came has opened it again
            turn.state = "generating"
        return bool(turn.state == "generating")

    module._still_holds = holds


@plant("answers-what-was-corrected", "pilito.conversations.edit", "I5")
def _(module: ModuleType) -> None:
    """The message says what it says now, and the answer that was being written goes out."""
    module._ask_anew = lambda *_args: None

    class Turns:
        start_over = staticmethod(lambda *_args: None)

        def __getattr__(self, name: str, turns: Any = module.turns) -> Any:
            return getattr(turns, name)

    module.turns = Turns()


@plant("sends-a-draft-that-is-void", "pilito.conversations.turns", "I5")
def _(module: ModuleType) -> None:
    """Something came while the answer was being written, and the answer goes out as it is."""
    must_be_finished = module._must_be_finished
    module._must_be_finished = lambda turn, asking, now: (
        (turn.state == "generating" and all(one.turn_id != turn.id for one in asking))
        or must_be_finished(turn, asking, now)
    )


@plant("leaves-work-undone", "pilito.conversations.sweep", "I6", needs_faults=True)
def _(module: ModuleType) -> None:
    """Nobody looks for rows whose job was lost."""
    module.sweep = lambda _now: {}


@plant("drops-the-turn", "pilito.conversations.answer", "I6", needs_faults=True)
def _(module: ModuleType) -> None:
    """When the assistant does not know, nobody is told."""
    module.hand_over = lambda _tx, conversation, _reason, _detail, now: module.turns.drop(conversation, "lost", now)


@plant("answers-only-the-newest", "pilito.conversations.turns", "I6")
def _(module: ModuleType) -> None:
    unanswered = module.unanswered
    module.unanswered = lambda conversation: unanswered(conversation)[-1:]


@plant("calls-a-refusal-sent", "pilito.conversations.deliver", "I6", needs_faults=True)
def _(module: ModuleType) -> None:
    module._record_error = lambda claim, _error, now: module._record_sent(claim, module.Receipt(None), now)


@plant("calls-its-first-part-the-reply", "pilito.conversations.deliver", "I6")
def _(module: ModuleType) -> None:
    """What comes after the first part of a long reply is left where it is."""
    record_sent = module._record_sent

    def record(claim: Any, receipt: Any, now: Any) -> None:
        record_sent(claim, receipt, now)
        with module.transaction():
            module._stop_rest(module.db.session.get_one(module.Delivery, claim.delivery_id))

    module._record_sent = record


@plant("closes-what-is-quiet", "pilito.conversations.sweep", "I6")
def _(module: ModuleType) -> None:
    """Who has an answer is done with, nobody knows why."""
    from pilito.conversations.close import close
    from pilito.models import Conversation

    def close_quiet(now: Any) -> int:
        quiet = (Conversation.state == "assistant", Conversation.unanswered_since.is_(None))
        ids = module.db.session.scalars(module.select(Conversation.id).where(*quiet)).all()
        for conversation_id in ids:
            close(conversation_id, None, now)
        return len(ids)

    module.give_back_due = close_quiet


@plant("calls-people-for-nothing", "pilito.conversations.answer", "I6")
def _(module: ModuleType) -> None:
    """Now and then the assistant has not even looked."""
    unanswerable, is_lazy = module._unanswerable, sometimes(5)
    module._unanswerable = lambda *args: (
        module.HandOver(module.HandOverReason.NOT_KNOWN) if is_lazy() else unanswerable(*args)
    )


NEVER_ARRIVES = ({"error": "unknown"}, {"reset": "before"})  # and we cannot know it


@plant("hides-what-is-uncertain", "pilito.conversations.deliver", "I6", needs_faults=True, sends=NEVER_ARRIVES)
def _(module: ModuleType) -> None:
    """Nobody knows whether it arrived, and nobody is told."""
    module.call_people = lambda *_args: None


@plant("does-not-let-go", "pilito.conversations.take_over", "I7")
def _(module: ModuleType) -> None:
    """A person takes over, and the assistant goes on."""
    module.to_people = lambda *_args: None


@plant("gives-back-by-itself", "pilito.conversations.sweep", "I7")
def _(module: ModuleType) -> None:
    """Whatever a person has taken over is the assistant's again within seconds."""
    from pilito.conversations.take_over import give_back
    from pilito.models import Conversation

    def give_all_back(now: Any) -> int:
        held = module.select(Conversation.id).where(Conversation.state == "operator")
        ids = module.db.session.scalars(held).all()
        for conversation_id in ids:
            give_back(conversation_id, None, now)
        return len(ids)

    module.give_back_due = give_all_back


@plant("comes-back-with-a-message", "pilito.conversations.store", "I7")
def _(module: ModuleType) -> None:
    """The customer writes again, and the assistant answers, whoever had the conversation."""
    count_in = module._count_in

    def count(conversation: Any, message: Any) -> None:
        if conversation.state == "operator":
            conversation.state = "assistant"
        count_in(conversation, message)

    module._count_in = count


@plant("does-not-count-changes", "pilito.conversations.lock", "I8")
def _(module: ModuleType) -> None:
    """A message changes, and the panels are not told which."""
    mark, is_lost = module.mark_changed, sometimes(3)
    module.mark_changed = lambda tx, conversation, *messages: mark(tx, conversation, *(() if is_lost() else messages))


@plant("loses-one-change", "pilito.queries.panel", "I8")
def _(module: ModuleType) -> None:
    """A panel that comes back asks for one change too few."""
    read = module.read_changes
    module.read_changes = lambda conversation, seq: read(conversation, seq + 1 if seq else 0)


@plant("keeps-what-was-unsent", "pilito.conversations.unsend", "I9")
def _(module: ModuleType) -> None:
    """The words stay in the ledger."""
    module.forget_words = lambda *_args: None
    unsend = module.unsend
    module.unsend = lambda tx, inbox, item, now: replace(unsend(tx, inbox, item, now), forget=None)


@plant("empties-half-of-it", "pilito.conversations.unsend", "I9")
def _(module: ModuleType) -> None:
    """What was typed goes, and what the assistant reads stays."""
    empty = module._empty

    def half(tx: Any, conversation: Any, message: Any, now: Any) -> None:
        content = message.content
        empty(tx, conversation, message, now)
        message.content = content

    module._empty = half


class _Planter(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Loads the module as ever, then changes it: before anybody else has taken a function out of it."""

    def __init__(self, module: str, patch: Patch) -> None:
        self._module, self._patch = module, patch
        self._inner: Any = None

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if name != self._module:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        assert spec is not None
        self._inner, spec.loader = spec.loader, self
        return spec

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType | None:
        created: ModuleType | None = self._inner.create_module(spec)
        return created

    def exec_module(self, module: ModuleType) -> None:
        self._inner.exec_module(module)
        self._patch(module)


def main() -> None:
    name, *command = sys.argv[1:]
    planted = PLANTS[name]
    sys.meta_path.insert(0, _Planter(planted.module, planted.patch))
    sys.argv = command
    runpy.run_path(command[0], run_name="__main__")


if __name__ == "__main__":
    main()
