"""The comments page: what is shown, and who may answer or choose."""

import html
import re
from datetime import timedelta

import pytest
from rows import add, add_inbox, add_operator, record_statements

from pilito.blueprints.auth import FRAGMENT_HEADER
from pilito.clock import utc_now
from pilito.database import transaction
from pilito.lifecycle import CommentState, InboxState, Role
from pilito.models import Comment, Inbox, Operator, OwnPost, db
from pilito.queries.comments import count_unsent, unsent

HOSTILE = '"><script>alert(1)</script>'

pytestmark = pytest.mark.sqlite_only


@pytest.fixture
def log_in(app, log_in):
    """Without the token of a page's forms, which other tests look at."""
    app.config["WTF_CSRF_ENABLED"] = False
    return log_in


@pytest.fixture
def inbox(app):
    with transaction():
        return add_inbox(options={"comments": "on"})


def write(inbox, number=1, **values):
    now = utc_now()
    with transaction():
        post = db.session.scalar(db.select(OwnPost)) or add(
            OwnPost(
                inbox_id=inbox.id,
                media_id="m",
                caption="پیراهن لینن",
                permalink="https://www.instagram.com/p/x/",
                synced_at=now,
            )
        )
        defaults = {
            "inbox_id": inbox.id,
            "external_id": f"c{number}",
            "author_external_id": "6001",
            "author_username": "sara",
            "text": f"چنده؟ <b>{number}</b>",
            "own_post_id": post.id,
            "commented_at": now - timedelta(minutes=number),
            "created_at": now,
            "state": CommentState.OPEN,
            "attempt": 0,
        }
        return add(Comment(**defaults | values))


def page(client, path="/comments"):
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.text


def test_a_comment_is_shown_with_its_post_and_escaped(log_in, inbox):
    write(inbox)

    shown = page(log_in())

    assert "چنده؟ &lt;b&gt;1&lt;/b&gt;" in shown
    assert "پیراهن لینن" in shown
    assert "https://www.instagram.com/p/x/" in shown
    assert "@sara" in shown


@pytest.mark.parametrize(("error", "is_loud"), [("given_up", False), ("window_closed", True)])
def test_what_somebody_has_settled_is_no_problem_any_more(log_in, inbox, error, is_loud):
    write(inbox, state=CommentState.FAILED, error=error, reply_text="بله")

    shown = page(log_in())

    assert ("chip is-problem" in shown) == ("banner is-problem" in shown) == is_loud


@pytest.mark.parametrize(("url", "is_link"), [("javascript:alert(1)", False), ("https://www.instagram.com/p/x/", True)])
def test_only_a_page_of_the_web_is_a_link(log_in, inbox, url, is_link):
    write(inbox)
    with transaction():
        db.session.scalars(db.select(OwnPost)).one().permalink = url

    assert (f'href="{url}"' in page(log_in())) is is_link


def test_switched_off_it_says_how_to_switch_it_on(log_in, app):
    assert "Comments are switched off." in page(log_in(Role.VIEWER))


def test_an_agent_answers_and_comes_back(log_in, inbox):
    comment = write(inbox)

    answer = log_in().post(f"/comments/{comment.id}/reply", data={"text": "سلام"})

    assert answer.location == "/comments"
    db.session.rollback()
    row = db.session.get(Comment, comment.id)
    assert (row.state, row.reply_text) == (CommentState.QUEUED, "سلام")


LONG = "م" * 600  # 1,200 bytes: more than one message holds, in fewer letters than it has bytes


def reply(browser, comment, text, query=""):
    return browser.post(f"/comments/{comment.id}/reply{query}", data={"text": text})


def boxes(page):
    """What stands in the boxes of the page, and whether one can write there."""
    return [
        (words, "readonly" not in marks) for marks, words in re.findall(r"<textarea([^>]*)>([^<]*)</textarea>", page)
    ]


