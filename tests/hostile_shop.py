"""A shop with so many rows of everything that each hostile word can stand alone in a row of each kind.

The rows are written by statements and not as objects: there are eight thousand of them. Their ids begin at 1, so that
they can name each other.
"""

from datetime import datetime, timedelta
from typing import Any

from hostile_words import WORDS
from rows import add_operator
from samples import JPEG
from sqlalchemy import insert, update
from sqlalchemy.orm import aliased

from pilito.clock import utc_now
from pilito.lifecycle import (
    ConversationState,
    DeliveryState,
    DraftState,
    EventOutcome,
    HandOverReason,
    LabelColour,
    MediaKind,
    MediaState,
    MessageType,
    NotificationKind,
    PassageKind,
    ReadingState,
    Role,
    Sender,
    ShareState,
    SourceKind,
    SourceState,
    TurnState,
    WebhookState,
)
from pilito.models import (
    ApiToken,
    Attachment,
    Audit,
    CannedReply,
    Comment,
    Conversation,
    ConversationLabel,
    Customer,
    DataDeletion,
    Delivery,
    Draft,
    EntryLink,
    Event,
    Inbox,
    Instructions,
    Label,
    Mail,
    MediaFile,
    Message,
    Note,
    Notification,
    Operator,
    OperatorSession,
    OwnPost,
    Passage,
    PostProduct,
    Product,
    Proof,
    Reaction,
    Reading,
    SavedView,
    Share,
    Source,
    SourceFile,
    Turn,
    Variant,
    Webhook,
    WebPage,
    db,
)

CROWD = len(WORDS)  # rows of each kind
NAMELESS = CROWD - 5  # from there on customers are called by their ids
# In the first conversation a few things were said, in those up to the last much; in the others there is the customer's
# name, and a draft.
FEW_SAID, THREADS = 12, 8
# The files that have words of a program beside them; each comes with one more, which has a name.
READ = ((MediaKind.IMAGE, "image/jpeg"), (MediaKind.VOICE, "audio/mpeg"))
# What is told in a thread, with what it tells of it.
TOLD = (
    "took_over", "gave_back", "handed_over", "closed", "referred", "private_reply", "labelled", "settled_send",
    "assigned", "thread_passed", "opted_in", "linked", "merged", "mode_chosen", "undone",
)  # fmt: skip
TURN = 3  # messages: a post with its question, an answer of the assistant, one of a person


def fill_shop() -> Operator:
    """Return the owner, who has been told of everything."""
    now = utc_now()
    owner = add_operator(Role.OWNER, language="en", notify_sound=False)
    _add_people(owner, now)
    _add_facts(now)
    _add_conversations(now)
    _add_messages(owner, now)
    _add_rest(owner, now)
    return owner


def _put(model: Any, rows: Any) -> None:
    db.session.execute(insert(model), list(rows))


def _each() -> range:
    return range(1, CROWD + 1)


def _add_people(owner: Operator, now: datetime) -> None:
    _put(Operator, (
        {"id": owner.id + n, "email": f"{n}@shop.test", "name": f"Person {n}", "password_hash": "!", "role": Role.AGENT, "created_at": now}
        for n in _each()
    ))  # fmt: skip
    _put(OperatorSession, (
        {"operator_id": owner.id, "secret_hash": f"hash {n}", "created_at": now, "seen_at": now, "address": "a", "browser": "b"}
        for n in _each()
    ))  # fmt: skip
    _put(EntryLink, (
        {"token_hash": f"link {n}", "email": f"e{n}", "role": Role.AGENT, "made_by_id": owner.id, "made_at": now, "expires_at": now + timedelta(days=1)}
        for n in _each()
    ))  # fmt: skip
    _put(ApiToken, (
        {"name": f"token {n}", "token_hash": f"token {n}", "created_by_id": owner.id, "created_at": now} for n in _each()
    ))  # fmt: skip
    _put(Inbox, (
        {"id": n, "channel": "instagram", "external_id": f"account {n}", "name": f"Shop {n}", "username": "shop", "token_encrypted": b"",
         "subscribed_fields": ["messages"], "created_at": now}
        for n in _each() if n > 1  # the first is the shop's own
    ))  # fmt: skip
    _put(Instructions, [
        {"inbox_id": 1, "version": n, "role": "r", "greeting": "g", "hand_over": "h", "promises": "p", "own_words": "o",
         "operator_id": owner.id, "created_at": now}
        for n in (1, 2)
    ])  # fmt: skip


