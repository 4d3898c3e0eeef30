"""B5: pages of the panel in a large shop, beside the same pages in a small one."""

import json
import os
import subprocess
import sys
from pathlib import Path

from cryptography.fernet import Fernet

from bench import webhooks
from bench.figures import Figure, Reference, Row, at_most, percentile, ratio
from bench.processes import ROOT, clean_environment, running, scratch, wait_for
from bench.size import Size
from bench.stand import Stand
from pilito.embedded_redis import find_binary

PAGES = ("list", "thread", "aside", "search", "analytics")

Times = dict[str, list[float]]  # milliseconds by the clock, by page


def measure(_stand: Stand, size: Size) -> list[Figure]:
    many = int(os.environ.get("B5_MESSAGES", size.panel_messages))
    with scratch() as folder:
        large = _timed(folder / "large", many, size.panel_times)
        small = _timed(folder / "small", size.panel_few_messages, size.panel_times)
    return [figure for page in PAGES for figure in _figures(page, large[page], small[page], many, size)]


def _figures(page: str, large: list[float], small: list[float], many: int, size: Size) -> list[Figure]:
    few = f"with {size.panel_few_messages:,} messages"
    p50, p99 = (percentile(large, percent) for percent in (50, 99))
    few_p50, few_p99 = (percentile(small, percent) for percent in (50, 99))
    return [
        Figure(f"{page}, {many:,} messages, p50", p50, "ms", f"{page} p50", Reference(few, few_p50)),
        Figure(f"{page}, {many:,} messages, p99", p99, "ms", f"{page} p99", Reference(few, few_p99)),
        Figure(f"{page}, large : small, p50", ratio(p50, few_p50), "×", f"{page} ratio"),
    ]


def _timed(folder: Path, messages: int, times: int) -> Times:
    """Fill a database of that size and ask for each page so often, in a process of its own."""
    folder.mkdir()
    address = folder / "redis.sock"
    environment = clean_environment(
        PILITO_VAR=str(folder),
        REDIS_URL=f"unix://{address}?db=0",
        SECRET_KEY="a session key of the bench, long enough",  # noqa: S106
        ENCRYPTION_KEYS=Fernet.generate_key().decode(),
        INSTAGRAM_APP_SECRET=webhooks.SECRET,
        INSTAGRAM_VERIFY_TOKEN="a verify token of the bench",  # noqa: S106
    )
    server = [str(find_binary()), "--port", "0", "--unixsocket", str(address), "--save", "", "--dir", str(folder)]
    with running("redis", server, folder, environment) as redis:
        wait_for(address.exists, 20, [redis], pause=0.01)
        command = [sys.executable, "-m", "bench.panel_pages", str(messages), str(times)]
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise RuntimeError(f"bench.panel_pages ended with {done.returncode}: {done.stderr[-2000:]}")
    return {page: [row[0] for row in rows] for page, rows in json.loads(done.stdout).items()}


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
