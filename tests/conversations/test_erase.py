"""After an erasure nothing of the customer is anywhere, and nothing of anybody else is gone."""

import io
import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from desk import Desk
from rows import NOON, add, add_facts, add_inbox, everything, everything_in_redis
from samples import JPEG
from shop import ACCOUNT, CUSTOMER, about, attachment, echo, edited, reel, seconds, text, unsent, webhook

from pilito import keys, realtime
from pilito.channels.base import Post
from pilito.conversations import erase, store
from pilito.conversations.comments import choose_comments, send_private_reply
from pilito.conversations.deliver import deliver
from pilito.conversations.drop_media import drop_media
from pilito.conversations.erase import erase_commenter, erase_customer, erase_inbox, owned_tables, pointers
from pilito.conversations.export import export_customer
from pilito.conversations.find_person import find_customer
from pilito.conversations.own_posts import keep_posts
from pilito.conversations.receive import receive
from pilito.conversations.reply import reply
from pilito.conversations.take_over import give_back, take_over
from pilito.conversations.upload import upload
from pilito.database import transaction
from pilito.errors import MediaError, Refused
from pilito.extensions import media_store
from pilito.lifecycle import ConversationState, DeliveryState, EventOutcome, MediaState, TurnState, WebhookState
from pilito.media.store import name_of
from pilito.models import (
    Attachment,
    Audit,
    Comment,
    Conversation,
    Customer,
    Delivery,
    EarlyEdit,
    Event,
    Inbox,
    MediaFile,
    Message,
    Passage,
    Product,
    Source,
    SourceFile,
    Upkeep,
    Variant,
    Webhook,
    WebPage,
    db,
)

OTHER = "600000000000002"
CANARY = "kanarienvogel"
PICTURE = name_of("a" * 64, 1)
# Every table, with what an erased customer's rows in it become. A new table needs a line here.
GOES = {
    "customer", "conversation", "message", "attachment", "share", "turn", "delivery", "draft", "proof", "reaction",
    "reading", "open_question", "search_entry", "conversation_label", "note", "mention", "notification",
}  # fmt: skip
LOSES_ITS_POINTER = {
    ("message", "answered_by_id"), ("message", "answers_turn_id"), ("message", "turn_id"),
    ("share", "combined_with_id"), ("share", "answers_id"), ("event", "message_id"), ("audit", "conversation_id"),
    ("comment", "conversation_id"), ("draft", "message_id"),
    ("model_use", "customer_id"), ("customer", "same_as_id"), ("notification", "note_id"),
}  # fmt: skip
HOLDS_NOTHING_OF_A_CUSTOMER = {
    "inbox": "the shop's own account",
    "own_post": "the shop's own posts",
    "post_product": "which of the shop's products its posts are about",
    "upkeep": "how far the shop's account was read",
    "search_backlog": "how far old rows are in the search",
    "instructions": "what the shop tells its assistant",
    "canned_reply": "what the shop writes to everybody",
    "label": "words of the shop",
    "tally": "numbers of a quarter of an hour, which are counted anew without the customer",
    "counter": "sums of everything there ever was, of which nothing can be read off about anybody",
    "tally_day": "sums of the same",
    "tally_mark": "times that are to be counted",
    "tally_keeper": "how far was counted",
    "tally_zone": "in whose days people of the shop look",
    "saved_view": "lists that people of the shop made",
    "model_use": "what an answer cost, with no word of it",
    "source": "where the shop's facts come from",
    "embedding": "texts of the shop, as numbers",
    "source_file": "documents and catalogues of the shop",
    "web_page": "pages that the shop named",
    "product": "the shop's catalogue",
    "variant": "the shop's catalogue",
    "passage": "the shop's texts",
    "comment": "hangs on the inbox; those that the customer wrote go",
    "assistant_stop": "who stopped the assistant, and when",
    "operator": "people of the shop",
    "mail": "to people of the shop; its text is encrypted, and goes once it is sent",
    "operator_session": "log-ins of people of the shop",
    "entry_link": "invitations of people of the shop",
    "recovery_code": "of people of the shop",
    "shop": "what holds for the whole shop",
    "audit_seal": "digests of what people of the shop did, and the bare number of a conversation",
    "api_token": "machines of the shop",
    "erasure": "a digest, so that old events do not bring the customer back",
    "data_deletion": "a digest of an account, never of a customer",
    "audit": "what people of the shop did; its pointer goes",
    "event": "outcomes; its pointer goes, and the reason of a failure",
    "media_file": "copies of the customer's files, which are left and dropped with their objects",
    "media_mark": "whose the bucket of files is",
    "early_edit": "edits that wait for their message; those of the customer's webhooks go, the rest within 37 hours",
    "backup": "when the shop's copy was made, and where it lies",
    "webhook": "bodies, of which the customer's items are emptied",
}


@pytest.fixture
def desk(shop, begin):
    return Desk(begin(shop, two_customers))


