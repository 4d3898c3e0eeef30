"""Modes, hours, the stop and drafts in the panel: what is shown, what is saved, and who may."""

import html
import re

import pytest
from flask_babel import force_locale
from rows import NOON, add, add_conversation, add_inbox, add_message, add_passage, add_product, add_share, add_source

from pilito.blueprints.panel import present, sentences
from pilito.clock import utc_now
from pilito.conversations.choose_mode import Rules, choose_rules
from pilito.conversations.duty import is_stopped
from pilito.conversations.hand_over import LINE
from pilito.database import transaction
from pilito.lifecycle import (
    AssistantMode,
    ConversationState,
    DraftState,
    OutsideHours,
    PassageKind,
    Role,
    ShareState,
    SourceKind,
    TurnState,
)
from pilito.models import Audit, Conversation, Delivery, Draft, Inbox, Message, Turn, db

pytestmark = pytest.mark.sqlite_only  # pages ask through the same queries and verbs

FRAGMENT = {"X-Fragment": "1"}
FORM = {
    "holds": "numbers",
    "assistant_mode": "draft",
    "has_hours": "on",
    "day_5": "۱۰:۰۰-۱۴:۰۰، ۱۷:۰۰-۲۱:۰۰",
    "zone": "Asia/Tehran",
    "holidays": "2027-03-21\n2027-03-22",
    "outside_hours": "hand_over",
    "hand_over_line": "  همکارم جواب می‌دهد. ",
    "machine_line": "این را ماشین نوشته است.",
    "give_back_hours": "۴",
    "needs_you_minutes": "20",
}


@pytest.fixture
def admin(log_in):
    return log_in(Role.ADMIN)


@pytest.fixture
def inbox(app):
    with transaction():
        return add_inbox()


@pytest.fixture
def drafted(app):
    """A conversation with a draft."""
    with transaction():
        now = utc_now()
        conversation = add_conversation(
            last_message_at=now, last_customer_message_at=now, unanswered_since=now, drafted_at=now
        )
        turn = add(
            Turn(conversation_id=conversation.id, state=TurnState.DRAFTED, opened_at=now, due_at=now, ended_at=now)
        )
        question = add_message(conversation, text="این چنده؟", sent_at=now, turn_id=turn.id)
        add_share(conversation, ShareState.COMBINED, message_id=question.id, caption="قیمت ۲٬۰۰۰٬۰۰۰ تومان")
        add_product(add_source(), ({"price": None},), id=7, name="پیراهن")
        facts = [
            {"source": "caption", "text": "قیمت ۲٬۰۰۰٬۰۰۰ تومان", "reference": str(question.id)},
            {"source": "catalogue", "text": "پیراهن", "reference": "product:7"},
        ]
        working = {
            "model": "fake-1",
            "prompt_hash": "abcdef0123456789",
            "facts": facts,
            "checks": ["promises_nothing"],
            "input_tokens": 120,
            "output_tokens": 12,
            "milliseconds": 1234,
        }
        return add(
            Draft(
                conversation_id=conversation.id,
                turn_id=turn.id,
                message_ids=[question.id],
                text="<b>۲٬۰۰۰٬۰۰۰ تومان</b>",
                finding="",
                working=working,
                created_at=now,
            )
        )


def post(browser, path, headers=FRAGMENT, **fields):
    token = re.search(r'name="csrf-token" content="([^"]+)"', browser.get("/conversations/").text)[1]
    return browser.post(path, data={"csrf_token": token, **fields}, headers=headers)


def thread(browser, draft):
    return browser.get(f"/conversations/{draft.conversation_id}", headers=FRAGMENT).text


def refreshed(model, row_id):
    db.session.rollback()
    return db.session.get(model, row_id, populate_existing=True)


# --- an inbox --------------------------------------------------------------------------------------------------------


def test_the_rules_of_an_inbox_are_saved_as_they_are_typed(admin, inbox):
    answer = post(admin, f"/inboxes/{inbox.id}/assistant", headers={}, **FORM)

    saved = refreshed(Inbox, inbox.id)
    assert answer.status_code == 302
    assert saved.assistant_mode is AssistantMode.DRAFT
    assert saved.hours["5"] == [["10:00", "14:00"], ["17:00", "21:00"]]
    assert saved.hours["0"] == []
    assert saved.holidays == ["2027-03-21", "2027-03-22"]
    assert (saved.outside_hours, saved.zone) == (OutsideHours.HAND_OVER, "Asia/Tehran")
    assert (saved.hand_over_line, saved.outside_hours_line) == ("همکارم جواب می‌دهد.", None)
    assert saved.machine_line == "این را ماشین نوشته است."
    assert (saved.give_back_hours, saved.needs_you_minutes) == (4, 20)
    assert not saved.holds_every_word
    page = admin.get(f"/inboxes/{inbox.id}/assistant").text
    assert 'value="10:00-14:00, 17:00-21:00"' in page
    assert db.session.scalar(db.select(Audit.action).where(Audit.action == "assistant_rules"))


