"""The scheduler's loop: at its time, once, whatever else is in the list; and what it loses the sweep does."""

import logging
import threading
import time
from datetime import UTC, datetime

import pytest
from redis.exceptions import ConnectionError as RedisGone
from rq_scheduler import Scheduler
from shop import reel, seconds, text

from pilito import hints, keys
from pilito.clock import utc_now
from pilito.conversations.sweep import sweep
from pilito.jobs import scheduler as scheduling
from pilito.jobs.scheduler import Timer
from pilito.lifecycle import ShareState

pytestmark = pytest.mark.sqlite_only

WHEN = 1_800_000_000.25  # between two whole seconds
DAY = 24 * 3600
LIST = Scheduler.scheduled_jobs_key


class Killed(BaseException):
    """The process is gone: nothing of ours runs after it."""


@pytest.fixture
def redis(app):
    return app.extensions["pilito_redis"]


@pytest.fixture
def timer(app):
    return Timer()


def plan(job_id, at=WHEN, argument=1):
    hints.hint_at(datetime.fromtimestamp(at, UTC), job_id, keys.SHARES, "job_samples.note", argument)


def enqueued():
    return hints.queue(keys.SHARES).job_ids


def test_a_timer_fires_at_its_time_and_not_before(timer):
    plan("one")

    early = timer.tick(WHEN - 0.001)
    due = timer.tick(WHEN)
    again = timer.tick(WHEN + 60)

    assert (early, due, again) == (0, 1, 0)
    assert enqueued() == ["one"]


def test_a_timer_that_was_moved_fires_once_at_the_new_time(timer):
    plan("one")
    plan("one", at=WHEN + 10)

    fired = [timer.tick(WHEN + 9.9), timer.tick(WHEN + 10), timer.tick(WHEN + 60)]

    assert fired == [0, 1, 0]
    assert enqueued() == ["one"]


def test_a_timer_that_was_taken_back_does_not_fire(timer):
    plan("one")
    hints.cancel("one")

    assert timer.tick(WHEN + 60) == 0
    assert enqueued() == []


def test_a_timed_job_ends_by_itself_though_nobody_takes_it(timer, redis):
    plan("late", at=time.time() - 10 * DAY)
    plan("far", at=time.time() + 10 * DAY)

    kept = {job_id: redis.ttl(f"rq:job:{job_id}") / DAY for job_id in ("late", "far")}

    assert kept == {"late": pytest.approx(1, abs=0.01), "far": pytest.approx(11, abs=0.01)}
    assert timer.tick(time.time()) == 1
    assert enqueued() == ["late"]


def test_a_timed_job_that_failed_is_shown_as_long_as_any_other(timer):
    plan("one")

    assert hints.JsonJob.fetch("one", connection=hints.scheduler().connection).failure_ttl == hints.FAILURE_SECONDS


def test_a_timer_that_is_taken_back_too_late_keeps_its_job(timer, redis):
    plan("one")
    timer.tick(WHEN)

    hints.cancel("one")

    assert enqueued() == ["one"]
    assert redis.exists("rq:job:one")


def test_a_share_with_its_question_leaves_no_job_without_an_end(shop):
    redis, now = shop.app.extensions["pilito_redis"], utc_now()
    job_key = f"rq:job:{keys.share_timeout_job(shop.receive(reel(now)).id)}"
    planned = redis.exists(job_key)

    shop.receive(text("این چنده؟", now + seconds(5)))
    shop.work()

    assert (planned, redis.exists(job_key)) == (1, 0)
    assert [key for key in redis.keys("rq:job:*") if redis.ttl(key) == -1] == []


def test_what_cannot_be_decoded_is_set_aside_and_the_others_go_on(timer, redis):
    redis.hset("rq:job:pickled", mapping={"data": b"\x80\x04nonsense", "origin": "shares", "created_at": "x"})
    redis.hset("rq:job:nonsense", mapping={"data": b"[[[", "origin": "shares"})
    for job_id in (b"pickled", b"nonsense", b"\xff\xfe", b"not-there"):
        redis.zadd(LIST, {job_id: WHEN - 5})
    plan("good")

    moved = timer.tick(WHEN)

    assert moved == 1
    assert enqueued() == ["good"]
    assert redis.smembers(keys.SCHEDULER_SET_ASIDE) == {b"pickled", b"nonsense", b"\xff\xfe"}
    assert redis.zcard(LIST) == 0