def _add_facts(now: datetime) -> None:
    """Products, questions and texts of the first source; pages of the second; the others are documents and feeds."""
    kinds = {1: SourceKind.MANUAL, 2: SourceKind.SITEMAP}
    _put(Source, (
        {"id": n, "inbox_id": None, "kind": kinds.get(n, SourceKind.DOCUMENT if n > 10 else SourceKind.WOOCOMMERCE), "name": "s", "address": "a",
         "state": SourceState.FAILED if n > 1 else SourceState.READY, "error": "not_found", "error_detail": "d", "created_at": now, "updated_at": now}
        for n in _each()
    ))  # fmt: skip
    _put(
        SourceFile,
        ({"source_id": n, "name": "f", "size_bytes": 1, "content": b"x", "created_at": now} for n in _each()),
    )
    _put(WebPage, (
        {"id": n, "source_id": 2, "address": "a", "digest": f"page {n}", "title": "t", "error": "not_found"} for n in _each()
    ))  # fmt: skip
    _put(Passage, (
        {"id": place * CROWD + n, "source_id": source, "inbox_id": None, "kind": kind, "title": "t", "heading": "h", "text": "x",
         "address": "a", "created_at": now, "updated_at": now}
        for place, (kind, source) in enumerate(((PassageKind.FAQ, 1), (PassageKind.TEXT, 1), (PassageKind.PAGE, 2)))
        for n in _each()
    ))  # fmt: skip
    _put(Product, (
        {"id": n, "source_id": 1, "inbox_id": None, "name": f"n{n}", "external_id": f"p{n}", "description": "d", "category": "c", "sku": "k", "link": "l",
         "picture_url": "u", "more_pictures": ["m"] * (1 if n > 1 else CROWD), "currency": "IRT", "created_at": now, "updated_at": now}
        for n in _each()
    ))  # fmt: skip
    _put(Variant, (  # the first product has them all, so that one page shows them
        {"product_id": 1 if n > CROWD else n, "position": n, "external_id": f"v{n}", "sku": "k", "size": "s", "colour": "c", "other": "o", "price": 1}
        for n in range(1, 2 * CROWD)
    ))  # fmt: skip
    _put(OwnPost, (
        {"id": n, "inbox_id": 1, "media_id": f"m{n}", "caption": "c", "permalink": "l", "shortcode": "x", "media_type": "IMAGE",
         "posted_at": now - timedelta(minutes=n), "synced_at": now}
        for n in _each()
    ))  # fmt: skip
    _put(PostProduct, (
        {"inbox_id": 1, "own_post_id": n, "product_id": n, "how": "owner", "state": "proposed", "created_at": now} for n in _each()
    ))  # fmt: skip


def _add_conversations(now: datetime) -> None:
    states = [state for state in ConversationState if state is not ConversationState.CLOSED]  # what the list shows
    _put(Customer, (
        {"id": n, "inbox_id": 1, "external_id": f"c{n}", "username": "u" if n < NAMELESS else None,
         "name": "n" if n < NAMELESS else None, "picture_url": "p", "created_at": now}
        for n in _each()
    ))  # fmt: skip
    for n in _each():
        state = states[n % 3]
        handed_over = list(HandOverReason)[n % len(HandOverReason)] if state is ConversationState.HANDED_OVER else None
        db.session.execute(insert(Conversation).values(
            id=n, inbox_id=1, customer_id=n, state=state, hand_over_reason=handed_over, seq=n, preview="p",
            operator_id=n + 1 if state is ConversationState.OPERATOR else None,
            referral={"ad_title": "t", "ref": "r"}, referred_at=now, reacted_at=now, created_at=now,
            last_message_at=now - timedelta(minutes=n), last_customer_message_at=now - timedelta(minutes=n),
        ))  # fmt: skip
    _put(Label, (
        {"id": n, "name": f"label {n}", "colour": list(LabelColour)[n % len(LabelColour)], "created_at": now} for n in _each()
    ))  # fmt: skip
    _put(ConversationLabel, ({"conversation_id": n, "label_id": n, "created_at": now} for n in _each()))
    _put(Turn, (
        {"id": n, "conversation_id": n, "state": TurnState.DRAFTED, "opened_at": now, "due_at": now} for n in _each()
    ))  # fmt: skip
    _put(Draft, (
        {"conversation_id": n, "turn_id": n, "text": "d", "finding": "f", "working": _proof(n), "state": DraftState.WAITING, "created_at": now}
        for n in _each()
    ))  # fmt: skip


