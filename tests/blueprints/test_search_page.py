"""What the search shows, to whom, and where it leads."""

import re
from datetime import timedelta

import pytest
from rows import NOON, add, add_conversation, add_inbox, add_message, add_product, add_share, add_source

from pilito.clock import utc_now
from pilito.database import transaction
from pilito.lifecycle import ConversationState, MessageType, Role, Sender, ShareState
from pilito.models import Note, Share
from pilito.queries import search as queries
from pilito.search.fill import begin_anew
from pilito.search.terms import read_question

FRAGMENT = {"X-Fragment": "1"}


def search(browser, **arguments):
    answer = browser.get("/conversations/search", query_string=arguments, headers=FRAGMENT)
    assert answer.status_code == 200
    return answer.text


def hits(page, kind="messages"):
    """The addresses of one kind of what was found."""
    part = re.search(rf'<ul class="rows" data-kind="{kind}">(.*?)</ul>', page, re.DOTALL)
    return [link.replace("&amp;", "&") for link in re.findall(r'href="([^"]+)"', part[1])] if part else []


def marked(page):
    return re.findall(r"<mark>(.*?)</mark>", page)


@pytest.fixture
def browser(log_in):
    return log_in()


@pytest.fixture
def conversation(app):
    with transaction():
        return add_conversation(customer={"name": "مریم رضایی", "username": "maryam_rz"})


def say(conversation, words, **values):
    with transaction():
        return add_message(conversation, text=words, **values)


@pytest.mark.sqlite_only
@pytest.mark.parametrize("role", list(Role))
def test_everybody_of_the_shop_may_search(log_in, conversation, role):
    say(conversation, "این لباس چقدره؟")

    assert marked(search(log_in(role), q="لباس")) == ["لباس"]


def test_a_message_leads_to_its_place_in_its_conversation(browser, conversation):
    message = say(conversation, "این لباس چقدره؟")

    page = search(browser, q="لباس")

    assert hits(page) == [f"/conversations/{conversation.id}?around={message.id}#m{message.id}"]
    assert "مریم رضایی" in page


@pytest.mark.sqlite_only
def test_the_whole_page_stands_in_the_place_of_the_list(browser, conversation):
    say(conversation, "این لباس چقدره؟")

    page = browser.get("/conversations/search?q=لباس").text

    assert 'class="list is-search"' in page
    assert page.count('id="list"') == 1
    assert 'value="لباس"' in page


@pytest.mark.parametrize(
    "hostile", ['<img src=x onerror=alert(1)> "لباس"', "</mark><script>لباس</script>", "{{ لباس }}"]
)
def test_hostile_words_are_words(browser, conversation, hostile):
    say(conversation, hostile)

    page = search(browser, q=hostile) + search(browser, q="لباس")

    assert "<img src=x" not in page
    assert "<script>" not in page
    assert "لباس" in marked(page)


def test_customers_posts_notes_and_products_stand_beside_the_messages(browser, conversation):
    with transaction():
        add_share(conversation, ShareState.EXPIRED, caption="کتان مریم", permalink="https://www.instagram.com/p/a/")
        add(Note(conversation_id=conversation.id, text="مریم مشتری خوبی است", seq=1, created_at=NOON))
    say(conversation, "سلام من مریم هستم")

    page = search(browser, q="مریم")

    assert hits(page, "customers") == [f"/conversations/{conversation.id}"]
    assert len(hits(page, "messages")) == len(hits(page, "notes")) == len(hits(page, "posts")) == 1
    assert "Shared by" in page


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ({"sku": "L-1"}, "L-1"),
        ({"sku": "L-1", "active": False}, "L-1 · put aside"),
        ({"active": False}, "put aside"),
        ({}, ""),
    ],
)
def test_what_a_product_lacks_leaves_no_dot_behind(browser, values, line):
    with transaction():
        add_product(add_source(add_inbox().id), ({"price": None},), name="پیراهن لینن", **values)

    page = search(browser, q="لینن")

    (found,) = re.findall(r'<span class="hit-line">(.*?)</span>\s*</span>', page, re.DOTALL)
    assert " ".join(re.sub("<[^>]+>", "", found).split()) == line


