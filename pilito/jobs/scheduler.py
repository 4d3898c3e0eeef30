"""The scheduler process: rq-scheduler's jobs moved to their queues when due, and the periodic list.

rq-scheduler's own loop ends on one job it cannot decode and on a Redis outage of seconds, fires early, and two of it
fire twice. This one keeps its API and data, holds a fenced lock, claims a job before it is enqueued, sets aside what it
cannot decode, and outlives Redis (docs/decisions/0005-scheduler-loop.md). Either way a timer is only a hint.
"""

import logging
import os
import threading
import time
import uuid
from typing import Any

from flask import Flask
from redis.exceptions import RedisError
from rq.exceptions import NoSuchJobError
from rq_scheduler import Scheduler

from pilito import hints, keys, writers
from pilito.extensions import redis
from pilito.hints import JsonJob
from pilito.jobs.ending import Ending
from pilito.jobs.periodic import PERIODIC, Periodic

log = logging.getLogger(__name__)

POLL_SECONDS = 0.1
BATCH = 500
OUTAGE_SECONDS = 0.5
SAY_ALIVE_SECONDS = 1.0
# What runs more rarely runs first so long after the start: one that is started anew every few minutes (a deploy, a
# machine that is short of memory) would never renew a token, nor forget what is to be forgotten.
FIRST_LOOK_SECONDS = 60.0

# Renew only our own lock: a process that slept too long must see that another has it.
RENEW = """
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return 0
"""
RELEASE = """
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
"""


class Timer:
    """Moves due jobs to their queues while it holds the lock."""

    def __init__(self) -> None:
        self.token = uuid.uuid4().hex
        self._said_at = 0.0

    def tick(self, now: float) -> int:
        """Enqueue what is due; return how many jobs. Does nothing while another process holds the lock."""
        self._say_alive(now)
        if not self._hold():
            return 0
        redis.set(keys.SCHEDULER_BEAT, self.token, ex=keys.SCHEDULER_LOCK_SECONDS)
        due = redis.zrangebyscore(Scheduler.scheduled_jobs_key, "-inf", now, start=0, num=BATCH)
        return sum(self._move(job_id) for job_id in due)

    def release(self) -> None:
        redis.eval(RELEASE, 1, keys.SCHEDULER_LOCK, self.token)
        redis.zrem(keys.SCHEDULERS, self.token)

    def _say_alive(self, now: float) -> None:
        """Also while another holds the lock: `flask doctor` counts who runs. Once a second is enough."""
        if 0 <= now - self._said_at < SAY_ALIVE_SECONDS:
            return
        with redis.pipeline(transaction=False) as pipe:
            pipe.zadd(keys.SCHEDULERS, {self.token: now})
            pipe.zremrangebyscore(keys.SCHEDULERS, "-inf", now - keys.SCHEDULERS_SECONDS)
            pipe.expire(keys.SCHEDULERS, keys.SCHEDULERS_SECONDS)
            pipe.execute()
        self._said_at = now

    def _hold(self) -> bool:
        if redis.eval(RENEW, 1, keys.SCHEDULER_LOCK, self.token, str(keys.SCHEDULER_LOCK_SECONDS * 1000)):
            return True
        return bool(redis.set(keys.SCHEDULER_LOCK, self.token, nx=True, ex=keys.SCHEDULER_LOCK_SECONDS))

    def _move(self, job_id: Any) -> bool:
        if not redis.zrem(Scheduler.scheduled_jobs_key, job_id):
            return False  # another process claimed it
        try:
            job = JsonJob.fetch(job_id.decode(), connection=_connection())
            _ = job.args  # decodes the arguments
            hints.queue(job.origin).enqueue_job(job)
        except NoSuchJobError:
            return False
        except RedisError:
            raise
        except Exception as error:
            log.error("The scheduled job %s cannot be decoded (%s); it is set aside.", job_id, error)
            redis.sadd(keys.SCHEDULER_SET_ASIDE, job_id)
            return False
        return True


def run_scheduler(app: Flask) -> None:
    """Run until SIGTERM or SIGINT."""
    writers.stand_back()
    os.nice(app.extensions["pilito_settings"].worker_nice)
    ending, stopping = Ending(), threading.Event()
    for periodic in PERIODIC:
        threading.Thread(target=_repeat, args=(app, periodic, stopping), name=periodic.name, daemon=True).start()
    with app.app_context():
        log.info("Scheduling; periodic: %s", ", ".join(f"{one.name} every {one.every_seconds} s" for one in PERIODIC))
        _run_timer(ending)
    stopping.set()


def _run_timer(ending: Ending) -> None:
    timer = Timer()
    while not ending.is_set():
        try:
            moved = timer.tick(time.time())
        except RedisError as error:
            log.warning("Redis is away (%s); shares still expire, the rest waits for its return.", error)
            ending.wait(OUTAGE_SECONDS)
        else:
            ending.wait(0 if moved == BATCH else POLL_SECONDS)
    try:
        timer.release()
    except RedisError:
        log.info("Redis is away; the lock ends by itself.")


def _repeat(app: Flask, periodic: Periodic, stopping: threading.Event) -> None:
    pause = min(periodic.every_seconds, FIRST_LOOK_SECONDS)
    while not stopping.wait(pause):
        pause = periodic.every_seconds
        try:
            with app.app_context():
                periodic.run()
        except Exception:
            log.exception("The periodic job %s failed; it runs again in %s s.", periodic.name, periodic.every_seconds)


def _connection() -> Any:
    return redis._get_current_object()  # type: ignore[attr-defined]
