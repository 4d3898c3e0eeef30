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
        (POST.format("پیراهن") + "قیمت؟", POST.format("شومیز") + "قیمت؟", POST.format("شومیز") + "قیمت؟"),
        ("قیمتش چنده؟", "ارسال دارید؟", "قیمتش چنده؟"),
        ("ارسال دارید؟", "قیمت پیراهن آبی چنده؟", "قیمت پیراهن آبی چنده؟"),
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


@pytest.mark.parametrize(
    ("said", "is_vain"),
    [
        (("قیمت پیراهن آبی", "قیمت پیراهن آبی لینن دارید", "قیمت پیراهن آبی"), True),  # three words of five
        (("قیمت پیراهن", "قیمت پیراهن آبی لینن", "قیمت پیراهن"), False),  # two of four
        (("قیمت پیراهن آبی", "قیمت پیراهن", "قیمت پیراهن آبی"), True),
        (("قیمت پیراهن آبی", "قیمت پیراهن سبز", "قیمت پیراهن آبی"), False),
        (("قیمتش", "قیمتش", "قیمتشه"), True),  # mistyped
        (("مدل لینن", "مدل لینن", "مدل لنین"), False),  # one letter of four is another word
        (("مدل کتانی", "مدل کتانی", "مدل کتان"), True),
        (("مدل کتانی", "مدل کتانی", "مدل کتابی"), True),  # four letters of five
        (("مدل کتانی", "مدل کتانی", "مدل لباسی"), False),
        (("کیف", "کیف", "کیفی"), False),
        (("12345", "12345", "12346"), False),
        (("قیمت\n[واکنش ❤️ به: سلام]", "قیمت", "قیمت"), True),  # an emoji put on something asks nothing
        (("[واکنش ❤️ به: سلام]", "[واکنش ❤️ به: سلام]", "[واکنش ❤️ به: سلام]"), False),
        ((POST.format("پیراهن") + "قیمت؟", POST.format("پیراهن") + "قیمت؟", "قیمت"), True),
        (("x " * 50, "x " * 60, "x " * 70), True),
    ],
)
def test_the_words_of_a_question_are_compared_as_people_type_them(said, is_vain):
    assert asks_in_vain(turn(*said)) is is_vain


@pytest.mark.parametrize(
    ("history", "is_vain"),
    [
        ("cacac", True),
        ("acacac", True),
        ("cacaac", True),
        ("cac", False),
        ("cacacc", False),  # the one before was not answered
        ("caccac", True),
        ("caocac", False),
        ("cacaoc", False),
        ("ocacac", True),
        ("caocacac", True),
    ],
)
def test_only_turns_that_the_assistant_answered_count(history, is_vain):
    senders = {"c": Sender.CUSTOMER, "a": Sender.ASSISTANT, "o": Sender.OPERATOR}
    *before, now = (Line(senders[one], "قیمت؟" if one == "c" else "پاسخ") for one in history)

    assert asks_in_vain(TurnInput("گالری", (now.content,), tuple(before))) is is_vain


def test_a_turn_of_several_messages_is_compared_whole():
    parts = [Line(Sender.CUSTOMER, "کت"), Line(Sender.CUSTOMER, "آبی"), Line(Sender.ASSISTANT, "پاسخ")]

    assert asks_in_vain(TurnInput("گالری", ("کت", "آبی"), (*parts, *parts)))
    assert asks_in_vain(TurnInput("گالری", ("کت آبی",), (*parts, *parts)))
    assert not asks_in_vain(TurnInput("گالری", ("کت",), (*parts, *parts)))
