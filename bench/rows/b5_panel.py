"""B5: pages of the panel in a large shop, beside the same pages in a small one."""

import contextlib
import json
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from cryptography.fernet import Fernet

from bench import webhooks
from bench.figures import Figure, Reference, Row, at_most, percentile, ratio
from bench.processes import ROOT, clean_environment, running, scratch, wait_for
from bench.size import Size
from bench.stand import Stand
from pilito.embedded_redis import find_binary

PAGES = ("list", "thread", "aside", "search", "analytics")

ROUNDS = 3

Times = dict[str, list[float]]  # milliseconds by the clock, by page


def measure(_stand: Stand, size: Size) -> list[Figure]:
    many = int(os.environ.get("B5_MESSAGES", size.panel_messages))
    with _folder() as folder:
        large, small = _Shop(folder / "large", many), _Shop(folder / "small", size.panel_few_messages)
        for shop in (large, small):
            shop.time_pages(0)  # filled, unless it is
        for _ in range(ROUNDS):  # in turn, so that what else the machine does falls upon both
            for shop in (large, small):
                shop.time_pages(-(-size.panel_times // ROUNDS))
    return [figure for page in PAGES for figure in _figures(page, large.times[page], small.times[page], many, size)]


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    """B5_FOLDER keeps the filled databases: a million messages take longer to write than to look at."""
    if kept := os.environ.get("B5_FOLDER"):
        yield Path(kept)
        return
    with scratch() as folder:
        yield folder


def _figures(page: str, large: list[float], small: list[float], many: int, size: Size) -> list[Figure]:
    few = f"with {size.panel_few_messages:,} messages"
    p50, p99 = (percentile(large, percent) for percent in (50, 99))
    few_p50, few_p99 = (percentile(small, percent) for percent in (50, 99))
    return [
        Figure(f"{page}, {many:,} messages, p50", p50, "ms", f"{page} p50", Reference(few, few_p50)),
        Figure(f"{page}, {many:,} messages, p99", p99, "ms", f"{page} p99", Reference(few, few_p99)),
        Figure(f"{page}, large : small, p50", ratio(p50, few_p50), "×", f"{page} ratio"),
    ]


class _Shop:
    """A database of that size, and how long its pages took by the clock, in milliseconds."""

    def __init__(self, folder: Path, messages: int) -> None:
        self.folder, self.messages = folder, messages
        self.times: Times = defaultdict(list)
        folder.mkdir(parents=True, exist_ok=True)

    def time_pages(self, times: int) -> None:
        """Ask for each kind of page so often, in a process of its own."""
        address = self.folder / "redis.sock"
        environment = clean_environment(
            PILITO_VAR=str(self.folder),
            REDIS_URL=f"unix://{address}?db=0",
            SECRET_KEY="a session key of the bench, long enough",  # noqa: S106
            ENCRYPTION_KEYS=Fernet.generate_key().decode(),
            INSTAGRAM_APP_SECRET=webhooks.SECRET,
            INSTAGRAM_VERIFY_TOKEN="a verify token of the bench",  # noqa: S106
        )
        server = [
            str(find_binary()),
            "--port",
            "0",
            "--unixsocket",
            str(address),
            "--save",
            "",
            "--dir",
            str(self.folder),
        ]
        with running("redis", server, self.folder, environment) as redis:
            wait_for(address.exists, 20, [redis], pause=0.01)
            command = [sys.executable, "-m", "bench.panel_pages", str(self.messages), str(times)]
            done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
        if done.returncode:
            raise RuntimeError(f"bench.panel_pages ended with {done.returncode}: {done.stderr[-2000:]}")
        for page, rows in json.loads(done.stdout or "{}").items():
            self.times[page] += [row[0] for row in rows]


ROW = Row(
    "B5",
    "pages of the panel, 100,000 messages (B5_MESSAGES=1000000: a million), SQLite",
    {
        "list p50": at_most(30),
        "list p99": at_most(80),
        "list ratio": at_most(1.5),
        "thread p50": at_most(30),
        "thread p99": at_most(80),
        "thread ratio": at_most(1.5),
        "aside p50": at_most(30),
        "aside p99": at_most(80),
        "aside ratio": at_most(1.5),
        "search p50": at_most(150),
        "search p99": at_most(400),
        "search ratio": at_most(3),
        "analytics p50": at_most(150),
        "analytics p99": at_most(400),
        "analytics ratio": at_most(3),
    },
    measure,
)
