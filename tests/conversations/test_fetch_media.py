"""A file becomes our own copy: fetched beside the message, a few times at most, never twice, and gone with an unsend."""

from pathlib import Path

import pytest
from desk import Desk
from rows import NOON
from samples import HTML, JPEG, MP4, OTHER_JPEG, PDF, SVG, WAV, png
from shop import CUSTOMER, attachment, echo, item, reel, seconds, text, unsent

from pilito import keys
from pilito.conversations import fetch_media as verb
from pilito.conversations.drop_media import drop_media
from pilito.conversations.fetch_media import STORE_MAY_BE_AWAY, TRIES, fetch_media
from pilito.conversations.fetch_profile import fetch_profile
from pilito.database import transaction
from pilito.errors import MediaError
from pilito.lifecycle import MediaKind, MediaState
from pilito.models import Attachment, Customer, MediaFile, Share, db

PENDING, STORED, FAILED, SKIPPED, DROPPED = MediaState


@pytest.fixture
def desk(make_shop, files):
    desk = Desk(make_shop(**files.settings))
    desk.files = files
    return desk


@pytest.fixture
def store(desk):
    return desk.app.extensions["pilito_media_store"]


def copies(desk):
    return desk.rows(MediaFile)


def fetch(desk, now=NOON, media_id=None):
    desk.call(fetch_media, media_id or copies(desk)[-1].id, lambda: now)


def objects(media_folder):
    return sorted(path.name for path in media_folder.rglob("*.*") if path.is_file())


def send(desk, body, kind="image", path="/one", mid="sent"):
    url = desk.files.put(path, body)
    message = {"mid": mid, "attachments": [{"type": kind, "payload": {"url": url}}]}
    desk.take(item(NOON, message))
    return desk.message(mid)


def test_a_picture_is_kept_by_its_bytes_and_the_panel_hears_of_it(desk, store, media_folder):
    url = desk.files.put("/one", JPEG, Content_Type="text/html")
    desk.take(attachment("image", NOON, url=url))
    before = desk.conversation.seq

    fetch(desk)

    copy = copies(desk)[0]
    assert (copy.state, copy.kind, copy.mime_type) == (STORED, MediaKind.IMAGE, "image/jpeg")
    assert (copy.width, copy.height, copy.size_bytes) == (160, 160, len(JPEG))
    assert objects(media_folder) == [f"{copy.sha256}.{copy.id}"]
    assert store.open(copy.key, copy.size_bytes).read() == JPEG
    assert desk.conversation.seq == before + 1
    assert desk.rows(Attachment)[0].copy_id == copy.id


@pytest.mark.sqlite_only
def test_a_message_of_words_makes_no_row(desk):
    desk.take(text("سلام", NOON))

    assert copies(desk) == []


@pytest.mark.sqlite_only
def test_a_file_costs_the_message_one_insert(desk):
    from sqlalchemy import event

    said = []

    def listen(_connection, _cursor, statement, *_rest):
        said.append(statement)

    event.listen(db.engine, "before_cursor_execute", listen)
    try:
        desk.take(text("سلام", NOON))
        words = [statement for statement in said if "media_file" in statement]
        said.clear()
        desk.take(attachment("image", NOON, url="https://x.fbsbx.com/1"))
    finally:
        event.remove(db.engine, "before_cursor_execute", listen)

    assert not any("copy_id" in statement and "SELECT" in statement for statement in words)
    assert sum("INTO media_file" in statement for statement in said) == 1


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    ("kind", "body", "mime_type"),
    [
        ("video", MP4, "video/mp4"),
        ("audio", WAV, "audio/wav"),
        ("audio", MP4, "audio/mp4"),
        ("file", PDF, "application/pdf"),
        ("file", b"any bytes", "application/octet-stream"),
        ("ig_story", JPEG, "image/jpeg"),
    ],
)
def test_other_files_are_kept_too(desk, kind, body, mime_type):
    send(desk, body, kind)

    fetch(desk)

    assert (copies(desk)[0].state, copies(desk)[0].mime_type) == (STORED, mime_type)


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    ("kind", "body", "error"),
    [
        ("image", SVG, "wrong_type"),
        ("image", HTML, "wrong_type"),
        ("image", MP4, "wrong_type"),
        ("image", b"", "empty"),
        ("image", png(60_000, 60_000), "too_large"),
        ("video", JPEG, "wrong_type"),
        ("file", HTML, "refused_type"),
        ("file", b"\xff\xfe" + "<svg onload=x>".encode("utf-16-le"), "refused_type"),
    ],
)
def test_what_is_not_its_kind_or_could_run_is_refused_for_good(desk, media_folder, kind, body, error):
    send(desk, body, kind)

    fetch(desk)

    assert (copies(desk)[0].state, copies(desk)[0].error) == (FAILED, error)
    assert objects(media_folder) == []
    assert desk.sweep(NOON + seconds(9999))["media"] == 0


