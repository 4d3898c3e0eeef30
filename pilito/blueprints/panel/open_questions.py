"""A question that nobody could answer, on its way through the form in which its answer is written.

The form is reached with `?question=<id>`, and posts to the same address; once it is saved, the question is settled.
"""

from flask import flash, request
from flask_babel import ngettext
from flask_login import current_user

from pilito.blueprints.i18n import digits
from pilito.clock import utc_now
from pilito.conversations import tally
from pilito.queries import analytics as queries
from pilito.queries.analytics import Group

LONGEST_ID = 2**63 - 1


def asked() -> Group | None:
    """The question that the form was opened for; None where there is none, or it is settled."""
    question_id = request.args.get("question", type=int)
    return queries.find_group(question_id) if question_id and 0 < question_id <= LONGEST_ID else None


def settle(question_id: int) -> int:
    """Settle it with all that are like it; return how many. Nothing happens where it is settled or gone."""
    group = queries.find_group(question_id)
    ids = list(queries.ids_of(group)) if group else []
    return tally.settle_questions(ids, current_user.id, utc_now()) if ids else 0


def settle_asked() -> bool:
    """The answer was saved: settle what it was written for, and say so."""
    group = asked()
    settled = settle(group.newest_id) if group else 0
    if settled:
        told = ngettext("%(num)s open question is settled.", "%(num)s open questions are settled.", settled)
        flash(digits(told), "good")
    return bool(settled)
