"""rq-dashboard behind Pilito's door: who may, by which method, with which token, and nothing of it unpickles."""

import base64
import os
import pickle
import re
import time
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest
from redis import Redis
from rows import FreshClient, add_operator
from rq_dashboard import web

from pilito import audit, hints, keys
from pilito.blueprints import jobs_dashboard
from pilito.clock import utc_now
from pilito.database import NoTurn, transaction
from pilito.factory import bind_services
from pilito.hints import JsonJob
from pilito.lifecycle import Role
from pilito.models import Audit, db

VALUES = {
    "instance_number": "0",
    "queue_name": keys.REPLIES,
    "registry_name": "queued",
    "per_page": "8",
    "order": "asc",
    "page": "1",
    "job_id": "some-job",
    "filename": "js/jquery-3.5.1.min.js",
}
# Flask itself leads from these to `/rq/`.
ALIASES = {"/rq/0/", "/rq/0/view", "/rq/0/view/queues"}


@pytest.fixture(autouse=True)
def csrf_is_on(app):
    app.config["WTF_CSRF_ENABLED"] = True


@pytest.fixture
def log_in(app):
    """Return a browser in which a person of this role is logged in; None: nobody."""

    def make(role):
        client = FreshClient(app)
        if role is not None:
            with app.app_context(), transaction():
                session_id = add_operator(role).get_id()
            with client.session_transaction() as session:
                session.update({"_user_id": session_id, "_fresh": True})
        return client

    return make


@pytest.fixture
def admin(log_in):
    return log_in(Role.ADMIN)


@pytest.fixture
def job_id(app):
    with app.app_context():
        hints.hint(keys.REPLIES, keys.ANSWER_JOB, 17)
        return hints.queue(keys.REPLIES).get_job_ids()[0]


@pytest.fixture
def failed_id(app, job_id):
    """The job, failed."""
    with app.app_context():
        queue = hints.queue(keys.REPLIES)
        queue.pop_job_id()
        queue.failed_job_registry.add(JsonJob.fetch(job_id, connection=queue.connection), ttl=60)
    return job_id


def rows_of(app):
    """What the audit log says: which deed, of whom, with what."""
    with app.app_context():
        rows = db.session.query(Audit).order_by(Audit.id).all()
        return [(row.action, row.operator.role, row.details) for row in rows]


def token_of(client):
    """What the dashboard's own script sends: the cookie that its page came with."""
    client.get("/rq/")
    return {"X-CSRFToken": client.get_cookie("_csrf_token", path="/rq").value}


def routes(app):
    """Every route of the dashboard as (path, methods), its variables filled in."""
    for rule in app.url_map.iter_rules():
        if rule.endpoint.startswith("rq_dashboard."):
            yield re.sub(r"<(?:[^:<>]*:)?(\w+)>", lambda found: VALUES[found[1]], rule.rule), rule.methods


def pages(app):
    """What can be looked at."""
    return [path for path, methods in routes(app) if "GET" in methods and path not in ALIASES]


def changing(app):
    return [path for path, methods in routes(app) if "POST" in methods]


# --- who may ---------------------------------------------------------------------------------------------------------


def test_nobody_sees_any_page_without_a_log_in(app, log_in):
    client = log_in(None)

    answers = [client.get(path).status_code for path in pages(app)]

    assert len(answers) > 10
    assert set(answers) == {302}


@pytest.mark.parametrize("role", [Role.VIEWER, Role.AGENT])
def test_viewers_and_agents_see_no_page(app, log_in, role):
    client = log_in(role)

    answers = {client.get(path).status_code for path in pages(app)}

    assert answers == {403}


@pytest.mark.parametrize("role", [Role.VIEWER, Role.AGENT, None])
def test_others_change_nothing_even_with_a_token(app, log_in, admin, job_id, role):
    client = log_in(role)
    headers = token_of(admin)

    answers = {client.post(path, headers=headers).status_code for path in changing(app)}

    assert answers <= {400, 401, 403}
    with app.app_context():
        assert hints.queue(keys.REPLIES).get_job_ids() == [job_id]
    assert rows_of(app) == []


@pytest.mark.parametrize("role", [Role.VIEWER, Role.AGENT])
def test_others_change_nothing_and_leave_no_row_even_with_a_token_of_their_own(app, log_in, job_id, role):
    """One that counts: of a page of the panel."""
    client = log_in(role)
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get("/settings").text)[1]
    headers = {"X-CSRFToken": token}

    answers = {client.post(path.replace("some-job", job_id), headers=headers).status_code for path in changing(app)}

    assert answers == {403}
    with app.app_context():
        assert hints.queue(keys.REPLIES).get_job_ids() == [job_id]
    assert rows_of(app) == []


