"""What is known of the post that a turn asks about: its products, and which of two prices counts."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from pilito.assistant.offers import quotable, without_prices
from pilito.assistant.posts import Item, Shelf, differs
from pilito.assistant.types import Fact, TurnInput
from pilito.conversations.fact_text import product_fact
from pilito.lifecycle import PostProductState, PriceRule
from pilito.models import Conversation, Inbox, OwnPost, PostProduct, Product, Share, db
from pilito.queries.facts import quoted_products

SHARED = ("caption", "earlier_caption")
COMMENTED = "commented_caption"
CAPTIONS = (*SHARED, COMMENTED)
# Said to the model at the end of a product, where it cuts nothing off; by whether the shop settled it.
SHARED_MARKS = {
    True: "(فروشگاه گفته است: این کالای همان پستی است که مشتری فرستاده.)",
    False: "(از روی کپشن: شاید کالای همان پستی است که مشتری فرستاده.)",
}
COMMENTED_MARKS = {
    True: "(فروشگاه گفته است: این کالای همان پستی است که مشتری زیر آن کامنت گذاشته.)",
    False: "(از روی کپشن: شاید کالای همان پستی است که مشتری زیر آن کامنت گذاشته.)",
}
MOST_PRODUCTS = 6


@dataclass(frozen=True)
class TurnPost:
    """A post behind a turn, as plain data: what a trial made is taken back before its facts are looked for."""

    reference: str  # as the turn's facts name it: the number of its message, or under a comment the post's own long id
    is_own: bool
    is_commented: bool = False  # not shared: the customer commented under it
    posted_at: datetime | None = None
    sure: tuple[int, ...] = ()  # its products: those that a person settled, and those that are proposed
    likely: tuple[int, ...] = ()


def posts_behind(turn: TurnInput, inbox_id: int) -> tuple[TurnPost, ...]:
    """Return the posts that a turn asks about, or has the captions of: those under which the customer commented, then
    those that they shared, in their order."""
    captions = {fact.reference for fact in turn.facts if fact.source in SHARED}
    commented = [fact.reference for fact in turn.facts if fact.source == COMMENTED]
    return (*_commented(inbox_id, commented), *_shared([int(one) for one in {*captions, *turn.asks_about}]))


def _commented(inbox_id: int, media_ids: Sequence[str]) -> Iterator[TurnPost]:
    if media_ids:
        own_posts = select(OwnPost).where(OwnPost.inbox_id == inbox_id, OwnPost.media_id.in_(media_ids))
        for own in db.session.scalars(own_posts.order_by(OwnPost.id)):
            yield replace(_post(own.media_id, own), is_commented=True)


def _shared(message_ids: Sequence[int]) -> Iterator[TurnPost]:
    if message_ids:
        shares = select(Share).where(Share.message_id.in_(message_ids)).options(joinedload(Share.own_post))
        for share in db.session.scalars(shares.order_by(Share.sent_at, Share.id)):
            yield _post(str(share.message_id), share.own_post)


def _post(reference: str, own: OwnPost | None) -> TurnPost:
    if own is None:
        return TurnPost(reference, is_own=False)
    rows = db.session.scalars(select(PostProduct).filter_by(own_post_id=own.id).order_by(PostProduct.id))
    by_state: dict[PostProductState, list[int]] = {state: [] for state in PostProductState}
    for row in rows:
        by_state[row.state].append(row.product_id)
    sure, likely = by_state[PostProductState.CONFIRMED], by_state[PostProductState.PROPOSED]
    return TurnPost(reference, True, posted_at=own.posted_at, sure=tuple(sure), likely=tuple(likely))


def with_posts(turn: TurnInput, inbox_id: int, posts: Sequence[TurnPost], now: datetime) -> TurnInput:
    """Return the turn with the products of the posts that it asks about, and without prices that do not count: of
    offers that are over, and where caption and catalogue differ. Leaves no session open."""
    if not (turn.asks_about or any(fact.source in CAPTIONS for fact in turn.facts)):
        return turn  # most turns are about no post, and cost nothing here
    inbox = db.session.get(Inbox, inbox_id)
    if inbox is None:
        db.session.rollback()
        return turn
    by_reference = {post.reference: post for post in posts}
    facts = [_current(fact, by_reference.get(fact.reference), inbox, now) for fact in turn.facts]
    about = set(turn.asks_about) or _newest_before(turn)
    differ = False
    for post in posts:
        if post.reference in turn.asks_about or post.is_own:
            facts, products, asks = _weighed(facts, post, inbox, now)
            facts = _with_products(facts, products) if post.reference in about else facts
            differ |= asks and post.reference in about
    db.session.rollback()
    return replace(turn, facts=tuple(fact for fact in facts if fact.text), prices_differ=differ)


def captions_now(
    conversation: Conversation, captions: Sequence[Mapping[str, str]], since: datetime, now: datetime
) -> dict[str, str]:
    """Return what these captions, as a proof keeps them, would be given as now, by reference; without those whose posts
    the shop has deleted since then. In the caller's transaction."""
    inbox = conversation.inbox
    shared = [int(one["reference"]) for one in captions if one["source"] in SHARED]
    commented = [one["reference"] for one in captions if one["source"] == COMMENTED]
    shares = select(Share).where(Share.message_id.in_(shared)).options(joinedload(Share.own_post))
    owns = select(OwnPost).where(OwnPost.inbox_id == inbox.id, OwnPost.media_id.in_(commented))
    found = [(str(one.message_id), one.full_caption, one.own_post) for one in db.session.scalars(shares)]
    found += [(own.media_id, own.caption, own) for own in db.session.scalars(owns)]
    there = {
        reference: (caption or "", bool(own and own.gone_at))
        for reference, caption, own in found
        if not (own and own.gone_at and own.gone_at > since)
    }
    facts = []
    for source, reference in ((one["source"], one["reference"]) for one in captions if one["reference"] in there):
        caption, was_gone = there[reference]
        facts.append(Fact(source, caption, reference, not was_gone, was_gone))
    posts = posts_behind(TurnInput("", (), facts=tuple(facts)), inbox.id)
    by_reference = {post.reference: post for post in posts}
    facts = [_current(fact, by_reference.get(fact.reference), inbox, now) for fact in facts]
    for post in posts:
        if post.is_own:
            facts, _, _ = _weighed(facts, post, inbox, now)
    return {fact.reference: fact.text for fact in facts}


