"""The list's head: filters in the address, what waits outside of them, kept views, the menus, what a row tells."""

import re
from datetime import timedelta

import pytest
from rows import add, add_conversation, add_inbox, add_operator, record_statements

from pilito.clock import utc_now
from pilito.conversations.label import put_label
from pilito.conversations.labels import make_label
from pilito.conversations.seen import Seen
from pilito.conversations.views import save_view
from pilito.database import transaction
from pilito.lifecycle import ConversationState, Role, ShareState
from pilito.models import Audit, Label, Operator, SavedView, db

FRAGMENT = {"X-Fragment": "1"}
WAITS, HELD = ConversationState.HANDED_OVER, ConversationState.OPERATOR


@pytest.fixture
def browser(log_in):
    return log_in()


def person():
    return db.session.scalar(db.select(Operator.id).order_by(Operator.id))


def open_list(browser, query=""):
    return browser.get(f"/conversations/list{query}").text


def shown(browser, query=""):
    return {int(one) for one in re.findall(r'id="row-(\d+)"', open_list(browser, query))}


def post(browser, path, headers=FRAGMENT, **fields):
    token = re.search(r'name="csrf-token" content="([^"]+)"', browser.get("/conversations/").text)[1]
    return browser.post(path, data={"csrf_token": token, **fields}, headers=headers)


@pytest.fixture
def desk(browser):
    """One conversation for each filter, and one that fits none."""
    from rows import add_share

    with transaction():
        me, other = person(), add_operator(Role.AGENT).id
        first, second = add_inbox(), add_inbox(name="Second")
        rows = {
            "plain": add_conversation(first),
            "inbox": add_conversation(second),
            "mine": add_conversation(first, state=HELD, operator_id=me),
            "theirs": add_conversation(first, state=HELD, operator_id=other),
            "nobody": add_conversation(first, state=WAITS, unanswered_since=utc_now()),
            "unread": add_conversation(first, unread_count=2),
            "snoozed": add_conversation(first, state=HELD, operator_id=other, snoozed_until=utc_now() + timedelta(1)),
            "share": add_conversation(first),
            "label": add_conversation(first),
        }
        add_share(rows["share"], ShareState.WAITING)
        ids = {name: row.id for name, row in rows.items()} | {"second": second.id, "other": other}
    ids["label_id"] = make_label("فوری", None, me, utc_now())
    put_label(ids["label"], ids["label_id"], me, utc_now())
    return ids


FILTERS = {
    "inbox={second}": {"inbox"},
    "label={label_id}": {"label"},
    "holder=me": {"mine"},
    "holder={other}": {"theirs", "snoozed"},
    "holder=nobody": {"nobody"},
    "unread=1": {"unread"},
    "snoozed=1": {"snoozed"},
    "share=waiting": {"share"},
    "channel=elsewhere": set(),
    "holder={other}&snoozed=1": {"snoozed"},
    "zone=needs_you&holder=nobody": {"nobody"},
    "zone=done&holder=me": set(),
    "label=99": set(),
}


@pytest.mark.parametrize("query", FILTERS)
def test_the_list_is_narrowed_by_its_address(browser, desk, query):
    assert shown(browser, f"?{query.format(**desk)}") == {desk[name] for name in FILTERS[query]}


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    "query", ["inbox=x", "inbox=-1", "inbox=99999999999999999999", "label=", "holder=both", "unread=2", "share=all"]
)
def test_what_is_no_filter_narrows_nothing(browser, desk, query):
    assert len(shown(browser, f"?{query}")) == 9


@pytest.mark.sqlite_only
@pytest.mark.parametrize(("query", "count"), [("?unread=1", 1), ("?holder=nobody", 0), ("?zone=done&holder=me", 1)])
def test_what_waits_outside_the_filter_is_told_and_one_click_away(browser, desk, query, count):
    page = open_list(browser, query)

    assert (f"{count} more wait for you outside this filter" in page) == bool(count)
    assert ('class="outside" href="/conversations/?zone=needs_you"' in page) == bool(count)


@pytest.mark.sqlite_only
def test_without_a_filter_nothing_is_outside(browser, desk):
    assert 'class="outside"' not in open_list(browser)


def test_counts_of_zones_are_of_everything(browser, desk):
    assert re.search(r'id="zone-needs_you".*?data-count="1"', open_list(browser, "?unread=1"), re.S)