def two_customers(shop):
    """Who write the same kind of things; one of them sings."""
    desk = Desk(shop)
    for customer, word in ((CUSTOMER, CANARY), (OTHER, "spatz")):
        where = {"customer": customer}
        desk.take(
            reel(NOON, caption=f"{word} caption", mid=f"{word}-share", **where),
            text(f"{word} question", NOON + seconds(1), mid=f"{word}-question", **where),
        )
        desk.answer(NOON + seconds(5))
        desk.take(
            attachment("image", NOON + seconds(6), url=f"https://x.test/{word}.jpg", **where),
            text(f"{word} regret", NOON + seconds(7), mid=f"{word}-regret", **where),
            unsent(f"{word}-regret", NOON + seconds(8), **where),
            echo(f"{word} from the phone", NOON + seconds(9), f"{word}-echo", **where),
        )
    desk.deliver(NOON + seconds(10))
    with transaction():
        for customer, word in ((CUSTOMER, CANARY), (OTHER, "spatz")):
            row = db.session.scalars(db.select(Customer).filter_by(external_id=customer)).one()
            row.name = row.username = row.picture_url = f"{word} name"


def customer_id(external_id=CUSTOMER):
    db.session.rollback()
    return db.session.scalar(db.select(Customer.id).filter_by(external_id=external_id))


def counts():
    db.session.rollback()
    return {
        table.name: db.session.scalar(db.select(db.func.count()).select_from(table))
        for table in db.metadata.sorted_tables
    }


def test_nothing_of_the_customer_is_left_in_any_table(desk):
    assert everything().count(CANARY) > 10

    desk.call(erase_customer, customer_id(), NOON + seconds(60))

    assert CANARY not in everything()
    assert CUSTOMER not in everything()


@pytest.mark.sqlite_only
@pytest.mark.parametrize("works", [False, True], ids=["jobs wait", "jobs ran"])
def test_nor_in_redis_whether_its_jobs_still_wait_or_have_run(desk, works):
    """Unpacked: what RQ keeps of a job, one that failed for a week, is packed."""
    if works:
        desk.shop.work()

    desk.call(erase_customer, customer_id(), NOON + seconds(60))

    kept = repr(list(everything_in_redis(desk.app.extensions["pilito_redis"])))
    assert keys.DELIVER_JOB in kept
    assert CANARY not in kept
    assert CUSTOMER not in kept


def test_everything_of_the_neighbour_is_still_there(desk):
    before = export_customer(customer_id(OTHER))

    desk.call(erase_customer, customer_id(), NOON + seconds(60))

    after = export_customer(customer_id(OTHER))
    assert after["message"] == before["message"]
    assert after["ledger"] == before["ledger"]
    assert len(before["ledger"]) == 6


def test_the_ledger_keeps_its_count(desk):
    before = counts()

    desk.call(erase_customer, customer_id(), NOON + seconds(60))

    after = counts()
    assert (after["webhook"], after["event"]) == (before["webhook"], before["event"])
    assert after["audit"] == before["audit"] + 1
    assert Audit.query.filter_by(action="customer_erased").count() == 1


def test_whoever_has_the_customer_open_is_told_once_all_of_it_is_gone(comments, monkeypatch):
    """Whichever way they were erased: their words leave the open pages, too."""
    told = []
    monkeypatch.setattr(realtime, "all_changed", lambda: told.append(len(comments.rows(Customer))))

    comments.call(erase_customer, customer_id(), NOON + seconds(60))
    comments.call(erase_commenter, comments.shop.inbox_id, OTHER, NOON + seconds(60))
    comments.call(erase_inbox, comments.shop.inbox_id, NOON + seconds(60))

    assert told == [1, 1, 0]


@pytest.mark.sqlite_only
def test_an_old_event_does_not_bring_the_customer_back_and_a_new_message_begins_anew(desk):
    desk.call(erase_customer, customer_id(), NOON + seconds(60))

    again = desk.take(text(f"{CANARY} question", NOON + seconds(1), mid="once more"), now=NOON + seconds(70))
    desk.take(echo(f"{CANARY} echo", NOON + seconds(9), "echo once more"), now=NOON + seconds(70))
    desk.take(unsent("never seen", NOON + seconds(8)), now=NOON + seconds(70))
    assert desk.outcomes(again) == [EventOutcome.IGNORED]
    assert customer_id() is None

    desk.take(text("سلام دوباره", NOON + seconds(80), mid="anew"), now=NOON + seconds(80))
    desk.take(text(CANARY, NOON + seconds(2), mid="still old"), now=NOON + seconds(81))
    assert [message.text for message in desk.rows(Message, conversation_id=desk.rows(Conversation)[-1].id)] == [
        "سلام دوباره"
    ]


def late(words):
    """What was said before the erasure and comes after it, in a body with somebody else's: one of each kind."""
    theirs = [
        text(f"{words} question", NOON + seconds(1), mid="late"),
        echo(f"{words} echo", NOON + seconds(9), "late echo"),
        edited("late", f"{words} edit", NOON + seconds(3)),
        about(NOON, referral={"ref": words, "source": "SHORTLINK"}),
        text(f"{words} new", NOON + seconds(70), mid="new"),
    ]
    body = webhook(*theirs, text("spatz late", NOON + seconds(2), mid="spatz-late", customer=OTHER))
    return json.dumps(body).encode(), comment_of("late", CUSTOMER, words)


