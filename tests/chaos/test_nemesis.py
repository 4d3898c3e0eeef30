"""The hand that breaks things: what it has not done, it does not say it did."""

import sqlite3
import threading
import time
from dataclasses import dataclass, field

import pytest

from chaos.house import House, take_lock
from chaos.model import SOON, Model
from chaos.nemesis import Blow, Nemesis, first_of, make_failures


@dataclass
class Ruin:
    """A house in which something cannot be broken."""

    unbreakable: str
    provider_ports: tuple[int, ...] = ()
    broken: list[str] = field(default_factory=list)

    def is_at_work(self, _name):
        return True

    def kill(self, name):
        if name == self.unbreakable:
            raise sqlite3.OperationalError("database is locked")
        self.broken.append(name)

    def flush_redis(self):
        self.kill("redis")

    def break_database(self):
        self.kill("database")


def test_what_ends_it_is_kept_for_the_verdict():
    house = Ruin("worker")
    nemesis = Nemesis(house, [Blow(0, "web"), Blow(0, "worker"), Blow(0, "web")], [])

    nemesis.start()
    nemesis._thread.join(5)
    nemesis.stop()

    assert house.broken == ["web"]
    assert nemesis.error == "worker: OperationalError: database is locked"


def test_a_hand_that_was_never_hindered_has_no_error():
    nemesis = Nemesis(Ruin("nothing"), [Blow(0, "web")], [])

    nemesis.start()
    nemesis._thread.join(5)

    assert nemesis.error == ""


@pytest.fixture
def database(tmp_path):
    file = tmp_path / "pilito.sqlite3"
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE message (id INTEGER)")
    connection.close()
    return file


def test_the_lock_is_had_in_the_first_moment_in_which_nobody_has_it(database):
    holder = take_lock(database, 1)
    began = time.monotonic()
    waiting = threading.Thread(target=lambda: take_lock(database, 5).close())

    waiting.start()
    time.sleep(0.1)
    assert waiting.is_alive()
    holder.close()
    waiting.join(5)

    assert not waiting.is_alive()
    assert time.monotonic() - began < 2


def test_a_lock_that_is_never_free_is_no_blow(database, tmp_path, monkeypatch):
    monkeypatch.setattr("chaos.house.LOCK_PATIENCE_SECONDS", 0.05)
    house = House.__new__(House)
    house.database, house.folder, house.deaths = "sqlite", tmp_path, {}
    holder = take_lock(database, 1)

    with pytest.raises(sqlite3.OperationalError):
        house.break_database()

    holder.close()
    assert house.deaths == {}


def test_of_the_first_sends_and_calls_one_fails_in_every_run():
    for seed in range(20):
        assert any(make_failures(seed, 0.001, 50)[:SOON])
        model = Model(seed, 0.001)
        assert any(model.next_failure() for _ in range(SOON))


def test_of_the_first_sends_what_is_still_to_come_is_not_forgotten():
    failures = [{"number": number} for number in range(30)]

    assert first_of(failures, waiting=30) == failures[:SOON]
    assert first_of(failures, waiting=25) == failures[5:SOON]
    assert first_of(failures, waiting=30 - SOON) == []
    assert first_of(failures, waiting=3) == []


def test_where_none_shall_fail_none_does():
    assert not any(make_failures(1, 0.0, 50))
    assert not any(Model(1, 0.0).next_failure() for _ in range(50))
