"""Our worker in a thread, held against what RQ promises of a worker."""

import base64
import contextlib
import json
import logging
import pickle
import shutil
import subprocess
import tempfile
import threading
import time
import zlib
from pathlib import Path

import pytest
from bomb import Bomb
from redis import Redis
from redis.exceptions import RedisError
from rows import everything_in_redis
from rq import Queue, Worker
from rq.job import JobStatus
from rq.serializers import JSONSerializer
from shop import BurstWorker, reel, text

from pilito import create_app, hints, keys
from pilito.clock import utc_now
from pilito.embedded_redis import find_binary
from pilito.hints import JsonJob
from pilito.jobs import worker as working
from pilito.jobs.worker import ThreadWorker, connect, drain

pytestmark = pytest.mark.sqlite_only

QUEUE = keys.RECEIVE
logging.getLogger("rq.worker").addHandler(logging.NullHandler())  # an outage is no news here


@pytest.fixture
def redis(app):
    return app.extensions["pilito_redis"]


@pytest.fixture
def worker(app, settings, monkeypatch):
    """A worker of one queue in a thread, stopped at the end."""
    monkeypatch.setattr(working, "LISTEN_SECONDS", 0.1)
    worker = ThreadWorker(app, QUEUE, connect(settings))
    worker.thread = threading.Thread(target=worker.work, daemon=True)
    worker.thread.start()
    wait_for(lambda: worker.get_state() == "idle")
    yield worker
    worker.stop()
    worker.thread.join(15)


def wait_for(is_so, timeout=20.0):
    deadline = time.monotonic() + timeout
    while not is_so():
        assert time.monotonic() < deadline, "It did not happen in time."
        time.sleep(0.005)


def noted(redis):
    return [words.decode() for words in redis.lrange("pilito:noted", 0, -1)]


def enqueue(name, *args, timeout=60):
    return hints.queue(QUEUE).enqueue_call(f"job_samples.{name}", args=args, timeout=timeout)


def workers(redis):
    return Worker.all(connection=redis, job_class=JsonJob, serializer=JSONSerializer)


def test_a_job_is_run_inside_the_app_and_finishes(worker, redis):
    job = enqueue("note", "سلام")

    wait_for(lambda: job.get_status(refresh=True) is JobStatus.FINISHED)

    assert noted(redis) == ["سلام"]


def test_a_job_that_takes_longer_than_its_time_fails_and_the_next_one_runs(worker, redis):
    job = enqueue("nap", 30, timeout=1)
    enqueue("note", "next")

    wait_for(lambda: noted(redis)[-1:] == ["next"])

    assert job.get_status(refresh=True) is JobStatus.FAILED
    assert "exceeded maximum timeout value" in job.latest_result().exc_string
    assert noted(redis) == ["began", "next"]


def test_an_idle_worker_stops_within_seconds(app, settings):
    worker = ThreadWorker(app, QUEUE, connect(settings))
    thread = threading.Thread(target=worker.work, daemon=True)
    thread.start()
    wait_for(lambda: worker.get_state() == "idle")

    worker.stop()
    thread.join(working.LISTEN_SECONDS + 8)  # RQ may wait a second more for its pub/sub thread, a busy machine some

    assert not thread.is_alive()


def test_a_busy_worker_finishes_its_job_and_begins_no_other(worker, redis):
    enqueue("nap", 0.3)
    enqueue("note", "next")
    wait_for(lambda: noted(redis) == ["began"])

    worker.stop()
    worker.thread.join(15)

    assert not worker.thread.is_alive()
    assert noted(redis) == ["began", "ended"]
    assert hints.queue(QUEUE).count == 1


def test_a_worker_is_visible_while_it_lives_and_gone_when_it_stopped(worker, redis):
    (seen,) = workers(redis)
    assert (seen.name, seen.queue_names()) == (worker.name, [QUEUE])
    assert (utc_now() - seen.last_heartbeat).total_seconds() < 5

    worker.stop()
    worker.thread.join(15)

    assert workers(redis) == []


def test_a_worker_is_visible_again_after_redis_was_emptied(worker, redis):
    redis.flushall()

    wait_for(lambda: [seen.name for seen in workers(redis)] == [worker.name], timeout=15)

    assert workers(redis)[0].queue_names() == [QUEUE]


