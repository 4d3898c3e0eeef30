"""The analytics page: what it shows of which time, to whom, also as CSV; and how a question gets its answer."""

import csv
import io
import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from rows import add, add_conversation, add_inbox, add_message, add_share, add_turn
from sqlalchemy import func, select

from pilito.blueprints.panel.analytics import SHOWN_SHARES
from pilito.blueprints.panel.analytics_csv import written
from pilito.conversations import tally
from pilito.database import transaction
from pilito.lifecycle import HandOverReason, Role, Sender, ShareState, TurnState
from pilito.models import Conversation, Inbox, ModelUse, OpenQuestion, OwnPost, Passage, TallyZone, Turn, db
from pilito.queries.tallies import QUARTER

pytestmark = pytest.mark.sqlite_only
NOW = datetime.now(UTC)
FORMULA = ("=", "+", "-", "@")
HOSTILE = "=cmd|' /C calc'!A0 <script>alert(1)</script>"


@pytest.fixture
def shop_of_today(app):
    """Two accounts; questions that nobody could answer, a post with a hostile caption, an answered question."""
    at = NOW - timedelta(minutes=1)
    with transaction():
        inbox, other = add_inbox(), add_inbox()
        post = add(OwnPost(inbox_id=inbox.id, media_id="1", caption=HOSTILE, posted_at=at, synced_at=at))
        conversation, elsewhere = add_conversation(inbox), add_conversation(other)
        for text in ("ارسال به عراق دارید؟", "سلام، ارسال به عراق داريد", HOSTILE):
            turn = add(
                Turn(conversation_id=conversation.id, state=TurnState.HANDED_OVER, opened_at=at, due_at=at,
                     ended_at=at, ended_why=HandOverReason.NOT_KNOWN.value)
            )  # fmt: skip
            add_message(conversation, text=text, sent_at=at, turn_id=turn.id)
        share = add_share(conversation, ShareState.COMBINED, own_post_id=post.id, found_in_cache=True, sent_at=at)
        question = add_message(conversation, text=HOSTILE, sent_at=at)
        share.combined_with_id = question.id
        share.message.sent_at = at
        reply = add_message(conversation, sender=Sender.ASSISTANT, text="بله", sent_at=at + timedelta(seconds=30))
        question.answered_by_id = reply.id
        add_message(elsewhere, text="سلام", sent_at=at)
    while tally.count_due(NOW + QUARTER):
        pass
    return inbox.id, other.id, post.id


def page_of(client, **arguments):
    answer = client.get("/analytics", query_string=arguments)
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def table(client, name, **arguments):
    answer = client.get(f"/analytics/{name}.csv", query_string={"period": "7", **arguments})
    assert answer.status_code == 200
    assert answer.mimetype == "text/csv"
    return list(csv.reader(io.StringIO(answer.get_data(as_text=True).removeprefix("\ufeff"))))


def test_everybody_sees_the_page_in_both_languages(shop_of_today, log_in):
    english = page_of(log_in(Role.VIEWER))
    persian = page_of(log_in(Role.VIEWER, "fa"))

    assert "Questions without an answer" in english
    assert "پرسش‌های بی‌پاسخ" in persian
    assert "Write the answer" not in english  # a viewer writes nothing


@pytest.mark.parametrize("period", ["today", "7", "30", "90", "nonsense"])
def test_every_period_counts_what_happened_in_it(shop_of_today, log_in, period):
    page = page_of(log_in(), period=period)

    assert '<g class="column">' in page
    assert 'aria-labelledby="messages-t messages-d"' in page


def test_what_a_stranger_wrote_stays_text(shop_of_today, log_in):
    page = page_of(log_in(Role.ADMIN))

    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_one_account_does_not_show_the_others_numbers(shop_of_today, log_in):
    inbox_id, other_id, _post_id = shop_of_today
    client = log_in()

    sums = [
        sum(int(row[1]) for row in table(client, "messages", **where)[1:])
        for where in ({}, {"inbox": inbox_id}, {"inbox": other_id})
    ]

    assert sums[0] == sums[1] + sums[2]
    assert sums[2] == 1
    assert "عراق" not in page_of(client, inbox=other_id)


