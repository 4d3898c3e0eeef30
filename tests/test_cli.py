"""The `flask` commands, as a person types them."""

import json
import re
import threading
from datetime import timedelta

import pytest
from fakes import FakeBucket
from rows import NOON, FreshClient, add_conversation, add_message, add_operator
from shop import ACCOUNT, text, webhook
from sqlalchemy.exc import IntegrityError, OperationalError
from werkzeug.serving import make_server

from pilito import keys
from pilito.clock import utc_now
from pilito.database import NoTurn, transaction
from pilito.errors import MediaError
from pilito.factory import bind_services
from pilito.lifecycle import AssistantMode, InboxState, Role, WebhookState
from pilito.media import open_store
from pilito.media.bucket import Bucket
from pilito.models import Audit, Inbox, Message, Operator, TallyKeeper, Webhook, db
from pilito.passwords import check_password
from pilito.tokens import find_by_bearer, issue_token


@pytest.fixture
def run(app):
    runner = app.test_cli_runner()

    def run(*words, stdin=None):
        result = runner.invoke(args=list(words), input=stdin)
        db.session.remove()
        return result

    return run


def away(*_words):
    raise OperationalError("SELECT 1", {}, Exception("connection refused\nIs the server running?"))


@pytest.mark.parametrize("words", [["operator", "list"], ["sweep"], ["token", "add", "a name"]])
def test_a_database_that_is_away_is_said_in_a_sentence(run, monkeypatch, words):
    for verb in ("people.team.list_operators", "conversations.sweep.sweep", "tokens.issue_token"):
        monkeypatch.setattr(f"pilito.{verb}", lambda *_words, **_more: away())

    result = run(*words)

    assert result.exit_code == 1
    assert result.output == (
        "Error: The database cannot be used (connection refused). Check DATABASE_URL, and that it runs and has room;"
        " `flask doctor` looks at all the rest.\n"
    )


def test_a_database_that_others_write_in_is_to_be_tried_again(run, monkeypatch):
    monkeypatch.setattr("pilito.people.team.list_operators", lambda: away_for_now())

    assert run("operator", "list").output == "Error: Others are writing in the database just now; try again.\n"


def away_for_now():
    raise NoTurn("No turn to write came within 4 s.")


def test_a_database_without_its_tables_is_to_be_upgraded(run):
    with transaction():
        db.session.execute(db.text("ALTER TABLE operator RENAME TO operator_of_then"))
    try:
        result = run("operator", "list")
    finally:
        with transaction():
            db.session.execute(db.text("ALTER TABLE operator_of_then RENAME TO operator"))

    assert (result.exit_code, result.output) == (
        1, "Error: The database is not of this version, or has no tables yet: run `flask db upgrade`.\n"
    )  # fmt: skip


def test_what_is_a_mistake_of_our_own_is_not_called_the_databases(run, monkeypatch):
    def mistaken():
        raise IntegrityError("INSERT", {}, Exception("NOT NULL constraint failed"))

    monkeypatch.setattr("pilito.people.team.list_operators", mistaken)

    assert isinstance(run("operator", "list").exception, IntegrityError)


def test_an_operator_is_added_with_a_password_from_standard_input(run):
    result = run("operator", "add", "Sara@Shop.ir", "--role", "agent", "--password-stdin", stdin="a long enough one\n")

    operator = db.session.scalar(db.select(Operator))
    assert (result.exit_code, operator.email, operator.role) == (0, "sara@shop.ir", Role.AGENT)
    assert check_password(operator.password_hash, "a long enough one")
    [line] = db.session.scalars(db.select(Audit))
    assert (line.action, line.details) == ("operator_added", {"whom": operator.id, "role": "agent"})
    assert "a long enough one" not in result.output


@pytest.mark.parametrize(
    ("email", "password", "sentence"),
    [("sara", "a long enough one", "is not an e-mail address"), ("s@shop.ir", "short", "at least 12 characters")],
)
def test_a_wrong_operator_is_refused_with_a_sentence(run, email, password, sentence):
    result = run("operator", "add", email, "--role", "agent", "--password-stdin", stdin=f"{password}\n")

    assert result.exit_code == 1
    assert sentence in result.output
    assert db.session.scalar(db.select(db.func.count()).select_from(Operator)) == 0


def test_the_same_operator_twice_is_refused(run):
    words = ("operator", "add", "s@shop.ir", "--role", "agent", "--password-stdin")
    run(*words, stdin="a long enough one\n")

    again = run(*words, stdin="another long one\n")

    assert again.exit_code == 1
    assert "has a log-in already" in again.output


def test_an_inbox_is_connected_with_its_token_encrypted(run, app):
    result = run(
        "inbox", "add", "instagram", "--name", "گالری", "--account-id", ACCOUNT, "--token", "-", stdin="IGAAtoken\n"
    )

    inbox = db.session.scalar(db.select(Inbox))
    assert result.exit_code == 0
    assert (inbox.external_id, inbox.options, inbox.assistant_mode) == (
        ACCOUNT,
        {"login": "instagram"},
        AssistantMode.AUTO,
    )
    assert b"IGAAtoken" not in inbox.token_encrypted
    assert app.extensions["pilito_vault"].decrypt(inbox.token_encrypted) == b"IGAAtoken"
    assert "IGAAtoken" not in result.output


