"""The doctor names each thing that is taken away, and what to do. That it is content when all is there is shown on a
running system, in tests/test_run.py."""

import json
import shutil
import threading
import time
from collections import namedtuple
from datetime import timedelta

import pytest
from fakes import serve_one
from meta import RETURN
from rows import NOON, add, add_inbox, add_media, add_source
from shop import BurstWorker

from pilito import doctor, hints, keys
from pilito.clock import utc_now
from pilito.conversations import media_mark
from pilito.conversations.connect import connect_by_code
from pilito.database import transaction
from pilito.doctor import accounts, machine, processes, stores
from pilito.doctor.finding import Finding
from pilito.factory import bind_services
from pilito.hints import JsonJob
from pilito.jobs.scheduler import Timer
from pilito.lifecycle import InboxState, MediaKind, MediaState, SourceKind, SourceState
from pilito.models import Backup, Inbox, ModelUse, db

pytestmark = pytest.mark.sqlite_only
Usage = namedtuple("Usage", "total used free")


def one(look):
    (finding,) = look()
    return finding


@pytest.fixture
def redis(app):
    return app.extensions["pilito_redis"]


@pytest.fixture
def processes_alive(monkeypatch):
    monkeypatch.setattr(processes, "readiness", lambda: {"scheduler": "ok", "workers": "ok"})


# --- Redis -----------------------------------------------------------------------------------------------------------


def test_a_policy_that_throws_jobs_away_is_named(redis):
    redis.config_set("maxmemory-policy", "allkeys-lru")
    try:
        findings = {finding.name: finding for finding in stores.look_at_redis_keys()}
    finally:
        redis.config_set("maxmemory-policy", "noeviction")

    assert not findings["redis eviction"].ok
    assert "allkeys-lru" in findings["redis eviction"].text
    assert findings["redis keys"].ok


def test_a_redis_that_forgets_is_named(redis):
    findings = {finding.name: finding for finding in stores.look_at_redis_keys()}

    assert "Set appendonly yes" in findings["redis persistence"].text  # the tests' own server keeps nothing


def test_redis_away_is_one_reason_and_no_crash(app, make_settings, free_port):
    bind_services(app, make_settings(redis_url=f"redis://127.0.0.1:{free_port}/0"))

    findings = {finding.name: finding for finding in doctor.examine()}

    assert "Redis cannot be reached" in findings["redis"].text
    assert not findings["queues"].ok
    assert findings["database"].ok


def test_tables_of_another_version_are_named(app, monkeypatch):
    from pilito.blueprints import health

    monkeypatch.setattr(health, "newest_revision", lambda: "9999")

    findings = {finding.name: finding for finding in stores.look_at_parts()}

    assert "flask db upgrade" in findings["migrations"].text


# --- queues and scheduler --------------------------------------------------------------------------------------------