def test_own_dates_may_be_jalali_and_wrong_ones_are_explained(shop_of_today, log_in):
    client = log_in()

    assert "1 Sep – 15 Sep" in page_of(client, period="own", **{"from": "2026-09-01", "until": "2026-09-15"})
    assert "1 Sep – 15 Sep" in page_of(client, period="own", **{"from": "۱۴۰۵/۰۶/۱۰", "until": "۱۴۰۵/۰۶/۲۴"})
    for dates in ({}, {"from": "yesterday", "until": "now"}, {"from": "9999-01-01", "until": "9999-02-01"}):
        assert "These dates cannot be read" in page_of(client, period="own", **dates)
        assert client.get("/analytics/messages.csv", query_string={"period": "own", **dates}).status_code == 400


@pytest.mark.parametrize(
    "name", ["messages", "answers", "shares", "drafts", "cost", "waits", "hand-overs", "hours", "posts", "questions",
             "everything"],
)  # fmt: skip
def test_every_plot_comes_as_csv_in_which_no_cell_is_a_formula(shop_of_today, log_in, name):
    rows = table(log_in(), name)

    assert len(rows) > 1
    assert len({len(row) for row in rows}) == 1
    assert not any(cell.startswith(("=", "+", "@")) for row in rows for cell in row)
    if name in ("posts", "questions"):
        assert f"'{HOSTILE}" in {cell for row in rows for cell in row}


@pytest.mark.parametrize("separator", [";", "\t"], ids=["semicolon", "tab"])
def test_nor_where_lists_are_separated_by_another_sign_than_a_comma(separator):
    """As Excel reads them in German, French, Russian or Turkish: there our quotes count for nothing behind the first."""
    for before in ("", "چنده؟;", "a\t", "a\n", "a\r\n", 'a";', "a;;", "a;\t", ";"):
        for start in FORMULA:
            lines = written([[3, f"{before}{start}HYPERLINK(1)", "x"]]).removeprefix("\ufeff")
            cells = [cell for row in csv.reader(io.StringIO(lines), delimiter=separator) for cell in row]
            assert not any(cell.startswith(FORMULA) for cell in cells), lines


@pytest.mark.parametrize("cell", ["سلام؛ چنده؟", "a; b - c", "x=1, y=2", "size 38-40; red", "sara@shop.test", -3, 0.5])
def test_what_is_no_formula_stays_as_it_was_written(cell):
    rows = list(csv.reader(io.StringIO(written([[cell]]).removeprefix("\ufeff"))))

    assert rows == [[str(cell)]]


def test_there_is_no_csv_of_another_name(shop_of_today, log_in):
    assert log_in().get("/analytics/secrets.csv").status_code == 404


def test_everything_holds_every_number(shop_of_today, log_in):
    rows = {(measure, key): int(count) for _at, measure, key, count in table(log_in(), "everything")[1:]}

    assert rows["messages", "customer"] == 6
    assert rows["shares", "combined"] == rows["cache", "hit"] == 1
    assert rows["hand_overs", "not_known"] == 3


def test_a_new_zone_is_right_at_once_and_is_asked_to_be_kept(shop_of_today, log_in, redis_client):
    client = log_in()
    client.set_cookie("zone", "Asia/Kathmandu")

    before = page_of(client, period="7")
    tally.keep_zone("Asia/Kathmandu", NOW)
    after = page_of(client, period="7")

    assert "of 3 questions" in before
    assert "of 3 questions" in after
    assert db.session.scalar(select(TallyZone.name)) == "Asia/Kathmandu"


def test_an_empty_house_says_what_to_do(app, log_in):
    assert "Nothing to count yet" in page_of(log_in())
    with transaction():
        add_inbox()
    page = page_of(log_in())
    assert "It is being counted" in page
    assert 'name="look-again"' in page
    tally.count_due(NOW)
    assert "Nothing in this time." in page_of(log_in())


def test_the_page_of_a_post_shows_what_was_asked(shop_of_today, log_in):
    *_inboxes, post_id = shop_of_today
    page = log_in().get(f"/analytics/posts/{post_id}").get_data(as_text=True)

    assert "The newest conversations about it" in page
    assert "<script>alert" not in page
    assert log_in().get("/analytics/posts/999999").status_code == 404


def plot(page, name):
    """The big number of a plot with what stands beside it, as a person reads it."""
    big = re.search(rf'id="{name}-title".*?<p class="plot-big">(.*?)</p>', page, re.DOTALL)[1]
    return " ".join(unescape(re.sub(r"<[^>]+>|[\u2066\u2069]", "", big)).split())