def test_c19_a_dead_link_is_a_failure_at_once_and_the_panel_hears_of_it(desk):
    desk.take(attachment("image", NOON, url=desk.files.url + "/dead"))
    before = desk.conversation.seq

    fetch(desk)

    assert (copies(desk)[0].state, copies(desk)[0].error) == (FAILED, "gone")
    assert desk.conversation.seq == before + 1


def test_a_server_in_trouble_is_asked_a_few_times_and_then_left(desk):
    desk.take(attachment("image", NOON, url=desk.files.put("/one", status=503)))
    now = NOON

    for _ in range(TRIES):
        fetch(desk, now)
        now = copies(desk)[0].due_at

    assert (copies(desk)[0].state, copies(desk)[0].error, copies(desk)[0].attempts) == (FAILED, "unreachable", TRIES)
    assert len(desk.files.asked) == TRIES


def test_a_failure_that_may_pass_waits_for_its_time_and_the_sweep_comes_back(desk):
    url = desk.files.put("/one", status=503)
    desk.take(attachment("image", NOON, url=url))
    fetch(desk)
    due_at = copies(desk)[0].due_at

    fetch(desk, due_at - seconds(1))
    early = len(desk.files.asked)
    desk.files.put("/one", JPEG)
    found = desk.sweep(due_at + seconds(3))
    fetch(desk, due_at + seconds(3))

    assert due_at == NOON + seconds(30)
    assert early == 1
    assert found["media"] == 1
    assert copies(desk)[0].state is STORED
    assert copies(desk)[0].error is None


@pytest.mark.sqlite_only
def test_an_inner_address_is_refused_before_anything_is_asked(desk):
    desk.take(attachment("image", NOON, url=desk.files.url.replace("127.0.0.1", "127.1") + "/one"))

    fetch(desk)

    assert (copies(desk)[0].state, copies(desk)[0].error) == (FAILED, "address_refused")
    assert desk.files.asked == []


def test_two_workers_fetch_once(desk):
    send(desk, JPEG)
    media_id = copies(desk)[0].id

    results = desk.together(*[lambda: fetch_media(media_id, lambda: NOON)] * 2)

    assert results == [None, None]
    assert len(desk.files.asked) == 1


