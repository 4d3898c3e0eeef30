"""A crash, an error and a pause at every commit and every outside call of what is on no event's way.

Retention, erasing, two customers who are one, comments, the end of a share's wait. How each is tried: ways.py.
"""

import itertools
import json
from datetime import timedelta

import pytest
from rows import NOON, add, add_conversation, add_inbox, add_message
from shop import ACCOUNT, CUSTOMER, attachment, reel, seconds, text
from sqlalchemy import update
from ways import KILL, PAUSE, RAISE, Way

from pilito.channels.base import Post, PublicComment
from pilito.conversations import comments, labels, retention
from pilito.conversations.erase import erase_commenter, erase_customer, erase_inbox
from pilito.conversations.expire import end_wait, expire, expire_due
from pilito.conversations.merge import merge, unmerge
from pilito.conversations.own_posts import keep_posts
from pilito.database import transaction
from pilito.lifecycle import CommentState, Role, WebhookState
from pilito.models import (
    Audit,
    Comment,
    Conversation,
    ConversationLabel,
    Customer,
    Inbox,
    Label,
    ModelUse,
    Operator,
    Share,
    Webhook,
    db,
)

pytestmark = [pytest.mark.whole, pytest.mark.sqlite_only]  # some 300 cells

OTHER = "600000000000002"
DAY = timedelta(days=1)
LATER = NOON + timedelta(minutes=5)  # every lease is over


# --- the wait of a share ---------------------------------------------------------------------------------------------


class AWaitEnds(Way):
    """By its timer, together with another's, and by itself while the other is being written."""

    ends = NOON + seconds(121)

    def fill(self):
        for customer in (CUSTOMER, OTHER):
            self.desk.take(reel(NOON, mid=f"post-{customer}", customer=customer))

    def go(self):
        first, second = self.desk.rows(Share)
        self.call(expire, first.conversation_id, first.message_id, self.ends)
        self.call(end_wait, second.conversation_id, second.message_id, self.ends)

    def again(self):
        self.call(expire_due, self.ends)

    def state(self):
        return [(share.state, share.expires_at) for share in self.desk.rows(Share)], self.graph.sent


# --- what is kept for a while ----------------------------------------------------------------------------------------


class TimeIsOver(Way):
    """Silent customers go by the way of all who are erased, below."""

    settings = {"keep_bodies_days": 30, "keep_model_use_days": 30}

    def prepare(self):
        with transaction():
            for age in (40, 35, 2):
                add(Webhook(channel="instagram", received_at=NOON - age * DAY, body=b"{}", state=WebhookState.READ))
                add(ModelUse(at=NOON - age * DAY, model="m", tokens=1, cost_micros=1))

    def go(self):
        self.call(retention.let_go, NOON)

    def state(self):
        return [bool(hook.body) for hook in self.desk.rows(Webhook)], len(self.desk.rows(ModelUse))


# --- erasing ---------------------------------------------------------------------------------------------------------


def comment_body(external_id="comment-1", author=CUSTOMER, words="چنده؟", at=NOON):
    value = {"id": external_id, "from": {"id": author, "username": "sara"}, "text": words, "media": {"id": "post-1"}}
    entry = {"id": ACCOUNT, "time": int(at.timestamp()), "changes": [{"field": "comments", "value": value}]}
    return json.dumps({"object": "instagram", "entry": [entry]}).encode()


class ACustomerIsErased(Way):
    """With what they wrote, their comment and its private reply, their picture, their ledger, their other self.

    An error at each of its many steps is tried in test_erase.py.
    """

    deeds = (KILL, PAUSE)

    def fill(self):
        switch_comments(self.desk)
        self.graph.commenters = {"comment-1": CUSTOMER}
        self.desk.take(comment_body())
        self.call(comments.reply_privately, self.desk.rows(Comment)[0].id, None, "سلام", NOON)
        self.call(comments.send_private_reply, self.desk.rows(Comment)[0].id, lambda: NOON)
        for customer in (CUSTOMER, OTHER):
            self.desk.take(
                reel(NOON, mid=f"post-{customer}", customer=customer),
                text("این چنده؟", NOON + seconds(1), mid=f"question-{customer}", customer=customer),
                *([attachment("image", NOON + seconds(2), customer=customer)] if customer == CUSTOMER else []),
            )
        mine, other = (one.id for one in self.desk.rows(Conversation))
        self.call(merge, mine, other, None, NOON)

    @property
    def customer(self):
        return next((one.id for one in self.desk.rows(Customer) if one.provider_id == CUSTOMER), 0)

    def go(self):
        self.press(erase_customer, self.customer, LATER)

    def state(self):
        bodies = b"".join(hook.body for hook in self.desk.rows(Webhook))
        customers = [(one.external_id, one.same_as_id) for one in self.desk.rows(Customer)]
        return customers, CUSTOMER.encode() in bodies, len(self.desk.rows(Comment)), self.lines()


