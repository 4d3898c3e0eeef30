"""rq-dashboard at /rq, for admins.

It comes without a log-in, changes state by GET, reads jobs with pickle, and writes job texts into its pages unescaped.
Each of these is shut here. It has no settings for that, so the names its module looks up are replaced; the version is
pinned, and the tests try every one of its routes. Nor does it keep who did what: each deed has its row in the audit log
before it is done.
"""

import secrets
from html import escape
from typing import Any

from flask import Flask, Response, abort, current_app, json, request
from flask_login import current_user
from flask_wtf.csrf import generate_csrf
from redis.exceptions import RedisError
from rq import Queue, Worker
from rq.exceptions import InvalidJobOperation, NoSuchJobError
from rq.job import Job
from rq.registry import ScheduledJobRegistry
from rq.results import Result
from rq.serializers import JSONSerializer
from rq_dashboard import web
from rq_scheduler import Scheduler

from pilito import keys
from pilito.clock import utc_now
from pilito.database import transaction
from pilito.extensions import db, login
from pilito.hints import JsonJob
from pilito.lifecycle import Role
from pilito.models import Audit
from pilito.people import second_step

PREFIX = "/rq"
BLUEPRINT = web.blueprint.name
# The dashboard's own script sends the cookie of this name as X-CSRFToken.
CSRF_COOKIE = "_csrf_token"
# Of the timers only the next are looked through for a queue's own: a shop on its busiest day has fewer.
TIMERS_SHOWN = 2000
INLINE_SCRIPT = b'<script type="text/javascript">'
# Its script puts these answers into the page as HTML, and an exception's text can hold what a customer wrote.
UNESCAPED_ENDPOINTS = {f"{BLUEPRINT}.job_info", f"{BLUEPRINT}.list_workers"}
# What its changing routes are called on the audit log. One of a later version has its endpoint's name there.
DEEDS = {
    f"{BLUEPRINT}.delete_job_view": "job_deleted",
    f"{BLUEPRINT}.requeue_job_view": "job_requeued",
    f"{BLUEPRINT}.requeue_all": "jobs_requeued",
    f"{BLUEPRINT}.empty_queue": "queue_emptied",
    f"{BLUEPRINT}.compact_queue": "queue_compacted",
}
NAMED = {"job_id": "job", "queue_name": "queue", "registry_name": "list"}
LONGEST_NAME = 200  # of a queue, a list or a job: the address may hold anything
REFUSALS: dict[type[Exception], tuple[str, int]] = {
    NoSuchJobError: ("There is no such job any more.", 404),
    InvalidJobOperation: ("The job is no longer in a state in which this can be done.", 409),
    ValueError: ("The address does not name a job, queue or page.", 404),
    UnboundLocalError: ("The address does not name a list of jobs.", 404),  # an unknown registry, in 0.9.0
    RedisError: ("Redis cannot be reached, so its jobs cannot be shown; nothing is lost meanwhile.", 503),
}


class ShownJob(JsonJob):
    """A job to look at: never unpickled, and shown without its result and notes where these are not JSON."""

    def latest_result(self, timeout: int = 0) -> Result | None:
        try:
            return super().latest_result(timeout)
        except ValueError:
            return None

    def get_meta(self, refresh: bool = True) -> dict[str, Any]:
        try:
            return super().get_meta(refresh)
        except ValueError:
            return {}

    def get_call_string(self) -> str | None:
        """The description, which is plain text in Redis; the call itself would have to be decoded."""
        return self.description


class ShownQueue(Queue):
    """A queue to look at."""

    job_class = ShownJob

    @classmethod
    def all(cls, connection: Any, *args: Any, **options: Any) -> list[Queue]:
        """Every queue of ours, also one that nothing was ever put into; and what else Redis knows of."""
        known = {queue.name: queue for queue in super().all(connection, *args, **options)}
        ours = {name: cls(name, connection=connection, serializer=JSONSerializer) for name in keys.QUEUES}
        return [*{**ours, **known}.values()]

    def fetch_job(self, job_id: str) -> Job | None:
        """Find the job; unlike RQ's own, take nothing off the queue when it is gone: looking changes nothing."""
        try:
            return ShownJob.fetch(job_id, connection=self.connection)
        except NoSuchJobError:
            return None


class ShownTimers(ScheduledJobRegistry):
    """What waits for its time: jobs of rq-scheduler, whose one set the dashboard does not know, beside RQ's own."""

    def get_job_count(self, cleanup: bool = True) -> int:  # noqa: ARG002
        return len(self.get_job_ids())

    def get_job_ids(self, start: int = 0, end: int = -1, desc: bool = False, cleanup: bool = True) -> list[str]:  # noqa: ARG002
        """Those of this queue by their time, of the next TIMERS_SHOWN of all queues."""
        timers = self._ids_of(Scheduler.scheduled_jobs_key, TIMERS_SHOWN - 1)
        with self.connection.pipeline(transaction=False) as pipe:
            for job_id in timers:
                pipe.hget(JsonJob.key_for(job_id), "origin")
            origins = pipe.execute()
        ours = [job_id for job_id, origin in zip(timers, origins, strict=True) if origin == self.name.encode()]
        found = [*ours, *self._ids_of(self.key, -1)]
        found = found[::-1] if desc else found
        return found[start:] if end == -1 else found[start : end + 1]

    def _ids_of(self, key: str, last: int) -> list[str]:
        members: Any = self.connection.zrange(key, 0, last)
        return [member.decode() for member in members]


