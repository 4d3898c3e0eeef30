"""Reading an answer: what models make of the wish for one JSON object."""

import json
import time

import pytest

from pilito.assistant.answer import REASONS, SCHEMA, Answer, read_answer
from pilito.lifecycle import HandOverReason

REPLY = '{"reply": "قیمت ۱۸۵۰ تومان است.", "hand_over": false, "reason": ""}'


@pytest.mark.parametrize(
    "text",
    [
        REPLY,
        f"\n {REPLY} \n",
        f"```json\n{REPLY}\n```",
        f"```\n{REPLY}```",
        f"Here is my answer:\n{REPLY}\nI hope that helps!",
        f"<think>The price {{is}} there</think>{REPLY}",
        f'{{"note": 1}} {REPLY}',
        f'{{"reply": "a first draft"}}\n{REPLY}',
        "قیمت ۱۸۵۰ تومان است.",
        "تفکر بی‌آغاز</think>قیمت ۱۸۵۰ تومان است.",
    ],
)
def test_the_reply_is_found_in_all_common_forms(text):
    assert read_answer(text) == Answer("قیمت ۱۸۵۰ تومان است.")


def test_a_line_break_inside_a_string_is_let_through():
    assert read_answer('{"reply": "یک\nدو"}') == Answer("یک\nدو")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"reply": "", "hand_over": true, "reason": "not_known"}', HandOverReason.NOT_KNOWN),
        ('{"reply": "", "hand_over": true, "reason": "asked_for_person"}', HandOverReason.ASKED_FOR_PERSON),
        ('{"hand_over": true}', HandOverReason.NOT_KNOWN),
        ('{"hand_over": "true", "reason": null}', HandOverReason.NOT_KNOWN),
        ('{"hand_over": true, "reason": ["made", "up"]}', HandOverReason.NOT_KNOWN),
        ('{"hand_over": true, "reason": "model_failed"}', HandOverReason.NOT_KNOWN),
        ('{"reply": "همکارم پاسخ می‌دهد", "hand_over": true, "reason": "not_known"}', HandOverReason.NOT_KNOWN),
        (f'{{"hand_over": true, "reason": "asked_for_person"}} {REPLY}', HandOverReason.ASKED_FOR_PERSON),
    ],
)
def test_a_hand_over_wins_over_any_reply(text, reason):
    assert read_answer(text) == Answer(hand_over=reason)


@pytest.mark.parametrize("text", ['{"hand_over": "false", "reply": "بله"}', '{"hand_over": 0, "reply": "بله"}'])
def test_a_no_in_another_form_is_no_hand_over(text):
    assert read_answer(text) == Answer("بله")


@pytest.mark.parametrize(
    "text", ['{"answer": "بله"}', 'Sure: {"reply": 5}', '{"reply": null, "hand_over": false}', "{}"]
)
def test_an_object_of_another_form_is_no_answer(text):
    assert read_answer(text) is None


@pytest.mark.parametrize(
    ("given", "facts_used"),
    [
        ("[2, 5]", (2, 5)),
        ('["2", "fact 5"]', (2, 5)),
        ('"2 and 5"', (2, 5)),
        ("2", (2,)),
        ("[2, 2, 2]", (2,)),
        ("null", ()),
        ('"none"', ()),
        ("true", ()),
        ('[[2], {"number": 5}, true]', ()),
        ("[123456]", ()),
        ("[-2, 3.5]", (2,)),
    ],
)
def test_the_facts_used_are_read_in_whatever_form_they_come(given, facts_used):
    answer = read_answer(f'{{"reply": "بله", "facts_used": {given}}}')

    assert answer == Answer("بله", facts_used=facts_used)


def test_an_endless_list_of_facts_is_cut():
    assert len(read_answer(json.dumps({"reply": "a", "facts_used": list(range(900))})).facts_used) == 50


@pytest.mark.parametrize(("given", "asks"), [("true", True), ('"yes"', True), ("false", False), ("null", False)])
def test_whether_it_asks_which_one_is_read(given, asks):
    assert read_answer(f'{{"reply": "کدام؟", "asks_which": {given}}}') == Answer("کدام؟", asks_which=asks)


def test_a_reply_in_lines_is_one_text():
    assert read_answer('{"reply": ["یک", "دو"]}') == Answer("یک\nدو")


@pytest.mark.parametrize(
    "text",
    [
        '{"hand_over": "refund", "reply": "بله"}',
        '{"hand_over": {"wanted": true, "reason": "refund"}, "reply": ""}',
        '{"hand_over": {"reason": "refund"}, "reply": "بله"}',
        '{"hand_over": false, "reason": " Refund", "reply": ""}',
        '{"hand_over": true, "reason": "refund"}',
    ],
)
def test_a_reason_is_found_where_models_put_it(text):
    assert read_answer(text) == Answer(hand_over=HandOverReason.REFUND)


@pytest.mark.parametrize(
    "text",
    [
        '{"hand_over": {"wanted": false, "reason": "refund"}, "reply": "بله"}',
        '{"hand_over": {}, "reply": "بله"}',
        '{"hand_over": "no", "reason": "refund", "reply": "بله"}',
    ],
)
def test_a_reason_alone_is_no_hand_over_beside_a_reply(text):
    assert read_answer(text) == Answer("بله")


def test_the_schema_names_every_reason_that_is_read():
    assert SCHEMA["properties"]["reason"]["enum"] == ["", *REASONS]
    assert SCHEMA["required"] == list(SCHEMA["properties"])


@pytest.mark.parametrize("text", ["", "   ", "<think>I never came to an end"])
def test_nothing_said_is_an_empty_reply(text):
    assert read_answer(text) == Answer("")


@pytest.mark.parametrize("text", ["ب" * 50_000, "{" * 10_000, '{"a":' * 2_000, '[{"a":' * 1_600, '{"reply": "' * 900])
def test_an_endless_or_nested_text_takes_no_time(text):
    started = time.thread_time()

    read_answer(text)

    assert time.thread_time() - started < 2  # what takes time takes minutes: the pauses of a busy machine do not count
