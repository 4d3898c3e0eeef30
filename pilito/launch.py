"""`make run`: everything in one terminal, under supervisor, which starts again what dies.

It prepares `var/` (secrets, the embedded Redis, the database, the first operator, the demo shop), then becomes
supervisord; the programs are written into its configuration as plain commands, the same that `deploy/` uses.
"""

import fcntl
import os
import re
import secrets
import signal
import socket
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from sqlalchemy.exc import OperationalError

from pilito.config import ROOT, RUN_FILE, SECRETS_FILE, VAR, Settings, load_settings
from pilito.embedded_redis import app_user, find_binary
from pilito.errors import ConfigError
from pilito.parent import VARIABLE as PARENT

FIRST_OPERATOR_FILE = VAR / "first-operator.txt"
SET_UP_FILE = VAR / "set-up-link.txt"
REDIS_FOLDER = VAR / "redis"
LONGEST_SOCKET_PATH = 100  # the kernel allows 107 characters on Linux and 103 on macOS
REDIS_START_SECONDS = 20.0
FIRST_EMAIL = "owner@pilito.local"
DEMO_ACCOUNT = "17841400000000001"
DEMO_APP_ID = "1000000000000001"
DEMO_SHOP = "گالری نیلوفر"
STOP_SECONDS = 12  # above the time in which workers finish what they have in hand


def main() -> None:
    """Start everything in this terminal; Ctrl-C stops everything."""
    os.umask(0o077)  # customers' words are for nobody else on this machine
    VAR.mkdir(exist_ok=True)
    VAR.chmod(0o700)
    try:
        _refuse_second_start()
        make_secrets()
        _write_private(RUN_FILE, "")
        settings = load_settings()
        _refuse_busy_port(settings)
        if "public_url" not in settings.model_fields_set:
            _tell_everybody({"PUBLIC_URL": f"http://{_reachable_host(settings)}:{settings.port}"})
        programs = _programs(settings)
    except ConfigError as error:
        sys.exit(f"Pilito cannot start. {error}")
    except OperationalError as error:
        sys.exit(f"Pilito cannot start. DATABASE_URL: the database does not answer ({str(error.orig).strip()}).")
    os.environ[PARENT] = str(os.getpid())  # supervisord takes our place, and our number
    configuration = _write_configuration(programs)
    _say_where(settings)
    supervisor = Path(sys.executable).with_name("supervisord")
    os.execv(supervisor, [str(supervisor), "--nodaemon", "--configuration", str(configuration)])  # noqa: S606


def _programs(settings: Settings) -> dict[str, dict[str, Any]]:
    """Prepare what the programs rest on, and return them by name, in the order of their start."""
    programs: dict[str, dict[str, Any]] = {}
    if not settings.redis_url:
        programs["redis"] = {"command": _prepare_redis(), "priority": 1}
        settings = load_settings()
    is_demo = _prepare_database(settings)
    if is_demo:
        programs["demo"] = {"command": [sys.executable, "-m", "pilito.demo"], "priority": 10}
        _tell_everybody(_demo_environment(settings))
    web = _gunicorn(settings)
    flask = str(Path(sys.executable).with_name("flask"))
    return programs | {
        "web": {"command": web, "priority": 20},
        "worker": {"command": [flask, "worker"], "priority": 20, "count": settings.worker_processes},
        "scheduler": {"command": [flask, "scheduler"], "priority": 20},
    }


def _gunicorn(settings: Settings) -> list[str]:
    return [
        str(Path(sys.executable).with_name("gunicorn")),
        "--config",
        str(ROOT / "deploy" / "gunicorn.conf.py"),
        "--bind",
        f"{settings.host}:{settings.port}",
        "--workers",
        str(settings.web_processes),
        "wsgi:app",
    ]


# --- secrets ---------------------------------------------------------------------------------------------------------


