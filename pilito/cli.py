"""The `flask` commands. Each reads its words, calls one verb, and says what happened."""

import functools
import json
import os
import sys
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any, cast

import click
import requests
from flask import Flask, current_app
from flask.cli import with_appcontext
from sqlalchemy import select
from sqlalchemy.exc import ProgrammingError, SQLAlchemyError

from pilito.channels.base import Channel, Signal
from pilito.clock import utc_now
from pilito.database import DATABASE_AWAY, NoTurn
from pilito.errors import BackupError, MediaError, Refused
from pilito.extensions import channels, media_store, settings
from pilito.lifecycle import AssistantMode, Role
from pilito.logs import set_up_logs, tell_where_we_are_on_demand
from pilito.models import Inbox, db
from pilito.parent import end_with_parent
from pilito.queries.revision import RESTORE_AGAIN, is_unsettled

REPLAY_TIMEOUT_SECONDS = 10
LACKING = ("42P01", "42703")  # of PostgreSQL: no such table, no such column
OTHER_VERSION = "The database is not of this version, or has no tables yet: run `flask db upgrade`."
AWAY = (
    "The database cannot be used ({why}). Check DATABASE_URL, and that it runs and has room; `flask doctor` looks at"
    " all the rest."
)
ROTATED = {
    "first": "its token lay under the first key already.",
    "old": "its token lies under the first key now.",
    "unreadable": "no key opens its token: put the key it was stored with back into ENCRYPTION_KEYS, or connect again.",
    "none": "it has no token.",
}


class _Migrations(click.Group):
    """`flask db` of Flask-Migrate, loaded when it is asked for: Alembic costs a web process 8 MB, and it never asks."""

    def make_context(self, *args: Any, **extra: Any) -> click.Context:
        return self._real().make_context(*args, **extra)

    @property
    def commands(self) -> MutableMapping[str, click.Command]:
        return self._real().commands

    @commands.setter
    def commands(self, _none: object) -> None:
        """A group begins without any."""

    @staticmethod
    def _real() -> click.Group:
        from flask_migrate.cli import db as migrations

        return cast(click.Group, migrations)


def register(app: Flask) -> None:
    app.cli.add_command(_Migrations("db", help="Perform database migrations."))
    for command in COMMANDS:
        app.cli.add_command(command)


@click.command()
@with_appcontext
def worker() -> None:
    """Run the jobs: receive, replies, deliveries, shares."""
    from pilito.jobs.worker import run_workers
    from pilito.reporting import set_up_reporting

    _refuse_unsettled()
    set_up_logs(settings)
    tell_where_we_are_on_demand()
    set_up_reporting(settings, "worker")
    end_with_parent()
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    run_workers(app, app.extensions["pilito_settings"])


@click.command()
@with_appcontext
def scheduler() -> None:
    """Run the timers and the sweep."""
    from pilito.jobs.scheduler import run_scheduler
    from pilito.reporting import set_up_reporting

    _refuse_unsettled()
    set_up_logs(settings)
    tell_where_we_are_on_demand()
    set_up_reporting(settings, "scheduler")
    end_with_parent()
    run_scheduler(current_app._get_current_object())  # type: ignore[attr-defined]


def _refuse_unsettled() -> None:
    """Nobody works on a backup that came back by half: what was under way in it would be sent again."""
    try:
        stands = is_unsettled()
    except SQLAlchemyError:
        return  # the database is away, which a worker outlives
    finally:
        db.session.remove()
    if stands:
        raise click.ClickException(RESTORE_AGAIN)


@click.command()
@with_appcontext
def sweep() -> None:
    """Finish once what a crash left behind, and say what was found."""
    from pilito.conversations.sweep import sweep as run_sweep

    _refuse_unsettled()
    for kind, count in run_sweep(utc_now()).items():
        click.echo(f"{kind}: {count}")


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print machine-readable JSON.")
@with_appcontext
def doctor(as_json: bool) -> None:
    """Look at everything Pilito needs; say what is wrong and what to do."""
    from pilito.doctor import examine, print_findings

    findings = examine()
    print_findings(findings, as_json)
    sys.exit(0 if all(finding.ok for finding in findings) else 1)


