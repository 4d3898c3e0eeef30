import pytest
from instagram_events import CDN, PERMALINK, attachment

from pilito.channels.base import SharedMedia
from pilito.channels.instagram.attachments import read_attachments
from pilito.channels.instagram.shares import is_permalink, one_share, share_in_text, share_of

CAPTION = "پیراهن «نیلوفر» 🌸\n\nقیمت: ۱٬۲۸۰٬۰۰۰ تومان"


def shared(kind, **payload):
    [one] = read_attachments([attachment(kind, **payload)])
    return share_of(one)


@pytest.mark.parametrize("kind", ["ig_post", "ig_reel", "reel", "post"])
def test_the_title_of_a_post_is_its_caption(kind):
    share = shared(kind, title=CAPTION)

    assert (share.kind, share.title, share.caption) == (kind, None, CAPTION)


def test_the_title_of_a_share_with_the_id_of_its_post_is_its_caption():
    assert shared("share", title=CAPTION, ig_post_media_id="18").caption == CAPTION


def test_the_title_of_a_share_without_an_id_stays_its_title():
    share = shared("share", title="Niloofar Dress", subtitle="new")

    assert (share.title, share.subtitle, share.caption) == ("Niloofar Dress", "new", None)


@pytest.mark.parametrize("key", ["caption", "description"])
def test_a_caption_that_is_named_so_leaves_the_title_alone(key):
    share = shared("ig_post", title="عنوان", **{key: CAPTION})

    assert (share.title, share.caption) == ("عنوان", CAPTION)


@pytest.mark.parametrize("key", ["ig_post_media_id", "reel_video_id", "video_id", "id"])
@pytest.mark.parametrize("written", ["18000000000000103", 18000000000000103])
def test_the_id_of_the_media_is_found_under_each_of_its_names(key, written):
    assert shared("ig_reel", **{key: written}).media_id == "18000000000000103"


@pytest.mark.parametrize("title", [None, "", "  ", 5.5, [], {}])
def test_a_post_without_a_caption_has_none(title):
    assert shared("ig_post", title=title).caption is None


def test_a_page_on_instagram_is_the_permalink():
    share = shared("ig_reel", url="https://www.instagram.com/reel/DPiLiTo0104/")

    assert share.permalink == share.url == "https://www.instagram.com/reel/DPiLiTo0104/"


def test_a_file_on_the_cdn_is_no_permalink():
    share = shared("ig_reel", url=CDN)

    assert (share.url, share.permalink) == (CDN, None)


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "ftp://shop.example/a",
        "data:text/html,x",
        "/reel/123/",
        "LINK",
        "https://",
        "http://[",
        "https://a b/",
    ],
)
def test_an_address_that_no_browser_should_open_is_dropped(url):
    share = shared("ig_post", url=url)

    assert (share.url, share.permalink) == (None, None)


@pytest.mark.parametrize(
    "url",
    [
        PERMALINK,
        "http://instagram.com/p/abc",
        "https://m.instagram.com/reel/abc/?igsh=1",
        "https://www.instagram.com/reels/abc/",
        "https://www.instagram.com/niloofar.dress/p/abc/",
        "https://www.instagram.com/tv/abc",
        "https://www.instagram.com/REEL/abc",
        "https://instagr.am/p/abc",
    ],
)
def test_pages_of_posts_are_known(url):
    assert is_permalink(url)


@pytest.mark.parametrize(
    "url",
    [
        None,
        "https://www.instagram.com/niloofar.dress/",
        "https://www.instagram.com/stories/niloofar/1/",
        "https://www.instagram.com/reels/audio/1/",
        "https://www.instagram.com/p/",
        "https://www.instagram.com/p/چنده",
        "https://instagram.com.evil.example/p/abc",
        "https://instagram.com@evil.example/p/abc",
        "https://notinstagram.com/p/abc",
        "https://scontent.cdninstagram.com/p/abc",
    ],
)
def test_other_pages_are_not(url):
    assert not is_permalink(url)


