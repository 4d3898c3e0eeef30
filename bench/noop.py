"""The reference for jobs: RQ's own SimpleWorker with jobs that do nothing. Prints jobs a second and CPU ms per job.

`python -m bench.noop REDIS_URL COUNT`
"""

import logging
import sys
import time

from redis import Redis
from rq import Queue, SimpleWorker
from rq.serializers import JSONSerializer


def nothing(_number: int) -> None:
    pass


def main(redis_url: str, count: int) -> None:
    logging.disable(logging.INFO)
    connection = Redis.from_url(redis_url)
    queue = Queue("bench-noop", connection=connection, serializer=JSONSerializer)
    for number in range(count):
        queue.enqueue_call("bench.noop.nothing", args=(number,), timeout=180, result_ttl=60)
    worker = SimpleWorker([queue], connection=connection, serializer=JSONSerializer, log_job_description=False)
    cpu, started = time.process_time(), time.monotonic()
    worker.work(burst=True)
    print(count / (time.monotonic() - started), (time.process_time() - cpu) * 1000 / count)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
