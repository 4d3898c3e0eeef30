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
        # a list that a line announces: short lines are of it, and those with a mark longer ones
        (
            "not included:\n- a soft black leather bag\npower cable\n",
            ["not included: no a soft black leather bag", "no power cable"],
        ),
        (
            "not included:\n\n- cable\nthe box is made of oak\nred",
            ["not included: no cable", "the box is made of oak red"],
        ),
        ("no free shipping to:\n- canada\n", ["no free shipping to: no free shipping canada"]),
        (
            "ارسال به سراسر ایران به استثنای شهرهای زیر:\n- شیراز\n- اهواز\n",
            ["ارسال به سراسر ایران به استثنای شهرهای زیر: no ارسال شیراز", "no ارسال اهواز"],
        ),
        ("not included: cable, case,", ["no cable", "no case"]),
        # signs
        ("- ❌ returns", ["no returns"]),
        ("returns ❌!", ["no returns"]),
        ("❌ ❌ returns", ["no returns"]),
        ("❌ 800 تومان ✅ 600 تومان", ["800 تومان", "600 تومان"]),  # the old price
        # exceptions
        ("all orders except sale items leave today", ["all orders leave today", "no sale items"]),
        ("we ship to all cities but shiraz", ["we ship to all cities", "no shiraz"]),
        ("we ship everywhere except canada, by courier", ["we ship everywhere , by courier", "no canada"]),
        (
            "we ship everywhere except canada and delivery is quick",
            ["we ship everywhere and delivery is quick", "no canada"],
        ),
        (
            "we ship everywhere except canada and mexico and cuba",
            ["we ship everywhere", "no canada", "no mexico", "no cuba"],
        ),
        ("all items except shoes are on sale", ["all items are on sale", "no shoes"]),
        # a "not" at the end
        ("ارسال سریع! مرجوعی و تعویض نداریم", ["ارسال سریع!", "مرجوعی نداریم", "تعویض نداریم"]),
        ("توجه: مرجوعی و تعویض نداریم", ["توجه", "مرجوعی نداریم", "تعویض نداریم"]),
        ("برای زیورالات، مرجوعی و تعویض نداریم", ["مرجوعی برای زیورالات نداریم", "تعویض برای زیورالات نداریم"]),
        ("برای شیراز و اهواز ارسال نداریم", ["ارسال برای شیراز نداریم", "اهواز ارسال نداریم"]),
        ("ضمانت نداریم و مرجوعی و تعویض نداریم", ["ضمانت نداریم", "مرجوعی نداریم", "تعویض نداریم"]),
        (
            "رنگ ثابت، کیف چرم دستدوز، مرجوعی و تعویض نداریم",
            ["رنگ ثابت , کیف چرم دستدوز", "مرجوعی نداریم", "تعویض نداریم"],
        ),
        ("کیف چرم دستدوز، استر و زیپ نداریم", ["کیف چرم دستدوز", "استر نداریم", "زیپ نداریم"]),
        ("چرم گاوی از تبریز، تعویض و جعبه نداریم", ["چرم گاوی از تبریز", "تعویض نداریم", "جعبه نداریم"]),
        ("مانتو نخی و شال ابریشمی نداریم", ["مانتو نخی نداریم", "شال ابریشمی نداریم"]),
        ("گلوتن و شکر ندارد", ["گلوتن ندارد", "شکر ندارد"]),
        ("کارت گارانتی و هدیه ندارد", ["کارت گارانتی ندارد", "هدیه ندارد"]),
        ("returns and exchanges are not possible", ["no returns possible", "no exchanges possible"]),
        ("returns and exchange is not possible", ["no returns possible", "no exchange possible"]),
        ("cases and cables are not included", ["no cases included", "no cables included"]),
        # a "not" in front
        ("no returns or exchanges or refunds", ["no returns", "no exchanges", "no refunds"]),
        ("no lining or warranty", ["no lining", "no warranty"]),
        ("but no zip or lining", ["but", "no zip", "no lining"]),
        ("لا نشحن الی کندا او المکسیک", ["no نشحن الی کندا", "no المکسیک"]),
        ("لا نشحن الی کندا ولا المکسیک", ["no نشحن الی کندا", "no المکسیک"]),
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
        "soft  cotton",
        "not included:\nblack leather case",
        "not included:\n- a soft black bag of leather",
        "not included:\n- please write us",
        "cable not included\nblack bag",
        "included:\n- cable\nno lining",
        "we ship to the following cities:\n- shiraz\nno returns",
        "not included: cable, shipping is free",
        "✅ returns\nno zip",
        "we ship everywhere except\n- canada",
        "fast shipping. except canada, we ship everywhere",
        "we do not ship anywhere but to iran",
        "به همه جا نه جز تهران",
        "مرجوعی و تعویض نداریم؟",
        "چرم طبیعی، مرجوعی نداریم",
        "خرید حضوری و : مرجوعی نداریم",
        "مرجوعی و نداریم",
        "returns and are not possible",
        "soft cotton and the lining is not silk",
        "soft cotton and the shipping is not free",
        "no, card or cash",
    ],
)
def test_a_description_or_a_condition_has_none(text):
    assert spread(text) == text


def test_behind_a_colon_no_scope_is_read():
    assert parts("توجه: برای زیورالات، مرجوعی و تعویض نداریم")[-2:] == ["مرجوعی نداریم", "تعویض نداریم"]
    assert parts("برای زیورالات، مرجوعی و تعویض نداریم")[-1] == "تعویض برای زیورالات نداریم"


def test_a_no_at_the_end_denies():
    assert is_denied("سایز 40 و 41 موجوده، سایز 42 نه.")
    assert is_denied("به همه شهرها ارسال داریم، فقط شیراز نه")
    assert not is_denied("چرا که نه")
    assert not is_denied("ارسال دارید یا نه")
    assert not is_denied("نه، ارسال داریم")


def test_a_nine_does_not():
    assert is_denied("موجودی: نه")
    assert not is_denied("تعداد: نه عدد")


def test_of_an_endless_list_only_the_end_is_read():
    assert 2 < spread("شیراز و " * 100 + "اهواز نداریم").count("نداریم") < 50


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