def _current(fact: Fact, post: TurnPost | None, inbox: Inbox, now: datetime) -> Fact:
    """A caption without the prices of an offer that is over."""
    if fact.source not in CAPTIONS:
        return fact
    zone = ZoneInfo(inbox.zone or "UTC")
    posted_on = post.posted_at.astimezone(zone).date() if post and post.posted_at else None
    return replace(fact, text=quotable(fact.text, now.astimezone(zone).date(), posted_on))


def _newest_before(turn: TurnInput) -> set[str]:
    """Where no post is asked about now, "how much?" asks about the one that was shared last, or commented on last;
    but not where every question answers a story."""
    if {context.about for context in turn.contexts if context.label == "story"} == set(range(len(turn.questions))):
        return set()
    earlier = [fact.reference for fact in turn.facts if fact.source == "earlier_caption"]
    commented = [fact.reference for fact in turn.facts if fact.source == COMMENTED]
    return {*earlier[:1], *commented[-1:]}


def _weighed(facts: list[Fact], post: TurnPost, inbox: Inbox, now: datetime) -> tuple[list[Fact], list[Fact], bool]:
    """Return the facts without a caption's prices that do not count, what may be told of the post's products, and
    whether two prices differ so that a person is asked for the right one."""
    caption = next((one for one in facts if one.source in CAPTIONS and one.reference == post.reference), None)
    likely = post.likely if post.is_own else _named_in(caption, facts)
    products = quoted_products(inbox.id, [*post.sure, *likely][:MOST_PRODUCTS], now)
    is_sure = any(number in post.sure for number in products)
    today = now.astimezone(ZoneInfo(inbox.zone or "UTC")).date()
    marks = COMMENTED_MARKS if post.is_commented else SHARED_MARKS
    marked = [_marked(product_fact(product, today), marks[number in post.sure]) for number, product in products.items()]
    # Somebody else's post names no price of the shop: theirs is not held against the catalogue's.
    is_other = (
        caption is not None
        and not caption.is_of_others
        and differs(caption.text, "\n".join(fact.text for fact in marked))
    )
    # A product that was put aside, or whose offer is over, is not quoted from its post either.
    if caption is not None and (is_other or (post.sure and not is_sure)):
        stripped = replace(caption, text=without_prices(caption.text))
        facts = [stripped if fact is caption else fact for fact in facts]
    asks = is_other and (inbox.price_rule is PriceRule.ASK or not is_sure)
    if asks:
        marked = [replace(fact, text=without_prices(fact.text)) for fact in marked]
    return facts, marked, asks


def _with_products(facts: list[Fact], products: list[Fact]) -> list[Fact]:
    known = {fact.reference for fact in products}
    return [*products, *(fact for fact in facts if fact.reference not in known)]


def _marked(fact: Fact, mark: str) -> Fact:
    return replace(fact, text=f"{fact.text}\n{mark}")


def _named_in(caption: Fact | None, facts: list[Fact]) -> tuple[int, ...]:
    """For a post that is not ours, or not known yet: those products that the search brought and its caption names."""
    numbers = [int(fact.reference.partition(":")[2]) for fact in facts if fact.reference.startswith("product:")]
    if caption is None or not numbers:
        return ()
    found = db.session.scalars(select(Product).where(Product.id.in_(numbers)).options(selectinload(Product.variants)))
    items = [
        Item(one.id, one.name, frozenset(filter(None, {one.sku, *(variant.sku for variant in one.variants)})))
        for one in found
    ]
    return tuple(match.product_id for match in Shelf(items).matches(caption.text))
