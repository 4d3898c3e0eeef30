"""The panel's pages and fragments: what is shown, in both languages, and who may change what."""

import hashlib
import json
import re
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po
from flask_babel import force_locale
from rows import (
    FreshClient,
    add,
    add_conversation,
    add_delivery,
    add_inbox,
    add_media,
    add_message,
    add_operator,
    record_statements,
)

from chaos.traffic import Panels
from pilito import keys
from pilito.blueprints.panel import connecting, present, sentences, sockets
from pilito.channels.instagram import client, limits
from pilito.clock import utc_now
from pilito.config import ROOT
from pilito.database import transaction
from pilito.extensions import socketio
from pilito.lifecycle import (
    ConversationState,
    DeliveryState,
    HandOverReason,
    InboxState,
    MediaKind,
    MediaState,
    MessageType,
    Role,
    Sender,
    ShareState,
)
from pilito.models import (
    Attachment,
    Audit,
    Conversation,
    Delivery,
    Message,
    Operator,
    OperatorSession,
    Proof,
    Reaction,
    Share,
    db,
)
from pilito.queries.panel import Cursor, Zone
from pilito.realtime import LineManager

PERSIAN = ROOT / "pilito" / "translations" / "fa" / "LC_MESSAGES"
FRAGMENT = {"X-Fragment": "1"}
CAPTION = "پیراهن نخی گل‌دار"


@pytest.fixture
def browser(log_in):
    return log_in()


@pytest.fixture
def conversation(app):
    with transaction():
        return add_conversation(
            customer={"name": "مریم", "username": "maryam"},
            last_message_at=utc_now(),
            last_customer_message_at=utc_now(),
        )


def post(browser, path, headers=FRAGMENT, **fields):
    token = re.search(r'name="csrf-token" content="([^"]+)"', browser.get("/conversations/").text)[1]
    return browser.post(path, data={"csrf_token": token, **fields}, headers=headers)


def add_shared(conversation, state, **values):
    message = add_message(conversation, message_type=MessageType.SHARE, sent_at=values.pop("sent_at", utc_now()))
    defaults = {
        "message_id": message.id,
        "conversation_id": conversation.id,
        "kind": "ig_reel",
        "state": state,
        "caption": CAPTION,
        "sent_at": message.sent_at,
        "expires_at": message.sent_at + timedelta(seconds=120),
    }
    return add(Share(**defaults | values))


def thread(browser, conversation):
    return browser.get(f"/conversations/{conversation.id}", headers=FRAGMENT).text


def now_of(conversation):
    """The row as it is in the database now."""
    db.session.rollback()
    return db.session.get_one(Conversation, conversation.id, populate_existing=True)


# --- who may ---------------------------------------------------------------------------------------------------------

PAGES = ("/", "/conversations/", "/conversations/list", "/conversations/1", "/conversations/1/messages")
DEEDS = ("replies", "take-over", "give-back", "close", "read")


@pytest.mark.parametrize("path", PAGES)
def test_nobody_sees_a_page_without_log_in(app, path):
    answer = FreshClient(app).get(path)

    assert answer.status_code == 302
    assert answer.location.startswith("/login")


@pytest.mark.parametrize("deed", DEEDS)
def test_a_viewer_looks_and_changes_nothing(log_in, conversation, deed):
    viewer = log_in(Role.VIEWER)

    answer = post(viewer, f"/conversations/{conversation.id}/{deed}", text="hello", client_id="1")

    assert answer.status_code == 403
    assert "Your role" in answer.json["message"]
    assert 'id="composer"' in thread(viewer, conversation)
    assert re.search(r'id="composer"[^>]* hidden', thread(viewer, conversation))


@pytest.mark.parametrize("deed", [*DEEDS, "../settings/theme"])
def test_nothing_changes_without_the_token(browser, conversation, deed):
    answer = browser.post(f"/conversations/{conversation.id}/{deed}", data={"text": "hello", "client_id": "1"})

    assert answer.status_code in (400, 404)
    assert db.session.scalar(db.select(db.func.count(Message.id))) == 0


def test_pages_stay_out_of_every_cache(browser, conversation):
    assert browser.get(f"/conversations/{conversation.id}").headers["Cache-Control"] == "no-store"


# --- the list --------------------------------------------------------------------------------------------------------

ZONES = [
    (ConversationState.HANDED_OVER, False, Zone.NEEDS_YOU),
    (ConversationState.OPERATOR, True, Zone.NEEDS_YOU),
    (ConversationState.OPERATOR, False, Zone.WAITING),
    (ConversationState.ASSISTANT, True, Zone.ASSISTANT),
    (ConversationState.CLOSED, False, Zone.DONE),
]


@pytest.mark.parametrize(("state", "waits", "zone"), ZONES, ids=[f"{zone} {state}" for state, _, zone in ZONES])
def test_every_conversation_is_in_one_zone_and_counted_there(browser, state, waits, zone):
    with transaction():
        add_conversation(state=state, unanswered_since=utc_now() if waits else None)

    shown = {one for one in Zone if 'class="row' in browser.get(f"/conversations/list?zone={one}").text}
    links = re.findall(r'id="zone-(\w+)"(.*?)</a>', browser.get("/conversations/list").text, re.S)
    counted = {Zone(name) for name, link in links if 'data-count="1"' in link}

    assert shown == counted == {zone} | ({Zone.OPEN} if zone is not Zone.DONE else set())


@pytest.mark.parametrize("state", list(ConversationState))
def test_who_came_and_wrote_nothing_is_neither_shown_nor_counted(browser, state):
    with transaction():
        add_conversation(state=state, last_message_at=None)

    for zone in Zone:
        page = browser.get(f"/conversations/list?zone={zone}").text
        assert 'class="row' not in page
        assert "data-count=" not in page


def test_the_newest_message_is_the_line_of_its_row(browser, conversation):
    with transaction():
        add_message(conversation, text="earlier", sent_at=utc_now() - timedelta(minutes=5))
        add_message(conversation, text="the newest words", sent_at=utc_now())

    page = browser.get("/conversations/list").text

    assert "the newest words" in page
    assert "earlier" not in page