@pytest.mark.parametrize("role", [Role.ADMIN, Role.OWNER])
@pytest.mark.parametrize("path", ["/rq/", "/rq/0/view/jobs", "/rq/0/view/workers", "/rq/0/data/queues.json"])
def test_admins_and_owners_see_the_pages(log_in, role, path):
    assert log_in(role).get(path).status_code == 200


# --- what may change something ---------------------------------------------------------------------------------------


def test_a_changing_route_is_refused_by_get(app, admin, job_id):
    answers = {
        (path, method): admin.open(path, method=method).status_code
        for path in changing(app)
        for method in ("GET", "HEAD")
    }

    assert len(answers) >= 10
    assert set(answers.values()) == {405}


def test_a_changing_route_is_refused_without_a_token(app, admin, job_id):
    admin.get("/rq/")

    answers = {admin.post(path).status_code for path in changing(app)}

    assert answers == {400}
    with app.app_context():
        assert hints.queue(keys.REPLIES).get_job_ids() == [job_id]


def test_the_buttons_of_its_pages_work_with_the_token_its_script_sends(app, admin, job_id):
    deleted = admin.post(f"/rq/job/{job_id}/delete", headers=token_of(admin))

    assert (deleted.status_code, deleted.get_json()) == (200, {"status": "OK"})
    with app.app_context():
        assert hints.queue(keys.REPLIES).get_job_ids() == []


def test_failed_jobs_can_be_queued_again(app, admin, failed_id):
    answer = admin.post(f"/rq/requeue/{keys.REPLIES}", headers=token_of(admin))

    assert answer.get_json() == {"status": "OK", "count": 1}
    with app.app_context():
        queue = hints.queue(keys.REPLIES)
        assert queue.get_job_ids() == [failed_id]
        assert queue.fetch_job(failed_id).args == [17]


def test_the_cookie_for_the_script_is_sent_to_the_dashboard_only(admin):
    cookie = next(line for line in admin.get("/rq/").headers.getlist("Set-Cookie") if line.startswith("_csrf_token="))

    assert "Path=/rq" in cookie
    assert "SameSite=Strict" in cookie


def test_looking_at_a_queue_takes_nothing_off_it(app, admin):
    redis = app.extensions["pilito_redis"]
    redis.sadd("rq:queues", f"rq:queue:{keys.REPLIES}")
    redis.rpush(f"rq:queue:{keys.REPLIES}", "gone")

    assert admin.get(f"/rq/0/data/jobs/{keys.REPLIES}/queued/8/asc/1.json").get_json()["jobs"] == []
    assert redis.lrange(f"rq:queue:{keys.REPLIES}", 0, -1) == [b"gone"]


# --- what is kept of it ----------------------------------------------------------------------------------------------


def test_every_route_that_changes_something_has_its_deed(app):
    """A new version of the dashboard may bring another."""
    endpoints = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("rq_dashboard.") and "POST" in rule.methods
    }

    assert endpoints == set(jobs_dashboard.DEEDS)


@pytest.mark.parametrize(
    ("path", "action", "details"),
    [
        ("/rq/job/{job}/delete", "job_deleted", {"job": "{job}", "queue": keys.REPLIES}),
        ("/rq/job/{job}/requeue", "job_requeued", {"job": "{job}", "queue": keys.REPLIES}),
        (f"/rq/requeue/{keys.REPLIES}", "jobs_requeued", {"queue": keys.REPLIES}),
        (f"/rq/queue/{keys.REPLIES}/failed/empty", "queue_emptied", {"queue": keys.REPLIES, "list": "failed"}),
        (f"/rq/queue/{keys.REPLIES}/compact", "queue_compacted", {"queue": keys.REPLIES}),
    ],
)
def test_a_deed_leaves_one_row_with_who_what_and_which(app, admin, failed_id, path, action, details):
    with app.app_context():
        hints.hint(keys.REPLIES, keys.ANSWER_JOB, 18)  # RQ cannot compact a queue of none

    answer = admin.post(path.format(job=failed_id), headers=token_of(admin))

    assert answer.get_json()["status"] == "OK"
    named = {name: value.format(job=failed_id) for name, value in details.items()}
    assert rows_of(app) == [(action, Role.ADMIN, named)]


def test_a_row_says_when_and_from_where_and_stands_in_the_chain(app, admin, job_id):
    before = utc_now()
    admin.post(f"/rq/job/{job_id}/delete", headers=token_of(admin))

    with app.app_context():
        row = db.session.query(Audit).one()
        assert before <= row.at <= utc_now()
        assert row.address == "127.0.0.1"
        assert audit.seal(utc_now()) == 1
        assert audit.verify().problems == []


