"""From a turn to a reply or a hand-over, with models that obey, fail and misbehave."""

import json

import pytest

from pilito.assistant.check import CHECK_NAMES
from pilito.assistant.compose import compose
from pilito.assistant.prompt import build_prompt
from pilito.assistant.types import Completion, Fact, HandOver, Reply, TurnInput
from pilito.errors import ModelError
from pilito.lifecycle import HandOverReason

TURN = TurnInput("گالری", ("این لباس چقدره؟",), facts=(Fact("caption", "قیمت: ۱٬۸۵۰٬۰۰۰ تومان"),))


class Says:
    """A model that says the same whatever it is asked."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.asked: list[list[dict[str, str]]] = []

    def complete(self, messages: list[dict[str, str]]) -> Completion:
        self.asked.append(messages)
        return Completion(self.text, "small", 120, 50, 9)


class Fails:
    def complete(self, messages: list[dict[str, str]]) -> Completion:
        raise ModelError("model_overloaded", "HTTP 429")


class RepeatsThePrompt:
    """A model that obeys an attacker who wants to see what it was given."""

    def complete(self, messages: list[dict[str, str]]) -> Completion:
        reply = messages[1]["content"][:500]
        return Completion(json.dumps({"reply": reply, "hand_over": False}), "small", 1)


def test_a_reply_carries_its_working():
    model = Says('{"reply": "قیمت ۱٬۸۵۰٬۰۰۰ تومان است.", "hand_over": false, "reason": ""}')

    outcome = compose(TURN, model)

    assert isinstance(outcome, Reply)
    assert outcome.text == "قیمت ۱٬۸۵۰٬۰۰۰ تومان است."
    assert outcome.working.prompt_hash == build_prompt(TURN).hash
    assert outcome.working.facts == TURN.facts
    assert outcome.working.checks == CHECK_NAMES
    assert (outcome.working.model, outcome.working.milliseconds) == ("small", 120)
    assert (outcome.working.input_tokens, outcome.working.output_tokens) == (50, 9)


def test_the_model_is_asked_once_with_the_whole_prompt():
    model = Says("بله")

    compose(TURN, model)

    assert model.asked == [build_prompt(TURN).messages]


def test_a_model_that_fails_hands_over_with_its_reason():
    assert compose(TURN, Fails()) == HandOver(HandOverReason.MODEL_FAILED, "model_overloaded")


def test_a_wish_to_hand_over_is_a_state_even_beside_a_reply():
    outcome = compose(TURN, Says('{"reply": "همکارم می‌گوید", "hand_over": true, "reason": "not_known"}'))

    assert isinstance(outcome, HandOver)
    assert outcome.reason is HandOverReason.NOT_KNOWN
    assert outcome.working is not None
    assert outcome.working.checks == ()  # no reply, so nothing was checked


@pytest.mark.parametrize(
    ("said", "detail"),
    [
        ("", "empty"),
        ('{"reply": "  \u200c ", "hand_over": false}', "empty"),
        ("ب" * 4001, "too_long"),
        ("ب" * 50_000, "unreadable"),
        ('{"reply": "قیمت این لبا', "debris"),
        ('{"text": "قیمت"}', "unreadable"),
        ('{"reply": "\\u0000"}', "empty,unsendable_characters"),
    ],
)
def test_an_unusable_answer_hands_over(said, detail):
    outcome = compose(TURN, Says(said))

    assert isinstance(outcome, HandOver)
    assert (outcome.reason, outcome.detail) == (HandOverReason.REPLY_UNUSABLE, detail)
    assert outcome.working is not None


def test_a_model_that_repeats_its_prompt_is_not_let_through():
    outcome = compose(TURN, RepeatsThePrompt())

    assert isinstance(outcome, HandOver)
    assert outcome.detail == "fence_leaked"