@pytest.mark.parametrize(
    "wrong",
    [{"day_5": "ten"}, {"zone": "Mars/X"}, {"holidays": "x"}, {"needs_you_minutes": "-1"}, {"give_back_hours": "x"}],
)
def test_wrong_rules_change_nothing_and_are_explained(admin, inbox, wrong):
    answer = post(admin, f"/inboxes/{inbox.id}/assistant", headers={}, **FORM | wrong)

    assert refreshed(Inbox, inbox.id).assistant_mode is AssistantMode.AUTO
    assert answer.status_code == 422
    assert 'class="banner is-problem"' in answer.text
    for name, typed in (FORM | wrong).items():
        if name not in ("assistant_mode", "has_hours", "outside_hours", "holds"):
            assert f'value="{typed}"' in answer.text or f">{typed}</textarea>" in answer.text
    assert f'name="assistant_mode" value="{FORM["assistant_mode"]}" checked' in answer.text
    assert 'name="holds" value="numbers" checked' in answer.text


def opened_form(admin, inbox):
    """What a browser sends of the page as it was opened."""
    return form_of(admin.get(f"/inboxes/{inbox.id}/assistant").text)


def form_of(page):
    usual = {"assistant_mode": "auto", "outside_hours": "answer", "zone": "UTC", "needs_you_minutes": "15"}
    return usual | {"opened": html.unescape(re.search(r'name="opened" value="([^"]*)"', page)[1])}


def test_what_another_admin_chose_since_the_page_was_opened_stays(admin, inbox):
    old = opened_form(admin, inbox)
    choose_rules(inbox.id, Rules(AssistantMode.OFF, holds_every_word=False, hours={"0": [["10:00", "12:00"]]}), 1, NOON)

    answer = post(admin, f"/inboxes/{inbox.id}/assistant", headers={}, **old, hand_over_line="همکارم جواب می‌دهد.")

    saved = refreshed(Inbox, inbox.id)
    assert answer.status_code == 302
    assert saved.hand_over_line == "همکارم جواب می‌دهد."
    assert (saved.assistant_mode, saved.holds_every_word) == (AssistantMode.OFF, False)
    assert saved.hours == {"0": [["10:00", "12:00"]]}
    last = db.session.scalars(db.select(Audit.details).order_by(Audit.id.desc())).first()
    assert (last["changed"], last["mode"]) == (["zone", "hand_over_line"], "off")


def test_where_both_changed_the_same_nothing_is_saved_before_it_was_said(admin, inbox):
    old = opened_form(admin, inbox) | {"assistant_mode": "draft"}
    choose_rules(inbox.id, Rules(AssistantMode.OFF, needs_you_minutes=40), 1, NOON)

    answer = post(admin, f"/inboxes/{inbox.id}/assistant", headers={}, **old)

    assert answer.status_code == 422
    assert refreshed(Inbox, inbox.id).assistant_mode is AssistantMode.OFF
    assert "since you opened this page: What it does." in answer.text
    assert 'name="assistant_mode" value="draft" checked' in answer.text
    assert (
        'name="needs_you_minutes" type="number" inputmode="numeric" min="1" max="1440" required value="40"'
        in answer.text
    )

    again = form_of(answer.text) | {"assistant_mode": "draft", "needs_you_minutes": "40"}
    assert post(admin, f"/inboxes/{inbox.id}/assistant", headers={}, **again).status_code == 302
    saved = refreshed(Inbox, inbox.id)
    assert (saved.assistant_mode, saved.needs_you_minutes) == (AssistantMode.DRAFT, 40)


DAYS = {f"day_{day}": "10:00-20:00" for day in range(7)}