def test_the_audit_log_tells_it_in_words(admin, job_id):
    admin.post(f"/rq/queue/{keys.REPLIES}/failed/empty", headers=token_of(admin))

    page = admin.get("/settings/audit").text

    assert "یک فهرست از کارهای صف را خالی کرد" in page
    assert f"صف: {keys.REPLIES} · فهرست: failed" in page


def test_looking_leaves_no_row(app, admin, job_id):
    for path in pages(app):
        admin.get(path.replace("some-job", job_id))

    assert rows_of(app) == []


def test_a_refused_deed_leaves_no_row(app, admin, failed_id):
    path = f"/rq/job/{failed_id}/delete"
    headers = token_of(admin)

    refused = [admin.post(path), admin.get(path), admin.post("/rq/job/nothing/requeue", headers=headers)]

    assert [answer.status_code for answer in refused] == [400, 405, 404]
    assert rows_of(app) == []


def test_a_deed_of_which_no_row_can_be_kept_is_not_done(app, admin, job_id, monkeypatch):
    headers = token_of(admin)

    def away(*_args, **_options):
        raise NoTurn("Somebody else held it.")

    monkeypatch.setattr(jobs_dashboard, "transaction", away)
    answer = admin.post(f"/rq/job/{job_id}/delete", headers=headers)

    assert answer.status_code == 503
    with app.app_context():
        assert hints.queue(keys.REPLIES).get_job_ids() == [job_id]


def test_a_row_holds_no_more_of_an_address_than_a_name_is_long(app, admin):
    admin.post(f"/rq/queue/{'x' * 5000}/failed/empty", headers=token_of(admin))

    [(_action, _role, details)] = rows_of(app)
    assert details == {"queue": "x" * jobs_dashboard.LONGEST_NAME, "list": "failed"}


# --- what it shows ---------------------------------------------------------------------------------------------------


def test_a_queued_job_is_listed(admin, job_id):
    listed = admin.get(f"/rq/0/data/jobs/{keys.REPLIES}/queued/8/asc/1.json").get_json()["jobs"]
    shown = admin.get(f"/rq/0/data/job/{job_id}.json").get_json()

    assert [job["id"] for job in listed] == [job_id]
    assert (shown["origin"], shown["description"]) == (keys.REPLIES, f"{keys.ANSWER_JOB}(17)")
    assert admin.get(f"/rq/0/view/job/{job_id}").status_code == 200


def test_every_queue_is_listed_though_nothing_was_ever_put_into_it(admin):
    listed = admin.get("/rq/0/data/queues.json").get_json()["queues"]

    assert {queue["name"] for queue in listed} == set(keys.QUEUES)


def test_the_jobs_that_wait_for_their_time_are_shown_with_their_queue(app, admin):
    with app.app_context():
        for number in (2, 1):
            when = datetime(2030, 1, 1, tzinfo=UTC) + timedelta(minutes=number)
            hints.hint_at(when, keys.share_timeout_job(number), keys.SHARES, keys.SHARE_TIMEOUT_JOB, 1, number)

    listed = admin.get(f"/rq/0/data/jobs/{keys.SHARES}/scheduled/8/asc/1.json").get_json()
    others = admin.get(f"/rq/0/data/jobs/{keys.REPLIES}/scheduled/8/asc/1.json").get_json()
    queues = {queue["name"]: queue for queue in admin.get("/rq/0/data/queues.json").get_json()["queues"]}
    shown = admin.get("/rq/0/data/job/share-timeout-1.json").get_json()

    assert [job["id"] for job in listed["jobs"]] == ["share-timeout-1", "share-timeout-2"]
    assert others["jobs"] == []
    assert queues[keys.SHARES]["scheduled_job_registry_count"] == 2
    assert keys.SHARE_TIMEOUT_JOB in shown["description"]


def test_every_page_opens_on_our_own_redis_whatever_its_address(app, admin, job_id, redis_url):
    app.extensions["pilito_redis"] = Redis.from_url(redis_url)

    paths = [path.replace("some-job", job_id) for path in pages(app) if path not in changing(app)]
    answers = {path: admin.get(path).status_code for path in paths}

    assert set(answers.values()) == {200}


def test_the_address_of_redis_is_not_shown(admin, redis_url):
    assert redis_url.split("?")[0] not in admin.get("/rq/").text


def test_an_exception_of_a_job_is_shown_as_text(app, admin, job_id):
    text = "<img src=x onerror=alert(1)>"
    app.extensions["pilito_redis"].hset(JsonJob.key_for(job_id), "description", text)

    shown = admin.get(f"/rq/0/data/job/{job_id}.json").get_json()

    assert shown["description"] == "&lt;img src=x onerror=alert(1)&gt;"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/rq/0/view/job/nothing", 404),
        ("/rq/0/data/job/nothing.json", 404),
        ("/rq/0/view/job/" + quote("a b"), 404),
        ("/rq/1/view/queues", 404),
        (f"/rq/0/data/jobs/{keys.REPLIES}/queued/x/asc/1.json", 404),
        (f"/rq/0/data/jobs/{keys.REPLIES}/nothing/8/asc/1.json", 404),
    ],
)
def test_an_address_that_names_nothing_is_answered_in_words(admin, path, status):
    assert admin.get(path).status_code == status