def test_a_worker_that_died_is_replaced_when_its_lease_is_over(desk, monkeypatch):
    send(desk, JPEG)
    with monkeypatch.context() as patch:
        patch.setattr(verb, "download", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            fetch(desk)

    assert desk.sweep(NOON + seconds(100))["media"] == 0
    assert desk.sweep(NOON + verb.LEASE)["media"] == 1
    fetch(desk, NOON + verb.LEASE)
    assert copies(desk)[0].state is STORED


@pytest.mark.sqlite_only
def test_workers_that_die_over_a_file_every_time_leave_it_at_last(desk, monkeypatch):
    send(desk, JPEG)
    monkeypatch.setattr(verb, "download", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    now = NOON

    for _ in range(TRIES):
        with pytest.raises(KeyboardInterrupt):
            fetch(desk, now)
        now += verb.LEASE
    fetch(desk, now)

    assert copies(desk)[0].state is FAILED


def test_no_connection_to_the_database_is_held_while_the_file_comes(desk, monkeypatch):
    send(desk, JPEG)
    in_use = []
    monkeypatch.setattr(verb, "download", lambda *args: in_use.append(desk.pool_in_use()))

    fetch(desk)

    assert in_use == [0]


@pytest.mark.sqlite_only
def test_the_same_bytes_lie_in_the_store_once(desk, media_folder):
    send(desk, JPEG, path="/one", mid="first")
    fetch(desk)
    send(desk, JPEG, path="/two", mid="second")

    fetch(desk)

    first, second = copies(desk)
    assert first.key == second.key
    assert len(objects(media_folder)) == 1


@pytest.mark.sqlite_only
def test_a_store_that_fails_is_tried_again(desk, store, monkeypatch, media_folder):
    send(desk, JPEG)
    with monkeypatch.context() as patch:

        def fail(*_):
            raise MediaError("store_failed", "full", may_pass=True)

        patch.setattr(type(store), "put", fail)
        fetch(desk)
    assert (copies(desk)[0].state, copies(desk)[0].error) == (PENDING, "store_failed")

    fetch(desk, NOON + seconds(60))

    assert copies(desk)[0].state is STORED
    assert len(objects(media_folder)) == 1


@pytest.mark.sqlite_only
def test_a_store_that_is_away_for_hours_costs_no_file(desk, store, monkeypatch):
    send(desk, JPEG)
    asked = []
    with monkeypatch.context() as patch:
        patch.setattr(type(store), "put", lambda *_: asked.append(1) or away())
        for minute in range(180):
            fetch(desk, NOON + seconds(60 * minute))
    assert (copies(desk)[0].state, copies(desk)[0].error) == (PENDING, "store_failed")
    assert TRIES < len(asked) < 20, "often enough, and not each minute: every try downloads it again"

    fetch(desk, copies(desk)[0].due_at)

    assert copies(desk)[0].state is STORED


@pytest.mark.sqlite_only
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no file that is always full")
@pytest.mark.parametrize(
    ("kind", "body"), [("image", JPEG), ("file", b"any bytes")], ids=["at once", "once it is read"]
)
def test_nor_does_a_full_disk_beneath_the_file_on_its_way(desk, monkeypatch, kind, body):
    send(desk, body, kind)
    with monkeypatch.context() as patch:
        patch.setattr("tempfile.SpooledTemporaryFile", lambda _: open("/dev/full", "w+b"))  # noqa: SIM115
        for _ in range(2 * TRIES):
            fetch(desk, copies(desk)[0].due_at)
    assert (copies(desk)[0].state, copies(desk)[0].error, copies(desk)[0].attempts) == (PENDING, "store_failed", 0)

    fetch(desk, copies(desk)[0].due_at)

    assert copies(desk)[0].state is STORED


@pytest.mark.sqlite_only
def test_a_server_in_trouble_has_all_its_tries_after_the_store_was_away(desk, store, monkeypatch):
    send(desk, JPEG)
    with monkeypatch.context() as patch:
        patch.setattr(type(store), "put", lambda *_: away())
        for _ in range(2 * TRIES):
            fetch(desk, copies(desk)[0].due_at)
    desk.files.put("/one", status=503)

    fetch(desk, copies(desk)[0].due_at)

    assert (copies(desk)[0].state, copies(desk)[0].error, copies(desk)[0].attempts) == (PENDING, "unreachable", 1)


@pytest.mark.sqlite_only
def test_a_store_that_is_away_for_days_is_given_up(desk, store, monkeypatch):
    send(desk, JPEG)
    monkeypatch.setattr(type(store), "put", lambda *_: away())

    now = NOON + STORE_MAY_BE_AWAY
    for _ in range(TRIES):
        fetch(desk, now)
        now = copies(desk)[0].due_at

    assert (copies(desk)[0].state, copies(desk)[0].error) == (FAILED, "store_failed")


@pytest.mark.sqlite_only
def test_a_worker_that_slept_while_the_store_failed_another_settles_nothing(desk, store, monkeypatch):
    send(desk, JPEG)
    late = NOON + verb.LEASE + seconds(1)
    real = verb._fetch

    def sleep(claim, file):
        monkeypatch.setattr(verb, "_fetch", real)
        with monkeypatch.context() as patch:
            patch.setattr(type(store), "put", lambda *_: away())
            fetch(desk, late)
        return real(claim, file)

    monkeypatch.setattr(verb, "_fetch", sleep)
    fetch(desk)

    assert (copies(desk)[0].state, copies(desk)[0].error) == (PENDING, "store_failed")


def away():
    raise MediaError("store_failed", "away", may_pass=True)


# --- shares and stories ----------------------------------------------------------------------------------------------


@pytest.mark.sqlite_only
def test_the_picture_of_a_shared_post_is_kept_with_its_share(desk):
    url = desk.files.put("/post", JPEG)
    payload = {"ig_post_media_id": "18000000000000001", "title": "کپشن", "url": url}
    desk.take(item(NOON, {"mid": "post", "attachments": [{"type": "ig_post", "payload": payload}]}))
    before = desk.conversation.seq

    fetch(desk)

    assert len(copies(desk)) == 1
    assert desk.rows(Share)[0].copy_id == copies(desk)[0].id
    assert copies(desk)[0].state is STORED
    assert desk.conversation.seq == before + 1


@pytest.mark.sqlite_only
def test_a_share_whose_address_is_a_page_has_nothing_to_fetch(desk):
    desk.take(reel(NOON))

    assert copies(desk) == []


@pytest.mark.sqlite_only
def test_media_of_a_story_mention_are_never_fetched(desk):
    send(desk, JPEG, "story_mention")

    fetch(desk)

    assert copies(desk)[0].state is SKIPPED
    assert desk.files.asked == []
    assert desk.sweep(NOON + seconds(9999))["media"] == 0


@pytest.mark.sqlite_only
def test_a_picture_sent_from_the_phone_is_kept(desk):
    url = desk.files.put("/one", JPEG)
    sent = echo("", NOON, "from-phone")
    sent["message"]["attachments"] = [{"type": "image", "payload": {"url": url}}]
    desk.take(sent)

    fetch(desk)

    assert copies(desk)[0].state is STORED


# --- unsend ----------------------------------------------------------------------------------------------------------


def drop_all(desk, now):
    for copy in copies(desk):
        desk.call(drop_media, copy.id, now)


@pytest.mark.sqlite_only
def test_an_unsend_takes_our_copy_along(desk, media_folder):
    send(desk, JPEG, mid="gone")
    fetch(desk)

    desk.take(unsent("gone", NOON + seconds(1)), now=NOON + seconds(1))
    assert (copies(desk)[0].state, copies(desk)[0].source_url) == (DROPPED, "")
    drop_all(desk, NOON + seconds(1))

    assert objects(media_folder) == []
    assert copies(desk) == []


@pytest.mark.sqlite_only
def test_but_not_the_object_that_another_message_shows(desk, media_folder):
    send(desk, JPEG, path="/one", mid="gone")
    fetch(desk)
    send(desk, JPEG, path="/two", mid="kept")
    fetch(desk)

    desk.take(unsent("gone", NOON + seconds(1)), now=NOON + seconds(1))
    drop_all(desk, NOON + seconds(1))

    assert len(objects(media_folder)) == 1
    assert [copy.state for copy in copies(desk)] == [STORED]


@pytest.mark.sqlite_only
def test_the_picture_of_an_unsent_share_goes_too(desk, media_folder):
    payload = {"ig_post_media_id": "18000000000000001", "url": desk.files.put("/post", JPEG)}
    desk.take(item(NOON, {"mid": "post", "attachments": [{"type": "ig_post", "payload": payload}]}))
    fetch(desk)

    desk.take(unsent("post", NOON + seconds(1)), now=NOON + seconds(1))
    drop_all(desk, NOON + seconds(1))

    assert objects(media_folder) == []


def test_an_unsend_while_the_file_is_fetched_leaves_nothing(desk, store, media_folder, monkeypatch):
    send(desk, JPEG, mid="gone")
    put = type(store).put

    def put_late(self, *args):
        desk.call(lambda: desk.take(unsent("gone", NOON + seconds(1)), now=NOON + seconds(1)))
        put(self, *args)

    monkeypatch.setattr(type(store), "put", put_late)
    fetch(desk)
    assert copies(desk)[0].state is DROPPED
    drop_all(desk, NOON + seconds(2))  # the fetching worker may still be at it
    assert len(copies(desk)) == 1

    drop_all(desk, NOON + verb.LEASE)

    assert objects(media_folder) == []
    assert copies(desk) == []


@pytest.mark.sqlite_only
def test_the_sweep_drops_what_a_lost_job_left(desk, media_folder):
    send(desk, JPEG, mid="gone")
    fetch(desk)
    desk.take(unsent("gone", NOON), now=NOON)
    desk.app.extensions["pilito_redis"].flushall()

    found = desk.sweep(NOON + seconds(3))
    desk.shop.work(keys.MEDIA)

    assert found["dropped_media"] == 1
    assert objects(media_folder) == []


def test_a_store_that_is_away_is_asked_later_to_drop(desk, store, monkeypatch):
    send(desk, JPEG, mid="gone")
    fetch(desk)
    desk.take(unsent("gone", NOON), now=NOON)

    def fail(*_):
        raise MediaError("store_failed", "away", may_pass=True)

    monkeypatch.setattr(type(store), "drop", fail)
    drop_all(desk, NOON)

    assert copies(desk)[0].state is DROPPED
    assert copies(desk)[0].due_at == NOON + seconds(300)


# --- customers -------------------------------------------------------------------------------------------------------


def customer(desk):
    return desk.rows(Customer)[0]


def profile(desk, url, now=NOON):
    desk.graph.profiles[CUSTOMER] = {"id": CUSTOMER, "name": "سارا", "profile_pic": url}
    desk.call(fetch_profile, desk.conversation.id, now)


@pytest.mark.sqlite_only
def test_a_customers_picture_is_our_copy(desk):
    desk.take(text("سلام", NOON))
    profile(desk, desk.files.put("/face", JPEG))
    assert customer(desk).picture_id is None
    before = desk.conversation.seq

    fetch(desk)

    assert customer(desk).picture_id == copies(desk)[0].id
    assert customer(desk).next_picture_id is None
    assert desk.conversation.seq == before + 1


def test_a_new_picture_takes_the_place_of_the_old_only_when_it_is_here(desk, media_folder):
    desk.take(text("سلام", NOON))
    profile(desk, desk.files.put("/face", JPEG))
    fetch(desk)
    old = customer(desk).picture_id
    profile(desk, desk.files.put("/new", OTHER_JPEG))
    assert customer(desk).picture_id == old

    fetch(desk)
    drop_all(desk, NOON)

    assert customer(desk).picture_id not in (None, old)
    assert len(objects(media_folder)) == len(copies(desk)) == 1


@pytest.mark.sqlite_only
def test_a_picture_that_cannot_be_fetched_leaves_the_old_one(desk):
    desk.take(text("سلام", NOON))
    profile(desk, desk.files.put("/face", JPEG))
    fetch(desk)
    old = customer(desk).picture_id
    profile(desk, desk.files.url + "/dead")

    fetch(desk)
    drop_all(desk, NOON)

    assert (customer(desk).picture_id, customer(desk).next_picture_id) == (old, None)
    assert len(copies(desk)) == 1


def test_a_picture_that_was_taken_away_goes(desk, media_folder):
    desk.take(text("سلام", NOON))
    profile(desk, desk.files.put("/face", JPEG))
    fetch(desk)
    profile(desk, None)

    drop_all(desk, NOON)

    assert customer(desk).picture_id is None
    assert objects(media_folder) == []


def test_the_rows_may_be_dropped_by_the_database(desk):
    """What `drop_media` deletes, nothing may point to."""
    send(desk, JPEG, mid="kept")
    fetch(desk)

    with pytest.raises(Exception, match="(?i)foreign key"), transaction():
        db.session.execute(db.delete(MediaFile))
