"""Pilito as an operator installs it: PostgreSQL, Redis with a password on TCP, and the very commands of the units."""

import contextlib
import os
import re
import secrets
import shlex
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import requests
from confine import can_confine, confined
from cryptography.fernet import Fernet
from redis import Redis
from sqlalchemy import create_engine, text

from pilito.embedded_redis import find_binary

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
UNITS = {
    name: ROOT / "deploy" / "systemd" / file
    for name, file in (
        ("web", "pilito-web.service"),
        ("worker", "pilito-worker@.service"),
        ("scheduler", "pilito-scheduler.service"),
    )
}
ACCOUNT = "17841400000000001"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def unit_command(name):
    """The words of a unit's ExecStart, with this Python's programs in the place of /opt/pilito's, and under its system
    call filter, where this machine can."""
    line = re.search(r"^ExecStart=(.+)$", UNITS[name].read_text(), re.MULTILINE)[1]
    words = shlex.split(line.replace("/opt/pilito/.venv/bin", str(BIN)))
    return confined(UNITS[name], words) if can_confine() else words


class Installation:
    def __init__(self, folder, postgres_url):
        self.folder, self.processes = folder, {}
        self.port, self.redis_port, self.demo_port = free_port(), free_port(), free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        self.postgres_url, self.database = postgres_url, f"installed_{secrets.token_hex(4)}"
        self.log = (folder / "output.log").open("a")

    def env(self, **more):
        """What /etc/pilito/pilito.env would say."""
        server = create_engine(self.postgres_url).url.set(database=self.database)
        demo = f"http://127.0.0.1:{self.demo_port}"
        clean = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("OPENAI_", "REDIS_", "DATABASE_", "INSTAGRAM_", "PILITO_"))
        }
        return (
            clean
            | {
                "PATH": f"{BIN}:{os.environ['PATH']}",
                "PILITO_VAR": str(self.folder / "var"),
                "DATABASE_URL": server.render_as_string(hide_password=False),
                "REDIS_URL": f"redis://pilito:{self.password}@127.0.0.1:{self.redis_port}/0",
                "PUBLIC_URL": self.base,
                "PORT": str(self.port),
                "WEB_PROCESSES": "1",
                "WORKER_CONCURRENCY": "2",
                "SHARE_WAIT_SECONDS": "3",
                "REPLY_QUIET_SECONDS": "0.3",
                "LOG_FORMAT": "json",
                **self.secrets,
                "INSTAGRAM_GRAPH_URL": f"{demo}/instagram",
                "INSTAGRAM_TOKEN_URL": f"{demo}/instagram",
                "INSTAGRAM_OAUTH_URL": f"{demo}/instagram",
                "FACEBOOK_GRAPH_URL": f"{demo}/instagram",
                "OPENAI_API_KEY": "demo",
                "OPENAI_BASE_URL": f"{demo}/openai/v1",
                "OPENAI_MODEL": "demo model, not an AI",
                "PILITO_DEMO_MODEL_DELAY_SECONDS": "0",
            }
            | more
        )

    @contextlib.contextmanager
    def running(self):
        self.password = secrets.token_urlsafe(16)
        self.secrets = {
            "SECRET_KEY": secrets.token_urlsafe(40),
            "ENCRYPTION_KEYS": Fernet.generate_key().decode(),
            "INSTAGRAM_APP_SECRET": secrets.token_hex(16),
            "INSTAGRAM_VERIFY_TOKEN": secrets.token_urlsafe(40),
        }
        server = create_engine(self.postgres_url, isolation_level="AUTOCOMMIT")
        with server.connect() as connection:
            connection.execute(text(f'CREATE DATABASE "{self.database}"'))
        try:
            self._start()
            yield self
        finally:
            self._end()
            with server.connect() as connection:
                connection.execute(text(f'DROP DATABASE IF EXISTS "{self.database}" WITH (FORCE)'))
            server.dispose()

    def _start(self):
        words = [str(ROOT / "deploy" / "redis" / "start.sh"), "--port", str(self.redis_port), "--bind", "127.0.0.1"]
        users = {"REDIS_SERVER": find_binary(), "REDIS_USERS": str(self.folder / "users.acl")}
        self._spawn("redis", [*words, "--save", "", "--dir", str(self.folder)], REDIS_PASSWORD=self.password, **users)
        self._spawn("demo", [sys.executable, "-m", "pilito.demo"], **self._demo_env())
        self.flask("db", "upgrade")
        self.flask(
            "operator", "add", "owner@shop.test", "--role", "owner", "--password-stdin", stdin="a long password\n"
        )
        token = self._demo_env()["PILITO_DEMO_TOKEN"]
        self.flask("inbox", "add", "instagram", "--name", "Shop", "--account-id", ACCOUNT, "--token", token)
        for name in ("web", "worker", "scheduler"):
            self._spawn(name, unit_command(name))
        self.wait_for(self.is_ready)

    def _demo_env(self):
        from pilito.demo.instagram import DEFAULT_TOKEN

        return {
            "PILITO_DEMO_PORT": str(self.demo_port),
            "PILITO_DEMO_STATE": str(self.folder / "demo.sqlite3"),
            "PILITO_DEMO_ACCOUNT_ID": ACCOUNT,
            "PILITO_DEMO_WEBHOOK_URL": f"{self.base}/webhooks/instagram",
            "PILITO_DEMO_TOKEN": DEFAULT_TOKEN,
        }

    def _spawn(self, name, words, **env):
        self.processes[name] = subprocess.Popen(
            words, cwd=ROOT, env=self.env(**env), stdout=self.log, stderr=subprocess.STDOUT
        )

    def restart(self, *names):
        """As `systemctl restart` does: SIGTERM, wait, start."""
        for name in names:
            self.processes[name].send_signal(signal.SIGTERM)
        for name in names:
            self.processes[name].wait(15)
            self._spawn(name, unit_command(name))
        self.wait_for(self.is_ready)

    def _end(self):
        """Those who work first, and only then what they need, as systemd does by the order of the units: a worker whose
        Redis is gone waits for it until its time to drain is over."""
        for names in (("scheduler", "worker", "web"), ("demo", "redis")):
            self._end_all([self.processes[name] for name in names if name in self.processes])
        self.log.close()

    def _end_all(self, processes):
        for process in processes:
            process.send_signal(signal.SIGTERM)
        for process in processes:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(12)
            if process.poll() is None:
                process.kill()

    def flask(self, *words, stdin=None):
        done = self.run([str(BIN / "flask"), *words], stdin=stdin)
        assert done.returncode == 0, f"flask {' '.join(words)}: {done.stdout}{done.stderr}"
        return done.stdout

    def run(self, words, stdin=None, **env):
        return subprocess.run(
            words, cwd=ROOT, env=self.env(**env), input=stdin, capture_output=True, text=True, timeout=90, check=False
        )

    def is_ready(self):
        with contextlib.suppress(requests.RequestException):
            return requests.get(f"{self.base}/readyz", timeout=3).json()["ready"]
        return False

    def wait_for(self, is_so, seconds=60):
        deadline = time.monotonic() + seconds
        while not is_so():
            assert time.monotonic() < deadline, self.output()[-4000:]
            time.sleep(0.1)

    def output(self):
        return (self.folder / "output.log").read_text()

    # --- the customer's side

    def control(self, path, **body):
        url = f"http://127.0.0.1:{self.demo_port}/instagram/control/{path}"
        answer = requests.post(url, json=body, timeout=10) if body else requests.get(url, timeout=10)
        answer.raise_for_status()
        return answer.json()

    def new_customer(self):
        return self.control("customers", language="fa")["customer"]["id"]

    def got(self, customer):
        rows = self.control(f"log?customer={customer}")["data"]
        return [row for row in rows if row["kind"] == "send_accepted"]

    @property
    def redis(self):
        return Redis(port=self.redis_port, username="pilito", password=self.password)
