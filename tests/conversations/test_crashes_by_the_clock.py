"""A crash, an error and a pause at every commit and every call of what the clock has done.

Reading back at the provider, posts and their products, facts and their vectors, tallies, the search, wishes to be
deleted, backups, the chain of the audit log, digests, and what the sweep does by itself. Upkeep ends where it would have
ended, one round of the clock later. How each way is tried: ways.py.
"""

import tarfile
from contextlib import suppress
from datetime import timedelta
from itertools import count

import pytest
from rows import (
    NOON,
    add,
    add_conversation,
    add_delivery,
    add_inbox,
    add_message,
    add_operator,
    add_passage,
    add_product,
    add_source,
    add_turn,
)
from shop import ACCOUNT, CUSTOMER, item, seconds, text
from ways import RAISE, Way

from pilito import audit
from pilito.backup.make import back_up_when_due
from pilito.channels.base import Post
from pilito.conversations import comments, data_deletion, embed_facts, settle_restored, snooze, tally, upkeep
from pilito.conversations import receive as receiving
from pilito.conversations import retake as begun
from pilito.conversations.digest import send_digests
from pilito.conversations.disconnect import deauthorize, disconnect
from pilito.conversations.keep_counters import keep_counters
from pilito.conversations.match_posts import match_posts
from pilito.conversations.own_posts import keep_posts, look_up_post
from pilito.conversations.retake import retake
from pilito.conversations.warn import warn_of_source
from pilito.database import NoTurn, transaction
from pilito.knowledge.changes import count_change
from pilito.knowledge.csv_import import begin_import
from pilito.knowledge.read import read_soon, read_source, wake_due
from pilito.lifecycle import (
    CommentState,
    ConversationState,
    DeliveryState,
    Digest,
    InboxState,
    NotificationKind,
    Role,
    Sender,
    SourceKind,
    SourceState,
    TurnState,
    WebhookState,
)
from pilito.models import (
    Audit,
    Backup,
    Comment,
    Conversation,
    Counter,
    DataDeletion,
    Delivery,
    EarlyEdit,
    Embedding,
    Inbox,
    Mail,
    Message,
    Notification,
    Operator,
    OwnPost,
    Passage,
    PostProduct,
    SearchBacklog,
    SearchEntry,
    Share,
    Shop,
    Source,
    Tally,
    TallyDay,
    TallyKeeper,
    TallyMark,
    Turn,
    Upkeep,
    Webhook,
    db,
)
from pilito.people.erase import erase_operator, export_operator
from pilito.search import fill, wipe

pytestmark = [pytest.mark.whole, pytest.mark.sqlite_only]

MINUTES, HOURS, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
LATER = NOON + 5 * MINUTES  # every lease is over, and every pause after an error
MUCH_LATER = NOON + 17 * MINUTES
OTHER = "600000000000002"
LONG = "پیراهن لینن «ماهور» با آستر نخی و جیب، مناسب تابستان\nقیمت: ۱٬۸۵۰٬۰۰۰ تومان\nسایز ۳۶ تا ۴۴"
POST = "18000000000000101"
COMMENTED = {"commented_at": NOON, "created_at": NOON, "due_at": NOON}
GONE = Post("18000000000000102", "که دیگر نیست", "https://www.instagram.com/p/gone/", "gone")


def stamp(at):
    return at.strftime("%Y-%m-%dT%H:%M:%S+0000")


# --- at the provider -------------------------------------------------------------------------------------------------


