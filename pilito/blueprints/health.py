"""What operations ask: is the process alive, is Pilito ready, what are its numbers.

`/healthz` and `/readyz` are open: they name parts of Pilito, never addresses or secrets. `/metrics` tells how a shop
does, so it is for a Prometheus on this machine, or for one with a bearer token.
"""

import logging
from ipaddress import ip_address

from flask import Blueprint, Response, abort, current_app, request
from prometheus_client import CONTENT_TYPE_LATEST
from redis.exceptions import RedisError
from rq import Worker
from rq.serializers import JSONSerializer
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from pilito import keys, refusals
from pilito.blueprints import metrics
from pilito.clock import utc_now
from pilito.database import transaction
from pilito.extensions import db
from pilito.hints import JsonJob
from pilito.queries.revision import RESTORE_AGAIN, is_unsettled, newest_revision, stored_revision
from pilito.tokens import find_by_bearer

log = logging.getLogger(__name__)
bp = Blueprint("health", __name__)

PASSED = "ok"
# So long after a refused write another is tried when somebody asks. Where webhooks come, they try before.
TRY_AGAIN_SECONDS = 10.0
# Headers by which a proxy on this machine tells that it asks for somebody else.
PROXY_HEADERS = ("X-Forwarded-For", "X-Real-IP", "Forwarded", "Via")


@bp.get("/healthz")
def healthz() -> dict[str, bool]:
    """Answer without asking anybody: a restart helps this process only if this fails."""
    return {"alive": True}


@bp.get("/readyz")
def readyz() -> tuple[dict[str, object], int]:
    checks = readiness()
    ready = all(result == PASSED for result in checks.values())
    return {"ready": ready, "checks": checks}, 200 if ready else 503


@bp.get("/metrics")
def show_metrics() -> Response:
    if not (is_from_this_machine() or _has_token()):
        bearer = "`Authorization: Bearer …` (`flask token add NAME --for metrics`)"
        abort(403, f"Metrics are for this machine, or for who sends {bearer}.")
    try:
        return Response(metrics.exposition(), content_type=CONTENT_TYPE_LATEST)
    except SQLAlchemyError:
        # A failed scrape, not a page of zeros: Prometheus marks the target as down.
        return Response("# The database cannot be read; see /readyz.\n", 503, content_type="text/plain; charset=utf-8")


def readiness() -> dict[str, str]:
    """Return each check with "ok", or with what is wrong and what to do about it."""
    return _database() | _redis()


def _database() -> dict[str, str]:
    try:
        db.session.execute(text("SELECT 1"))
        return {"database": PASSED, "migrations": _migrations(), "writing": _writing()}
    except SQLAlchemyError:
        db.session.rollback()
        unknown = "Not known while the database is away."
        return {
            "database": "The database cannot be reached: check that it runs and that DATABASE_URL is right.",
            "migrations": unknown,
            "writing": unknown,
        }


def _writing() -> str:
    ago = refusals.seconds_ago()
    if ago is not None and ago >= TRY_AGAIN_SECONDS:
        try_to_write()
    if refusals.seconds_ago() is None:
        return PASSED
    return (
        "The database keeps nothing new: look whether its disk is full or read-only. What comes meanwhile is refused,"
        " and the provider repeats it."
    )


def try_to_write() -> None:
    """Change nothing, and commit it: whether that was taken stands in refusals.py."""
    try:
        with transaction():
            db.session.execute(text("UPDATE alembic_version SET version_num = version_num"))
    except SQLAlchemyError as error:
        log.warning("A write was tried, and not taken: %s", error)


def _migrations() -> str:
    # Tables of a newer version are fine: in a deploy they are there first, and migrations only add. To say otherwise
    # would have a balancer take away every server that works, before the new ones are up.
    if is_unsettled():
        return RESTORE_AGAIN
    if (stored_revision() or "") >= newest_revision():
        return PASSED
    return "The tables are not those of this version: run `flask db upgrade`, then restart web and workers."


def _redis() -> dict[str, str]:
    try:
        current_app.extensions["pilito_redis"].ping()
        return {"redis": PASSED, "workers": _workers(), "scheduler": _scheduler()}
    except RedisError:
        unknown = "Not known while Redis is away."
        return {
            "redis": "Redis cannot be reached: check that it runs and that REDIS_URL is right. Nothing is lost.",
            "workers": unknown,
            "scheduler": unknown,
        }


def _workers() -> str:
    served = _served_queues()
    alone = [name for name in keys.QUEUES if name not in served]
    if not alone:
        return PASSED
    return f"No worker serves {', '.join(alone)}: start `flask worker`, or read its log for why it stopped."


def _served_queues() -> set[str]:
    workers = Worker.all(
        connection=current_app.extensions["pilito_redis"], job_class=JsonJob, serializer=JSONSerializer
    )
    return {name for worker in workers for name in worker.queue_names()}


def _scheduler() -> str:
    if current_app.extensions["pilito_redis"].exists(keys.SCHEDULER_BEAT):
        return PASSED
    return "The scheduler shows no sign of life: start `flask scheduler`. Until then timed work is late, not lost."


def is_from_this_machine() -> bool:
    """Whether a program of this machine asks for itself.

    Behind a reverse proxy on the same machine everybody comes from 127.0.0.1; who comes through one is a stranger.
    """
    is_forwarded = any(header in request.headers for header in PROXY_HEADERS)
    return not is_forwarded and _is_loopback(request.remote_addr or "")


def _is_loopback(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:  # empty on a Unix socket, where a proxy stands in front
        return False


def _has_token() -> bool:
    given = request.authorization
    return bool(given and given.type == "bearer" and find_by_bearer(given.token, utc_now()))
