"""A share of the account's own post is recognised, and gets what its payload left out."""

import logging
from dataclasses import replace
from datetime import timedelta

import pytest
from desk import Desk
from rows import NOON, record_statements
from rq.timeouts import JobTimeoutException
from shop import CAPTION, item, seconds, text

from pilito import keys
from pilito.channels.base import Limit, Post, SharedMedia
from pilito.conversations import own_posts, upkeep
from pilito.conversations.own_posts import (
    completed,
    fill_shares,
    find_own_post,
    keep_posts,
    look_up_post,
    mark_gone,
)
from pilito.database import transaction
from pilito.lifecycle import MediaState
from pilito.models import Inbox, MediaFile, OwnPost, Share, Upkeep, db

LONG = "پیراهن لینن «ماهور» با آستر نخی و جیب، مناسب تابستان\nقیمت: ۱٬۸۵۰٬۰۰۰ تومان\nسایز ۳۶ تا ۴۴"
PAGE = "https://www.instagram.com/p/DPLmahoor1/"
DRESS = Post("18000000000000101", LONG, PAGE, "DPLmahoor1", "IMAGE", "FEED", "https://cdn.test/a.jpg", NOON)
CDN = "https://lookaside.fbsbx.com/ig_messaging_cdn/?asset_id=1"


@pytest.fixture
def desk(shop):
    return Desk(shop)


def keep(desk, *posts):
    return desk.call(keep_posts, desk.shop.inbox_id, posts, NOON)


def shared(sent_at=NOON, kind="ig_post", mid="share", **payload):
    return item(sent_at, {"mid": mid, "attachments": [{"type": kind, "payload": {"url": CDN, **payload}}]})


def find(desk, **parts):
    db.session.rollback()
    return find_own_post(db.session.get_one(Inbox, desk.shop.inbox_id), SharedMedia("ig_post", **parts))


# --- recognising -----------------------------------------------------------------------------------------------------


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    "parts",
    [
        {"media_id": DRESS.media_id},
        {"permalink": "https://instagram.com/shop/p/DPLmahoor1/?igsh=abc"},
        {"url": PAGE},
        {"caption": LONG},
        {"title": LONG},
        {"caption": f"{LONG[:45]}…"},
        {"caption": LONG.replace("ی", "ي").replace("\n", "  ")},
    ],
    ids=["id", "page with more", "address", "caption", "title", "beginning", "arabic letters"],
)
def test_an_own_post_is_recognised_by(desk, parts):
    keep(desk, DRESS)

    assert find(desk, **parts).media_id == DRESS.media_id


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    "parts",
    [
        {"media_id": "another"},
        {"permalink": "https://www.instagram.com/p/another/"},
        {"caption": "پیراهن"},  # a beginning too short to mean this one
        {"caption": f"{LONG} و بیشتر"},
        {},
    ],
)
def test_another_post_is_not(desk, parts):
    keep(desk, DRESS)

    assert find(desk, **parts) is None


SHORT = "موجود شد 😍"
RESTOCKED = Post("18000000000000102", SHORT, "https://www.instagram.com/p/DPLshort1/", "DPLshort1")


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    "parts",
    [
        {"media_id": "another", "caption": SHORT},
        {"permalink": "https://www.instagram.com/p/another/", "caption": SHORT},
        {"permalink": "https://www.instagram.com/p/another/", "caption": LONG},
    ],
    ids=["another id", "another page", "another page with all the words"],
)
def test_the_words_of_a_caption_say_nothing_against_an_id_or_a_page(desk, parts):
    keep(desk, DRESS, RESTOCKED)

    assert find(desk, **parts) is None


@pytest.mark.sqlite_only
def test_they_are_all_there_is_where_the_payload_has_neither_and_long_ones_tell_posts_apart(desk):
    keep(desk, DRESS, RESTOCKED)

    assert find(desk, caption=SHORT).media_id == RESTOCKED.media_id
    # The number of a reel's video is not the one under which the account's posts are read.
    assert find(desk, media_id="a number of its own", caption=LONG).media_id == DRESS.media_id


@pytest.mark.sqlite_only
def test_no_other_post_stands_for_one_that_the_shop_deleted(desk):
    keep(desk, DRESS)
    desk.call(mark_gone, desk.shop.inbox_id, NOON + seconds(1), NOON + seconds(2))
    keep(desk, replace(DRESS, media_id="2", code="other", permalink=None))

    assert find(desk, media_id=DRESS.media_id, caption=LONG) is None
    assert find(desk, media_id="2").media_id == "2"