class TheInboxIsReadBack(Way):
    """A question that no event brought, what became of a send, the posts, one that is gone, and a comment."""

    def fill(self):
        inbox_id = self.desk.shop.inbox_id
        with transaction():
            inbox = db.session.get_one(Inbox, inbox_id)
            inbox.created_at, inbox.options = NOON - 30 * DAY, {**inbox.options, comments.OPTION: "on"}
        self.call(keep_posts, inbox_id, [GONE], NOON - DAY)
        payload = {"url": "https://lookaside.fbsbx.com/x", "ig_post_media_id": POST}
        share = {"mid": "shared", "attachments": [{"type": "ig_post", "payload": payload}]}
        at = NOON - 5 * MINUTES
        self.desk.take(item(at, share, customer=OTHER), text("سلام", at, mid="asked"), now=at)
        with transaction():
            conversation = db.session.scalars(db.select(Conversation).order_by(Conversation.id.desc()).limit(1)).one()
            sent = {"sender": Sender.OPERATOR, "external_id": None, "text": "بفرمایید", "sent_at": at + MINUTES}
            reply = add_message(conversation, **sent)
            unknown = {"unknown_at": NOON - 2 * MINUTES, "text": "بفرمایید", "created_at": at + MINUTES}
            add_delivery(reply, DeliveryState.UNKNOWN, **unknown)

    def prepare(self):
        said = [
            self.said("missed", "موجوده؟", NOON - 2 * MINUTES, CUSTOMER, ACCOUNT),
            self.said("found", "بفرمایید", NOON - 4 * MINUTES, ACCOUNT, CUSTOMER),
        ]
        whole = {"id": "a-thread", "updated_time": said[0]["created_time"], "messages": {"data": said}}
        post = {"id": POST, "caption": LONG, "permalink": "https://www.instagram.com/p/DPLmahoor1/"}
        post |= {"timestamp": stamp(NOON - DAY)}
        old = [{"id": f"1800000000000020{number}", "timestamp": stamp(NOON - 300 * DAY)} for number in range(2)]
        pages = [{"data": [one]} for one in (post, *old)]
        for number, page in enumerate(pages[:-1]):
            page["paging"] = {"cursors": {"after": str(number + 1)}, "next": "…"}
        comment = {"id": "comment", "text": "چنده؟", "timestamp": stamp(NOON - 3 * MINUTES)}
        self.graph.readable |= {
            "me": {"id": "another-id", "user_id": ACCOUNT},
            "a-thread": whole,
            "conversations": {"data": [whole]},
            "media": lambda query: (200, pages[int(query.get("after", 0))]),
            "comments": {"data": [comment | {"from": {"id": CUSTOMER, "username": "sara"}}]},
        }

    def said(self, mid, words, at, by, to):
        return {
            "id": mid, "created_time": stamp(at), "message": words, "from": {"id": by}, "to": {"data": [{"id": to}]},
        }  # fmt: skip

    def go(self):
        self.read(NOON)

    def read(self, at):
        self.call(lambda: upkeep.keep_up(self.desk.shop.inbox_id, lambda: at, pause=lambda _seconds: None))

    def again(self):
        for at in (LATER, LATER + 3 * MINUTES, MUCH_LATER):
            self.call(upkeep.wake_due, at)
            self.read(at)

    def state(self):
        [row] = self.rows(Upkeep)
        assert row.lease_until is None
        assert row.reading_since is None
        assert row.all_posts_after is None
        return (
            row.error,
            sorted((one.external_id or "", one.sender) for one in self.rows(Message)),
            [(one.state, one.external_id) for one in self.rows(Delivery)],
            sorted((one.media_id, one.gone_at is not None) for one in self.rows(OwnPost)),
            [one.own_post_id is not None for one in self.rows(Share)],
            [(one.external_id, one.own_post_id is not None) for one in self.rows(Comment)],
            [one.state for one in self.rows(Turn)],
        )


class TheProviderIsAway(TheInboxIsReadBack):
    """Its first answer is an error; the reading is put off, and done later."""

    def prepare(self):
        super().prepare()
        conversations, asked = self.graph.readable["conversations"], []

        def answer(_query):
            asked.append(1)
            return (500, {"error": {"code": 1}}) if len(asked) == 1 else (200, conversations)

        self.graph.readable["conversations"] = answer


class APostIsLookedUp(Way):
    """Once, when it was shared. What breaks off is left to the hourly reading of all posts."""

    def prepare(self):
        payload = {"url": "https://lookaside.fbsbx.com/x", "ig_post_media_id": POST}
        self.desk.take(item(NOON, {"mid": "shared", "attachments": [{"type": "ig_post", "payload": payload}]}))
        post = {"id": POST, "caption": LONG, "permalink": "https://www.instagram.com/p/DPLmahoor1/"}
        self.graph.readable |= {POST: post, "media": {"data": [post]}, "conversations": {"data": []}}

    def go(self):
        self.call(look_up_post, self.desk.shop.inbox_id, POST, NOON)

    def again(self):
        at = NOON + 2 * HOURS
        self.call(lambda: upkeep.keep_up(self.desk.shop.inbox_id, lambda: at, pause=lambda _seconds: None))

    def state(self):
        return [one.media_id for one in self.rows(OwnPost)], [one.own_post_id is not None for one in self.rows(Share)]


