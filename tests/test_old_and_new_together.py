"""A deploy: the version before works on beside this one, on tables that this one has migrated already, with one Redis.

The version before is one of this very repository: as it was before its newest migration came. Its web server and its
worker are processes of its own, and so are this one's. Customers write to both, and under way the old ones are asked to
end. Each question is answered once, whoever took it.
"""

import contextlib
import hashlib
import hmac
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests
from fakes import held_port
from rq import Worker
from rq.serializers import JSONSerializer
from shop import reel, text, webhook

from pilito import hints, keys
from pilito.clock import utc_now
from pilito.config import ROOT
from pilito.conversations.sweep import sweep
from pilito.hints import JsonJob
from pilito.lifecycle import DeliveryState, TurnState, WebhookState
from pilito.models import Conversation, Customer, Delivery, Message, Turn, Webhook, db

pytestmark = pytest.mark.whole

SECRET = "a secret of processes of the tests"
NEEDED = ("pilito", "deploy", "migrations", "wsgi.py", "VERSION")
START_SECONDS, END_SECONDS = 120, 90
STOP_SECONDS = 40  # that a worker stops within ten is shown in test_run.py; here the machine has two systems at once
CUSTOMERS = 24  # each third asks about a post
OPENED_BY_OLD = range(CUSTOMERS // 2)  # who has written before the old ones are asked to end


def git(*words):
    return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, check=True).stdout


@pytest.fixture(scope="session")
def old_code(tmp_path_factory):
    """The version before this one's newest migration."""
    try:
        came = git("log", "-1", "--diff-filter=A", "--format=%H", "--", "migrations/versions").decode().strip()
        packed = git("archive", f"{came}^", *NEEDED)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("There is no history here to take the version before from (a tarball, or a clone without depth).")
    folder = tmp_path_factory.mktemp("old")
    subprocess.run(["tar", "-x", "-C", folder], input=packed, check=True)  # Python's own is safe from 3.11.4 on
    newest = [max(path.name for path in (root / "migrations/versions").glob("0*.py")) for root in (folder, ROOT)]
    assert newest[0] < newest[1]
    return folder


class Version:
    """One version's web server and worker."""

    def __init__(self, code, environment, port, log):
        self.code, self.port, self.log = code, port, log
        self.environment = environment | {"PORT": str(port), "PYTHONPATH": str(code)}
        self.web = self.worker = None

    def start(self):
        folder = Path(sys.executable).parent
        web = [folder / "gunicorn", "--config", self.code / "deploy/gunicorn.conf.py", "--workers", "1", "wsgi:app"]
        self.web, self.worker = self._run(web), self._run([folder / "flask", "worker"])

    def _run(self, words):
        return subprocess.Popen(
            [str(word) for word in words], cwd=self.code, env=self.environment, stdout=self.log, stderr=self.log
        )

    def lives(self):
        with contextlib.suppress(requests.RequestException):
            return requests.get(f"http://127.0.0.1:{self.port}/healthz", timeout=2).ok
        return False

    def post(self, raw):
        """Tell whether it was taken; the provider repeats what was not."""
        signature = "sha256=" + hmac.new(SECRET.encode(), raw, hashlib.sha256).hexdigest()
        headers = {"X-Hub-Signature-256": signature, "Content-Type": "application/json"}
        with contextlib.suppress(requests.RequestException):
            url = f"http://127.0.0.1:{self.port}/webhooks/instagram"
            return requests.post(url, data=raw, headers=headers, timeout=5).status_code == 200
        return False

    def ask_to_end(self):
        for process in (self.web, self.worker):
            process.terminate()

    def end(self):
        for process in (self.web, self.worker):
            if process is not None and process.poll() is None:
                process.kill()
                process.wait(10)


@pytest.fixture
def shop(make_shop):
    shop = make_shop(reply_quiet_seconds=0)
    shop.model.delay_seconds = 0.2  # so that answers are under way when the old worker is asked to end
    return shop