def make_secrets() -> None:
    """Make the secrets of this copy, once; an own setting in the environment or `.env` wins."""
    if SECRETS_FILE.exists():
        return
    made = {
        "SECRET_KEY": secrets.token_urlsafe(48),
        "ENCRYPTION_KEYS": Fernet.generate_key().decode(),
        "INSTAGRAM_APP_SECRET": secrets.token_hex(16),
        "INSTAGRAM_VERIFY_TOKEN": secrets.token_urlsafe(32),
    }
    _write_private(SECRETS_FILE, _env_lines(made))


def _env_lines(values: dict[str, str]) -> str:
    return "".join(f"{name}='{value}'\n" for name, value in values.items())


def _write_private(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)


def _tell_everybody(values: dict[str, str]) -> None:
    """Set these for the programs we start, and keep them for a `flask` command in another terminal."""
    os.environ.update(values)
    with RUN_FILE.open("a") as file:
        file.write(_env_lines(values))


# --- Redis -----------------------------------------------------------------------------------------------------------


def _prepare_redis() -> list[str]:
    """Set up a server of our own on a Unix socket, with a user for the app, who can neither empty nor configure it, a
    password for ourselves, and an append-only file; return its command."""
    REDIS_FOLDER.mkdir(exist_ok=True)
    password, own_password = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
    address = _socket_path()
    configuration = REDIS_FOLDER / "redis.conf"
    lines = {
        "port": "0",
        "unixsocket": str(address),
        "unixsocketperm": "700",
        "dir": str(REDIS_FOLDER),
        "requirepass": own_password,
        "appendonly": "yes",
        "appendfsync": "everysec",
        "maxmemory-policy": "noeviction",
        "logfile": str(REDIS_FOLDER / "redis.log"),
    }
    _stop_left_over(configuration, address)
    said = "".join(f'{name} "{value}"\n' for name, value in lines.items())
    _write_private(configuration, f"{said}{app_user(password)}\n")
    _tell_everybody({"REDIS_URL": f"unix://pilito:{password}@{address}?db=0"})
    return [find_binary(), str(configuration)]


def _socket_path() -> Path:
    """A short path, for the kernel takes no long one; outside `var/` only where the folder's name is too long."""
    path = REDIS_FOLDER / "redis.sock"
    if len(os.fsencode(path)) <= LONGEST_SOCKET_PATH:
        return path
    note = REDIS_FOLDER / "socket-folder"
    if not note.exists() or not Path(note.read_text()).is_dir():
        note.write_text(tempfile.mkdtemp(prefix="pilito-"))
    return Path(note.read_text()) / "redis.sock"


def _stop_left_over(configuration: Path, address: Path) -> None:
    """End the server of a start whose supervisor was killed: two on one append-only file would spoil it."""
    if not configuration.exists():
        return
    password = re.search(r'^requirepass "(.*)"$', configuration.read_text(), re.MULTILINE)
    client = Redis(
        unix_socket_path=str(address),
        password=password[1] if password else None,
        socket_timeout=5,
        retry=Retry(NoBackoff(), 0),  # after an ordinary stop nobody answers there, and every start would ask ten times
    )
    try:
        client.ping()
        client.shutdown(save=False)  # its append-only file has everything already
    except RedisError:
        return
    deadline = time.monotonic() + REDIS_START_SECONDS
    while time.monotonic() < deadline:
        try:
            client.ping()
        except RedisError:
            return
        time.sleep(0.05)


# --- the database, the first operator, the demo shop -----------------------------------------------------------------


def _prepare_database(settings: Settings) -> bool:
    """Migrate, make the first operator, connect the demo shop where nothing is connected; tell whether it is a demo."""
    from flask_migrate import upgrade
    from sqlalchemy import select

    from pilito import create_app
    from pilito.conversations.account import open_account
    from pilito.lifecycle import InboxState
    from pilito.models import Inbox, db

    app = create_app(settings)
    with app.app_context():
        upgrade(directory=str(ROOT / "migrations"))
        _let_somebody_in(settings)
        inboxes = list(db.session.scalars(select(Inbox)))
        is_demo = _may_be_demo(settings) and {inbox.external_id for inbox in inboxes} <= {DEMO_ACCOUNT}
        # One that was connected by hand, on the fake's own page, stays as it is.
        if is_demo and not any(inbox.state is InboxState.ACTIVE and open_account(inbox) for inbox in inboxes):
            _connect_demo()
        if is_demo:
            _fill_demo()
        db.session.remove()
        db.engine.dispose()
    return is_demo