@click.command()
@click.argument("files", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--channel", "channel_name", default="instagram", show_default=True)
@click.option(
    "--webhook", "webhook_ids", type=int, multiple=True, help="Read a webhook of the ledger again, by its id."
)
@click.option("--failed", is_flag=True, help="Read every failed webhook of the ledger again.")
@with_appcontext
def replay(files: tuple[Path, ...], channel_name: str, webhook_ids: tuple[int, ...], failed: bool) -> None:
    """Post stored event bodies again, signed, to this server; or read the ledger's own again."""
    channel: Channel | None = channels.get(channel_name)
    if channel is None:
        raise click.ClickException(f"There is no channel {channel_name!r}; known: {', '.join(channels)}.")
    if not (files or webhook_ids or failed):
        raise click.UsageError("Say what is read again: FILES, --webhook ID or --failed.")
    for path in files:
        _post(channel, path)
    _read_again(webhook_ids, failed)


def _post(channel: Channel, path: Path) -> None:
    body = path.read_bytes()
    url = f"{settings.public_url}/webhooks/{channel.name}"
    headers = {"Content-Type": "application/json", **channel.sign(body)}
    try:
        answer = requests.post(url, data=body, headers=headers, timeout=REPLAY_TIMEOUT_SECONDS)
    except requests.RequestException as error:
        raise click.ClickException(f"{url} does not answer ({type(error).__name__}); is the server running?") from None
    click.echo(f"{path}: {answer.status_code} {answer.text[:80]}")
    if answer.status_code != requests.codes.ok:
        sys.exit(1)


def _read_again(webhook_ids: tuple[int, ...], failed: bool) -> None:
    from pilito.conversations.read_again import find_failed, read_again

    for webhook_id in [*webhook_ids, *(find_failed() if failed else [])]:
        try:
            read_again(webhook_id)
        except Refused as error:
            raise click.ClickException(str(error)) from None
        click.echo(f"Webhook {webhook_id} is read again.")


@click.group()
def operator() -> None:
    """People who may log in."""


@operator.command("add")
@click.argument("email")
@click.option("--role", type=click.Choice([role.value for role in Role]), required=True)
@click.option("--name", default="")
@click.option("--language", type=click.Choice(["fa", "en"]), default="fa", show_default=True)
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@with_appcontext
def add_operator(email: str, role: str, name: str, language: str, password_stdin: bool) -> None:
    """Let a person in."""
    from pilito.people.team import add_operator as add

    password = _read_password(password_stdin)
    try:
        add(email, name, Role(role), password, language, utc_now())
    except Refused as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"{email} may log in as {role}.")


@operator.command("password")
@click.argument("email")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@with_appcontext
def set_operator_password(email: str, password_stdin: bool) -> None:
    """Give a person a new password; all their log-ins end."""
    from pilito.people.team import set_password

    try:
        set_password(email, _read_password(password_stdin), utc_now())
    except Refused as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"{email} has a new password, and is logged out everywhere.")


@operator.command("deactivate")
@click.argument("email")
@with_appcontext
def deactivate_operator(email: str) -> None:
    """Shut a person out, at once."""
    from pilito.people.team import deactivate, get_by_email
    from pilito.tokens import open_by_maker

    try:
        operator_id = get_by_email(email).id
        names = [token.name for token in open_by_maker().get(operator_id, [])]
        deactivate(operator_id, None, utc_now())
    except Refused as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"{email} may not log in any more; open pages are closed.")
    if names:
        click.echo(f"API tokens of theirs that ended with it: {', '.join(names)}.")


@operator.command("activate")
@click.argument("email")
@with_appcontext
def activate_operator(email: str) -> None:
    """Let a person in again who was deactivated."""
    from pilito.people.team import activate, get_by_email

    try:
        activate(get_by_email(email).id, None, utc_now())
    except Refused as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"{email} may log in.")


@operator.command("second-step-off")
@click.argument("email")
@with_appcontext
def switch_second_step_off(email: str) -> None:
    """Let a person in without the code of their phone, which they lost with their recovery codes."""
    from pilito.people.second_step import switch_off
    from pilito.people.team import get_by_email

    try:
        switch_off(get_by_email(email).id, None, utc_now())
    except Refused as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"{email} logs in with the password alone.")


@operator.command("export")
@click.argument("email")
@with_appcontext
def export_operator(email: str) -> None:
    """Print everything stored of a person of the shop as JSON."""
    from pilito.people.erase import export_operator as export

    try:
        found = export(email, utc_now())
    except Refused as error:
        raise click.ClickException(str(error)) from None
    click.echo(json.dumps(found, ensure_ascii=False, indent=2))


@operator.command("erase")
@click.argument("email")
@with_appcontext
def erase_operator(email: str) -> None:
    """Erase who a person of the shop was; what they did stays, by nobody."""
    from pilito.people.erase import erase_operator as erase

    try:
        number = erase(email, utc_now())
    except Refused as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"{email} is erased; the log knows them as number {number}.")


