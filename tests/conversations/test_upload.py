"""A file that a person attaches: looked at, kept, and open to the provider for an hour once it is sent."""

import io
from datetime import timedelta

import pytest
from desk import Desk
from rows import FreshClient, add_conversation
from samples import HTML, JPEG, MP4, PDF, WAV, png
from shop import CUSTOMER, text

from pilito.channels.base import Card, OutboundFile
from pilito.clock import utc_now
from pilito.conversations.payload import Extras, own_address
from pilito.conversations.public_file import find_public, public_address
from pilito.conversations.reply import reply
from pilito.conversations.settle import Settlement, settle
from pilito.conversations.upload import upload
from pilito.database import transaction
from pilito.errors import Refused, Unsendable
from pilito.lifecycle import DeliveryState, InboxState, MediaState, MessageType
from pilito.models import Delivery, Inbox, MediaFile, db

pytestmark = pytest.mark.sqlite_only

NOW = utc_now()  # the web asks the real clock when an address is over
PUBLIC = "https://pilito.shop.test"
GIF = b"GIF89a\x10\x00\x10\x00" + bytes(20)
OGG = b"OggS\x00\x02" + bytes(22) + b"OpusHead" + bytes(64)


@pytest.fixture
def shop(make_shop):
    return make_shop(public_url=PUBLIC)


@pytest.fixture
def desk(shop):
    desk = Desk(shop)
    desk.take(text("سلام", NOW), now=NOW)
    return desk


def keep(desk, body=JPEG, kind="image"):
    return upload(desk.conversation.id, kind, io.BytesIO(body), NOW).id


def send(desk, extras, words="", client_id="1"):
    message = reply(desk.conversation.id, None, words, client_id, NOW, extras)
    desk.deliver(NOW)
    return message


def fetch(desk, address):
    """What the provider would get; the answer."""
    assert address.startswith(PUBLIC)
    return FreshClient(desk.app).get(address.removeprefix(PUBLIC))


@pytest.mark.parametrize(
    ("kind", "body", "message_type", "mime_type", "ending"),
    [
        ("image", JPEG, MessageType.IMAGE, "image/jpeg", ".jpg"),
        ("voice", WAV, MessageType.VOICE, "audio/wav", ".wav"),
        ("video", MP4, MessageType.VIDEO, "video/mp4", ".mp4"),
        ("file", PDF, MessageType.FILE, "application/pdf", ".pdf"),
    ],
)
def test_a_file_is_sent_by_an_address_that_anybody_may_fetch(desk, kind, body, message_type, mime_type, ending):
    message = send(desk, Extras(file=OutboundFile(kind, own_address(keep(desk, body, kind)))))

    sent = desk.graph.calls[-1]["message"]["attachment"]
    answer = fetch(desk, sent["payload"]["url"])
    assert sent["type"] == {"voice": "audio"}.get(kind, kind)
    assert sent["payload"]["url"].endswith(ending)
    assert (answer.data, answer.mimetype) == (body, mime_type)
    assert message.message_type is message_type
    assert [(file.url, file.copy_id is not None) for file in message.attachments] == [(None, True)]
    assert [row.state for row in desk.rows(Delivery)] == [DeliveryState.SENT]


def test_an_uploaded_file_is_sent_again_and_shown_as_it_was(desk):
    desk.graph.script = [(500, {})]
    first = send(desk, Extras(file=OutboundFile("image", own_address(keep(desk)))))
    copies = [file.copy_id for file in first.attachments]

    desk.call(settle, desk.deliveries[0].id, Settlement.AGAIN, None, NOW)
    desk.deliver(NOW)

    again = desk.replies[-1]
    assert fetch(desk, desk.graph.calls[-1]["message"]["attachment"]["payload"]["url"]).data == JPEG
    assert [(file.kind, file.url, file.copy_id) for file in again.attachments] == [("image", None, copies[0])]


def test_a_card_has_an_uploaded_picture_and_the_words_follow(desk):
    card = Card("پیراهن نخی", "۲٬۰۰۰٬۰۰۰ تومان", own_address(keep(desk)), "https://shop.test/1")

    message = send(desk, Extras(cards=(card,)), "این هم لینکش")

    first, second = (call["message"] for call in desk.graph.calls[-2:])
    element = first["attachment"]["payload"]["elements"][0]
    assert fetch(desk, element["image_url"]).data == JPEG
    assert second == {"text": "این هم لینکش"}
    assert [file.title for file in message.attachments] == ["پیراهن نخی"]


