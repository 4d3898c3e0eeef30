"""Trials: the assistant is asked as it would be, nothing is sent, and nothing of it is stored as a conversation.

A trial's rows are really made, by the verbs that make every message's, in a transaction that is taken back: so what is
tried is what would happen, with pairing, facts and instructions. Trial and result lie in Redis for an hour.
"""

import json
import logging
import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from redis.exceptions import RedisError
from sqlalchemy import ColumnElement, and_, select

from pilito import hints, keys
from pilito.assistant.check import CHECK_NAMES
from pilito.assistant.compose import compose
from pilito.assistant.types import Completion, HandOver, Model, Reply, TurnInput
from pilito.channels.base import Inbound, SharedMedia
from pilito.conversations import outbox, spending
from pilito.conversations.answer import input_of, proof_from
from pilito.conversations.drafts import columns_of
from pilito.conversations.facts import Place, facts_of
from pilito.conversations.post_facts import TurnPost, posts_behind, with_posts
from pilito.conversations.store import get_conversation, store_message
from pilito.database import Transaction, transaction
from pilito.errors import Refused
from pilito.extensions import redis, settings
from pilito.lifecycle import AssistantMode, HandOverReason, MessageType, Sender
from pilito.models import Conversation, Draft, Inbox, Message, OwnPost, db

log = logging.getLogger(__name__)

Json = dict[str, Any]

LONGEST_QUESTION, LONGEST_CAPTION = 2000, 2200  # characters
MOST_TURNS = 10
TRIES, TRIES_SECONDS = 30, 600  # of one operator: each costs what an answer costs


@dataclass(frozen=True)
class Share:
    """The post of a trial: one of the shop's own, or a caption and a link as somebody else's post would have them."""

    own_post_id: int | None = None
    caption: str = ""
    link: str = ""


@dataclass(frozen=True)
class _Asked:
    """What the assistant would be asked, as plain data: the rows behind it may be gone by the time it is."""

    place: Place
    turn: TurnInput
    posts: tuple[TurnPost, ...]


class _Undo(Exception):
    """Takes the rows of a trial back."""