@operator.command("list")
@with_appcontext
def list_operators() -> None:
    """List everybody who may or might log in."""
    from pilito.people.team import list_operators as everybody

    for one in everybody():
        state, step = "active" if one.active else "deactivated", "second step" if one.totp_at else "password"
        click.echo(f"{one.id}\t{one.email}\t{one.role}\t{state}\t{step}\t{one.name}")


def _read_password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\n")
    return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))


@click.group()
def inbox() -> None:
    """Connected accounts."""


@inbox.command("add")
@click.argument("channel_name", metavar="CHANNEL")
@click.option("--name", required=True, help="The shop's name, as people see it.")
@click.option("--account-id", required=True, help="The account's id, as its webhooks name it.")
@click.option("--token", required=True, help="The access token; '-' reads it from standard input.")
@click.option("--login", type=click.Choice(["instagram", "facebook"]), default="instagram", show_default=True)
@click.option(
    "--assistant",
    type=click.Choice([mode.value for mode in AssistantMode]),
    help="What it does; a new account has auto, one known already stays as it is.",
)
@with_appcontext
def add_inbox(channel_name: str, name: str, account_id: str, token: str, login: str, assistant: str | None) -> None:
    """Connect an account; an account known already gets the new token and goes on where it stopped."""
    from pilito.conversations.connect import connect

    secret = sys.stdin.readline().strip() if token == "-" else token  # noqa: S105
    try:
        mode = AssistantMode(assistant) if assistant else None
        inbox_id = connect(channel_name, name, account_id, secret, {"login": login}, mode, utc_now())
    except Refused as error:
        raise click.ClickException(str(error)) from None
    mode = db.session.get_one(Inbox, inbox_id).assistant_mode
    click.echo(f"Inbox {inbox_id}: {name} ({channel_name} {account_id}) is connected; assistant: {mode}.")


@inbox.command("signals")
@click.argument("inbox_id", type=int)
@click.option("--typing", type=click.Choice(["on", "off"]), help="Show customers that the assistant is writing.")
@click.option("--seen", type=click.Choice(["on", "off"]), help="Show customers that their message was seen.")
@with_appcontext
def choose_signals(inbox_id: int, typing: str | None, seen: str | None) -> None:
    """Switch what customers see of us beside messages; both are on at first."""
    from pilito.conversations.signals import choose

    chosen = {Signal.TYPING: typing, Signal.SEEN: seen}
    try:
        choose(inbox_id, {signal: value == "on" for signal, value in chosen.items() if value})
    except Refused as error:
        raise click.ClickException(str(error)) from None
    shown = ", ".join(f"{signal}: {value}" for signal, value in chosen.items() if value) or "nothing changed"
    click.echo(f"Inbox {inbox_id}: {shown}.")


@inbox.command("list")
@with_appcontext
def list_inboxes() -> None:
    """List the connected accounts."""
    for row in db.session.scalars(select(Inbox).order_by(Inbox.id)):
        click.echo(f"{row.id}\t{row.channel}\t{row.external_id}\t{row.state}\t{row.assistant_mode}\t{row.name}")


@click.group()
def analytics() -> None:
    """What the analytics page shows."""


@analytics.command("rebuild")
@with_appcontext
def rebuild_analytics() -> None:
    """Count everything anew, from the first message on. The page fills up meanwhile; may be run at any time."""
    from pilito.conversations import tally

    total = tally.rebuild(utc_now())
    done = 0
    while counted := tally.count_due(utc_now()):
        done += counted
    rest = " The workers are counting, and count the rest." if done < total else ""
    click.echo(f"{done} of {total} quarters of an hour are counted.{rest}")


@click.group()
def token() -> None:
    """Bearer tokens of the API."""


@token.command("add")
@click.argument("name")
@click.option(
    "--for",
    "purpose",
    type=click.Choice(["api", "metrics"]),
    default="api",
    show_default=True,
    help="metrics: for /metrics and /api/v1/stats alone; it reads no conversation and writes to nobody.",
)
@with_appcontext
def add_token(name: str, purpose: str) -> None:
    """Make a token and print it; it is shown this once."""
    from pilito.tokens import issue_token

    try:
        click.echo(issue_token(name, utc_now(), only_numbers=purpose == "metrics"))
    except Refused as error:
        raise click.ClickException(str(error)) from None