def count_turns(states):
    at = NOW - timedelta(minutes=1)
    with transaction():
        conversation = add_conversation()
        add_message(conversation, text="چنده؟", sent_at=at)
        for state in states:
            add_turn(conversation, state, ended_at=at)
    tally.count_due(NOW)


def test_what_a_person_answered_first_was_no_question_to_the_assistant(app, log_in):
    """As docs/panel.md says; the columns, and the number of questions on top, have always left it out."""
    count_turns([TurnState.ANSWERED, TurnState.DRAFTED, TurnState.DROPPED, TurnState.DROPPED])

    page = page_of(log_in())

    assert plot(page, "answers") == "2"
    assert "of 2 questions" in page


def count_uses(*micros):
    at = NOW - timedelta(minutes=1)
    with transaction():
        inbox = add_inbox()
        add_message(add_conversation(inbox), text="چنده؟", sent_at=at)
        for cost in micros:
            add(ModelUse(at=at, inbox_id=inbox.id, model="m", tokens=10, cost_micros=cost))
    tally.count_due(NOW)


@pytest.mark.parametrize(
    ("micros", "said"),
    [
        ((1_000_000, 500_000), "$1.50 $0.7500 an answer · 20 tokens"),
        ((1_000_000, None, None), "$1.00 $1.0000 an answer · (2 answers have no known price) · 30 tokens"),
        ((None, None), "– not known: MODEL_PRICES has no price for this model · 20 tokens"),
        ((0, 0), "$0.00 $0.0000 an answer · 20 tokens"),  # a model of one's own, which costs nothing
    ],
)
def test_what_an_answer_costs_is_told_of_those_whose_price_is_known(app, log_in, micros, said):
    count_uses(*micros)

    assert plot(page_of(log_in()), "cost") == said


def test_a_post_about_which_two_ways_of_asking_go_together_is_counted_once(shop_of_today, log_in):
    inbox_id, _other, post_id = shop_of_today
    at = NOW - timedelta(minutes=1)
    with transaction():
        conversation = add_conversation(db.session.get_one(Inbox, inbox_id))
        for likeness in ("abc def ghi", "abc def xyz"):
            turn = add_turn(conversation, TurnState.HANDED_OVER, ended_at=at)
            add_message(conversation, text=likeness, sent_at=at, turn_id=turn.id)
            row = {"turn_id": turn.id, "inbox_id": inbox_id, "asked_at": at, "likeness": likeness}
            add(OpenQuestion(**row, own_post_id=post_id))

    page = page_of(log_in())

    assert re.search(r"2×.*?about 1 post\b", page, re.DOTALL)
    assert "about 2 posts" not in page


def test_every_conversation_about_a_post_is_reached(shop_of_today, log_in):
    *_inboxes, post_id = shop_of_today
    browser, at = log_in(), NOW - timedelta(minutes=2)
    with transaction():
        for _ in range(SHOWN_SHARES):  # of the same second, as a burst is
            add_share(add_conversation(), ShareState.EXPIRED, own_post_id=post_id, sent_at=at)

    first = browser.get(f"/analytics/posts/{post_id}").text
    second = browser.get(unescape(re.search(r'rel="next" href="([^"]+)"', first)[1])).text

    linked = [re.findall(r'href="(/conversations/\d+#m\d+)"', page) for page in (first, second)]
    assert [len(found) for found in linked] == [SHOWN_SHARES, 1]
    assert len(set(linked[0] + linked[1])) == SHOWN_SHARES + 1
    assert 'rel="next"' not in second


# --- questions without an answer --------------------------------------------------------------------------------------


def open_questions():
    db.session.rollback()
    return db.session.scalar(select(func.count()).where(OpenQuestion.settled_at.is_(None)))


def newest_about_iraq():
    ids = db.session.scalars(select(OpenQuestion.id).where(OpenQuestion.likeness.contains("عراق"))).all()
    assert len(ids) == 2
    return ids[-1]


def test_writing_the_answer_settles_all_questions_that_are_alike(shop_of_today, log_in):
    client = log_in(Role.ADMIN)
    address = f"/knowledge/texts/new?question={newest_about_iraq()}"

    form = client.get(address).get_data(as_text=True)
    assert "2 customers asked this" in form
    assert 'value="سلام، ارسال به عراق داريد"' in form
    client.application.config["WTF_CSRF_ENABLED"] = False
    answer = client.post(address, data={"title": "ارسال به عراق دارید؟", "text": "بله، با پست هوایی."})

    assert answer.location.endswith("/analytics#questions")
    assert open_questions() == 1
    assert db.session.scalar(select(Passage.text)) == "بله، با پست هوایی."
    assert "2 open questions are settled." in page_of(client)