class ACommenterIsErased(Way):
    def fill(self):
        switch_comments(self.desk)
        self.desk.take(comment_body())
        self.desk.take(comment_body("comment-2", OTHER))

    def go(self):
        self.call(erase_commenter, self.desk.shop.inbox_id, CUSTOMER, LATER)

    def again(self):
        if CUSTOMER in {one.author_external_id for one in self.desk.rows(Comment)}:
            self.go()  # who looks finds them still

    def state(self):
        bodies = b"".join(hook.body for hook in self.desk.rows(Webhook))
        return [one.author_external_id for one in self.desk.rows(Comment)], CUSTOMER.encode() in bodies, self.lines()


class AnInboxIsErased(Way):
    def prepare(self):
        self.desk.take(text("سلام", NOON))
        with transaction():
            self.gone = add_inbox(channel="instagram", external_id="17841400000000777").id
            add_message(add_conversation(db.session.get_one(Inbox, self.gone)))

    def go(self):
        self.call(erase_inbox, self.gone, LATER)

    def state(self):
        return [one.id == self.gone for one in self.desk.rows(Inbox)], len(self.desk.rows(Customer)), self.lines()


# --- two who are one -------------------------------------------------------------------------------------------------


class TwoAreOne(Way):
    def prepare(self):
        with transaction():
            inbox = add_inbox()
            self.ids = [add_conversation(inbox).id for _ in range(3)]

    def go(self):
        self.press(merge, self.ids[0], self.ids[1], None, NOON)
        self.press(merge, self.ids[0], self.ids[2], None, NOON)

    def state(self):
        rows = self.desk.rows(Customer)
        first = rows[0].id
        return [one.same_as_id and one.same_as_id - first for one in rows], self.lines_of_conversations()

    def lines_of_conversations(self):
        return [
            (line.action, line.conversation_id - self.ids[0]) for line in self.desk.rows(Audit) if line.conversation_id
        ]


class OneIsTwoAgain(TwoAreOne):
    def prepare(self):
        super().prepare()
        super().go()

    def go(self):
        """Who sees them apart does not press again: to take out who is alone is nothing."""
        self.press(unmerge, self.ids[0], None, LATER)


# --- comments --------------------------------------------------------------------------------------------------------


def switch_comments(desk, reply=""):
    with transaction():
        inbox = db.session.get_one(Inbox, desk.shop.inbox_id)
        inbox.options = {**inbox.options, comments.OPTION: "on", comments.REPLY_OPTION: reply}


class APersonAnswersAComment(Way):
    """Not sent twice whatever happens: where nobody knows whether it left, a person is asked; and nowhere else."""

    may_end = (CommentState.UNKNOWN,)
    doubtful = {
        ("conversations.comments._claim_after", KILL),
        *itertools.product(("graph_before", "graph_after"), (KILL, RAISE)),
        *itertools.product(("conversations.comments._record_receipt_before",), (KILL, RAISE)),
    }

    def fill(self):
        switch_comments(self.desk)
        self.graph.commenters = {"comment-1": CUSTOMER}
        self.desk.take(comment_body())

    def prepare(self):
        self.id = self.desk.rows(Comment)[0].id

    def go(self):
        self.press(comments.reply_privately, self.id, None, "سلام", NOON)
        self.call(comments.send_private_reply, self.id, lambda: NOON)

    def again(self):
        self.press(comments.reply_privately, self.id, None, "سلام", NOON)
        self.call(comments.wake_replies, LATER)
        self.call(comments.send_private_reply, self.id, lambda: LATER)

    def state(self):
        [comment] = self.desk.rows(Comment)
        assert len(self.graph.sent) <= 1
        assert comment.state in (CommentState.REPLIED, CommentState.UNKNOWN)
        return comment.state if comment.state is CommentState.UNKNOWN else (comment.state, len(self.graph.sent))