def test_a_post_that_many_shared_is_one(browser):
    with transaction():
        for number in range(4):
            customer = {"name": f"Customer {number}"}
            add_share(
                add_conversation(customer=customer), ShareState.EXPIRED, caption="کتان", permalink="https://i.test/p/a/"
            )

    page = search(browser, q="کتان")

    assert len(hits(page, "posts")) == 1
    assert "Shared 4 times" in page
    assert "last by Customer 3" in page


def test_of_many_posts_each_is_found_once_page_by_page(conversation, monkeypatch):
    monkeypatch.setattr(queries, "SHARES_LOOKED_AT", 6)  # the first page does not see the oldest
    with transaction():
        for second, post in enumerate("4" + "0" * 20 + "31201"):
            message = add_message(
                conversation, message_type=MessageType.SHARE, sent_at=NOON + timedelta(seconds=second)
            )
            values = {"message_id": message.id, "conversation_id": conversation.id, "sent_at": message.sent_at}
            place = {"media_id": post, "caption": "مانتو", "kind": "ig_reel", "state": ShareState.EXPIRED}
            add(Share(**values, **place, expires_at=NOON))

    pages, before = [], None
    while before or not pages:
        found = queries.find_posts(read_question("مانتو"), queries.ANYWHERE, before, 2)
        pages.append([post.message.share.media_id for post in found.posts])
        before = found.next

    assert pages == [["1", "0"], ["2", "3"], ["4"]]


def test_filters_narrow_together(browser, app):
    with transaction():
        shop, other = add_inbox(name="One"), add_inbox(name="Two")
        mine = add_conversation(shop, state=ConversationState.OPERATOR)
        closed = add_conversation(shop, state=ConversationState.CLOSED)
        elsewhere = add_conversation(other, state=ConversationState.OPERATOR)
    now = utc_now()
    wanted = say(mine, "قیمت", sender=Sender.OPERATOR, sent_at=now)
    say(mine, "قیمت", sent_at=now)
    say(mine, "قیمت", sender=Sender.OPERATOR, sent_at=now - timedelta(days=8))
    for conversation in (closed, elsewhere):
        say(conversation, "قیمت", sender=Sender.OPERATOR, sent_at=now)

    page = search(browser, q="قیمت", inbox=shop.id, **{"in": "waiting"}, by="operator", when="week")

    assert hits(page) == [f"/conversations/{mine.id}?around={wanted.id}#m{wanted.id}"]


@pytest.mark.parametrize("where", [{}, {"in": "assistant"}])
def test_pages_show_each_message_once_the_newest_first(browser, conversation, where):
    made = [say(conversation, "قیمت", sent_at=NOON + timedelta(seconds=number)).id for number in range(65)]

    seen, page = [], search(browser, q="قیمت", kind="messages", **where)
    while True:
        seen += [int(link.rsplit("#m", 1)[1]) for link in hits(page)]
        more = re.search(r'class="[^"]*search-more"[^>]*href="([^"]+)"', page)
        if not more:
            break
        page = browser.get(more[1].replace("&amp;", "&"), headers=FRAGMENT).text

    assert seen == made[::-1]


@pytest.mark.parametrize(
    "query",
    ["", "?q=", "?q=%00", "?q=%F0%9F%8C%B8", "?q=x&place=99999999999999999999999", "?q=x&inbox=-1&in=nowhere&by=nobody",
     "?q=x&kind=everything&when=ever", "?q=" + "x%20" * 200],
)  # fmt: skip
def test_whatever_is_asked_is_answered(browser, conversation, query):
    say(conversation, "x")

    assert browser.get(f"/conversations/search{query}").status_code == 200


@pytest.mark.sqlite_only
def test_nothing_found_says_what_to_try(browser, conversation):
    assert "Nothing has all of these words" in search(browser, q="ناپیدا")
    assert "Look everywhere" in search(browser, q="ناپیدا", by="operator")


@pytest.mark.parametrize(
    ("typed", "meant"), [("lhkj,", "مانتو"), ("ماتنو", "مانتو"), ("پیراهم", "پیراهن"), ("hgsghl", "")]
)
def test_a_wrong_keyboard_or_one_wrong_letter_is_seen_through(browser, conversation, typed, meant):
    say(conversation, "مانتو و پیراهن دارید؟")

    page = search(browser, q=typed)

    assert (f"<bdi>{meant}</bdi>" in page) == bool(meant)
    assert marked(page) == ([meant] if meant else [])