@pytest.mark.parametrize(
    ("hours", "mine", "shown"),
    [
        ({"4": [["10:00", "20:00"]]}, {"has_hours": ""}, 'name="has_hours" value="on"><span>'),
        (None, {"has_hours": "on"} | DAYS, 'name="day_0" dir="ltr" value="10:00-20:00"'),
    ],
    ids=["switched off", "switched on"],
)
def test_hours_that_both_changed_are_said_and_stand_as_they_were_typed(admin, inbox, hours, mine, shown):
    choose_rules(inbox.id, Rules(AssistantMode.AUTO, hours=hours), 1, NOON)
    old = opened_form(admin, inbox)
    choose_rules(inbox.id, Rules(AssistantMode.AUTO, hours={"0": [["09:00", "17:00"]]}), 1, NOON)

    answer = post(admin, f"/inboxes/{inbox.id}/assistant", headers={}, **old | mine)

    assert (answer.status_code, "since you opened this page: Hours." in answer.text) == (422, True)
    assert shown in answer.text
    assert refreshed(Inbox, inbox.id).hours == {"0": [["09:00", "17:00"]]}


@pytest.mark.parametrize(("zone", "status", "kept"), [("UTC", 302, "Asia/Tehran"), ("Asia/Dubai", 422, "Asia/Tehran")])
def test_a_zone_that_the_page_offered_is_no_choice_once_somebody_has_chosen_one(admin, inbox, zone, status, kept):
    old = opened_form(admin, inbox)
    choose_rules(inbox.id, Rules(AssistantMode.AUTO, zone="Asia/Tehran"), 1, NOON)

    answer = post(admin, f"/inboxes/{inbox.id}/assistant", headers={}, **old | {"zone": zone, "give_back_hours": "4"})

    saved = refreshed(Inbox, inbox.id)
    assert (answer.status_code, saved.zone, saved.give_back_hours) == (status, kept, 4 if status == 302 else None)


def test_a_form_that_was_refused_is_still_of_the_page_that_was_opened(admin, inbox):
    old = opened_form(admin, inbox)
    choose_rules(inbox.id, Rules(AssistantMode.OFF), 1, NOON)

    wrong = post(admin, f"/inboxes/{inbox.id}/assistant", headers={}, **old | {"needs_you_minutes": "x"})
    post(admin, f"/inboxes/{inbox.id}/assistant", headers={}, **form_of(wrong.text) | {"needs_you_minutes": "30"})

    saved = refreshed(Inbox, inbox.id)
    assert (saved.assistant_mode, saved.needs_you_minutes) == (AssistantMode.OFF, 30)


@pytest.mark.parametrize("opened", ["{", "[]", '{"zone": 7}', "[" * 5000, '{"assistant_mode": "x"}'])
def test_what_no_page_carried_is_refused(admin, inbox, opened):
    assert post(admin, f"/inboxes/{inbox.id}/assistant", headers={}, **FORM | {"opened": opened}).status_code == 400


def test_the_week_begins_on_saturday_in_persian_and_on_monday_in_english(log_in, inbox):
    first = {
        language: re.search(
            r'name="(day_\d)"', log_in(Role.ADMIN, language).get(f"/inboxes/{inbox.id}/assistant").text
        )[1]
        for language in ("fa", "en")
    }

    assert first == {"fa": "day_5", "en": "day_0"}


def test_who_may_not_change_accounts_may_not_change_this(log_in, inbox):
    agent = log_in(Role.AGENT)

    assert agent.get(f"/inboxes/{inbox.id}/assistant").status_code == 403
    assert post(agent, f"/inboxes/{inbox.id}/assistant", **FORM).status_code == 403
    assert post(agent, "/settings/assistant/stop").status_code == 403
    assert not is_stopped()


# --- the stop --------------------------------------------------------------------------------------------------------


def test_one_press_stops_it_everywhere_and_every_page_says_so(admin, log_in):
    agent = log_in(Role.AGENT)
    assert "stopped everywhere" not in agent.get("/conversations/").text

    post(admin, "/settings/assistant/stop", headers={}, next="/conversations/")

    assert is_stopped()
    for page in ("/conversations/", "/conversations/list", "/comments"):
        assert "stopped everywhere" in agent.get(page).text, page
    assert "Let it work again" in admin.get("/inboxes").text
    assert "Let it work again" not in agent.get("/conversations/").text
    post(admin, "/settings/assistant/resume", headers={}, next="/conversations/")
    db.session.rollback()
    assert not is_stopped()


# --- a conversation --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["off", "draft", "auto", "inbox"])
def test_a_conversation_gets_a_mode_of_its_own(admin, drafted, mode):
    assert post(admin, f"/conversations/{drafted.conversation_id}/mode/{mode}").status_code == 204

    chosen = refreshed(Conversation, drafted.conversation_id).assistant_mode
    assert chosen == (None if mode == "inbox" else AssistantMode(mode))


