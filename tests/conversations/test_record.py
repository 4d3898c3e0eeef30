"""Bodies become rows of the ledger: alone, together, or not at all."""

import threading

import pytest

from pilito import database, keys
from pilito.clock import utc_now
from pilito.conversations import record as module
from pilito.conversations.record import record
from pilito.models import Webhook, db


def together(app, bodies):
    """Record the bodies from one thread each, all at once; return what each got, in the order of the bodies."""
    barrier, results = threading.Barrier(len(bodies)), [None] * len(bodies)

    def run(number, body):
        with app.app_context():
            barrier.wait()
            try:
                results[number] = record("instagram", body, utc_now())
            except Exception as error:
                results[number] = error
            db.session.remove()

    threads = [threading.Thread(target=run, args=one) for one in enumerate(bodies)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    return results


def rows():
    db.session.rollback()
    return {row.id: row.body for row in db.session.scalars(db.select(Webhook))}


def test_bodies_that_come_together_are_each_stored_under_the_id_they_got(app):
    bodies = [f"body {number}".encode() for number in range(80)]

    ids = together(app, bodies)

    assert dict(zip(ids, bodies, strict=True)) == rows()


def test_they_share_commits_and_jobs(app, monkeypatch):
    commits = []
    real = module._write
    monkeypatch.setattr(module, "_write", lambda group: (commits.append(len(group)), real(group)))
    slow = threading.Event()
    monkeypatch.setattr(module.time, "sleep", lambda _seconds: slow.wait(0.05))

    together(app, [b"x"] * 30)

    assert sum(commits) == 30
    assert len(commits) < 15
    assert app.extensions["pilito_redis"].llen(f"rq:queue:{keys.RECEIVE}") == len(commits)


@pytest.mark.sqlite_only
def test_a_locked_database_fails_all_who_wait_at_once_and_stores_none(app, monkeypatch):
    monkeypatch.setattr(database, "LOCK_WAIT_SECONDS", 0.3)
    raw = db.engine.raw_connection()
    raw.driver_connection.execute("BEGIN IMMEDIATE")
    started = utc_now()

    results = together(app, [b"x"] * 70)
    took = (utc_now() - started).total_seconds()
    raw.driver_connection.execute("ROLLBACK")
    raw.close()

    assert all(isinstance(one, database.NoTurn) for one in results)
    assert took < 10  # and not 0.3 s one after the other: 21
    assert rows() == {}
    assert record("instagram", b"after", utc_now()) in rows()


@pytest.mark.sqlite_only
def test_what_is_on_the_ledger_is_taken_though_nobody_could_be_asked_to_read_it(app, monkeypatch, caplog):
    def fail(*_args):
        raise RuntimeError("a bug")

    monkeypatch.setattr(module.hints, "hint_unless_asked", fail)

    assert record("instagram", b"x", utc_now()) in rows()
    assert "A hint after a commit failed" in caplog.text