def test_the_end_takes_no_longer_for_many_stuck_workers_than_for_one(monkeypatch):
    class Stuck(threading.Thread):
        def __init__(self):
            super().__init__(target=threading.Event().wait, args=(3,), daemon=True)
            self.asked = False

        def stop(self):
            self.asked = True

    monkeypatch.setattr(working, "DRAIN_SECONDS", 0.2)
    crew = [Stuck() for _ in range(10)]
    for seat in crew:
        seat.start()

    began = time.monotonic()
    drain(crew)

    assert time.monotonic() - began < 1.7  # and not ten times 0.2
    assert all(seat.asked for seat in crew)


def test_a_seat_that_is_stopped_before_its_worker_is_made_does_not_begin(app, settings, monkeypatch):
    seat = working._Seat(app, settings, QUEUE)
    make = working.ThreadWorker

    def stop_meanwhile(*args):
        seat.stop()
        return make(*args)

    monkeypatch.setattr(working, "ThreadWorker", stop_meanwhile)
    seat.start()
    seat.join(15)

    assert not seat.is_alive()


# --- Redis away ------------------------------------------------------------------------------------------------------


@pytest.fixture
def own_redis():
    """A server of this test alone, which it may kill: (address, start, kill)."""
    folder = Path(tempfile.mkdtemp(prefix="plt"))
    address, servers = folder / "redis.sock", []
    url = f"unix://{address}?db=0"

    def start():
        command = [find_binary(), "--port", "0", "--unixsocket", str(address), "--save", "", "--dir", str(folder)]
        servers.append(subprocess.Popen(command, stdout=subprocess.DEVNULL))
        wait_for(lambda: answers(url))

    def kill():
        servers[-1].kill()
        servers[-1].wait()

    start()
    yield url, start, kill
    kill()
    shutil.rmtree(folder, ignore_errors=True)


def answers(url):
    try:
        return Redis.from_url(url).ping()
    except RedisError:
        return False


@pytest.mark.parametrize(("is_busy", "away_seconds"), [(False, 0.1), (True, 0.3), (False, 5)])
def test_a_worker_goes_on_after_redis_was_away(make_settings, own_redis, is_busy, away_seconds):
    url, start, kill = own_redis
    settings = make_settings(redis_url=url)
    app = create_app(settings)
    with app.app_context():
        redis = app.extensions["pilito_redis"]
        seat = working._Seat(app, settings, QUEUE)
        seat.start()
        wait_for(lambda: seat._worker and seat._worker.get_state() == "idle")
        first = seat._worker
        enqueue(*(("nap", 0.3) if is_busy else ("note", "before")))
        wait_for(lambda: noted(redis))

        kill()
        time.sleep(away_seconds)  # five: it looks every two seconds from then on, however long it lasts
        start()
        enqueue("note", "after")

        wait_for(lambda: "after" in noted(redis), timeout=20)
        seat.stop()
        seat.join(15)
        assert not seat.is_alive()
        # No thread is left behind: it was asked to end, and does at its next look, within RQ's 60 seconds.
        assert not first.pubsub_thread._running.is_set()


# --- JSON only -------------------------------------------------------------------------------------------------------


def test_nothing_in_redis_is_pickle(shop):
    now = utc_now()
    shop.receive(reel(now, customer="7000"))
    shop.receive(reel(now), text("چنده؟", now))
    shop.work(keys.REPLIES)

    stored = dict(everything_in_redis(shop.app.extensions["pilito_redis"]))

    assert any(key.startswith(b"rq:job:share-timeout-") for key in stored)
    assert any(key.startswith(b"rq:job:") and b"answer_turn" in b"".join(values) for key, values in stored.items())
    assert not [key for key, values in stored.items() for value in values if value.startswith(b"\x80")]


@pytest.fixture
def bomb(tmp_path):
    return Bomb(tmp_path)


def test_a_job_with_a_pickle_is_refused_unread(app, redis, bomb):
    job = Queue(QUEUE, connection=redis).enqueue("job_samples.note", bomb)

    BurstWorker(app, QUEUE, redis).work(burst=True)

    assert JsonJob.fetch(job.id, connection=redis).get_status() is JobStatus.FAILED
    assert noted(redis) == []
    assert not bomb.went_off
    pickle.loads(job.data)
    assert bomb.went_off  # so it would have gone off


