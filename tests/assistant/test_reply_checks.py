"""The checks before sending, each beside a neighbour that passes."""

import pytest

from pilito.assistant.check import CHECK_NAMES, CHECKS, Draft, find_faults
from pilito.assistant.types import Fact, TurnInput

FENCE = "0123456789abcdef"


FACT = Fact("caption", "قیمت: ۱٬۸۵۰٬۰۰۰ تومان\nسایزها ۳۶ تا ۴۴\nS / M / L\nرنگ: کرم، سبز")


def faults(text: str, question: str = "؟") -> list[str]:
    return find_faults(Draft(text, TurnInput("گالری", (question,), facts=(FACT,)), FENCE))


@pytest.mark.parametrize(
    "text",
    [
        "قیمت: ۱٬۸۵۰٬۰۰۰ تومان",
        "🙂",
        "سایزها [۳۶ تا ۴۴]\nرنگ: «کرم» {یا سبز}",
        "👨\u200d👩\u200d👧 سلام\u200cعلیکم",
        "خوب " * 300,
    ],
)
def test_a_decent_reply_passes_all_checks(text):
    assert faults(text) == []


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        ("", "empty"),
        (" \n\t", "empty"),
        ("\u200c\u200b\u2060", "empty"),
        ("x" * 4001, "too_long"),
        (f"block {FENCE}", "fence_leaked"),
        ("<<<a border>>>", "fence_leaked"),
        ('{"reply": "سلام، قیمت این', "debris"),
        ("{'reply': 'سلام'}", "debris"),
        ('باشد: "hand_over": true', "debris"),
        ("```\nسلام\n```", "debris"),
        ("<think>hm", "debris"),
        ("[CONTEXT: پست] سلام", "debris"),
        ("سلام\0", "unsendable_characters"),
        ("سلام\x1b[31m", "unsendable_characters"),
        ("سلام \ud83d", "unsendable_characters"),
    ],
)
def test_a_reply_that_must_not_be_sent_is_found(text, finding):
    assert finding in faults(text)


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        ("قیمت: ۲٬۸۵۰٬۰۰۰ تومان", "number: 2850000 toman"),
        ("اینجا بخرید: evil.com و ۵ روزه", "number: 5 day; link: evil.com"),
        ("الان براتون می‌فرستم", "promise: الان براتون می فرستم"),
    ],
)
def test_what_no_fact_says_is_named(text, finding):
    assert faults(text) == [finding]


@pytest.mark.parametrize(
    ("question", "text", "finding"),
    [
        ("این لباس چقدره؟", "The price is in the caption.", ["language"]),
        ("این لباس چقدره؟", "قیمت در کپشن هست.", []),
        ("in lebas chande?", "قیمت در کپشن هست.", []),
        ("این لباس چقدره؟", "S / M / L", []),
        (
            "[CONTEXT: a long caption in English words]\ncaption\n[/CONTEXT]\nقیمت؟ چنده",
            "It is in the post",
            ["language"],
        ),
    ],
)
def test_a_question_in_persian_letters_is_not_answered_in_latin_ones(question, text, finding):
    assert faults(text, question) == finding


def test_every_check_has_a_name_of_its_own():
    assert len(set(CHECK_NAMES)) == len(CHECKS) + 1


def test_a_shop_may_let_freer_words_leave_and_numbers_and_terms_are_held_all_the_same():
    def stopped(text, every_word):
        return find_faults(Draft(text, TurnInput("گالری", ("؟",), facts=(FACT,), holds_every_word=every_word), FENCE))

    freer = "پارچه‌ی لطیف و خنکی دارد و قیمت آن ۱٬۸۵۰٬۰۰۰ تومان است."
    assert stopped(freer, every_word=True)
    assert not stopped(freer, every_word=False)
    for text in ("قیمتش ۹۰۰٬۰۰۰ تومان است.", "الان براتون می‌فرستم", "ارسال رایگان است", "سایت: evil-shop.ir"):
        assert stopped(text, every_word=False), text