def test_a_job_that_waits_too_long_is_named(app, monkeypatch):
    hints.hint(keys.REPLIES, keys.ANSWER_JOB, 1)
    job = hints.queue(keys.REPLIES).get_job_ids()[0]
    old = (utc_now() - timedelta(minutes=5)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    app.extensions["pilito_redis"].hset(JsonJob.key_for(job), "enqueued_at", old)

    finding = one(processes.look_at_queues)

    assert not finding.ok
    assert "replies (1 jobs, 300 s)" in finding.text


def test_two_schedulers_are_one_too_many(redis, monkeypatch):
    monkeypatch.setattr(processes.time, "sleep", lambda _seconds: None)
    first, second = Timer(), Timer()
    first.tick(time.time())
    alone = one(processes.look_at_schedulers)
    second.tick(time.time())
    doubled = one(processes.look_at_schedulers)
    second.release()
    again = one(processes.look_at_schedulers)

    assert (alone.ok, doubled.ok, again.ok) == (True, False, True)
    assert "2 schedulers run" in doubled.text


def test_a_share_expiry_goes_through_scheduler_and_worker(app, redis, processes_alive):
    done = threading.Event()

    def run():
        with app.app_context():
            timer = Timer()
            while not done.is_set():
                timer.tick(time.time())
                if hints.queue(keys.SHARES).count:
                    BurstWorker(app, keys.SHARES, redis).work(burst=True)
                time.sleep(0.02)

    thread = threading.Thread(target=run)
    thread.start()
    finding = one(processes.try_a_share_expiry)
    done.set()
    thread.join()

    assert finding.ok, finding
    assert "there and back" in finding.text


@pytest.mark.parametrize(("ticks", "said"), [(False, "restart `flask scheduler`"), (True, "restart `flask worker`")])
def test_a_share_expiry_says_where_it_stayed(app, processes_alive, monkeypatch, ticks, said):
    monkeypatch.setattr(processes, "JOURNEY_SECONDS", 0.5)
    real, timer = processes.time.sleep, Timer()
    monkeypatch.setattr(
        processes.time, "sleep", lambda seconds: timer.tick(time.time() + 1) if ticks else real(seconds)
    )

    finding = one(processes.try_a_share_expiry)

    assert not finding.ok
    assert said in finding.text


def test_without_a_scheduler_the_journey_is_not_tried(app):
    assert "Not tried" in one(processes.try_a_share_expiry).text


# --- the world outside -----------------------------------------------------------------------------------------------


class Public:
    said, status = b"1158201444", 200

    def look_up(self, _path):
        return self.status, self.said


@pytest.fixture
def connected(meta, make_settings, make_app):
    with serve_one(Public()) as url:
        app = make_app(make_settings(public_url=url, **meta.settings))
        connect_by_code("instagram", meta.code(), RETURN, None, utc_now())
        yield app


def test_a_connected_account_is_content(connected):
    finding = one(accounts.look_at_inboxes)

    assert finding.ok, finding
    assert "subscription" in finding.text
    assert one(accounts.look_at_address).ok


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"scopes": ["instagram_business_basic"]}, "scopes: Not allowed"),
        ({"token_expires_at": utc_now() + timedelta(days=3)}, "Its token ends on"),
        ({"state": InboxState.STOPPED, "stop_reason": "token_expired"}, "cannot send"),
        ({"token_encrypted": b"nonsense"}, "ENCRYPTION_KEYS"),
    ],
)
def test_what_is_wrong_with_an_account_is_named(connected, change, said):
    with transaction():
        inbox = db.session.scalars(db.select(Inbox)).one()
        for name, value in change.items():
            setattr(inbox, name, value)

    finding = one(accounts.look_at_inboxes)

    assert not finding.ok
    assert said in finding.text


def test_a_subscription_that_is_gone_is_named(connected, meta):
    meta.script(drop_subscription=True)

    finding = one(accounts.look_at_inboxes)

    assert not finding.ok


def test_a_shop_that_could_not_be_read_for_long_is_named(app):
    before = one(accounts.look_at_sources).ok
    with transaction():
        late = {"state": SourceState.FAILED, "failures": 9, "error": "unreachable", "every_hours": 1}
        add_source(kind=SourceKind.SHOPIFY, name="shop.test", checked_at=NOON + timedelta(hours=25), **late)

    finding = one(accounts.look_at_sources)

    assert before
    assert not finding.ok
    assert "shop.test (unreachable)" in finding.text


def test_an_address_that_does_not_shake_hands_is_named(connected, make_settings, free_port):
    bind_services(connected, make_settings(public_url=f"http://127.0.0.1:{free_port}"))
    away = one(accounts.look_at_address)
    Public.status = 403
    try:
        refused = one(accounts.look_at_address)
    finally:
        Public.status = 200

    assert "could not be reached" in away.text
    assert not refused.ok


def test_a_model_that_does_not_answer_is_named(shop):
    assert one(accounts.ask_the_model).ok
    shop.model.default = lambda _payload: (401, {"error": {"message": "no"}})

    finding = one(accounts.ask_the_model)

    assert not finding.ok
    assert "OPENAI_API_KEY" in finding.text