def _thread(n: int) -> int:
    return 1 if n <= FEW_SAID else 2 + n % (THREADS - 1)


def _proof(n: int) -> dict[str, Any]:
    fact = {"source": "product", "reference": f"product:{n}", "title": "t", "text": "x"}
    many = 60 if n <= THREADS else 1
    return {
        "model": "m",
        "facts": [fact] * many,
        "rests_on": [{"claim": "1", "source": "caption", "reference": "r"}],
        "checks": ["c"],
    }


def _add_messages(owner: Operator, now: datetime) -> None:
    """In each thread, in turns: a post with its question, an answer of the assistant, and one of a person with two files."""
    _put(Turn, (
        {"id": CROWD + n, "conversation_id": _thread(n), "state": TurnState.ANSWERED, "opened_at": now, "due_at": now} for n in _each()
    ))  # fmt: skip
    _put(MediaFile, (
        {"id": n, "inbox_id": 1, "kind": READ[n % 2][0], "mime_type": READ[n % 2][1], "source_url": "s", "state": MediaState.STORED,
         "key": f"00/00/{'0' * 64}.{n}", "size_bytes": len(JPEG), "due_at": now, "created_at": now}
        for n in _each()
    ))  # fmt: skip
    _put(Message, (message for n in _each() for message in _messages(n, now)))
    _put(Share, (
        {"id": n, "message_id": _first(n), "conversation_id": _thread(n), "kind": "ig_reel", "title": "t", "subtitle": "s", "caption": "c", "url": "u",
         "permalink": "p", "state": ShareState.WAITING if n == 1 or 0 < n - FEW_SAID < THREADS else list(ShareState)[1 + n % 3], "sent_at": _at(n, now),
         "expires_at": now + timedelta(hours=1), "combined_with_id": _first(n)}
        for n in _each()
    ))  # fmt: skip
    _put(Attachment, (
        {"id": place * CROWD + n, "message_id": _first(n) + 2, "position": place, "kind": kind, "url": "u", "title": "t", "copy_id": copy}
        for n in _each() for place, kind, copy in ((0, READ[n % 2][0].value, n), (1, "file", None))
    ))  # fmt: skip
    _put(Reading, (
        {"attachment_id": n, "message_id": _first(n) + 2, "kind": READ[n % 2][0], "state": ReadingState.READY, "text": "r", "model": "m",
         "due_at": now, "created_at": now}
        for n in _each()
    ))  # fmt: skip
    _put(Delivery, (
        {"message_id": _first(n) + place, "conversation_id": _thread(n), "inbox_id": 1, "position": 0, "text": "x", "state": state, "error": "window_closed",
         "error_code": "c", "error_text": "e", "external_id": f"d{n}.{place}", "due_at": now, "created_at": now, "unknown_at": now}
        for n in _each()
        for place, state in ((1, DeliveryState.SENT), (2, DeliveryState.FAILED if n % 40 == 0 else DeliveryState.UNKNOWN))
    ))  # fmt: skip
    _put(Proof, (
        {"message_id": _first(n) + 1, "prompt_hash": "0" * 64, "milliseconds": 1, "facts_used": ["f"]} | _proof(n) for n in _each()
    ))  # fmt: skip
    _put(Reaction, (
        {"id": n, "inbox_id": 1, "conversation_id": _thread(n), "external_id": f"{n}.0", "by_shop": False, "emoji": "❤", "name": "n",
         "is_removed": False, "at": now}
        for n in _each()
    ))  # fmt: skip
    _put(Note, (
        {"id": n, "conversation_id": _thread(n), "operator_id": owner.id if n < FEW_SAID else n + 1, "text": "n", "client_id": f"n{n}", "seq": n,
         "created_at": _at(n, now)}
        for n in _each()
    ))  # fmt: skip


def _first(n: int) -> int:
    """The first message of a turn; the answer and the person's follow."""
    return (n - 1) * TURN + 1


