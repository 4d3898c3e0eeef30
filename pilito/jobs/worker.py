"""Workers: many threads in one process, each an RQ SimpleWorker on one queue.

Replies wait for the model, so threads cost nothing while they wait; a fork per job would load everything anew, 130 ms
of CPU each (docs/decisions/0004-workers-are-threads.md).
"""

import logging
import os
import sys
import threading
import time
import uuid
from collections.abc import Sequence
from typing import Any

from flask import Flask
from redis import Redis
from rq import Queue, SimpleWorker, worker_registration
from rq.exceptions import StopRequested
from rq.serializers import JSONSerializer
from rq.timeouts import TimerDeathPenalty

from pilito import keys, writers
from pilito.config import Settings
from pilito.errors import kinds_of
from pilito.hints import JsonJob
from pilito.jobs.ending import Ending

log = logging.getLogger(__name__)

# How many threads serve each queue beside the replies, whose number is WORKER_CONCURRENCY.
SHORT_QUEUES = {
    keys.RECEIVE: 2,
    keys.DELIVERIES: 4,
    keys.SHARES: 1,
    keys.PROFILES: 1,
    keys.SIGNALS: 1,
    keys.MEDIA: 2,
    keys.READINGS: 2,
    keys.LOOKS: 1,
    keys.UPKEEP: 1,
    keys.FACTS: 1,
    keys.MAIL: 1,
}
LISTEN_SECONDS = 1  # a stop request is noticed at least this often
HEARTBEAT_SECONDS = 30
LOOK_SECONDS = 2.0  # so often it looks whether Redis still knows it; at every job that cost a fifth of the waiting
DRAIN_SECONDS = 9.0  # what is not finished then is found by the sweep


class ThreadWorker(SimpleWorker):
    """An RQ worker that lives in a thread: time-outs by a timer, no signal handlers, stopped by `stop()`."""

    death_penalty_class = TimerDeathPenalty
    max_connection_wait_time = 2.0  # Redis back: workers move within seconds
    log_result_lifespan = False

    def __init__(self, app: Flask, queue_name: str, connection: Any) -> None:
        queue = Queue(
            queue_name,
            connection=connection,
            job_class=JsonJob,
            serializer=JSONSerializer,
            death_penalty_class=TimerDeathPenalty,
        )
        super().__init__(
            [queue],
            name=f"{queue_name}-{os.getpid()}-{uuid.uuid4().hex[:8]}",
            connection=connection,
            job_class=JsonJob,
            serializer=JSONSerializer,
            worker_ttl=HEARTBEAT_SECONDS,
            log_job_description=False,
        )
        self._app = app
        self._looks_at = 0.0

    def stop(self) -> None:
        """Ask for the end after the job at hand."""
        self._stop_requested = True

    @property
    def dequeue_timeout(self) -> int:
        return LISTEN_SECONDS

    @property
    def should_run_maintenance_tasks(self) -> bool:
        """RQ asks this between two waits for a job: the one place where an idle worker can be stopped."""
        if self._stop_requested:
            raise StopRequested
        return bool(super().should_run_maintenance_tasks)

    def heartbeat(self, timeout: int | None = None, pipeline: Any = None) -> None:
        """Say that we live; and who we are, when Redis was emptied: RQ registers a worker only at its birth."""
        super().heartbeat(timeout, pipeline)
        if pipeline is not None or time.monotonic() < self._looks_at:
            return
        self._looks_at = time.monotonic() + LOOK_SECONDS
        if not self.connection.sismember(self.redis_workers_keys, self.key):
            self.connection.hset(self.key, mapping=self.serialize())
            worker_registration.register(self)

    def teardown(self) -> None:
        """Let the pub/sub thread end too when Redis is away, where RQ comes no further than its good-bye to it."""
        try:
            super().teardown()  # type: ignore[no-untyped-call]
        finally:
            if self.pubsub_thread:
                self.pubsub_thread.stop()

    def perform_job(self, job: Any, queue: Any, execution: Any) -> bool:
        with self._app.app_context():
            return bool(super().perform_job(job, queue, execution))

    def handle_job_failure(
        self, job: Any, queue: Any, started_job_registry: Any = None, exc_string: str = "", execution: Any = None
    ) -> None:
        """Keep why in Redis, where admins read it; in production without words that may be a customer's."""
        error = sys.exc_info()[1]
        if error is not None and self._is_discreet:
            exc_string = kinds_of(error)
        super().handle_job_failure(job, queue, started_job_registry, exc_string, execution)

    def handle_exception(self, job: Any, *exc_info: Any) -> None:
        """As RQ does, but as an exception, which our log lines know how to tell."""
        self.log.error("Job %s failed.", job.id, exc_info=exc_info[1])

    @property
    def _is_discreet(self) -> bool:
        return bool(self._app.extensions["pilito_settings"].in_production)

    def _install_signal_handlers(self) -> None:
        """Signals reach the main thread only, which stops us."""

    def bootstrap(self, *_args: Any, **_options: Any) -> None:
        """Register, without RQ's own log handlers: our lines go through our own."""
        self.register_birth()  # type: ignore[no-untyped-call]
        self.subscribe()  # type: ignore[no-untyped-call]
        self.set_state("started")


def run_workers(app: Flask, settings: Settings) -> None:
    """Serve all queues until SIGTERM or SIGINT; then finish the jobs at hand, at most DRAIN_SECONDS."""
    writers.stand_back()
    os.nice(settings.worker_nice)
    ending = Ending()
    crew = [_Seat(app, settings, name) for name, count in _seats(settings).items() for _ in range(count)]
    for seat in crew:
        seat.start()
    log.info("Working with %s threads: %s", len(crew), _seats(settings))
    ending.wait()
    drain(crew)
    # Threads that still wait for a model would hold the process; their turns are leased and will be taken up again.
    os._exit(0)


def drain(crew: "Sequence[_Seat]") -> None:
    """Ask all to stop, and wait for them; DRAIN_SECONDS are for all together."""
    deadline = time.monotonic() + DRAIN_SECONDS
    for seat in crew:
        seat.stop()
    for seat in crew:
        seat.join(max(0.0, deadline - time.monotonic()))


def _seats(settings: Settings) -> dict[str, int]:
    return {**SHORT_QUEUES, keys.REPLIES: settings.worker_concurrency}


class _Seat(threading.Thread):
    """A thread that always has a worker in it: one that Redis threw out is replaced."""

    def __init__(self, app: Flask, settings: Settings, queue_name: str) -> None:
        super().__init__(name=f"worker-{queue_name}", daemon=True)
        self._app, self._settings, self._queue_name = app, settings, queue_name
        self._stopping = threading.Event()
        self._worker: ThreadWorker | None = None

    def stop(self) -> None:
        self._stopping.set()
        if self._worker is not None:
            self._worker.stop()

    def run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._worker = ThreadWorker(self._app, self._queue_name, connect(self._settings))
                if self._stopping.is_set():
                    return  # asked meanwhile: `stop` saw the worker before this one
                self._worker.work()
            except Exception:  # Redis away at the start: RQ waits only once it runs
                log.exception("A worker of queue %s ended; another takes its seat.", self._queue_name)
            self._stopping.wait(1.0)


def connect(settings: Settings) -> Any:
    """A connection for waiting: RQ blocks on it for LISTEN_SECONDS at a time."""
    return Redis.from_url(settings.redis_url, socket_connect_timeout=2.0, socket_timeout=LISTEN_SECONDS + 10)