@token.command("list")
@with_appcontext
def list_api_tokens() -> None:
    """List all tokens: whether each opens the API, who made it, and what for."""
    from pilito.tokens import is_open, list_tokens

    for one in list_tokens():
        maker = one.created_by.email if one.created_by else "command line"
        purpose = "metrics" if one.only_numbers else "api"
        click.echo(f"{one.id}\t{'open' if is_open(one) else 'revoked'}\t{maker}\t{one.name}\t{purpose}")


@token.command("revoke")
@click.argument("token_id", type=int)
@with_appcontext
def revoke_api_token(token_id: int) -> None:
    """End a token, at once; `flask token list` tells its number."""
    from pilito.tokens import revoke_token

    try:
        revoke_token(token_id, None, utc_now())
    except Refused as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"Token {token_id} opens nothing any more.")


@click.command("set-up-link")
@with_appcontext
def set_up_link() -> None:
    """Print the link by which the first person becomes the owner."""
    from pilito.people.set_up import has_nobody, set_up_token

    if not has_nobody():
        raise click.ClickException("Somebody may log in already; `flask operator list` says who.")
    click.echo(f"{settings.public_url}/set-up/{set_up_token()}")


@click.group()
def audit() -> None:
    """The audit log."""


@audit.command("verify")
@click.option("--expect", default="", help="A head that an earlier run printed: it has to be in the chain still.")
@with_appcontext
def verify_audit(expect: str) -> None:
    """Hold every row of the audit log against its seal."""
    from pilito.audit import verify

    report = verify(expect)
    for problem in report.problems:
        click.echo(problem)
    click.echo(f"Rows sealed: {report.sealed}; with words forgotten: {report.forgotten}; not yet: {report.unsealed}.")
    click.echo(f"Head: {report.head}")
    sys.exit(1 if report.problems else 0)


@click.command("rotate-keys")
@with_appcontext
def rotate_keys() -> None:
    """Put every stored token under the first key of ENCRYPTION_KEYS; then an older key can be taken away."""
    from pilito.conversations.rotate_keys import KeyState
    from pilito.conversations.rotate_keys import rotate_keys as rotate

    states = rotate()
    for name, state in states.items():
        click.echo(f"{f'Inbox {name}' if isinstance(name, int) else name.capitalize()}: {ROTATED[state]}")
    sys.exit(1 if KeyState.UNREADABLE in states.values() else 0)


@click.command("export-customer")
@click.argument("customer", metavar="ID")
@with_appcontext
def export_customer(customer: str) -> None:
    """Print everything stored of a customer as JSON; ID is ours, the channel's, or their user name."""
    from pilito.conversations.export import take_along
    from pilito.conversations.find_person import find_customer

    try:
        found = take_along(find_customer(customer), None, utc_now())
    except Refused as error:
        raise click.ClickException(str(error)) from None
    click.echo(json.dumps(found, ensure_ascii=False, indent=2))


@click.command("erase-customer")
@click.argument("customer", metavar="ID")
@with_appcontext
def erase_customer(customer: str) -> None:
    """Erase a customer with everything they wrote and were written; ID is ours, the channel's, or their user name.

    What somebody of this name wrote under posts goes as well, also of one who only commented.
    """
    from pilito.conversations.erase import erase_commenter
    from pilito.conversations.erase import erase_customer as erase
    from pilito.conversations.find_person import find_person

    try:
        person = find_person(customer)
        if person.customer_id is not None:
            erase(person.customer_id, utc_now())
            click.echo(f"Customer {person.customer_id} is erased.")
    except Refused as error:
        raise click.ClickException(str(error)) from None
    for inbox_id, person_id in person.commenters:
        erase_commenter(inbox_id, person_id, utc_now())
        click.echo(f"What {person_id} wrote under posts of inbox {inbox_id} is erased.")


@click.command()
@click.option("--to", type=click.Path(file_okay=False, path_type=Path), help="Another folder than BACKUP_FOLDER.")
@click.option("--keep", type=click.IntRange(min=1), help="Afterwards delete all but this many of the newest.")
@with_appcontext
def backup(to: Path | None, keep: int | None) -> None:
    """Write everything into one file, while Pilito runs: the database and our copies of files."""
    from pilito.backup.make import back_up

    try:
        path = back_up(utc_now, to, keep or 0)
    except BackupError as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"{path}: {path.stat().st_size} bytes.")
    if not settings.backup_recipient:
        click.echo("It is not encrypted, so it holds no ENCRYPTION_KEYS: keep those elsewhere.", err=True)