def test_a_waiting_share_counts_down_in_its_row(browser, conversation):
    with transaction():
        share = add_shared(conversation, ShareState.WAITING)

    page = browser.get("/conversations/list").text

    assert f'data-countdown="{share.expires_at.isoformat()}"' in page
    assert "پیراهن" in page


def test_the_list_goes_on_where_the_page_ended(browser):
    with transaction():
        inbox = add_inbox()
        for number in range(45):
            at = utc_now() - timedelta(minutes=number // 2)  # pairs share an instant
            add_conversation(inbox, customer={"name": f"customer {number:02}"}, last_message_at=at)

    first = browser.get("/conversations/list").text
    more = re.search(r'id="more" href="([^"]+)"', first)[1].replace("&amp;", "&")
    second = browser.get(more).text

    names = re.findall(r"<bdi>(customer \d+)</bdi>", first) + re.findall(r"<bdi>(customer \d+)</bdi>", second)
    assert sorted(names) == [f"customer {number:02}" for number in range(45)]


@pytest.mark.parametrize(
    "cursor", ["x", "2026-11-22,1", "2026-11-22T10:00:00+00:00", "2026-11-22T10:00:00+00:00,x", ","]
)
def test_a_cursor_of_somebodys_making_is_refused(browser, cursor):
    assert browser.get("/conversations/list", query_string={"before": cursor}).status_code == 400


def test_a_cursor_reads_what_it_wrote():
    cursor = Cursor(utc_now(), 17)

    assert Cursor.read(str(cursor)) == cursor


@pytest.mark.parametrize("rows", [3, 30])
def test_the_list_takes_the_same_number_of_statements_whatever_its_length(browser, rows):
    with transaction():
        for _ in range(rows):
            conversation = add_conversation()
            add_shared(conversation, ShareState.EXPIRED)
    statements = record_statements()

    browser.get("/conversations/list")

    assert len(statements) <= 10


def test_an_empty_panel_says_what_to_expect(browser):
    assert "As soon as a customer writes" in browser.get("/conversations/").text


def test_and_in_the_demo_where_the_phone_is(app, browser, monkeypatch):
    monkeypatch.setitem(app.config, "PILITO_DEMO", True)

    assert 'href="/demo?lang=en"' in browser.get("/conversations/").text


# --- the thread ------------------------------------------------------------------------------------------------------


def test_the_card_shows_caption_link_and_its_state(browser, conversation):
    with transaction():
        url = "https://www.instagram.com/reel/DAbcdefghij/"
        share = add_shared(conversation, ShareState.WAITING, permalink=url, url="https://cdn.test/picture.jpg")
        share.copy = add_media(conversation.inbox_id, MediaKind.PREVIEW, "image/jpeg")

    page = thread(browser, conversation)

    assert CAPTION in page
    assert f'href="{url}"' in page
    assert 'rel="noopener noreferrer"' in page
    assert f'src="/media/{share.copy_id}"' in page
    assert "cdn.test" not in page
    assert "Waits for a question" in page
    assert "data-countdown" in page


@pytest.mark.parametrize(
    ("state", "words"),
    [(ShareState.EXPIRED, "nothing was answered"), (ShareState.SUPERSEDED, "A newer post took its place")],
)
def test_the_card_says_what_became_of_it(browser, conversation, state, words):
    with transaction():
        add_shared(conversation, state)

    page = thread(browser, conversation)

    assert words in page
    assert not re.search(r'class="share-state[^>]*data-countdown', page)


@pytest.mark.parametrize(("seconds", "words"), [(20, "Question below"), (-5, "Question above")])
def test_the_question_stands_at_its_card(browser, conversation, seconds, words):
    with transaction():
        share = add_shared(conversation, ShareState.COMBINED)
        question = add_message(conversation, text="how much?", sent_at=share.sent_at + timedelta(seconds=seconds))
        share.combined_with_id = question.id

    page = thread(browser, conversation)

    assert words in page
    assert "is-question" in page
    assert f'class="about" href="#m{share.message_id}"' in page


def test_a_card_that_changes_alone_still_knows_that_its_question_stands_above(browser, conversation):
    """Its file was fetched, say: the panel that is open is given the card, and not the question."""
    with transaction():
        share = add_shared(conversation, ShareState.COMBINED)
        question = add_message(conversation, text="how much?", sent_at=share.sent_at - timedelta(seconds=5), seq=1)
        share.combined_with_id = question.id
        share.message.seq = conversation.seq = 2

    changed = browser.get(f"/conversations/{conversation.id}/messages?after_seq=1", headers=FRAGMENT).text

    assert "how much?" not in changed
    assert "Question above" in changed


class OpenPanels(Panels):
    """The open panels of the fault run, on this browser's pages."""

    def __init__(self, browser):
        super().__init__(house=None, how_many=12)
        self._browser = browser

    def _get(self, path):
        return SimpleNamespace(text=self._browser.get(path).text)


def test_the_fault_run_finds_every_conversation_and_reads_every_item_of_it(browser, conversation):
    """Else its open panels would show what there is for ever: nothing (docs/chaos.md, I8)."""
    with transaction():
        add_message(conversation, text="how much?", seq=1)
        add_message(conversation, text="a new dress", sender=Sender.OPERATOR, seq=2)
        add(Audit(at=utc_now(), action="took_over", conversation_id=conversation.id, details={}))
        conversation.seq = 2
    panels = OpenPanels(browser)

    panels.look()

    (items,) = panels.shown_anew().values()
    assert len(items) == 3
    assert all(any(words in item for item in items) for words in ("how much?", "a new dress"))
    assert panels.seen() == panels.shown_anew()


def test_a_title_that_repeats_the_caption_is_shown_once():
    assert present.words_of(Share(title="A dress", caption="A dress ")) == ["A dress"]


def test_what_the_customer_typed_is_shown_and_not_what_the_assistant_reads(browser, conversation):
    with transaction():
        add_message(conversation, text="how much?", content="[CONTEXT: پست/ریلز ...] how much?")

    page = thread(browser, conversation)

    assert "how much?" in page
    assert "CONTEXT" not in page


MEDIA = [
    (MessageType.IMAGE, "image", "image/jpeg", '<img src="/media/'),
    (MessageType.VOICE, "voice", "audio/mp4", "<audio"),
    (MessageType.VIDEO, "video", "video/mp4", "<video"),
    (MessageType.FILE, "file", "application/pdf", "<bdi>1.5 MB</bdi>"),
    (MessageType.FILE, "file", "application/octet-stream", "1.5 MB"),
    (MessageType.STORY, "story", "image/jpeg", "Shared story"),
    (MessageType.STORY, "story", "video/mp4", "<video"),
    (MessageType.PRODUCT, "template", "image/png", "Product"),
    (MessageType.STORY_MENTION, "story_mention", "image/jpeg", "Mentioned you in a story"),
]


def add_file(conversation, message_type, kind, copy=None, **values):
    message = add_message(conversation, message_type=message_type)
    add(Attachment(message_id=message.id, position=0, kind=kind, url="https://cdn.test/x", copy=copy, **values))
    return message


@pytest.mark.parametrize(("message_type", "kind", "mime_type", "shown"), MEDIA)
def test_our_copy_of_a_file_is_shown_as_what_it_is(browser, conversation, message_type, kind, mime_type, shown):
    with transaction():
        add_file(conversation, message_type, kind, add_media(conversation.inbox_id, MediaKind.FILE, mime_type))

    page = thread(browser, conversation)

    assert shown in page
    assert "cdn.test" not in page


def test_a_file_that_is_being_fetched_says_so_and_is_then_the_picture(browser, conversation):
    with transaction():
        copy = add_media(conversation.inbox_id, MediaKind.IMAGE, state=MediaState.PENDING)
        add_file(conversation, MessageType.IMAGE, "image", copy)

    page = thread(browser, conversation)

    assert "Picture: is being fetched" in page
    assert "<img" not in page.partition('id="items"')[2]


@pytest.mark.parametrize(("error", "has_link"), [("unreachable", True), ("gone", False), ("address_refused", False)])
def test_a_file_we_could_not_keep_says_why_in_words(browser, conversation, error, has_link):
    with transaction():
        copy = add_media(conversation.inbox_id, MediaKind.VOICE, state=MediaState.FAILED, error=error)
        add_file(conversation, MessageType.VOICE, "voice", copy)

    page = thread(browser, conversation)

    assert str(sentences.explain_media(error).what) in page
    assert ('href="https://cdn.test/x"' in page) == has_link


def test_the_picture_of_a_story_mention_is_a_link_only(browser, conversation):
    with transaction():
        copy = add_media(conversation.inbox_id, MediaKind.PREVIEW, state=MediaState.SKIPPED)
        add_file(conversation, MessageType.STORY_MENTION, "story_mention", copy)

    page = thread(browser, conversation)

    assert "Mentioned you in a story" in page
    assert "<bdi>Open the story</bdi>" in page
    assert 'href="https://cdn.test/x"' in page
    assert 'src="https://cdn.test/x"' not in page


def test_a_file_of_a_time_without_copies_is_a_link(browser, conversation):
    with transaction():
        add_file(conversation, MessageType.IMAGE, "image")

    assert 'href="https://cdn.test/x"' in thread(browser, conversation)


def test_several_pictures_of_one_message_are_an_album(browser, conversation):
    with transaction():
        message = add_message(conversation, message_type=MessageType.IMAGE)
        for position, kind in enumerate(("image/jpeg", "image/jpeg", "application/pdf")):
            copy = add_media(conversation.inbox_id, MediaKind.FILE, kind)
            add(Attachment(message_id=message.id, position=position, kind="image", url="https://cdn.test/x", copy=copy))

    album = thread(browser, conversation).partition('class="album"')[2].partition("is-file")[0]

    assert album.count("<img") == 2


def test_one_picture_is_none(browser, conversation):
    with transaction():
        add_file(
            conversation, MessageType.IMAGE, "image", add_media(conversation.inbox_id, MediaKind.IMAGE, "image/jpeg")
        )

    assert 'class="album"' not in thread(browser, conversation)


def test_a_handle_in_the_line_of_a_row_stands_apart(browser, conversation):
    with transaction():
        add_message(conversation, text="کانال @shop_vip خوب بود")
        conversation.last_message_at = utc_now()

    assert '<bdi dir="ltr">@shop_vip</bdi> خوب بود' in browser.get("/conversations/list").text


def test_a_customers_picture_is_in_list_and_head(browser, conversation):
    with transaction():
        copy = add_media(conversation.inbox_id, MediaKind.AVATAR, "image/jpeg")
        conversation.customer.picture_id = copy.id

    assert f'src="/media/{copy.id}"' in thread(browser, conversation).partition("</header>")[0]
    assert f'src="/media/{copy.id}"' in browser.get("/conversations/list").text


HOSTILE = "<img src=x onerror=alert(1)>"


def item_of(page, message):
    return page.partition(f'id="m{message.id}"')[2].partition('class="item')[0]


def test_emojis_hang_on_their_message_with_who_put_them_there(browser, conversation):
    with transaction():
        message = add_message(conversation, text="سلام")
        conversation.reacted_at = utc_now()
        common = {"inbox_id": message.inbox_id, "conversation_id": conversation.id, "external_id": message.external_id}
        add(Reaction(**common, by_shop=False, emoji="❤️", is_removed=False, at=utc_now()))
        add(Reaction(**common, by_shop=True, emoji=HOSTILE[:32], is_removed=False, at=utc_now()))

    shown = item_of(thread(browser, conversation), message)

    assert "The customer&#39;s reaction: ❤️" in shown
    assert "The shop&#39;s reaction" in shown
    assert "<img src=x" not in shown


def test_an_edited_message_shows_what_it_said_before(browser, conversation):
    with transaction():
        message = add_message(conversation, text="دو", earlier_texts=[HOSTILE, "یک"], edited_at=utc_now())
        plain = add_message(conversation, text="سه")

    page = thread(browser, conversation)

    assert re.search(r"<details class=\"edited\">.*Edited.*&lt;img.*<li dir=\"auto\">یک</li>", item_of(page, message))
    assert "Edited" not in item_of(page, plain)


def test_only_the_newest_reply_that_was_seen_says_so(browser, conversation):
    with transaction():
        old, seen, unseen = (
            add_message(conversation, text="بله", sender=Sender.PHONE, sent_at=utc_now() - timedelta(minutes=minutes))
            for minutes in (9, 6, 3)
        )
        conversation.seen_until = conversation.customer_seen_at = utc_now() - timedelta(minutes=5)

    page = thread(browser, conversation)

    assert ["is-seen" in item_of(page, one) for one in (old, seen, unseen)] == [False, True, False]


def test_a_reply_to_a_story_links_the_story_small(browser, conversation):
    with transaction():
        message = add_message(conversation, text="چنده؟", provider_type="story_reply")
        add(Attachment(message_id=message.id, position=0, kind="story", url="https://cdn.test/story"))

    shown = item_of(thread(browser, conversation), message)

    assert "Answers your story" in shown
    assert 'class="tile-line" href="https://cdn.test/story"' in shown
    assert "media is-image" not in shown


@pytest.mark.parametrize(
    ("referral", "shown"),
    [
        ({"ad_id": "1", "ad_title": HOSTILE, "picture_url": "https://cdn.test/ad"}, "Came from an ad"),
        ({"product_id": "1"}, "Came from a product of the shop"),
        ({"ref": "bio", "picture_url": "javascript:alert(1)"}, "Came through a link"),
    ],
)
def test_a_message_shows_where_its_customer_came_from(browser, conversation, referral, shown):
    with transaction():
        message = add_message(conversation, text="سلام", referral=referral)

    page = item_of(thread(browser, conversation), message)

    assert shown in page
    assert "javascript:" not in page
    assert "<img src=x" not in page


def test_what_came_while_another_app_held_the_conversation_says_so(browser, conversation):
    with transaction():
        message = add_message(conversation, text="سلام", origin="standby")

    assert "Another app's turn" in item_of(thread(browser, conversation), message)


def test_the_further_pictures_of_a_carousel_stand_under_its_card(browser, conversation):
    with transaction():
        share = add_shared(conversation, ShareState.EXPIRED, url="https://cdn.test/1", media_id="1")
        for position in (1, 2):
            values = {"message_id": share.message_id, "position": position, "kind": "ig_post"}
            file = add(Attachment(**values, url=f"https://cdn.test/{position}", media_id=str(position)))
            file.copy = add_media(conversation.inbox_id, MediaKind.PREVIEW, "image/jpeg")

    page = thread(browser, conversation)

    assert page.count('class="slide"') == 1
    assert f'href="/media/{file.copy_id}"' in page


def test_a_card_of_a_product_shows_its_title_and_price(browser, conversation):
    with transaction():
        message = add_message(conversation, message_type=MessageType.PRODUCT)
        add(Attachment(message_id=message.id, position=0, kind="template", title="پیراهن · ۲ میلیون"))

    assert "پیراهن · ۲ میلیون" in item_of(thread(browser, conversation), message)


@pytest.mark.parametrize("provider_type", ["quick_reply", "ice_breaker"])
def test_a_tap_is_told_from_typing(browser, conversation, provider_type):
    with transaction():
        tapped = add_message(conversation, text="ارسال", provider_type=provider_type)
        typed = add_message(conversation, text="ارسال", provider_type="text")

    page = thread(browser, conversation)

    assert ["Pressed a button" in item_of(page, one) for one in (tapped, typed)] == [True, False]


@pytest.mark.parametrize("action", [*sentences.ACTIVITIES, "referred"])
def test_what_happened_besides_messages_is_a_line(browser, conversation, action):
    with transaction():
        details = {"detail": HOSTILE, "ad_title": HOSTILE}
        add(Audit(at=utc_now(), action=action, conversation_id=conversation.id, details=details))

    page = thread(browser, conversation)

    assert str(sentences.ACTIVITIES.get(action, "Came from an ad: &lt;img")) in page
    assert "<img src=x" not in page
    assert "opened again" not in page


@pytest.mark.parametrize("message_type", list(MessageType))
def test_every_type_of_message_is_shown_even_without_anything_in_it(browser, conversation, message_type):
    with transaction():
        message = add_message(conversation, message_type=message_type, provider_type="ig_mystery")

    page = thread(browser, conversation)

    shown = page.partition(f'id="m{message.id}"')[2].partition("</li>")[0]
    assert re.search(r'class="(bubble|label)', shown)
    assert ("ig_mystery" in shown) == (message_type is MessageType.OTHER)


def test_a_message_taken_back_leaves_its_place_only(browser, conversation):
    with transaction():
        message = add_message(conversation, text="a secret", deleted_at=utc_now())
        add(Attachment(message_id=message.id, position=0, kind="image", url="https://cdn.test/secret.jpg"))

    page = thread(browser, conversation) + browser.get("/conversations/list").text

    assert "Message taken back" in page
    assert "secret" not in page


def test_an_echo_that_was_our_own_reply_is_not_shown_as_taken_back(browser, conversation):
    with transaction():
        add_message(conversation, sender=Sender.PHONE, external_id=None, deleted_at=utc_now())

    assert re.search(r'class="item from-phone[^>]* hidden', thread(browser, conversation))


def test_it_is_plain_who_wrote(browser, conversation):
    with transaction():
        operator = add_operator(Role.AGENT)
        operator.name = "Sara"
        add_message(conversation, sender=Sender.OPERATOR, operator_id=operator.id, external_id=None)
        add_message(conversation, sender=Sender.PHONE)
        answer = add_message(conversation, sender=Sender.ASSISTANT, external_id=None)
        add(Proof(message_id=answer.id, model="demo model, not an AI", prompt_hash="0" * 64, milliseconds=1))

    page = thread(browser, conversation)

    assert "<bdi>Sara</bdi>" in page
    assert "From the phone" in page
    assert "demo model, not an AI" in page


DELIVERIES = [
    (DeliveryState.PENDING, None, "Waits to be sent"),
    (DeliveryState.PENDING, "rate_limited", "Too many messages"),
    (DeliveryState.SENDING, None, "Sending …"),
    (DeliveryState.SENT, None, "Sent"),
    (DeliveryState.FAILED, "window_closed", "You can write again as soon as the customer does."),
    (DeliveryState.FAILED, "unsent", "took back what it answers"),
    (DeliveryState.FAILED, "edited", "What it says now is answered anew."),
    (DeliveryState.FAILED, "a reason of tomorrow", "It was not sent."),
    (DeliveryState.UNKNOWN, "outcome_unknown", "If you know already, say it here."),
]


@pytest.mark.parametrize(("state", "error", "words"), DELIVERIES)
def test_how_far_a_reply_got_is_said_in_words(browser, conversation, state, error, words):
    with transaction():
        message = add_message(conversation, sender=Sender.OPERATOR, external_id=None)
        add_delivery(message, state, error=error, unknown_at=utc_now())

    assert words in thread(browser, conversation)


def test_of_several_parts_the_one_that_met_the_trouble_is_named(browser, conversation):
    with transaction():
        message = add_message(conversation, sender=Sender.OPERATOR, external_id=None)
        add_delivery(message, DeliveryState.SENT)
        add_delivery(message, DeliveryState.UNKNOWN, position=1)
        add_delivery(message, DeliveryState.FAILED, position=2, error="earlier_part_failed")

    assert "Uncertain: part 2 of 3" in thread(browser, conversation)


def test_the_thread_tells_who_took_it_and_why_the_assistant_gave_it_up(browser, conversation):
    with transaction():
        operator = add_operator(Role.AGENT)
        for action, who, details in (
            ("handed_over", None, {"reason": "not_known"}),
            ("took_over", operator.id, {}),
            ("closed", operator.id, {}),
            ("something_new", operator.id, {}),
        ):
            row = {"conversation_id": conversation.id, "operator_id": who, "details": details}
            add(Audit(at=utc_now(), action=action, **row))
        name = operator.name

    page = thread(browser, conversation)

    assert "The assistant handed over" in page
    assert "Answer not known" in page
    assert f"{name} took over" in page
    assert f"{name} closed the conversation" in page
    assert page.count('class="activity"') == 3


def test_an_owner_whose_first_steps_are_open_reads_what_happened_too(log_in, conversation):
    with transaction():
        add(Audit(at=utc_now(), action="closed", conversation_id=conversation.id, details={}))

    page = log_in(Role.OWNER).get(f"/conversations/{conversation.id}").text

    assert "first-steps" in page
    assert 'class="activity"' in page


def test_a_reply_quotes_what_it_answers(browser, conversation):
    with transaction():
        ours = add_message(conversation, sender=Sender.OPERATOR, external_id=None, text="which size?")
        add_delivery(ours, DeliveryState.SENT, external_id="mid-ours")
        add_message(conversation, text="medium", reply_to_external_id="mid-ours")

    assert re.search(rf'class="quote" href="#m{ours.id}".*?which size\?', thread(browser, conversation), re.S)


def test_but_never_a_message_of_another_conversation(browser, conversation):
    with transaction():
        other = add_conversation(conversation.inbox)
        add_message(other, text="a secret of another", external_id="mid-other")
        add_message(conversation, text="medium", reply_to_external_id="mid-other")

    assert "a secret" not in thread(browser, conversation)


def test_an_inbox_that_cannot_send_says_so(browser, conversation):
    with transaction():
        inbox = db.session.get_one(Conversation, conversation.id).inbox
        inbox.state, inbox.stop_reason = InboxState.STOPPED, "token_dead"

    assert "The connection to the account has ended." in thread(browser, conversation)


WINDOW = [
    (timedelta(hours=1), True, "data-closes"),
    (timedelta(hours=21), True, 'chip is-needs_you" data-closes'),
    (timedelta(hours=25), True, "only a person may still write"),
    (timedelta(hours=25), True, "still write, until"),
    (timedelta(days=8), False, "a person may write for seven days after"),
    (timedelta(days=8), False, "You can write again as soon as the customer does."),
]


@pytest.mark.parametrize(("silence", "may_reply", "words"), WINDOW, ids=[str(silence) for silence, _, _ in WINDOW])
def test_the_composer_knows_the_time_that_is_left(browser, conversation, silence, may_reply, words):
    with transaction():
        db.session.get_one(Conversation, conversation.id).last_customer_message_at = utc_now() - silence

    page = thread(browser, conversation)

    assert words in page
    assert f'data-may-reply="{int(may_reply)}"' in page
    assert ("data-closes" in page) == (silence < timedelta(hours=24))


@pytest.mark.parametrize(
    ("silence", "words"),
    [
        (timedelta(hours=1), "بعد از آن فقط همکاران"),
        (timedelta(hours=25), "فقط همکاران هنوز می‌توانند بنویسند"),
        (timedelta(days=8), "زمان پاسخ تمام شده است"),
    ],
)
def test_and_says_it_in_persian(log_in, conversation, silence, words):
    with transaction():
        db.session.get_one(Conversation, conversation.id).last_customer_message_at = utc_now() - silence

    assert words in thread(log_in(language="fa"), conversation)


@pytest.mark.parametrize(("seconds", "is_shown"), [(600, True), (3, False), (-600, False)])
def test_an_account_that_rests_says_so_where_one_writes_and_at_what_waits(browser, conversation, seconds, is_shown):
    until = utc_now() + timedelta(seconds=seconds)
    with transaction():
        row = db.session.get_one(Conversation, conversation.id)
        row.inbox.paused_until = until
        reply = add_message(row, sender=Sender.OPERATOR, external_id=None, text="hello", created_at=utc_now())
        add_delivery(reply, DeliveryState.PENDING, due_at=until, created_at=utc_now())

    page = thread(browser, conversation)

    assert page.count("must rest for a while") == (2 if is_shown else 0)
    assert ("It goes on at" in page) == is_shown
    assert 'data-may-reply="1"' in page


def test_a_conversation_that_is_not_there_is_a_page_that_says_so(browser):
    answer = browser.get("/conversations/4711", headers={"Accept": "text/html"})

    assert answer.status_code == 404
    assert "There is nothing here" in answer.text


# --- strangers' words ------------------------------------------------------------------------------------------------

EVIL = '"><script>alert(1)</script><img src=x onerror=alert(1)>'
EVIL_URL = "javascript:alert(1)//https://"


def test_strangers_words_stay_words(browser):
    with transaction():
        inbox = add_inbox(name=EVIL)
        customer = {"name": EVIL, "username": EVIL}
        conversation = add_conversation(inbox, customer=customer, preview=EVIL, last_customer_message_at=utc_now())
        add_shared(
            conversation, ShareState.EXPIRED, title=EVIL, subtitle=EVIL, caption=EVIL, url=EVIL_URL, permalink=EVIL_URL
        )
        message = add_message(conversation, text=EVIL, message_type=MessageType.OTHER, provider_type=EVIL[:60])
        for position, kind in enumerate(("image", "file", EVIL[:30])):
            add(Attachment(message_id=message.id, position=position, kind=kind, url=EVIL_URL, title=EVIL))

    page = thread(browser, conversation) + browser.get("/conversations/list").text

    assert "<script>alert" not in page
    assert "onerror=alert(1)>" not in page
    assert not re.search(r'(href|src)="javascript', page)


@pytest.mark.parametrize(
    "url",
    ["javascript:alert(1)", "data:text/html,x", "//evil.test", "ftp://a.test", "https://", "http://[", "", None, " "],
)
def test_only_web_addresses_become_links(url):
    assert present.web_link(url) is None


def test_no_template_turns_escaping_off_or_carries_a_script():
    for template in (ROOT / "pilito" / "templates").rglob("*.html"):
        text = template.read_text()
        assert "|safe" not in text.replace(" ", ""), template
        assert "autoescape" not in text, template
        assert not re.search(r"<script(?![^>]*\bsrc=)|\son\w+=|\sstyle=", text), template


# --- fragments -------------------------------------------------------------------------------------------------------


def test_a_fragment_holds_what_changed_and_nothing_else(browser, conversation):
    with transaction():
        old = add_message(conversation, text="seen before", seq=4)
        new = add_message(conversation, text="new words", seq=5)
        db.session.get_one(Conversation, conversation.id).seq = 6

    page = browser.get(f"/conversations/{conversation.id}/messages?after_seq=4", headers=FRAGMENT).text

    assert f'id="m{new.id}"' in page
    assert f'id="m{old.id}"' not in page
    assert 'data-seq="6" data-cut="0"' in page
    assert 'id="thread-head"' in page
    assert 'id="composer-notes"' in page


def test_many_changes_come_in_whole_pieces(monkeypatch, browser, conversation):
    monkeypatch.setattr("pilito.queries.panel.CHANGES_LIMIT", 4)
    with transaction():
        ids = [add_message(conversation, seq=seq).id for seq in (1, 2, 3, 3, 3, 4)]
        db.session.get_one(Conversation, conversation.id).seq = 4

    first = browser.get(f"/conversations/{conversation.id}/messages?after_seq=0", headers=FRAGMENT).text
    second = browser.get(f"/conversations/{conversation.id}/messages?after_seq=2", headers=FRAGMENT).text

    assert 'data-seq="2" data-cut="1"' in first
    assert 'data-seq="4" data-cut="0"' in second
    assert [int(number) for number in re.findall(r'data-message-id="(\d+)"', first + second)] == ids


def test_a_late_message_stands_where_it_was_sent(browser, conversation):
    now = utc_now()
    with transaction():
        add_message(conversation, text="second", sent_at=now)
        add_message(conversation, text="first", sent_at=now - timedelta(seconds=30))

    page = thread(browser, conversation)

    assert page.index(">first<") < page.index(">second<")


def test_older_messages_come_page_by_page_and_none_twice(browser, conversation):
    with transaction():
        for number in range(120):
            add_message(
                conversation, text=f"words {number:03}", sent_at=utc_now() - timedelta(minutes=200 - number // 3)
            )

    page, found = thread(browser, conversation), []
    while True:
        found = re.findall(r">words (\d+)<", page) + found
        before = re.search(r'data-before="([^"]+)"', page)
        if not before:
            break
        page = browser.get(f"/conversations/{conversation.id}/messages", query_string={"before": before[1]}).text

    assert found == [f"{number:03}" for number in range(120)]


@pytest.mark.parametrize("messages", [2, 45])
def test_a_thread_takes_the_same_number_of_statements_whatever_its_length(browser, conversation, messages):
    with transaction():
        for _ in range(messages):
            share = add_shared(conversation, ShareState.COMBINED)
            question = add_message(conversation, text="?", reply_to_external_id="mid-x")
            share.combined_with_id = question.id
            add_delivery(add_message(conversation, sender=Sender.ASSISTANT, external_id=None), DeliveryState.SENT)
    statements = record_statements()

    browser.get(f"/conversations/{conversation.id}/messages?after_seq=0")

    assert len(statements) <= 11


# --- deeds -----------------------------------------------------------------------------------------------------------


def test_a_reply_is_recorded_once_for_one_client_id(browser, conversation):
    for _ in range(2):
        answer = post(browser, f"/conversations/{conversation.id}/replies", text="two million", client_id="abc")
        assert answer.status_code == 204

    replies = db.session.scalars(db.select(Message).filter_by(sender=Sender.OPERATOR)).all()
    assert [reply.text for reply in replies] == ["two million"]
    assert 'data-client-id="abc"' in thread(browser, conversation)


def test_a_message_is_answered_by_its_id_with_quick_replies_under_the_answer(browser, conversation):
    with transaction():
        add_message(db.session.get_one(Conversation, conversation.id), external_id="mid-7", text="Which size?")
    assert 'data-reply-to="mid-7"' in thread(browser, conversation)

    fields = {"text": "These", "client_id": "1", "reply_to": "mid-7", "quick_replies": " 38 | 40|| 42 "}
    answer = post(browser, f"/conversations/{conversation.id}/replies", **fields)

    assert answer.status_code == 204
    (delivery,) = db.session.scalars(db.select(Delivery))
    assert delivery.payload["reply_to_external_id"] == "mid-7"
    assert [one["title"] for one in delivery.payload["quick_replies"]] == ["38", "40", "42"]
    assert thread(browser, conversation).count('class="quote"') == 1


def test_a_quick_reply_that_is_too_long_is_refused_with_what_to_do(browser, conversation):
    fields = {"text": "These", "client_id": "1", "quick_replies": "x" * 21}

    answer = post(browser, f"/conversations/{conversation.id}/replies", **fields)

    assert answer.status_code == 409
    assert answer.json["message"] == "A quick reply has 1 to 20 characters. Shorten it."


def test_a_viewer_is_offered_no_answer_to_a_message(log_in, conversation):
    with transaction():
        add_message(db.session.get_one(Conversation, conversation.id), text="Which size?")

    assert "data-reply-to" not in thread(log_in(Role.VIEWER), conversation)


def test_a_reply_without_its_id_is_refused(browser, conversation):
    assert post(browser, f"/conversations/{conversation.id}/replies", text="hello").status_code == 409


def test_a_refusal_is_a_sentence_that_says_what_to_do(browser, conversation):
    with transaction():
        db.session.get_one(Conversation, conversation.id).last_customer_message_at = utc_now() - timedelta(days=30)

    answer = post(browser, f"/conversations/{conversation.id}/replies", text="hello", client_id="1")

    assert answer.status_code == 409
    assert answer.json["reason"] == "window_closed"
    assert "as soon as the customer does" in answer.json["message"]


def test_without_javascript_a_form_goes_back_to_its_page_and_says_what_was_wrong(browser, conversation):
    answer = post(
        browser, f"/conversations/{conversation.id}/replies", headers={}, text=" ", client_id="1", zone="open"
    )

    assert answer.location == f"/conversations/{conversation.id}?zone=open"
    assert "There is nothing to send yet" in browser.get(answer.location).text


def test_taking_over_giving_back_and_closing(browser, conversation):
    for deed, state in (("take-over", "operator"), ("give-back", "assistant"), ("close", "closed")):
        assert post(browser, f"/conversations/{conversation.id}/{deed}").status_code == 204
        assert now_of(conversation).state == state


def test_a_deed_on_nothing_is_404_with_a_sentence(browser):
    answer = post(browser, "/conversations/4711/take-over")

    assert answer.status_code == 404
    assert "Go back to the list" in answer.json["message"]


def test_looking_does_not_mark_as_read_but_the_open_page_does(browser, conversation):
    with transaction():
        db.session.get_one(Conversation, conversation.id).unread_count = 3
    thread(browser, conversation)
    assert now_of(conversation).unread_count == 3

    post(browser, f"/conversations/{conversation.id}/read")

    assert now_of(conversation).unread_count == 0


@pytest.mark.parametrize(
    ("name", "value", "shown"), [("language", "fa", 'dir="rtl"'), ("theme", "dark", 'data-theme="dark"')]
)
def test_a_choice_is_kept(browser, name, value, shown):
    answer = post(browser, f"/settings/{name}", next="/conversations/?zone=done", **{name: value})

    assert answer.location == "/conversations/?zone=done"
    assert shown in browser.get("/conversations/").text
    db.session.rollback()
    assert value in set(db.session.scalars(db.select(getattr(Operator, name))))


def test_a_choice_that_is_none_is_refused(browser):
    assert post(browser, "/settings/language", language="tlh").status_code == 400


# --- languages -------------------------------------------------------------------------------------------------------


def test_persian_counts_with_persian_digits_and_the_jalali_calendar(log_in, conversation):
    browser = log_in(language="fa")
    browser.set_cookie("zone", "Asia/Tehran")
    with transaction():
        add_message(
            conversation, text="سلام", sent_at=utc_now().replace(year=2025, month=3, day=20, hour=20, minute=45)
        )

    page = thread(browser, conversation)

    assert "جمعه، ۱ فروردین ۱۴۰۴" in page
    assert "۰۰:۱۵" in page


@pytest.mark.parametrize(
    ("zone", "shown"), [("Asia/Tehran", "12:30"), ("America/New_York", "04:00"), ("../etc", "09:00"), ("", "09:00")]
)
def test_times_are_the_readers_own(browser, conversation, zone, shown):
    browser.set_cookie("zone", zone)
    with transaction():
        add_message(conversation, sent_at=utc_now().replace(year=2025, month=1, day=6, hour=9, minute=0))

    assert f">{shown}</time>" in thread(browser, conversation)


@pytest.mark.parametrize(
    ("name", "letters"), [("مریم رضایی", "م"), ("Emma Johansson", "EJ"), ("@leila", "l"), ("🌸", "?"), ("", "?")]
)
def test_an_avatar_has_letters_that_do_not_join(name, letters):
    assert present.initials(name) == letters


@pytest.fixture(scope="module")
def extracted():
    methods = [
        ("blueprints/**.py", "python"),
        ("conversations/digest.py", "python"),
        ("conversations/warn.py", "python"),
        ("knowledge/reasons.py", "python"),
        ("templates/**.html", "jinja2"),
    ]
    return {message[2] for message in extract_from_dir(ROOT / "pilito", methods)}


@pytest.fixture(scope="module")
def msgids(extracted):
    return {message if isinstance(message, str) else message[0] for message in extracted}


def test_no_sentence_is_the_singular_of_another(extracted):
    """The Python of Debian 12 finds no translation of one by itself then, and says it in English."""
    singulars = {message[0] for message in extracted if not isinstance(message, str)}

    assert singulars & extracted == set()


@pytest.mark.sqlite_only
def test_every_sentence_is_there_in_persian(msgids):
    with (PERSIAN / "messages.po").open("rb") as file:
        catalog = read_po(file, locale="fa")

    known = {message.id if isinstance(message.id, str) else message.id[0] for message in catalog if message.id}
    assert msgids - known == set()
    assert known - msgids == set()
    for message in catalog:
        if message.id:
            words = [message.string] if isinstance(message.string, str) else list(message.string)
            assert all(words), message.id
            assert not message.fuzzy, message.id
            assert not list(message.check(catalog)), message.id
            # After Persian letters 10:00-14:00 is shown as 14:00-10:00, unless it stands by itself.
            assert not any(re.search(r"(?<![\u2066\d:-])(?<!, )[\d:]+-\d", said) for said in words), message.id


@pytest.mark.sqlite_only
def test_the_compiled_catalogue_is_that_of_the_text():
    with (PERSIAN / "messages.po").open("rb") as text, (PERSIAN / "messages.mo").open("rb") as compiled:
        written, made = read_po(text, locale="fa"), read_mo(compiled)

    assert _sentences(made) == _sentences(written)


def _sentences(catalog):
    """By the text they translate; plural forms come as a list from the one reader and as a tuple from the other."""
    return {_plain(message.id): _plain(message.string) for message in catalog if message.id}


def _plain(words):
    return words if isinstance(words, str) else tuple(words)


@pytest.mark.parametrize(("language", "never"), [("en", "inbox"), ("fa", "صندوق")])
def test_why_nothing_is_sent_speaks_of_accounts_as_the_pages_do(app, language, never):
    with app.test_request_context(), force_locale(language):
        told = [f"{one.what} {one.next}" for one in sentences.DELIVERY_ERRORS.values()]
        assert [line for line in told if never in line] == []


@pytest.mark.parametrize("reason", list(HandOverReason))
@pytest.mark.parametrize("language", ["en", "fa"])
def test_every_reason_of_a_hand_over_has_its_sentences(app, reason, language):
    with app.test_request_context(), force_locale(language):
        sentence = sentences.explain_hand_over(reason.value)
        assert str(sentence.what).endswith(".")
        assert str(sentence.next).endswith(".")
        assert str(sentences.HAND_OVER_SHORT[reason])


def test_every_state_and_type_has_its_words():
    assert set(sentences.DELIVERY_STATES) == set(DeliveryState)
    assert set(sentences.MESSAGE_TYPES) == set(MessageType)
    assert set(sentences.SHARE_STATES) == set(ShareState)
    assert set(sentences.ZONES) == set(sentences.NOTHING_IN_ZONE) == set(Zone)


VERBS = ("reply", "take_over", "close", "read", "lock")


def test_every_refusal_of_a_verb_has_its_sentence():
    refused = [ROOT / "pilito" / "conversations" / f"{verb}.py" for verb in VERBS]
    permissions = (ROOT / "pilito" / "channels").rglob("*.py")
    slugs = {slug for file in refused for slug in re.findall(r'Refused\(\s*"(\w+)"', file.read_text())}
    slugs |= {slug for file in permissions for slug in re.findall(r'Permission\("(\w+)"', file.read_text())}
    slugs |= {reason for reason, _, _ in limits.RULES}
    slugs |= {slug for file in refused for slug in re.findall(r'Unsendable\(\s*"(\w+)"', file.read_text())}

    assert {"not_found", "window_closed"} <= slugs
    assert slugs - set(sentences.REFUSED) == set()


@pytest.mark.parametrize("language", ["en", "fa"])
def test_every_error_of_a_channel_says_what_to_do_in_both_languages(app, language):
    reasons = {reason for _, reason in (*client.ERRORS.values(), *client.STATUSES.values(), client.REFUSED)}
    with app.test_request_context(), force_locale(language):
        for reason in reasons:
            sentence = sentences.DELIVERY_ERRORS[reason]
            assert str(sentence.what).endswith((".", "؟")), reason
            assert str(sentence.next).endswith("."), reason
            assert (str(sentence.what) == sentence.what._args[0]) == (language == "en"), reason


def test_every_error_of_a_channel_has_its_sentence():
    remedies = re.compile(r'Remedy\.\w+, "(\w+)"')
    clients = (ROOT / "pilito" / "channels").rglob("*.py")
    slugs = {slug for client in clients for slug in remedies.findall(client.read_text())}

    assert slugs
    assert slugs - set(sentences.DELIVERY_ERRORS) - set(connecting.PROBLEMS) == set()


# --- what we serve of others -----------------------------------------------------------------------------------------


@pytest.mark.sqlite_only
def test_what_others_wrote_is_unchanged_and_has_its_licence():
    vendor = ROOT / "pilito" / "static" / "vendor"
    listed = dict(re.findall(r"\| `([\w./-]+)`.*`([0-9a-f]{64})`", (vendor / "README.md").read_text()))
    files = {str(path.relative_to(vendor)) for path in vendor.glob("*/*") if path.name != "LICENSE"}

    assert files == set(listed)
    for name, digest in listed.items():
        assert hashlib.sha256((vendor / name).read_bytes()).hexdigest() == digest
        assert (vendor / Path(name).parent / "LICENSE").exists()


# --- the live line ---------------------------------------------------------------------------------------------------


def test_the_live_line_lets_in_who_is_logged_in_and_nobody_else(app, browser, call):
    assert not call(FreshClient(app)).is_connected()
    assert call(browser).is_connected()


def test_a_change_reaches_the_panels_room(browser, call):
    line = call(browser)

    socketio.emit("changed", {"conversation": 17, "seq": 93}, room=keys.PANEL_ROOM)

    assert [(event["name"], event["args"]) for event in line.get_received()] == [
        ("changed", [{"conversation": 17, "seq": 93}])
    ]


def test_a_line_ends_with_its_log_in_even_when_nobody_says_so(app, browser, call):
    line = call(browser)
    with browser.application.app_context():
        assert sockets.close_ended(utc_now()) == 0
        with transaction():
            db.session.scalars(db.select(OperatorSession)).one().ended_at = utc_now()

        assert sockets.close_ended(utc_now()) == 1

    assert not line.is_connected()


def test_a_word_from_another_process_closes_the_lines_of_one_log_in(monkeypatch):
    closed = []
    manager = LineManager("redis://127.0.0.1:1", write_only=True)
    manager.server = SimpleNamespace(disconnect=lambda line, **_options: closed.append(line))
    monkeypatch.setattr(manager, "get_participants", lambda _namespace, room: [(f"line of {room}", "eio")])

    manager._handle_close_room({"namespace": "/", "room": keys.session_room(7)})

    assert closed == ["line of session:7"]


def test_the_manifest_is_readable():
    manifest = json.loads((ROOT / "pilito" / "static" / "panel" / "manifest.webmanifest").read_text())

    assert manifest["start_url"] == "/conversations/"


def test_what_a_newer_version_wrote_and_this_one_does_not_know_opens_all_the_same(browser, conversation):
    """The way back is older code on newer rows; a list with one such conversation in it was a failure for everybody."""
    with transaction():
        add_message(conversation, message_type=MessageType.LIKE, text="پیراهن")
        db.session.get(Conversation, conversation.id).state = ConversationState.HANDED_OVER
    with db.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA ignore_check_constraints=ON")
        connection.exec_driver_sql("UPDATE conversation SET hand_over_reason = 'of_tomorrow'")
        connection.exec_driver_sql("UPDATE message SET message_type = 'of_tomorrow'")
        connection.commit()
        connection.exec_driver_sql("PRAGMA ignore_check_constraints=OFF")

    shown = browser.get("/conversations/").text
    opened = browser.get(f"/conversations/{conversation.id}")

    assert "مریم" in shown
    assert "Needs you" in shown
    assert opened.status_code == 200
    assert "پیراهن" in opened.text
