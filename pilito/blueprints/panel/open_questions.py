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


def settle(question_id: int, inbox_id: int | None) -> int:
    """Settle what is like it, in this account or in all; return how many. One that is settled already moves nothing."""
    group = queries.find_group(question_id, inbox_id)
    ids = list(queries.ids_of(group, inbox_id)) if group else []
    return tally.settle_questions(ids, current_user.id, utc_now()) if ids else 0


def settle_asked(inbox_id: int | None) -> bool:
    """The answer was saved, for this account or for all: settle there what it was written for, and say so."""
    group = asked()
    settled = settle(group.newest_id, inbox_id) if group else 0
    if settled:
        told = ngettext("%(num)s open question is settled.", "%(num)s open questions are settled.", settled)
        flash(digits(told), "good")
    return bool(settled)