class _Listener:
    """A model that is asked, with everything that was said to it and by it."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.asked: list[list[dict[str, Any]]] = []
        self.said: list[str] = []

    def complete(self, messages: list[dict[str, str]]) -> Completion:
        self.asked.append(list(messages))
        completion = self.model.complete(messages)
        self.said.append(completion.text)
        return completion


# --- asking for one --------------------------------------------------------------------------------------------------


def begin_trial(inbox_id: int, operator_id: int, question: str, share: Share | None, after: str | None) -> str:
    """Have a worker ask the assistant; return the trial's name. `after` names an earlier trial that this one goes on.

    Raises Refused (question_empty, too_long, too_many_trials, trial_gone, trial_not_taken).
    """
    question = question.replace("\0", "").strip()
    if not question:
        raise Refused("question_empty", "A trial needs a question.")
    if len(question) > LONGEST_QUESTION or (share and len(share.caption) > LONGEST_CAPTION):
        raise Refused("too_long", "A question or caption is too long.")
    said: list[Json] = []
    if after:
        before = read_trial(inbox_id, after)
        if before.get("again"):  # a customer's words: what goes on from them would not be found when they go
            raise Refused("trial_gone", "No trial goes on from one about a conversation.")
        said = [*before["said"], {**before["asked"], "answer": (before.get("result") or {}).get("text", "")}]
    asked = {"question": question, "share": vars(share) if share else None}
    return _begin(inbox_id, operator_id, {"said": said[-MOST_TURNS:], "asked": asked})


def begin_again(
    conversation_id: int, operator_id: int, message_id: int | None, draft_id: int | None
) -> tuple[int, str]:
    """Have the turn of this reply or draft asked once more; return the inbox and the trial's name.

    Raises Refused (not_found, too_many_trials, trial_not_taken).
    """
    conversation = db.session.get(Conversation, conversation_id)
    if conversation is None or not _questions(conversation, message_id, draft_id):
        raise Refused("trial_without_question", "There is no question of a customer to ask again.")
    old = _old(message_id, draft_id)
    inbox_id = conversation.inbox_id
    again = {"conversation_id": conversation_id, "message_id": message_id, "draft_id": draft_id}
    return inbox_id, _begin(inbox_id, operator_id, {"said": [], "asked": {}, "again": again, "old": old})


def _begin(inbox_id: int, operator_id: int, trial: Json) -> str:
    name = secrets.token_urlsafe(12)
    about = trial["again"]["conversation_id"] if "again" in trial else None
    db.session.rollback()  # no session is open while Redis is asked
    try:
        count_key = keys.trials_of(operator_id)
        with redis.pipeline() as pipe:
            pipe.incr(count_key)
            pipe.expire(count_key, TRIES_SECONDS, nx=True)
            count = pipe.execute()[0]
        if count > TRIES:
            raise Refused("too_many_trials", f"At most {TRIES} trials in {TRIES_SECONDS} s.")
        with redis.pipeline() as pipe:
            pipe.set(keys.trial(name), json.dumps({"inbox_id": inbox_id, **trial}), ex=keys.TRIAL_SECONDS)
            if about is not None:  # so that it goes with the customer, or with what they unsend
                pipe.sadd(keys.trials_about(about), name)
                pipe.expire(keys.trials_about(about), keys.TRIAL_SECONDS)
            pipe.execute()
    except RedisError as error:
        raise Refused("trial_not_taken", f"Redis is away: {error}") from error
    hints.hint(keys.REPLIES, keys.TRIAL_JOB, name)
    return name


def read_trial(inbox_id: int, name: str) -> Json:
    """Return a trial, with its `result` when there is one. Raises Refused (trial_gone)."""
    try:
        kept = redis.get(keys.trial(name))
    except RedisError:
        kept = None
    trial: Json = json.loads(kept) if kept else {}
    if trial.get("inbox_id") != inbox_id:
        raise Refused("trial_gone", "There is no such trial any more.")
    return trial


# --- running one -----------------------------------------------------------------------------------------------------


def run_trial(name: str, model: Model, now: datetime) -> None:
    """Ask the assistant, and keep what came of it; harmless twice."""
    kept = redis.get(keys.trial(name))
    trial: Json = json.loads(kept) if kept else {}
    if not trial or "result" in trial:
        return
    try:
        asked = _rebuild(trial["again"]) if trial.get("again") else _build(trial, name, now)
        turn = _with_facts(asked, now)
        listener = _Listener(model)
        outcome = _asked(turn, listener, now)
        result = _result(turn, outcome, listener)
        with transaction():  # it costs what an answer costs, and counts for the budget of the day
            spending.note(None, outcome.working, now)
    except Exception as error:
        log.exception("Trial %s broke.", name)
        result = {"error": type(error).__name__}
    with redis.pipeline() as pipe:
        # Only where it still is: what was forgotten meanwhile must not come back.
        pipe.set(keys.trial(name), json.dumps({**trial, "result": result}), ex=keys.TRIAL_SECONDS, xx=True)
        if trial.get("again"):  # found by it as long as it lives
            pipe.expire(keys.trials_about(trial["again"]["conversation_id"]), keys.TRIAL_SECONDS)
        pipe.execute()


def _asked(turn: TurnInput, model: Model, now: datetime) -> Reply | HandOver:
    """As a customer would be answered: when the budget of the day is used up, by a person."""
    budget = spending.used_up(None, now)
    db.session.rollback()  # no session is open while the model is asked
    if budget:
        return HandOver(HandOverReason.BUDGET_USED, budget)
    return compose(turn, model, settings.model_prompt_tokens)


def _with_facts(asked: _Asked, now: datetime) -> TurnInput:
    found = replace(asked.turn, facts=(*asked.turn.facts, *facts_of(asked.place, asked.turn, now)))
    return with_posts(found, asked.place.inbox_id, asked.posts, now)


def _build(trial: Json, name: str, now: datetime) -> _Asked:
    """What the assistant would be asked, from rows that are taken back."""
    made: list[_Asked] = []
    try:
        with transaction() as tx:
            inbox = db.session.get_one(Inbox, trial["inbox_id"])
            conversation = get_conversation(inbox, f"trial-{name}", now)
            conversation.assistant_mode = AssistantMode.DRAFT  # the hour does not count here
            turns = [*trial["said"], trial["asked"]]
            for number, said in enumerate(turns):
                at = now - timedelta(minutes=5 * (len(turns) - 1 - number))
                message = _say(tx, inbox, conversation, said, f"trial-{name}-{number}", at)
                if said.get("answer"):
                    _answer(conversation, message, said["answer"], at + timedelta(minutes=1))
            made.append(_asked_of(conversation, [message]))
            raise _Undo
    except _Undo:
        db.session.rollback()
    return made[0]


def _say(tx: Transaction, inbox: Inbox, conversation: Conversation, said: Json, name: str, at: datetime) -> Message:
    """The customer's question, after the post that it is about."""
    customer_id = conversation.customer.external_id
    share = _media(inbox, said["share"]) if said["share"] else None
    if share is not None:
        sent_at = at - timedelta(seconds=5)
        item = Inbound(
            inbox.external_id, customer_id, f"{name}-share", sent_at, MessageType.SHARE, "share", share=share
        )
        store_message(tx, inbox, item, at, None)
    item = Inbound(inbox.external_id, customer_id, name, at, MessageType.TEXT, "text", text=said["question"])
    outcome = store_message(tx, inbox, item, at, None)
    db.session.flush()
    return db.session.get_one(Message, outcome.message_id)