class AnAccountIsDisconnected(Way):
    """By its owner, and by the provider's word."""

    def prepare(self):
        self.graph.readable["subscribed_apps"] = {"data": []}
        with transaction():
            add_inbox(app_user_id="a-person", token_encrypted=b"x")

    def go(self):
        self.press(disconnect, self.desk.shop.inbox_id, None, NOON)
        self.call(deauthorize, "instagram", "a-person", NOON, NOON)

    def again(self):
        """Who sees it connected presses again; the provider repeats what was not answered 200."""
        if self.rows(Inbox)[0].state is InboxState.ACTIVE:
            self.press(disconnect, self.desk.shop.inbox_id, None, LATER)
        if self.rows(Inbox)[1].state is InboxState.ACTIVE:
            self.call(deauthorize, "instagram", "a-person", NOON, LATER)

    def state(self):
        return [(one.state, one.token_encrypted) for one in self.rows(Inbox)], set(self.lines())


# --- facts -----------------------------------------------------------------------------------------------------------


class PostsFindTheirProducts(Way):
    def prepare(self):
        with transaction():
            add_product(add_source(), name="پیراهن لینن ماهور")
        posted = {"permalink": "https://www.instagram.com/p/x/", "code": "x", "posted_at": NOON}
        self.call(keep_posts, self.desk.shop.inbox_id, [Post(POST, LONG, **posted)], NOON)

    def go(self):
        self.call(match_posts, self.desk.shop.inbox_id, NOON)

    def state(self):
        found = [(one.how, one.state) for one in self.rows(PostProduct)]
        return found, [one.matched_version for one in self.rows(OwnPost)]


class FactsHaveVectors(Way):
    """Each is asked for once more at most; and those who search are told that there are some, whatever happened."""

    settings = {"openai_embedding_model": "near"}

    def prepare(self):
        self.model.answer = lambda _path, payload, _headers: (200, self.vectors(payload["input"]))
        with transaction():
            source = add_source(self.desk.shop.inbox_id)
            add_product(source, name="پالتو یلدا")
            add_passage(source, title="شستن لباس", text="با آب سرد")
            count_change(self.desk.shop.inbox_id)
            old = {"digest": "0" * 64, "model": "near", "vector": b"", "created_at": NOON - 3 * DAY}
            add(Embedding(**old))
        self.before = self.rows(Inbox)[0].facts_version
        self.forget()

    def vectors(self, texts):
        rows = [{"index": number, "embedding": [1.0, 2.0]} for number, _ in enumerate(texts)]
        return {"object": "list", "data": rows, "model": "near"}

    def forget(self):
        """What a process remembers, and another does not."""
        embed_facts._done.clear()
        embed_facts._pauses_until = 0.0

    def go(self):
        self.call(embed_facts.embed_new, lambda: NOON)

    def again(self):
        self.forget()
        self.call(embed_facts.embed_new, lambda: LATER)

    def state(self):
        is_told = self.rows(Inbox)[0].facts_version > self.before
        return is_told, sorted((one.digest, len(one.vector)) for one in self.rows(Embedding))


HTML = "<!doctype html><html><head><title>ارسال</title></head><body><main><h1>ارسال</h1><p>{}</p></main></body></html>"