def _may_be_demo(settings: Settings) -> bool:
    """Unless somebody said `PILITO_DEMO=false`; never in production."""
    is_declined = "pilito_demo" in settings.model_fields_set and not settings.pilito_demo
    return not settings.in_production and not is_declined


def _let_somebody_in(settings: Settings) -> None:
    """Without anybody who may log in: in production a link that makes the owner, with no default password; else an
    owner whose password is printed."""
    from pilito.people.set_up import has_nobody, set_up_token

    SET_UP_FILE.unlink(missing_ok=True)
    if not has_nobody():
        _forget_first_operator()
        return
    if settings.in_production:
        address = os.environ.get("PUBLIC_URL") or settings.public_url
        _write_private(SET_UP_FILE, f"{address}/set-up/{set_up_token()}\n")
    else:
        _add_first_operator()


def _forget_first_operator() -> None:
    """The password that was made for the first start stands in a file until it is another, or opens nothing."""
    from sqlalchemy import select

    from pilito.models import Operator, db
    from pilito.passwords import check_password

    if not FIRST_OPERATOR_FILE.exists():
        return
    email, _, password = FIRST_OPERATOR_FILE.read_text().strip().partition("\n")
    wanted = select(Operator.password_hash).where(Operator.email == email, Operator.active)
    if not check_password(db.session.scalar(wanted), password):
        FIRST_OPERATOR_FILE.unlink()


def _add_first_operator() -> None:
    from pilito.clock import utc_now
    from pilito.lifecycle import Role
    from pilito.people.team import add_operator

    password = secrets.token_urlsafe(12)
    add_operator(FIRST_EMAIL, "", Role.OWNER, password, "fa", utc_now())
    _write_private(FIRST_OPERATOR_FILE, f"{FIRST_EMAIL}\n{password}\n")


def _connect_demo() -> None:
    from pilito.clock import utc_now
    from pilito.conversations.connect import connect
    from pilito.demo.instagram import DEFAULT_TOKEN
    from pilito.lifecycle import AssistantMode

    connect("instagram", DEMO_SHOP, DEMO_ACCOUNT, DEFAULT_TOKEN, {}, AssistantMode.AUTO, utc_now())


def _fill_demo() -> None:
    """The demo shop's catalogue, where it has none yet."""
    from sqlalchemy import select

    from pilito.clock import utc_now
    from pilito.demo.catalogue import fill
    from pilito.models import Inbox, db

    inbox_id = db.session.scalar(select(Inbox.id).where(Inbox.external_id == DEMO_ACCOUNT))
    if inbox_id is not None:
        fill(inbox_id, utc_now())


def _demo_environment(settings: Settings) -> dict[str, str]:
    """Point Pilito at the demo's servers: the same settings with which it is pointed at the real ones."""
    port = _free_port()
    base = f"http://127.0.0.1:{port}"
    host = _reachable_host(settings)
    values = {
        "PILITO_DEMO": "1",
        "PILITO_DEMO_PORT": str(port),
        "PILITO_DEMO_URL": base,
        "PILITO_DEMO_STATE": str(VAR / "demo.sqlite3"),
        "PILITO_DEMO_ACCOUNT_ID": DEMO_ACCOUNT,
        "PILITO_DEMO_WEBHOOK_URL": f"http://{host}:{settings.port}/webhooks/instagram",
        "INSTAGRAM_APP_SECRET": ",".join(settings.instagram_app_secret),  # the fake signs with the first
        "INSTAGRAM_APP_ID": DEMO_APP_ID,
        "INSTAGRAM_GRAPH_URL": f"{base}/instagram",
        "FACEBOOK_GRAPH_URL": f"{base}/instagram",
        "INSTAGRAM_OAUTH_URL": f"{base}/instagram",
        "INSTAGRAM_TOKEN_URL": f"{base}/instagram",
    }
    if not settings.openai_api_key:
        values |= {
            "OPENAI_API_KEY": "demo",
            "OPENAI_BASE_URL": f"{base}/openai/v1",
            "OPENAI_MODEL": "demo model, not an AI",
            # Pictures stay with people: a program that sees nothing cannot describe one honestly.
            "OPENAI_TRANSCRIPTION_MODEL": "demo voice, not an AI",
        }
    return values


