"""Workers, queues and the scheduler, and one real journey through all of them."""

import secrets
import time
from collections.abc import Iterator
from datetime import timedelta

from rq.exceptions import NoSuchJobError
from rq.job import JobStatus

from pilito import hints, keys
from pilito.blueprints.health import PASSED, readiness
from pilito.blueprints.metrics import queue_state
from pilito.clock import utc_now
from pilito.doctor.finding import FINE, Finding
from pilito.extensions import redis
from pilito.hints import JsonJob

LONGEST_WAIT_SECONDS = 60.0
# A scheduler says so every second; see jobs/scheduler.py.
FRESH_SECONDS = 3.0
JOURNEY_SECONDS = 10.0
POLL_SECONDS = 0.05
NOBODY = 0  # no conversation has this id


def look_at_queues() -> Iterator[Finding]:
    """None has waited too long."""
    states = {name: queue_state(name) for name in keys.QUEUES}
    late = [
        f"{name} ({count} jobs, {seconds:.0f} s)"
        for name, (count, seconds) in states.items()
        if seconds > LONGEST_WAIT_SECONDS
    ]
    if late:
        yield Finding("queues", False, f"Jobs wait in {', '.join(late)}: start more workers, and read their log.")
        return
    yield Finding("queues", True, FINE)


def look_at_schedulers() -> Iterator[Finding]:
    """Two do no harm, for a lock lets one work; but somebody started one too many, and it costs."""
    alive = _fresh_schedulers()
    if alive > 1:
        time.sleep(FRESH_SECONDS)  # one that was just killed and started again still looks like two
        alive = _fresh_schedulers()
    if alive > 1:
        yield Finding(
            "one scheduler", False, f"{alive} schedulers run: stop all but one (another machine, another terminal?)."
        )
        return
    yield Finding("one scheduler", True, FINE if alive else "ok, none is doubled; see “scheduler” above")


def _fresh_schedulers() -> int:
    return int(redis.zcount(keys.SCHEDULERS, time.time() - FRESH_SECONDS, "+inf"))


def try_a_share_expiry() -> Iterator[Finding]:
    """Have the scheduler and a worker end the wait of a share that does not exist: the same job, on the same way."""
    name = "share expiry"
    checks = readiness()
    if checks["scheduler"] != PASSED or checks["workers"] != PASSED:
        yield Finding(name, False, "Not tried, for it needs a scheduler and workers: see above.")
        return
    job_id, began = f"share-timeout-doctor-{secrets.token_hex(8)}", time.monotonic()
    hints.hint_at(
        utc_now() + timedelta(seconds=0.2),
        job_id,
        keys.SHARES,
        keys.SHARE_TIMEOUT_JOB,
        NOBODY,
        -secrets.randbelow(10**9),
    )
    status = _wait_for(job_id, began + JOURNEY_SECONDS)
    if status is JobStatus.FINISHED:
        yield Finding(name, True, f"ok, there and back in {time.monotonic() - began:.1f} s")
        return
    hints.cancel(job_id)
    where = {
        None: "rq-scheduler does not have it: is Redis full?",
        JobStatus.FAILED: "the job failed: see it at /rq.",
        JobStatus.QUEUED: f"no worker took it from {keys.SHARES}: restart `flask worker`.",
        JobStatus.CREATED: "the scheduler did not move it: restart `flask scheduler`.",
        JobStatus.SCHEDULED: "the scheduler did not move it: restart `flask scheduler`.",
    }.get(status, f"it is {status}.")
    yield Finding(name, False, f"The job did not come back in {JOURNEY_SECONDS:.0f} s: {where}")


def _wait_for(job_id: str, deadline: float) -> JobStatus | None:
    status: JobStatus | None = None
    while time.monotonic() < deadline:
        try:
            status = JsonJob.fetch(job_id, connection=redis._get_current_object()).get_status()  # type: ignore[attr-defined]
        except NoSuchJobError:
            return None
        if status in (JobStatus.FINISHED, JobStatus.FAILED):
            break
        time.sleep(POLL_SECONDS)
    return status