def test_a_reply_that_is_too_long_comes_back_in_its_row_and_is_not_cut(log_in, inbox):
    other, comment = write(inbox, 1), write(inbox, 2)

    answer = reply(log_in(), comment, LONG)

    assert answer.status_code == 422
    assert "cannot be split" in answer.text
    assert boxes(answer.text) == [("", True), (LONG, True)]
    assert not re.search("<textarea[^>]*maxlength", answer.text)  # it counts letters, and cuts what somebody pastes
    db.session.rollback()
    assert [db.session.get(Comment, one.id).state for one in (other, comment)] == [CommentState.OPEN] * 2


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"state": CommentState.QUEUED, "reply_text": "theirs"}, "has its private reply already"),
        ({"commented_at": utc_now() - timedelta(days=8)}, "for seven days only"),
    ],
)
def test_a_reply_that_comes_too_late_can_be_taken_along(log_in, inbox, change, sentence):
    comment, agent = write(inbox), log_in()
    page(agent)
    with transaction():
        for name, value in change.items():
            setattr(db.session.get_one(Comment, comment.id), name, value)

    answer = reply(agent, comment, "mine <b>")

    assert answer.status_code == 422
    assert sentence in answer.text
    assert boxes(answer.text) == [("mine &lt;b&gt;", False)]


def test_a_reply_to_a_stopped_account_can_be_sent_later(log_in, inbox):
    comment = write(inbox)
    with transaction():
        db.session.get_one(Inbox, inbox.id).state = InboxState.STOPPED

    answer = reply(log_in(), comment, "mine")

    assert "Connect it again" in answer.text
    assert boxes(answer.text) == [("mine", True)]


def test_a_reply_to_a_comment_that_is_gone_can_be_taken_along(log_in, inbox):
    comment = write(inbox)
    with transaction():
        db.session.delete(db.session.get_one(Comment, comment.id))

    answer = reply(log_in(), comment, "mine")

    assert answer.status_code == 422
    assert "This comment is not there any more." in answer.text
    assert boxes(answer.text) == [("mine", False)]


def test_on_an_older_page_one_stays_there(log_in, inbox, monkeypatch):
    from pilito.blueprints.panel import comments

    monkeypatch.setattr(comments, "PAGE", 1)
    write(inbox, 1)
    comment, agent = write(inbox, 2), log_in()
    query = re.search(r'href="/comments(\?before=[^"]+)"', page(agent))[1]
    assert f"/comments/{comment.id}/reply{query}" in page(agent, f"/comments{query}")

    assert boxes(reply(agent, comment, LONG, query).text) == [(LONG, True)]
    assert reply(agent, comment, "short", query).location == f"/comments{query}"


def test_from_a_page_of_what_was_refused_a_choice_leads_back_to_the_comments(log_in, inbox):
    comment, admin = write(inbox), log_in(Role.ADMIN)
    own_words = admin.post(f"/comments/inboxes/{inbox.id}", data={"comments": "on", "reply": LONG})

    for refused in (reply(admin, comment, LONG, "?before=2030-01-01T00:00:00%2B00:00,1"), own_words):
        here = html.unescape(re.search(r'name="next" value="([^"]+)"', refused.text)[1])
        chosen = admin.post("/settings/language", data={"language": "fa", "next": here}, follow_redirects=True)

        assert (refused.status_code, chosen.status_code) == (422, 200)
        assert chosen.request.path == "/comments"
        assert chosen.request.args == refused.request.args


EACH_SIDE = "م" * 249  # 498 bytes: with three line breaks of one byte each 999, as the box counts them


def test_a_line_break_is_as_long_as_the_box_counts_it(log_in, inbox):
    comment, admin = write(inbox), log_in(Role.ADMIN)
    words, as_a_form_sends_it = (f"{EACH_SIDE}{line * 3}{EACH_SIDE}" for line in ("\n", "\r\n"))

    answers = [
        reply(admin, comment, as_a_form_sends_it),
        admin.post(f"/comments/inboxes/{inbox.id}", data={"comments": "on", "reply": as_a_form_sends_it}),
    ]

    assert [answer.status_code for answer in answers] == [302, 302]
    db.session.rollback()
    assert db.session.get(Comment, comment.id).reply_text == words
    assert db.session.get(Inbox, inbox.id).options["comment_reply"] == words


