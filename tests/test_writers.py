"""On SQLite a worker writes after those that somebody waits for, and is not kept from it for ever."""

import fcntl
import os
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from rq.timeouts import JobTimeoutException

from pilito import database, writers
from pilito.database import transaction
from pilito.models import db
from pilito.writers import turn_to_write


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "pilito.sqlite3")


@pytest.fixture
def another(path):
    """The file as another process has it open."""
    file = os.open(f"{path}-wanted", os.O_RDWR | os.O_CREAT)
    yield file
    os.close(file)


@pytest.fixture
def _in_a_worker(monkeypatch):
    monkeypatch.setattr(writers, "_stands_back", True)
    monkeypatch.setattr(writers, "STAND_BACK_SECONDS", 30)


def is_wanted(file):
    """Whether some other process wants to write."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    fcntl.flock(file, fcntl.LOCK_UN)
    return False


def test_whoever_is_waited_for_says_so_as_long_as_they_write(path, another):
    with turn_to_write(path, 1) as is_ours:
        during = is_wanted(another)

    assert (is_ours, during, is_wanted(another)) == (True, True, False)


@pytest.mark.usefixtures("_in_a_worker")
def test_a_worker_says_nothing(path, another):
    with turn_to_write(path, 1):
        assert not is_wanted(another)


@pytest.mark.usefixtures("_in_a_worker")
def test_a_worker_begins_when_nobody_else_wants_to_write_any_more(path, another, monkeypatch):
    order, looked = [], threading.Event()
    monkeypatch.setattr(writers.time, "sleep", lambda _seconds: looked.set() or threading.Event().wait(0.001))
    fcntl.flock(another, fcntl.LOCK_SH)

    def work():
        with turn_to_write(path, 1):
            order.append("the worker")

    worker = threading.Thread(target=work)
    worker.start()
    assert looked.wait(20)
    order.append("the web")
    fcntl.flock(another, fcntl.LOCK_UN)
    worker.join(20)

    assert order == ["the web", "the worker"]


@pytest.mark.usefixtures("_in_a_worker")
def test_it_is_not_kept_from_it_for_ever(path, another, monkeypatch):
    monkeypatch.setattr(writers, "STAND_BACK_SECONDS", 0.01)
    fcntl.flock(another, fcntl.LOCK_SH)

    with turn_to_write(path, 1) as is_ours:
        assert is_ours


def test_a_worker_that_looks_at_this_very_moment_stops_nobody(path, another):
    fcntl.flock(another, fcntl.LOCK_EX)

    with turn_to_write(path, 1) as is_ours:
        assert is_ours


def test_within_a_process_one_waits_for_the_other_and_hears_when_it_was_too_long(path):
    with turn_to_write(path, 1):
        got = []
        other = threading.Thread(target=lambda: got.extend([turn(path)]))
        other.start()
        other.join(20)

    assert got == [False]
    assert turn(path)


def test_a_time_out_that_strikes_as_the_turn_comes_leaves_it_to_the_next(path, monkeypatch):
    class Struck:
        def acquire(self, timeout):
            assert really.acquire(timeout=timeout)
            raise JobTimeoutException  # as RQ raises it into a thread that waited

        def release(self):
            really.release()

    really = writers._writer
    monkeypatch.setattr(writers, "_writer", Struck())
    with pytest.raises(JobTimeoutException):
        turn(path)
    monkeypatch.undo()

    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(turn, path).result()


def turn(path):
    with turn_to_write(path, 0.01) as is_ours:
        return is_ours


def test_a_database_in_memory_has_no_file_beside_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    for path in (None, ":memory:"):
        with turn_to_write(path, 1):
            assert list(tmp_path.iterdir()) == []


def test_where_no_file_can_be_made_the_turn_comes_all_the_same(tmp_path):
    with turn_to_write(str(tmp_path / "no-such-folder" / "pilito.sqlite3"), 1) as is_ours:
        assert is_ours


@pytest.mark.sqlite_only
def test_a_transaction_says_that_somebody_wants_to_write(app):
    with transaction():
        file = os.open(f"{db.engine.url.database}-wanted", os.O_RDWR)
        during = is_wanted(file)

    assert (during, is_wanted(file)) == (True, False)
    os.close(file)


@pytest.mark.sqlite_only
def test_who_waits_for_anothers_lock_looks_again_soon_and_lets_others_run_meanwhile(app, monkeypatch):
    raw = db.engine.raw_connection()
    raw.driver_connection.execute("BEGIN IMMEDIATE")
    slept = []

    def sleep(seconds):
        """Where other greenlets run; the third time, the lock comes free."""
        slept.append(seconds)
        if len(slept) == 3:
            raw.driver_connection.execute("ROLLBACK")

    monkeypatch.setattr(database.time, "sleep", sleep)

    with transaction():
        (usual,) = db.session.connection().exec_driver_sql("PRAGMA busy_timeout").one()

    assert slept == [database.POLL_SECONDS] * 3
    assert usual == database.BUSY_MILLISECONDS
    raw.close()