def test_each_filter_is_a_chip_that_takes_itself_away(browser, desk):
    page = open_list(browser, f"?zone=open&unread=1&label={desk['label_id']}")

    assert f'href="/conversations/?zone=open&amp;label={desk["label_id"]}" data-list-link' in page
    assert 'href="/conversations/?zone=open&amp;unread=1" data-list-link' in page
    assert "فوری" in page


@pytest.mark.sqlite_only
def test_links_of_rows_and_pages_keep_the_filter(browser, desk):
    page = browser.get(f"/conversations/{desk['label']}?zone=open&label={desk['label_id']}").text

    assert f'href="/conversations/{desk["label"]}?zone=open&amp;label={desk["label_id"]}"' in page
    assert re.search(rf'id="back" href="/conversations/\?zone=open&amp;label={desk["label_id"]}"', page)


def test_an_empty_filter_teaches_what_it_is_for(browser, desk):
    assert "Nothing carries this label here" in open_list(browser, f"?zone=done&label={desk['label_id']}")
    assert "Nothing fits this filter here" in open_list(browser, "?zone=done&unread=1&snoozed=1")


@pytest.mark.sqlite_only
@pytest.mark.parametrize("query", FILTERS)
def test_each_filter_takes_a_fixed_number_of_statements(browser, desk, query):
    statements = record_statements()

    open_list(browser, f"?{query.format(**desk)}")

    assert len(statements) <= 13


# --- rows ------------------------------------------------------------------------------------------------------------


@pytest.mark.sqlite_only
def test_a_row_tells_its_label_who_holds_it_and_until_when_it_rests(browser, desk):
    page = open_list(browser)

    row = {name: re.search(rf'id="row-{desk[name]}".*?</li>', page, re.S)[0] for name in ("label", "mine", "snoozed")}
    assert "فوری" in row["label"]
    assert "You" in row["mine"]
    assert "until tomorrow" in row["snoozed"]


@pytest.mark.parametrize(("hours", "is_told"), [(21, True), (19, False), (25, False)])
def test_a_row_warns_in_the_last_hours_of_the_reply_time(browser, hours, is_told):
    with transaction():
        add_conversation(last_customer_message_at=utc_now() - timedelta(hours=hours))

    assert ("left to reply" in open_list(browser)) is is_told


@pytest.mark.sqlite_only
def test_what_came_back_says_so_in_list_and_thread(browser):
    with transaction():
        row = add_conversation(state=HELD, operator_id=person(), returned_at=utc_now())

    assert "Came back" in open_list(browser, "?zone=needs_you")
    assert "It had been put off until now." in browser.get(f"/conversations/{row.id}", headers=FRAGMENT).text


@pytest.mark.sqlite_only
def test_steps_of_people_are_lines_of_the_thread_that_fold(browser):
    with transaction():
        me, ali = person(), add_operator(Role.AGENT)
        row = add_conversation(state=HELD, operator_id=ali.id)
        for action, details in (
            ("assigned", {"to": ali.id}),
            ("assigned", {"to": None}),
            ("assigned", {"to": me}),
            ("snoozed", {"until": "2026-12-01T08:00:00+00:00"}),
            ("came_back", {"why": "customer"}),
            ("came_back", {"why": "clock"}),
            ("labelled", {"label": 1, "name": "<b>x</b>"}),
            ("reopened", {}),
            ("undone", {"undone": "closed"}),
        ):
            add(Audit(at=utc_now(), action=action, operator_id=me, conversation_id=row.id, details=details))
        name = ali.name

    page = browser.get(f"/conversations/{row.id}", headers=FRAGMENT).text

    for words in (
        f"gave it to {name}",
        "put it before everybody",
        "put it off until Tuesday, 1 Dec 2026",
        "the customer wrote",
    ):
        assert words in page, words
    assert "added the label “&lt;b&gt;x&lt;/b&gt;”" in page
    assert page.count("data-folds") == 9


# --- views -----------------------------------------------------------------------------------------------------------


def test_a_view_is_kept_shown_with_what_needs_a_person_and_deleted(browser, desk):
    post(browser, "/conversations/views", name="  Nobody's  ", zone="open", holder="nobody", unread="2", junk="x")

    view = db.session.scalar(db.select(SavedView))
    assert (view.name, view.query, view.operator_id) == ("Nobody's", "zone=open&holder=nobody", person())
    rail = re.search(r'id="views".*?</nav>', open_list(browser, "?zone=open&holder=nobody"), re.S)[0]
    assert 'aria-current="page"' in rail
    assert '<span class="count" title="of them need a person">1</span>' in rail
    post(browser, f"/conversations/views/{view.id}/delete")
    assert 'id="view-' not in open_list(browser)


