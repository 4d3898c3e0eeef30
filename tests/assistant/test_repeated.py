"""Customer and assistant talk past each other: asked the same again, twice, after our answers."""

import pytest

from pilito.assistant.repeated import asks_in_vain
from pilito.assistant.types import Line, TurnInput
from pilito.lifecycle import Sender

POST = "[CONTEXT: پست/ریلز\nکپشن: {}\n[/CONTEXT]\n"


def turn(*said: str, answered_by=Sender.ASSISTANT) -> TurnInput:
    """Each of these was asked and answered but the last, which is asked now."""
    *before, now = said
    history = [line for words in before for line in (Line(Sender.CUSTOMER, words), Line(answered_by, "پاسخ"))]
    return TurnInput("گالری", (now,), tuple(history))


@pytest.mark.parametrize(
    "said",
    [
        ("قیمتش چنده؟", "قیمتش چنده", "قيمتش چنده؟؟"),
        ("پیراهن آبی موجوده؟", "میگم پیراهن آبی موجوده", "پیراهن آبی موجودهه؟"),
        ("how much is the blue dress", "how much is the blue dress?", "HOW MUCH is the blue dress"),
        (POST.format("پیراهن") + "قیمت؟", "قیمت؟", "قیمت"),
        ("سلام", "قیمت؟", "قیمت؟", "قیمت؟"),
    ],
)
def test_the_same_question_again_and_again_is_a_misunderstanding(said):
    assert asks_in_vain(turn(*said))


@pytest.mark.parametrize(
    "said",
    [
        ("قیمتش چنده؟", "قیمتش چنده؟"),  # once again is no misunderstanding yet
        ("سایز ۴۰ دارید؟", "سایز ۴۲ دارید؟", "سایز ۴۴ دارید؟"),
        ("رنگ آبی دارید الان؟", "رنگ سبز دارید الان؟", "رنگ زرد دارید الان؟"),
        (POST.format("پیراهن") + "قیمت؟", POST.format("شومیز") + "قیمت؟", POST.format("کیف") + "قیمت؟"),
        ("قیمتش چنده؟", "ارسال دارید؟", "قیمتش چنده؟"),
        ("🌸", "🌸", "🌸"),
        ("قیمت؟", "قیمت پیراهن آبی با ارسال چنده؟", "قیمت؟"),
    ],
)
def test_other_questions_in_a_row_are_none(said):
    assert not asks_in_vain(turn(*said))


def test_what_a_person_answered_says_nothing_of_the_assistant():
    assert not asks_in_vain(turn("قیمت؟", "قیمت؟", "قیمت؟", answered_by=Sender.OPERATOR))


def test_one_question_in_several_messages_is_one_turn():
    said = [Line(Sender.CUSTOMER, "قیمت؟"), Line(Sender.CUSTOMER, "قیمت؟"), Line(Sender.ASSISTANT, "پاسخ")]

    assert not asks_in_vain(TurnInput("گالری", ("قیمت؟",), tuple(said)))
