"""Rows as the templates show them: names, lines and states worked out here, so that the templates only place them."""

import re
import unicodedata
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from flask_babel import gettext
from sqlalchemy import inspect

from pilito.blueprints import i18n
from pilito.blueprints.panel import sentences
from pilito.blueprints.panel.steps import step_line
from pilito.channels.base import STORY_REPLY, Channel
from pilito.conversations.approve import APPLIED, EDITED
from pilito.conversations.choose_mode import may_choose
from pilito.conversations.duty import chosen_mode
from pilito.conversations.quote_product import caption_differs, price_in_words
from pilito.conversations.reconcile import is_looked_for
from pilito.conversations.retract import held_until
from pilito.conversations.seen import Seen
from pilito.extensions import channels
from pilito.lifecycle import (
    AssistantMode,
    ConversationState,
    DeliveryState,
    HandOverReason,
    MediaKind,
    MediaState,
    MessageType,
    PostProductState,
    PriceRule,
    Sender,
    ShareState,
)
from pilito.media.look import SHOWN_TYPES
from pilito.models import (
    Attachment,
    Audit,
    Conversation,
    Delivery,
    Draft,
    Inbox,
    MediaFile,
    Message,
    Note,
    Operator,
    Proof,
    Reaction,
    Share,
)
from pilito.models.message import UNDONE
from pilito.queries.panel import Row, Thread, Zone, is_waiting_too_long, zone_of

TINTS = 8  # colours of avatars, see static/panel/base.css
PREVIEW_CHARACTERS = 140
PICTURE_WIDTH, PICTURE_HEIGHT = 320, 340  # in CSS pixels, see static/panel/thread.css
MEGABYTE = 1_000_000
NOT_OFFERED = ("gone", "address_refused", "refused_type")
COMMENT_CHARACTERS = 80
WINDOW_WARNING = timedelta(hours=4)
PAUSE_SHOWN = timedelta(seconds=20)

price_of = price_in_words  # beside a post stands what a person would tell of its product


# --- people and links ------------------------------------------------------------------------------------------------


def initials(name: str) -> str:
    """One or two letters for an avatar. Persian and Arabic letters would join into a word, so there is one of them."""
    words = [word for word in ("".join(filter(str.isalnum, part)) for part in name.split()) if word]
    if not words:
        return "?"
    first = words[0][0]
    is_joining = unicodedata.bidirectional(first) in ("R", "AL")
    return first if is_joining or len(words) == 1 else (first + words[-1][0]).upper()


def tint(number: int) -> int:
    return number % TINTS


def web_link(url: str | None) -> str | None:
    """The address if a browser may follow it; javascript:, data: and whatever else strangers send is no link."""
    if not url:
        return None
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return None
    return url.strip() if parts.scheme in ("http", "https") and parts.hostname else None


def short_link(url: str) -> str:
    """The address as a person reads it."""
    parts = urlsplit(url)
    path = parts.path.rstrip("/")
    text = f"{(parts.hostname or '').removeprefix('www.')}{path}"
    return text if len(text) <= 40 else f"{text[:39]}…"


# --- the list --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Line:
    """The last line of a conversation, with a glyph where it is not plain text."""

    text: str
    glyph: str = ""
    by: str = ""  # who wrote it, unless the customer


GLYPHS = {
    MessageType.SHARE: "post",
    MessageType.IMAGE: "image",
    MessageType.VIDEO: "video",
    MessageType.VOICE: "voice",
    MessageType.FILE: "file",
    MessageType.STORY: "story",
    MessageType.STORY_MENTION: "story",
    MessageType.PRODUCT: "product",
    MessageType.LIKE: "heart",
    MessageType.POSTBACK: "tap",
    MessageType.UNSUPPORTED: "hidden",
    MessageType.OTHER: "hidden",
}


def row_value(conversation: Conversation) -> str:
    """Which conversation, and what was seen of it: what a form sends that changes it."""
    return f"{conversation.id}:{Seen.of(conversation)}"


def last_line(row: Row) -> Line:
    if row.newest is None:
        return Line(row.conversation.preview or "")
    return Line(gist(row.newest), glyph_of(row.newest), by_of(row.newest))