def test_what_comes_late_leaves_no_word_on_the_ledger_and_its_neighbours_stay(desk):
    desk.call(choose_comments, desk.shop.inbox_id, True, "", None, NOON)
    desk.call(erase_customer, customer_id(), NOON + seconds(60))
    news = "kolibri"  # what they write anew is kept, but not in a body that brought old things as well

    came = [desk.take(body, now=NOON + seconds(70)) for body in late(news)]

    kept = [message.text for message in desk.rows(Message) if news in message.text]
    assert kept == [f"{news} new"]
    assert not any(news.encode() in desk.webhook(webhook_id).body for webhook_id in came)
    assert desk.rows(EarlyEdit) == desk.rows(Comment) == []
    assert b"spatz late" in desk.webhook(came[0]).body
    assert desk.message("spatz-late").text == "spatz late"
    ignored, stored = EventOutcome.IGNORED, EventOutcome.STORED
    assert desk.outcomes(came[0]) == [ignored, ignored, ignored, ignored, stored, stored]


def test_an_edit_of_an_erased_customer_waits_for_no_message(desk):
    desk.call(erase_customer, customer_id(), NOON + seconds(60))

    desk.take(edited("unknown", CANARY, NOON + seconds(3)), now=NOON + seconds(70))

    assert CANARY not in everything()


@pytest.mark.sqlite_only
def test_what_comes_late_for_an_erased_account_leaves_nothing_either(desk):
    desk.call(erase_inbox, desk.shop.inbox_id, NOON + seconds(60))

    came = [desk.take(body, now=NOON + seconds(70)) for body in late(CANARY)]
    desk.take(
        b'{"object": "instagram", "entry": [{"id": "%s", "messaging": ["%s"]}]}' % (ACCOUNT.encode(), CANARY.encode())
    )

    left = everything()
    assert not any(word in left for word in (CANARY, "spatz", CUSTOMER, OTHER, ACCOUNT))
    assert set(desk.outcomes(came[0])) == {EventOutcome.IGNORED}


@pytest.mark.sqlite_only
def test_what_comes_for_an_account_that_never_was_here_can_be_looked_at(desk):
    """Connected under a wrong id, as a rule: the body says which is the right one."""
    unknown = desk.take(json.dumps(webhook(text("سلام", NOON), account="999")).encode())

    assert b"999" in desk.webhook(unknown).body
    assert desk.rows(Event)[-1].reason == "unknown account 999"


def meanwhile(monkeypatch, action):
    """Do this in the middle of an erasing: while the ledger is walked through, which takes the longest."""
    really = erase._clean_ledger

    def walk(*args):
        monkeypatch.undo()
        action()
        really(*args)

    monkeypatch.setattr(erase, "_clean_ledger", walk)


def test_who_writes_while_they_are_being_erased_begins_anew(desk, monkeypatch):
    old = desk.conversation.id
    asked, unread = (text(f"سلام {word}", NOON + seconds(80), mid=word) for word in ("anew", "unread"))
    left = []

    def write():
        desk.take(asked, now=NOON + seconds(80))
        left.append(desk.record(unread, now=NOON + seconds(81)))

    meanwhile(monkeypatch, write)

    desk.call(erase_customer, customer_id(), NOON + seconds(60))
    desk.call(receive, left[0], NOON + seconds(82))

    assert CANARY not in everything()
    assert desk.rows(Conversation, id=old) == []
    anew = desk.rows(Conversation)[-1]
    assert [message.external_id for message in desk.rows(Message, conversation_id=anew.id)] == ["anew", "unread"]
    assert (anew.state, desk.turn.conversation_id, desk.turn.state) == (
        ConversationState.ASSISTANT,
        anew.id,
        TurnState.OPEN,
    )


@pytest.mark.sqlite_only
def test_what_has_not_left_when_it_begins_does_not_leave_any_more(desk, monkeypatch):
    old, seen = desk.conversation.id, []
    held = seconds(10)
    desk.call(lambda: reply(old, None, "داده‌هایتان را پاک می‌کنیم", "bye", NOON + seconds(55), hold=held))
    before = len(desk.graph.sent)

    def send():
        desk.deliver(NOON + seconds(70))
        seen.extend((desk.rows(Conversation, id=old)[0].state, desk.deliveries[-1].error))

    meanwhile(monkeypatch, send)
    desk.call(erase_customer, customer_id(), NOON + seconds(60))

    assert seen == [ConversationState.CLOSED, "customer_erased"]
    assert len(desk.graph.sent) == before
    assert customer_id() is None


@pytest.mark.sqlite_only
def test_the_echo_of_what_had_left_brings_nobody_back(desk, monkeypatch):
    desk.call(reply, desk.conversation.id, None, "داده‌هایتان را پاک می‌کنیم", "bye", NOON + seconds(55))
    desk.deliver(NOON + seconds(56))
    ours = desk.deliveries[-1]
    assert ours.state is DeliveryState.SENT
    said = echo(ours.text, NOON + seconds(80), ours.external_id)
    came = []
    meanwhile(monkeypatch, lambda: came.append(desk.take(said, now=NOON + seconds(80))))

    desk.call(erase_customer, customer_id(), NOON + seconds(60))

    [event] = desk.rows(Event, webhook_id=came[0])
    assert (event.outcome, event.reason) == (EventOutcome.ECHO, "ours")
    assert customer_id() is None


BYE = "خدانگهدار"
NEWCOMER = "600000000000008"


