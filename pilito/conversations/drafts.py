"""Drafts: written by the assistant, kept until a person decides; what comes meanwhile makes them stale."""

from datetime import datetime
from typing import Any

from sqlalchemy import func, inspect, select, update

from pilito.assistant.types import HandOver, Reply
from pilito.lifecycle import DraftState
from pilito.models import Conversation, Draft, Proof, db


def keep_draft(
    conversation: Conversation,
    turn_id: int,
    message_ids: tuple[int, ...],
    outcome: Reply | HandOver,
    proof: Proof | None,
    now: datetime,
) -> Draft:
    """Keep what the assistant wrote for a person. Called in the transaction that ends the turn."""
    go_stale(conversation, "written_anew")
    draft = Draft(
        conversation_id=conversation.id,
        turn_id=turn_id,
        message_ids=list(message_ids),
        text=outcome.text,
        finding=outcome.detail if isinstance(outcome, HandOver) else "",
        working={
            **(columns_of(proof) if proof is not None else {}),
            "asks_which": isinstance(outcome, Reply) and outcome.asks_which,
        },
        state=DraftState.WAITING,
        created_at=now,
    )
    db.session.add(draft)
    conversation.drafted_at = now
    return draft


def go_stale(conversation: Conversation, why: str) -> None:
    """Something newer came: a draft that waits was written without it. The caller tells the panels."""
    if conversation.drafted_at is None:
        return
    _move(conversation, DraftState.STALE, stale_why=why)


def doubt(conversation: Conversation, why: str) -> None:
    """What a draft that waits rests on is another by now: it is out of date, and stays before people.

    Nothing came that would be answered anew, so nobody writes another by themselves, and the customer still waits.
    """
    since = conversation.drafted_at
    go_stale(conversation, why)
    conversation.drafted_at = since


def leave_people(conversation: Conversation, draft: Draft) -> None:
    """A person has decided about a draft: it waits no more. Of an older one a newer may wait still."""
    newest = db.session.scalar(select(func.max(Draft.id)).where(Draft.conversation_id == conversation.id))
    if draft.id == newest:
        conversation.drafted_at = None


def discard_waiting(conversation: Conversation, operator_id: int | None, now: datetime) -> None:
    """The conversation is done: nobody will send what waits."""
    if conversation.drafted_at is not None:
        _move(conversation, DraftState.DISCARDED, operator_id=operator_id, ended_at=now)


def _move(conversation: Conversation, state: DraftState, **values: Any) -> None:
    db.session.flush()
    db.session.execute(
        update(Draft)
        .where(Draft.conversation_id == conversation.id, Draft.state == DraftState.WAITING)
        .values(state=state, **values)
        .execution_options(synchronize_session="fetch")
    )
    conversation.drafted_at = None


def find_draft(conversation: Conversation) -> Draft | None:
    """The draft that the panel shows: the newest, as long as nobody decided, and the customer still waits.

    One without words was held back, and what it answered was taken back.
    """
    draft = db.session.scalar(
        select(Draft).where(Draft.conversation_id == conversation.id).order_by(Draft.id.desc()).limit(1)
    )
    if draft is None or not draft.text or draft.state not in (DraftState.WAITING, DraftState.STALE):
        return None
    return draft if draft.state is DraftState.WAITING or conversation.unanswered_since is not None else None


def columns_of(proof: Proof) -> dict[str, Any]:
    """What a proof holds, as JSON; whatever columns it has by then."""
    return {
        column.key: getattr(proof, column.key)
        for column in inspect(Proof).column_attrs
        if column.key not in ("id", "message_id")
    }


def proof_of(draft: Draft) -> Proof | None:
    """The proof of the reply that the draft becomes."""
    known = {column.key for column in inspect(Proof).column_attrs}
    values = {name: value for name, value in draft.working.items() if name in known}
    return Proof(**values) if "model" in values else None
