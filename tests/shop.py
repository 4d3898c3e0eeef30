"""A shop on Instagram as the tests drive it: signed webhooks in, real jobs, sends out."""

import hashlib
import hmac
import json
from datetime import datetime, timedelta
from itertools import count

from pilito import hints, keys
from pilito.clock import utc_now
from pilito.conversations.connect import connect
from pilito.jobs.scheduler import Timer
from pilito.jobs.worker import ThreadWorker
from pilito.lifecycle import AssistantMode
from pilito.models import Conversation, Message, Share, db

TEST_SECRET = "a secret of the tests, long enough"
VERIFY_TOKEN = "a verify token of the tests"
ACCOUNT = "17841400000000001"
CUSTOMER = "600000000000001"
CAPTION = "پیراهن نخی گل‌دار 🌸\nقیمت: ۲٬۰۰۰٬۰۰۰ تومان\nسایز ۳۸ تا ۴۴"
REEL_URL = "https://www.instagram.com/reel/DAbcdefghij/"

_numbers = count(1)


class BurstWorker(ThreadWorker):
    """Our worker, as it is, for one burst in the test's own thread."""

    def subscribe(self):
        """No pub/sub thread: the burst ends before anybody could stop it."""

    def unsubscribe(self):
        pass


class Shop:
    """Give it the app; `post` sends a body to the webhook, `work` runs every queue until it is empty."""

    def __init__(self, app, graph, model, secret):
        self.app, self.graph, self.model, self.secret = app, graph, model, secret
        self.client = app.test_client()
        self.timer = Timer()
        self.inbox_id = connect("instagram", "گالری نیلوفر", ACCOUNT, "a-token", {}, AssistantMode.AUTO, utc_now())

    def post(self, body):
        """Post a signed body, raw bytes or a dict; return the answer."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        signature = "sha256=" + hmac.new(self.secret.encode(), raw, hashlib.sha256).hexdigest()
        headers = {"X-Hub-Signature-256": signature, "Content-Type": "application/json"}
        return self.client.post("/webhooks/instagram", data=raw, headers=headers)

    def receive(self, *items):
        """Post the items in one webhook, and have them read; return their messages."""
        assert self.post(webhook(*items)).status_code == 200
        self.work(keys.RECEIVE)
        mids = [item["message"]["mid"] for item in items if "message" in item]
        db.session.rollback()
        messages = [self.message(mid) for mid in mids]
        return messages[0] if len(messages) == 1 else messages

    def work(self, *queues):
        """Run the jobs of these queues, or of all until none is left."""
        for _ in range(20):
            if not self._work_through(queues or keys.QUEUES):
                return
        raise AssertionError("The queues do not run empty.")

    def _work_through(self, queues):
        """Run the jobs of each queue in turn; tell whether there were any."""
        worked = False
        while (place := self._first_with_jobs(queues)) is not None:
            worked = self._burst(queues[place]) or worked
            queues = queues[place + 1 :]
        return worked

    def _first_with_jobs(self, queues):
        """Asked for all queues in one journey: most are empty, and a worker's birth and death take longer than most jobs."""
        with self.app.extensions["pilito_redis"].pipeline(transaction=False) as pipe:
            for queue in queues:
                pipe.llen(hints.queue(queue).key)
            counts = pipe.execute()
        return next((place for place, count in enumerate(counts) if count), None)

    def _burst(self, queue):
        return BurstWorker(self.app, queue, self.app.extensions["pilito_redis"]).work(burst=True)

    def tick(self, at):
        """Let the scheduler look at the clock."""
        return self.timer.tick(at.timestamp())

    def message(self, mid):
        db.session.rollback()
        return db.session.scalar(
            db.select(Message).filter_by(external_id=mid).execution_options(populate_existing=True)
        )

    @property
    def conversation(self):
        db.session.rollback()
        return db.session.scalar(db.select(Conversation).execution_options(populate_existing=True))

    def share_of(self, message):
        db.session.rollback()
        return db.session.scalar(
            db.select(Share).filter_by(message_id=message.id).execution_options(populate_existing=True)
        )


def webhook(*items, account=ACCOUNT, place="messaging"):
    return {"object": "instagram", "entry": [{"id": account, "time": 1, place: list(items)}]}


def standby(*items):
    """The body of a webhook whose events are another app's business."""
    return json.dumps(webhook(*items, place="standby")).encode()


def item(sent_at: datetime, message: dict, customer=CUSTOMER, account=ACCOUNT) -> dict:
    message.setdefault("mid", f"mid.{next(_numbers)}")
    return {
        "sender": {"id": customer},
        "recipient": {"id": account},
        "timestamp": int(sent_at.timestamp() * 1000),
        "message": message,
    }


def text(words, sent_at, **where):
    mid = where.pop("mid", None)
    return item(sent_at, {"text": words, **({"mid": mid} if mid else {})}, **where)


def reel(sent_at, caption=CAPTION, **where):
    mid = where.pop("mid", None)
    payload = {"reel_video_id": "18000000000000001", "title": caption, "url": REEL_URL}
    message = {"attachments": [{"type": "ig_reel", "payload": payload}], **({"mid": mid} if mid else {})}
    return item(sent_at, message, **where)


def attachment(kind, sent_at, url="https://lookaside.fbsbx.com/x", **where):
    return item(sent_at, {"attachments": [{"type": kind, "payload": {"url": url}}]}, **where)


def echo(words, sent_at, mid, customer=CUSTOMER, account=ACCOUNT):
    return {
        "sender": {"id": account},
        "recipient": {"id": customer},
        "timestamp": int(sent_at.timestamp() * 1000),
        "message": {"mid": mid, "text": words, "is_echo": True},
    }


def unsent(mid, sent_at, customer=CUSTOMER, account=ACCOUNT):
    return {
        "sender": {"id": customer},
        "recipient": {"id": account},
        "timestamp": int(sent_at.timestamp() * 1000),
        "message": {"mid": mid, "is_deleted": True},
    }


def about(sent_at, customer=CUSTOMER, account=ACCOUNT, by_shop=False, **said):
    """An event around a message: `about(NOON, read={"mid": "m"})`."""
    sender, recipient = (account, customer) if by_shop else (customer, account)
    return {
        "sender": {"id": sender},
        "recipient": {"id": recipient},
        "timestamp": int(sent_at.timestamp() * 1000),
        **said,
    }


def reaction(mid, sent_at, emoji="❤️", action="react", **where):
    return about(sent_at, reaction={"mid": mid, "action": action, "reaction": "love", "emoji": emoji}, **where)


def edited(mid, words, sent_at, number=1, **where):
    return about(sent_at, message_edit={"mid": mid, "text": words, "num_edit": number}, **where)


def seen(mid, sent_at, **where):
    return about(sent_at, read={"mid": mid}, **where)


def from_ad(sent_at, title="حراج پاییزه", **where):
    ad = {"ad_title": title, "photo_url": "https://lookaside.fbsbx.com/ad"}
    return about(sent_at, referral={"ad_id": "77", "source": "ADS", "ads_context_data": ad}, **where)


def seconds(number) -> timedelta:
    return timedelta(seconds=number)