def window_left(conversation: Conversation, now: datetime) -> str:
    """3:12, in the last hours in which one may reply as usual; empty before and after, and for what is closed."""
    if conversation.state is ConversationState.CLOSED:
        return ""
    closes_at = _closes_at(conversation, channels[conversation.inbox.channel].reply_window)
    if closes_at is None or not now < closes_at < now + WINDOW_WARNING:
        return ""
    minutes = int((closes_at - now).total_seconds()) // 60
    return f"{minutes // 60}:{minutes % 60:02d}"


def gist(message: Message) -> str:
    """A message in one line."""
    if message.deleted_at:
        return str(sentences.TAKEN_BACK)
    words = message.words or _spoken(message)
    if not words and message.share:
        words = message.share.full_caption or message.share.title or str(kind_label(message.share))
    return " ".join((words or str(sentences.MESSAGE_TYPES[message.message_type])).split())[:PREVIEW_CHARACTERS]


def _spoken(message: Message) -> str:
    """The words of a voice note, where they were written down."""
    if message.message_type is not MessageType.VOICE:
        return ""
    return " ".join(file.reading.text or "" for file in message.attachments if file.reading)


def glyph_of(message: Message) -> str:
    if message.deleted_at:
        return "undo"
    if message.share:
        return kind_of(message.share)
    return GLYPHS.get(message.message_type, "")


def by_of(message: Message) -> str:
    """Who of the shop wrote it; empty for the customer."""
    return {
        Sender.ASSISTANT: gettext("Assistant"),
        Sender.OPERATOR: gettext("Shop"),
        Sender.PHONE: gettext("Phone"),
    }.get(message.sender, "")


# --- the share card --------------------------------------------------------------------------------------------------


def kind_of(share: Share) -> str:
    """post, reel, story or link: the provider's many words for few things."""
    for kind in ("reel", "story", "link"):
        if kind in share.kind:
            return kind
    return "post"


def kind_label(share: Share) -> Any:
    return sentences.SHARE_KINDS[kind_of(share)]


def page_of(share: Share) -> str | None:
    """The page of the post; a file has none, and once it was copied its address is of no use to anybody."""
    return web_link(share.full_permalink) or (web_link(share.url) if share.copy is None else None)


def words_of(share: Share) -> list[str]:
    """Title, subtitle and caption, each once: Instagram repeats the caption as a title."""
    words: list[str] = []
    for part in (share.title, share.subtitle, share.full_caption):
        if part and part.strip() and part.strip() not in words:
            words.append(part.strip())
    return words


def prices_differ(share: Share, thread: Thread, inbox: Inbox, now: datetime) -> bool:
    """Whether the post names another price than its products, and nobody has said which counts: a person is asked."""
    products = thread.products.get(share.own_post_id or 0, [])
    is_sure = any(row.state is PostProductState.CONFIRMED for row in products)
    if is_sure and inbox.price_rule is PriceRule.CATALOGUE:
        return False
    return caption_differs(share, [row.product for row in products], inbox, now)


def wait_left(share: Share, now: datetime) -> str:
    """1:37, as long as the share waits."""
    seconds = max(0, int((share.expires_at - now).total_seconds()))
    return f"{seconds // 60}:{seconds % 60:02d}"


def wait_seconds(share: Share) -> int:
    return max(1, round((share.expires_at - share.sent_at).total_seconds()))


def share_note(share: Share, thread: Thread) -> Any:
    """What became of the share. A question may have been typed before it, or in the same message."""
    if share.answers_id is not None:
        return str(gettext("Answers “which one?”"))
    if share.state is ShareState.COMBINED and _asked_before(share, thread):
        return str(gettext("Question above"))
    return sentences.SHARE_STATES[share.state]


def _asked_before(share: Share, thread: Thread) -> bool:
    asked_at = thread.asked_at.get(share.combined_with_id or 0)
    return asked_at is not None and asked_at < share.sent_at


# --- the thread ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Item:
    """A message, a note or an activity in its place. `order` sorts as text, in the browser too."""

    key: str
    order: str
    at: datetime
    message: Message | None = None
    activity: Audit | None = None
    note: Note | None = None


def arrange(thread: Thread) -> list[Item]:
    """Messages, notes and activities in one row of time."""
    items = [_message_item(message) for message in thread.messages]
    items += [
        Item(f"a{audit.id}", _order(audit.at, 1, audit.id), audit.at, activity=audit) for audit in thread.activities
    ]
    items += [
        Item(f"n{note.id}", _order(note.created_at, 2, note.id), note.created_at, note=note) for note in thread.notes
    ]
    return sorted(items, key=lambda item: item.order)