@pytest.mark.sqlite_only
def test_many_posts_of_one_beginning_do_not_hide_the_one_that_is_named(desk):
    keep(desk, *(Post(f"1{number:02}", f"{LONG}\nمدل {number}", None, f"code{number}") for number in range(30)))

    assert find(desk, media_id="129", caption=LONG).media_id == "129"


def test_two_posts_of_one_beginning_are_not_guessed_between(desk):
    keep(desk, DRESS, Post("2", f"{LONG}\nرنگ تازه", None, "other"))

    assert find(desk, caption=LONG[:50]) is None
    assert find(desk, media_id="2").media_id == "2"


@pytest.mark.sqlite_only
def test_the_posts_of_another_inbox_are_not_ours(desk):
    keep(desk, DRESS)

    with desk.app.app_context():
        assert find_own_post(Inbox(id=99, channel="instagram"), SharedMedia("ig_post", media_id=DRESS.media_id)) is None


def test_a_whole_caption_takes_the_place_of_its_beginning_and_is_not_repeated():
    own = OwnPost(caption=LONG, permalink=PAGE)

    whole = completed(SharedMedia("share", title=LONG[:50], url=CDN), own)

    assert (whole.title, whole.caption, whole.permalink) == (None, LONG, PAGE)


def test_a_title_of_its_own_stays():
    assert completed(SharedMedia("share", title="تخفیف"), OwnPost(caption=LONG)).title == "تخفیف"


def test_without_an_own_post_nothing_is_added():
    bare = SharedMedia("ig_post", url=CDN)

    assert completed(bare, None) is bare


# --- receiving -------------------------------------------------------------------------------------------------------


@pytest.mark.sqlite_only
def test_a_share_without_caption_gets_that_of_the_own_post(desk):
    keep(desk, DRESS)

    desk.take(shared(ig_post_media_id=DRESS.media_id))

    message = desk.message("share")
    assert message.content == f"کپشن: {LONG}\nلینک: {PAGE}"
    [share] = desk.rows(Share)
    assert (share.caption, share.permalink) == (None, None)  # the payload's own, as it came
    assert (share.full_caption, share.full_permalink) == (LONG, PAGE)


@pytest.mark.sqlite_only
def test_the_question_and_the_facts_have_the_whole_caption(desk):
    keep(desk, DRESS)
    desk.take(shared(ig_post_media_id=DRESS.media_id))

    desk.take(text("چنده؟", NOON + seconds(5), mid="question"))
    desk.answer(NOON + seconds(10))

    assert LONG in desk.message("question").content
    assert desk.replies[0].proof.facts == [
        {"source": "caption", "text": LONG, "reference": str(desk.message("share").id)}
    ]


@pytest.mark.sqlite_only
def test_a_plain_text_asks_nothing_of_the_posts(desk):
    desk.take(text("سلام", NOON))
    db.session.rollback()
    statements = record_statements()

    desk.take(text("چنده؟", NOON + seconds(1)))

    assert not [one for one in statements if "FROM own_post" in one]


# --- posts that become known later -----------------------------------------------------------------------------------


@pytest.mark.sqlite_only
def test_a_waiting_share_is_filled_when_its_post_becomes_known(desk):
    desk.take(shared(ig_post_media_id=DRESS.media_id))
    keep(desk, DRESS)

    assert desk.call(fill_shares, desk.shop.inbox_id, NOON) == 1

    assert LONG in desk.message("share").content
    assert desk.call(fill_shares, desk.shop.inbox_id, NOON) == 0


@pytest.mark.sqlite_only
def test_an_unanswered_question_is_built_anew_and_answered_once(desk):
    desk.take(shared(ig_post_media_id=DRESS.media_id))
    desk.take(text("چنده؟", NOON + seconds(5), mid="question"))
    version = desk.turn.version
    keep(desk, DRESS)

    desk.call(fill_shares, desk.shop.inbox_id, NOON)

    assert LONG in desk.message("question").content
    assert desk.turn.version > version  # a draft on the old content is void
    desk.answer(NOON + seconds(10))
    assert len(desk.replies) == 1