def test_it_says_while_what_was_said_before_is_still_taken_in(browser, conversation):
    say(conversation, "این لباس چقدره؟")
    assert "still being taken into the search" not in search(browser, q="لباس")

    begin_anew()

    assert "still being taken into the search" in search(browser, q="کفش")
    assert "still being taken into the search" not in search(browser, q="")


def test_what_was_unsent_is_not_shown(browser, conversation):
    message = say(conversation, "لباس")
    with transaction():
        message.deleted_at, message.text = NOON, ""

    assert hits(search(browser, q="لباس")) == []


# --- within a conversation -------------------------------------------------------------------------------------------


def find(browser, conversation, words):
    return browser.get(f"/conversations/{conversation.id}/find", query_string={"q": words}).get_json()


def test_within_a_conversation_the_newest_place_comes_first_with_its_words(browser, conversation):
    first = say(conversation, "مانتوهاتون", sent_at=NOON)
    say(conversation, "کفش", sent_at=NOON)
    last = say(conversation, "مانتو و مانتوی", sent_at=NOON + timedelta(seconds=1))
    with transaction():
        elsewhere = add_conversation()
    say(elsewhere, "مانتو")

    assert find(browser, conversation, "مانتو") == {
        "places": [{"id": last.id, "words": ["مانتو", "مانتوی"]}, {"id": first.id, "words": ["مانتوهاتون"]}],
        "is_cut": False,
    }
    assert find(browser, conversation, "  ")["places"] == []
    assert browser.get("/conversations/404/find?q=x").status_code == 404


def test_a_conversation_opens_at_a_message_and_goes_on_in_both_directions(browser, conversation):
    made = [say(conversation, f"m{number}", sent_at=NOON + timedelta(seconds=number)).id for number in range(160)]

    page = browser.get(f"/conversations/{conversation.id}?around={made[80]}").text
    shown = [int(number) for number in re.findall(r'data-message-id="(\d+)"', page)]
    before = re.search(r'data-before="([^"]+)"', page)[1]
    after = re.search(r'data-after="([^"]+)"', page)[1]

    def ids(**where):
        answer = browser.get(f"/conversations/{conversation.id}/messages", query_string=where).text
        return [int(number) for number in re.findall(r'data-message-id="(\d+)"', answer)], answer

    newer, newer_page = ids(after=after)
    newest, newest_page = ids(newest=1)
    assert shown == made[56:106]
    assert ids(before=before)[0] == made[6:56]
    assert newer == made[106:156]
    assert ids(after=re.search(r'data-after="([^"]+)"', newer_page)[1])[0] == made[156:]
    assert newest == made[110:]
    assert "data-after" not in newest_page


@pytest.mark.sqlite_only
def test_a_message_of_another_conversation_opens_none_of_it(browser, conversation):
    mine = say(conversation, "mine")
    with transaction():
        theirs = add_message(add_conversation(), text="theirs")

    page = browser.get(f"/conversations/{conversation.id}?around={theirs.id}", headers=FRAGMENT).text

    assert "theirs" not in page
    assert f'data-message-id="{mine.id}"' in page
    assert browser.get(f"/conversations/{conversation.id}?around=99999999999999999999").status_code == 200


# --- for the command bar ---------------------------------------------------------------------------------------------


def test_customers_are_suggested_by_the_beginning_of_a_name(browser, conversation):
    with transaction():
        add_conversation(customer={"name": "سارا"})

    found = browser.get("/conversations/suggest?q=رضا").get_json()

    assert found == {
        "customers": [{"name": "مریم رضایی", "detail": "@maryam_rz", "href": f"/conversations/{conversation.id}"}]
    }
    assert browser.get("/conversations/suggest").get_json() == {"customers": []}


def test_a_voice_message_is_found_by_its_file_but_a_share_not_twice(browser, conversation):
    say(conversation, "", message_type=MessageType.VOICE)

    assert hits(search(browser, q="voice")) == []
