"""What was unsent leaves no copy behind: not in the proof of a reply, not in reactions and edits, not on the ledger,
not in what the checks held against a draft, not among the questions without an answer."""

from collections.abc import Iterable, Sequence

from sqlalchemy import delete, select

from pilito import audit
from pilito.assistant.check import kinds_of
from pilito.conversations import tally
from pilito.conversations.drafts import go_stale
from pilito.extensions import channels
from pilito.models import Audit, Draft, EarlyEdit, Event, Inbox, Message, Proof, Reaction, Webhook, db


def forget_words(inbox: Inbox, message: Message) -> None:
    """Take the words of an unsent message out of every row but its own."""
    assert message.external_id is not None
    _forget_facts(message)
    _forget_findings(message)
    tally.renew_questions(message.conversation_id)
    webhook_ids = {*_webhooks_of(message), *_early_webhooks(inbox, message.external_id)}
    for webhook in _held(webhook_ids):
        redact(inbox, webhook, message.external_id)
    for table in (Reaction, EarlyEdit):
        db.session.execute(delete(table).where(table.inbox_id == inbox.id, table.external_id == message.external_id))


def forget_sent(message: Message, external_id: str) -> None:
    """Take the words of one part of a reply of ours out of the echoes on the ledger."""
    inbox = message.conversation.inbox
    for webhook in _held(_webhooks_of(message)):
        redact(inbox, webhook, external_id)


def _held(webhook_ids: Iterable[int]) -> Sequence[Webhook]:
    """These as they are now, held until we are done: a body tells of many customers, and two may unsend at once."""
    held = select(Webhook).where(Webhook.id.in_(webhook_ids)).order_by(Webhook.id).with_for_update()
    return db.session.scalars(held.execution_options(populate_existing=True)).all()


def redact(inbox: Inbox, webhook: Webhook, external_id: str) -> None:
    """Take one message out of a webhook of the ledger; its events keep their number and order."""
    webhook.body = channels[inbox.channel].redact(webhook.body, external_id)


def _webhooks_of(message: Message) -> list[int]:
    return list(db.session.scalars(select(Event.webhook_id).where(Event.message_id == message.id)))


def _early_webhooks(inbox: Inbox, external_id: str) -> list[int]:
    found = select(EarlyEdit.webhook_id).where(EarlyEdit.inbox_id == inbox.id, EarlyEdit.external_id == external_id)
    return [number for number in db.session.scalars(found) if number is not None]


def _forget_facts(message: Message) -> None:
    """A fact names the message it was read from; every reply since then may rest on it."""
    reference = str(message.id)
    proofs = db.session.scalars(
        select(Proof)
        .join(Proof.message)
        .where(Message.conversation_id == message.conversation_id, Message.created_at >= message.created_at)
    )
    for proof in proofs:
        kept = [fact for fact in proof.facts if fact.get("reference") != reference]
        if len(kept) < len(proof.facts):
            proof.facts = kept
            proof.facts_used = [one for one in proof.facts_used or [] if one != reference]
            proof.rests_on = [one for one in proof.rests_on or [] if one.get("reference") != reference]
    _forget_facts_of_drafts(message, reference)


def _forget_facts_of_drafts(message: Message, reference: str) -> None:
    """A draft becomes a reply with the same proof."""
    since = (Draft.conversation_id == message.conversation_id, Draft.created_at >= message.created_at)
    for draft in db.session.scalars(select(Draft).where(*since)):
        draft.working = {
            **draft.working,
            "facts": [one for one in draft.working.get("facts") or [] if one.get("reference") != reference],
            "facts_used": [one for one in draft.working.get("facts_used") or [] if one != reference],
            "rests_on": [one for one in draft.working.get("rests_on") or [] if one.get("reference") != reference],
        }


def _forget_findings(message: Message) -> None:
    """What a check held against a draft quotes the draft, which may quote the customer: the kinds of it stay.

    A draft that was held back and became no reply goes whole when it was written on this message: no check has said of
    its words that they are the shop's.
    """
    since = (Draft.conversation_id == message.conversation_id, Draft.created_at >= message.created_at)
    for draft in db.session.scalars(select(Draft).where(*since, Draft.finding != "")):
        draft.finding = kinds_of(draft.finding).replace(", ", "; ")  # as a finding is written
        carried = [one for one in draft.working.get("rests_on") or [] if one.get("source")]
        draft.working = {**draft.working, "rests_on": carried}
        if message.id in draft.message_ids and draft.message_id is None:
            draft.text = ""
            go_stale(message.conversation, "unsent")
    _forget_findings_on_the_log(message)


def _forget_findings_on_the_log(message: Message) -> None:
    """Lines of a version that wrote the whole finding into the log; today's have the kinds alone."""
    lines = db.session.execute(
        select(Audit.id, Audit.details).where(
            Audit.conversation_id == message.conversation_id,
            Audit.action == "handed_over",
            Audit.at >= message.created_at,
        )
    )
    audit.forget_words([line.id for line in lines if ":" in str((line.details or {}).get("detail", ""))])
