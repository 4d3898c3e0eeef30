"""`flask doctor`: look at everything Pilito needs, say what is wrong and what to do about it."""

import json
import secrets
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass

import click
from redis.exceptions import RedisError
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from pilito.assistant.types import Model
from pilito.blueprints.health import PASSED, readiness
from pilito.clock import utc_now
from pilito.conversations.rotate_keys import KeyState, key_state
from pilito.conversations.tokens import is_ending
from pilito.errors import ModelError
from pilito.extensions import redis, settings
from pilito.jobs.replies import get_model
from pilito.lifecycle import InboxState, WebhookState
from pilito.models import Inbox, Operator, Webhook, db

PROBE_SECONDS = 30


@dataclass(frozen=True)
class Finding:
    name: str
    ok: bool
    text: str


def examine() -> list[Finding]:
    """Run every check; one that breaks is a finding too."""
    return [finding for check in CHECKS for finding in _run(check)]


def print_findings(findings: list[Finding], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps([asdict(finding) for finding in findings], ensure_ascii=False))
        return
    for finding in findings:
        mark = click.style("ok  ", fg="green") if finding.ok else click.style("WRONG", fg="red")
        click.echo(f"{mark} {finding.name}: {finding.text}")


def _run(check: Callable[[], Iterator[Finding]]) -> list[Finding]:
    try:
        return list(check())
    except (RedisError, SQLAlchemyError) as error:
        db.session.rollback()
        name = check.__name__.removeprefix("_")
        return [Finding(name, False, f"It could not be looked at ({type(error).__name__}); see the findings above.")]


def _parts() -> Iterator[Finding]:
    """Database, migrations, Redis, workers, scheduler: what /readyz looks at."""
    for name, result in readiness().items():
        yield Finding(name, result == PASSED, result)


def _secrets() -> Iterator[Finding]:
    missing = [
        name
        for name in ("secret_key", "encryption_keys", "instagram_app_secret", "instagram_verify_token")
        if not getattr(settings, name)
    ]
    text = f"Set {', '.join(missing).upper()}." if missing else PASSED
    yield Finding("secrets", not missing, text)


def _redis_keeps() -> Iterator[Finding]:
    """A key with a time to live can be set and read, and the server keeps what it has."""
    key, value = f"pilito:doctor:{secrets.token_hex(4)}", secrets.token_hex(8)
    redis.set(key, value, ex=PROBE_SECONDS)
    kept = redis.get(key) == value.encode() and 0 < int(redis.ttl(key)) <= PROBE_SECONDS
    redis.delete(key)
    yield Finding("redis keys", kept, PASSED if kept else "Redis does not return a key it was given; look at its log.")
    policy = _redis_setting("maxmemory-policy")
    safe = policy in ("noeviction", None)
    advice = f"Set maxmemory-policy to noeviction: {policy} throws jobs away when memory is short."
    yield Finding("redis eviction", safe, PASSED if safe else advice)
    persistent = _redis_setting("appendonly") != "no"
    advice = "Set appendonly yes: without it a restart forgets the queues, and work is late until the sweep finds it."
    yield Finding("redis persistence", persistent, PASSED if persistent else advice)


def _redis_setting(name: str) -> str | None:
    """A setting of the server, or None where we may not ask."""
    try:
        value = redis.config_get(name).get(name)
    except RedisError:
        return None
    return value.decode() if isinstance(value, bytes) else value


def _team() -> Iterator[Finding]:
    has_operator = db.session.scalar(select(Operator.id).limit(1)) is not None
    text = PASSED if has_operator else "Nobody can log in: `flask operator add you@example.com --role owner`."
    yield Finding("team", has_operator, text)


def _inboxes() -> Iterator[Finding]:
    inboxes = list(db.session.scalars(select(Inbox).order_by(Inbox.id)))
    if not inboxes:
        yield Finding("inboxes", False, "No account is connected: see /inboxes in the panel, or `flask inbox add`.")
    for inbox in inboxes:
        yield Finding(f"inbox {inbox.id}", *_inbox(inbox))


def _inbox(inbox: Inbox) -> tuple[bool, str]:
    key = key_state(inbox)
    if key is KeyState.UNREADABLE:
        return False, "Its token cannot be read: put the key it was stored with back into ENCRYPTION_KEYS."
    if inbox.state is InboxState.STOPPED:
        return False, f"It cannot send ({inbox.stop_reason}): connect it again with a new token."
    if is_ending(inbox, utc_now()):
        tried = f" (the last try to renew it: {inbox.token_error})" if inbox.token_error else ""
        return False, f"Its token ends on {inbox.token_expires_at:%Y-%m-%d}{tried}: connect it again in the panel."
    if inbox.subscription_error:
        return False, f"Its messages are not posted to us ({inbox.subscription_error}): see its page in the panel."
    if key is KeyState.OLD:
        return True, "ok, but its token lies under an old key: `flask rotate-keys` before that key is taken away."
    return True, PASSED


def _model() -> Iterator[Finding]:
    if not settings.openai_api_key:
        yield Finding("model", False, "Set OPENAI_API_KEY (and OPENAI_BASE_URL for another server than OpenAI's).")
        return
    yield Finding("model", *_ask(get_model()))


def _ask(model: Model) -> tuple[bool, str]:
    try:
        completion = model.complete([{"role": "user", "content": 'Answer with the JSON object {"ok": true}.'}])
    except ModelError as error:
        return False, f"The model does not answer ({error}); check OPENAI_BASE_URL, OPENAI_API_KEY, OPENAI_MODEL."
    return True, f"{completion.model} answered in {completion.milliseconds} ms"


def _ledger() -> Iterator[Finding]:
    """No webhook was given up."""
    failed = select(Webhook).where(Webhook.state == WebhookState.FAILED)
    count = db.session.scalar(select(func.count()).select_from(failed.with_only_columns(Webhook.id).subquery())) or 0
    if not count:
        yield Finding("ledger", True, PASSED)
        return
    newest = db.session.scalars(failed.order_by(Webhook.id.desc()).limit(1)).one()
    yield Finding(
        "ledger",
        False,
        f"{count} failed; the newest is webhook {newest.id}: {newest.error}. `flask replay --webhook {newest.id}` reads"
        " it again, `flask replay --failed` all of them.",
    )


CHECKS = (_parts, _secrets, _redis_keeps, _team, _inboxes, _ledger, _model)
