"""Whether posts, catalogue, knowledge and instructions still say what an answer rests on: hours may lie between it and
its reader."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pilito.assistant.instructions import promise_facts
from pilito.assistant.offers import without_prices
from pilito.conversations.fact_text import passage_fact, product_fact
from pilito.conversations.instructions import instructions_of
from pilito.conversations.post_facts import CAPTIONS, COMMENTED_MARKS, SHARED_MARKS, captions_now
from pilito.models import Conversation
from pilito.queries.facts import quoted_passages, quoted_products, zone_of

OURS = ("catalogue", "faq", "page")
MARKS = {*SHARED_MARKS.values(), *COMMENTED_MARKS.values()}


def facts_changed(conversation: Conversation, working: Mapping[str, Any], since: datetime, now: datetime) -> bool:
    """Return whether a post, a product, a passage or a promise that an answer rests on is not quoted any more, or says
    something else. Where the model named none, any of those it was given may carry its words: all are compared.

    `working` holds the columns of its proof, `since` is when it was written.
    """
    named = working.get("facts_used") or []
    used = {*named, *(one.get("reference") for one in working.get("rests_on") or [])}
    given = [fact for fact in working.get("facts") or [] if not named or fact.get("reference") in used]
    kept = {fact["reference"]: fact["text"] for fact in given if fact.get("source") in OURS}
    posts = {fact["reference"]: fact for fact in given if fact.get("source") in CAPTIONS}
    said = _said_now(conversation.inbox_id, list(kept), now) if kept else {}
    told = captions_now(conversation, list(posts.values()), since, now) if posts else {}
    promised = {fact["text"] for fact in given if fact.get("source") == "promise"}
    if promised and not promised <= _promised_now(conversation.inbox_id):
        return True
    return any(_bare(text) not in _ways(said.get(reference)) for reference, text in kept.items()) or any(
        _bare(fact["text"]) not in _ways(told.get(reference)) for reference, fact in posts.items()
    )


def _said_now(inbox_id: int, references: list[str], now: datetime) -> dict[str, str]:
    today = now.astimezone(zone_of(inbox_id)).date()
    parts = [reference.partition(":") for reference in references]
    ids = {kind: [int(number) for its_kind, _, number in parts if its_kind == kind] for kind in ("product", "passage")}
    products = quoted_products(inbox_id, ids["product"], now).values()
    passages = quoted_passages(inbox_id, ids["passage"], now).values()
    facts = [*(product_fact(one, today) for one in products), *(passage_fact(one, today) for one in passages)]
    return {fact.reference: fact.text for fact in facts}


def _promised_now(inbox_id: int) -> set[str]:
    return {fact.text for fact in promise_facts(instructions_of(inbox_id))}


def _bare(text: str) -> str:
    """Without what the model was told of the post besides, and however its lines end: where prices are left out, the
    lines are put together anew, and a caption may end in an empty one, or have them ended by others than ours."""
    return "\n".join(line for line in text.splitlines() if line not in MARKS).strip()


def _ways(text: str | None) -> tuple[str, ...]:
    """How a fact may have been given: where caption and catalogue named other prices, without them."""
    return (_bare(text), without_prices(text)) if text is not None else ()
