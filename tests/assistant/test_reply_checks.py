"""The checks before sending, each beside a neighbour that passes."""

import pytest

from pilito.assistant.check import CHECK_NAMES, CHECKS, Draft, find_faults
from pilito.assistant.types import TurnInput

FENCE = "0123456789abcdef"


def faults(text: str) -> list[str]:
    return find_faults(Draft(text, TurnInput("گالری", ("؟",)), FENCE))


@pytest.mark.parametrize(
    "text",
    [
        "قیمت: ۱٬۸۵۰٬۰۰۰ تومان",
        "🙂",
        "سایزها [۳۶ تا ۴۴]\nرنگ: «کرم» {یا سبز}",
        "👨\u200d👩\u200d👧 می\u200cشود",
        "x" * 4000,
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


def test_every_check_has_a_name_of_its_own():
    assert len(set(CHECK_NAMES)) == len(CHECKS)
