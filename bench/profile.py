"""Where the time goes: the hot paths of B1 (web) and B3 (worker) under load, sampled by py-spy if it is installed.

`python -m bench.profile web|worker [--database postgresql] [--seconds 15] [--py-spy PATH]`
"""

import argparse
import subprocess
import sys
from collections import Counter
from pathlib import Path

from bench import proc
from bench.load import Client, Crowd, drive
from bench.processes import System
from bench.rows.b1_ack import AT_ONCE, requests
from bench.rows.b3_flow import ask, customers
from bench.stand import Stand

LINES = 80


def main() -> None:
    arguments = _arguments()
    with Stand() as stand:
        system = stand.system(arguments.database, has_workers=arguments.what == "worker")
        _load(stand, system, arguments.what, 3)
        spy = _start_spy(arguments, _busiest(system.parts[arguments.what]), stand.folder / "samples")
        _load(stand, system, arguments.what, arguments.seconds + 3)
        spy.wait(60)
        show((stand.folder / "samples").read_text())


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.profile", description=__doc__)
    parser.add_argument("what", choices=["web", "worker"])
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--seconds", type=int, default=15)
    parser.add_argument("--py-spy", default="py-spy")
    parser.add_argument(
        "--waiting", action="store_true", help="count waiting threads too, not only the one that holds the interpreter"
    )
    return parser.parse_args()


def _busiest(root: int) -> int:
    """gunicorn's first process only watches."""
    return max(proc.tree(root), key=lambda pid: (pid != root, pid)) if len(proc.tree(root)) > 1 else root


def _start_spy(arguments: argparse.Namespace, pid: int, samples: Path) -> "subprocess.Popen[bytes]":
    command = [arguments.py_spy, "record", "--pid", str(pid), "--duration", str(arguments.seconds), "--rate", "200"]
    command += ["--format", "raw", "--output", str(samples), "--nonblocking"]
    command += ["--idle"] if arguments.waiting else ["--gil"]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=sys.stderr)  # noqa: S603 -- named by who calls


def _load(stand: Stand, system: System, what: str, seconds: float) -> None:
    if what == "web":
        for _ in range(max(1, round(seconds / 3))):
            drive(system.port, requests(1800), AT_ONCE)
        return
    with Client(system.port, stand.fakes_port) as client:
        crowd = Crowd(client, ask, customers, 32)
        crowd.run(seconds)
        crowd.drain()


def show(samples: str) -> None:
    """Print the functions by the share of samples in which they are on the stack, and on top of it."""
    inside, on_top, total = Counter[str](), Counter[str](), 0
    for line in samples.splitlines():
        stack, _, count = line.rpartition(" ")
        frames = [_short(frame) for frame in stack.split(";")]
        total += int(count)
        on_top[frames[-1]] += int(count)
        for frame in set(frames):
            inside[frame] += int(count)
    for title, counter in (("on the stack", inside), ("on top", on_top)):
        print(f"\n{title}, of {total} samples")
        for name, count in counter.most_common(LINES):
            print(f"  {100 * count / total:5.1f} %  {name}")


def _short(frame: str) -> str:
    """`function (file:line)` with the file from its package on, without the line."""
    name, _, place = frame.partition(" (")
    path = place.rstrip(")").rpartition(":")[0]
    return f"{name} ({path.rpartition('site-packages/')[2]})"


if __name__ == "__main__":
    main()