@pytest.mark.parametrize(
    ("of_account", "may_choose"),
    [("off", {"inbox"}), ("draft", {"inbox", "off"}), ("auto", {"inbox", "off", "draft"})],
)
def test_who_answers_holds_the_assistant_back_and_lets_it_do_no_more_than_the_account(
    log_in, drafted, of_account, may_choose
):
    """Nor as much as the account of its own: it would go on when an admin switches the account off."""
    with transaction():
        db.session.execute(db.update(Inbox).values(assistant_mode=AssistantMode(of_account)))
    agent, place = log_in(), f"/conversations/{drafted.conversation_id}/mode"
    offered = set(re.findall(rf'action="{place}/(\w+)"', thread(agent, drafted)))

    answers = {mode: post(agent, f"{place}/{mode}") for mode in ("auto", "draft", "off", "inbox")}

    assert offered == {mode for mode, answer in answers.items() if answer.status_code == 204} == may_choose
    refused = [answer for answer in answers.values() if answer.status_code != 204]
    assert {(answer.status_code, answer.json["reason"]) for answer in refused} == {(403, "mode_of_admins")}
    assert refreshed(Conversation, drafted.conversation_id).assistant_mode is None


def test_what_an_admin_allowed_one_conversation_stays_until_somebody_holds_it_back(admin, log_in, drafted):
    with transaction():
        db.session.execute(db.update(Inbox).values(assistant_mode=AssistantMode.DRAFT))
    place, agent = f"/conversations/{drafted.conversation_id}/mode", log_in()
    post(admin, f"{place}/auto")

    assert f'action="{place}/auto"' in thread(agent, drafted)  # it is what counts now
    assert post(agent, f"{place}/auto").status_code == 204
    assert refreshed(Conversation, drafted.conversation_id).assistant_mode is AssistantMode.AUTO
    assert post(agent, f"{place}/off").status_code == 204
    assert post(agent, f"{place}/auto").status_code == 403


def test_who_only_looks_changes_no_mode_and_sends_no_draft(log_in, drafted):
    viewer = log_in(Role.VIEWER)
    place = f"/conversations/{drafted.conversation_id}"

    assert post(viewer, f"{place}/mode/off").status_code == 403
    assert post(viewer, f"{place}/drafts/{drafted.id}/send").status_code == 403
    assert refreshed(Draft, drafted.id).state is DraftState.WAITING
    assert "/drafts/" not in thread(viewer, drafted)


def test_a_draft_is_shown_with_what_it_rests_on_and_nothing_of_it_is_markup(log_in, drafted):
    page = thread(log_in(), drafted)

    assert "&lt;b&gt;۲٬۰۰۰٬۰۰۰ تومان&lt;/b&gt;" in page
    assert "fake-1" in page
    assert 'href="/catalogue/7"' in page
    assert f'href="#m{drafted.message_ids[0]}"' in page
    assert "no promise" in page
    assert "Out of date" not in page


def test_a_draft_shows_the_line_that_will_be_sent_in_front_of_it(log_in, drafted):
    with transaction():
        db.session.execute(db.update(Inbox).values(machine_line="<i>یک ماشین</i>"))
    browser = log_in()

    assert '<div class="draft-line"><p dir="auto">&lt;i&gt;یک ماشین&lt;/i&gt;</p>' in thread(browser, drafted)
    with transaction():
        db.session.get(Draft, drafted.id).finding = "number: 990000 toman"  # a person mends it: their words
    assert "draft-line" not in thread(browser, drafted)


def test_a_draft_is_sent_by_one_press(log_in, drafted):
    browser = log_in()

    for _ in range(2):
        assert post(browser, f"/conversations/{drafted.conversation_id}/drafts/{drafted.id}/send").status_code == 204

    db.session.rollback()
    replies = db.session.scalars(db.select(Message).where(Message.sender == "operator")).all()
    assert [one.origin for one in replies] == ["draft"]
    assert "the assistant&#39;s draft" in thread(browser, drafted)