def _message_item(message: Message) -> Item:
    return Item(f"m{message.id}", _order(message.sent_at, 0, message.id), message.sent_at, message=message)


def _order(at: datetime, rank: int, number: int) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%S.%f}-{rank}-{number:012d}"


def is_stored(copy: MediaFile | None) -> bool:
    return copy is not None and copy.state is MediaState.STORED


def medium_of(copy: MediaFile) -> str:
    """How a browser shows our copy: image, video, voice, or file for a download."""
    if copy.mime_type not in SHOWN_TYPES:
        return "file"
    family = (copy.mime_type or "").partition("/")[0]
    return {"audio": "voice"}.get(family, family)


def frame_of(copy: MediaFile) -> tuple[int, int] | None:
    """Width and height in which a picture is shown, known before it is loaded, so that nothing jumps."""
    if not copy.width or not copy.height:
        return None
    scale = min(1.0, PICTURE_WIDTH / copy.width, PICTURE_HEIGHT / copy.height)
    return max(1, round(copy.width * scale)), max(1, round(copy.height * scale))


def size_of(copy: MediaFile) -> str:
    """1.2 MB, 34 kB."""
    size = copy.size_bytes or 0
    if size >= MEGABYTE:
        return str(gettext("%(number)s MB", number=i18n.digits(f"{size / MEGABYTE:.1f}")))
    return str(gettext("%(number)s kB", number=i18n.digits(max(1, round(size / 1000)))))


def type_of(copy: MediaFile) -> str:
    """PDF, or nothing for a type without a name that people know."""
    return "PDF" if copy.mime_type == "application/pdf" else ""


def copy_label(copy: MediaFile) -> Any:
    return sentences.MEDIA_KINDS[copy.kind]


def copy_glyph(copy: MediaFile) -> str:
    return {MediaKind.PREVIEW: "image", MediaKind.AVATAR: "person"}.get(copy.kind, copy.kind.value)


def original_of(file: Attachment) -> str | None:
    """The provider's own address, while it may live; not one that we would not follow ourselves."""
    is_refused = file.copy is not None and file.copy.error in NOT_OFFERED
    return None if is_refused else web_link(file.url)


def story_of(message: Message) -> Attachment | None:
    """The story of the shop that this message answers."""
    if message.message_type is MessageType.STORY:
        return None
    return next((file for file in message.attachments if file.kind == STORY_REPLY), None)


def files_of(message: Message) -> list[Attachment]:
    """The files that stand by themselves: not the post of a card, and not the story that is answered."""
    story = story_of(message)
    return [] if message.share else [file for file in message.attachments if file is not story]


def album_of(files: list[Attachment]) -> list[Attachment]:
    """The pictures among them, where there are several: one by itself is shown large."""
    pictures = [file for file in files if file.copy and is_stored(file.copy) and medium_of(file.copy) == "image"]
    return pictures if len(pictures) > 1 else []


def slides_of(message: Message) -> list[Attachment]:
    """The further pictures of a shared carousel; the first is on the card."""
    share = message.share
    if share is None:
        return []
    others = [file for file in message.attachments if file is not story_of(message) and not _is_on_card(file, share)]
    return others if share.kind != "link" else []


def _is_on_card(file: Attachment, share: Share) -> bool:
    return file.url == share.url or (file.media_id is not None and file.media_id == share.media_id)


@dataclass(frozen=True)
class Source:
    """Where a customer came from."""

    label: str
    title: str = ""
    glyph: str = "link"


def source_of(referral: dict[str, Any]) -> Source:
    title = referral.get("ad_title") or ""
    if referral.get("ad_id") or title or referral.get("source") == "ADS":
        return Source(gettext("Came from an ad"), title or referral.get("ref") or "", "ad")
    if referral.get("product_id"):
        return Source(gettext("Came from a product of the shop"), referral.get("ref") or "", "product")
    return Source(gettext("Came through a link"), referral.get("ref") or "")


# The provider's words for a tap whose title stands in the text; what was typed has none of them.
TAPS = {"quick_reply", "ice_breaker"}


def tap_label(message: Message) -> Any:
    return sentences.MESSAGE_TYPES[MessageType.POSTBACK] if message.provider_type in TAPS else None


def reaction_words(reaction: Reaction) -> str:
    who = gettext("The shop's reaction") if reaction.by_shop else gettext("The customer's reaction")
    return f"{who}: {reaction.emoji}"


