"""`make run` as a newcomer gets it: the whole system in processes of its own, and kill -9 of any of them."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests

ROOT = Path(__file__).parents[1]
START_SECONDS = 60
QUESTION = "این لباس چقدره؟"


class Run:
    """A system started by `python -m pilito.launch`, which is what `make run` calls, in a folder of its own."""

    def __init__(self, folder: Path, port: int):
        self.folder, self.port = folder, port
        self.base = f"http://127.0.0.1:{port}"
        self.process = None

    def start(self):
        self.output = (self.folder / "output.log").open("a")
        env = {
            name: value for name, value in os.environ.items() if not name.startswith(("OPENAI_", "REDIS_", "DATABASE_"))
        }
        env |= {
            "PILITO_VAR": str(self.folder / "var"),
            "PORT": str(self.port),
            "WEB_PROCESSES": "1",
            "WORKER_CONCURRENCY": "4",
            "SHARE_WAIT_SECONDS": "4",
            "REPLY_QUIET_SECONDS": "0.5",
            "PILITO_DEMO_MODEL_DELAY_SECONDS": "1.5",
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "pilito.launch"], cwd=ROOT, env=env, stdout=self.output, stderr=subprocess.STDOUT
        )
        wait_for(self.is_ready, START_SECONDS, self.log)

    def is_ready(self):
        try:
            return requests.get(f"{self.base}/readyz", timeout=2).json()["ready"]
        except requests.RequestException:
            return False

    def log(self):
        return (self.folder / "output.log").read_text()[-4000:]

    def stop(self):
        """Press Ctrl-C; return the seconds until everything was gone."""
        started = time.monotonic()
        self.process.send_signal(signal.SIGINT)
        self.process.wait(30)
        return time.monotonic() - started

    @property
    def settings(self):
        lines = (self.folder / "var" / "run.env").read_text().splitlines()
        return dict(line.replace("'", "").split("=", 1) for line in lines)

    # --- the customer's side, on the demo's own controls

    def control(self, path, **body):
        url = f"{self.settings['PILITO_DEMO_URL']}/instagram/control/{path}"
        answer = requests.post(url, json=body, timeout=10) if body else requests.get(url, timeout=10)
        answer.raise_for_status()
        return answer.json()

    def new_customer(self):
        return self.control("customers", language="fa")["customer"]["id"]

    def send(self, customer, kind, **fields):
        return self.control("send", customer=customer, kind=kind, **fields)

    def got(self, customer):
        """What the provider accepted for this customer: the ground truth."""
        log = self.control(f"log?customer={customer}")["data"]
        return [row for row in log if row["kind"] == "send_accepted"]

    # --- the processes

    def pids(self, name):
        """The processes of one program, by supervisor's own word."""
        found = subprocess.run(
            ["ps", "-ww", "-eo", "pid,ppid,args"], capture_output=True, text=True, check=True
        ).stdout.splitlines()[1:]
        rows = [line.split(None, 2) for line in found]
        words = {"web": "gunicorn", "worker": "flask worker", "scheduler": "flask scheduler", "redis": "-server "}
        children = [row for row in rows if row[1] == str(self.process.pid)]
        return [int(row[0]) for row in children if words[name] in row[2]]

    def descendants(self):
        rows = [
            line.split()
            for line in subprocess.run(
                ["ps", "-eo", "pid,ppid"], capture_output=True, text=True, check=True
            ).stdout.splitlines()[1:]
        ]
        family, grown = {str(self.process.pid)}, True
        while grown:
            more = {pid for pid, parent in rows if parent in family} - family
            family |= more
            grown = bool(more)
        return {int(pid) for pid in family}


def wait_for(is_so, seconds, explain=lambda: ""):
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, f"Not within {seconds} s.\n{explain()}"
        time.sleep(0.1)


def is_alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    run = Run(tmp_path_factory.mktemp("run"), port)
    run.start()
    yield run
    if run.process.poll() is None:
        run.stop()


@pytest.mark.timeout(180)
def test_the_three_scenarios_and_a_kill_of_every_process(run):
    """Shares wait and questions are being answered while web, worker, scheduler and Redis are killed in turn."""
    greeter = run.new_customer()
    run.send(greeter, "text", text="سلام")
    wait_for(lambda: len(run.got(greeter)) == 1, 15, run.log)

    lone, asking = [], []
    for victim in ("scheduler", "redis", "web", "worker"):
        lone.append(run.new_customer())
        asking.append(run.new_customer())
        run.send(lone[-1], "ig_reel", post_id="bag")
        run.send(asking[-1], "ig_post", post_id="dress")
        run.send(asking[-1], "text", text=QUESTION)
        time.sleep(1.2)  # the quiet period is over and the model at work
        (pid,) = run.pids(victim)
        os.kill(pid, signal.SIGKILL)

    wait_for(lambda: all(run.got(customer) for customer in asking), 60, run.log)
    time.sleep(6)  # time for a second answer, and for an answer to a lone share

    assert [len(run.got(customer)) for customer in asking] == [1, 1, 1, 1], run.log()
    assert [len(run.got(customer)) for customer in lone] == [0, 0, 0, 0]
    assert len(run.got(greeter)) == 1
    wait_for(run.is_ready, 20, run.log)
    stats = run_flask(run, "shell", stdin=STATS)
    assert "waiting 0 expired 4 combined 4" in stats


STATS = (
    "from pilito.queries.stats import summary\n"
    "s = summary()['shares']; print('waiting', s['waiting'], 'expired', s['expired'], 'combined', s['combined'])\n"
)


def run_flask(run, *words, stdin=None):
    env = {**os.environ, "PILITO_VAR": str(run.folder / "var")}
    flask = str(Path(sys.executable).with_name("flask"))
    return subprocess.run(
        [flask, *words], cwd=ROOT, env=env, input=stdin, capture_output=True, text=True, timeout=60, check=False
    ).stdout


@pytest.mark.timeout(120)
def test_a_second_start_from_the_same_folder_is_refused_with_a_sentence(run):
    env = {**os.environ, "PILITO_VAR": str(run.folder / "var"), "PORT": "1"}

    second = subprocess.run(
        [sys.executable, "-m", "pilito.launch"],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert second.returncode == 1
    assert "Pilito runs from this folder already" in second.stderr


@pytest.mark.timeout(120)
def test_doctor_is_content_with_a_running_system(run):
    said = run_flask(run, "doctor")

    assert "WRONG" not in said
    assert "scheduler: ok" in said


@pytest.mark.timeout(120)
def test_ctrl_c_leaves_nothing_behind_and_the_next_start_finds_yesterdays_data(run):
    family = run.descendants()
    customer = run.new_customer()

    seconds = run.stop()
    left = [pid for pid in family if is_alive(pid)]
    run.start()

    assert seconds < 15
    assert left == []
    assert customer in [one["id"] for one in run.control("state")["customers"]]
    assert int(run_flask(run, "shell", stdin=COUNT).split("count=")[1].split()[0]) > 8


COUNT = "from pilito.models import Message; print('count=%d' % Message.query.count())\n"