class TheProviderIsBusy(APersonAnswersAComment):
    """Its answer is an error that passes; then it is sent. Whoever sleeps for longer than the lease is taken for lost,
    with what they sent."""

    doubtful = {
        *itertools.product(("conversations.comments._claim_after",), (KILL, PAUSE)),
        *itertools.product(("graph_before", "graph_after"), (KILL, RAISE, PAUSE)),
        *itertools.product(("conversations.comments._record_error_before",), (KILL, RAISE)),
    }

    def prepare(self):
        super().prepare()
        self.graph.script = [(400, {"error": {"code": 4, "message": "(#4) limit"}})]

    def state(self):
        self.call(comments.wake_replies, LATER + timedelta(hours=2))
        self.call(comments.send_private_reply, self.id, lambda: LATER + timedelta(hours=2))
        return super().state()


class WhatBecameOfItIsSaid(Way):
    """A lost one is uncertain, and a person says that it arrived."""

    def prepare(self):
        switch_comments(self.desk)
        self.desk.take(comment_body())
        lost = {"state": CommentState.SENDING, "lease_until": NOON, "reply_text": "سلام", "attempt": 1}
        with transaction():
            db.session.execute(update(Comment).values(lost))
        self.id = self.desk.rows(Comment)[0].id

    def go(self):
        self.call(comments.wake_replies, LATER)
        self.press(comments.settle_private_reply, self.id, True, None, LATER)

    def state(self):
        [comment] = self.desk.rows(Comment)
        return comment.state, len(self.desk.rows(Conversation)), self.graph.sent, self.lines()


class CommentsAreFound(Way):
    """Switched on, read back, and given their post."""

    def prepare(self):
        with transaction():
            operator = Operator(email="o@shop.test", name="O", password_hash="!", role=Role.ADMIN, created_at=NOON)
            self.operator = add(operator).id

    def go(self):
        self.call(comments.choose_comments, self.desk.shop.inbox_id, True, "", self.operator, NOON)
        self.find()

    def again(self):
        if (self.desk.rows(Inbox)[0].options or {}).get(comments.OPTION) != comments.ON:
            self.call(comments.choose_comments, self.desk.shop.inbox_id, True, "", self.operator, NOON)
        self.find()

    def find(self):
        found = [
            PublicComment(ACCOUNT, f"missed-{number}", NOON, OTHER, text="؟", media_id="post-1") for number in range(2)
        ]
        self.call(comments.take_missed, self.desk.shop.inbox_id, found, NOON)
        self.call(keep_posts, self.desk.shop.inbox_id, [Post("post-1", "پیراهن", "https://x.test/p", "p")], NOON)
        self.call(comments.fill_posts, self.desk.shop.inbox_id)

    def state(self):
        found = [(one.external_id, one.own_post_id is not None) for one in self.desk.rows(Comment)]
        return found, [one for one in self.lines() if one[0] == "chose_comments"]


# --- labels ----------------------------------------------------------------------------------------------------------


class LabelsAreTidied(Way):
    """One is taken up into another, one is deleted; both come off conversations step by step."""

    def prepare(self):
        with transaction():
            inbox = add_inbox()
            talks = [add_conversation(inbox).id for _ in range(3)]
            self.ids = [add(Label(name=name, colour="red", created_at=NOON)).id for name in ("urgent", "soon", "old")]
            for label, talk in ((0, 0), (0, 1), (1, 1), (2, 2)):
                add(ConversationLabel(conversation_id=talks[talk], label_id=self.ids[label], created_at=NOON))

    def go(self):
        self.press(labels.merge_labels, self.ids[0], self.ids[1], None, NOON)
        self.press(labels.delete_label, self.ids[2], None, NOON)

    def state(self):
        worn = sorted((one.conversation_id, one.label_id - self.ids[0]) for one in self.rows(ConversationLabel))
        return [one.name for one in self.rows(Label)], [label for _talk, label in worn], self.lines()


WAYS = (
    AWaitEnds,
    TimeIsOver,
    ACustomerIsErased,
    ACommenterIsErased,
    AnInboxIsErased,
    TwoAreOne,
    OneIsTwoAgain,
    APersonAnswersAComment,
    TheProviderIsBusy,
    WhatBecameOfItIsSaid,
    CommentsAreFound,
    LabelsAreTidied,
)


# --- the cells -------------------------------------------------------------------------------------------------------

ROOMS = (
    "conversations.expire",
    "conversations.retention",
    "conversations.merge",
    "conversations.comments",
    "conversations.erase",
    "conversations.labels.merge_labels",
    "conversations.labels._move",
    "conversations.labels.delete_label",
    "conversations.labels._take_off",
)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("kind", WAYS, ids=lambda kind: kind.__name__)
def test_a_fault_at_any_place_changes_nothing_of_the_end(course, kind):
    course.try_every_place(kind)


def test_every_commit_of_these_rooms_is_passed(course):
    course.expect_passed(WAYS, ROOMS)
