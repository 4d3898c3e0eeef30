"""The labels themselves: made, renamed, recoloured, deleted, one taken up into another."""

from collections.abc import Sequence
from datetime import datetime
from urllib.parse import parse_qsl, urlencode

from sqlalchemy import delete, select, update

from pilito import realtime
from pilito.database import transaction
from pilito.errors import Refused
from pilito.lifecycle import LabelColour
from pilito.models import Audit, ConversationLabel, Label, SavedView, db
from pilito.spelling import one_line, plain

LONGEST_NAME = 60
MOST = 200
BATCH = 500  # rows a transaction: others write in between


def make_label(name: str, colour: LabelColour | None, operator_id: int | None, now: datetime) -> int:
    """Make a label, or find the one that is spelt the same; without a colour it gets the next in turn.

    Raises Refused (label_name, label_many).
    """
    name = _readable(name)
    with transaction() as tx:
        labels = db.session.scalars(select(Label)).all()
        known = _find_same(labels, name)
        if known is not None:
            return known.id
        if len(labels) >= MOST:
            raise Refused("label_many", f"There are {MOST} labels already.")
        colours = list(LabelColour)
        label = Label(name=name, colour=colour or colours[(len(labels) + 1) % len(colours)], created_at=now)
        db.session.add(label)
        db.session.flush()
        _note("label_made", label.id, operator_id, now, name=name)
        tx.after_commit(realtime.all_changed)
        return label.id


def change_label(label_id: int, name: str, colour: LabelColour, operator_id: int | None, now: datetime) -> None:
    """Raises Refused (label_gone, label_name, label_taken)."""
    name = _readable(name)
    with transaction() as tx:
        label = _get(label_id)
        others = db.session.scalars(select(Label).where(Label.id != label_id)).all()
        if _find_same(others, name) is not None:
            raise Refused("label_taken", f"There is a label {name!r} already.")
        _note("label_changed", label_id, operator_id, now, before=label.name, name=name, colour=colour.value)
        label.name, label.colour = name, colour
        tx.after_commit(realtime.all_changed)


def delete_label(label_id: int, operator_id: int | None, now: datetime) -> None:
    """It comes off every conversation, in small steps, and out of the saved views. Raises Refused (label_gone)."""
    name = _get(label_id).name
    _take_off(label_id)
    with transaction() as tx:
        label = _get(label_id)
        db.session.execute(delete(ConversationLabel).where(ConversationLabel.label_id == label_id))
        _rewrite_views(label_id, None)
        db.session.delete(label)
        _note("label_deleted", label_id, operator_id, now, name=name)
        tx.after_commit(realtime.all_changed)


def merge_labels(label_id: int, into_id: int, operator_id: int | None, now: datetime) -> None:
    """What carries the one carries the other, and the one is gone. Raises Refused (label_gone, label_itself)."""
    if label_id == into_id:
        raise Refused("label_itself", "A label cannot be taken up into itself.")
    name, into = _get(label_id).name, _get(into_id).name
    while _move(label_id, into_id):
        pass
    with transaction() as tx:
        label, _ = _get(label_id), _get(into_id)
        _move_rows(label_id, into_id, None)  # what was put on meanwhile
        _rewrite_views(label_id, into_id)
        db.session.delete(label)
        _note("label_merged", label_id, operator_id, now, name=name, into=into)
        tx.after_commit(realtime.all_changed)


# --- steps -----------------------------------------------------------------------------------------------------------


def _move(label_id: int, into_id: int) -> bool:
    with transaction():
        return _move_rows(label_id, into_id, BATCH)


def _move_rows(label_id: int, into_id: int, limit: int | None) -> bool:
    """Give up to `limit` rows the other label; where both were on a conversation, one row stays. Was there any?"""
    wanted = select(ConversationLabel.id, ConversationLabel.conversation_id).where(
        ConversationLabel.label_id == label_id
    )
    rows = db.session.execute(wanted.limit(limit)).all()
    if not rows:
        return False
    has_both = set(
        db.session.scalars(
            select(ConversationLabel.conversation_id).where(
                ConversationLabel.label_id == into_id,
                ConversationLabel.conversation_id.in_([row.conversation_id for row in rows]),
            )
        )
    )
    twice = [row.id for row in rows if row.conversation_id in has_both]
    once = [row.id for row in rows if row.conversation_id not in has_both]
    db.session.execute(delete(ConversationLabel).where(ConversationLabel.id.in_(twice)))
    db.session.execute(update(ConversationLabel).where(ConversationLabel.id.in_(once)).values(label_id=into_id))
    return True


def _take_off(label_id: int) -> None:
    while True:
        with transaction():
            rows = select(ConversationLabel.id).where(ConversationLabel.label_id == label_id).limit(BATCH)
            ids = db.session.scalars(rows).all()
            db.session.execute(delete(ConversationLabel).where(ConversationLabel.id.in_(ids)))
        if len(ids) < BATCH:
            return


def _rewrite_views(label_id: int, into_id: int | None) -> None:
    """A view that names the label names the other one, or goes: without it, it would show something else."""

    def renamed(value: str) -> str:
        return str(into_id) if value == str(label_id) else value

    for view in db.session.scalars(select(SavedView).where(SavedView.query.contains(f"label={label_id}"))):
        parts = parse_qsl(view.query)
        if ("label", str(label_id)) not in parts:
            continue  # label=31
        if into_id is None:
            db.session.delete(view)
        else:
            view.query = urlencode([(key, renamed(value) if key == "label" else value) for key, value in parts])


def _get(label_id: int) -> Label:
    label = db.session.get(Label, label_id)
    if label is None:
        raise Refused("label_gone", f"There is no label {label_id}.")
    return label


def _readable(name: str) -> str:
    name = one_line(name)
    if not 0 < len(name) <= LONGEST_NAME:
        raise Refused("label_name", f"Expected a name of 1 to {LONGEST_NAME} characters.")
    return name


def _find_same(labels: Sequence[Label], name: str) -> Label | None:
    """Spelt the same: يك and یک, Urgent and urgent."""
    return next((label for label in labels if plain(label.name) == plain(name)), None)


def _note(action: str, label_id: int, operator_id: int | None, now: datetime, **details: object) -> None:
    db.session.add(Audit(at=now, action=action, operator_id=operator_id, details={"label": label_id, **details}))
