"""Two Pilitos on one bucket: whoever is not sure to be its owner drops nothing, and loses nothing by waiting."""

import secrets
import threading
from contextlib import suppress
from datetime import timedelta

import pytest
from rows import NOON, add, add_conversation, add_media, add_message
from samples import JPEG

from pilito import keys
from pilito.conversations import media_mark
from pilito.conversations.drop_media import drop_media
from pilito.conversations.erase import erase_customer, erase_inbox
from pilito.conversations.media_mark import CLAIMED_FOR, KEPT, TURNED_BY_THEN, Hold, find_hold, hold, keep_mark, take
from pilito.conversations.sweep import sweep
from pilito.conversations.tidy_media import EVERY, PARTS, YOUNGEST, tidy
from pilito.database import transaction
from pilito.errors import MediaError
from pilito.lifecycle import MediaKind, MediaState
from pilito.media.store import name_of
from pilito.models import Attachment, Inbox, MediaFile, MediaMark, Message, db

STRANGER, OURS = name_of("ab" + "0" * 62, 7), name_of("ab" + "1" * 62, 8)
# The moment at which the part "ab" is looked at; the same comes round after ROUND.
NOW = NOON + EVERY * ((0xAB - int(NOON.timestamp() // EVERY.total_seconds())) % PARTS)
ROUND = EVERY * PARTS
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
PLACE = "/shop/copies"
MARK = f"{PLACE}/pilito-mark"
CLAIM = f"{PLACE}/pilito-held"
THEIRS = b"f" * 32


@pytest.fixture
def settings(make_settings, bucket_server):
    return make_settings(**bucket_server.settings)


@pytest.fixture
def bucket(app, bucket_server):
    """The server of it; `objects` holds what lies there, by its path."""
    return bucket_server


@pytest.fixture
def other(bucket):
    """Another Pilito has marked the bucket since."""
    bucket.objects[MARK] = THEIRS


def put(bucket, name):
    bucket.objects[f"{PLACE}/{name}"] = JPEG


def is_there(bucket, name):
    return f"{PLACE}/{name}" in bucket.objects


def picture(conversation, name, **values):
    """A copy of a picture of the customer's, and its object."""
    media = add_media(conversation.inbox_id, MediaKind.IMAGE, "image/jpeg", key=name, **values)
    add(Attachment(message_id=add_message(conversation).id, position=0, kind="image", copy_id=media.id))
    return media


def left(bucket, name):
    """A copy that nothing points to any more, and its object."""
    put(bucket, name)
    with transaction():
        return add_media(
            add_conversation().inbox_id, MediaKind.IMAGE, key=name, state=MediaState.DROPPED, source_url=""
        ).id


def held():
    db.session.rollback()
    return db.session.scalar(db.select(MediaMark.held_why))


def calls(bucket):
    return [(method, path) for method, path, _ in bucket.asked]


# --- ours ------------------------------------------------------------------------------------------------------------


def test_a_bucket_without_a_mark_is_taken_at_once_and_what_is_nobodys_goes(bucket):
    put(bucket, STRANGER)

    assert tidy(NOW) == 1

    assert not is_there(bucket, STRANGER)
    assert find_hold() is None


def test_each_tidying_turns_the_mark_and_the_last_ones_are_known(bucket):
    seen = []
    for number in range(KEPT + 2):
        keep_mark(NOON + EVERY * number)
        seen.append(bucket.objects[MARK].decode())

    assert len(set(seen)) == KEPT + 2
    assert db.session.scalar(db.select(MediaMark.marks)) == seen[::-1][:KEPT]


def test_a_file_that_was_left_goes(bucket):
    keep_mark(NOON)
    media_id = left(bucket, OURS)

    drop_media(media_id, NOON)

    assert not is_there(bucket, OURS)


def test_a_mark_that_somebody_deleted_is_put_there_again(bucket):
    keep_mark(NOON)
    del bucket.objects[MARK]
    assert find_hold() is Hold.GONE

    keep_mark(NOON + EVERY)

    assert find_hold() is None


def test_what_was_chosen_and_not_put_is_put_the_next_time_and_no_other_is_chosen(bucket, monkeypatch):
    """So that a bucket that takes nothing for a day knows one of our last marks in the end."""
    keep_mark(NOON)
    first = bucket.objects[MARK]
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(media_mark, "_put", away)
        for number in range(1, KEPT + 2):
            with pytest.raises(MediaError):
                keep_mark(NOON + EVERY * number)
            assert find_hold() is None

    keep_mark(NOON + EVERY * (KEPT + 2))

    assert find_hold() is None
    newest, before = db.session.scalar(db.select(MediaMark.marks))
    assert (bucket.objects[MARK].decode(), before) == (newest, first.decode())


def away(*_args):
    raise MediaError("store_failed", "away", may_pass=True)


def test_a_bucket_that_shows_the_mark_of_before_is_ours(bucket):
    keep_mark(NOON)
    before = bucket.objects[MARK]
    keep_mark(NOON + EVERY)
    bucket.objects[MARK] = before

    keep_mark(NOON + EVERY * 2)

    assert held() is None
    assert find_hold() is None


@pytest.mark.parametrize("look", [lambda: find_hold(), lambda: keep_mark(NOON + EVERY)], ids=["drop", "tidy"])
def test_one_that_another_scheduler_turns_while_we_look_is_no_others(bucket, monkeypatch, look):
    keep_mark(NOON)
    usual = media_mark._look

    def late(*what):
        with monkeypatch.context() as there:
            there.setattr(media_mark, "_look", usual)
            keep_mark(NOON + EVERY)
        return usual(*what)

    monkeypatch.setattr(media_mark, "_look", late)

    assert look() is None
    assert held() is None


def test_two_schedulers_that_turn_it_at_once_know_both_marks_whichever_comes_last(bucket):
    keep_mark(NOON)
    both = media_mark._choose(KEPT), media_mark._choose(KEPT)

    for mark in (*both, *reversed(both)):
        media_mark._put(mark)
        assert find_hold() is None


@pytest.mark.parametrize("verb", [take, lambda: keep_mark(NOON)], ids=["take", "tidy"])
def test_two_that_write_the_first_row_at_once_both_come_through(app, bucket, monkeypatch, verb):
    """The first tidying in a new database, and a person who says at the same moment whose the bucket is."""
    both, failed, random = threading.Barrier(2), [], secrets.token_hex

    def together(size):  # both have looked for the row by now, unless the database lets one in at a time
        with suppress(threading.BrokenBarrierError):
            both.wait(0.5)
        return random(size)

    def go():
        with app.app_context():
            try:
                verb()
            except Exception as error:
                failed.append(error)
            finally:
                db.session.remove()

    monkeypatch.setattr(media_mark.secrets, "token_hex", together)
    threads = [threading.Thread(target=go) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    assert failed == []
    assert held() is None
    assert find_hold() is None


# --- another's -------------------------------------------------------------------------------------------------------


def test_nothing_is_dropped_from_a_bucket_with_a_mark_that_is_not_known(bucket, other):
    """The database is a copy: what it has no row of was kept since, and what it lets go is shown there still."""
    put(bucket, STRANGER)
    media_id = left(bucket, OURS)

    assert tidy(NOW) == 0
    drop_media(media_id, NOON)

    assert is_there(bucket, STRANGER)
    assert is_there(bucket, OURS)
    assert bucket.objects[MARK] == THEIRS
    assert db.session.get(MediaFile, media_id).state is MediaState.DROPPED


def test_a_copy_of_the_database_is_behind_as_soon_as_the_mark_was_turned(bucket):
    keep_mark(NOON)
    put(bucket, STRANGER)
    bucket.objects[MARK] = THEIRS  # by whom the copy is of

    assert tidy(NOW) == 0

    assert is_there(bucket, STRANGER)
    assert held() == Hold.OTHER_MARK


def test_a_worker_drops_nothing_though_no_scheduler_has_looked_yet(bucket):
    keep_mark(NOON)
    media_id = left(bucket, OURS)
    bucket.objects[MARK] = THEIRS

    drop_media(media_id, NOON)

    assert is_there(bucket, OURS)


def test_a_hold_is_said_once_and_the_bucket_is_let_be_but_for_that_files_of_ours_lie_there(bucket, other, lines):
    ids = [left(bucket, name_of(f"{number:02x}" * 32, number)) for number in range(3)]
    tidy(NOW)
    bucket.asked.clear()

    for number in range(3):
        tidy(NOW + ROUND + EVERY * number)
        for media_id in ids:
            drop_media(media_id, NOW + ROUND + EVERY * number)

    assert set(calls(bucket)) == {("PUT", CLAIM)}
    assert len([line for line in lines if line.startswith("WARNING")]) == 1
    assert sweep(NOW + ROUND * 2)["dropped_media"] == 0


def test_an_erased_customers_files_wait_until_somebody_says_whose_they_are(bucket, other):
    with transaction():
        conversation = add_conversation()
        media_id = picture(conversation, OURS).id
        customer_id = conversation.customer_id
    put(bucket, OURS)
    tidy(NOW)

    erase_customer(customer_id, NOW)
    drop_media(media_id, NOW)
    db.session.rollback()
    assert db.session.scalars(db.select(Message)).all() == []
    assert is_there(bucket, OURS)

    take()
    assert sweep(NOW + ROUND)["dropped_media"] == 1
    drop_media(media_id, NOW + ROUND)

    assert not is_there(bucket, OURS)
    assert db.session.scalars(db.select(MediaFile)).all() == []


def test_an_erased_accounts_rows_go_and_its_files_once_the_bucket_is_ours(bucket, other):
    with transaction():
        conversation = add_conversation()
        picture(conversation, OURS)
        inbox_id = conversation.inbox_id
    put(bucket, OURS)

    erase_inbox(inbox_id, NOW)

    assert db.session.scalars(db.select(Inbox)).all() == []
    assert is_there(bucket, OURS)
    take()
    assert tidy(NOW) == 1
    assert not is_there(bucket, OURS)


def test_other_bytes_of_an_earlier_try_are_left_to_the_tidying(bucket, other):
    from pilito.conversations.fetch_media import _let_go

    put(bucket, STRANGER)

    _let_go(STRANGER)

    assert is_there(bucket, STRANGER)
    take()
    assert tidy(NOW) == 1


# --- files of one that is held ----------------------------------------------------------------------------------------


def says(at):
    return str(int(at.timestamp())).encode()


@pytest.mark.parametrize(
    ("said", "dropped"),
    [
        (says(NOW), 0),
        (says(NOW - CLAIMED_FOR + MINUTE), 0),
        (says(NOW - CLAIMED_FOR), 1),
        (says(NOW + ROUND * 2), 1),  # a clock that is wrong must not hold up the tidying for ever
        (b"", 1),
        (b"soon, \xff", 1),
    ],
)
def test_where_one_that_is_held_keeps_files_nothing_is_taken_for_nobodys(bucket, said, dropped):
    bucket.objects[CLAIM] = said
    put(bucket, STRANGER)

    assert tidy(NOW) == dropped
    assert is_there(bucket, STRANGER) is (dropped == 0)


def test_what_is_known_to_be_ours_goes_beside_one_that_is_held(bucket):
    keep_mark(NOON)
    bucket.objects[CLAIM] = says(NOON)
    media_id = left(bucket, OURS)

    drop_media(media_id, NOON)

    assert not is_there(bucket, OURS)


def test_who_takes_the_bucket_is_no_longer_one_that_is_held(bucket, other):
    tidy(NOW)
    assert bucket.objects[CLAIM] == says(NOW)

    take()

    assert CLAIM not in bucket.objects


def test_one_that_is_held_and_may_not_write_there_goes_on(bucket, other):
    tidy(NOW)
    bucket.refuse = 403

    assert tidy(NOW + EVERY) == 0


# --- a copy that begins in the moment of its making --------------------------------------------------------------------


def test_who_has_not_put_the_mark_there_waits_for_its_owner_to_turn_it(bucket, redis_client):
    """The same mark in both databases: Redis, which is in no copy of one, knows who put it there."""
    keep_mark(NOON)
    redis_client.delete(keys.MEDIA_MARK)
    before = bucket.objects[MARK]
    for number in range(2):
        keep_mark(NOON + EVERY * number + MINUTE)
    assert bucket.objects[MARK] == before

    bucket.objects[MARK] = THEIRS
    keep_mark(NOON + EVERY * 2)

    assert (bucket.objects[MARK], held()) == (THEIRS, Hold.OTHER_MARK)


def test_an_original_that_is_stopped_for_hours_keeps_its_bucket(bucket, redis_client):
    """While an upgrade is tried on a copy, say. Then it turns the mark, and the copy is who drops nothing."""
    keep_mark(NOON)
    redis_client.delete(keys.MEDIA_MARK)
    before = bucket.objects[MARK]

    for hours in range(12):
        keep_mark(NOON + HOUR * hours)

    assert bucket.objects[MARK] == before


def test_whose_redis_was_emptied_turns_it_again_before_a_copy_takes_a_file_for_nobodys(bucket, redis_client):
    keep_mark(NOON)
    redis_client.delete(keys.MEDIA_MARK)
    before = bucket.objects[MARK]

    keep_mark(NOON + EVERY)
    keep_mark(NOON + EVERY + TURNED_BY_THEN)

    assert EVERY + TURNED_BY_THEN < YOUNGEST
    assert bucket.objects[MARK] != before
    assert find_hold() is None


# --- a person says whose it is ---------------------------------------------------------------------------------------


def test_after_a_restore_nothing_is_dropped_though_the_mark_is_known(bucket):
    keep_mark(NOON)
    with transaction():
        hold(Hold.RESTORED, NOON)
    put(bucket, STRANGER)
    media_id = left(bucket, OURS)
    before = bucket.objects[MARK]

    assert tidy(NOW) == 0
    drop_media(media_id, NOW)

    assert is_there(bucket, STRANGER)
    assert is_there(bucket, OURS)
    assert bucket.objects[MARK] == before


def test_who_took_a_place_of_its_own_drops_nothing_where_its_workers_still_name_the_first_ones(bucket):
    """The backup's marks are those of whom it is of: with the hold they are forgotten."""
    keep_mark(NOON)
    theirs = bucket.objects[MARK]
    with transaction():
        hold(Hold.RESTORED, NOON)
    take()
    assert find_hold() is None
    media_id = left(bucket, OURS)

    bucket.objects[MARK] = theirs
    drop_media(media_id, NOON)

    assert find_hold() is Hold.OTHER_MARK
    assert is_there(bucket, OURS)


def test_who_takes_the_bucket_drops_what_waited_and_whoever_had_it_is_held(bucket, other):
    put(bucket, STRANGER)
    tidy(NOW)

    take()

    assert held() is None
    assert tidy(NOW + ROUND) == 1
    assert not is_there(bucket, STRANGER)
    assert bucket.objects[MARK] != THEIRS


def test_a_bucket_that_does_not_take_the_mark_stays_held(bucket, other):
    tidy(NOW)
    bucket.refuse = 403

    with pytest.raises(MediaError):
        take()

    bucket.refuse = 0
    assert held() == Hold.OTHER_MARK
    assert bucket.objects[MARK] == THEIRS


def test_a_bucket_of_ours_that_was_taken_in_vain_again_and_again_is_ours_still(bucket):
    """Each try chooses a mark that never lies there; the one that does must not be forgotten over them."""
    keep_mark(NOON)
    bucket.refuse = 503
    for _ in range(KEPT + 1):
        with pytest.raises(MediaError):
            take()
    bucket.refuse = 0

    keep_mark(NOON + EVERY)
    keep_mark(NOON + EVERY * 2)

    assert held() is None
    assert find_hold() is None
    assert len(db.session.scalar(db.select(MediaMark.marks))) == KEPT


def test_a_bucket_that_is_away_is_neither_held_nor_marked(bucket):
    bucket.refuse = 503

    assert tidy(NOW) == 0

    assert db.session.scalars(db.select(MediaMark)).all() == []