def test_the_same_list_kept_again_is_one_view(app):
    with transaction():
        me = add_operator(Role.AGENT).id
    save_view("a", "zone=open", me, False, utc_now())
    save_view("b", "zone=open", me, False, utc_now())

    assert db.session.scalars(db.select(SavedView.name)).all() == ["b"]


def test_everybodys_views_are_made_and_deleted_by_admins_and_seen_by_all(log_in):
    admin, agent = log_in(Role.ADMIN), log_in()

    assert post(agent, "/conversations/views", name="x", zone="open", for_all="1").status_code == 403
    post(admin, "/conversations/views", name="All", zone="done", for_all="1")
    view = db.session.scalar(db.select(SavedView))

    assert "All" in open_list(agent)
    assert post(agent, f"/conversations/views/{view.id}/delete").status_code == 403
    assert post(admin, f"/conversations/views/{view.id}/delete").status_code == 200


@pytest.mark.sqlite_only
def test_nobody_sees_or_deletes_anothers_view(log_in):
    owner, other = log_in(), log_in()
    post(owner, "/conversations/views", name="Secret", zone="open")
    view = db.session.scalar(db.select(SavedView))

    assert "Secret" not in open_list(other)
    assert post(other, f"/conversations/views/{view.id}/delete").status_code == 409


def test_a_name_that_is_none_is_refused(browser):
    assert post(browser, "/conversations/views", name=" ", zone="open").json["message"].startswith("A view needs")


# --- menus -----------------------------------------------------------------------------------------------------------


def menu(browser, name, *rows, **values):
    return browser.get(f"/conversations/menus/{name}", query_string={"row": rows, **values})


def test_the_menu_of_people_shows_who_holds_how_many(browser, desk):
    page = menu(browser, "assign", f"{desk['theirs']}:0.0.0").text

    assert "holds 2" in page
    assert f'name="row" value="{desk["theirs"]}:0.0.0"' in page
    assert all(f'value="{to}"' in page for to in ("me", "nobody", "assistant", desk["other"]))


@pytest.mark.sqlite_only
def test_the_menu_of_labels_tells_on_how_many_of_the_chosen_each_is(browser, desk):
    one, two = f"{desk['label']}:0.0.0", f"{desk['plain']}:0.0.0"

    def pressed(*rows):
        return re.search(r'name="label" value="\d+" aria-pressed="(\w+)"', menu(browser, "label", *rows).text)[1]

    assert (pressed(one), pressed(two), pressed(one, two)) == ("true", "false", "mixed")


@pytest.mark.sqlite_only
def test_the_menu_of_times_and_that_of_filters(browser, desk):
    assert 'name="until" value="tomorrow"' in menu(browser, "snooze", "1:0.0.0").text
    filters = menu(browser, "filter", zone="done", label=desk["label_id"]).text
    assert 'href="/conversations/?zone=done" data-list-link aria-current="true"' in filters
    assert "Second" in filters


def test_hostile_names_stay_text(browser, desk):
    with transaction():
        db.session.get_one(Label, desk["label_id"]).name = "<img src=x onerror=alert(1)>"

    for page in (open_list(browser), menu(browser, "label").text, menu(browser, "filter").text):
        assert "<img src=x" not in page
        assert "&lt;img src=x" in page


@pytest.mark.sqlite_only
def test_a_viewer_filters_and_changes_nothing(log_in):
    viewer = log_in(Role.VIEWER)

    assert menu(viewer, "filter").status_code == 200
    assert menu(viewer, "assign", "1:0.0.0").status_code == 403
    assert "desk-form" not in viewer.get("/conversations/").text
    assert menu(viewer, "secrets").status_code == 404


@pytest.mark.sqlite_only
def test_closing_from_the_thread_carries_what_was_seen(browser):
    with transaction():
        row = add_conversation(state=WAITS, seq=7)
        stamp = f"{row.id}:{Seen.of(row)}"

    assert browser.get(f"/conversations/{row.id}", headers=FRAGMENT).text.count(f'name="row" value="{stamp}"') == 2