def test_a_budget_that_is_used_up_is_named(shop, monkeypatch):
    with transaction():
        db.session.add(ModelUse(at=utc_now(), model="small", tokens=1500, cost_micros=None))
    services = shop.app.extensions
    free = one(accounts.look_at_the_budget)
    limits = {"model_tokens_per_day": 1500, "model_budget_per_day": 1.0}
    monkeypatch.setitem(services, "pilito_settings", services["pilito_settings"].model_copy(update=limits))

    finding = one(accounts.look_at_the_budget)

    assert free.ok
    assert not finding.ok
    assert "MODEL_TOKENS_PER_DAY" in finding.text


# --- this machine ----------------------------------------------------------------------------------------------------


def test_a_clock_that_is_off_is_named(app, monkeypatch):
    monkeypatch.setattr(machine, "_provider_time", lambda: time.time() - 45)

    finding = one(machine.compare_clocks)

    assert not finding.ok
    assert "-45 s at Instagram" in finding.text


def test_the_providers_clock_is_read_from_its_answer(connected):
    assert abs(machine._provider_time() - time.time()) < 3
    assert one(machine.compare_clocks).text == "ok"


def test_a_full_disk_is_named(app, monkeypatch):
    monkeypatch.setattr(machine.shutil, "disk_usage", lambda _path: Usage(10**12, 0, 30 * 1024**2))

    findings = list(machine.look_at_disks())

    assert findings
    assert all("Only 30 MiB are free" in finding.text for finding in findings)


def test_every_disk_is_looked_at_once(app):
    assert len({finding.name for finding in machine.look_at_disks()}) == len(list(machine.look_at_disks()))
    assert shutil.disk_usage("/").total > 0


def production(make_settings, **changes):
    secrets = {"secret_key": "s" * 40, "instagram_verify_token": "v" * 40}
    return make_settings(pilito_env="production", **secrets | changes)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "Meta posts to https only"),
        ({"public_url": "https://inbox.example.com"}, "TRUSTED_PROXIES is 0"),
    ],
)
def test_settings_that_are_weak_in_production_are_named(app, make_settings, changes, said):
    bind_services(app, production(make_settings, **changes))

    findings = {finding.name: finding for finding in machine.look_at_settings()}

    assert said in findings["settings"].text
    assert not findings["settings"].ok


# --- the mark in a bucket --------------------------------------------------------------------------------------------


@pytest.fixture
def bucket(app, make_settings, bucket_server):
    bind_services(app, make_settings(**bucket_server.settings))
    return bucket_server


def test_a_folder_needs_no_mark(app):
    assert list(stores.look_at_the_mark()) == []


def test_a_bucket_that_is_ours_is_fine_also_before_it_is_marked(bucket):
    assert one(stores.look_at_the_mark) == Finding("media mark", True, "ok, the scheduler marks it within ten minutes")
    media_mark.keep_mark(utc_now())

    assert one(stores.look_at_the_mark) == Finding("media mark", True, "ok, the bucket is ours")


def test_a_mark_that_never_comes_to_lie_there_is_said(bucket, monkeypatch):
    """The key may write our files, and not this one: nothing is dropped, for ever, and each tidying fails."""
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(media_mark, "_put", lambda _mark: None)
        media_mark.keep_mark(utc_now())
    with transaction():
        add_media(add_inbox().id, MediaKind.IMAGE, state=MediaState.DROPPED)

    finding = one(stores.look_at_the_mark)

    assert not finding.ok
    assert finding.text == (
        "The mark that was put there is gone, or never came there, so nothing is dropped from the bucket (1 file waits,"
        " beside those of erased accounts). The scheduler puts it there within ten minutes; where it does not,"
        " `flask take-media` says why."
    )


def test_a_bucket_with_anothers_mark_is_said_with_what_waits_and_what_to_do(bucket):
    bucket.objects["/shop/copies/pilito-mark"] = b"f" * 32
    with transaction():
        add_media(add_inbox().id, MediaKind.IMAGE, state=MediaState.DROPPED)

    finding = one(stores.look_at_the_mark)

    assert not finding.ok
    assert finding.text == (
        "Another Pilito has put its mark there, so nothing is dropped from the bucket (1 file waits, beside those of"
        " erased accounts). If another Pilito keeps its files in this bucket and prefix, stop the one that nobody needs"
        " any more, or give the copy a MEDIA_URL of its own and restart it; `flask restore` once more brings its files"
        " there. Then, or if there is no other, say here: `flask take-media`."
    )


