"""A worker and a scheduler that are asked to end do, in whatever moment and whatever thread the signal comes."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.sqlite_only, pytest.mark.timeout(120)]

ROOT = Path(__file__).parents[2]
HARNESS = """
import os, signal, sys, threading, time
from types import SimpleNamespace
from flask import Flask
from pilito import writers
from pilito.jobs import scheduler, worker

settings = SimpleNamespace(worker_nice=0, worker_concurrency=0)
app = Flask("test")
app.extensions["pilito_settings"] = settings
worker.SHORT_QUEUES.clear()
worker.DRAIN_SECONDS = 0.5
scheduler.PERIODIC = ()
scheduler.Timer.tick = lambda self, now: 0
scheduler.Timer.release = lambda self: None

def end():
    os.kill(os.getpid(), signal.SIGTERM)

def run():
    print("begins", flush=True)
    worker.run_workers(app, settings) if sys.argv[1] == "worker" else scheduler.run_scheduler(app)
"""
OUTSIDE = "threading.Timer(0.3, end).start()"
# As it was found after an outage of Redis: the system prefers the main thread for a signal, and promises nothing.
IN_ANOTHER_THREAD = """
def ask():
    time.sleep(0.3)
    signal.pthread_kill(threading.get_ident(), signal.SIGTERM)
    time.sleep(60)

threading.Thread(target=ask, daemon=True).start()
"""
# Inside the lock of whatever the main thread waits for.
BEGINNING_TO_WAIT = """
threading.Timer(1, end).start()
wait = threading.Condition.wait

def asked_meanwhile(self, timeout=None):
    if threading.current_thread() is threading.main_thread():
        end()
    return wait(self, timeout)

threading.Condition.wait = asked_meanwhile
"""
# Each second, for the first may come before it waits.
WHERE_IT_IS = """
from pilito.logs import tell_where_we_are_on_demand

def ask():
    while True:
        time.sleep(1)
        os.kill(os.getpid(), signal.SIGUSR1)

tell_where_we_are_on_demand()
threading.Thread(target=ask, daemon=True).start()
"""


@pytest.mark.parametrize("program", ["worker", "scheduler"])
@pytest.mark.parametrize(
    "moment", [OUTSIDE, IN_ANOTHER_THREAD, BEGINNING_TO_WAIT], ids=["outside", "in another thread", "beginning to wait"]
)
def test_it_ends_whenever_and_in_whatever_thread_it_is_asked(program, moment):
    with started(program, moment) as process:
        assert process.wait(40) == 0  # a busy machine takes seconds to leave Python; who does not hear stays for ever


@pytest.mark.parametrize("program", ["worker", "scheduler"])
def test_asked_where_it_is_it_names_its_threads_and_works_on(program):
    with started(program, WHERE_IT_IS) as process:
        said = next(line for line in process.stderr if "in run_" in line)
        process.send_signal(signal.SIGTERM)

        assert process.wait(40) == 0

    assert f"pilito/jobs/{program}.py" in said


def started(program, moment):
    words = [sys.executable, "-c", f"{HARNESS}\n{moment}\nrun()", program]
    return Ended(subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))


class Ended:
    """A child that has begun, and is killed at the latest when the block ends."""

    def __init__(self, process):
        self.process = process

    def __enter__(self):
        assert self.process.stdout.readline() == "begins\n", self.process.stderr.read()
        return self.process

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()
