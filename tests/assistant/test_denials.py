"""One "not" is given to each item of its list, and to no description beside it."""

import re
import time

import pytest

from pilito.assistant.denials import is_denied, spread


def parts(text: str) -> list[str]:
    return [one for part in re.split(r" \.\s", spread(text)) if (one := " ".join(part.split()))]


@pytest.mark.parametrize(
    ("text", "denied"),
    [
        ("we do not ship to canada or mexico", ["no we do ship to canada", "no we do ship mexico"]),
        ("no returns or exchanges on sale items", ["no returns on sale items", "no exchanges on sale items"]),
        ("free shipping, no returns or exchanges", ["free shipping,", "no returns", "no exchanges"]),
        (
            "the bag has no zip or lining and costs 50 usd",
            ["no the bag has zip", "no the bag has lining", "costs 50 usd"],
        ),
        ("ارسال سریع، مرجوعی و تعویض نداریم", ["ارسال سریع", "مرجوعی نداریم", "تعویض نداریم"]),
        ("همه کارها جز شال ها موجود هستند", ["همه کارها موجود هستند", "no شال ها"]),
        ("we ship everywhere except canada and mexico", ["we ship everywhere", "no canada", "no mexico"]),
        ("it has nuts and milk, but no sugar or gluten", ["it has nuts and milk, but", "no sugar", "no gluten"]),
        ("mrjooi: no", ["no mrjooi"]),
        ("returns ❌ exchange ✅", ["no returns", "exchange"]),
        (
            "no shipping to:\n- canada\nmexico\nwe are fast",
            ["no shipping to: no shipping canada", "no shipping mexico", "we are fast"],
        ),
    ],
)
def test_each_item_has_its_own(text, denied):
    assert parts(text) == denied


@pytest.mark.parametrize(
    "text",
    [
        "cotton and soft, no lining",
        "no zip and a cotton strap",
        "no returns, payment by card or cash",
        "مانتو نخی و آستر ندارد",
        "چرم طبیعی، استر و زیپ ندارد",
        "ارسال رایگان و مرجوعی نداریم",
        "مرجوعی نداریم: فقط تعویض",
        "اگر ایراد نداشت، مرجوعی و تعویض نداریم",
        "do you have no returns or exchanges?",
        "all items are new but sale items are final",
        "every day 10 to 8 except friday from 2",
        "no problem, returns or exchanges",
        "❌❌ حراج ❌❌",
        "no worries: write us, call us",
    ],
)
def test_a_description_or_a_condition_has_none(text):
    assert spread(text) == text


def test_a_no_at_the_end_denies():
    assert is_denied("سایز 40 و 41 موجوده، سایز 42 نه.")
    assert is_denied("به همه شهرها ارسال داریم، فقط شیراز نه")
    assert not is_denied("چرا که نه")
    assert not is_denied("ارسال دارید یا نه")
    assert not is_denied("نه، ارسال داریم")


def test_an_exception_denies():
    assert is_denied("همه روزها مگر جمعه")
    assert not is_denied("همه روزها")


@pytest.mark.parametrize(
    "text", ["no a, " * 900 + "or b", "شیراز و " * 900 + "نداریم", "all but " + "a " * 2000, "no " + " ." * 2000 + "x"]
)
def test_a_text_written_to_be_slow_is_not(text):
    start = time.process_time()

    spread(text)

    assert time.process_time() - start < 1