class APageIsRead(Way):
    """For so long that its lease has to be renewed; with an import that somebody began and left."""

    servers = ("files",)

    @classmethod
    def settings_with(cls, servers):
        return servers["files"].settings

    def prepare(self):
        sitemap = f"<urlset><url><loc>{self.files.url}/a</loc></url></urlset>"
        self.files.put("/sitemap.xml", sitemap.encode(), Content_Type="application/xml")
        words = "سفارش‌ها ۲ تا ۴ روز کاری می‌رسند. " * 20
        self.files.put("/a", HTML.format(words).encode(), Content_Type="text/html; charset=utf-8")
        self.call(begin_import, None, "x.csv", "name,price\nکفش,1000\n".encode(), None, NOON - 2 * DAY)
        values = {"address": f"{self.files.url}/sitemap.xml", "every_hours": 24, "state": SourceState.WAITING}
        with transaction():
            self.id = add_source(self.desk.shop.inbox_id, SourceKind.SITEMAP, **values).id

    def go(self):
        self.call(read_soon, self.id, NOON)
        self.call(wake_due, NOON)
        self.read(NOON)

    def read(self, at):
        """A clock that goes on by more than a minute at every look."""
        ticks = count()
        self.call(read_source, self.id, lambda: at + 70 * seconds(next(ticks)), warn_of_source, lambda _seconds: None)

    def again(self):
        if self.rows(Source, id=self.id)[0].due_at is None:
            self.call(read_soon, self.id, LATER)  # who sees it not done asks again
        for number in (1, 2):
            self.call(wake_due, NOON + number * 2 * HOURS)
            self.read(NOON + number * 2 * HOURS)

    def state(self):
        sources = [(one.kind, one.state, one.error, one.lease_until) for one in self.rows(Source)]
        return [row for row in sources if row[0] is not SourceKind.CSV], [one.text for one in self.rows(Passage)]


class ThePageIsAway(APageIsRead):
    def prepare(self):
        super().prepare()
        self.files.put("/sitemap.xml", status=503)


# --- what is counted and found ---------------------------------------------------------------------------------------


class TalliesAreKept(Way):
    """Counted from the rows, however often: the same numbers, and each quarter is counted again when it should be."""

    def fill(self):
        self.desk.take(text("سلام", NOON - 2 * DAY, mid="old"), text("چنده؟", NOON, mid="new", customer=OTHER))
        self.call(tally.keep_zone, "Asia/Tehran", NOON)

    def go(self):
        self.call(tally.rebuild, NOON)
        self.count(NOON + MINUTES)
        self.call(tally.keep_zone, "UTC", NOON + MINUTES)
        self.keep()

    def keep(self):
        for number in range(2):
            self.call(keep_counters, NOON + number * 11 * MINUTES)

    def count(self, at):
        for _ in range(9):
            if self.call(tally.count_due, at) == 0:
                return

    def again(self):
        """The clock, who looks into the page again, and who sees that it was not begun anew."""
        if self.rows(TallyKeeper) == []:
            self.call(tally.rebuild, NOON)
        at = NOON + 40 * MINUTES
        self.count(at)
        self.call(tally.keep_zone, "UTC", at)
        for number in range(3, 6):
            self.call(keep_counters, NOON + number * 11 * MINUTES)

    def state(self):
        [keeper] = self.rows(TallyKeeper)
        assert keeper.lease_until is None
        days = sorted((one.zone, one.day, str(one.numbers)) for one in self.rows(TallyDay))
        kept = sorted((one.source, one.until_id, str(sorted(one.numbers.items()))) for one in self.rows(Counter))
        assert kept
        marks = {(one.at, one.due_at) for one in self.rows(TallyMark)}
        return sorted((one.at, str(one.numbers)) for one in self.rows(Tally)), days, kept, len(marks)


class TheSearchIsFilled(Way):
    def prepare(self):
        for number in range(3):
            self.desk.take(text(f"پیراهن {number}", NOON, mid=f"m{number}"))

    def go(self):
        self.call(fill.begin_anew)
        self.fill()

    def fill(self):
        self.call(fill.take_in, 1.0)

    def again(self):
        self.call(fill.wake_filling)
        self.fill()

    def state(self):
        entries = sorted((one.kind, one.target_id) for one in self.rows(SearchEntry))
        return entries, len(self.rows(SearchBacklog))


class ErasedWordsAreWiped(TheSearchIsFilled):
    def prepare(self):
        # How often it is merged hangs on what the ways before have left in it: begun empty, each time as often.
        with transaction():
            db.session.execute(db.text("INSERT INTO search_index (search_index) VALUES ('rebuild')"))
        super().prepare()
        with transaction():
            wipe.mark_erased(NOON)

    def go(self):
        self.call(wipe.wipe, 60)

    def again(self):
        self.call(wipe.wake_wiping)
        self.call(wipe.wipe, 60)

    def state(self):
        assert [row.words_erased_at for row in self.rows(Shop)] == [None]
        return len(self.rows(SearchEntry))


# --- wishes, people, backups, the log --------------------------------------------------------------------------------


