"""The world outside: people, our own address, the accounts, the model; and what came of their events."""

from collections.abc import Iterator

from flask_babel import force_locale
from sqlalchemy import func, select

from pilito import mail
from pilito.assistant.types import Model
from pilito.blueprints.panel.connecting import explain_check
from pilito.clock import utc_now
from pilito.conversations.check_inbox import Check, CheckState, check_address, check_inbox
from pilito.conversations.data_deletion import find_unmatched
from pilito.conversations.rotate_keys import KeyState, key_state
from pilito.conversations.spending import is_over
from pilito.conversations.tokens import is_ending
from pilito.doctor.finding import FINE, Finding
from pilito.errors import ModelError
from pilito.extensions import channels, db, settings
from pilito.jobs.replies import get_model
from pilito.knowledge.overdue import find_overdue
from pilito.lifecycle import InboxState, WebhookState
from pilito.models import Inbox, Operator, Webhook
from pilito.queries.health import count_failing_mails
from pilito.queries.spending import spent

ISOLATES = dict.fromkeys(map(ord, "\N{FIRST STRONG ISOLATE}\N{POP DIRECTIONAL ISOLATE}"))
# What only time or a message will show; the panel's page of the account tells it.
NOT_WRONG = (CheckState.OK, CheckState.WARN)


def look_at_team() -> Iterator[Finding]:
    has_operator = db.session.scalar(select(Operator.id).limit(1)) is not None
    text = FINE if has_operator else "Nobody can log in: `flask operator add you@example.com --role owner`."
    yield Finding("team", has_operator, text)


def look_at_address() -> Iterator[Finding]:
    """Our webhook answers at its public address what the provider's handshake asks."""
    for channel in channels.values():
        check = check_address(channel)
        yield Finding(f"webhook {channel.name}", _is_fine(check), _said(check))


def _is_fine(check: Check) -> bool:
    if check.reason == "address_without_https":
        return not settings.in_production
    return check.state in NOT_WRONG


def look_at_inboxes() -> Iterator[Finding]:
    inboxes = list(db.session.scalars(select(Inbox).order_by(Inbox.id)))
    if not inboxes:
        yield Finding("inboxes", False, "No account is connected: see /inboxes in the panel, or `flask inbox add`.")
    for inbox in inboxes:
        yield Finding(f"inbox {inbox.id}", *_inbox(inbox))


def _inbox(inbox: Inbox) -> tuple[bool, str]:
    """What we know of it; then what the provider says of its token, permissions and subscription."""
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
    is_fine, said = _asked(inbox.id)
    if key is KeyState.OLD:
        said += " Its token lies under an old key: `flask rotate-keys` before that key is taken away."
    return is_fine, said


def _asked(inbox_id: int) -> tuple[bool, str]:
    """Its address is the same for all, and has a look of its own."""
    looks = [check for check in check_inbox(inbox_id, utc_now()) if check.name != "address"]
    wrong = [check for check in looks if check.state is CheckState.FAIL]
    if wrong:
        return False, " ".join(f"{check.name}: {_said(check)}" for check in wrong)
    return True, f"ok: {', '.join(check.name for check in looks if check.state is CheckState.OK)}."


def _said(check: Check) -> str:
    with force_locale("en"):
        sentence = explain_check(check.reason, check.details)
        return f"{sentence.what} {sentence.next}".strip().translate(ISOLATES)


def look_at_deletions() -> Iterator[Finding]:
    """Nobody's wish to be deleted waits for a person to say whom it means."""
    count = len(find_unmatched())
    text = f"{count} match no account: say on the health page of the panel whom they mean." if count else FINE
    yield Finding("data deletions", not count, text)


def look_at_sources() -> Iterator[Finding]:
    """What shops and pages say was read lately."""
    late = find_overdue()
    text = "; ".join(f"{source.name} ({source.error})" for source in late)
    advice = f"Not read for a day or longer: {text}. The health page of the panel says what to do."
    yield Finding("knowledge", not late, advice if late else FINE)


def look_at_ledger() -> Iterator[Finding]:
    """No webhook was given up."""
    failed = select(Webhook).where(Webhook.state == WebhookState.FAILED)
    count = db.session.scalar(select(func.count()).select_from(failed.with_only_columns(Webhook.id).subquery())) or 0
    if not count:
        yield Finding("ledger", True)
        return
    newest = db.session.scalars(failed.order_by(Webhook.id.desc()).limit(1)).one()
    yield Finding(
        "ledger",
        False,
        f"{count} failed; the newest is webhook {newest.id}: {newest.error}. `flask replay --webhook {newest.id}` reads"
        " it again, `flask replay --failed` all of them.",
    )


MAIL_ADVICE = {
    "log_in_refused": "It refuses the name or the password: check SMTP_URL (a sign in them is written as %40).",
    "not_encrypted": "It offers no encryption, so it gets no password: use smtps://, or a server that has STARTTLS.",
    "certificate_wrong": "Its certificate is not valid for the name in SMTP_URL: check the name.",
    "unreachable": "It does not answer: check the host and the port in SMTP_URL, and the firewall.",
}


def look_at_mail() -> Iterator[Finding]:
    """The mail server answers and knows us; nothing is sent."""
    if not mail.is_set_up():
        yield Finding("mail", True, "ok, none is sent: set SMTP_URL for invitations, new passwords and summaries")
        return
    reason = mail.try_server()
    text = MAIL_ADVICE.get(reason, f"It says {reason}: look at its log, and check SMTP_URL.") if reason else FINE
    yield Finding("mail", not reason, text)
    waiting = count_failing_mails()
    if waiting:
        advice = f"{waiting} could not be sent yet and are tried again: the health page of the panel says why."
        yield Finding("mails", False, advice)


def ask_the_model() -> Iterator[Finding]:
    if not settings.openai_api_key:
        yield Finding("model", False, "Set OPENAI_API_KEY (and OPENAI_BASE_URL for another server than OpenAI's).")
        return
    yield Finding("model", *_ask(get_model()))


def look_at_the_budget() -> Iterator[Finding]:
    """The model may still be asked today."""
    used, dollars, tokens = spent(utc_now()), settings.model_budget_per_day, settings.model_tokens_per_day
    text = f"answers in 24 hours: {used.answers} ({used.tokens} tokens, ${used.dollars:.4f})"
    if is_over(used, dollars, tokens):
        text += ": the budget is used up and people are asked. Raise MODEL_BUDGET_PER_DAY or MODEL_TOKENS_PER_DAY."
        yield Finding("model's budget", False, text)
        return
    if dollars and used.without_price:
        text += f"; {used.without_price} of them have no price, so the budget does not count them: see MODEL_PRICES"
    yield Finding("model's budget", True, text)


def _ask(model: Model) -> tuple[bool, str]:
    try:
        completion = model.complete([{"role": "user", "content": 'Answer with the JSON object {"ok": true}.'}])
    except ModelError as error:
        return False, f"The model does not answer ({error}); check OPENAI_BASE_URL, OPENAI_API_KEY, OPENAI_MODEL."
    return True, f"answered in {completion.milliseconds} ms ({completion.model})"