def open_words(message: Message, copy: MediaFile | None) -> str:
    """What a link to the provider's own file is called, where the file has no name."""
    if message.message_type in (MessageType.STORY, MessageType.STORY_MENTION):
        return str(gettext("Open the story"))
    return str(gettext("Open the original") if copy else gettext("File"))


def is_gone(message: Message) -> bool:
    """An echo that turned out to be a reply of ours, or a reply that was taken back before it left: it was never a
    message, so nothing is left to show."""
    if message.origin == UNDONE:
        return True
    return bool(message.deleted_at) and message.sender is Sender.PHONE and message.external_id is None


def author(message: Message, names: dict[int, str]) -> str:
    """Who wrote one of our messages."""
    if message.sender is Sender.OPERATOR:
        return names.get(message.operator_id or 0) or gettext("Shop")
    return str(gettext("Assistant") if message.sender is Sender.ASSISTANT else gettext("From the phone"))


@dataclass(frozen=True)
class Progress:
    """How far a reply got."""

    state: DeliveryState
    label: str
    what: str = ""
    next: str = ""


# The worst part of a reply decides how the whole looks.
WORST_FIRST = (
    DeliveryState.FAILED,
    DeliveryState.UNKNOWN,
    DeliveryState.SENDING,
    DeliveryState.PENDING,
    DeliveryState.SENT,
)


def delivery_note(message: Message, now: datetime) -> Progress | None:
    """None for what we did not send: the customer's messages, and those from the phone."""
    if not message.deliveries:
        return None
    worst = min(message.deliveries, key=_badness)
    label = str(sentences.DELIVERY_STATES[worst.state])
    if len(message.deliveries) > 1 and worst.state in (DeliveryState.FAILED, DeliveryState.UNKNOWN):
        label = gettext(
            "%(label)s: part %(part)s of %(all)s", label=label, part=worst.position + 1, all=len(message.deliveries)
        )
    sentence = _delivery_sentence(worst, now)
    return Progress(worst.state, label, str(sentence.what), str(sentence.next))


def leaves_at(message: Message, operator_id: int, now: datetime) -> datetime | None:
    """Until when this person may take the reply back."""
    return held_until(message, now) if message.operator_id == operator_id else None


def unsettled(message: Message) -> Delivery | None:
    """The part of a reply that a person may settle: nobody knows whether it arrived."""
    return next((part for part in message.deliveries if part.state is DeliveryState.UNKNOWN), None)


def _badness(delivery: Delivery) -> tuple[bool, int]:
    """The lower, the worse. A part that only fell with an earlier one does not hide what that one met."""
    return delivery.error == "earlier_part_failed", WORST_FIRST.index(delivery.state)


def _delivery_sentence(delivery: Delivery, now: datetime) -> sentences.Sentence:
    if delivery.state is DeliveryState.UNKNOWN:
        return look_sentence(delivery, now)
    if delivery.state is DeliveryState.PENDING and not delivery.error and _is_paused(delivery):
        return sentences.ACCOUNT_PAUSED
    if delivery.state is DeliveryState.FAILED or (delivery.state is DeliveryState.PENDING and delivery.error):
        return sentences.explain_delivery(delivery.error)
    return sentences.Sentence("")


def look_sentence(delivery: Delivery, now: datetime) -> sentences.Sentence:
    """What is done by itself about a send whose outcome is unknown, and whether a person has to settle it."""
    if is_looked_for(delivery, now):
        return sentences.LOOKED_FOR
    return sentences.NOT_FOUND if delivery.looks else sentences.NOT_LOOKED_FOR


def _is_paused(delivery: Delivery) -> bool:
    """Whether it waits for so long that somebody may ask why."""
    return delivery.due_at > delivery.created_at + PAUSE_SHOWN


@dataclass(frozen=True)
class Part:
    """A stretch of a note; `who` is whom it mentions."""

    text: str
    who: int | None = None


def note_parts(note: Note) -> list[Part]:
    """The note's text, cut at the names that it mentions; of two names that begin alike the longer counts."""
    names = {f"@{mention.operator.name}": mention.operator_id for mention in note.mentions}
    if not names:
        return [Part(note.text)]
    longest_first = sorted(names, key=len, reverse=True)
    parts = re.split(f"({'|'.join(map(re.escape, longest_first))})", note.text)
    return [Part(part, names.get(part)) for part in parts if part]