@pytest.mark.parametrize("field", ["meta", "result", "webhooks", "data"])
def test_a_pickle_in_a_field_of_a_job_makes_nothing_and_its_worker_lives_on(app, redis, worker, bomb, field):
    """Beside the arguments a worker reads what is noted of a job, before it runs it and when it is done."""
    poisoned = planted(redis, **{field: bomb.packed})
    enqueue("note", "the next one")

    wait_for(lambda: "the next one" in noted(redis))

    assert not bomb.went_off
    assert noted(redis) == (["the next one"] if field == "data" else ["poisoned", "the next one"])
    assert JsonJob.fetch(poisoned, connection=redis).is_finished is (field != "data")
    assert bomb.would_go_off()


def planted(redis, **fields):
    """A job of ours into which somebody who can write to Redis puts something before a worker has it; its id."""
    job = hints.queue(QUEUE).create_job("job_samples.note", args=("poisoned",), timeout=60, result_ttl=60)
    job.save()
    redis.hset(job.key, mapping=fields)
    redis.sadd("rq:queues", f"rq:queue:{QUEUE}")
    redis.rpush(f"rq:queue:{QUEUE}", job.id)
    return job.id


def test_what_cannot_even_be_read_as_a_job_costs_its_worker_and_another_takes_the_seat(
    app, settings, redis, bomb, monkeypatch
):
    """RQ gives up where the text of an error is none; the job is off the queue by then."""
    monkeypatch.setattr(working, "LISTEN_SECONDS", 0.1)
    planted(redis, exc_info=bomb.packed)
    seat = working._Seat(app, settings, QUEUE)
    seat.start()
    enqueue("note", "the next one")

    wait_for(lambda: noted(redis) == ["the next one"])
    drain([seat])

    assert not bomb.went_off
    assert not seat.is_alive()


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("os.mkdir", ["{canary}"]),
        ("pathlib.Path.touch", ["{canary}"]),
        ("exec", ["open('{canary}', 'w')"]),
        ("subprocess.call", [["touch", "{canary}"]]),
        ("pilito.jobs.worker.os.mkdir", ["{canary}"]),
        ("pilito.jobs.worker.Redis", []),
        ("pilito.jobsters.nothing", []),
        ("", []),
    ],
)
def test_a_job_that_names_what_is_none_of_ours_is_refused(app, redis, tmp_path, name, args):
    """RQ would import and call it: JSON, and yet code of whoever can write to Redis."""
    canary = tmp_path / "canary"
    args = json.loads(json.dumps(args).replace("{canary}", str(canary)))
    job_id = planted(redis, data=zlib.compress(json.dumps([name, None, args, {}]).encode()))

    BurstWorker(app, QUEUE, redis).work(burst=True)
    enqueue("note", "the next one")
    BurstWorker(app, QUEUE, redis).work(burst=True)

    assert not canary.exists()
    assert JsonJob.fetch(job_id, connection=redis).get_status() is JobStatus.FAILED
    assert noted(redis) == ["the next one"]


@pytest.mark.parametrize(("name", "end"), [("job_samples.note", "success"), ("job_samples.no_such", "failure")])
def test_nothing_is_called_after_a_job_nor_posted_anywhere(app, redis, monkeypatch, name, end):
    status = {"success": "finished", "failure": "failed"}[end]
    hook = {"url": "http://127.0.0.1:9/", "job_status": status, "method": "POST"}
    posted = []
    monkeypatch.setattr("rq.webhook.urlopen", lambda *args, **_options: posted.append(args))
    data = zlib.compress(json.dumps([name, None, ["ran"], {}]).encode())
    after = {f"{end}_callback_name": "job_samples.note_the_end", "webhooks": json.dumps([hook])}
    job_id = planted(redis, data=data, **after)

    BurstWorker(app, QUEUE, redis).work(burst=True)

    assert JsonJob.fetch(job_id, connection=redis).get_status() == status
    assert noted(redis) == (["ran"] if end == "success" else [])
    assert posted == []


def test_a_pickle_as_the_result_of_a_job_that_is_done_makes_nothing(app, redis, bomb):
    job = enqueue("note", "done")
    BurstWorker(app, QUEUE, redis).work(burst=True)
    redis.xadd(f"rq:results:{job.id}", {"type": "1", "return_value": base64.b64encode(bomb.packed)})

    with contextlib.suppress(ValueError):  # it is no JSON
        JsonJob.fetch(job.id, connection=redis).latest_result()
    enqueue("note", "the next one")
    BurstWorker(app, QUEUE, redis).work(burst=True)

    assert not bomb.went_off
    assert noted(redis) == ["done", "the next one"]
    assert bomb.would_go_off()
