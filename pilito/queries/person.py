"""What is shown beside a conversation: who the customer is, under which accounts, and what was spoken of.

Every SELECT here is bounded by the conversation or by a number of rows, whatever the size of the shop.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Row, ScalarSelect, func, or_, select
from sqlalchemy.orm import contains_eager, joinedload, selectinload

from pilito.extensions import db
from pilito.lifecycle import MediaState, MessageType, PostProductState, Sender
from pilito.models import (
    Attachment,
    Conversation,
    ConversationLabel,
    Customer,
    MediaFile,
    Message,
    Note,
    OwnPost,
    PostProduct,
    Product,
    Proof,
    Share,
)
from pilito.models.search_entry import SearchKind
from pilito.queries.search import ANYWHERE, find_places
from pilito.search.terms import plain_words, read_question

LOOKED_AT = 500  # of the newest messages: files and proofs from before them are in the thread
SHOWN_SHARES = 12
SHOWN_FILES = 12
SHOWN_PRODUCTS = 8
SHOWN_NOTES = 3
SHOWN_OTHERS = 20  # conversations of one person
COUNTED = 1_000  # messages of a conversation, at most
SPOKEN = 20  # messages by which a script is told
FOUND = 8
SUGGESTED = 3
FILE_TYPES = (MessageType.IMAGE, MessageType.VIDEO, MessageType.VOICE, MessageType.FILE)
PRODUCT = re.compile(r"product:(\d{1,18})")
PHONE = re.compile(r"(?:\+|00)?\d[\d\s().-]{7,16}\d")
DIGITS = str.maketrans("۰۱۲۳۴۵۶۷۸۹٠١٢٣٤٥٦٧٨٩", "01234567890123456789")


@dataclass(frozen=True)
class Account:
    """A conversation of a person, with how many messages it has, up to COUNTED."""

    conversation: Conversation
    messages: int


def accounts_of_person(conversation: Conversation) -> list[Account]:
    """Every conversation of this one's person: this one first, then the one that was written in last."""
    customer = conversation.customer
    main = customer.same_as_id or customer.id
    found = db.session.scalars(
        select(Conversation)
        .join(Conversation.customer)
        .where(or_(Customer.id == main, Customer.same_as_id == main))
        .options(contains_eager(Conversation.customer), joinedload(Conversation.inbox))
        .limit(SHOWN_OTHERS)
    ).all()
    ordered = sorted(found, key=lambda one: one.last_message_at or one.created_at, reverse=True)
    ordered.sort(key=lambda one: one.id != conversation.id)
    counts = db.session.execute(select(*(_count_messages(one.id) for one in ordered))).one()
    return [Account(one, count) for one, count in zip(ordered, counts, strict=True)]


def _count_messages(conversation_id: int) -> ScalarSelect[int]:
    some = select(Message.id).where(Message.conversation_id == conversation_id).limit(COUNTED).subquery()
    return select(func.count()).select_from(some).scalar_subquery()


def newest_texts(conversation: Conversation) -> Sequence[str]:
    """What the customer wrote last."""
    return db.session.scalars(
        select(Message.text)
        .where(Message.id.in_(_newest(conversation)), Message.sender == Sender.CUSTOMER, Message.text != "")
        .order_by(Message.sent_at.desc(), Message.id.desc())
        .limit(SPOKEN)
    ).all()


def newest_shares(conversation: Conversation) -> Sequence[Share]:
    return db.session.scalars(
        select(Share)
        .join(Message, Share.message_id == Message.id)
        .where(Share.conversation_id == conversation.id, Message.deleted_at.is_(None))
        .options(joinedload(Share.copy), joinedload(Share.own_post).joinedload(OwnPost.copy))
        .order_by(Share.sent_at.desc(), Share.id.desc())
        .limit(SHOWN_SHARES)
    ).all()


def newest_files(conversation: Conversation) -> Sequence[Attachment]:
    """The files that the customer sent and we have a copy of."""
    return db.session.scalars(
        select(Attachment)
        .join(Message, Attachment.message_id == Message.id)
        .join(MediaFile, Attachment.copy_id == MediaFile.id)
        .where(
            Message.id.in_(_newest(conversation)),
            Message.sender == Sender.CUSTOMER,
            Message.message_type.in_(FILE_TYPES),
            Message.deleted_at.is_(None),
            MediaFile.state == MediaState.STORED,
        )
        .options(joinedload(Attachment.copy))
        .order_by(Message.sent_at.desc(), Message.id.desc(), Attachment.position)
        .limit(SHOWN_FILES)
    ).all()


def newest_notes(conversation: Conversation) -> Sequence[Note]:
    return db.session.scalars(
        select(Note)
        .where(Note.conversation_id == conversation.id, Note.deleted_at.is_(None))
        .options(joinedload(Note.operator))
        .order_by(Note.created_at.desc(), Note.id.desc())
        .limit(SHOWN_NOTES)
    ).all()


def labels_of(conversation: Conversation) -> Sequence[ConversationLabel]:
    return db.session.scalars(
        select(ConversationLabel)
        .where(ConversationLabel.conversation_id == conversation.id)
        .options(joinedload(ConversationLabel.label))
        .order_by(ConversationLabel.id)
    ).all()