@pytest.mark.sqlite_only
def test_a_question_in_the_shares_own_message_keeps_its_words(desk):
    desk.take(item(NOON, {"mid": "both", "text": f"{PAGE} این چنده؟"}))
    keep(desk, DRESS)

    desk.call(fill_shares, desk.shop.inbox_id, NOON)

    message = desk.message("both")
    assert LONG in message.content
    assert message.content.endswith("این چنده؟")
    assert message.content.count("[CONTEXT: پست/ریلز") == 1
    assert message.share.combined_with_id == message.id


def test_an_edit_of_such_a_question_keeps_the_whole_caption(desk):
    keep(desk, DRESS)
    desk.take(item(NOON, {"mid": "both", "text": f"{PAGE} این چنده؟"}))

    edit = {"mid": "both", "text": f"{PAGE} سایز ۳۸ دارد؟", "num_edit": 1}
    event = item(NOON + seconds(5), {})
    del event["message"]
    desk.take({**event, "message_edit": edit})

    message = desk.message("both")
    assert LONG in message.content
    assert message.content.endswith("سایز ۳۸ دارد؟")


@pytest.mark.sqlite_only
def test_what_was_answered_keeps_what_was_read_and_gets_no_second_reply(desk):
    desk.take(shared(ig_post_media_id=DRESS.media_id))
    desk.take(text("چنده؟", NOON + seconds(5), mid="question"))
    desk.answer(NOON + seconds(10))
    content = desk.message("question").content
    keep(desk, DRESS)

    desk.call(fill_shares, desk.shop.inbox_id, NOON)

    assert desk.message("question").content == content
    assert desk.rows(Share)[0].full_caption == LONG  # shown, all the same
    assert len(desk.replies) == 1
    assert len(desk.rows(type(desk.turn))) == 1


@pytest.mark.sqlite_only
def test_a_share_of_somebody_elses_post_is_left_alone(desk):
    desk.take(shared(ig_post_media_id="another", title=CAPTION))
    keep(desk, DRESS)

    assert desk.call(fill_shares, desk.shop.inbox_id, NOON) == 0


def test_a_share_that_was_taken_for_another_post_by_its_words_finds_its_own_when_that_is_known(desk):
    keep(desk, DRESS)
    desk.take(shared(ig_post_media_id="2", title=LONG))
    first = desk.rows(Share)[0].own_post.media_id
    keep(desk, replace(DRESS, media_id="2", code="other", permalink=None))

    assert desk.call(fill_shares, desk.shop.inbox_id, NOON) == 1

    assert (first, desk.rows(Share)[0].own_post.media_id) == (DRESS.media_id, "2")
    assert desk.call(fill_shares, desk.shop.inbox_id, NOON) == 0


def test_an_edited_caption_is_kept_and_nothing_is_stored_twice(desk):
    assert keep(desk, DRESS) == 1
    edited = Post(DRESS.media_id, "قیمت تازه", PAGE, "DPLmahoor1")

    assert keep(desk, edited) == 0

    [row] = desk.rows(OwnPost)
    assert (row.caption, row.caption_start) == ("قیمت تازه", own_posts.normalised("قیمت تازه"))


# --- its picture -----------------------------------------------------------------------------------------------------


def test_the_picture_of_a_post_is_copied_once(desk):
    keep(desk, DRESS)
    keep(desk, replace(DRESS, picture_url="https://cdn.test/a.jpg?signature=another"))

    (copy,) = desk.rows(MediaFile)
    assert (copy.source_url, copy.state) == ("https://cdn.test/a.jpg", MediaState.PENDING)
    assert desk.rows(OwnPost)[0].copy_id == copy.id


@pytest.mark.sqlite_only
def test_a_picture_that_could_not_be_kept_is_tried_again_the_next_day_at_its_new_address(desk):
    keep(desk, DRESS)
    with transaction():
        db.session.scalar(db.select(MediaFile)).state = MediaState.FAILED

    for hour in range(25):
        new = replace(DRESS, picture_url=f"https://cdn.test/{hour}.jpg")
        desk.call(keep_posts, desk.shop.inbox_id, [new], NOON + seconds(hour * 3600))

    left, tried = desk.rows(MediaFile)
    assert (left.state, left.source_url) == (MediaState.DROPPED, "")
    assert (tried.state, tried.source_url) == (MediaState.PENDING, "https://cdn.test/24.jpg")
    assert desk.rows(OwnPost)[0].copy_id == tried.id


@pytest.mark.sqlite_only
def test_a_post_without_a_picture_has_no_copy(desk):
    keep(desk, replace(DRESS, picture_url=None))

    assert desk.rows(MediaFile) == []


