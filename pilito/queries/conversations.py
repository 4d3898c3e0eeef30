"""The list of conversations, newest first."""

from datetime import datetime

from sqlalchemy import ColumnElement, select, tuple_
from sqlalchemy.orm import contains_eager, joinedload

from pilito.extensions import db
from pilito.lifecycle import ConversationState
from pilito.models import Conversation
from pilito.queries.search import Filters, conversations_with
from pilito.search.terms import read_question


def page(
    state: ConversationState | None = None,
    inbox_id: int | None = None,
    unread: bool | None = None,
    q: str | None = None,
    before: tuple[datetime, int] | None = None,
    limit: int = 50,
) -> list[Conversation]:
    """Return up to `limit` conversations, newest first, with their customer and inbox loaded.

    `before` is the (last_message_at, id) of the last one already seen. A conversation in which nothing was written
    yet has no place in the order and is left out: PostgreSQL could not use the index for it.
    """
    wanted = [
        Conversation.last_message_at.is_not(None),
        *_filters(state, inbox_id, unread),
        *([_mentions(q, inbox_id)] if q else []),
        *([tuple_(Conversation.last_message_at, Conversation.id) < before] if before else []),
    ]
    return list(
        db.session.scalars(
            select(Conversation)
            .join(Conversation.customer)
            .options(contains_eager(Conversation.customer), joinedload(Conversation.inbox, innerjoin=True))
            .where(*wanted)
            .order_by(Conversation.last_message_at.desc(), Conversation.id.desc())
            .limit(limit)
        )
    )


def find(conversation_id: int) -> Conversation | None:
    """Return one conversation as it is in the database now."""
    return db.session.get(
        Conversation,
        conversation_id,
        options=(
            joinedload(Conversation.customer, innerjoin=True),
            joinedload(Conversation.inbox, innerjoin=True),
        ),
        # A verb may have changed it in this session by UPDATE, past the object we hold.
        populate_existing=True,
    )


def _filters(state: ConversationState | None, inbox_id: int | None, unread: bool | None) -> list[ColumnElement[bool]]:
    return [
        *([Conversation.state == state] if state is not None else []),
        *([Conversation.inbox_id == inbox_id] if inbox_id is not None else []),
        *([(Conversation.unread_count > 0) == unread] if unread is not None else []),
    ]


def _mentions(q: str, inbox_id: int | None) -> ColumnElement[bool]:
    return conversations_with(read_question(q), Filters(inbox_id))