def activity_line(activity: Audit, names: dict[int, str]) -> str:
    """An audit row as a sentence."""
    step = step_line(activity, names)
    if step is not None:
        return step
    name = names.get(activity.operator_id or 0)
    if activity.action == "handed_over":
        return str(gettext("The assistant handed over"))
    if activity.action == "took_over":
        if name:
            return str(gettext("%(name)s took over", name=name))
        return str(gettext("A person took over outside this panel"))
    if activity.action == "gave_back" and (activity.details or {}).get("rule_hours"):
        hours = i18n.digits(activity.details["rule_hours"])
        return str(gettext("It went back to the assistant: no person has written for %(hours)s hours", hours=hours))
    if activity.action == "gave_back" and (activity.details or {}).get("mistaken_echo"):
        return str(gettext("It went back to the assistant: what seemed to come from the phone was its own reply"))
    if activity.action == "mode_chosen":
        return _mode_line((activity.details or {}).get("mode"), name or str(gettext("Somebody")))
    if activity.action == "discarded_draft":
        return str(gettext("%(name)s discarded the assistant's draft", name=name or gettext("Somebody")))
    if activity.action == "gave_back":
        return str(gettext("%(name)s gave it back to the assistant", name=name or gettext("Somebody")))
    if activity.action == "closed":
        return str(gettext("%(name)s closed the conversation", name=name or gettext("Somebody")))
    if activity.action in sentences.PERSON_ACTIVITIES:
        return str(sentences.PERSON_ACTIVITIES[activity.action] % {"name": name or gettext("Somebody")})
    if activity.action == "referred":
        source = source_of(activity.details or {})
        return f"{source.label}: {source.title}" if source.title else source.label
    if activity.action == "settled_send":
        return _settled_line((activity.details or {}).get("how"), name or str(gettext("Somebody")))
    if activity.action == "private_reply":
        comment = (activity.details or {}).get("comment") or ""
        return str(gettext("Private reply to a comment: “%(comment)s”", comment=comment[:COMMENT_CHARACTERS]))
    return str(sentences.ACTIVITIES.get(activity.action, activity.action))


def activity_detail(activity: Audit) -> str:
    """What another app's maker wrote beside it."""
    return str((activity.details or {}).get("detail", "")) if activity.action in sentences.ACTIVITIES else ""


def _mode_line(mode: str | None, name: str) -> str:
    if mode is None:
        return str(gettext("%(name)s let the assistant work here as the account is set", name=name))
    return str(
        gettext("%(name)s chose for the assistant here: %(mode)s", name=name, mode=sentences.MODES[AssistantMode(mode)])
    )


def _settled_line(how: str | None, name: str) -> str:
    if how == "arrived":
        return str(gettext("%(name)s said that the uncertain reply arrived", name=name))
    if how == "again":
        return str(gettext("%(name)s sent the uncertain reply again", name=name))
    return str(gettext("%(name)s gave the uncertain reply up", name=name))


def activity_reason(activity: Audit) -> Any:
    """In a few words: as long as it counts, the head of the thread says it in full."""
    reason = (activity.details or {}).get("reason") if activity.action == "handed_over" else None
    return sentences.HAND_OVER_SHORT.get(HandOverReason(reason)) if reason in list(HandOverReason) else None


# --- drafts, and what an answer rests on ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Finding:
    what: Any
    claim: str = ""


def findings(text: str) -> list[Finding]:
    """What the checks found against a draft, each once."""
    parts = dict.fromkeys(part.strip() for part in (text or "").split(";") if part.strip())
    return [_finding(*part.partition(":")[::2]) for part in parts]


def _finding(slug: str, claim: str) -> Finding:
    what = sentences.FINDINGS.get(slug.strip())
    return Finding(what, claim.strip()) if what else Finding(sentences.FOUND_OTHERWISE, f"{slug} {claim}".strip())


@dataclass(frozen=True)
class FactLine:
    """A fact that was there; `url` opens it."""

    source: Any
    text: str
    url: str | None = None
    is_used: bool = False


@dataclass(frozen=True)
class NumberLine:
    claim: str
    source: Any
    url: str | None = None


@dataclass(frozen=True)
class Why:
    """What an answer rests on, as its page shows it."""

    model: str
    seconds: str
    facts: list[FactLine]
    numbers: list[NumberLine]
    checks: list[Any]
    has_passed: bool
    tokens: str
    cost: str
    version: str