def test_a_stale_draft_is_marked_and_refused_until_it_is_confirmed(log_in, drafted):
    with transaction():
        draft = db.session.get(Draft, drafted.id)
        draft.state, draft.stale_why = DraftState.STALE, "customer_wrote"
    browser = log_in()
    place = f"/conversations/{drafted.conversation_id}/drafts/{drafted.id}"

    page = thread(browser, drafted)
    refused = post(browser, f"{place}/send")

    assert "Out of date" in page
    assert "The customer has written since." in page
    assert (refused.status_code, refused.json["reason"]) == (409, "draft_stale")
    assert post(browser, f"{place}/send-anyway").status_code == 204


def test_a_mended_draft_leaves_through_the_composer(log_in, drafted):
    browser = log_in()

    answer = post(
        browser,
        f"/conversations/{drafted.conversation_id}/replies",
        text="دو میلیون",
        client_id="c1",
        draft=str(drafted.id),
    )

    assert answer.status_code == 204
    assert refreshed(Draft, drafted.id).state is DraftState.EDITED
    assert db.session.scalar(db.select(Message.client_id).where(Message.sender == "operator")) == "c1"


def test_a_mended_draft_that_answers_one_message_keeps_what_it_was_given(log_in, drafted):
    """A draft has words alone: with buttons, a file or a quoted message it is a reply of the person's own."""
    fields = {"text": "کدام؟", "client_id": "c1", "draft": str(drafted.id), "quick_replies": "آبی | سفید"}

    assert post(log_in(), f"/conversations/{drafted.conversation_id}/replies", **fields).status_code == 204

    db.session.rollback()
    sent = db.session.scalars(db.select(Delivery)).one()
    assert [button["title"] for button in sent.payload["quick_replies"]] == ["آبی", "سفید"]
    assert refreshed(Draft, drafted.id).state is DraftState.STALE


def test_a_draft_of_another_conversation_is_not_found(log_in, drafted):
    with transaction():
        other = add_conversation()

    answer = post(log_in(), f"/conversations/{other.id}/drafts/{drafted.id}/send")

    assert (answer.status_code, answer.json["reason"]) == (409, "draft_gone")


def test_a_draft_that_was_held_back_says_why_in_words_and_is_not_sent_unread(log_in, drafted):
    with transaction():
        db.session.get(Draft, drafted.id).finding = "number: 990000 toman; promise: الان می‌فرستم"

    page = thread(log_in(), drafted)

    assert "No fact says this number:" in page
    assert "990,000 toman" in page
    assert "It promises what it cannot do:" in page
    assert f"/drafts/{drafted.id}/send" not in page  # mend it first


def test_nobody_answered_in_time_is_said_above_the_messages(log_in):
    with transaction():
        conversation = add_conversation(unanswered_since=NOON, state=ConversationState.ASSISTANT)
    browser = log_in()

    assert "Nobody has answered in time." in browser.get(f"/conversations/{conversation.id}", headers=FRAGMENT).text
    assert "Unanswered" in browser.get("/conversations/list?zone=needs_you").text


def test_every_mode_and_finding_has_its_words(app):
    with app.test_request_context():
        assert set(sentences.MODES) == set(sentences.MODE_MEANINGS) == set(AssistantMode)
        assert set(sentences.OUTSIDE_HOURS) == set(OutsideHours)
        assert [(str(one.what), one.claim) for one in present.findings("empty; number: 5")] == [
            ("It says nothing.", ""),
            ("No fact says this number:", "5"),
        ]
    assert LINE == "hand_over"


def test_a_fact_is_opened_where_it_is_mended(log_in):
    with transaction():
        inbox = add_inbox()
        typed = add_source(inbox.id)
        read = add_source(inbox.id, kind=SourceKind.PAGE, address="https://shop.test/terms")
        text = add_passage(typed, kind=PassageKind.FAQ)
        page = add_passage(read, kind=PassageKind.PAGE)
    browser = log_in()

    assert browser.get(f"/knowledge/passages/{text.id}").headers["Location"] == f"/knowledge/texts/{text.id}"
    assert browser.get(f"/knowledge/passages/{page.id}").headers["Location"] == f"/knowledge/sources/{read.id}"
    assert browser.get("/knowledge/passages/999").status_code == 404


def test_numbers_are_shown_as_people_read_them(app):
    with app.test_request_context():
        claims = ("1850000 toman", "38", "2027/3/21", "09121234567", "@shop")

        assert [present.claim_words(claim) for claim in claims] == [
            "1,850,000 toman",
            "38",
            "2027/3/21",
            "09121234567",
            "@shop",
        ]

    with app.test_request_context(), force_locale("fa"):
        assert present.claim_words("1850000 toman") == "۱٬۸۵۰٬۰۰۰ تومان"