class SomebodyWishesToBeDeleted(Way):
    """The provider passes it on, again until it was answered; an account goes whole, and a person settles another."""

    def prepare(self):
        with transaction():
            theirs = add_inbox(app_user_id="a-person", token_encrypted=b"x", connected_at=NOON - DAY)
            add_message(add_conversation(theirs), text="سلام")
            customer = {"external_id": OTHER}
            add_message(add_conversation(add_inbox(app_user_id=None), customer=customer), text="سلام")

    def go(self):
        self.ask()
        self.call(data_deletion.work_off, NOON)
        self.settle()

    def ask(self):
        self.call(data_deletion.request_deletion, "instagram", "a-person", NOON, NOON)
        self.call(data_deletion.request_deletion, "instagram", "nobody-knows", NOON, NOON)

    def settle(self):
        """As a person does who looks at the page: whose wish it is, and where they are gone already, nobody's."""
        for wish in self.call(data_deletion.find_unmatched):
            theirs = [one.customer_id for one in self.rows(Conversation) if one.customer.provider_id == OTHER]
            whom = theirs[0] if theirs else None
            self.press(data_deletion.settle_deletion, wish.id, None, whom, None, LATER)

    def again(self):
        self.ask()
        self.settle()
        self.call(data_deletion.work_off, LATER)

    def state(self):
        wishes = [(one.state, bool(one.inbox_ids)) for one in self.rows(DataDeletion)]
        return wishes, len(self.rows(Inbox)), len(self.rows(Message))


class APersonOfTheShopIsErased(Way):
    def prepare(self):
        with transaction():
            self.owner = add_operator(Role.OWNER).id
            person = add_operator(Role.AGENT, email="sara@shop.test", name="Sara")
            add(Mail(recipient="sara@shop.test", content_encrypted=b"x", due_at=NOON, created_at=NOON))
            add(Audit(at=NOON, action="logged_in", operator_id=person.id, address="203.0.113.77"))
            add(Audit(at=NOON, action="operator_invited", details={"email": "sara@shop.test"}))

    def go(self):
        self.press(export_operator, "sara@shop.test", NOON)
        self.press(erase_operator, "sara@shop.test", NOON)

    def state(self):
        people = sorted((one.name, one.active) for one in self.rows(Operator) if one.id != self.owner)
        log = [(one.action, one.address, bool(one.details.get("email"))) for one in self.rows(Audit)]
        return people, len(self.rows(Mail)), sorted(map(str, {line for line in log if "export" not in line[0]}))


class ABackupIsMade(Way):
    """One that was killed does not keep the next from being made, hours later."""

    servers = ("media_folder", "tmp_path")

    @classmethod
    def settings_with(cls, servers):
        return {"backup_folder": str(servers["tmp_path"] / "backups"), "backup_every_hours": 24, "backup_keep": 3}

    def prepare(self):
        for path in self.archives():
            path.unlink()
        self.desk.take(text("سلام", NOON))

    def archives(self):
        return sorted((self.tmp_path / "backups").glob("*.tar.gz"))

    def go(self):
        self.call(back_up_when_due, lambda: NOON)

    def again(self):
        self.call(back_up_when_due, lambda: NOON + 7 * HOURS)

    def state(self):
        for path in self.archives():
            with tarfile.open(path) as archive:
                assert archive.getnames()[-1] == "end.json"  # whole
        done = [one for one in self.rows(Backup) if one.finished_at and not one.error]
        return len(self.archives()) > 0, len(done) > 0


class TheLogIsSealed(Way):
    def prepare(self):
        with transaction():
            for number in range(3):
                add(Audit(at=NOON, action="logged_in", details={"number": number}))

    def go(self):
        self.call(audit.seal, NOON)

    def state(self):
        report = self.call(audit.verify)
        return report.sealed, report.unsealed, report.problems


class ADigestIsWritten(Way):
    """A thing is told of in one mail, whatever breaks off."""

    settings = {"smtp_url": "smtp://127.0.0.1:9", "mail_from": "a@shop.test", "public_url": "https://p.shop.test"}

    def prepare(self):
        with transaction():
            sara, ali = add_operator(Role.AGENT, email="sara@shop.test"), add_operator(Role.AGENT)
            sara.language, sara.digest, sara.digested_at = "en", Digest.HOURLY, NOON - HOURS
            values = {"operator_id": sara.id, "by_id": ali.id, "kind": NotificationKind.ASSIGNED, "created_at": NOON}
            add(Notification(conversation_id=add_conversation().id, **values))

    def go(self):
        self.call(send_digests, NOON)

    def again(self):
        self.call(send_digests, NOON + 2 * HOURS)

    def state(self):
        return [one.recipient for one in self.rows(Mail)], [
            one.mailed_at is not None for one in self.rows(Notification)
        ]