def test_of_two_timers_only_the_holder_fires(timer, redis):
    other = Timer()
    timer.tick(WHEN - 60)
    plan("one")

    assert other.tick(WHEN) == 0
    assert enqueued() == []
    assert timer.tick(WHEN) == 1


def test_another_timer_goes_on_when_the_holders_lock_is_gone(timer, redis):
    other = Timer()
    timer.tick(WHEN - 60)
    assert 0 < redis.ttl(keys.SCHEDULER_LOCK) <= keys.SCHEDULER_LOCK_SECONDS
    redis.delete(keys.SCHEDULER_LOCK)
    plan("one")

    taken_over = other.tick(WHEN)
    plan("two")
    late = timer.tick(WHEN)
    timer.release()

    assert (taken_over, late) == (1, 0)
    assert redis.get(keys.SCHEDULER_LOCK) == other.token.encode()


def test_a_timer_that_lets_go_leaves_the_next_one_at_once(timer):
    other = Timer()
    plan("one")
    timer.tick(WHEN - 60)
    timer.release()

    assert other.tick(WHEN) == 1


def test_two_timers_that_both_believe_they_hold_the_lock_fire_once(timer, redis):
    plan("one")

    moved = [timer._move(b"one"), Timer()._move(b"one")]

    assert moved == [True, False]
    assert enqueued() == ["one"]


def test_the_holder_shows_that_it_lives(timer, redis):
    timer.tick(WHEN)

    assert redis.get(keys.SCHEDULER_BEAT) == timer.token.encode()
    assert redis.ttl(keys.SCHEDULER_BEAT) > 0


def test_a_timer_lost_between_its_claim_and_its_queue_is_done_by_the_sweep(shop, monkeypatch):
    now = utc_now()
    share = shop.receive(reel(now))
    end = now + seconds(120)

    def die(name):
        raise Killed

    with monkeypatch.context() as broken:
        broken.setattr(hints, "queue", die)
        with pytest.raises(Killed):
            shop.tick(end)
    lost = shop.tick(end + seconds(60))
    sweep(end + seconds(5))

    assert lost == 0
    assert shop.share_of(share).state is ShareState.EXPIRED


def test_the_loop_outlives_redis(app, monkeypatch, caplog):
    caplog.set_level(logging.WARNING)
    monkeypatch.setattr(scheduling, "OUTAGE_SECONDS", 0.01)
    stopping, looks = threading.Event(), []

    def tick(_timer, now):
        looks.append(now)
        if len(looks) < 3:
            raise RedisGone("gone")
        stopping.set()
        return 0

    monkeypatch.setattr(Timer, "tick", tick)

    scheduling._run_timer(stopping)

    assert len(looks) == 3
    assert abs(looks[0] - time.time()) < 5
    assert caplog.text.count("Redis is away") == 2


def test_a_periodic_job_that_fails_runs_again(app):
    stopping, runs = threading.Event(), []

    def run():
        runs.append(1)
        if len(runs) == 2:
            stopping.set()
        raise ValueError("a bug")

    scheduling._repeat(app, scheduling.Periodic("test", 0.01, run), stopping)

    assert len(runs) == 2


def test_a_scheduler_that_never_lives_for_an_hour_does_the_hourly_work_too(app, monkeypatch):
    monkeypatch.setattr(scheduling, "FIRST_LOOK_SECONDS", 0.01)
    stopping, runs = threading.Event(), []
    hourly = scheduling.Periodic("hourly", 3600, lambda: runs.append(1))
    thread = threading.Thread(target=scheduling._repeat, args=(app, hourly, stopping))

    thread.start()
    thread.join(0.3)
    stopping.set()
    thread.join(5)

    assert runs == [1]  # and then once an hour