def spoken_products(conversation: Conversation, shares: Sequence[Share]) -> list[Product]:
    """The products of the posts that were shared, and those that the assistant's answers rest on; newest first."""
    ids = list(dict.fromkeys((*_of_posts(shares), *_of_answers(conversation))))[:SHOWN_PRODUCTS]
    if not ids:
        return []
    found = db.session.scalars(
        select(Product)
        .where(Product.id.in_(ids), Product.active)
        .options(joinedload(Product.copy), selectinload(Product.variants))
    )
    return sorted(found, key=lambda product: ids.index(product.id))


def _of_posts(shares: Sequence[Share]) -> list[int]:
    posts = list(dict.fromkeys(share.own_post_id for share in shares if share.own_post_id))
    if not posts:
        return []
    rows = db.session.execute(
        select(PostProduct.own_post_id, PostProduct.product_id)
        .where(PostProduct.own_post_id.in_(posts), PostProduct.state != PostProductState.REFUSED)
        .order_by(PostProduct.state, PostProduct.id)  # confirmed, proposed
    ).all()
    return [row.product_id for row in sorted(rows, key=lambda row: posts.index(row.own_post_id))]


def _of_answers(conversation: Conversation) -> list[int]:
    rows = db.session.execute(
        select(Proof.facts_used, Proof.rests_on)
        .join(Message, Proof.message_id == Message.id)
        .where(Message.id.in_(_newest(conversation)), Message.deleted_at.is_(None))
        .order_by(Message.sent_at.desc(), Message.id.desc())
        .limit(SPOKEN)
    ).all()
    return [number for row in rows for number in _named_in(row)]


def _named_in(proof: Row[tuple[list[str] | None, list[dict[str, str]] | None]]) -> list[int]:
    """Read by name: an older proof lacks what newer ones keep."""
    references = [*(one.get("reference") for one in proof.rests_on or () if one), *(proof.facts_used or ())]
    found = (PRODUCT.fullmatch(str(reference)) for reference in references)
    return [int(match[1]) for match in found if match]


def _newest(conversation: Conversation) -> ScalarSelect[int]:
    return (
        select(Message.id)
        .where(Message.conversation_id == conversation.id)
        .order_by(Message.sent_at.desc(), Message.id.desc())
        .limit(LOOKED_AT)
        .scalar_subquery()
    )


# --- who else it may be ----------------------------------------------------------------------------------------------


def find_others(conversation: Conversation, words: str) -> list[Conversation]:
    """Conversations with customers that are called so, the newest customers first; never one of the same person."""
    places = find_places(SearchKind.CUSTOMER, read_question(words[:100]), ANYWHERE, None, FOUND * 2)
    return _others(conversation, [customer_id for _, customer_id in places.found])[:FOUND]


def suggest_others(conversation: Conversation) -> list[Conversation]:
    """Who may be the same person: the same username, the same whole name, or a phone number that both wrote.

    Nobody is merged by it: two people may share a name, and a family a telephone.
    """
    customer = conversation.customer
    asked = [name for name in (customer.username, customer.name) if name and _is_telling(name)]
    found: list[int] = []
    for name in asked:
        places = find_places(SearchKind.CUSTOMER, read_question(f"{name} "), ANYWHERE, None, FOUND)
        found += [customer_id for _, customer_id in places.found]
    alike = [one for one in _others(conversation, found) if _has_same_name(one.customer, customer)]
    return list(dict.fromkeys([*alike, *_with_same_phone(conversation)]))[:SUGGESTED]


def _is_telling(name: str) -> bool:
    """A username, or a name of several words: of «مریم» there are too many."""
    return len(plain_words(name)) > 1 or any(letter.isdigit() or letter in "._" for letter in name) or len(name) > 7


def _has_same_name(one: Customer, other: Customer) -> bool:
    """Written in one spelling: «علي كريمي» is «علی کریمی»."""
    ones, others = ({" ".join(plain_words(name)) for name in (who.username, who.name) if name} for who in (one, other))
    return bool(ones & others)


def _with_same_phone(conversation: Conversation) -> list[Conversation]:
    phones = dict.fromkeys(phone for text in newest_texts(conversation) for phone in phones_in(text))
    ids: list[int] = []
    for phone in list(phones)[:2]:
        places = find_places(SearchKind.MESSAGE, read_question(f"{phone} "), ANYWHERE, None, FOUND)
        ids += [message_id for _, message_id in places.found]
    if not ids:
        return []
    wrote = select(Message.conversation_id).where(Message.id.in_(ids), Message.sender == Sender.CUSTOMER)
    customers = db.session.scalars(select(Conversation.customer_id).where(Conversation.id.in_(wrote)))
    return _others(conversation, list(customers))


def phones_in(text: str) -> list[str]:
    """The telephone numbers in a text, each as one word of digits; of the same number always the same."""
    found = (re.sub(r"\D", "", match) for match in PHONE.findall(text.translate(DIGITS)))
    return [number for number in found if 9 <= len(number) <= 15]


def _others(conversation: Conversation, customer_ids: Sequence[int]) -> list[Conversation]:
    """The conversations of these customers, in their order, without those of the same person."""
    main = conversation.customer.same_as_id or conversation.customer_id
    if not customer_ids:
        return []
    found = db.session.scalars(
        select(Conversation)
        .join(Conversation.customer)
        .where(
            Customer.id.in_(customer_ids),
            Customer.id != main,
            or_(Customer.same_as_id.is_(None), Customer.same_as_id != main),
            Conversation.id != conversation.id,
        )
        .options(contains_eager(Conversation.customer), joinedload(Conversation.inbox))
    )
    return sorted(found, key=lambda one: customer_ids.index(one.customer_id))