# --- what the sweep does by itself -----------------------------------------------------------------------------------


class TheSweepComes(Way):
    """What was put off returns, what a person who left held is let go, what its rule gives back is given back, a lost
    send is uncertain, and a correction meets its message."""

    def fill(self):
        webhook_id = self.desk.take(text("یک", NOON, mid="q"))
        inbox_id = self.desk.shop.inbox_id
        with transaction():
            inbox = db.session.get_one(Inbox, inbox_id)
            inbox.give_back_hours = 4
            here, left = add_operator(Role.AGENT), add_operator(Role.AGENT, active=False)
            held = {"state": ConversationState.OPERATOR}
            add_conversation(inbox, **held, operator_id=here.id, snoozed_until=NOON + MINUTES)
            add_conversation(inbox, snoozed_until=NOON + MINUTES)
            add_conversation(inbox, **held, operator_id=left.id, unanswered_since=NOON)
            add_conversation(inbox, **held, operator_id=here.id, person_at=NOON - 5 * HOURS)
            conversation = add_conversation(inbox, **held)
            reply = add_message(conversation, sender=Sender.OPERATOR, external_id=None, text="بله")
            add_delivery(reply, DeliveryState.SENDING, text="بله", lease_until=NOON + MINUTES, attempt=1)
            place = {"inbox_id": inbox_id, "webhook_id": webhook_id, "position": 0, "text": "دو", "question": "دو"}
            add(EarlyEdit(external_id="q", at=NOON + MINUTES, number=1, created_at=NOON, **place))
            add(EarlyEdit(external_id="never", at=NOON, number=1, created_at=NOON - 9 * DAY, **place))

    def go(self):
        self.desk.sweep(LATER)

    def again(self):
        self.desk.sweep(LATER + MINUTES)

    def state(self):
        talks = [(one.state, one.operator_id, one.snoozed_until is None) for one in self.rows(Conversation)]
        told = [one.kind for one in self.rows(Notification)]
        sends = [one.state for one in self.rows(Delivery)]
        return talks, told, sends, self.desk.message("q").text, self.rows(EarlyEdit)


class AConversationIsPutOff(Way):
    """A person puts it off, fetches it back; puts it off again, and it returns and is seen to."""

    def fill(self):
        self.desk.take(text("چنده؟", NOON))
        with transaction():
            add_operator(Role.AGENT)

    def prepare(self):
        self.by = self.rows(Operator)[0].id

    def go(self):
        conversation = self.desk.conversation.id
        self.press(snooze.snooze, conversation, self.by, NOON + HOURS, NOON)
        self.press(snooze.bring_back, conversation, self.by, NOON)
        self.press(snooze.snooze, conversation, self.by, NOON + HOURS, NOON)
        self.call(snooze.wake_snoozed, NOON + HOURS)
        self.press(snooze.mark_seen_to, conversation, self.by, NOON + HOURS)

    def again(self):
        """Who finds it not put off, and not returned, puts it off; the clock, and the person, do the rest."""
        talk = self.desk.conversation
        if talk.state is not ConversationState.OPERATOR:
            self.press(snooze.snooze, talk.id, self.by, NOON + HOURS, NOON)
        self.call(snooze.wake_snoozed, NOON + HOURS)
        self.press(snooze.mark_seen_to, talk.id, self.by, NOON + HOURS)

    def state(self):
        talk = self.desk.conversation
        return talk.state, talk.snoozed_until, talk.returned_at


class AReadingIsBegunAgain(Way):
    """A webhook whose reading broke off is read; one that was tried too often is a person's, and so is one over which
    our own code fails."""

    may_end = (([WebhookState.FAILED, WebhookState.FAILED], []),)
    doubtful = {("read_before", RAISE)}

    def prepare(self):
        self.id = self.desk.record(text("سلام", NOON, mid="one"))
        lost = {"attempts": 5, "received_at": NOON, "body": b"{}"}
        with transaction():
            self.lost = add(Webhook(channel="instagram", state=WebhookState.PENDING, **lost)).id

    def go(self):
        self.read(NOON)

    def read(self, at):
        for webhook_id in (self.id, self.lost):
            self.call(retake, webhook_id, at)

    def again(self):
        self.read(LATER)

    def state(self):
        return [one.state for one in self.rows(Webhook)], [one.external_id for one in self.rows(Message)]


