"""The audit log outlives an erased customer: whatever any of its lines may quote of theirs does not, and it still holds.

`Life` writes every kind of line there is about a conversation, with the same words wherever a customer has a say.
"""

import json
from datetime import timedelta

import pytest
from desk import Desk
from rows import NOON, add, add_operator, everything
from shop import ACCOUNT, CUSTOMER, about, from_ad, reel, text, unsent

from pilito import audit
from pilito.blueprints.panel.audit_words import ACTIONS
from pilito.conversations.approve import discard_draft, send_draft
from pilito.conversations.assign import assign
from pilito.conversations.block import block, unblock
from pilito.conversations.choose_mode import choose_mode
from pilito.conversations.close import close
from pilito.conversations.comments import choose_comments, send_private_reply
from pilito.conversations.drafts import find_draft
from pilito.conversations.erase import LINES_WITHOUT_WORDS, erase_customer, erase_inbox
from pilito.conversations.hand_over import call_people
from pilito.conversations.label import put_label, take_label
from pilito.conversations.labels import make_label
from pilito.conversations.lock import get_locked
from pilito.conversations.merge import merge, unmerge
from pilito.conversations.notes import delete_note, edit_note, write_note
from pilito.conversations.reopen import reopen
from pilito.conversations.reply import reply
from pilito.conversations.retract import retract
from pilito.conversations.settle import Settlement, settle
from pilito.conversations.snooze import bring_back, mark_seen_to, snooze, wake_snoozed
from pilito.conversations.take_over import give_back, take_over
from pilito.conversations.undo import undo
from pilito.database import transaction
from pilito.lifecycle import AssistantMode, DraftState, HandOverReason, Role
from pilito.models import Audit, Comment, Conversation, Customer, Draft, Message, db

PHONE, CANARY = WORDS = ("09121234567", "kanarienvogel")
NOTICES = ("pass_thread_control", "take_thread_control", "request_thread_control", "optin", "account_linking")
OTHER = "600000000000002"
# Of the shop, its people, its accounts and its facts: no customer has a word in them.
OF_THE_SHOP = {
    "logged_in", "logged_out", "log_in_refused", "code_refused", "session_ended", "sessions_ended",
    "password_changed", "password_offered", "password_chosen", "password_set", "email_changed", "second_step_on",
    "second_step_off", "second_step_required", "recovery_codes_made", "recovery_code_used", "shop_set_up",
    "first_steps_hidden", "operator_added", "operator_invited", "invitation_accepted", "invitation_revoked", "role_changed",
    "operator_deactivated", "operator_activated", "operator_erased", "operator_exported", "token_made",
    "token_revoked", "inbox_connected", "inbox_reconnected", "inbox_disconnected", "inbox_stopped",
    "inbox_subscribed", "inbox_erased", "token_renewed", "voice_asks", "chose_comments", "assistant_stopped",
    "assistant_resumed", "assistant_rules", "instructions_written", "label_made", "label_changed", "label_merged",
    "label_deleted", "canned_reply_saved", "canned_reply_deleted", "read_again", "product_saved", "product_deleted",
    "product_shown", "product_put_aside", "price_rule", "post_product", "text_saved", "text_deleted",
    "source_added", "source_deleted", "source_moved", "source_scheduled", "catalogue_imported", "feed_connected",
    "feed_keys_changed", "job_deleted", "job_requeued", "jobs_requeued", "queue_emptied", "queue_compacted",
}  # fmt: skip
# Of a customer, but without a conversation, and with numbers alone.
NUMBERS = {"replied_privately", "settled_private_reply", "settled_deletion"}
NUMBERS |= {"customer_erased", "commenter_erased", "asked_to_erase"}
# Written by whoever takes the data along, without details.
BY_A_PAGE = {"exported_customer"}