def test_a_program_is_told_the_reason(log_in, inbox):
    comment = write(inbox)

    answer = log_in().post(f"/comments/{comment.id}/reply", data={"text": LONG}, headers={"X-Fragment": "1"})

    assert (answer.status_code, answer.json["reason"]) == (409, "too_long")


def test_a_viewer_sees_no_form_and_may_not_answer(log_in, inbox):
    comment = write(inbox)
    viewer = log_in(Role.VIEWER)

    assert "/reply" not in page(viewer)
    answer = viewer.post(f"/comments/{comment.id}/reply", data={"text": "x"}, headers={"X-Fragment": "1"})
    assert answer.status_code == 403


def test_after_seven_days_there_is_no_form_and_the_reason(log_in, inbox):
    write(inbox, commented_at=utc_now() - timedelta(days=7))

    shown = page(log_in())

    assert "/reply" not in shown
    assert "for seven days only" in shown


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (CommentState.REPLIED, "Answered privately"),
        (CommentState.UNKNOWN, "Uncertain"),
        (CommentState.OWN, "Yours"),
        (CommentState.FAILED, "Not sent"),
    ],
)
def test_each_state_in_words(log_in, inbox, state, words):
    write(inbox, state=state, error="private_reply_invalid" if state is CommentState.FAILED else None)

    assert words in page(log_in())


def test_an_uncertain_one_is_settled(log_in, inbox):
    comment = write(inbox, state=CommentState.UNKNOWN, reply_text="سلام")
    agent = log_in()

    agent.post(f"/comments/{comment.id}/settle/given-up")

    db.session.rollback()
    assert db.session.get(Comment, comment.id).state is CommentState.FAILED
    assert agent.post(f"/comments/{comment.id}/settle/x", headers={"X-Fragment": "1"}).status_code == 404


FAILED = {"state": CommentState.FAILED, "error": "private_reply_invalid", "reply_text": "سلام"}


def test_whoever_wrote_one_that_was_not_sent_is_led_to_it_by_the_bell_until_they_have_seen_it(log_in, inbox):
    agent = log_in(Role.AGENT)
    mine = db.session.scalars(db.select(Operator.id)).one()
    comment = write(inbox, **FAILED, author_username=HOSTILE, operator_id=mine, missed_at=utc_now())
    write(inbox, 2, **FAILED | {"error": "given_up"}, operator_id=mine)  # seen
    write(inbox, 3, **FAILED)  # left by itself

    told = agent.get("/notifications", headers={FRAGMENT_HEADER: "1"}).text

    assert told.count("Your private reply to the comment of") == 1
    assert 'data-unread="1"' in told
    assert HOSTILE not in told
    assert 'data-unread="1"' in page(agent, "/conversations/")
    [place] = re.findall(r'href="(/comments[^"]+)"', told)
    shown = page(agent, html.unescape(place))
    assert [int(one) for one in re.findall(r'<article[^>]* id="c(\d+)"', shown)][0] == comment.id
    assert shown.count("Seen: leave it so") == 1

    assert agent.post(f"/comments/{comment.id}/seen").location == "/comments"

    assert 'data-unread="0"' in agent.get("/notifications", headers={FRAGMENT_HEADER: "1"}).text
    assert "Seen: leave it so" not in page(agent)


def test_one_of_unknown_fate_is_told_too_and_is_settled_rather_than_seen(log_in, inbox):
    agent = log_in(Role.AGENT)
    mine = db.session.scalars(db.select(Operator.id)).one()
    unknown = {"state": CommentState.UNKNOWN, "error": "outcome_unknown", "reply_text": "سلام"}
    write(inbox, **unknown, operator_id=mine, missed_at=utc_now())

    assert "Nobody knows whether your private reply" in page(agent, "/notifications")
    shown = page(agent)
    assert "It arrived" in shown
    assert "Seen: leave it so" not in shown
    assert unsent(utc_now()) == []  # the health page has it among the uncertain ones


