"""Finding: what was said, who said it, which post and which product; in everything, or in one conversation."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from flask import jsonify, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _

from pilito.blueprints.auth import FRAGMENT_HEADER
from pilito.blueprints.panel import bp, present
from pilito.blueprints.panel.views import clock_words, get_conversation, list_words
from pilito.clock import utc_now
from pilito.lifecycle import Sender
from pilito.models import Conversation, Message
from pilito.queries import catalogue, inboxes
from pilito.queries import panel as panel_queries
from pilito.queries import search as queries
from pilito.queries.panel import Zone
from pilito.search.marks import excerpt, found_words
from pilito.search.terms import Question, read_question

KINDS = {
    "customers": _("Customers"),
    "messages": _("Messages"),
    "notes": _("Notes"),
    "posts": _("Posts"),
    "products": _("Products"),
}
TIMES = {
    "day": (_("Last 24 hours"), 1),
    "week": (_("Last 7 days"), 7),
    "month": (_("Last 30 days"), 30),
    "year": (_("Last year"), 365),
}
SENDERS = {
    Sender.CUSTOMER: _("Customers"),
    Sender.ASSISTANT: _("The assistant"),
    Sender.OPERATOR: _("People of the shop"),
    Sender.PHONE: _("From the phone"),
}
FEW = {"customers": 5, "messages": 15, "notes": 3, "posts": 3, "products": 3}  # of each kind beside the others
MANY = 30
SUGGESTED = 6
LONGEST = 200  # characters of a question
LARGEST = 2**63 - 1


@dataclass(frozen=True)
class Asked:
    """What was asked for, as the page shows it again."""

    text: str
    kind: str  # one of KINDS; empty: some of each
    inbox_id: int | None
    zone: Zone | None
    sender: Sender | None
    when: str
    before: int | None

    @property
    def question(self) -> Question:
        return read_question(self.text)

    @property
    def is_narrowed(self) -> bool:
        return any((self.inbox_id, self.zone, self.sender, self.when))

    def as_arguments(self, **changes: Any) -> dict[str, Any]:
        """For an address with the same question."""
        same = {
            "q": self.text,
            "kind": self.kind or None,
            "inbox": self.inbox_id,
            "in": self.zone,
            "by": self.sender,
            "when": self.when or None,
        }
        return same | changes


@bp.get("/conversations/search")
def show_search() -> ResponseReturnValue:
    """The page; with the fragment header only what was found, for a browser that has the rest."""
    words = _words_of(_asked(), utc_now())
    if request.headers.get(FRAGMENT_HEADER):
        return render_template("panel/search.html", **words, **clock_words(), zone=Zone.OPEN)
    return render_template("panel/page.html", **words, **list_words(), **clock_words(), conversation=None)


def _words_of(asked: Asked, now: datetime) -> dict[str, Any]:
    """What the template gets. Where nothing was found, a guess at what was meant, and what is found by that."""
    found, question, guess = _find(asked, now), asked.question, ""
    if found.is_empty and not question.is_empty and not asked.is_narrowed and not asked.before:
        guess = queries.find_guess(asked.text)
        if guess:
            found, question = _find(replace(asked, text=guess), now), read_question(guess)
    return {
        "asked": asked,
        "found": found,
        "question": question,
        "guess": guess,
        "is_behind": not question.is_empty and queries.is_behind(),
        "kinds": KINDS,
        "few": FEW,
        "times": {name: title for name, (title, _days) in TIMES.items()},
        "senders": SENDERS,
        "inbox_names": inboxes.names(),
        "excerpt": excerpt,
        "text_of": _whole_text,
    }


@bp.get("/conversations/<int:conversation_id>/find")
def find_in_conversation(conversation_id: int) -> ResponseReturnValue:
    """Where the words stand in one conversation, the newest first: ids of messages, and the words as they are there."""
    question = read_question(_text())
    messages = queries.find_within(get_conversation(conversation_id), question)
    places = [{"id": message.id, "words": found_words(_whole_text(message), question)} for message in messages]
    return jsonify(places=places, is_cut=len(places) == queries.MOST_WITHIN)


@bp.get("/conversations/suggest")
def suggest() -> ResponseReturnValue:
    """Customers for the command bar."""
    question = read_question(_text())
    found = queries.find_customers(question, queries.ANYWHERE, SUGGESTED) if not question.is_empty else []
    return jsonify(customers=[_suggestion(conversation) for conversation in found])


def _suggestion(conversation: Conversation) -> dict[str, Any]:
    customer = conversation.customer
    return {
        "name": customer.label,
        "detail": f"@{customer.username}" if customer.username else conversation.inbox.name,
        "href": url_for("panel.show_thread", conversation_id=conversation.id),
    }


# --- what is asked ---------------------------------------------------------------------------------------------------


def _asked() -> Asked:
    given = request.args
    kind, when = given.get("kind", ""), given.get("when", "")
    return Asked(
        text=_text(),
        kind=kind if kind in KINDS else "",
        inbox_id=_number("inbox"),
        zone=Zone(given["in"]) if given.get("in") in set(Zone) else None,
        sender=Sender(given["by"]) if given.get("by") in set(Sender) else None,
        when=when if when in TIMES else "",
        before=_number("place"),
    )


def _text() -> str:
    return request.args.get("q", "").replace("\x00", "")[:LONGEST]


def _number(name: str) -> int | None:
    number = request.args.get(name, type=int)
    return number if number is not None and 0 < number <= LARGEST else None


def _filters(asked: Asked, now: datetime) -> queries.Filters:
    too_long = panel_queries.unanswered_for_too_long
    return queries.Filters(
        inbox_id=asked.inbox_id,
        sender=asked.sender,
        since=now - timedelta(days=TIMES[asked.when][1]) if asked.when else None,
        of_conversation=panel_queries.in_zone(asked.zone, lambda: too_long(now)) if asked.zone else None,
    )


# --- what is found ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Found:
    """Some of each kind, or many of one; `next` is where the one kind goes on."""

    customers: list[Conversation]
    messages: queries.FoundMessages
    notes: queries.FoundNotes
    posts: queries.FoundPosts
    products: list[Any]

    @property
    def is_empty(self) -> bool:
        rows = (self.customers, self.messages.messages, self.notes.notes, self.posts.posts, self.products)
        return not any(rows) and not (self.messages.next or self.posts.next or self.notes.next)


def _find(asked: Asked, now: datetime) -> Found:
    question, filters = asked.question, _filters(asked, now)
    is_only_words = not (asked.sender or asked.when)  # names and products were not written by somebody some day
    many = {kind: MANY if asked.kind == kind else few for kind, few in FEW.items() if asked.kind in ("", kind)}
    if question.is_empty:
        many = {}
    places = (question, filters, asked.before)
    return Found(
        customers=queries.find_customers(question, filters, many["customers"])
        if "customers" in many and is_only_words and not asked.before
        else [],
        messages=queries.find_messages(*places, many["messages"]) if "messages" in many else queries.FoundMessages([]),
        notes=queries.find_notes(*places, many["notes"]) if "notes" in many else queries.FoundNotes([]),
        posts=queries.find_posts(*places, many["posts"]) if "posts" in many else queries.FoundPosts([]),
        products=list(catalogue.products(asked.text, asked.inbox_id, 1).products[: many["products"]])
        if "products" in many and is_only_words and not asked.zone
        else [],
    )


def _whole_text(message: Message) -> str:
    """All that a message is found by: its own text, what was read of its files, the words of its post."""
    read = [file.reading.text for file in message.attachments if file.reading and file.reading.text]
    post = present.words_of(message.share) if message.share else []
    names = [file.title for file in message.attachments if file.title and not message.share]
    return "\n".join([*filter(None, [message.text]), *read, *names, *post])