class ShownWorker(Worker):
    job_class = ShownJob
    queue_class = ShownQueue


def init_app(app: Flask) -> None:
    """Mount the dashboard behind the panel's log-in, the role of an admin, and CSRF protection."""
    app.redis_conn = app.extensions["pilito_redis"]  # type: ignore[attr-defined]
    # Shown in its menu, where the address with its password would be.
    app.config["RQ_DASHBOARD_REDIS_URL"] = ("Redis of Pilito",)
    app.before_request(guard)
    app.register_blueprint(web.blueprint, url_prefix=PREFIX)


def guard() -> Any:
    """Let admins in, and let only POST change something. CSRFProtect has checked the token of a POST before."""
    if request.blueprint != BLUEPRINT or request.url_rule is None:
        return None
    if not current_user.is_authenticated:
        return login.unauthorized()
    if not current_user.may(Role.ADMIN):
        abort(403, "The jobs are for admins.")
    if second_step.is_due(current_user):
        abort(403, "Set up the second step first, in the panel under Security.")
    changes = "POST" in (request.url_rule.methods or ())
    if changes and request.method != "POST":
        abort(405, "This changes something, so it is done by the page's button only.")
    if (request.view_args or {}).get("instance_number", 0) != 0:
        abort(404, "Pilito has one Redis only: number 0.")
    if changes:
        _note_deed(current_user.id)
    return None


def _note_deed(operator_id: int) -> None:
    """On the audit log, before it is done: where no row can be written nothing is done, and Redis, which may fail
    afterwards, is not called inside a transaction. Of a job that is not there NoSuchJobError, and no row."""
    named = request.view_args or {}
    details = {NAMED.get(name, name): str(value)[:LONGEST_NAME] for name, value in named.items()}
    if "job_id" in named:
        job = ShownJob.fetch(named["job_id"], connection=current_app.extensions["pilito_redis"])
        details["queue"] = job.origin[:LONGEST_NAME]
    endpoint = str(request.endpoint)
    action = DEEDS.get(endpoint, endpoint.removeprefix(f"{BLUEPRINT}."))
    with transaction():
        db.session.add(Audit(at=utc_now(), action=action, operator_id=operator_id, details=details))


def refuse(error: Exception) -> tuple[str, int]:
    return next(answer for kind, answer in REFUSALS.items() if isinstance(error, kind))


def finish(response: Response) -> Response:
    """Give the page what its scripts need, and take from its data what they would trip over."""
    nonce = secrets.token_urlsafe(16)
    if request.endpoint in UNESCAPED_ENDPOINTS and response.is_json:
        response.set_data(json.dumps(_escaped(response.get_json())))
    if response.mimetype == "text/html":
        _let_scripts_run(response, nonce)
        response.set_cookie(CSRF_COOKIE, generate_csrf(), path=PREFIX, samesite="Strict", secure=_is_cookie_secure())
        if response.status_code == 200:  # an error is a page of ours, and has our policy
            response.headers["Content-Security-Policy"] = _policy(nonce)
    return response


def _let_scripts_run(response: Response, nonce: str) -> None:
    """Sign its one inline script: an inline script that somebody else brought in stays dead."""
    signed = b'<script nonce="%s" type="text/javascript">' % nonce.encode()
    response.set_data(response.get_data().replace(INLINE_SCRIPT, signed))


def _policy(nonce: str) -> str:
    """Our policy, eased for /rq alone: its templates are compiled in the browser (eval), its styles are inline."""
    return (
        f"default-src 'none'; script-src 'self' 'nonce-{nonce}' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data:; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    )


def _is_cookie_secure() -> bool:
    return bool(current_app.config["SESSION_COOKIE_SECURE"])


def _escaped(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _escaped(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_escaped(item) for item in value]
    return escape(value) if isinstance(value, str) else value


def _connect(*_address: Any, **_options: Any) -> tuple[None, Any]:
    """What the dashboard calls at each request to connect: Pilito's own client, Unix sockets included."""
    return None, current_app.extensions["pilito_redis"]


def _requeue(job_id: str, connection: Any) -> Job:
    return ShownJob.fetch(job_id, connection=connection).requeue()


# Once per process: the dashboard's blueprint is one object of its module, whatever number of apps a process makes.
web.config.serializer = JSONSerializer
web.Job, web.Queue, web.Worker = ShownJob, ShownQueue, ShownWorker
web.ScheduledJobRegistry = ShownTimers
web.from_url, web.requeue_job = _connect, _requeue
web.blueprint.after_request(finish)
for kind in REFUSALS:
    web.blueprint.register_error_handler(kind, refuse)