class Life:
    """A customer's; every step a second later."""

    def __init__(self, desk):
        self.desk, self.now = desk, NOON
        with transaction():
            self.sara, self.reza = add_operator(Role.ADMIN).id, add_operator(Role.AGENT).id

    @property
    def id(self):
        return self.desk.rows(Conversation)[0].id

    def later(self, seconds=1):
        self.now += timedelta(seconds=seconds)
        return self.now

    def call(self, verb, *args):
        return self.desk.call(verb, self.id, *args, self.later())

    def take(self, item):
        self.desk.take(item, now=self.later())

    def asks(self, words):
        self.take(text(words, self.now))
        self.desk.answer(self.later())

    def comments(self):
        self.desk.call(choose_comments, self.desk.shop.inbox_id, True, "در پیام فرستادیم.", self.sara, NOON)
        self.desk.graph.commenters["comment"] = CUSTOMER
        value = {"id": "comment", "from": {"id": CUSTOMER, "username": CANARY}, "text": f"{CANARY} {PHONE}"}
        value["media"] = {"id": "1"}
        entry = {"id": ACCOUNT, "time": int(NOON.timestamp()), "changes": [{"field": "comments", "value": value}]}
        self.desk.take(json.dumps({"object": "instagram", "entry": [entry]}).encode())
        self.desk.call(send_private_reply, self.desk.rows(Comment)[0].id, lambda: self.later())

    def comes_from_elsewhere(self):
        self.take(from_ad(self.now, title=f"{CANARY} {PHONE}"))
        self.take(about(self.later(), referral={"ref": f"{CANARY}-{PHONE}", "source": "SHORTLINK"}))
        for key in NOTICES:
            self.take(about(self.now, **{key: {"metadata": f"{CANARY} {PHONE}"}}))

    def is_answered_with_what_was_written(self):
        """The model repeats what the customer wrote; a check finds it, and the draft says what it found."""
        self.desk.model.reply = f"شماره‌ی شما {PHONE} است."
        self.asks(f"شماره‌ی من {PHONE} است، چنده؟")
        self.call(discard_draft, self.desk.rows(Draft)[-1].id, self.sara)
        self.call(give_back, self.sara)
        self.desk.model.reply = f"{CANARY} جان، چشم."
        self.asks(f"من {CANARY} هستم، چنده؟")
        draft = self.desk.rows(Draft)[-1]
        self.desk.call(
            lambda: send_draft(self.id, draft.id, self.sara, self.later(), text=f"چشم {CANARY}", is_confirmed=True)
        )
        self.desk.deliver(self.later())

    def is_not_known_until_the_post_comes(self):
        self.call(give_back, self.sara)
        self.desk.model.reply = {"reply": "", "hand_over": True, "reason": "not_known"}
        self.asks(f"{CANARY} چنده؟")
        self.take(reel(self.now - timedelta(seconds=5), caption=CANARY))

    def is_answered_uncertainly(self):
        self.desk.model.reply = {"reply": "در همین پست نوشته‌ایم.", "hand_over": False, "reason": ""}
        self.desk.answer(self.later())
        self.desk.graph.script = [(500, {})]
        self.desk.deliver(self.now)
        self.desk.call(settle, self.desk.deliveries[-1].id, Settlement.GIVEN_UP, self.sara, self.later())

    def lies_with_people(self):
        self.call(take_over, self.sara)
        self.call(assign, self.reza, self.sara)
        self.call(choose_mode, AssistantMode.AUTO, self.sara)
        self.desk.call(undo, self.call(close, self.sara), self.sara, self.later())
        self.call(close, self.sara)
        self.call(reopen, self.sara)
        for end in (bring_back, mark_seen_to):
            self.desk.call(snooze, self.id, self.sara, self.now + timedelta(seconds=9), self.later())
            if end is mark_seen_to:
                self.desk.call(wake_snoozed, self.later(20))
            self.call(end, self.sara)
        label = self.desk.call(make_label, "vip", None, self.sara, self.now)
        self.call(put_label, label, self.sara)
        self.call(take_label, label, self.sara)
        note = self.desk.call(lambda: write_note(self.id, self.sara, f"{CANARY} {PHONE}", (), "n", self.now).id)
        self.desk.call(edit_note, self.id, note, self.sara, f"{CANARY} again", (), self.later())
        self.desk.call(delete_note, self.id, note, self.sara, self.later())
        written = self.desk.call(
            lambda: reply(self.id, self.sara, f"چشم {CANARY}", "r", self.now, hold=timedelta(seconds=5)).id
        )
        self.desk.call(retract, self.id, written, self.sara, self.now)

    def is_somebody(self):
        self.desk.take(text("سلام", self.now, customer=OTHER), now=self.now)
        with transaction():
            for customer in db.session.scalars(db.select(Customer)):
                customer.name = customer.username = f"{CANARY} {customer.id}"
        other = self.desk.rows(Conversation)[-1].id
        self.call(merge, other, self.sara)
        self.call(unmerge, self.sara)
        self.call(block, self.sara)
        self.call(unblock, self.sara)


@pytest.fixture
def life(shop):
    return Life(Desk(shop))


def lines(desk, **values):
    return [line for line in desk.rows(Audit, **values) if line.conversation_id is not None]


def leaks():
    left = everything()
    return [word for word in WORDS if word in left]


@pytest.mark.sqlite_only
def test_no_kind_of_line_keeps_a_word_of_an_erased_customer_and_the_chain_holds(life):
    desk = life.desk
    life.comments()
    life.comes_from_elsewhere()
    life.is_answered_with_what_was_written()
    desk.call(audit.seal, life.now)  # what comes from here on is not sealed yet
    life.is_not_known_until_the_post_comes()
    life.is_answered_uncertainly()
    life.lies_with_people()
    life.is_somebody()
    written = {line.action for line in lines(desk)}
    assert set(ACTIONS) - written == OF_THE_SHOP | NUMBERS | BY_A_PAGE

    for person in (CUSTOMER, OTHER):
        customer = desk.rows(Customer, external_id=person)[0].id
        desk.call(erase_customer, customer, life.later())
    desk.call(audit.seal, life.now)

    assert leaks() == []
    assert lines(desk) == []
    assert audit.verify().problems == []
    kept = {line.action for line in desk.rows(Audit) if line.details}
    assert not kept - set(LINES_WITHOUT_WORDS) - OF_THE_SHOP - NUMBERS