def test_a_bucket_of_ours_in_which_one_that_is_held_keeps_files_is_said(bucket):
    media_mark.keep_mark(utc_now())
    media_mark.claim(utc_now())

    finding = one(stores.look_at_the_mark)

    assert not finding.ok
    assert finding.text == (
        "The bucket is ours, but another Pilito keeps files there too. What is in no row of ours may be that one's, so it"
        " is not tidied. Stop that one, or give it a MEDIA_URL of its own and restart it; the tidying goes on three days later."
    )


def test_after_a_restore_somebody_has_to_say_whose_the_bucket_is(bucket):
    with transaction():
        media_mark.hold(media_mark.Hold.RESTORED, utc_now())

    finding = one(stores.look_at_the_mark)

    assert not finding.ok
    assert finding.text.startswith("A backup was put back, so nothing is dropped from the bucket (0 files wait, ")


def test_a_bucket_that_does_not_tell_its_mark_is_said(bucket):
    """Amazon's says AccessDenied of what is not there to a key that may not list."""
    bucket.refuse = 403

    finding = one(stores.look_at_the_mark)

    assert not finding.ok
    assert finding.text.startswith("The media store did not open a file: AccessDenied (S3Error). See the media store")
    assert "its key needs s3:ListBucket" in finding.text


def test_a_bucket_that_takes_nothing_is_told_of_as_a_bucket(bucket):
    bucket.refuse = 403

    finding = one(stores.try_the_media_store)

    assert finding.text == (
        "The media store did not keep a file: AccessDenied (S3Error). Check MEDIA_URL, MEDIA_S3_ENDPOINT, its two keys and"
        " their rights."
    )


def test_a_bucket_that_keeps_versions_is_told_of_in_a_sentence(bucket):
    bucket.versions = "Enabled"

    finding = one(stores.try_the_media_store)

    assert not finding.ok
    assert finding.text.startswith("The bucket shop keeps versions (Enabled), and what was erased can be read in them")
    assert finding.text.endswith("drop older versions after a day.")


# --- backups ---------------------------------------------------------------------------------------------------------


def add_backup(hours_ago, **values):
    began = utc_now() - timedelta(hours=hours_ago)
    with transaction():
        add(Backup(name=f"b{hours_ago}", began_at=began, finished_at=began, is_encrypted=True, **values))


def test_production_without_a_backup_is_wrong_and_a_demo_is_not(app, make_settings):
    assert one(stores.look_at_backups).ok
    bind_services(app, production(make_settings))

    assert "There is none" in one(stores.look_at_backups).text


@pytest.mark.parametrize(("hours", "is_fine"), [(2, True), (26, True), (60, False)])
def test_the_age_of_the_last_backup_counts(app, make_settings, hours, is_fine):
    bind_services(app, make_settings(backup_every_hours=24))
    add_backup(hours)

    finding = one(stores.look_at_backups)

    assert finding.ok is is_fine
    assert f"{hours} hours old" in finding.text


def test_a_failed_backup_is_named_though_an_older_one_is_good(app):
    add_backup(20)
    add_backup(1, error="The backup could not be written (No space left on device).")

    finding = one(stores.look_at_backups)

    assert not finding.ok
    assert "No space left" in finding.text


# --- the table -------------------------------------------------------------------------------------------------------


def test_the_table_has_a_row_each_and_ends_with_the_verdict(capsys):
    findings = [doctor.Finding("database", True), doctor.Finding("share expiry", False, "Start `flask scheduler`.")]

    doctor.print_findings(findings, as_json=False)
    lines = capsys.readouterr().out.splitlines()
    doctor.print_findings(findings, as_json=True)

    assert lines[0].startswith("ok    database      ok")
    assert lines[-1] == "1 of 2 is wrong: share expiry."
    assert json.loads(capsys.readouterr().out)[1]["text"] == "Start `flask scheduler`."