@click.command("backup-key")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def backup_key(file: Path) -> None:
    """Make a key for backups: the secret half goes into FILE, the public half is printed."""
    import pyrage

    identity = pyrage.x25519.Identity.generate()
    try:
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as secret:
            secret.write(f"# public key: {identity.to_public()}\n{identity}\n")
    except FileExistsError:
        raise click.ClickException(f"{file} is there already; another name.") from None
    except OSError as error:
        raise click.ClickException(f"{file} cannot be written: {error.strerror}.") from None
    click.echo(f"BACKUP_RECIPIENT={identity.to_public()}")


@click.command()
@click.argument("archive", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--identity", type=click.Path(dir_okay=False, path_type=Path), help="The file with the secret key.")
@click.option("--force", is_flag=True, help="Also where something is: it is replaced.")
@with_appcontext
def restore(archive: Path, identity: Path | None, force: bool) -> None:
    """Put a backup back into an empty place; stop web, workers and scheduler before."""
    from pilito.backup.restore import restore as put_back

    try:
        done = put_back(archive, identity, force, utc_now())
    except BackupError as error:
        raise click.ClickException(str(error)) from None
    except MediaError as error:
        raise click.ClickException(error.sentence) from None
    except OSError as error:
        raise click.ClickException(f"{error.filename}: {error.strerror}.") from None
    click.echo(f"The backup of {done.manifest['began_at']} is back, with {done.media} files.")
    if done.settled:
        click.echo(f"{done.settled} replies or questions were under way then; nothing is repeated: see the panel.")
    click.echo(f"May log in again, by the passwords of then: {', '.join(done.people) or 'nobody'}.")
    click.echo(f"API tokens that open again: {done.api_tokens}. Whom or what you shut out since, shut out once more.")
    if done.keys_file:
        click.echo(f"The accounts' tokens need the ENCRYPTION_KEYS in {done.keys_file}: set them, then start.")
    if media_store.is_shared:
        click.echo(
            "Nothing is dropped from the bucket of MEDIA_URL until you say whose it is. If no other Pilito keeps its"
            " files there: `flask take-media`. If one does, as when you only try the backup, do not: name another"
            " prefix, restore again, and take that one."
        )
    elif settings.media_url:  # else they are in our own folder
        click.echo(
            "Files are where MEDIA_URL says. If another Pilito still keeps its own there, as when you only try the"
            " backup, do not start: name another place first and restore again, or each drops the other's files."
        )


@click.command("take-media")
@with_appcontext
def take_media() -> None:
    """Say that the bucket of files is this Pilito's alone; after a restore, or where `flask doctor` asks for it."""
    from pilito.conversations.media_mark import take

    if not media_store.is_shared:
        click.echo("Files lie in a folder of this machine, not in a bucket: there is nothing to say.")
        return
    try:
        take()
    except MediaError as error:
        raise click.ClickException(f"{error.sentence} The bucket is not taken yet: try again.") from None
    click.echo(f"The files at {settings.media_url} are this Pilito's: what waits is dropped from now on.")


# --- all of them -----------------------------------------------------------------------------------------------------


def _tell_of_database(command: click.Command) -> None:
    """Have the command say in a sentence why the database does not do what it asks, in the place of a traceback."""
    if isinstance(command, click.Group):
        for one in command.commands.values():
            _tell_of_database(one)
        return
    run = command.callback
    assert run is not None

    @functools.wraps(run)
    def told(*args: Any, **words: Any) -> Any:
        try:
            return run(*args, **words)
        except NoTurn:
            raise click.ClickException("Others are writing in the database just now; try again.") from None
        except (*DATABASE_AWAY, ProgrammingError) as error:
            if _lacks_tables(error):
                raise click.ClickException(OTHER_VERSION) from None
            if isinstance(error, ProgrammingError):
                raise  # a mistake of ours
            raise click.ClickException(AWAY.format(why=_first_line(error))) from None

    command.callback = told


def _lacks_tables(error: SQLAlchemyError) -> bool:
    cause = getattr(error, "orig", None)
    return getattr(cause, "sqlstate", None) in LACKING or str(cause).startswith(("no such table", "no such column"))


def _first_line(error: SQLAlchemyError) -> str:
    lines = str(getattr(error, "orig", None) or error).splitlines()
    return lines[0].rstrip(".") if lines else type(error).__name__


COMMANDS: tuple[click.Command, ...] = (
    worker,
    scheduler,
    doctor,
    replay,
    sweep,
    operator,
    inbox,
    token,
    audit,
    set_up_link,
    analytics,
    rotate_keys,
    export_customer,
    erase_customer,
    backup,
    backup_key,
    restore,
    take_media,
)
for _command in COMMANDS:
    _tell_of_database(_command)