class AReadingHasNoTurnToWrite(AReadingIsBegunAgain):
    """It waits in vain for the others who write, and is counted no more; the next one reads."""

    def go(self):
        receive, begun.receive = begun.receive, self.wait_in_vain
        try:
            with suppress(NoTurn):
                super().go()
        finally:
            begun.receive = receive

    def wait_in_vain(self, *_args):
        raise NoTurn("No turn to write came.")

    def again(self):
        receive, begun.receive = begun.receive, receiving.receive
        try:
            self.read(LATER)
        finally:
            begun.receive = receive


class ABackupIsPutBack(Way):
    """What was under way when it was made comes before people, and so does what lay unread. Who sees the restoring break
    off begins it anew; what fails at its reading stays on the ledger for them."""

    SENDS = [(state, NOON) for state in (DeliveryState.SENDING, DeliveryState.SENDING, CommentState.SENDING)]
    may_end = ((SENDS, [WebhookState.FAILED], [TurnState.HANDED_OVER], [ConversationState.HANDED_OVER]),)
    doubtful = {("read_before", RAISE)}

    def fill(self):
        self.desk.record(text("چنده؟", NOON))
        with transaction():
            conversation = add_conversation()
            add(Comment(inbox_id=conversation.inbox_id, external_id="c", state=CommentState.QUEUED, **COMMENTED))
            add_turn(conversation, TurnState.OPEN)
            for state in (DeliveryState.PENDING, DeliveryState.SENDING):
                reply = add_message(conversation, sender=Sender.ASSISTANT, external_id=None, text="بله")
                add_delivery(reply, state, text="بله")

    def go(self):
        self.call(settle_restored.settle_restored, NOON)

    def state(self):
        sends = [(one.state, one.lease_until) for table in (Delivery, Comment) for one in self.rows(table)]
        return sends, *([one.state for one in self.rows(table)] for table in (Webhook, Turn, Conversation))


WAYS = (
    TheInboxIsReadBack,
    TheProviderIsAway,
    APostIsLookedUp,
    AnAccountIsDisconnected,
    PostsFindTheirProducts,
    FactsHaveVectors,
    APageIsRead,
    ThePageIsAway,
    TalliesAreKept,
    TheSearchIsFilled,
    ErasedWordsAreWiped,
    SomebodyWishesToBeDeleted,
    APersonOfTheShopIsErased,
    ABackupIsMade,
    TheLogIsSealed,
    ADigestIsWritten,
    TheSweepComes,
    AConversationIsPutOff,
    AReadingIsBegunAgain,
    AReadingHasNoTurnToWrite,
    ABackupIsPutBack,
)
ROOMS = (
    "conversations.upkeep",
    "conversations.reconcile",
    "conversations.own_posts",
    "conversations.disconnect",
    "conversations.match_posts",
    "conversations.embed_facts",
    "conversations.tally.rebuild",
    "conversations.tally._begin",
    "conversations.tally._count",
    "conversations.tally._end",
    "conversations.tally.keep_zone",
    "conversations.keep_counters",
    "conversations.data_deletion",
    "conversations.digest",
    "conversations.sweep",
    "conversations.release",
    "conversations.give_back_due",
    "conversations.edit",
    "conversations.snooze",
    "conversations.retake",
    "conversations.settle_restored",
    "search.fill",
    "search.wipe",
    "people.erase",
    "knowledge.read",
    "knowledge.csv_import.drop_old_imports",
    "backup.make",
    "audit",
)
DOORS = ("graph", "outside", "model", "dump", "lines")


@pytest.mark.timeout(300)
@pytest.mark.parametrize("kind", WAYS, ids=lambda kind: kind.__name__)
def test_a_fault_at_any_place_changes_nothing_of_the_end(course, kind):
    course.try_every_place(kind)


def test_every_commit_of_these_rooms_is_passed(course):
    course.expect_passed(WAYS, ROOMS, DOORS)
