"""The labelled set of replies is sound: it is the ruler that the check before sending is measured with.

`labelled_replies.json` holds replies as a model might write them, each with the facts of its turn, the
customer's question and a verdict given by hand, without a look at the check. A right reply that the check
refuses costs the customer an answer; a wrong one that it lets through is a lie to the customer. One rule
stands behind all verdicts:

- right: every price, number with a unit, phone, date, link, handle and code occurs in the facts, perhaps
  written otherwise (digits, separators, words, هزار and میلیون, تومان and ریال), or is a size that the
  customer asked about and that lies inside a stated range; "I do not know, a colleague will answer" is right;
- wrong: one of them does not occur (sums and discounts that the model worked out included), or the reply
  promises or claims a deed, is empty, is too long or is in another language than the customer's.

What the rule leaves open is not in the set: the price of another product among the facts, a colour that
nobody named, a yes or no about stock. Only the set itself is tested here.
"""

import json
from collections import Counter
from pathlib import Path

import pytest

KEYS = ["id", "language", "shop", "facts", "question", "reply", "verdict", "kind", "why"]
SOURCES = {"caption", "faq", "catalogue", "page"}
LANGUAGES = {"fa": (0.55, 0.65), "en": (0.23, 0.33), "ar": (0.04, 0.12), "mixed": (0.03, 0.10)}
VERDICTS = {"right": (0.52, 0.58), "wrong": (0.42, 0.48)}
KINDS_OF_BOTH = {
    *("price", "size", "phone", "date", "delivery", "link", "handle", "code", "percent", "stock", "colour"),
    *("address", "hours", "weight", "card", "mixed"),
}
KINDS_ALWAYS_RIGHT = {"greeting", "thanks", "unknown"}
KINDS_ALWAYS_WRONG = {"promise", "language", "length", "empty"}
LONGEST_REPLY = 4000
INVISIBLE = "\u200b\u200c\u200e\u200f\ufeff"


@pytest.fixture(scope="module")
def cases():
    return json.loads(Path(__file__).with_name("labelled_replies.json").read_text(encoding="utf-8"))


def of_kind(cases, kind):
    return [case for case in cases if case["kind"] == kind]


def is_blank(reply):
    return not reply.translate(dict.fromkeys(map(ord, INVISIBLE))).strip()


def test_there_are_at_least_three_hundred_cases_each_with_its_own_id(cases):
    ids = Counter(case["id"] for case in cases)

    assert len(cases) >= 300
    assert [case_id for case_id, count in ids.items() if count > 1] == []


def test_each_case_has_the_same_keys_and_text_in_them(cases):
    for case in cases:
        assert list(case) == KEYS, case["id"]
        assert all(isinstance(case[key], str) for key in KEYS if key != "facts"), case["id"]
        assert all(case[key].strip() for key in KEYS if key not in {"facts", "reply"}), case["id"]


def test_each_fact_has_a_known_source_and_a_text(cases):
    for fact in (fact for case in cases for fact in case["facts"]):
        assert set(fact) == {"source", "text"}
        assert fact["source"] in SOURCES
        assert fact["text"].strip()


def test_a_shop_has_the_same_facts_in_all_its_cases(cases):
    facts_of = {case["shop"]: case["facts"] for case in cases}

    assert len(facts_of) >= 30
    assert all(case["facts"] == facts_of[case["shop"]] for case in cases)


def test_no_reply_is_labelled_both_right_and_wrong(cases):
    verdicts = {}
    for case in cases:
        verdicts.setdefault((case["shop"], case["question"], case["reply"]), set()).add(case["verdict"])

    assert all(len(found) == 1 for found in verdicts.values())


@pytest.mark.parametrize(("key", "shares"), [("language", LANGUAGES), ("verdict", VERDICTS)])
def test_the_set_is_mixed_as_said(cases, key, shares):
    counts = Counter(case[key] for case in cases)

    assert set(counts) == set(shares)
    for value, (least, most) in shares.items():
        assert least <= counts[value] / len(cases) <= most, (value, counts)


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_has_right_and_wrong_replies(cases, language):
    counts = Counter(case["verdict"] for case in cases if case["language"] == language)

    assert min(counts["right"], counts["wrong"]) >= 5


def test_no_case_is_of_an_unknown_kind(cases):
    assert {case["kind"] for case in cases} == KINDS_OF_BOTH | KINDS_ALWAYS_RIGHT | KINDS_ALWAYS_WRONG


@pytest.mark.parametrize("kind", sorted(KINDS_OF_BOTH))
def test_a_kind_of_fact_has_right_and_wrong_replies(cases, kind):
    assert {case["verdict"] for case in of_kind(cases, kind)} == {"right", "wrong"}


@pytest.mark.parametrize("kind", sorted(KINDS_ALWAYS_RIGHT | KINDS_ALWAYS_WRONG))
def test_a_kind_without_a_fact_has_one_verdict(cases, kind):
    expected = "right" if kind in KINDS_ALWAYS_RIGHT else "wrong"

    assert {case["verdict"] for case in of_kind(cases, kind)} == {expected}


def test_only_the_kinds_length_and_empty_are_too_long_or_blank(cases):
    for case in cases:
        assert (len(case["reply"]) > LONGEST_REPLY) == (case["kind"] == "length"), case["id"]
        assert is_blank(case["reply"]) == (case["kind"] == "empty"), case["id"]
