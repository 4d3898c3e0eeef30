"""CPU time and memory of processes and all that they started, from Linux's /proc."""

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

PROC = Path("/proc")
TICKS = os.sysconf("SC_CLK_TCK")


def parents() -> dict[int, int]:
    """Every process's parent."""
    found = {}
    for folder in PROC.iterdir():
        if folder.name.isdecimal() and (fields := _stat(int(folder.name))):
            found[int(folder.name)] = int(fields[1])
    return found


def tree(root: int) -> set[int]:
    """The process and its living descendants."""
    children: dict[int, list[int]] = {}
    for pid, parent in parents().items():
        children.setdefault(parent, []).append(pid)
    family, waiting = set(), [root]
    while waiting:
        pid = waiting.pop()
        family.add(pid)
        waiting += children.get(pid, [])
    return family


def cpu_seconds(root: int) -> float:
    """User and system time of the tree, with that of children which ended and were waited for."""
    total = 0
    for pid in tree(root):
        if fields := _stat(pid):
            total += sum(int(value) for value in fields[11:15])  # utime stime cutime cstime
    return total / TICKS


def pss_megabytes(roots: Iterable[int]) -> float:
    """Memory of the trees, each shared page counted once over all who share it."""
    return sum(_pss_kilobytes(pid) for root in roots for pid in tree(root)) / 1024


def _stat(pid: int) -> list[str]:
    """The fields after the command's name, which may hold spaces and brackets; empty when the process is gone."""
    try:
        return (PROC / str(pid) / "stat").read_text().rpartition(") ")[2].split()
    except OSError:
        return []


def _pss_kilobytes(pid: int) -> int:
    try:
        lines = (PROC / str(pid) / "smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


@dataclass
class Spent:
    """CPU seconds by part, filled when the measured block ends."""

    by_part: dict[str, float] = field(default_factory=dict)

    def of(self, *parts: str) -> float:
        return sum(self.by_part.get(part, 0.0) for part in parts)

    @property
    def total(self) -> float:
        return sum(self.by_part.values())


@contextmanager
def metered(parts: Mapping[str, int]) -> Iterator[Spent]:
    """Measure the CPU time of each part (name -> its first process) while the block runs."""
    before = {name: cpu_seconds(pid) for name, pid in parts.items()}
    spent = Spent()
    yield spent
    spent.by_part = {name: cpu_seconds(pid) - before[name] for name, pid in parts.items()}