def test_connecting_again_keeps_the_inbox_and_starts_it_again(run):
    words = ("inbox", "add", "instagram", "--name", "گالری", "--account-id", ACCOUNT, "--login", "facebook")
    run(*words, "--token", "first")
    with_stop = db.session.scalar(db.select(Inbox))
    from pilito.database import transaction

    with transaction():
        db.session.get(Inbox, with_stop.id).state = InboxState.STOPPED

    run(*words, "--token", "second")

    (inbox,) = db.session.scalars(db.select(Inbox)).all()
    assert (inbox.state, inbox.options) == (InboxState.ACTIVE, {"login": "facebook"})


def test_connecting_again_leaves_who_answers_unless_it_says_so(run):
    words = ("inbox", "add", "instagram", "--name", "گالری", "--account-id", ACCOUNT, "--token", "t")
    first = run(*words)
    with transaction():
        db.session.scalar(db.select(Inbox)).assistant_mode = AssistantMode.OFF

    again, said = run(*words), run(*words, "--assistant", "draft")

    modes = [re.search(r"assistant: (\w+)", one.output)[1] for one in (first, again, said)]
    assert modes == ["auto", "off", "draft"]
    assert db.session.scalar(db.select(Inbox.assistant_mode)) is AssistantMode.DRAFT


def test_what_customers_see_is_switched_and_stays_so_when_connected_again(run):
    words = ("inbox", "add", "instagram", "--name", "گالری", "--account-id", ACCOUNT, "--token", "t")
    run(*words)

    result = run("inbox", "signals", "1", "--typing", "off")
    run(*words)

    assert "typing: off" in result.output
    assert db.session.scalar(db.select(Inbox)).options == {"login": "instagram", "typing": "off"}


def test_an_inbox_that_is_not_there_has_no_signals(run):
    result = run("inbox", "signals", "99", "--seen", "off")

    assert result.exit_code == 1
    assert "no inbox 99" in result.output


def test_an_unknown_channel_is_refused(run):
    result = run("inbox", "add", "pigeon", "--name", "x", "--account-id", "1", "--token", "t")

    assert result.exit_code == 1
    assert "There is no channel 'pigeon'" in result.output


def test_a_token_opens_the_api_and_is_printed_once(run, app):
    token = run("token", "add", "my script").output.strip()

    answer = FreshClient(app).get("/api/v1/conversations", headers={"Authorization": f"Bearer {token}"})

    assert answer.status_code == 200
    assert FreshClient(app).get("/api/v1/conversations").status_code == 401


def test_tokens_are_listed_with_who_made_them_and_revoked(run, app):
    with transaction():
        reza = add_operator(Role.ADMIN, email="reza@shop.test").id
    issue_token("robot", NOON, reza)
    script = run("token", "add", "my script").output.strip()
    run("token", "add", "prometheus", "--for", "metrics")

    listed = [line.split("\t") for line in run("token", "list").output.splitlines()]
    revoked, again = run("token", "revoke", listed[1][0]), run("token", "revoke", listed[1][0])

    assert [line[1:] for line in listed] == [
        ["open", "command line", "prometheus", "metrics"],
        ["open", "command line", "my script", "api"],
        ["open", "reza@shop.test", "robot", "api"],
    ]
    assert (revoked.exit_code, again.exit_code) == (0, 1)
    assert "opens anything" in again.output
    assert find_by_bearer(script, NOON) is None


def test_who_is_deactivated_takes_the_tokens_along_and_the_command_says_which(run, app):
    with transaction():
        reza = add_operator(Role.ADMIN, email="reza@shop.test").id
    issue_token("robot", NOON, reza)

    assert "ended with it: robot." in run("operator", "deactivate", "reza@shop.test").output
    assert "ended with it" not in run("operator", "deactivate", "reza@shop.test").output