@pytest.mark.sqlite_only
def test_a_line_that_nobody_thought_of_loses_its_words_too(life):
    life.take(text("سلام", NOON))
    with transaction():
        add(Audit(at=NOON, action="a_new_deed", conversation_id=life.id, details={"said": CANARY}))
    life.desk.call(audit.seal, NOON)

    life.desk.call(erase_customer, life.desk.rows(Customer)[0].id, life.later())

    assert leaks() == []
    assert audit.verify().problems == []


@pytest.mark.sqlite_only
def test_the_lines_of_an_erased_inbox_keep_no_word_either(life):
    life.comments()
    life.comes_from_elsewhere()
    life.desk.call(audit.seal, life.now)

    life.desk.call(erase_inbox, life.desk.shop.inbox_id, life.later())

    assert leaks() == []
    assert audit.verify().problems == []


@pytest.mark.sqlite_only
def test_a_line_of_words_that_comes_while_its_customer_is_erased_goes_too(life, monkeypatch):
    """Between the first step and the last somebody else may write one: it goes in the transaction of its pointer."""
    life.take(text("سلام", NOON))
    real = erase_customer.__globals__["owned_tables"]

    def write_one(root):
        with transaction():
            add(Audit(at=NOON, action="referred", conversation_id=life.id, details={"ref": CANARY}))
        monkeypatch.setitem(erase_customer.__globals__, "owned_tables", real)
        return real(root)

    monkeypatch.setitem(erase_customer.__globals__, "owned_tables", write_one)
    life.desk.call(erase_customer, life.desk.rows(Customer)[0].id, life.later())

    assert leaks() == []


# --- what was found in a reply ---------------------------------------------------------------------------------------


def test_the_line_says_what_kinds_were_found_and_the_draft_says_what(life):
    life.desk.model.reply = f"شماره‌ی شما {PHONE} است."

    life.asks(f"شماره‌ی من {PHONE} است، چنده؟")

    [line] = lines(life.desk, action="handed_over")
    assert line.details == {"reason": "reply_unusable", "detail": "contact"}
    assert PHONE in life.desk.rows(Draft)[-1].finding


@pytest.mark.sqlite_only
def test_what_an_older_version_wrote_into_a_line_goes_with_the_message_that_it_was_found_in(life):
    """The line stays in its thread: that the assistant handed over is no word of the customer's."""
    life.take(text(f"{CANARY} چنده؟", NOON, mid="m"))
    with transaction() as tx:
        conversation = get_locked(life.id)
        call_people(tx, conversation, HandOverReason.REPLY_UNUSABLE, f"words: {CANARY}", life.later())
    life.desk.call(audit.seal, life.now)

    life.take(unsent("m", life.later()))

    assert leaks() == []
    assert [line.action for line in lines(life.desk)] == ["handed_over"]
    assert audit.verify().problems == []


@pytest.mark.sqlite_only
def test_a_draft_that_quoted_what_was_unsent_is_none_any_more(life):
    life.desk.model.reply = f"شماره‌ی شما {PHONE} است."
    life.take(text(f"شماره‌ی من {PHONE} است، چنده؟", NOON, mid="m"))
    life.desk.answer(life.later())
    [draft] = life.desk.rows(Draft)
    assert (draft.state, PHONE in draft.text) == (DraftState.WAITING, True)

    life.take(unsent("m", life.later()))

    assert leaks() == []
    [draft] = life.desk.rows(Draft)
    assert (draft.state, draft.finding) == (DraftState.STALE, "contact")
    assert find_draft(life.desk.conversation) is None
    assert life.desk.conversation.drafted_at is None


@pytest.mark.sqlite_only
def test_a_draft_that_was_held_back_for_an_earlier_question_says_of_it_only_what_kind(life):
    """Its own question stands: the words that a person may send stay, what they were held against does not."""
    life.take(text(f"شماره‌ی من {PHONE} است", NOON, mid="m"))
    life.desk.answer(life.later())
    life.desk.model.reply = f"شماره‌ی شما {PHONE} است. قیمت ۹۹۰ تومان است."
    life.take(text("چنده؟", life.later()))
    life.desk.answer(life.later())

    life.take(unsent("m", life.later()))

    [draft] = life.desk.rows(Draft)
    assert (set(draft.finding.split("; ")), bool(draft.text)) == ({"contact", "number"}, True)
    assert [one for one in draft.working["rests_on"] if one["claim"] == PHONE] == []
    assert life.desk.rows(Message)[0].text == ""
