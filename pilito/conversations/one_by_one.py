"""Rows that the clock found are taken one after the other; one that breaks its verb keeps none behind it waiting."""

import logging
from collections.abc import Callable, Iterable

from pilito.database import DATABASE_AWAY
from pilito.errors import Refused
from pilito.extensions import db

log = logging.getLogger(__name__)


def one_by_one(kind: str, row_ids: Iterable[int], verb: Callable[[int], object]) -> int:
    """Call the verb for each row, in a transaction of the verb's own; return for how many it said yes.

    They come in the same order at every look, so the first that raised would otherwise hold up all others for as long
    as it is there. A database that is away ends it at once: it is away for the others too.
    """
    count = 0
    for row_id in row_ids:
        try:
            count += bool(verb(row_id))
        except DATABASE_AWAY:
            raise
        except Refused as refusal:  # erased since it was found
            log.info("One of the %s is left: %s", kind, refusal)
        except Exception:
            db.session.rollback()
            log.exception(
                "The sweep broke at one of its %s; it takes the others, and this one again the next time.", kind
            )
    return count