def _media(inbox: Inbox, share: Json) -> SharedMedia:
    own = db.session.get(OwnPost, share["own_post_id"]) if share.get("own_post_id") else None
    if own is not None and own.inbox_id == inbox.id:
        return SharedMedia("share", media_id=own.media_id, caption=own.caption, permalink=own.permalink)
    link = share["link"] or None
    return SharedMedia("share", caption=share["caption"] or None, permalink=link)


def _answer(conversation: Conversation, message: Message, text: str, at: datetime) -> None:
    reply = outbox.add_reply(conversation, Sender.ASSISTANT, text, at)
    db.session.flush()
    message.answered_by_id = reply.id


def _rebuild(again: Json) -> _Asked:
    """What the assistant would be asked about an old turn, with today's facts."""
    conversation = db.session.get_one(Conversation, again["conversation_id"])
    asked = _asked_of(conversation, _questions(conversation, again["message_id"], again["draft_id"]))
    db.session.rollback()
    return asked


def _asked_of(conversation: Conversation, messages: list[Message]) -> _Asked:
    turn = input_of(conversation, messages)
    place = Place(conversation.inbox_id, conversation.inbox.facts_version)
    return _Asked(place, turn, posts_behind(turn, place.inbox_id))


def _questions(conversation: Conversation, message_id: int | None, draft_id: int | None) -> list[Message]:
    """What the reply or the draft answers, as far as it is still there."""
    theirs = and_(
        Message.conversation_id == conversation.id, Message.sender == Sender.CUSTOMER, Message.deleted_at.is_(None)
    )
    which: ColumnElement[bool]
    if draft_id is not None:
        draft = db.session.get(Draft, draft_id)
        which = Message.id.in_(draft.message_ids if draft and draft.conversation_id == conversation.id else [])
    else:
        which = Message.answered_by_id == message_id
    return list(db.session.scalars(select(Message).where(theirs, which).order_by(Message.sent_at, Message.id)))


def _old(message_id: int | None, draft_id: int | None) -> Json:
    """What it said the first time."""
    if draft_id is not None:
        draft = db.session.get_one(Draft, draft_id)
        return {"text": draft.text, "finding": draft.finding, "working": draft.working}
    message = db.session.get_one(Message, message_id)
    return {"text": message.words, "finding": "", "working": columns_of(message.proof) if message.proof else {}}


def _result(turn: TurnInput, outcome: Reply | HandOver, listener: _Listener) -> Json:
    is_reply = isinstance(outcome, Reply)
    return {
        "prompts": listener.asked,
        "raw": listener.said,
        "questions": list(turn.questions),
        "outcome": "reply" if is_reply else "hand_over",
        "text": outcome.text,
        "asks_which": isinstance(outcome, Reply) and outcome.asks_which,
        "reason": outcome.reason.value if isinstance(outcome, HandOver) else None,
        "finding": outcome.detail if isinstance(outcome, HandOver) else "",
        "checks": list(CHECK_NAMES),
        "working": columns_of(proof_from(outcome.working)) if outcome.working else {},
    }
