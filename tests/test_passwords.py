"""Where passwords are hashed: in a process with greenlets beside them, two at once, and never a long queue."""

import json
import subprocess
import sys
import threading

import pytest

from pilito import passwords

# As gunicorn's worker is, patched before anything else is imported. It says what it saw as JSON.
WEB = """
from gevent import monkey
monkey.patch_all()
import json, threading
import gevent
from argon2 import PasswordHasher
from pilito import passwords
from pilito.errors import Busy

PASSWORD = "a long enough password"

class Watched(PasswordHasher):
    now, most = 0, 0
    def verify(self, *given):
        Watched.now += 1
        Watched.most = max(Watched.most, Watched.now)
        try:
            return super().verify(*given)
        finally:
            Watched.now -= 1

def hasher(rounds):
    passwords._hasher = Watched(time_cost=rounds, memory_cost=19 * 1024, parallelism=1)

def check(given):
    try:
        return passwords.check_password(stored, given)
    except Busy as busy:
        return busy.reason

hasher(16)
stored = passwords.hash_password(PASSWORD)
ran = 0
def run_on():
    global ran
    while True:
        ran += 1
        gevent.sleep(0.001)
other = gevent.spawn(run_on)
gevent.sleep(0.01)
before = ran
one = check(PASSWORD)
meanwhile = ran - before
other.kill()

hasher(2)
stored = passwords.hash_password(PASSWORD)
crowd = [gevent.spawn(check, PASSWORD if number % 2 else "a wrong one, long enough") for number in range(40)]
gevent.joinall(crowd)
print(json.dumps({
    "one": one,
    "meanwhile": meanwhile,
    "crowd": [each.value for each in crowd],
    "at_once": Watched.most,
    "afterwards": check(PASSWORD),
    "unknown": passwords.check_password(None, PASSWORD),
    "broken": passwords.check_password("no hash at all", PASSWORD),
}))
"""


@pytest.fixture(scope="module")
def web():
    done = subprocess.run([sys.executable, "-c", WEB], capture_output=True, text=True, check=True, timeout=60)
    assert done.stderr == ""
    return json.loads(done.stdout)


def test_while_one_logs_in_every_other_greenlet_of_the_process_runs_on(web):
    """A webhook, a page, a live line. Were only the thread another one and Python's lock held, it would run once."""
    assert web["one"] is True
    assert web["meanwhile"] > 10


def test_two_are_hashed_at_once_and_not_more(web):
    assert web["at_once"] == passwords.AT_ONCE


def test_of_a_crowd_as_many_as_may_wait_are_served_and_the_others_told_at_once(web):
    served, told = web["crowd"][: passwords.MOST], web["crowd"][passwords.MOST :]

    assert served == [False, True] * (passwords.MOST // 2)
    assert set(told) == {"many_log_ins"}
    assert web["afterwards"] is True


def test_nobody_and_a_hash_that_is_none_fit_no_password_there_either(web):
    assert (web["unknown"], web["broken"]) == (False, False)


def test_in_a_worker_or_a_command_it_is_hashed_where_it_is_asked_for(monkeypatch):
    where = []

    class Watched(passwords.PasswordHasher):
        def hash(self, password, **more):
            where.append(threading.current_thread())
            return super().hash(password, **more)

    monkeypatch.setattr(passwords, "_hasher", Watched(time_cost=1, memory_cost=64, parallelism=1))

    assert passwords.check_password(passwords.hash_password("a long enough password"), "a long enough password")
    assert where == [threading.current_thread()]
