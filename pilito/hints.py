"""Jobs as hints: ask RQ or rq-scheduler to look at a row soon. The row is safe whether or not a hint arrives."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar
from uuid import uuid4

from flask import current_app
from redis.exceptions import RedisError
from rq import Queue
from rq.job import Job
from rq.serializers import JSONSerializer
from rq_scheduler import Scheduler

from pilito import failpoints
from pilito.clock import utc_now
from pilito.extensions import redis

log = logging.getLogger(__name__)

JOB_TIMEOUT_SECONDS = 180  # above the longest model call with its retry; the turn's lease is renewed meanwhile
RESULT_SECONDS = 60
BUSY_JOBS = 100
ASKED_ENOUGH = 8  # jobs that wait and will each look at all that is there: one more would come after them
FIRST = "first-"  # how the id of a job begins that was put before all others
FAILURE_SECONDS = 7 * 24 * 3600
TIMER_SECONDS = 24 * 3600  # so long after its time a timed job is kept that nobody took


class JsonJob(Job):
    """A job whose arguments are JSON whatever the caller asked for: rq-scheduler knows no serializer and would write
    pickle, which runs code when it is read.

    RQ itself runs whatever can be imported by its name, `os.system` or `exec` too. Here a job is a function that one of
    our rooms defines, with nothing to be called afterwards: who can write to Redis can have work done, not code run.
    """

    rooms: ClassVar = ("pilito.jobs",)
    success_callback = failure_callback = stopped_callback = None

    def __init__(self, id: str | None = None, connection: Any = None, serializer: Any = None) -> None:  # noqa: ARG002
        super().__init__(id, connection=connection, serializer=JSONSerializer)

    @property
    def func(self) -> Any:
        module = (self.func_name or "").rpartition(".")[0]
        if not any(module == room or module.startswith(f"{room}.") for room in self.rooms):
            raise ValueError(f"{self.func_name} is no job.")
        found = super().func
        if found.__module__ != module:
            raise ValueError(f"{self.func_name} is no job, but something that its module has from elsewhere.")
        return found

    def restore(self, raw_data: Any) -> None:
        super().restore(raw_data)
        self.webhooks = []  # RQ would post to whatever address stands there


def hint(queue_name: str, job: str, *args: Any, timeout_seconds: int = JOB_TIMEOUT_SECONDS) -> None:
    """Ask a worker to look now."""
    try:
        with failpoints.around("p3"):
            queue(queue_name).enqueue_call(
                job, args=args, timeout=timeout_seconds, result_ttl=RESULT_SECONDS, failure_ttl=FAILURE_SECONDS
            )
    except RedisError as error:
        log.warning("Redis did not take %s%r (%s); the sweep will find the row.", job, args, error)


def hint_unless_asked(queue_name: str, job: str, *args: Any) -> None:
    """Ask a worker to look now, where jobs look at all that is there: not while enough of them wait to begin."""
    try:
        if int(queue(queue_name).count) >= ASKED_ENOUGH:
            return
    except RedisError as error:
        log.warning("Redis did not take %s%r (%s); the sweep will find the row.", job, args, error)
        return
    hint(queue_name, job, *args)


def hint_first(queue_name: str, job: str, row_ids: Sequence[int]) -> int:
    """Ask workers to look at these rows before all else, in this order; return how many were asked for.

    None while what was put first the last time has not been begun: then nobody works, and the queue would only grow.
    """
    try:
        line = queue(queue_name)
        if any(waiting.startswith(FIRST) for waiting in line.get_job_ids(0, 1)):
            return 0
        for row_id in reversed(row_ids):
            with failpoints.around("p3"):
                line.enqueue_call(
                    job,
                    args=(row_id,),
                    timeout=JOB_TIMEOUT_SECONDS,
                    result_ttl=RESULT_SECONDS,
                    failure_ttl=FAILURE_SECONDS,
                    job_id=f"{FIRST}{row_id}-{uuid4().hex}",
                    at_front=True,
                )
    except RedisError as error:
        log.warning("Redis takes no jobs (%s); the sweep comes again.", error)
        return 0
    return len(row_ids)


def hint_at(when: datetime, job_id: str, queue_name: str, job: str, *args: Any) -> None:
    """Ask rq-scheduler to have a worker look at `when`; the same `job_id` again moves the time."""
    timer = scheduler()
    try:
        # rq-scheduler cuts the time to whole seconds, and a timer that fires early finds nothing to do. So it is
        # given the next whole second, and the exact time right after.
        with failpoints.around("p3"):
            timer.enqueue_at(
                when + timedelta(seconds=1),
                job,
                *args,
                job_id=job_id,
                queue_name=queue_name,
                timeout=JOB_TIMEOUT_SECONDS,
                job_result_ttl=RESULT_SECONDS,
            )
            with timer.connection.pipeline() as pipe:
                pipe.zadd(timer.scheduled_jobs_key, {job_id: when.timestamp()})
                _end_by_itself(pipe, JsonJob.key_for(job_id), when)
                pipe.execute()
    except RedisError as error:
        log.warning("Redis did not take %s%r (%s); the sweep will find the row.", job, args, error)


def _end_by_itself(pipe: Any, job_key: str, when: datetime) -> None:
    """rq-scheduler gives a job no end, and our Redis throws nothing away. Who takes the job sets what counts from then
    on."""
    seconds_left = max(0, int((when - utc_now()).total_seconds()))
    pipe.hset(job_key, "failure_ttl", FAILURE_SECONDS)
    pipe.expire(job_key, seconds_left + TIMER_SECONDS)


def cancel(job_id: str) -> None:
    """Take a scheduled job back; harmless when it has run already, or runs."""
    timer = scheduler()
    try:
        # rq-scheduler's own `cancel` leaves the job itself. It is ours to delete only where no worker gets it any more.
        if timer.connection.zrem(timer.scheduled_jobs_key, job_id):
            timer.connection.delete(JsonJob.key_for(job_id))
    except RedisError as error:
        log.warning("Redis did not take back %s (%s); it will find nothing to do.", job_id, error)


def is_busy(queue_name: str) -> bool:
    """Whether the queue is long, or Redis is away."""
    try:
        return int(queue(queue_name).count) > BUSY_JOBS
    except RedisError:
        return True


def queue(name: str) -> Queue:
    queues: dict[str, Queue] = current_app.extensions["pilito_queues"]
    if name not in queues:
        queues[name] = Queue(name, connection=_connection(), job_class=JsonJob, serializer=JSONSerializer)
    return queues[name]


def scheduler() -> Scheduler:
    """The API of rq-scheduler on our Redis; its loop is pilito/jobs/scheduler.py."""
    if "pilito_scheduler" not in current_app.extensions:
        current_app.extensions["pilito_scheduler"] = Scheduler(connection=_connection(), job_class=JsonJob)
    made: Scheduler = current_app.extensions["pilito_scheduler"]
    return made


def _connection() -> Any:
    return redis._get_current_object()  # type: ignore[attr-defined]