@pytest.mark.parametrize("comes", ["while it is sent", "when all is gone"])
def test_nor_does_the_echo_of_what_is_being_sent_when_it_begins(desk, comes):
    wanted, at, came = customer_id(), NOON + seconds(60), []
    reply_id = desk.call(reply, desk.conversation.id, None, BYE, "bye", at).id

    def take():
        came.append(desk.take(echo(BYE, NOON + seconds(61), "mid.bye"), now=NOON + seconds(62)))

    def begin(payload):
        desk.call(erase._begin, wanted, at, None)
        if comes == "while it is sent":
            take()
        return desk.graph.default(payload)

    desk.graph.script = [begin]
    desk.call(deliver, reply_id, lambda: at)
    desk.call(erase_customer, wanted, at + seconds(1))
    if comes == "when all is gone":
        take()

    assert desk.outcomes(came[0]) == [EventOutcome.IGNORED]
    assert customer_id() is None
    assert BYE not in everything()
    assert CUSTOMER not in everything()


@pytest.mark.sqlite_only
def test_a_reply_to_the_number_of_an_erased_conversation_reaches_nobody(desk):
    """Of a page whose live line slept, or of a program that kept the number."""
    desk.take(text("سلام", NOON + seconds(50), mid="newest", customer=NEWCOMER))
    number = desk.message("newest").conversation_id
    desk.call(erase_customer, customer_id(NEWCOMER), NOON + seconds(60))
    desk.take(text("سلام", NOON + seconds(70), mid="next", customer=f"{NEWCOMER}9"))

    with pytest.raises(Refused):
        desk.call(reply, number, None, BYE, "bye", NOON + seconds(80))

    assert desk.message("next").conversation_id != number


@pytest.mark.sqlite_only
def test_what_is_typed_on_the_phone_later_begins_anew(desk):
    desk.call(erase_customer, customer_id(), NOON + seconds(60))

    desk.take(echo(BYE, NOON + seconds(121), "mid.bye"), now=NOON + seconds(122))

    assert desk.message("mid.bye").text == BYE


@pytest.mark.sqlite_only
def test_nobody_opens_the_conversation_that_goes(desk, monkeypatch):
    old, refusals = desk.conversation.id, []

    def open_it():
        for deed in (
            lambda: reply(old, None, "سلام", "one", NOON + seconds(70)),
            lambda: take_over(old, None, NOON + seconds(70)),
            lambda: give_back(old, None, NOON + seconds(70)),
        ):
            with pytest.raises(Refused) as refused:
                desk.call(deed)
            refusals.append(refused.value.reason)

    meanwhile(monkeypatch, open_it)
    desk.call(erase_customer, customer_id(), NOON + seconds(60))

    assert refusals == ["not_found"] * 3


@pytest.mark.sqlite_only
def test_an_erasing_that_broke_off_is_finished_by_their_id_and_leaves_what_they_wrote_since(desk, monkeypatch):
    wanted = customer_id()

    def write_and_break():
        desk.take(text("سلام دوباره", NOON + seconds(80), mid="anew"), now=NOON + seconds(80))
        raise KeyboardInterrupt

    meanwhile(monkeypatch, write_and_break)
    with pytest.raises(KeyboardInterrupt):
        desk.call(erase_customer, wanted, NOON + seconds(60))
    assert CANARY in everything()

    assert export_customer(wanted)["customer"][0]["id"] == wanted
    desk.call(erase_customer, wanted, NOON + seconds(100))

    assert CANARY not in everything()
    assert desk.message("anew").text == "سلام دوباره"
    again = desk.take(text("هستید؟", NOON + seconds(90), mid="late"), now=NOON + seconds(101))
    assert desk.outcomes(again) == [EventOutcome.STORED]


@pytest.mark.sqlite_only
def test_what_they_write_anew_stays_on_the_ledger_where_it_could_not_be_read(desk, monkeypatch):
    failed = []

    def fail():
        failed.append(desk.record(text("سلام دوباره", NOON + seconds(80), mid="anew"), now=NOON + seconds(80)))
        with desk.app.app_context(), transaction():
            db.session.get_one(Webhook, failed[0]).state = WebhookState.FAILED

    meanwhile(monkeypatch, fail)
    desk.call(erase_customer, customer_id(), NOON + seconds(60))

    assert "سلام دوباره" in json.dumps(json.loads(desk.webhook(failed[0]).body), ensure_ascii=False)
    assert CANARY not in everything()


