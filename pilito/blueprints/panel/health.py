"""The health page: what an admin looks at when something seems wrong, or to see that nothing is."""

from datetime import datetime, timedelta
from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user
from redis.exceptions import RedisError

from pilito import keys
from pilito.blueprints import health, metrics
from pilito.blueprints.numbers import whole
from pilito.blueprints.panel import bp, sentences
from pilito.blueprints.panel.access import for_admins
from pilito.clock import utc_now
from pilito.conversations.data_deletion import find_unmatched, settle_deletion
from pilito.conversations.find_person import find_customer
from pilito.conversations.media_mark import find_written
from pilito.conversations.read_again import read_again
from pilito.conversations.spending import is_over
from pilito.conversations.tokens import days_left, is_ending
from pilito.database import transaction
from pilito.errors import Refused
from pilito.extensions import channels, settings
from pilito.knowledge.overdue import find_overdue
from pilito.lifecycle import InboxState
from pilito.models import Audit, db
from pilito.queries import comments, summary
from pilito.queries import health as queries
from pilito.queries.panel import count_waiting_too_long
from pilito.queries.spending import spent

BODY_CHARACTERS = 20_000
# A shop may be quiet for a night; after this nobody can tell quiet from cut off.
SILENCE = timedelta(hours=24)
ALERTS_SHOWN = timedelta(days=30)


@bp.get("/health")
@for_admins
def show_health() -> ResponseReturnValue:
    now = utc_now()
    return render_template(
        "upkeep/health.html",
        now=now,
        inboxes=[_inbox_words(one, now) for one in queries.inboxes()],
        alerts=queries.account_alerts(_alert_kinds(), now - ALERTS_SHOWN),
        deletions=find_unmatched(),
        overdue=find_overdue(),
        hold=find_written(),
        checks=health.readiness(),
        queues=_queues(),
        events=summary.events(),
        kinds=queries.event_kinds(),
        newest_events=queries.NEWEST_EVENTS,
        types=queries.unknown_types(),
        failed=queries.failed_webhooks(),
        failed_count=queries.count_failed_webhooks(),
        mails=queries.failed_mails(),
        failing_mails=queries.count_failing_mails(),
        unknown_sends=queries.unknown_sends(),
        unknown_replies=queries.unknown_private_replies(),
        unsent_replies=comments.unsent(now),
        waiting=queries.waiting_shares(),
        waiting_too_long=count_waiting_too_long(now),
        spending=_spending(now),
    )


def _spending(now: datetime) -> dict[str, Any]:
    used, budget, tokens = spent(now), settings.model_budget_per_day, settings.model_tokens_per_day
    return {"used": used, "budget": budget, "tokens": tokens, "is_over": is_over(used, budget, tokens)}


def _alert_kinds() -> list[str]:
    return [kind for channel in channels.values() for kind in channel.alerts]


def _inbox_words(found: queries.InboxHealth, now: datetime) -> dict[str, Any]:
    inbox = found.inbox
    is_silent = found.last_event_at is not None and now - found.last_event_at > SILENCE
    return {
        "inbox": inbox,
        "upkeep": found.upkeep,
        "last_event_at": found.last_event_at,
        "is_stopped": inbox.state is InboxState.STOPPED,
        "days": days_left(inbox, now),
        "is_ending": is_ending(inbox, now),
        "is_silent": is_silent,
        "fields": inbox.subscribed_fields,
        "subscription_error": inbox.subscription_error,
    }


def _queues() -> list[dict[str, Any]] | None:
    """The queues with what waits in them; None when Redis is away."""
    try:
        return [
            {"name": name, "depth": depth, "seconds": round(seconds)}
            for name in keys.QUEUES
            for depth, seconds in [metrics.queue_state(name)]
        ]
    except RedisError:
        return None


@bp.get("/health/webhooks/<int:webhook_id>")
@for_admins
def show_webhook(webhook_id: int) -> ResponseReturnValue:
    """A body as it came, for somebody who looks for why it could not be read."""
    found = queries.find_webhook(webhook_id)
    if found is None:
        abort(404)
    webhook, events = found
    body = webhook.body.decode("utf-8", "replace")
    return render_template(
        "upkeep/webhook.html",
        webhook=webhook,
        events=events,
        body=body[:BODY_CHARACTERS],
        is_cut=len(body) > BODY_CHARACTERS,
    )


@bp.post("/health/webhooks/<int:webhook_id>/again")
@for_admins
def read_webhook_again(webhook_id: int) -> ResponseReturnValue:
    operator_id = current_user.id
    try:
        read_again(webhook_id)
    except Refused:
        abort(404)
    with transaction():
        details = {"webhook_id": webhook_id}
        db.session.add(Audit(at=utc_now(), action="read_again", operator_id=operator_id, details=details))
    flash(gettext("It is being read again. Reload the page in a moment."))
    return redirect(url_for("panel.show_webhook", webhook_id=webhook_id))


@bp.post("/health/deletions/<int:deletion_id>")
@for_admins
def settle_data_deletion(deletion_id: int) -> ResponseReturnValue:
    """Whom the request means: an account, a customer, or nobody of ours."""
    wanted, operator_id = request.form.get("customer", "").strip(), current_user.id
    try:
        customer_id = find_customer(wanted) if wanted else None
        inbox_id = request.form.get("inbox", type=whole)
        settle_deletion(deletion_id, inbox_id, customer_id, operator_id, utc_now())
    except Refused as refusal:
        flash(sentences.explain_refusal(refusal.reason), "problem")
    else:
        flash(gettext("Done. The status page of the request tells it."))
    return redirect(url_for("panel.show_health"))
