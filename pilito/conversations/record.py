"""A webhook's body becomes a row of the ledger before the provider is answered.

Bodies that come at the same time share one commit and one job: a commit is a wait for the disk, and it costs the same
for one row as for twenty (docs/decisions/0003).
"""

import logging
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import insert

from pilito import hints, keys, patience
from pilito.database import transaction
from pilito.extensions import channels
from pilito.lifecycle import WebhookState
from pilito.models import Webhook, db

log = logging.getLogger(__name__)

LARGEST_GROUP = 64
# Meta's patience is 5 s. Above LOCK_WAIT_SECONDS of the database, which tells by itself of a lock; this is for a server
# that tells nothing any more.
LONGEST_WRITE_SECONDS = 4.5


@dataclass
class _Entry:
    """A body on its way to the ledger; `done` is set when it is there, or when it is not (`error`)."""

    row: dict[str, object]
    done: threading.Event = field(default_factory=threading.Event)
    webhook_id: int = 0
    error: BaseException | None = None


_queue: list[_Entry] = []
_queue_lock = threading.Lock()
_writing = threading.Lock()


def record(channel: str, body: bytes, received_at: datetime) -> int:
    """Store the body, ask a worker to read it, return the row's id.

    Raises sqlalchemy's DBAPIError or TimeoutError when the database cannot be written: then nothing was promised.
    """
    account = channels[channel].account_of(body)
    row = {"channel": channel, "account": account, "received_at": received_at, "body": body}
    entry = _Entry({**row, "state": WebhookState.PENDING, "attempts": 0})
    with _queue_lock:
        _queue.append(entry)
    time.sleep(0)  # lets requests that came together put theirs beside it
    written: list[int] = []
    with _writing:
        while not entry.done.is_set():
            written += _write(_take_group(LARGEST_GROUP))
    if written:  # by us, for the whole group; the others are answered already, and the next group is being written
        _ask(written)
    if entry.error is not None:
        raise entry.error
    return entry.webhook_id


def _ask(webhook_ids: list[int]) -> None:
    try:
        hints.hint_unless_asked(keys.RECEIVE, keys.RECEIVE_JOB, *webhook_ids)
    except Exception:  # the rows are committed; the sweep does what this hint would have started
        log.exception("A hint after a commit failed: webhooks %s", webhook_ids)


def _take_group(size: int | None = None) -> list[_Entry]:
    with _queue_lock:
        group = _queue[:size]
        del _queue[:size]
    return group


def _write(group: list[_Entry]) -> list[int]:
    """Commit the group as one; what fails it, fails each of them, and the provider repeats each. Return the ids."""
    ids: Sequence[int] = ()
    try:
        with patience.within(LONGEST_WRITE_SECONDS), transaction("p2"):
            # Core, not the ORM: half the time on the one path that every event takes.
            ids = db.session.scalars(
                insert(Webhook.__table__).returning(Webhook.id, sort_by_parameter_order=True),
                [entry.row for entry in group],
            ).all()
        for entry, webhook_id in zip(group, ids, strict=True):
            entry.webhook_id = webhook_id
    except BaseException as error:
        # Who queued meanwhile would wait as long again, past the provider's patience, to hear the same.
        group = [*group, *_take_group()]
        for entry in group:
            entry.error = error
    finally:
        for entry in group:
            entry.done.set()
    return list(ids)
