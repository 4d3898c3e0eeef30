"""Words that want to run: in every text column of every table, on every page, for the browser and for its parser."""

import re
from datetime import timedelta

import pytest
from chromium_page import needs_chromium
from flask import url_for
from hostile_words import WORDS, spread, spread_together
from longer import examples
from rows import (
    FreshClient,
    add,
    add_answer,
    add_conversation,
    add_delivery,
    add_facts,
    add_inbox,
    add_message,
    add_operator,
    add_passage,
    add_product,
    add_share,
    add_source,
    add_webhook,
)
from selectolax.lexbor import LexborHTMLParser

from pilito.blueprints.panel.pages import PAGES
from pilito.clock import utc_now
from pilito.database import transaction
from pilito.lifecycle import (
    ConversationState,
    DeliveryState,
    EventOutcome,
    HandOverReason,
    LabelColour,
    NotificationKind,
    Role,
    Sender,
    ShareState,
    WebhookState,
)
from pilito.models import (
    Attachment,
    Audit,
    CannedReply,
    Comment,
    Conversation,
    ConversationLabel,
    Label,
    Note,
    Notification,
    OwnPost,
    PostProduct,
    Product,
    Reaction,
    SavedView,
    Source,
    db,
)

ROWS = 80  # of each kind, so that four turns put each of the words into each column
TURNS = -(-len(WORDS) // ROWS)
# Columns of which the browser sees all of the words; shorter ones hold those that fit into them.
SHOWN_TO_PEOPLE = (
    ("message", "text"), ("customer", "name"), ("share", "caption"), ("share", "title"),
    ("attachment", "title"), ("note", "text"), ("comment", "text"), ("own_post", "caption"), ("product", "name"),
    ("delivery", "error_text"), ("canned_reply", "text"), ("webhook", "error"),
)  # fmt: skip
SAFE_SCHEMES = ("http", "https", "mailto", "blob")
ACTIVITIES = (
    "took_over",
    "gave_back",
    "handed_over",
    "closed",
    "referred",
    "private_reply",
    "labelled",
    "settled_send",
)
FILES = ("image", "video", "audio", "file", "story_mention", "template", "fallback")
# Attributes that lead somewhere. Pictures of strangers' addresses must not be loaded, links may lead there.
LEADING = ("href", "src", "action", "formaction", "poster", "srcset", "data", "xlink:href")
DEAD = {"script", "iframe", "object", "embed", "base", "x-hit", "marquee", "math"}

pytestmark = pytest.mark.sqlite_only


@pytest.fixture
def owner(shop):
    with transaction():
        return add_operator(Role.OWNER, language="en").get_id()


@pytest.fixture
def full_shop(shop, owner):
    """Rows of everything that a page shows; the words come later."""
    with transaction():
        inbox = add_inbox(name="Shop", username="shop")
        source = add_source(inbox.id)
        add_facts(None)
        me = add_operator(Role.AGENT)
        for number in range(ROWS):
            _add_one_of_each(inbox, source, me, number)
    return shop


def _add_one_of_each(inbox, source, me, number):
    at = utc_now() - timedelta(minutes=number)
    state = list(ConversationState)[number % 4]
    reason = list(HandOverReason)[number % len(HandOverReason)] if state is ConversationState.HANDED_OVER else None
    conversation = add_conversation(
        inbox, {"username": "u", "name": "n"}, state=state, hand_over_reason=reason, last_message_at=at, preview="p",
        last_customer_message_at=at, operator_id=me.id if state is ConversationState.OPERATOR else None,
        referral={"ad_title": "t", "ref": "r"}, referred_at=at,
    )  # fmt: skip
    product = add_product(source, variants=({"size": "s", "colour": "c", "sku": "k"},), description="d", category="c")
    post = add(
        OwnPost(inbox_id=inbox.id, media_id=f"post{number}", caption="c", permalink="x", posted_at=at, synced_at=at)
    )
    add(
        PostProduct(
            inbox_id=inbox.id, own_post_id=post.id, product_id=product.id, how="owner", state="proposed", created_at=at
        )
    )
    share = add_share(conversation, list(ShareState)[number % 4], title="t", subtitle="s", caption="c", url="u",
                      permalink="p", own_post_id=post.id)  # fmt: skip
    question = add_message(conversation, text="q", content="q", earlier_texts=["one", "two"], edited_at=at, sent_at=at)
    share.combined_with_id = question.id if share.state is ShareState.COMBINED else None
    for position, kind in enumerate(FILES):
        add(Attachment(message_id=question.id, position=position, kind=kind, url="u", title="t"))
    add_passage(source, heading="h")
    answer = add_answer(conversation, 3)
    answer.text = "a"
    answer.proof.facts = [{"id": "f1", "kind": "product", "title": "t", "text": "x"}]
    own = add_message(conversation, sender=Sender.OPERATOR, operator_id=me.id, text="o", external_id=None, sent_at=at)
    add_delivery(own, DeliveryState.FAILED, error="window_closed", error_text="e", error_code="c")
    conversation.reacted_at = at
    add(Reaction(inbox_id=inbox.id, conversation_id=conversation.id, external_id=question.external_id, by_shop=False,
                 emoji="❤", name="n", is_removed=False, at=at))  # fmt: skip
    label = add(Label(name=f"label {number}", colour=list(LabelColour)[number % 8], created_at=at))
    add(ConversationLabel(conversation_id=conversation.id, label_id=label.id, created_at=at))
    note = add(Note(conversation_id=conversation.id, operator_id=me.id, text="n", seq=1, created_at=at))
    add(Notification(operator_id=me.id, kind=NotificationKind.MENTIONED, conversation_id=conversation.id, note_id=note.id,
                     created_at=at))  # fmt: skip
    add(CannedReply(shortcut=f"short{number}", text="t", created_at=at))
    add(SavedView(name="v", query="zone=open", created_at=at))
    add(Audit(at=at, action=ACTIVITIES[number % len(ACTIVITIES)], operator_id=me.id, conversation_id=conversation.id,
              details={"name": "y", "title": "z", "detail": "d", "comment": "c", "reason": "r", "how": "h"}))  # fmt: skip
    add(Comment(inbox_id=inbox.id, external_id=f"c{number}", author_username="u", text="t", state="open", error_text="e",
                own_post_id=post.id, created_at=at, commented_at=at))  # fmt: skip
    add_webhook(WebhookState.FAILED, (EventOutcome.FAILED,)).error = "e"


@pytest.fixture
def addresses(full_shop):
    """Every page one goes to, and pages of single things."""
    db.session.rollback()
    with full_shop.app.test_request_context():
        pages = [url_for(page.endpoint) for page in PAGES if not page.endpoint.startswith("rq_dashboard")]
    conversations = db.session.scalars(db.select(Conversation.id).order_by(Conversation.id)).all()
    product, source = (
        db.session.scalar(db.select(db.func.min(Product.id))),
        db.session.scalar(db.select(db.func.max(Source.id))),
    )
    inbox = db.session.scalar(db.select(db.func.max(Conversation.inbox_id)))
    db.session.rollback()
    return [
        *pages,
        "/conversations/?zone=needs_you", "/conversations/?zone=done", "/conversations/list?limit=200",
        *(f"/conversations/{one}" for one in conversations[:8]),
        *(f"/conversations/{one}/aside" for one in conversations[:8]),
        f"/catalogue/{product}", f"/knowledge/{source}", f"/inboxes/{inbox}", f"/inboxes/{inbox}/assistant",
        f"/inboxes/{inbox}/instructions", f"/inboxes/{inbox}/try", "/health/webhooks/1",
        "/conversations/search?q=alert", "/login?next=javascript:alert(1)", "/no/such/<x-hit>",
    ]  # fmt: skip


def find_hits(html):
    """What in a page came to life: tags that we never write, handlers, and addresses that run."""
    for node in LexborHTMLParser(html).css("*"):
        attributes = node.attributes
        if node.tag in DEAD and not (node.tag == "script" and (attributes.get("src") or "").startswith("/static/")):
            yield f"<{node.tag}>"
        for name, value in attributes.items():
            if name.startswith(("on", "x-hit")) or name == "style":
                yield f"<{node.tag} {name}>"
            if name in LEADING and not _is_safe(value or "", node.tag, name):
                yield f"<{node.tag} {name}={value!r}>"


def _is_safe(value, tag, name):
    scheme = re.match(r"\s*([a-zA-Z][\w+.-]*):", re.sub(r"[\x00-\x20]", "", value))
    if tag == "a" and name == "href":
        return scheme is None or scheme[1].lower() in SAFE_SCHEMES
    return scheme is None and not value.startswith(("//", "\\"))  # loads from ourselves alone


@pytest.mark.parametrize("turn", range(TURNS))
def test_no_word_comes_to_life_in_any_page(full_shop, addresses, owner, turn):
    with transaction():
        assert spread(turn * ROWS) > 40 * ROWS
    client = FreshClient(full_shop.app)
    with client.session_transaction() as session:
        session.update({"_user_id": owner, "_fresh": True})

    hits, seen = [], 0
    for address in addresses:
        answer = client.get(address)
        assert answer.status_code < 500, address
        html = answer.get_data(as_text=True)
        seen += "alert(1)" in html
        hits += [f"{address}: {hit}" for hit in find_hits(html)]

    assert not hits
    assert seen > 10  # the words are really there


@pytest.mark.whole
@needs_chromium[-1]
def test_nothing_of_it_runs_in_a_browser(full_shop, addresses, owner, server, chromium):
    problems, foreign = [], []
    client = FreshClient(full_shop.app)
    with client.session_transaction() as session:
        session.update({"_user_id": owner, "_fresh": True})
    base = f"http://127.0.0.1:{server.port}"
    context = chromium.new_context(base_url=base, locale="en-US")
    context.add_cookies([{"name": "pilito", "value": client.get_cookie("pilito").value, "url": base}])
    page = context.new_page()
    page.on("dialog", lambda dialog: (problems.append(f"{page.url}: a dialog"), dialog.dismiss()))
    page.on("console", lambda line: "Content Security" in line.text and problems.append(f"{page.url}: {line.text}"))
    page.on(
        "request",
        lambda one: (
            None
            if one.url.startswith((base, base.replace("http", "ws"), "data:", "blob:"))
            else foreign.append(one.url)
        ),
    )

    with transaction():
        held = spread_together()
    for address in addresses:
        page.goto(address)
        page.wait_for_timeout(150)
    for turn in range(examples(1) - 1):  # each alone too, for who has the time (make fuzz)
        with transaction():
            spread(turn * ROWS)
        for address in addresses:
            page.goto(address)
            page.wait_for_timeout(150)
    context.close()

    for column in SHOWN_TO_PEOPLE:
        assert len(held[column]) >= 300, column

    assert problems == []
    assert foreign == []