def why_of(proof: Proof | None) -> Why | None:
    if proof is None:
        return None
    columns = {column.key: getattr(proof, column.key) for column in inspect(Proof).column_attrs}
    return _why(columns, has_passed=True)


def why_of_draft(draft: Draft) -> Why | None:
    return _why(draft.working, has_passed=not draft.finding) if draft.working else None


def why_of_trial(told: dict[str, Any]) -> Why | None:
    """Of an answer that was tried, or of the old one beside it."""
    if not told.get("working"):
        return None
    why = _why(told["working"], has_passed=not told.get("finding"))
    # The messages of a trial are not there: only what lies on pages of its own can be opened.
    facts = [replace(one, url=None) if (one.url or "").startswith("#") else one for one in why.facts]
    numbers = [replace(one, url=None) if (one.url or "").startswith("#") else one for one in why.numbers]
    return replace(why, facts=facts, numbers=numbers)


def _why(kept: dict[str, Any], has_passed: bool) -> Why:
    """Read by name: an older proof lacks what newer ones keep."""
    used = set(kept.get("facts_used") or ())
    tokens = [kept[name] for name in ("input_tokens", "output_tokens") if kept.get(name) is not None]
    return Why(
        model=str(kept.get("model", "")),
        seconds=f"{(kept.get('milliseconds') or 0) / 1000:.1f}",
        facts=sorted((_fact_line(fact, used) for fact in kept.get("facts") or ()), key=lambda line: not line.is_used),
        numbers=[_number_line(one) for one in kept.get("rests_on") or ()],
        checks=[sentences.CHECKS_RUN.get(name, name) for name in kept.get("checks") or ()],
        has_passed=has_passed,
        tokens=" + ".join(f"{count:,}" for count in tokens),
        cost=_dollars(kept.get("cost_micros")),
        version=_version(kept),
    )


def _number_line(footing: dict[str, Any]) -> NumberLine:
    """A number, date, link or code of the answer, with the fact that carries it."""
    source, reference = str(footing.get("source", "")), str(footing.get("reference", ""))
    return NumberLine(
        str(footing.get("claim", "")), sentences.FACT_SOURCES.get(source, source), _fact_url(source, reference)
    )


def _dollars(micros: int | None) -> str:
    return f"${micros / 1_000_000:.5f}" if micros is not None else ""


def _version(kept: dict[str, Any]) -> str:
    """The version of the account's own instructions; without one, what tells two prompts apart."""
    version, prompt = kept.get("instructions_version"), str(kept.get("prompt_hash") or "")[:8]
    return f"{version} · {prompt}" if version else prompt


def _fact_line(fact: dict[str, Any], used: set[str]) -> FactLine:
    source, reference = str(fact.get("source", "")), str(fact.get("reference", ""))
    return FactLine(
        source=sentences.FACT_SOURCES.get(source, source),
        text=str(fact.get("text", "")),
        url=_fact_url(source, reference),
        is_used=reference in used,
    )


def _fact_url(source: str, reference: str) -> str | None:
    """Where a person mends the fact: a product, a passage, or the message that carries the post."""
    kind, _, number = reference.partition(":")
    if kind in ("product", "passage") and number.isdecimal():
        return f"/catalogue/{number}" if kind == "product" else f"/knowledge/passages/{number}"
    return f"#m{reference}" if reference.isdecimal() and "caption" in source else None


def claim_words(claim: str) -> str:
    """1,850,000 toman, as people read it: the checks compare bare numbers."""
    number, _, unit = claim.partition(" ")
    if number.isdecimal() and len(number) > 4 and unit in sentences.UNITS:
        number = i18n.figure(f"{int(number):,}")
    return i18n.digits(f"{number} {sentences.UNITS.get(unit, unit)}".strip())


def mode_choices(conversation: Conversation, operator: Operator) -> list[tuple[str, Any, Any]]:
    """The modes that this person may give a conversation, and the one it has, with the inbox's own first."""
    of_inbox = sentences.MODES[conversation.inbox.assistant_mode]
    return [
        ("inbox", gettext("As the account: %(mode)s", mode=of_inbox), ""),
        *(
            (mode.value, label, sentences.MODE_MEANINGS[mode])
            for mode, label in sentences.MODES.items()
            if mode is conversation.assistant_mode or may_choose(operator, conversation.inbox, mode)
        ),
    ]