def test_all_that_is_read_is_that_too_for_its_writer_and_for_nobody_else(log_in, inbox):
    with transaction():
        other = add_operator(Role.AGENT).id
    agent = log_in(Role.AGENT)
    mine = db.session.scalars(db.select(Operator.id).where(Operator.id != other)).one()
    for number, whose in enumerate((mine, other)):
        write(inbox, number, **FAILED, operator_id=whose, missed_at=utc_now())
    assert 'data-unread="1"' in page(agent, "/notifications")

    agent.post("/notifications/read")

    assert "Your private reply" not in page(agent, "/notifications")
    assert [one.operator_id for one in unsent(utc_now())] == [mine, other]
    assert "Seen: leave it so" in page(agent)


def test_a_viewer_does_not_see_it_for_them(log_in, inbox):
    with transaction():
        writer = add_operator(Role.AGENT).id
    viewer = log_in(Role.VIEWER)
    comment = write(inbox, **FAILED, operator_id=writer, missed_at=utc_now())

    answer = viewer.post(f"/comments/{comment.id}/seen", headers={FRAGMENT_HEADER: "1"})

    assert answer.status_code == 403
    assert "Seen: leave it so" not in page(viewer)
    assert len(unsent(utc_now())) == 1


def test_the_health_page_shows_those_of_everybody(log_in, inbox):
    with transaction():
        writer = add_operator(Role.AGENT).id
    write(inbox, **FAILED, operator_id=writer)  # read in the bell already
    for number, values in enumerate(({}, {"error": "given_up"}, {"commented_at": utc_now() - timedelta(days=31)}), 2):
        write(inbox, number, **FAILED | {"operator_id": writer if values else None} | values)
    admin = log_in(Role.ADMIN)

    assert "Private replies that were not sent" in page(admin, "/health")
    assert count_unsent(utc_now()) == 1
    assert "\npilito_unsent_private_replies 1.0\n" in admin.get("/metrics").text
    admin.post(f"/comments/{unsent(utc_now())[0].id}/seen")
    assert "Private replies that were not sent" not in page(admin, "/health")
    assert "Somebody decided not to send it again." in page(admin)


def test_pages_follow_each_other_without_a_gap(log_in, inbox, monkeypatch):
    from pilito.blueprints.panel import comments

    monkeypatch.setattr(comments, "PAGE", 2)
    for number in range(1, 6):
        write(inbox, number)
    agent, path, seen = log_in(), "/comments", []

    while path:
        shown = page(agent, path)
        seen += [number for number in range(1, 6) if f"&lt;b&gt;{number}&lt;" in shown]
        path = shown.partition('href="/comments?before=')[2].partition('"')[0]
        path = f"/comments?before={path}" if path else ""

    assert seen == [1, 2, 3, 4, 5]
    assert agent.get("/comments?before=nonsense").status_code == 400


def test_it_asks_as_often_for_many_as_for_one(log_in, inbox):
    agent = log_in()
    write(inbox, 1)
    statements = record_statements()
    page(agent)
    few = len(statements)
    for number in range(2, 12):
        write(inbox, number)

    del statements[:]
    page(agent)

    assert len(statements) == few


def test_an_admin_chooses_per_account(log_in, inbox):
    admin = log_in(Role.ADMIN)
    assert "Which accounts" in page(admin)

    admin.post(f"/comments/inboxes/{inbox.id}", data={"comments": "on", "reply": "سلام!"})

    db.session.rollback()
    assert db.session.get(Inbox, inbox.id).options == {"comments": "on", "comment_reply": "سلام!"}


def test_words_for_all_comments_that_are_too_long_come_back(log_in, inbox):
    answer = log_in(Role.ADMIN).post(f"/comments/inboxes/{inbox.id}", data={"comments": "on", "reply": LONG})

    assert answer.status_code == 422
    assert boxes(answer.text) == [(LONG, True)]
    assert "cannot be split" in answer.text
    db.session.rollback()
    assert db.session.get(Inbox, inbox.id).options == {"comments": "on"}


def test_an_agent_does_not_choose(log_in, inbox):
    agent = log_in()

    assert "Which accounts" not in page(agent)
    assert agent.post(f"/comments/inboxes/{inbox.id}", data={"comments": "on"}).status_code == 403