# --- a post that is not known yet ------------------------------------------------------------------------------------


@pytest.fixture
def days_clock(monkeypatch):
    """The job looks a few seconds later, and not on the day on which the test is run: old shares are left alone."""
    monkeypatch.setattr("pilito.jobs.upkeep.utc_now", lambda: NOON + seconds(10))


def told(post):
    return {"id": post.media_id, "caption": post.caption, "permalink": post.permalink}


@pytest.mark.sqlite_only
@pytest.mark.usefixtures("days_clock")
def test_a_shared_post_that_is_not_known_is_asked_for_once_and_gets_its_caption(desk):
    desk.graph.readable[DRESS.media_id] = told(DRESS)
    desk.take(shared(ig_post_media_id=DRESS.media_id))

    desk.shop.work(keys.UPKEEP)

    assert desk.message("share").content.startswith(f"کپشن: {LONG}")
    desk.take(shared(ig_post_media_id=DRESS.media_id, mid="again", sent_at=NOON + seconds(9)), now=NOON + seconds(9))
    desk.shop.work(keys.UPKEEP)
    assert len([path for path in desk.graph.reads if DRESS.media_id in path]) == 1


@pytest.mark.sqlite_only
@pytest.mark.usefixtures("days_clock")
def test_a_caption_that_comes_later_is_no_second_combination(desk, caplog):
    desk.graph.readable[DRESS.media_id] = told(DRESS)

    with caplog.at_level(logging.INFO):
        desk.take(shared(ig_post_media_id=DRESS.media_id))
        desk.take(text("این چنده؟", NOON + seconds(5), mid="question"), now=NOON + seconds(5))
        desk.shop.work(keys.UPKEEP)

    assert LONG in desk.message("question").content
    assert caplog.text.count("✅ Combined share + question for AI processing") == 1


@pytest.mark.sqlite_only
def test_strangers_posts_are_asked_for_up_to_a_limit_only(desk, monkeypatch):
    monkeypatch.setattr(own_posts, "LOOK_UPS", Limit("post_look_ups", 2, 3600))
    gone = 400, {"error": {"message": "Unsupported get request", "code": 100, "error_subcode": 33}}
    asked = []
    for number in range(4):
        desk.graph.readable[f"stranger-{number}"] = lambda _query, number=number: asked.append(number) or gone

    found = [desk.call(look_up_post, desk.shop.inbox_id, f"stranger-{number}", NOON) for number in range(4)]

    assert found == [False] * 4
    assert asked == [0, 1]
    assert desk.rows(OwnPost) == []


@pytest.mark.sqlite_only
def test_a_post_that_the_shop_deleted_says_nothing_any_more_until_it_is_back(desk):
    keep(desk, DRESS)

    assert desk.call(mark_gone, desk.shop.inbox_id, NOON + seconds(1), NOON + seconds(2)) == 1

    assert find(desk, media_id=DRESS.media_id) is None
    keep(desk, DRESS)
    assert find(desk, media_id=DRESS.media_id).gone_at is None


@pytest.mark.sqlite_only
def test_a_reading_of_all_posts_marks_what_it_did_not_find(desk):
    keep(desk, DRESS, Post("2", "شال", None, "other"))
    desk.graph.readable |= {"media": {"data": [told(DRESS)]}, "conversations": {"data": []}}
    later = NOON + timedelta(days=2)

    desk.call(lambda: upkeep.keep_up(desk.shop.inbox_id, lambda: later, pause=lambda _seconds: None))

    assert {post.media_id: post.gone_at for post in desk.rows(OwnPost)} == {DRESS.media_id: None, "2": later}


def numbered(first, last):
    return [Post(f"{number:017}", f"پست {number}", None, f"code{number}") for number in range(first, last)]


class Account:
    """Its posts at the provider, two to a page; `asked` are the pages that were read, by their number."""

    def __init__(self, desk, posts):
        self.desk, self.posts, self.asked, self.refuses = desk, posts, [], None
        desk.graph.readable |= {"media": self.page, "conversations": {"data": []}}

    def page(self, query):
        number = int(query.get("after", 0))
        self.asked.append(number)
        if number and self.refuses:
            return self.refuses
        shown = [told(post) for post in self.posts[2 * number : 2 * number + 2]]
        more = {"paging": {"cursors": {"after": str(number + 1)}, "next": "…"}}
        return 200, {"data": shown, **(more if 2 * number + 2 < len(self.posts) else {})}

    def read(self, now, pause=lambda _seconds: None):
        """One run; return which pages it read."""
        self.asked.clear()
        self.desk.call(lambda: upkeep.keep_up(self.desk.shop.inbox_id, lambda: now, pause=pause))
        return list(self.asked)

    @property
    def gone(self):
        return {post.media_id for post in self.desk.rows(OwnPost) if post.gone_at is not None}


