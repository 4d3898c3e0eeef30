"""What the assistant may cost in a day: written down for every turn, and asked before the next one."""

from datetime import datetime

from pilito.assistant.prices import cost_micros, read_prices
from pilito.assistant.reader import Understood
from pilito.assistant.types import Working
from pilito.extensions import settings
from pilito.models import Conversation, ModelUse, db
from pilito.queries.spending import Spent, spent

DAY, CUSTOMER = "day", "customer"


def note(conversation: Conversation | None, working: Working | None, now: datetime) -> None:
    """Write down what the answers of a turn have cost, or of a trial, which is nobody's.

    One that never reached the model has cost nothing.
    """
    if working is None:
        return
    db.session.add(
        ModelUse(
            at=now,
            customer_id=conversation.customer_id if conversation else None,
            inbox_id=conversation.inbox_id if conversation else None,
            model=working.model[:128],
            tokens=(working.input_tokens or 0) + (working.output_tokens or 0),
            cost_micros=working.cost_micros,
        )
    )


def note_file(conversation: Conversation, understood: Understood, now: datetime) -> None:
    """Write down what reading a file has cost; a length of sound has no price in the table, and so none here."""
    asked, answered = understood.input_tokens, understood.output_tokens
    db.session.add(
        ModelUse(
            at=now,
            customer_id=conversation.customer_id,
            inbox_id=conversation.inbox_id,
            model=understood.model[:128],
            tokens=(asked or 0) + (answered or 0),
            cost_micros=cost_micros(read_prices(settings.model_prices), understood.model, asked, answered),
        )
    )


def used_up(customer_id: int | None, now: datetime) -> str:
    """Which budget is used up: `day`, `customer`, or none, which is empty. Without limits nothing is asked for.

    A trial is no customer's: for it the day's alone counts.
    """
    limits = settings
    if _is_over(None, limits.model_budget_per_day, limits.model_tokens_per_day, now):
        return DAY
    if customer_id is None:
        return ""
    own_budget, own_tokens = limits.model_budget_per_customer_per_day, limits.model_tokens_per_customer_per_day
    return CUSTOMER if _is_over(customer_id, own_budget, own_tokens, now) else ""


def is_over(used: Spent, dollars: float, tokens: int) -> bool:
    return (dollars > 0 and used.dollars >= dollars) or (tokens > 0 and used.tokens >= tokens)


def _is_over(customer_id: int | None, dollars: float, tokens: int, now: datetime) -> bool:
    return bool(dollars or tokens) and is_over(spent(now, customer_id), dollars, tokens)