def _reachable_host(settings: Settings) -> str:
    """The host by which this machine reaches the web server, also where that listens on every address."""
    return "127.0.0.1" if settings.host == "0.0.0.0" else settings.host  # noqa: S104


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _refuse_second_start() -> None:
    """Hold a lock on `var/` for as long as supervisord lives, which inherits it; its children do not."""
    descriptor = os.open(VAR / "run.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise ConfigError("Pilito runs from this folder already, or is just stopping; stop it first.") from None
    os.set_inheritable(descriptor, True)


def _refuse_busy_port(settings: Settings) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            raise ConfigError(
                f"PORT: {settings.host}:{settings.port} cannot be used ({error.strerror});"
                f" is Pilito running already? Another port: PORT={settings.port + 1} make run."
            ) from None


# --- supervisor ------------------------------------------------------------------------------------------------------


def _write_configuration(programs: dict[str, dict[str, Any]]) -> Path:
    path = VAR / "supervisord.conf"
    sections = [
        f"[supervisord]\nnodaemon=true\nsilent=true\nlogfile={_escape(VAR / 'supervisord.log')}\n"
        f"pidfile={_escape(VAR / 'supervisord.pid')}\nidentifier=pilito\n"
    ]
    sections += [_program(name, **program) for name, program in programs.items()]
    # One group, so that they are all asked to stop at once; Redis, which they need to say good-bye, after them.
    members = ",".join(name for name in programs if name != "redis")
    sections.append(f"[group:pilito]\nprograms={members}\npriority=20\n")
    _write_private(path, "\n".join(sections))
    return path


def _program(name: str, command: list[str], priority: int, count: int = 1) -> str:
    quoted = " ".join(f'"{_escape(word)}"' for word in command)
    return (
        f"[program:{name}]\ncommand={quoted}\ndirectory={_escape(ROOT)}\npriority={priority}\n"
        f"numprocs={count}\nprocess_name=%(program_name)s{'_%(process_num)d' if count > 1 else ''}\n"
        f"autorestart=true\nstartsecs=1\nstartretries=1000\nstopsignal=TERM\nstopwaitsecs={STOP_SECONDS}\n"
        "stopasgroup=false\nkillasgroup=true\nredirect_stderr=true\n"
        "stdout_logfile=/dev/stdout\nstdout_logfile_maxbytes=0\n"
    )


def _escape(value: object) -> str:
    return str(value).replace("%", "%%")


def _say_where(settings: Settings) -> None:
    address = f"http://{_reachable_host(settings)}:{settings.port}"
    lines = [f"  Panel   {address}/"]
    if load_settings().demo:
        lines.append(f"  Demo    {address}/demo   (play the customer; {_where_the_model_is()})")
    if SET_UP_FILE.exists():
        lines.append(f"  Set up  {SET_UP_FILE.read_text().strip()}   (become the owner; it works once)")
    if FIRST_OPERATOR_FILE.exists():
        lines.append(f"  Log in  {_first_log_in(settings)}")
    print("\n".join(["", "Pilito is starting; Ctrl-C stops it.", *lines, ""]), flush=True)


def _first_log_in(settings: Settings) -> str:
    """In production not the password itself: what is printed there is kept in logs."""
    if settings.in_production:
        return f"as {FIRST_OPERATOR_FILE} says; delete it once you know it"
    return FIRST_OPERATOR_FILE.read_text().strip().replace("\n", "  ")


def _where_the_model_is() -> str:
    settings = load_settings()
    if settings.openai_base_url.startswith(settings.pilito_demo_url):
        return "nothing leaves this machine"
    return f"questions go to {settings.openai_model} at {settings.openai_base_url}"


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    main()
