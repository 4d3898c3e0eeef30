"""A PostgreSQL server of the tests' own, where one is installed."""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from pathlib import Path

from sqlalchemy import create_engine

BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)


class OwnPostgres:
    """A server of the tests on a socket in a folder of its own, which forgets what a crash would take from it."""

    OPTIONS = (
        "listen_addresses=",
        "fsync=off",
        "full_page_writes=off",
        "wal_level=minimal",
        "max_wal_senders=0",
        "autovacuum=off",
        "jit=off",
        "max_connections=300",
    )

    def __init__(self, binaries=None):
        self.binaries = binaries or BINARIES[0]
        self.folder = Path(tempfile.mkdtemp(prefix="pltpg"))
        self.url = f"postgresql+psycopg://postgres@/postgres?host={self.folder}"
        self.server = None
        self._starting = threading.Lock()

    def start(self):
        """Make the files and start the server; it answers when `wait_for_postgres` says so."""
        if self._user:
            shutil.chown(self.folder, "postgres", "postgres")
        make = [self.binaries / "initdb", "-D", self._data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"]
        with self._starting:
            subprocess.run(make, check=True, **self._quiet)
            self._run()

    def _run(self):
        options = (*self.OPTIONS, f"unix_socket_directories={self.folder}")
        words = [word for option in options for word in ("-c", option)]
        self.server = subprocess.Popen([self.binaries / "postgres", "-D", self._data, *words], **self._quiet)

    def kill(self):
        """Kill -9, as the kernel does when memory ends: its children go without a word to anybody."""
        self.server.kill()
        self.server.wait(10)

    @contextlib.contextmanager
    def frozen(self):
        """Stop it with all its children, as a host does whose disk hangs: lines stay open, and nobody answers."""
        children = Path(f"/proc/{self.server.pid}/task/{self.server.pid}/children").read_text(encoding="ascii").split()
        processes = [self.server.pid, *map(int, children)]
        try:
            for process in processes:
                os.kill(process, signal.SIGSTOP)
            yield
        finally:
            for process in processes:
                os.kill(process, signal.SIGCONT)

    def start_again(self):
        """Start the server on the files that are there, as often as its last children still hold them."""
        deadline = time.monotonic() + 60
        while True:
            self._run()
            try:
                self.server.wait(0.3)
            except subprocess.TimeoutExpired:
                return
            assert time.monotonic() < deadline, "PostgreSQL does not start again."

    @property
    def _data(self):
        return self.folder / "data"

    @property
    def _user(self):
        return os.geteuid() == 0  # PostgreSQL refuses to run as root

    @property
    def _quiet(self):
        user = {"user": "postgres", "group": "postgres", "extra_groups": []} if self._user else {}
        return {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": self.folder, **user}

    def stop(self):
        with self._starting:
            if self.server:
                self.server.send_signal(signal.SIGINT)  # does not wait for those who are still connected
                self.server.wait(20)
        shutil.rmtree(self.folder, ignore_errors=True)


def wait_for_postgres(url):
    engine = create_engine(url)
    wait_for(lambda: engine.connect().close() is None)
    engine.dispose()


def wait_for(is_ready, seconds=60):
    deadline = time.monotonic() + seconds
    while True:
        with contextlib.suppress(Exception):
            if is_ready():
                return
        if time.monotonic() > deadline:
            raise TimeoutError("A server of the tests did not come up.")
        time.sleep(0.02)