@pytest.mark.parametrize(
    "link",
    [
        PERMALINK,
        "http://instagram.com/p/abcX",
        "instagram.com/reel/abc/",
        "www.instagram.com/reels/abc?igsh=bm90&utm_source=x",
        "https://www.instagram.com/niloofar.dress/p/abc/",
        "HTTPS://INSTAGRAM.COM/tv/abc",
        "https://www.instagram.com/share/reel/abc",
    ],
)
@pytest.mark.parametrize("frame", ["{}", " {}\n", "{}.", "«{}»", "({})", "{} !"])
def test_a_link_alone_asks_nothing(link, frame):
    share, rest = share_in_text(frame.format(link))

    page = link if link.lower().startswith("http") else f"https://{link}"
    assert (share.kind, share.url, share.permalink, rest) == ("link", page, page, "")


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        (f"سلام این چنده؟ {PERMALINK}", "سلام این چنده؟"),
        (f"{PERMALINK} سایز ۴۰ دارین", "سایز ۴۰ دارین"),
        (f"سلام {PERMALINK} چنده", "سلام چنده"),
        (f"سلام  {PERMALINK}  چنده", "سلام چنده"),
        (f"سلام {PERMALINK} چنده\nسایز ۴۰", "سلام چنده\nسایز ۴۰"),
        (f"سلام {PERMALINK} \n چنده", "سلام\nچنده"),
        (f"سلام\n{PERMALINK}\nچنده", "سلام\nچنده"),
        (f"سلام\n{PERMALINK} چنده", "سلام\nچنده"),
        (f"{PERMALINK}?igsh=1 ؟", "؟"),
        (f"{PERMALINK} 😍", "😍"),
        ("instagram.com/p/abcچنده", "چنده"),
        (f"کدوم؟ {PERMALINK} یا instagram.com/p/second", "کدوم؟ یا instagram.com/p/second"),
        (f"{PERMALINK} instagram.com/p/second", ""),
    ],
)
def test_what_is_left_of_the_text_is_the_question(text, rest):
    assert share_in_text(text)[1] == rest


@pytest.mark.parametrize(
    "text",
    [
        "",
        "سلام",
        "https://www.instagram.com/niloofar.dress/",
        "https://evil.example/?u=https://instagram.com/p/abc",
        "https://evil.example/instagram.com/p/abc",
        "https://instagram.com.evil.example/p/abc",
        "notinstagram.com/p/abc",
        "me@instagram.com/p/abc",
        "instagram.com/reels/audio/123/",
    ],
)
def test_a_text_without_the_link_of_a_post_is_left_alone(text):
    assert share_in_text(text) == (None, text)


def test_share_and_ig_post_are_one_share():
    twin = shared("share", title=CAPTION, ig_post_media_id="18", url=CDN)
    post = shared("ig_post", title=CAPTION, ig_post_media_id="18", url=CDN)

    assert one_share([twin, post]) == one_share([post, twin]) == post


def test_one_share_knows_what_its_twin_knew():
    twin = shared("share", title=CAPTION, subtitle="new", url=PERMALINK)
    post = shared("ig_post", title=CAPTION, ig_post_media_id="18")

    assert one_share([twin, post]) == SharedMedia("ig_post", "18", None, "new", CAPTION, PERMALINK, PERMALINK)


@pytest.mark.parametrize("known", [{}, {"ig_post_media_id": "18"}])
def test_a_post_gets_from_its_twin_what_it_does_not_know(known):
    post = shared("ig_post", title=CAPTION, **known)
    twin = shared("share", ig_post_media_id="18", subtitle="new")

    assert one_share([post, twin]) == SharedMedia("ig_post", "18", subtitle="new", caption=CAPTION)


def test_a_title_that_is_not_the_caption_stays():
    titled = shared("share", title="Niloofar Dress", caption=CAPTION)

    assert one_share([titled, shared("share", url=PERMALINK)]).title == "Niloofar Dress"


def test_two_different_posts_are_not_mixed():
    first, second = shared("ig_post", ig_post_media_id="1"), shared("ig_post", ig_post_media_id="2", title=CAPTION)

    assert one_share([first, second]) == first


def test_without_shares_there_is_none():
    assert one_share([None, None]) is None
