"""What becomes of the programs of a fault run that was killed itself."""

import os
import signal
import subprocess
import sys
import time

import pytest

from bench import proc

# A run that starts a program in its folder, says which, and waits.
RUN = """
import os, signal, subprocess, sys, time
from pathlib import Path
from chaos.undertaker import Undertaker

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs begin without it
folder = Path(sys.argv[1])
undertaker = Undertaker(folder)
program = subprocess.Popen(["sleep", "60"], env={**os.environ, "PILITO_VAR": str(folder)})
print(program.pid, flush=True)
if sys.argv[2] == "waits":
    time.sleep(60)
program.kill()
program.wait()
undertaker.dismiss()
print("dismissed", flush=True)
"""


@pytest.fixture
def neighbour(tmp_path):
    """A program of somebody else's run."""
    other = subprocess.Popen(["sleep", "60"], env={**os.environ, "PILITO_VAR": str(tmp_path / "other")})
    yield other
    other.kill()
    other.wait()


def start(folder, how):
    folder.mkdir()
    return subprocess.Popen(
        [sys.executable, "-c", RUN, str(folder), how], stdout=subprocess.PIPE, text=True, env={**os.environ}
    )


def is_alive(pid):
    """A zombie works no more; whether it is waited for is the first process's business."""
    try:
        return (proc.PROC / str(pid) / "stat").read_text().rpartition(") ")[2][0] != "Z"
    except OSError:
        return False


def wait_for_end(pid):
    deadline = time.monotonic() + 20
    while is_alive(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not is_alive(pid)


@pytest.mark.parametrize("blow", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_run_that_is_killed_leaves_no_program_behind(tmp_path, neighbour, blow):
    run = start(tmp_path / "run", "waits")
    program = int(run.stdout.readline())
    assert is_alive(program)

    run.send_signal(blow)
    run.wait(20)

    assert wait_for_end(program)
    assert is_alive(neighbour.pid)
    run.stdout.close()


def test_a_run_that_ended_its_programs_sends_the_undertaker_home(tmp_path, neighbour):
    run = start(tmp_path / "run", "ends")
    said, _ = run.communicate(timeout=40)

    assert "dismissed" in said
    assert run.returncode == 0
    assert not (tmp_path / "run").exists()
    assert is_alive(neighbour.pid)
