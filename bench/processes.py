"""Starts the parts of Pilito as processes of their own, in a throw-away folder, and ends them by their process id."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import requests
from cryptography.fernet import Fernet

from bench import proc, webhooks
from pilito.embedded_redis import find_binary

ROOT = Path(__file__).resolve().parent.parent
POSTGRES_BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
START_SECONDS, STOP_SECONDS = 240.0, 30.0  # of a loaded machine; a free one needs five
# The surroundings of whoever starts the bench must not reach the measured system.
OWN_SETTINGS = ("OPENAI_", "REDIS_", "DATABASE_", "INSTAGRAM_", "PILITO_", "WEB_", "WORKER_", "SHARE_", "REPLY_")


class Part:
    """A process that the bench started; its output is kept beside it, for when it fails."""

    def __init__(
        self, name: str, command: Sequence[str], folder: Path, environment: Mapping[str, str], **options: Any
    ) -> None:
        self.name = name
        self._log = folder / f"{name}.log"
        self._command, self._environment, self._options = command, dict(environment), {"cwd": ROOT, **options}
        self.start()

    def start(self) -> None:
        """Begin, or begin again after an end."""
        with self._log.open("ab") as output:
            self._before = output.tell()  # what an earlier life wrote
            self._process = subprocess.Popen(  # noqa: S603 -- our own commands
                self._command, env=self._environment, stdout=output, stderr=subprocess.STDOUT, **self._options
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    def said(self) -> str:
        """What it wrote since it began the last time."""
        with self._log.open("rb") as log:
            log.seek(self._before)
            return log.read().decode(errors="replace")

    def tail(self) -> str:
        return f"--- {self.name}\n{self._log.read_text(errors='replace')[-3000:]}"

    def stop(self, signal_number: int = signal.SIGTERM) -> None:
        """Ask it to end; what is left of its family after a while is killed, each by its id."""
        family = proc.tree(self.pid) if self.is_alive else set()
        if self.is_alive:
            self._process.send_signal(signal_number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(STOP_SECONDS)
        self._kill(family)

    def kill(self) -> None:
        """End it at once, with all that it started: of a throw-away system nothing is kept."""
        self._kill(proc.tree(self.pid) if self.is_alive else set())

    def _kill(self, family: set[int]) -> None:
        for pid in family & set(proc.parents()):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._process.wait(STOP_SECONDS)


def clean_environment(**settings: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(OWN_SETTINGS)}
    # A machine that builds may have it set; where Pilito runs, the second start finds the bytecode of the first.
    kept.pop("PYTHONDONTWRITEBYTECODE", None)
    return {**kept, "PYTHONPATH": str(ROOT), **settings}


def program(name: str) -> str:
    """A command of this virtual environment."""
    return str(Path(sys.executable).with_name(name))


def gunicorn(app: str, port: int, processes: int) -> list[str]:
    configuration = str(ROOT / "deploy" / "gunicorn.conf.py")
    where = f"127.0.0.1:{port}"
    return [program("gunicorn"), "--config", configuration, "--bind", where, "--workers", str(processes), app]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def is_ready(port: int, path: str = "/readyz") -> bool:
    try:
        answer = requests.get(f"http://127.0.0.1:{port}{path}", timeout=2)
    except requests.RequestException:
        return False
    return answer.status_code == requests.codes.ok


def wait_for(is_so: Callable[[], bool], seconds: float, parts: Sequence[Part] = (), pause: float = 0.05) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        dead = [part for part in parts if not part.is_alive]
        if dead or time.monotonic() > deadline:
            raise TimeoutError("The system did not come up.\n" + "\n".join(part.tail() for part in dead or parts))
        time.sleep(pause)


@contextlib.contextmanager
def scratch() -> Iterator[Path]:
    """A folder with a short name, for a Unix socket takes no long one."""
    folder = Path(tempfile.mkdtemp(prefix="plb"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def running(name: str, command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> Iterator[Part]:
    part = Part(name, command, folder, environment)
    try:
        yield part
    finally:
        part.stop()


class System:
    """Pilito on a fresh database: what is in `parts` can be measured by name."""

    preparation = "bench.prepare"  # the module that migrates and connects the shop
    workers = 1  # processes

    def __init__(self, database: str, fakes_port: int, settings: Mapping[str, str], has_workers: bool) -> None:
        self.database, self.port = database, free_port()
        self._has_workers = has_workers
        self._stack = contextlib.ExitStack()
        self._started: list[Part] = []
        self.folder = self._stack.enter_context(scratch())
        self.redis_url = f"unix://{self.folder / 'redis.sock'}?db=0"
        self.database_url = f"sqlite:///{self.folder / 'pilito.sqlite3'}"
        self._settings = dict(settings)
        self._fakes = f"http://127.0.0.1:{fakes_port}"
        try:
            self._start()
        except BaseException:
            self.stop()
            raise

    @property
    def parts(self) -> dict[str, int]:
        return {part.name: part.pid for part in self._started}

    def pss_megabytes(self) -> float:
        return proc.pss_megabytes(self.parts.values())

    def stop(self) -> None:
        for part in reversed(self._started):
            if part.name == "database":
                part.stop(signal.SIGINT)  # killed, it would leave its shared memory behind
            else:
                part.kill()
        self._started.clear()
        self._stack.close()

    def _start(self) -> None:
        self._add("redis", self._redis())
        if self.database == "postgresql":
            self._start_postgres()
        wait_for((self.folder / "redis.sock").exists, START_SECONDS, self._started, pause=0.01)
        subprocess.run(  # noqa: S603 -- our own command
            [sys.executable, "-m", self.preparation], cwd=ROOT, env=self._environment(), check=True, capture_output=True
        )
        self._add("web", gunicorn("wsgi:app", self.port, int(self._environment()["WEB_PROCESSES"])))
        if self._has_workers:
            for number in range(self.workers):
                self._add("worker" if number == 0 else f"worker-{number + 1}", [program("flask"), "worker"])
            self._add("scheduler", [program("flask"), "scheduler"])
        path = "/readyz" if self._has_workers else "/healthz"
        wait_for(lambda: is_ready(self.port, path), START_SECONDS, self._started)

    def _add(self, name: str, command: Sequence[str], **options: Any) -> None:
        self._started.append(Part(name, command, self.folder, self._environment(), **options))

    def _environment(self) -> dict[str, str]:
        values = {
            "PILITO_VAR": str(self.folder),
            "DATABASE_URL": self.database_url,
            "REDIS_URL": self.redis_url,
            "PORT": str(self.port),
            "PUBLIC_URL": f"http://127.0.0.1:{self.port}",
            "SECRET_KEY": "a session key of the bench, long enough",
            "ENCRYPTION_KEYS": self._encryption_key,
            "INSTAGRAM_APP_SECRET": webhooks.SECRET,
            "INSTAGRAM_VERIFY_TOKEN": "a verify token of the bench",
            "INSTAGRAM_GRAPH_URL": f"{self._fakes}/instagram",
            "OPENAI_BASE_URL": f"{self._fakes}/openai/v1",
            "OPENAI_API_KEY": "bench",
            "WEB_PROCESSES": "2",
            "REQUESTS_PER_MINUTE": "0",  # one person and one token are everybody here
            "REPLY_QUIET_SECONDS": "0",
        }
        return clean_environment(**{**values, **self._settings})

    _encryption_key = Fernet.generate_key().decode()

    def _redis(self) -> list[str]:
        """As `make run` starts it: a socket, and an append-only file written out every second."""
        address = str(self.folder / "redis.sock")
        persistence = ["--save", "", "--appendonly", "yes", "--appendfsync", "everysec"]
        return [find_binary(), "--port", "0", "--unixsocket", address, "--dir", str(self.folder), *persistence]

    def _start_postgres(self) -> None:
        """A server of our own on a socket, with its defaults: every commit is on the disk (`fsync` is on)."""
        binaries, folder = POSTGRES_BINARIES[0], self.folder
        user = {}
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root
            folder.chmod(0o755)  # noqa: S103 -- it must reach its data in this throw-away folder
            user = {"user": "postgres", "group": "postgres", "extra_groups": []}
        data = folder / "postgres"
        data.mkdir()
        if user:
            shutil.chown(data, "postgres", "postgres")
        initdb = [str(binaries / "initdb"), "-D", str(data / "data"), "-U", "postgres", "-A", "trust", "-E", "UTF8"]
        subprocess.run(initdb, check=True, capture_output=True, cwd=data, **user)  # type: ignore[call-overload]  # noqa: S603
        options = ["-c", "listen_addresses=", "-c", f"unix_socket_directories={data}", "-c", "max_connections=300"]
        command = [str(binaries / "postgres"), "-D", str(data / "data"), *options]
        self._started.append(Part("database", command, folder, clean_environment(), **{"cwd": data, **user}))
        self.database_url = f"postgresql+psycopg://postgres@/postgres?host={data}"
        server = [str(binaries / "pg_isready"), "-q", "-h", str(data)]
        wait_for(lambda: subprocess.run(server, check=False).returncode == 0, START_SECONDS, self._started)  # noqa: S603