def draft_mark(message: Message) -> str:
    """Whose words an operator's reply has, where it began as a draft."""
    if message.origin == APPLIED:
        return str(gettext("the assistant's draft"))
    return str(gettext("mended draft")) if message.origin == EDITED else ""


# --- who holds it, and what may be written ---------------------------------------------------------------------------


def file_rules(channel: Channel) -> dict[str, dict[str, Any]]:
    """What the composer must know of files before it uploads them."""
    return {kind: {"limit": rule.limit_bytes, "types": rule.types} for kind, rule in channel.sends.items()}


@dataclass(frozen=True)
class Desk:
    """What an operator can do with a conversation now."""

    zone: Zone
    mode: AssistantMode  # that people chose, here or for the inbox
    is_overdue: bool  # the assistant holds it, and nobody has answered in time
    holder: str
    may_take_over: bool
    may_give_back: bool
    may_close: bool
    may_reply: bool
    refusal: str  # why not
    limit_bytes: int
    closes_at: datetime | None  # the end of the usual reply time; None when it is over or never ends
    is_near: bool  # that end
    is_late: bool  # after the usual time, when only a person may write
    late_closes_at: datetime | None  # the end of a person's time
    paused_until: datetime | None  # the account rests so long; None for a rest that nobody would notice


def desk_of(conversation: Conversation, is_agent: bool, now: datetime) -> Desk:
    state = conversation.state
    channel = channels[conversation.inbox.channel]
    permission = channel.may_send(True, conversation.last_customer_message_at, now)
    is_blocked = conversation.is_blocked
    closes_at = None if is_blocked else _closes_at(conversation, channel.reply_window)
    paused_until = conversation.inbox.paused_until
    return Desk(
        zone=zone_of(conversation, now),
        mode=chosen_mode(conversation.inbox, conversation),
        is_overdue=is_waiting_too_long(conversation, now),
        holder=_holder(conversation),
        may_take_over=is_agent and not is_blocked and state is not ConversationState.OPERATOR,
        may_give_back=is_agent
        and not is_blocked
        and state in (ConversationState.OPERATOR, ConversationState.HANDED_OVER),
        may_close=is_agent and state is not ConversationState.CLOSED,
        may_reply=is_agent and not is_blocked and bool(permission),
        refusal=sentences.explain_refusal(_why_not(is_agent, is_blocked, permission.reason)),
        limit_bytes=channel.text_limit_bytes,
        closes_at=closes_at if closes_at is not None and now < closes_at else None,
        is_near=closes_at is not None and now < closes_at < now + WINDOW_WARNING,
        is_late=bool(permission) and closes_at is not None and closes_at <= now,
        late_closes_at=_closes_at(conversation, channel.person_window),
        paused_until=paused_until if paused_until and paused_until > now + PAUSE_SHOWN else None,
    )


def _why_not(is_agent: bool, is_blocked: bool, reason: str) -> str:
    if not is_agent:
        return "not_allowed"
    return "blocked" if is_blocked else reason


def _closes_at(conversation: Conversation, window: timedelta | None) -> datetime | None:
    if window is None or conversation.last_customer_message_at is None:
        return None
    return conversation.last_customer_message_at + window


def _holder(conversation: Conversation) -> str:
    if conversation.state is ConversationState.OPERATOR:
        return conversation.operator.name if conversation.operator else gettext("A person outside this panel")
    return gettext("Assistant") if conversation.state is ConversationState.ASSISTANT else ""


# What a browser says of itself, by the first word that fits: others call themselves Chrome and Safari too.
BROWSERS = {
    "Edg": "Edge",
    "OPR": "Opera",
    "SamsungBrowser": "Samsung Internet",
    "Firefox": "Firefox",
    "FxiOS": "Firefox",
    "CriOS": "Chrome",
    "Chrome": "Chrome",
    "Safari": "Safari",
}
SYSTEMS = {
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Android": "Android",
    "Windows": "Windows",
    "Mac OS X": "macOS",
    "CrOS": "ChromeOS",
    "Linux": "Linux",
}


def browser_name(text: str | None) -> str:
    """Firefox · Windows; or the beginning of what it said."""
    said = text or ""
    browser = next((name for word, name in BROWSERS.items() if word in said), "")
    system = next((name for word, name in SYSTEMS.items() if word in said), "")
    return " · ".join(filter(None, (browser, system))) or said[:60] or "–"