def _at(n: int, now: datetime) -> datetime:
    return now - timedelta(minutes=5 * n)


def _messages(n: int, now: datetime) -> list[dict[str, Any]]:
    empty = {
        "text": "",
        "operator_id": None,
        "answers_turn_id": None,
        "earlier_texts": None,
        "edited_at": None,
        "referral": None,
        "client_id": None,
    }
    own: tuple[dict[str, Any], ...] = (
        {"sender": Sender.CUSTOMER, "message_type": MessageType.SHARE, "text": "q", "earlier_texts": ["one", "two"], "edited_at": now,
         "referral": {"ad_title": "t", "ref": "r", "source": "ADS"}},
        {"sender": Sender.ASSISTANT, "message_type": MessageType.TEXT, "text": "a", "answers_turn_id": CROWD + n},
        {"sender": Sender.OPERATOR, "message_type": MessageType.OTHER, "text": "o", "operator_id": n + 1, "client_id": f"i{n}"},
    )  # fmt: skip
    return [
        {"id": _first(n) + place, "external_id": f"{n}.{place}", "conversation_id": _thread(n), "inbox_id": 1, "created_at": now, "provider_type": "p",
         "payload": "p", "content": "c", "seq": n, "sent_at": _at(n, now) + timedelta(seconds=place)} | empty | one
        for place, one in enumerate(own)
    ]  # fmt: skip


def _add_rest(owner: Operator, now: datetime) -> None:
    _put(Notification, (
        {"operator_id": owner.id, "kind": NotificationKind.MENTIONED, "conversation_id": n, "note_id": n, "by_id": n + 1, "created_at": now}
        for n in _each()
    ))  # fmt: skip
    _put(CannedReply, ({"shortcut": f"short{n}", "text": "t", "created_at": now} for n in _each()))
    _put(SavedView, ({"name": "v", "query": "zone=open", "operator_id": owner.id, "created_at": now} for n in _each()))
    _put(Audit, (
        {"at": now - timedelta(minutes=5 * n), "action": TOLD[n % len(TOLD)], "operator_id": n + 1, "conversation_id": _thread(n), "address": "a",
         "details": {"name": "y", "title": "z", "detail": "d", "comment": "c", "ad_title": "t", "other": "o"}}
        for n in _each()
    ))  # fmt: skip
    _put(Comment, (
        {"inbox_id": 1, "external_id": f"c{n}", "author_username": "u", "text": "t", "reply_text": "r", "error": "e", "error_text": "e",
         "state": ("open", "failed", "unknown", "replied")[n % 4], "operator_id": n + 1, "own_post_id": n, "created_at": now,
         "commented_at": now - timedelta(minutes=n)}
        for n in _each()
    ))  # fmt: skip
    _put(
        Webhook,
        (
            {
                "id": n,
                "channel": "instagram",
                "received_at": now,
                "body": b"{}",
                "state": WebhookState.FAILED,
                "error": "e",
            }
            for n in _each()
        ),
    )
    _put(Event, (
        {"webhook_id": 1 if n > CROWD else n, "position": n, "channel": "instagram", "kind": "k", "reason": "r", "outcome": EventOutcome.FAILED, "created_at": now}
        for n in range(1, 2 * CROWD)
    ))  # fmt: skip
    _put(
        Mail,
        ({"recipient": "r", "content_encrypted": b"", "error": "e", "due_at": now, "created_at": now} for n in _each()),
    )
    _put(
        DataDeletion,
        (
            {"code": f"code {n}", "channel": "instagram", "user_digest": "d", "state": "unmatched", "requested_at": now}
            for n in _each()
        ),
    )


def tie_again() -> None:
    """Have each person's message answer the one it belongs to, and each reaction stand on its own, as channels say it: by
    ids, which are hostile by now."""
    first = aliased(Message)
    of_turn = db.select(first.external_id).where(first.id == Message.id - 2).scalar_subquery()
    of_reaction = db.select(Message.external_id).where(Message.id == (Reaction.id - 1) * TURN + 1).scalar_subquery()
    replies = update(Message).where(Message.sender == Sender.OPERATOR).values(reply_to_external_id=of_turn)
    for statement in (replies, update(Reaction).values(external_id=of_reaction)):
        db.session.execute(statement.execution_options(synchronize_session=False))