@pytest.fixture
def versions(shop, old_code, tmp_path):
    """The old one and the new one, both at work; the tables are the new one's."""
    settings = shop.app.extensions["pilito_settings"]
    names = (
        "database_url", "redis_url", "secret_key", "instagram_verify_token", "openai_api_key", "openai_base_url",
        "instagram_graph_url", "facebook_graph_url", "reply_quiet_seconds", "media_url",
    )  # fmt: skip
    environment = {name.upper(): str(getattr(settings, name)) for name in names}
    environment |= {
        "ENCRYPTION_KEYS": ",".join(settings.encryption_keys),
        "INSTAGRAM_APP_SECRET": SECRET,
        "WORKER_CONCURRENCY": "4",
        "PILITO_VAR": str(tmp_path),
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
    }
    with held_port() as old_port, held_port() as new_port, (tmp_path / "said.log").open("w") as log:
        old, new = Version(old_code, environment, old_port, log), Version(ROOT, environment, new_port, log)
        try:
            old.start()
            new.start()
            wait_for(lambda: old.lives() and new.lives() and len(workers_of(shop, keys.REPLIES)) >= 8, START_SECONDS)
            yield old, new
        finally:
            old.end()
            new.end()


def wait_for(is_so, timeout):
    deadline = time.monotonic() + timeout
    while not is_so():
        assert time.monotonic() < deadline, "It did not happen in time."
        time.sleep(0.1)


def workers_of(shop, queue):
    """Names of the workers on this queue, which hold the id of their process."""
    connection = shop.app.extensions["pilito_redis"]
    found = Worker.all(connection=connection, job_class=JsonJob, serializer=JSONSerializer)
    return {worker.name for worker in found if queue in worker.queue_names()}


def processes_that_worked(shop):
    """By what RQ keeps of the jobs that are done."""
    connection = shop.app.extensions["pilito_redis"]
    names = set()
    for queue in (keys.RECEIVE, keys.REPLIES):
        for job_id in hints.queue(queue).finished_job_registry.get_job_ids():
            with contextlib.suppress(Exception):  # it was forgotten meanwhile
                names.add(JsonJob.fetch(job_id, connection=connection).worker_name or "")
    return {int(name.split("-")[1]) for name in names if name}


class Customers:
    """Each writes to one of the two by turns; what is not taken is posted again, to the other too."""

    def __init__(self, shop, old, new):
        self.shop, self.turns = shop, (old, new)
        self.ids = [f"7{number:014}" for number in range(CUSTOMERS)]

    def write(self, number):
        customer, at = self.ids[number], utc_now()
        if number % 3 == 0:
            self.post(number, reel(at, mid=f"post-{number}", customer=customer))
            number += 1  # so the question goes to the other one
        self.post(number, text("این چنده؟", at, mid=f"question-{customer}", customer=customer))

    def post(self, number, item):
        raw = json.dumps(webhook(item)).encode()
        for attempt in range(20):
            if self.turns[(number + attempt) % 2].post(raw):
                return
            time.sleep(0.2)
        raise AssertionError("It was never taken.")

    def are_answered(self):
        sweep(utc_now())  # the scheduler's part
        answered = {one["to"] for one in self.shop.graph.sent}
        return answered >= set(self.ids) and states(Turn) == {TurnState.ANSWERED} and not unfinished()


def states(table):
    db.session.rollback()
    return set(db.session.scalars(db.select(table.state)))


def unfinished():
    return states(Webhook) - {WebhookState.READ} | states(Delivery) - {DeliveryState.SENT}


@pytest.mark.timeout(240)
def test_each_question_is_answered_once_while_old_and_new_work_side_by_side(shop, versions, tmp_path):
    old, new = versions
    customers = Customers(shop, old, new)

    for number in OPENED_BY_OLD:
        customers.write(number)
    wait_for(lambda: old.worker.pid in processes_that_worked(shop), END_SECONDS)
    old.ask_to_end()
    for number in range(len(OPENED_BY_OLD), CUSTOMERS):
        customers.write(number)
    codes = [process.wait(STOP_SECONDS) for process in (old.web, old.worker)]
    try:
        wait_for(customers.are_answered, END_SECONDS)
    except AssertionError:
        raise AssertionError((tmp_path / "said.log").read_text()[-6000:]) from None

    assert codes == [0, 0]
    sent = [one["to"] for one in shop.graph.sent]
    assert sorted(sent) == sorted(customers.ids), "Somebody was answered twice."
    assert {old.worker.pid, new.worker.pid} <= processes_that_worked(shop)
    asked = db.session.execute(
        db.select(Customer.external_id, Message.content)
        .join(Conversation, Message.conversation_id == Conversation.id)
        .join(Customer, Conversation.customer_id == Customer.id)
        .where(Message.external_id.startswith("question-"))
    ).all()
    assert len(asked) == CUSTOMERS
    about_a_post = {customer for customer, content in asked if content.startswith("[CONTEXT: پست/ریلز")}
    assert about_a_post == set(customers.ids[::3])