def test_redis_away_is_answered_in_words(app, admin, make_settings, free_port):
    bind_services(app, make_settings(redis_url=f"redis://127.0.0.1:{free_port}/0"))
    app.redis_conn = app.extensions["pilito_redis"]

    assert admin.get("/rq/0/data/queues.json").status_code == 503


# --- scripts ---------------------------------------------------------------------------------------------------------


def test_its_inline_script_runs_and_no_other_does(admin):
    response = admin.get("/rq/")

    policy = response.headers["Content-Security-Policy"]
    nonce = re.search(r"script-src 'self' 'nonce-([\w-]+)' 'unsafe-eval';", policy)[1]
    inline = re.findall(r"<script(?![^>]*(?:src=|text/template))([^>]*)>", response.text)
    assert inline == [f' nonce="{nonce}" type="text/javascript"']


def test_the_policy_is_eased_for_the_dashboard_only(admin):
    assert "unsafe" not in admin.get("/healthz").headers["Content-Security-Policy"]


def test_its_pages_hold_nothing_that_the_policy_would_stop(admin, job_id):
    for path in ("/rq/", "/rq/0/view/jobs", "/rq/0/view/workers", f"/rq/0/view/job/{job_id}"):
        page = admin.get(path).text

        assert not re.search(r"\son\w+=", page)
        assert not re.findall(
            r"(?:src|href)=\"(?:https?:)?//(?!github\.com|python-rq)", page.replace("http://python-rq", "")
        )


# --- pickle ----------------------------------------------------------------------------------------------------------


class Canary:
    """Makes a file when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def test_nothing_of_it_unpickles(app, admin, tmp_path):
    canary = tmp_path / "canary"
    poison = pickle.dumps(Canary(canary))
    redis = app.extensions["pilito_redis"]
    paths = [(path, methods) for path, methods in routes(app) if "static" not in path]
    headers = token_of(admin)

    for registry in ("queued", "failed", "started", "finished", "deferred", "scheduled", "canceled"):
        for path, methods in paths:
            plant(redis, poison)
            address = path.replace("/queued/", f"/{registry}/")
            answer = admin.post(address, headers=headers) if "POST" in methods else admin.get(address)
            assert answer.status_code < 500, address

    assert not canary.exists()
    pickle.loads(poison)
    assert canary.exists()


def test_a_job_that_is_not_json_is_listed_nonetheless(app, admin):
    plant(app.extensions["pilito_redis"], b"not JSON \xff")

    listed = admin.get(f"/rq/0/data/jobs/{keys.REPLIES}/queued/8/asc/1.json").get_json()["jobs"]
    shown = admin.get("/rq/0/data/job/some-job.json").get_json()
    workers = admin.get("/rq/0/data/workers.json").get_json()["workers"]

    assert [job["id"] for job in listed] == ["some-job"]
    assert (shown["id"], shown["result"]) == ("some-job", None)
    assert workers[0]["current_job"]["job_id"] == "some-job"


def plant(redis, poison):
    """Put a pickled job into every place where RQ keeps one, a worker that runs it, and its result."""
    name = keys.REPLIES
    fields = {"data": poison, "meta": poison, "result": poison, "origin": name, "status": "failed", "description": "x"}
    redis.hset("rq:job:some-job", mapping=fields)
    redis.xadd("rq:results:some-job", {"type": "1", "return_value": base64.b64encode(poison)})
    redis.sadd("rq:queues", f"rq:queue:{name}")
    redis.rpush(f"rq:queue:{name}", "some-job")
    for prefix in ("failed", "finished", "deferred", "scheduled", "canceled", "wip"):
        redis.zadd(f"rq:{prefix}:{name}", {"some-job": time.time() + 60})
    redis.sadd("rq:workers", "rq:worker:w")
    redis.hset("rq:worker:w", mapping={"queues": name, "state": "busy"})
    redis.sadd("rq:worker:w:executions", "some-job:e")
    times = {"created_at": time.time(), "last_heartbeat": time.time()}
    redis.hset("rq:execution:some-job:e", mapping={"job_id": "some-job", "worker_name": "w", **times})


def test_the_names_it_looks_up_are_ours():
    for name in ("Job", "Queue", "Worker", "ScheduledJobRegistry", "requeue_job", "from_url"):
        assert getattr(web, name).__module__ == "pilito.blueprints.jobs_dashboard"