def test_the_address_is_made_when_it_is_sent_and_ends_an_hour_later(desk):
    media_id = keep(desk)
    address = public_address(media_id, NOW + timedelta(hours=5))
    token = address.removeprefix(f"{PUBLIC}/sent/").partition("/")[0]

    assert find_public(token, NOW + timedelta(hours=5, minutes=59)).id == media_id
    assert find_public(token, NOW + timedelta(hours=6)) is None


def test_no_address_can_be_made_up_or_bent(desk):
    address = public_address(keep(desk), NOW)
    token = address.removeprefix(f"{PUBLIC}/sent/").partition("/")[0]
    number, until, signature = token.rsplit(".", 2)

    for bent in (f"2.{until}.{signature}", f"{number}.{int(until) + 1}.{signature}", "1.9999999999", "", "a.b.c"):
        assert find_public(bent, NOW) is None, bent


def test_a_file_that_was_dropped_is_not_served(desk):
    media_id = keep(desk)
    address = public_address(media_id, NOW)
    with transaction():
        db.session.get_one(MediaFile, media_id).state = MediaState.DROPPED

    assert fetch(desk, address).status_code == 404


@pytest.mark.parametrize(
    ("kind", "body", "reason"),
    [
        ("image", b"", "file_empty"),
        ("image", HTML, "file_format"),
        ("image", PDF, "file_format"),
        ("image", GIF, "file_format"),
        ("image", png(30_000, 30_000), "file_too_large"),
        ("image", JPEG + bytes(8 * 1024 * 1024), "file_too_large"),
        ("voice", OGG, "file_format"),
        ("file", HTML, "file_format"),
        ("hologram", JPEG, "file_format"),
    ],
)
def test_what_the_channel_would_not_take_is_refused_before_it_is_kept(desk, kind, body, reason):
    with pytest.raises(Unsendable) as refusal:
        keep(desk, body, kind)

    assert refusal.value.reason == reason
    assert desk.rows(MediaFile) == []


def test_a_file_of_another_conversation_is_not_sent(desk):
    with transaction():
        other = add_conversation(db.session.get(Inbox, desk.shop.inbox_id))
    foreign = upload(other.id, "image", io.BytesIO(JPEG), NOW).id

    for url in (own_address(foreign), own_address(99)):
        with pytest.raises(Unsendable, match="uploaded for this conversation"):
            send(desk, Extras(file=OutboundFile("image", url)))
    assert all("attachment" not in call["message"] for call in desk.graph.calls)


def test_a_film_is_no_picture_of_a_card(desk):
    film = own_address(keep(desk, MP4, "video"))

    with pytest.raises(Unsendable, match="picture"):
        send(desk, Extras(cards=(Card("کیف", "", film),)))


def test_without_an_address_that_meta_reaches_nothing_is_taken(make_shop):
    desk = Desk(make_shop(public_url="http://192.168.1.5:8000"))
    desk.take(text("سلام", NOW), now=NOW)

    with pytest.raises(Refused) as refusal:
        keep(desk)

    assert refusal.value.reason == "public_url_closed"


def test_a_stopped_inbox_takes_no_file(desk):
    with transaction():
        db.session.get_one(Inbox, desk.shop.inbox_id).state = InboxState.STOPPED

    with pytest.raises(Refused, match="disconnected"):
        keep(desk)


def test_the_echo_of_an_uploaded_file_confirms_it(desk):
    send(desk, Extras(file=OutboundFile("image", own_address(keep(desk)))))
    mid = desk.rows(Delivery)[0].external_id
    back = {
        "mid": mid,
        "is_echo": True,
        "attachments": [{"type": "image", "payload": {"url": "https://lookaside.fbsbx.com/1"}}],
    }

    desk.take({"sender": {"id": "17841400000000001"}, "recipient": {"id": CUSTOMER}, "timestamp": 1, "message": back})

    assert len(desk.replies) == 1