DELETED = Post("2", "پیراهن ۸۵۰ هزار تومان", None, "deleted")
RUN = timedelta(minutes=10)  # after which the next one comes


@pytest.fixture
def account(desk, monkeypatch):
    """Of five pages, of which one run can read three; and of a post that is not there any more."""
    keep(desk, DELETED)
    monkeypatch.setattr(upkeep, "CALLS", 4)  # one for the conversations
    return Account(desk, numbered(0, 10))


LATER = NOON + timedelta(days=2)


def test_more_posts_than_one_run_can_read_are_read_to_their_end_and_then_the_deleted_one_is_gone(desk, account):
    assert (account.read(LATER), account.gone) == ([0, 1, 2], set())
    assert (account.read(LATER + RUN), account.gone) == ([0, 2, 3], set())

    assert (account.read(LATER + 2 * RUN), account.gone) == ([0, 3, 4], {DELETED.media_id})

    assert len(desk.rows(OwnPost)) == 11
    [row] = desk.rows(Upkeep)
    assert (row.all_posts_at, row.all_posts_since, row.all_posts_after) == (LATER, None, None)
    assert account.read(LATER + 9 * RUN) == [0]  # an hour later the newest
    assert account.read(LATER + timedelta(days=1)) == [0, 1, 2]  # a day after the last began, all of them


@pytest.mark.sqlite_only
def test_a_run_whose_time_is_over_keeps_its_place(account):
    pauses = []

    def end_it(_seconds):
        pauses.append(1)
        if len(pauses) == 4:
            raise JobTimeoutException("Task exceeded maximum timeout value")

    with pytest.raises(JobTimeoutException):
        account.read(LATER, end_it)

    assert account.asked == [0, 1]
    assert account.read(LATER + seconds(15)) == [0, 1, 2, 3]  # the conversations were read already
    assert account.read(LATER + RUN) == [0, 3, 4]
    assert account.gone == {DELETED.media_id}


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    "answer",
    [
        (400, {"error": {"code": 100, "message": "Invalid cursor"}}),
        (500, {"error": {"code": 1, "message": "An unknown error occurred"}}),
        (200, {"data": []}),
    ],
    ids=["refused", "broken", "empty"],
)
def test_where_the_provider_does_not_know_the_place_any_more_all_is_read_anew(account, answer):
    account.read(LATER)
    account.refuses = answer

    assert account.read(LATER + RUN) == [0, 2]

    assert account.gone == set()
    account.refuses = None
    assert account.read(LATER + 2 * RUN) == [0, 1, 2]
    account.read(LATER + 3 * RUN)
    account.read(LATER + 4 * RUN)
    assert account.gone == {DELETED.media_id}


@pytest.mark.sqlite_only
@pytest.mark.parametrize("answer", [(400, {"error": {"code": 4, "message": "limit"}})], ids=["limit"])
def test_a_limit_loses_no_place(account, answer):
    account.read(LATER)
    account.refuses = answer
    assert account.read(LATER + RUN) == [0, 2]
    account.refuses = None

    assert account.read(LATER + 2 * RUN) == [0, 2, 3]


@pytest.mark.sqlite_only
def test_a_place_is_of_no_use_once_a_version_that_keeps_none_has_read_them_all(desk, account):
    account.read(LATER)
    with transaction():
        db.session.scalars(db.select(Upkeep)).one().all_posts_at = LATER + RUN

    assert account.read(LATER + 2 * timedelta(days=1)) == [0, 1, 2]


@pytest.mark.sqlite_only
def test_what_was_deleted_behind_the_place_is_gone_with_the_next_reading(account):
    account.read(LATER)
    late = account.posts[0]
    account.posts[0] = numbered(10, 11)[0]

    account.read(LATER + RUN)
    account.read(LATER + 2 * RUN)

    assert account.gone == {DELETED.media_id}
    for run in range(3):
        account.read(LATER + timedelta(days=1) + run * RUN)
    assert account.gone == {DELETED.media_id, late.media_id}