@pytest.mark.sqlite_only
def test_one_whose_erasing_broke_off_is_found_by_their_id(desk, monkeypatch):
    wanted = customer_id()
    meanwhile(monkeypatch, lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        desk.call(erase_customer, wanted, NOON + seconds(60))

    assert desk.call(find_customer, CUSTOMER) == wanted


@pytest.mark.sqlite_only
def test_an_id_that_leaves_no_room_for_a_mark_is_erased_all_the_same(desk):
    long = "6" * 128
    desk.take(text(CANARY, NOON, customer=long))

    desk.call(erase_customer, customer_id(long), NOON + seconds(60))

    assert long not in everything()


def test_what_was_said_before_and_is_stored_in_the_moment_in_which_it_begins_brings_nobody_back(
    desk, monkeypatch, database_kind
):
    if database_kind == "sqlite":
        pytest.skip("SQLite has one writer: nothing begins while something is stored.")
    wanted, late = customer_id(), desk.record(text(CANARY, NOON + seconds(2), mid="late"))
    really = store.find_locked

    def begin():
        with desk.app.app_context():
            erase._begin(wanted, NOON + seconds(60), None)

    def find_after_it(*args):
        monkeypatch.undo()
        with ThreadPoolExecutor(1) as pool:
            pool.submit(begin).result()
        return really(*args)

    monkeypatch.setattr(store, "find_locked", find_after_it)

    desk.call(receive, late, NOON + seconds(60))
    desk.call(erase_customer, wanted, NOON + seconds(61))

    assert desk.outcomes(late) == [EventOutcome.IGNORED]
    assert customer_id() is None


@pytest.mark.sqlite_only
@pytest.mark.parametrize("refusal", [(400, {"error": {"code": 613}}), (400, {"error": {"code": 551}}), None])
def test_what_is_being_sent_when_it_begins_is_tried_no_more_and_calls_nobody(desk, refusal):
    wanted, conversation_id, at = customer_id(), desk.conversation.id, NOON + seconds(60)
    reply_id = desk.call(reply, conversation_id, None, "خدانگهدار", "bye", at).id

    def begin(payload):
        desk.call(erase._begin, wanted, at, None)
        return refusal or desk.graph.default(payload)

    desk.graph.script, before = [begin], len(desk.graph.calls)
    desk.call(deliver, reply_id, lambda: at)
    for second in (70, 120, 600):
        desk.call(deliver, reply_id, lambda second=second: NOON + seconds(second))

    [part] = desk.rows(Delivery, message_id=reply_id)
    assert len(desk.graph.calls) - before == 1
    assert part.state is (DeliveryState.FAILED if refusal else DeliveryState.SENT)
    assert desk.rows(Conversation, id=conversation_id)[0].state is ConversationState.CLOSED
    desk.call(erase_customer, wanted, at + seconds(1))
    assert customer_id() is None


def test_what_waits_for_its_beginning_is_stored_anew_and_not_in_the_row_that_goes(desk, database_kind):
    if database_kind == "sqlite":
        pytest.skip("SQLite has one writer: nobody waits for a row.")
    old, wanted = desk.conversation.id, customer_id()
    anew = desk.record(text("سلام دوباره", NOON + seconds(80), mid="anew"), now=NOON + seconds(80))

    desk.behind(
        "conversations.erase._begin_before",
        lambda: erase._begin(wanted, NOON + seconds(60), None),
        lambda: receive(anew, NOON + seconds(80)),
    )

    [going] = desk.rows(Conversation, id=old)
    assert going.state is ConversationState.CLOSED
    assert desk.message("anew").conversation.state is ConversationState.ASSISTANT
    desk.call(erase_customer, wanted, NOON + seconds(90))
    assert desk.message("anew").text == "سلام دوباره"
    assert CANARY not in everything()


@pytest.mark.sqlite_only
def test_it_goes_on_after_a_crash_at_any_step(desk, monkeypatch):
    """The batch that breaks is another one each time; what is left at the end is nothing."""
    real, monkeypatched = erase._in_batches, []
    wanted = customer_id()

    for step in range(1, 40):
        calls = iter(range(1, 100))

        def breaking(*args, step=step, calls=calls):
            if next(calls) == step:
                raise KeyboardInterrupt
            real(*args)

        monkeypatch.setattr(erase, "_in_batches", breaking)
        try:
            desk.call(erase_customer, wanted, NOON + seconds(60))
        except KeyboardInterrupt:
            monkeypatched.append(step)
        except Refused:
            break

    assert len(monkeypatched) > 8
    assert CANARY not in everything()


def test_many_rows_go_in_small_steps(desk, monkeypatch):
    monkeypatch.setattr(erase, "BATCH", 2)
    monkeypatch.setattr(erase, "LEDGER_BATCH", 3)

    desk.call(erase_customer, customer_id(), NOON + seconds(60))

    assert CANARY not in everything()


@pytest.mark.sqlite_only
def test_an_inbox_goes_with_all_of_its_customers_and_the_other_inbox_stays(desk):
    with transaction():
        kept = add_inbox(name="kept", external_id="999").id
    desk.record(text("نخوانده", NOON))  # lies unread, with the name of its account beside it

    desk.call(erase_inbox, desk.shop.inbox_id, NOON + seconds(60))
    desk.call(erase_inbox, desk.shop.inbox_id, NOON + seconds(61))

    left = everything()
    assert [inbox.id for inbox in desk.rows(Inbox)] == [kept]
    assert not any(word in left for word in (CANARY, "spatz", CUSTOMER, OTHER, ACCOUNT, "گالری"))


def test_the_facts_of_an_erased_inbox_go_and_become_nobody_elses(desk):
    """Their inbox may be empty, which means all inboxes: emptied, they would be quoted to other shops' customers."""
    with transaction():
        kept = add_facts(None)
        add_facts(desk.shop.inbox_id)

    desk.call(erase_inbox, desk.shop.inbox_id, NOON + seconds(60))

    assert [source.id for source in desk.rows(Source)] == [kept.id]
    assert [desk.rows(kind)[0].source_id for kind in (Product, Passage, WebPage, SourceFile)] == [kept.id] * 4
    assert {len(desk.rows(kind)) for kind in (Product, Variant, Passage, WebPage, SourceFile)} == {1}


def test_a_customer_of_two_accounts_in_one_body_loses_only_their_own_items(desk):
    both = {"object": "instagram", "entry": [
        webhook(text(CANARY, NOON, mid="a"))["entry"][0],
        webhook(text("spatz", NOON, mid="b", customer=OTHER))["entry"][0],
    ]}  # fmt: skip
    with transaction():
        row = add(Webhook(channel="instagram", received_at=NOON, body=json.dumps(both).encode(), state="read"))

    desk.call(erase_customer, customer_id(), NOON + seconds(60))

    body = desk.webhook(row.id).body
    assert CANARY.encode() not in body
    assert b"spatz" in body


@pytest.mark.sqlite_only
def test_an_edit_that_waits_for_its_message_goes_too(desk):
    edit = {"mid": "not-here-yet", "text": CANARY, "num_edit": 1}
    item = {"sender": {"id": CUSTOMER}, "recipient": {"id": ACCOUNT}, "timestamp": 1764000000000, "message_edit": edit}
    desk.take(item)
    assert CANARY in str([row.text for row in desk.rows(EarlyEdit)])

    desk.call(erase_customer, customer_id(), NOON + seconds(60))

    assert desk.rows(EarlyEdit) == []


def test_our_copies_of_the_files_go_with_their_objects(desk):
    body = b"\xff\xd8\xff a picture"
    with desk.app.app_context():
        desk.take(attachment("image", NOON + seconds(9), customer=CUSTOMER))
        media_store.put(PICTURE, io.BytesIO(body), len(body), "image/jpeg")
        with transaction():
            copy = db.session.scalars(db.select(MediaFile).order_by(MediaFile.id.desc())).first()
            copy.state, copy.key = MediaState.STORED, PICTURE

    desk.call(erase_customer, customer_id(), NOON + seconds(60))
    for row in desk.rows(MediaFile, state=MediaState.DROPPED):
        desk.call(drop_media, row.id, NOON + seconds(61))

    with desk.app.app_context(), pytest.raises(MediaError):
        media_store.open(PICTURE, 1)
    assert CANARY not in everything()


@pytest.fixture
def sending(make_shop, begin):
    """A shop that may send files: the provider reaches it."""
    return Desk(begin(make_shop(public_url="https://pilito.shop.test"), two_customers))


def choose_file(desk, external_id=CUSTOMER):
    """Chosen for a reply to them, and not sent; the row's id."""
    conversation_id = db.select(Conversation.id).where(Conversation.customer_id == customer_id(external_id))
    return desk.call(upload, db.session.scalar(conversation_id), "image", io.BytesIO(JPEG), NOON + seconds(20)).id


def test_what_was_chosen_for_the_customer_and_not_sent_goes_and_the_neighbours_stays(sending):
    theirs, others = choose_file(sending), choose_file(sending, OTHER)

    sending.call(erase_customer, customer_id(), NOON + seconds(60))

    states = {row.id: row.state for row in sending.rows(MediaFile)}
    assert (states[theirs], states[others]) == (MediaState.DROPPED, MediaState.STORED)


def test_a_file_that_a_message_of_somebody_else_shows_is_never_dropped(sending):
    shown = choose_file(sending)
    with transaction():
        add(Attachment(message_id=sending.message("spatz-question").id, position=0, kind="image", copy_id=shown))

    sending.call(erase_customer, customer_id(), NOON + seconds(60))

    assert sending.rows(MediaFile, id=shown)[0].state is MediaState.STORED


def test_no_file_is_chosen_any_more_for_a_customer_who_is_being_erased(sending, monkeypatch):
    old, refusals = sending.conversation.id, []

    def choose():
        with pytest.raises(Refused) as refused:
            sending.call(upload, old, "image", io.BytesIO(JPEG), NOON + seconds(60))
        refusals.append(refused.value.reason)

    meanwhile(monkeypatch, choose)
    sending.call(erase_customer, customer_id(), NOON + seconds(60))

    assert refusals == ["not_found"]


def test_a_file_that_is_being_kept_when_it_begins_goes_once_it_is_in_the_store(sending, monkeypatch):
    store = sending.app.extensions["pilito_media_store"]
    wanted, put, names = customer_id(), store.put, []

    def drop_all(now):
        for row in sending.rows(MediaFile, state=MediaState.DROPPED):
            sending.call(drop_media, row.id, now)

    def put_late(_store, name, *file):
        names.append(name)
        sending.call(erase_customer, wanted, NOON + seconds(60))
        drop_all(NOON + seconds(61))
        put(name, *file)

    monkeypatch.setattr(type(store), "put", put_late)
    with pytest.raises(Refused) as refused:
        choose_file(sending)
    drop_all(NOON + seconds(62))

    assert refused.value.reason == "not_found"
    with pytest.raises(MediaError):
        store.open(names[0], 1)


@pytest.mark.parametrize("is_cut", [False, True], ids=["whole", "cut before the rows of files go"])
def test_nothing_is_left_of_a_file_that_is_being_kept_while_its_account_is_erased(sending, monkeypatch, is_cut):
    store = sending.app.extensions["pilito_media_store"]
    inbox, put, drop_objects, names = sending.shop.inbox_id, store.put, erase._drop_objects, []

    def cut(inbox_id):
        drop_objects(inbox_id)
        if is_cut:
            raise MediaError("store_failed", "away")

    def put_late(_store, name, *file):
        names.append(name)
        with monkeypatch.context() as meanwhile, suppress(MediaError):
            meanwhile.setattr(erase, "_drop_objects", cut)
            sending.call(erase_inbox, inbox, NOON + seconds(60))
        put(name, *file)

    monkeypatch.setattr(type(store), "put", put_late)
    with pytest.raises(Refused) as refused:
        choose_file(sending)
    sending.call(erase_inbox, inbox, NOON + seconds(120))

    assert refused.value.reason == "not_found"
    with pytest.raises(MediaError, match="no such file"):
        store.open(names[0], 1)
    assert sending.rows(MediaFile) == []


def test_a_store_that_is_away_then_changes_nothing_about_the_answer(sending, monkeypatch):
    """What it could not drop is nobody's, and goes as such does."""
    store = sending.app.extensions["pilito_media_store"]
    inbox = sending.shop.inbox_id

    def put_late(*_file):
        sending.call(erase_inbox, inbox, NOON + seconds(60))

        def away(*_name):
            raise MediaError("store_failed", "away")

        monkeypatch.setattr(type(store), "drop", away)

    monkeypatch.setattr(type(store), "put", put_late)
    with pytest.raises(Refused) as refused:
        choose_file(sending)

    assert refused.value.reason == "not_found"


@pytest.mark.sqlite_only
def test_the_files_of_an_erased_inbox_go_too(desk):
    with desk.app.app_context():
        media_store.put(PICTURE, io.BytesIO(b"x"), 1, "image/jpeg")
        with transaction():
            copy = db.session.scalars(db.select(MediaFile).order_by(MediaFile.id.desc())).first()
            copy.state, copy.key = MediaState.STORED, PICTURE

    desk.call(erase_inbox, copy.inbox_id, NOON + seconds(60))

    with desk.app.app_context(), pytest.raises(MediaError):
        media_store.open(PICTURE, 1)
    assert desk.rows(MediaFile) == []


def comment_of(external_id, author, words):
    value = {"id": external_id, "from": {"id": author, "username": words}, "text": words, "media": {"id": "1"}}
    entry = {"id": ACCOUNT, "time": int(NOON.timestamp()), "changes": [{"field": "comments", "value": value}]}
    return json.dumps({"object": "instagram", "entry": [entry]}).encode()


@pytest.fixture
def comments(desk, begin):
    begin(desk.shop, comments_of_both)
    return desk


def comments_of_both(shop):
    """They have commented, too, and were answered privately."""
    desk = Desk(shop)
    desk.call(choose_comments, desk.shop.inbox_id, True, "در پیام فرستادیم.", None, NOON)
    for author, word in ((CUSTOMER, CANARY), (OTHER, "spatz")):
        desk.graph.commenters[f"comment-{word}"] = author
        desk.take(comment_of(f"comment-{word}", author, f"{word} comment"))
    for comment in desk.rows(Comment):
        desk.call(send_private_reply, comment.id, lambda: NOON + seconds(20))


def test_the_comments_of_the_customer_go_with_what_quotes_them(comments):
    assert f"{CANARY} comment" in everything()

    comments.call(erase_customer, customer_id(), NOON + seconds(60))

    left = everything()
    assert CANARY not in left
    assert CUSTOMER not in left
    assert [comment.text for comment in comments.rows(Comment)] == ["spatz comment"]
    assert [line.details["comment"] for line in comments.rows(Audit, action="private_reply") if line.details] == [
        "spatz comment"
    ]


def test_an_old_comment_does_not_come_back_and_a_new_one_is_kept(comments):
    comments.call(erase_customer, customer_id(), NOON + seconds(60))

    again = comments.take(comment_of("once-more", CUSTOMER, CANARY), now=NOON + seconds(70))
    new = comment_of("new", CUSTOMER, "سلام").replace(
        str(int(NOON.timestamp())).encode(), str(int(NOON.timestamp()) + 90).encode()
    )
    comments.take(new, now=NOON + seconds(90))

    assert comments.outcomes(again) == [EventOutcome.IGNORED]
    assert [comment.text for comment in comments.rows(Comment, author_external_id=CUSTOMER)] == ["سلام"]


def test_a_private_reply_under_way_while_its_customer_is_erased_brings_nobody_back(comments):
    comments.graph.commenters["late"] = CUSTOMER
    late = comment_of("late", CUSTOMER, f"{CANARY} late").replace(b'"1"', b'"2"')
    comments.take(late)
    known = customer_id()

    def erase_meanwhile(payload):
        comments.call(erase_customer, known, NOON + seconds(60))
        return comments.graph.default(payload)

    comments.graph.script = [erase_meanwhile]
    comments.call(send_private_reply, comments.rows(Comment)[-1].id, lambda: NOON + seconds(60))

    assert customer_id() is None
    assert CANARY not in everything()


def test_an_inbox_goes_with_its_comments_posts_and_reading(comments):
    comments.call(keep_posts, comments.shop.inbox_id, [Post("1", f"{CANARY} caption")], NOON)
    with transaction():
        add(Upkeep(inbox_id=comments.shop.inbox_id))

    comments.call(erase_inbox, comments.shop.inbox_id, NOON + seconds(60))

    assert not any(word in everything() for word in (CANARY, "spatz", CUSTOMER, OTHER, ACCOUNT))


def test_the_reason_of_a_failure_goes_too(desk):
    with transaction():
        body = f'{{"broken": "{CUSTOMER}'.encode()
        hook = add(Webhook(channel="instagram", received_at=NOON, body=body, state="failed", error=CANARY))
        add(Event(webhook_id=hook.id, position=0, channel="instagram", kind="unreadable", outcome="failed",
                  reason=CANARY, created_at=NOON))  # fmt: skip

    desk.call(erase_customer, customer_id(), NOON + seconds(60))

    assert CANARY not in everything()


@pytest.mark.sqlite_only
def test_nobody_is_refused(app):
    with pytest.raises(Refused, match="no customer 7"):
        erase_customer(7, NOON)


# --- every table is decided about ------------------------------------------------------------------------------------


def test_every_table_is_decided_about():
    tables = {table.name for table in db.metadata.sorted_tables}

    assert {table.name for table in owned_tables(Customer.__table__)} == GOES
    assert GOES | set(HOLDS_NOTHING_OF_A_CUSTOMER) == tables


def test_every_pointer_is_known():
    assert {(table.name, column.name) for table, column in pointers(Customer.__table__)} == LOSES_ITS_POINTER


# --- export ----------------------------------------------------------------------------------------------------------


def test_an_export_holds_every_word_of_the_customer_and_none_of_others(desk, comments):
    found = json.dumps(export_customer(customer_id()), ensure_ascii=False)

    for word in ("caption", "question", "name", "from the phone", "comment"):
        assert f"{CANARY} {word}" in found
    assert "spatz" not in found
    assert "a-token" not in found


@pytest.mark.sqlite_only
def test_the_commands_take_our_id_or_the_channels(desk):
    runner = desk.app.test_cli_runner()
    ours = str(customer_id())

    by_ours = runner.invoke(args=["export-customer", ours]).output
    assert [line.conversation_id for line in desk.rows(Audit, action="exported_customer")] == [desk.conversation.id]
    assert json.loads(by_ours) == json.loads(runner.invoke(args=["export-customer", CUSTOMER]).output)
    assert "is erased" in runner.invoke(args=["erase-customer", CUSTOMER]).output
    gone = runner.invoke(args=["erase-customer", ours])

    assert (gone.exit_code, "There is no customer" in gone.output) == (1, True)
    assert CANARY not in everything()


@pytest.fixture
def sara(comments):
    """The customer has commented, and is called sara; an account of another shop has her comment as well."""
    with transaction():
        db.session.scalars(db.select(Customer).filter_by(external_id=CUSTOMER)).one().username = "sara"
        other = add_inbox(name="kept")
        for comment in db.session.scalars(db.select(Comment).filter_by(author_external_id=CUSTOMER)):
            comment.author_username = "Sara"
        more = {"author_username": "sara", "text": CANARY, "commented_at": NOON, "created_at": NOON}
        add(Comment(inbox_id=other.id, external_id="elsewhere", author_external_id="77", **more))
        add(Comment(inbox_id=other.id, external_id="nameless", **more))
    return comments


@pytest.mark.sqlite_only
def test_who_is_erased_by_their_user_name_goes_with_the_whole_conversation(sara):
    ours = customer_id()

    result = sara.app.test_cli_runner().invoke(args=["erase-customer", "@Sara"])

    assert f"Customer {ours} is erased." in result.output
    assert CANARY not in everything()
    assert len(sara.rows(Customer)) == 1  # the other one


@pytest.mark.sqlite_only
def test_a_name_under_which_they_only_commented_finds_the_customer_too(sara):
    with transaction():
        db.session.scalars(db.select(Customer).filter_by(external_id=CUSTOMER)).one().username = None

    sara.app.test_cli_runner().invoke(args=["erase-customer", "sara"])

    assert customer_id() is None
    assert CANARY not in everything()


@pytest.mark.sqlite_only
@pytest.mark.parametrize("command", ["erase-customer", "export-customer"])
def test_a_name_that_two_customers_have_is_refused_and_nobody_is_touched(sara, command):
    with transaction():
        for customer in db.session.scalars(db.select(Customer)):
            customer.username = "sara"
    before = everything()

    result = sara.app.test_cli_runner().invoke(args=[command, "@sara"])

    numbers = ", ".join(str(customer.id) for customer in sara.rows(Customer))
    assert (result.exit_code, numbers in result.output) == (1, True)
    assert everything() == before


@pytest.mark.sqlite_only
def test_our_own_number_is_nobodys_user_name(sara):
    ours = str(customer_id())
    with transaction():
        for comment in db.session.scalars(db.select(Comment).filter_by(text="spatz comment")):
            comment.author_username = ours

    sara.app.test_cli_runner().invoke(args=["erase-customer", ours])

    assert customer_id(OTHER)
    assert "spatz comment" in everything()


@pytest.mark.sqlite_only
@pytest.mark.parametrize("name", ["", "0", "x", "9" * 40])
def test_a_name_that_is_nobodys_is_refused(app, name):
    with pytest.raises(Refused):
        find_customer(name)
