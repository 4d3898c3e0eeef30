"""What a crash left in the store goes, part by part, and never what somebody may still need."""

import io
import os
from datetime import timedelta

import pytest
from rows import NOON, add, add_conversation, add_media, add_message
from samples import JPEG

from pilito.conversations import media_mark, tidy_media
from pilito.conversations.tidy_media import EVERY, PARTS, tidy
from pilito.conversations.upload import upload
from pilito.database import transaction
from pilito.lifecycle import MediaKind, MediaState
from pilito.media.store import name_of
from pilito.models import Attachment, MediaFile, MediaMark, db

pytestmark = pytest.mark.sqlite_only

STRANGER = name_of("ab" + "0" * 62, 7)
# The moment at which the part "ab" is looked at.
NOW = NOON + EVERY * ((0xAB - int(NOON.timestamp() // EVERY.total_seconds())) % PARTS)
DAY = timedelta(days=1)


@pytest.fixture
def settings(make_settings):
    return make_settings(public_url="https://pilito.shop.test")


@pytest.fixture
def store(app):
    store = app.extensions["pilito_media_store"]

    def put(name, age=2 * DAY):
        store.put(name, io.BytesIO(JPEG), len(JPEG), "image/jpeg")
        written = (NOW - age).timestamp()
        os.utime(store._root / name, (written, written))

    store.put_old = put
    return store


def is_there(store, name):
    return (store._root / name).exists()


def test_an_object_that_no_row_points_to_is_dropped(store):
    store.put_old(STRANGER)

    assert tidy(NOW) == 1

    assert not is_there(store, STRANGER)


def test_a_young_one_and_one_with_a_row_and_one_of_another_part_stay(store):
    with transaction():
        kept = add_media(
            add_conversation().inbox_id, MediaKind.IMAGE, "image/jpeg", key=name_of("ab" + "1" * 62, 8)
        ).key
    young, other = name_of("ab" + "2" * 62, 9), name_of("cd" + "0" * 62, 9)
    store.put_old(kept)
    store.put_old(young, age=DAY / 2)
    store.put_old(other)

    assert tidy(NOW) == 0

    assert all(is_there(store, name) for name in (kept, young, other))


def test_strangers_behind_many_with_a_row_are_found_and_only_so_many_dropped_at_once(store, monkeypatch):
    names, usual = [name_of("ab" + f"{number:x}" * 62, number) for number in range(6)], store.names
    monkeypatch.setattr(store, "names", lambda *asked: sorted(usual(*asked)))  # a folder has an order of its own
    monkeypatch.setattr(tidy_media, "BATCH", 2)
    with transaction():
        inbox_id = add_conversation().inbox_id
        for name in names[:3]:
            add_media(inbox_id, MediaKind.IMAGE, "image/jpeg", key=name)
    for name in names:
        store.put_old(name)

    dropped = [tidy(NOW) for _ in range(3)]

    assert dropped == [2, 1, 0]
    assert [is_there(store, name) for name in names] == [True] * 3 + [False] * 3


def test_a_folder_has_no_mark_for_it_lies_on_the_disk_of_its_machine(store, media_folder):
    store.put_old(STRANGER)

    media_mark.take()
    assert tidy(NOW) == 1

    assert [path for path in media_folder.rglob("*") if path.is_file()] == []
    assert db.session.scalars(db.select(MediaMark)).all() == []


def test_every_part_has_its_turn_within_two_days():
    moments = {int((NOON + EVERY * number).timestamp() // EVERY.total_seconds()) % PARTS for number in range(PARTS)}

    assert len(moments) == PARTS
    assert EVERY * PARTS < 2 * DAY


def test_a_file_that_was_attached_and_never_sent_goes_and_one_that_was_sent_stays(app):
    with transaction():
        conversation = add_conversation()
    sent, left, young = (
        upload(conversation.id, "image", io.BytesIO(JPEG), at).id for at in (NOW - 2 * DAY, NOW - 2 * DAY, NOW)
    )
    with transaction():
        add(Attachment(message_id=add_message(conversation).id, position=0, kind="image", copy_id=sent))

    assert tidy(NOW) == 1

    db.session.rollback()
    states = {row.id: row.state for row in MediaFile.query}
    assert states == {sent: MediaState.STORED, left: MediaState.DROPPED, young: MediaState.STORED}


def test_a_store_that_is_away_is_asked_again_another_time(store, monkeypatch):
    from pilito.errors import MediaError

    def away(*_args):
        raise MediaError("store_failed", "away", may_pass=True)

    monkeypatch.setattr(store, "names", away)

    assert tidy(NOW) == 0
