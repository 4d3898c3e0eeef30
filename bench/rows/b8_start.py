"""B8: the second `make run` until everything is ready, and the memory of all its processes when idle."""

import signal
import time
from pathlib import Path

from bench.figures import Figure, Reference, Row, at_most, median
from bench.proc import pss_megabytes
from bench.processes import START_SECONDS, Part, clean_environment, free_port, gunicorn, is_ready, scratch, wait_for
from bench.size import Size
from bench.stand import Stand

ROUNDS = 3
LOOK_SECONDS = 0.03


def measure(stand: Stand, size: Size) -> list[Figure]:
    with scratch() as folder:
        _start(list(stand.launch_command), folder, 0.0)  # the first: secrets, tables, first operator, demo shop
        starts = [
            _start(list(stand.launch_command), folder, size.idle_seconds) for _ in range(min(size.rounds, ROUNDS))
        ]
        bare = [_start_bare(folder, size.idle_seconds) for _ in range(min(size.rounds, ROUNDS))]
    return [
        Figure(
            "second start until /readyz is green",
            median(one[0] for one in starts),
            "s",
            "start",
            Reference("bare Flask under gunicorn", median(one[0] for one in bare)),
        ),
        Figure(
            "memory of all processes, idle (PSS)",
            median(one[1] for one in starts),
            "MB",
            "memory",
            Reference("bare Flask under gunicorn", median(one[1] for one in bare)),
        ),
    ]


def _start(command: list[str], folder: Path, idle_seconds: float) -> tuple[float, float]:
    port = free_port()
    environment = clean_environment(PILITO_VAR=str(folder / "var"), PORT=str(port))
    return _timed(command, folder, environment, port, idle_seconds, signal.SIGINT)


def _start_bare(folder: Path, idle_seconds: float) -> tuple[float, float]:
    port = free_port()
    environment = clean_environment(PILITO_VAR=str(folder / "bare"))
    return _timed(gunicorn("bench.bare:app", port, 2), folder, environment, port, idle_seconds, signal.SIGTERM)


def _timed(
    command: list[str], folder: Path, environment: dict[str, str], port: int, idle_seconds: float, stop: int
) -> tuple[float, float]:
    """Seconds until ready, and megabytes after `idle_seconds`."""
    started = time.monotonic()
    part = Part("start", command, folder, environment)
    try:
        wait_for(lambda: is_ready(port), START_SECONDS, [part], pause=LOOK_SECONDS)
        seconds = time.monotonic() - started
        time.sleep(idle_seconds)
        return seconds, pss_megabytes([part.pid])
    finally:
        part.stop(stop)


ROW = Row(
    "B8",
    "second start of `make run` (demo included), and its memory",
    {"start": at_most(6.0), "memory": at_most(450)},
    measure,
)