def test_replay_posts_a_stored_body_again_signed(make_shop, tmp_path, free_port):
    shop = make_shop(public_url=f"http://127.0.0.1:{free_port}")
    body = tmp_path / "event.json"
    body.write_text(json.dumps(webhook(text("سلام", utc_now(), mid="replayed"))))
    server = make_server("127.0.0.1", free_port, shop.app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()

    result = shop.app.test_cli_runner().invoke(args=["replay", str(body), str(body)])
    server.shutdown()
    shop.work(keys.RECEIVE)

    assert result.exit_code == 0, result.output
    assert result.output.count("200 EVENT_RECEIVED") == 2
    assert [message.external_id for message in Message.query] == ["replayed"]


def test_replay_of_nothing_asks_what_is_meant(run):
    result = run("replay")

    assert result.exit_code == 2
    assert "Say what is read again: FILES, --webhook ID or --failed." in result.output


@pytest.mark.parametrize("is_counting", [True, False])
def test_a_rebuild_says_who_counts_the_rest(run, is_counting):
    at = utc_now()
    with transaction():
        add_message(add_conversation(), text="سلام", sent_at=at)
        if is_counting:  # a worker, just now
            db.session.add(TallyKeeper(id=1, run=1, lease_until=at + timedelta(minutes=4)))

    said = run("analytics", "rebuild").output

    assert ("The workers are counting, and count the rest." in said) == is_counting
    assert said.startswith("0 of " if is_counting else ("1 of 1", "2 of 2"))


def test_replay_without_a_server_says_what_to_do(run, tmp_path):
    body = tmp_path / "event.json"
    body.write_text("{}")

    result = run("replay", str(body))

    assert result.exit_code == 1
    assert "is the server running?" in result.output


def test_replay_reads_a_failed_webhook_of_the_ledger_again(shop, monkeypatch):
    from pilito.conversations import receive

    real = receive.store_message
    monkeypatch.setattr(receive, "store_message", lambda *_: 1 / 0)
    shop.post(webhook(text("سلام", utc_now(), mid="second-chance")))
    shop.work(keys.RECEIVE)
    assert db.session.scalar(db.select(Webhook.state)) is WebhookState.FAILED
    monkeypatch.setattr(receive, "store_message", real)

    result = shop.app.test_cli_runner().invoke(args=["replay", "--failed"])
    shop.work(keys.RECEIVE)

    assert result.exit_code == 0
    assert shop.message("second-chance").text == "سلام"
    assert db.session.scalar(db.select(Webhook.state).execution_options(populate_existing=True)) is WebhookState.READ


def test_sweep_says_what_it_found(shop):
    result = shop.app.test_cli_runner().invoke(args=["sweep"])

    assert result.exit_code == 0
    assert "webhooks: 0" in result.output
    assert "shares: 0" in result.output


def test_doctor_names_what_is_missing_and_fails(run):
    result = run("doctor")

    assert result.exit_code == 1
    assert "No worker serves" in result.output
    assert "The scheduler shows no sign of life" in result.output
    assert "Nobody can log in" in result.output
    assert "No account is connected" in result.output


def test_doctor_tries_the_media_store(shop, monkeypatch):
    good = shop.app.test_cli_runner().invoke(args=["doctor"]).output
    monkeypatch.setattr("pilito.media.folder.shutil.disk_usage", lambda _: type("Usage", (), {"free": 1024}))
    bad = shop.app.test_cli_runner().invoke(args=["doctor"]).output

    assert re.search(r"ok .*media store +.* is writable, \d+ MiB free", good)
    assert re.search(r"WRONG.*media store +.* make room", bad)


def test_doctor_says_that_a_bucket_keeps_what_was_erased(shop, make_settings, monkeypatch):
    with FakeBucket().serve() as server:
        server.versions = "Enabled"
        words = {"media_s3_endpoint": server.url, "media_s3_region": "eu-test-1"}
        settings = make_settings(media_url="s3://shop", media_s3_access_key="k", media_s3_secret_key="s", **words)
        monkeypatch.setitem(shop.app.extensions, "pilito_media_store", open_store(settings))
        said = shop.app.test_cli_runner().invoke(args=["doctor", "--json"]).output

    finding = {one["name"]: one for one in json.loads(said)}["media store"]
    assert not finding["ok"]
    assert finding["text"].endswith("let a rule of its life cycle drop older versions after a day.")


def test_files_in_a_folder_need_nobody_to_say_whose_they_are(run):
    assert run("take-media").output.endswith("not in a bucket: there is nothing to say.\n")


def test_a_bucket_that_is_taken_by_half_is_not_said_to_be_as_before(
    app, make_settings, bucket_server, run, monkeypatch
):
    """The new mark lies there, which holds any other; our own hold is not over."""
    bind_services(app, make_settings(**bucket_server.settings))

    def refuse(_store, _name):
        raise MediaError("store_failed", "The media store did not drop a file: AccessDenied (S3Error).", may_pass=True)

    monkeypatch.setattr(Bucket, "drop", refuse)

    assert run("take-media").output.endswith("(S3Error). The bucket is not taken yet: try again.\n")
    assert "/shop/copies/pilito-mark" in bucket_server.objects


def test_a_bucket_that_does_not_take_the_mark_is_said(app, make_settings, bucket_server, run):
    bind_services(app, make_settings(**bucket_server.settings))
    bucket_server.refuse = 403

    said = run("take-media")

    assert said.exit_code == 1
    assert said.output == (
        "Error: The media store did not keep a file: AccessDenied (S3Error). The bucket is not taken yet: try again.\n"
    )


def test_doctor_speaks_json(shop):
    result = shop.app.test_cli_runner().invoke(args=["doctor", "--json"])

    findings = {finding["name"]: finding for finding in json.loads(result.output)}
    assert findings["database"]["ok"] is True
    assert findings["workers"]["ok"] is False
    assert findings["model"]["ok"] is True
