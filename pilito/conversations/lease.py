"""A turn that is being answered is leased, and the lease renewed while its worker lives.

So the lease can be short: a killed worker's turn is free again after LEASE_SECONDS, however long a model may take.
"""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from flask import Flask, current_app
from sqlalchemy import update

from pilito.clock import utc_now
from pilito.database import transaction
from pilito.lifecycle import TurnState
from pilito.models import Turn, db

log = logging.getLogger(__name__)

LEASE_SECONDS = 15.0
RENEW_SECONDS = 5.0

_held: dict[int, int] = {}  # turn id -> attempt
_lock = threading.Lock()
_keeper: threading.Thread | None = None


@contextmanager
def held(turn_id: int, attempt: int) -> Iterator[None]:
    """Keep the turn leased while the block runs."""
    with _lock:
        # Together: a keeper that finds nothing held ends, and must not do so between these two.
        _held[turn_id] = attempt
        _start_keeper()
    try:
        yield
    finally:
        with _lock:
            if _held.get(turn_id) == attempt:
                del _held[turn_id]


def _start_keeper() -> None:
    global _keeper
    if _keeper is None or not _keeper.is_alive():
        app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
        _keeper = threading.Thread(target=_keep, args=(app,), name="lease-keeper", daemon=True)
        _keeper.start()


def _keep(app: Flask) -> None:
    """Renew until nothing is held any more; the next turn starts a new keeper."""
    global _keeper
    while threading.Event().wait(RENEW_SECONDS) is False:
        with _lock:
            turns = dict(_held)
            if not turns:
                _keeper = None
                return
        try:
            with app.app_context():
                renew(turns)
        except Exception:  # a database away: the lease may run out, the attempt number keeps the answer single
            log.exception("Leases could not be renewed.")


def renew(turns: dict[int, int]) -> None:
    """Lengthen the leases of these turns, where they are still ours."""
    with transaction():
        for turn_id, attempt in turns.items():
            db.session.execute(
                update(Turn)
                .where(Turn.id == turn_id, Turn.attempt == attempt, Turn.state == TurnState.GENERATING)
                .values(lease_until=utc_now() + timedelta(seconds=LEASE_SECONDS))
                .execution_options(synchronize_session=False)
            )
