"""The system under test: Pilito's own programs on a fresh database, each started again when it dies."""

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import requests
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from bench import proc, webhooks
from bench.processes import Part, System, clean_environment, free_port, wait_for
from chaos.prepare import ACCOUNTS, TOKENS
from chaos.undertaker import Undertaker

REVIVE_SECONDS = 0.3  # a supervisor is not faster
LOCK_SECONDS = 8.0  # how long somebody else holds SQLite's lock
LOCK_PATIENCE_SECONDS = 30.0  # and how long they try to have it
AT_WORK = {"worker": "Working with", "web": "Ready:"}  # what a program writes when it begins its work
# So long it may do some, or on a slow machine none would ever be done before the traffic is over.
WORK_SECONDS = {"worker": 1.0, "web": 4.0}
PLANTED = (sys.executable, "-m", "chaos.plants")


class House(System):
    """Two accounts, each at a fake provider of its own: one of Instagram Login, one of a Facebook Page."""

    preparation = "chaos.prepare"
    workers = 2

    def __init__(self, database: str, settings: Mapping[str, str], plant: str = "") -> None:
        self._plant = plant
        self.provider_ports = (free_port(), free_port())
        first, second = (f"http://127.0.0.1:{port}/instagram" for port in self.provider_ports)
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self.deaths: dict[str, int] = {}
        self._at_work: dict[int, float] = {}  # process -> since when
        self.providers: list[Part] = []
        super().__init__(
            database,
            self.provider_ports[0],
            {"INSTAGRAM_GRAPH_URL": first, "FACEBOOK_GRAPH_URL": second, **settings},
            has_workers=True,
        )
        self._supervisor = threading.Thread(target=self._supervise, name="supervisor", daemon=True)
        self._supervisor.start()

    def _start(self) -> None:
        self._undertaker = Undertaker(self.folder)
        for number, port in enumerate(self.provider_ports):
            self.providers.append(self._provider(number, port))
        for port in self.provider_ports:
            wait_for(lambda port=port: _answers(port), 30, self.providers)  # type: ignore[misc]
            # Where the account's posts are known, all that customers share is somebody else's, and no fact; before any
            # of Pilito's programs can ask for them.
            url = f"http://127.0.0.1:{port}/instagram/control/access"
            requests.post(url, json={"hide_posts": True}, timeout=10).raise_for_status()
        super()._start()

    def _provider(self, number: int, port: int) -> Part:
        environment = clean_environment(
            PILITO_VAR=str(self.folder),
            PILITO_DEMO_PORT=str(port),
            PILITO_DEMO_STATE=str(self.folder / f"provider-{number}.sqlite3"),
            PILITO_DEMO_WEBHOOK_URL=f"http://127.0.0.1:{self.port}{webhooks.PATH}",
            PILITO_DEMO_ACCOUNT_ID=ACCOUNTS[number],
            PILITO_DEMO_TOKEN=TOKENS[number],
            INSTAGRAM_APP_SECRET=webhooks.SECRET,
        )
        return Part(f"provider-{number}", [sys.executable, "-m", "pilito.demo"], self.folder, environment)

    def _add(self, name: str, command: list[str], **options: object) -> None:  # type: ignore[override]
        if self._plant and name.startswith(("web", "worker", "scheduler")):
            command = [*PLANTED, self._plant, *command]
        super()._add(name, command, **options)

    # --- what dies comes back

    def _supervise(self) -> None:
        while not self._stopping.wait(REVIVE_SECONDS):
            with self._lock:
                for part in self._started:
                    if not part.is_alive and not self._stopping.is_set():
                        self._clear_up(part)
                        part.start()
                    self._note_work(part)

    def _clear_up(self, part: Part) -> None:
        """What a killed server leaves behind would keep the next one from starting; supervisors and images do this."""
        if part.name == "redis":
            (self.folder / "redis.sock").unlink(missing_ok=True)

    def stop(self) -> None:
        self._stopping.set()
        with self._lock:
            for part in self.providers:
                part.kill()
            super().stop()
        self._undertaker.dismiss()

    # --- what can be broken

    def part(self, name: str) -> Part:
        return next(part for part in self._started if part.name == name)

    def kill(self, name: str) -> None:
        """Kill -9 the process and, of the web server, its children, as when a machine's memory runs out."""
        part = self.part(name)
        family = proc.tree(part.pid) if name == "web" and part.is_alive else {part.pid}
        for pid in family:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.deaths[name] = self.deaths.get(name, 0) + 1

    def is_at_work(self, name: str) -> bool:
        """Whether it has come so far that a kill meets it at work; a machine may be too slow for the pace of kills."""
        part, kind = self.part(name), name.partition("-")[0]
        return part.is_alive and (kind not in AT_WORK or self._has_worked(part, WORK_SECONDS[kind]))

    def _has_worked(self, part: Part, seconds: float) -> bool:
        since = self._at_work.get(part.pid)
        return since is not None and time.monotonic() - since >= seconds

    def _note_work(self, part: Part) -> None:
        """Remember when it was first seen to have begun its work."""
        sign = AT_WORK.get(part.name.partition("-")[0])
        if sign and part.pid not in self._at_work and sign in part.said():
            self._at_work[part.pid] = time.monotonic()

    def flush_redis(self) -> None:
        with contextlib.suppress(RedisError):
            self.redis().flushall()
            self.deaths["flush"] = self.deaths.get("flush", 0) + 1

    def break_database(self) -> None:
        """PostgreSQL dies and comes back; SQLite is held by somebody else for longer than we wait for it."""
        if self.database == "postgresql":
            self.kill("database")
            return
        with contextlib.closing(take_lock(self.folder / "pilito.sqlite3", LOCK_PATIENCE_SECONDS)) as connection:
            self.deaths["database"] = self.deaths.get("database", 0) + 1
            time.sleep(LOCK_SECONDS)
            connection.execute("ROLLBACK")

    def redis(self) -> "Redis":
        return Redis.from_url(self.redis_url, socket_timeout=2, retry=Retry(NoBackoff(), 0))

    # --- what is asked

    def is_ready(self) -> bool:
        try:
            return requests.get(f"{self.url}/readyz", timeout=5).ok
        except requests.RequestException:
            return False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def issue_token(self) -> str:
        """One more API token, as an admin makes it."""
        flask = str(Path(sys.executable).with_name("flask"))
        done = subprocess.run(  # noqa: S603 -- our own command
            [flask, "token", "add", "chaos"], env=self._environment(), capture_output=True, text=True, check=True
        )
        return done.stdout.split()[-1]

    def log_files(self) -> Iterator[Path]:
        yield from sorted(self.folder.glob("*.log"))


def take_lock(file: Path, seconds: float) -> sqlite3.Connection:
    """Hold SQLite's write lock. Our writers look for it each millisecond: who looks less often may never have it."""
    connection = sqlite3.connect(file, timeout=0, isolation_level=None)
    deadline = time.monotonic() + seconds
    while True:
        try:
            connection.execute("BEGIN EXCLUSIVE")
            return connection
        except sqlite3.OperationalError:
            if time.monotonic() > deadline:
                connection.close()
                raise
        time.sleep(0.001)


def _answers(port: int) -> bool:
    try:
        return requests.get(f"http://127.0.0.1:{port}/healthz", timeout=2).ok
    except requests.RequestException:
        return False
