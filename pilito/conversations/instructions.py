"""The owner tells the assistant of an inbox how to be: a new version each time, an old one back by a copy of it."""

import re
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import select

from pilito.assistant import types
from pilito.assistant.instructions import LANGUAGES, LENGTHS, TONES
from pilito.database import transaction
from pilito.errors import Refused
from pilito.models import Audit, Inbox, Instructions, db
from pilito.queries import instructions as queries

# Characters of each field. Together they stay small beside the facts that a prompt has room for.
LONGEST = {"role": 500, "greeting": 500, "hand_over": 2000, "promises": 2000, "own_words": 4000}
MOST_LINES = 40
CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


@dataclass(frozen=True)
class Wish:
    """What the form holds: texts, lists as lines, languages with commas between."""

    role: str = ""
    languages: str = ""
    tone: str = ""
    length: str = ""
    greeting: str = ""
    hand_over: str = ""
    promises: str = ""
    own_words: str = ""


def write_instructions(inbox_id: int, wish: Wish, operator_id: int | None, now: datetime) -> int:
    """Make this the newest version and return its number; the same words again make none.

    Raises Refused with the field's name in the reason when a field is too long or not one of its choices.
    """
    clean = _checked(wish)
    with transaction():
        _lock(inbox_id)
        newest = queries.newest(inbox_id)
        if newest is not None and wish_of(newest) == clean:
            return newest.version
        return _add(inbox_id, clean, newest, operator_id, now, None)


def restore_instructions(inbox_id: int, number: int, operator_id: int | None, now: datetime) -> int:
    """Bring an older version back as the newest; the ones between stay in the history."""
    with transaction():
        _lock(inbox_id)
        older = queries.version(inbox_id, number)
        if older is None:
            raise Refused("not_found", f"Inbox {inbox_id} has no version {number}.")
        return _add(inbox_id, wish_of(older), queries.newest(inbox_id), operator_id, now, number)


def instructions_of(inbox_id: int) -> types.Instructions | None:
    """Return what the assistant is told in this inbox; None when nobody ever wrote anything."""
    newest = queries.newest(inbox_id)
    return told(wish_of(newest), newest.version) if newest else None


def told(wish: Wish, version: int) -> types.Instructions:
    return types.Instructions(
        version=version,
        role=wish.role,
        languages=tuple(filter(None, wish.languages.split(","))),
        tone=wish.tone,
        length=wish.length,
        greeting=wish.greeting,
        hand_over=_lines(wish.hand_over),
        promises=_lines(wish.promises),
        own_words=wish.own_words,
    )


def wish_of(row: Instructions) -> Wish:
    return Wish(**{name: getattr(row, name) for name in asdict(Wish())})


def _lock(inbox_id: int) -> None:
    """Two who save at once get two versions, one after the other."""
    if db.session.scalar(select(Inbox.id).where(Inbox.id == inbox_id).with_for_update()) is None:
        raise Refused("not_found", f"There is no inbox {inbox_id}.")


def _add(
    inbox_id: int, wish: Wish, newest: Instructions | None, operator_id: int | None, now: datetime, copied: int | None
) -> int:
    number = (newest.version if newest else 0) + 1
    row = Instructions(
        inbox_id=inbox_id,
        version=number,
        restored_version=copied,
        created_at=now,
        operator_id=operator_id,
        **asdict(wish),
    )
    db.session.add(row)
    details = {"inbox_id": inbox_id, "version": number, "restored": copied}
    db.session.add(Audit(at=now, action="instructions_written", operator_id=operator_id, details=details))
    return number


def _checked(wish: Wish) -> Wish:
    clean = Wish(**{name: _clean(text) for name, text in asdict(wish).items()})
    for name, longest in LONGEST.items():
        if len(getattr(clean, name)) > longest:
            raise Refused(f"instructions_{name}_too_long", f"{name}: at most {longest} characters.")
    languages = [name for name in LANGUAGES if name in clean.languages.split(",")]
    is_choice = clean.tone in ("", *TONES) and clean.length in ("", *LENGTHS)
    if not is_choice or max(len(_lines(clean.hand_over)), len(_lines(clean.promises))) > MOST_LINES:
        raise Refused("instructions_wrong", "A tone, a length or a number of lines that is not offered.")
    return Wish(**{**asdict(clean), "languages": ",".join(languages)})


def _clean(text: str) -> str:
    """Half surrogate pairs and control characters cannot be stored everywhere."""
    text = text.replace("\r\n", "\n").encode("utf-8", "replace").decode("utf-8")
    return CONTROLS.sub("", text).strip()


def _lines(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.splitlines() if line.strip())