def test_an_answer_that_cannot_be_saved_settles_nothing(shop_of_today, log_in):
    client = log_in(Role.ADMIN)
    client.application.config["WTF_CSRF_ENABLED"] = False

    answer = client.post(f"/knowledge/texts/new?question={newest_about_iraq()}", data={"title": "", "text": ""})

    assert answer.status_code == 422
    assert "2 customers asked this" in answer.get_data(as_text=True)
    assert open_questions() == 3


def test_a_product_may_be_the_answer(shop_of_today, log_in):
    client = log_in(Role.ADMIN)
    address = f"/catalogue/new?question={newest_about_iraq()}"
    assert "2 customers asked this" in client.get(address).get_data(as_text=True)
    client.application.config["WTF_CSRF_ENABLED"] = False

    client.post(address, data={"name": "ارسال به عراق", "currency": "IRT", "v_price": "250000"})

    assert open_questions() == 1


def test_an_admin_may_say_that_a_question_needs_no_answer_and_an_agent_may_not(shop_of_today, log_in):
    question_id = newest_about_iraq()
    agent, admin = log_in(Role.AGENT), log_in(Role.ADMIN)
    admin.application.config["WTF_CSRF_ENABLED"] = False

    assert agent.post(f"/analytics/questions/{question_id}/settle").status_code == 403
    assert open_questions() == 3
    answer = admin.post(f"/analytics/questions/{question_id}/settle?period=7&evil=1")

    assert answer.location.endswith("/analytics?period=7#questions")
    assert open_questions() == 1
    assert admin.post("/analytics/questions/999999/settle").status_code == 302


@pytest.fixture
def asked_elsewhere(shop_of_today):
    """The other account's customer asked about Iraq too."""
    with transaction():
        first = db.session.get_one(OpenQuestion, newest_about_iraq())
        turn = db.session.get_one(Turn, first.turn_id)
        values = {"opened_at": turn.opened_at, "due_at": turn.due_at, "state": TurnState.HANDED_OVER}
        elsewhere = db.session.scalars(db.select(Conversation).filter_by(inbox_id=shop_of_today[1])).one()
        again = add(Turn(conversation_id=elsewhere.id, **values))
        add_message(elsewhere, text="ارسال به عراق دارید؟", sent_at=first.asked_at, turn_id=again.id)
        kept = {"asked_at": first.asked_at, "likeness": first.likeness}
        return add(OpenQuestion(turn_id=again.id, inbox_id=elsewhere.inbox_id, **kept)).id


@pytest.mark.parametrize(
    ("path", "form", "left"),
    [
        ("/analytics/questions/{id}/settle?inbox={here}", {}, 2),
        ("/analytics/questions/{id}/settle", {}, 1),
        ("/knowledge/texts/new?question={id}", {"title": "x", "text": "x", "inbox": "{here}"}, 2),
        ("/knowledge/texts/new?question={id}", {"title": "x", "text": "x", "inbox": "{there}"}, 3),
        ("/knowledge/texts/new?question={id}", {"title": "x", "text": "x"}, 1),
        ("/catalogue/new?question={id}", {"name": "x", "inbox": "{here}"}, 2),
    ],
)
def test_what_one_account_needs_or_knows_settles_no_question_of_another(
    shop_of_today, asked_elsewhere, log_in, path, form, left
):
    here, there, _post = shop_of_today
    question_id = db.session.scalar(
        db.select(func.max(OpenQuestion.id)).where(
            OpenQuestion.likeness.contains("عراق"), OpenQuestion.inbox_id == here
        )
    )
    names = {"id": question_id, "here": here, "there": there}
    client = log_in(Role.ADMIN)
    client.application.config["WTF_CSRF_ENABLED"] = False

    client.post(path.format(**names), data={name: value.format(**names) for name, value in form.items()})

    assert open_questions() == left


def test_a_form_for_a_question_that_is_gone_is_an_empty_form(shop_of_today, log_in):
    for question in ("999999", "x", str(2**70), "-1"):
        page = log_in(Role.ADMIN).get(f"/knowledge/texts/new?question={question}").get_data(as_text=True)
        assert "asked this" not in page
