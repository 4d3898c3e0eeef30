"""After how many days an offer is over whose end only the day of its post tells."""

import pytest

from pilito.assistant.soon import HOURS_EACH, NUMBERS, ends_of, may_end
from pilito.spelling import plain

NUMBER_OF = {
    1: "یک one a 1",
    2: "دو two 2",
    3: "سه three",
    4: "چهار four",
    5: "پنج five",
    6: "شش six",
    7: "هفت seven چند few",  # a few are at most a week
    10: "ده ten",
}
HOURS_OF = {
    1: "ساعت ساعته hour hours hr hrs ساعه ساعات",
    24: "روز روزه day days یوم ایام",
    168: "هفته week weeks اسبوع اسابیع",
}


def ends(*lines, priced=()):
    return set(ends_of(map(plain, lines), {plain(line) for line in priced}))


# --- counted ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("count", "words"), NUMBER_OF.items())
def test_every_word_for_a_number_is_counted(count, words):
    assert [(word, found) for word in words.split() if (found := ends(f"sale for {word} days")) != {count + 1}] == []


@pytest.mark.parametrize(("hours", "words"), HOURS_OF.items())
def test_every_word_for_a_time_is_counted_and_begun_days_are_whole(hours, words):
    days = -(-30 * hours // 24) + 1

    assert [(word, found) for word in words.split() if (found := ends(f"sale for 30 {word}")) != {days}] == []


def test_the_words_of_these_tests_are_all_there_are():
    assert set(NUMBERS) <= {word for words in NUMBER_OF.values() for word in words.split()}
    assert set(HOURS_EACH) == {word for words in HOURS_OF.values() for word in words.split()}


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("خصم لمده يومين", 3),
        ("خصم لمده ساعتين", 2),
        ("خصم لمده اسبوعين", 15),
        ("sale for 24 hours", 2),
        ("sale for 25 hours", 3),
        ("sale for 3-day", 4),
        ("تخفیف فقط ۴۸ ساعت", 3),
        ("48 hours only", 3),
        ("۲ روز مونده", 3),
        ("3 days left", 4),
        ("sale ends in 3 days", 4),
        ("offer expires within 2 weeks", 15),
        ("ينتهي خلال 3 أيام", 4),
    ],
)
def test_a_time_from_the_post_on_is_an_end(text, days):
    assert ends(text) == {days}


@pytest.mark.parametrize(
    "text",
    [
        "ships within 3 days",
        "ارسال تا ۳ روز",
        "sale, ships in 3 days",
        "sale for 3 days in advance",
        "تخفیف برای ۳ روز کاری",
        "sale, order 48 hours before",
        "فقط یک ساعت",  # a watch
        "returns for 7 days",
        "لمدة ٧ ايام استبدال",
        "sale for 3 daylight lamps",
    ],
)
def test_what_takes_its_time_ends_no_offer(text):
    assert ends(text) == set()


# --- until -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("days", "texts"),
    [
        (1, "sale until today|sale until tonight|تخفیف تا امروز|تخفیف تا امشب|خصم حتى اليوم|خصم حتى الليلة"),
        (1, "sale until midnight|تخفیف تا نیمه شب|تخفیف تا ۱۲ شب|خصم حتى منتصف الليل"),
        (3, "sale until tomorrow|تخفیف تا فردا|تخفیف تا پس فردا|تخفیف تا پسفردا|خصم حتى غدا"),
        (8, "sale until friday|تخفیف تا جمعه|تخفیف تا پنج شنبه|sale until this friday|sale till Fri|خصم حتى الخميس"),
        (8, "sale until the weekend|تخفیف تا آخر هفته|تخفیف تا پایان این هفته|خصم حتى نهاية الأسبوع"),
        (32, "تخفیف تا آخر ماه|sale until the end of this month|خصم حتى نهاية الشهر"),
        (32, "sale until the 15th|تخفیف تا ۱۵ام|تخفیف تا پانزدهم ماه|خصم حتى 15 من الشهر"),
        (
            100,
            "sale until the end of summer|تخفیف تا بهار|تخفیف تا پایان تابستان|sale until the end of the season|خصم حتى نهاية الموسم",
        ),
        (
            370,
            "sale until christmas|تخفیف تا عید|تخفیف تا شب یلدا|sale through Black Friday|خصم حتى العيد|تخفیف تا روز مادر",
        ),
    ],
)
def test_until_a_day_is_an_end(days, texts):
    assert [(text, found) for text in texts.split("|") if max(found := ends(text), default=0) != days] == []


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("فقط امروز", 1),
        ("only today", 1),
        ("today only", 1),
        ("امروز فقط", 1),
        ("فقط این هفته", 8),
        ("only this month", 32),
        ("only until Friday", 8),
        ("final hours", 1),
        ("last hours of the sale", 1),
        ("ساعات پایانی", 1),
        ("روزهای پایانی تخفیف", 1),
        ("آخرین روز تخفیف", 1),
        ("last chance", 1),
        ("آخرین فرصت", 1),
        ("hurry up dear friends it ends in 24 hours", 2),
        ("hurry up dear friends it ends within the next 3 days or so", 4),
        ("Sale with free delivery of all bags, last day", 1),
    ],
)
def test_some_ends_say_so_themselves(text, days):
    assert ends(text) == {days}


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("تخفیف امروز و فردا", 8),
        ("weekend sale", 8),
        ("sale this week", 8),
        ("تخفیف این ماه", 32),
        ("تخفیف آخر هفته", 8),
    ],
)
def test_some_are_ends_beside_the_sale_that_they_speak_of(text, days):
    assert ends(text) == {days}
    assert ends(text.replace("تخفیف", "کیف").replace("sale", "bags")) == set()


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("قیمت ۸۵۰ تا امشب", 1),
        ("کیف ۸۵۰ تا جمعه", 8),
        ("کیف ۸۵۰٬۰۰۰ تا جمعه", 8),
        ("کیف ۸۵۰٬۰۰۰ تا همین جمعه", 8),
        ("قیمت ۸۵۰ تا ۱۲ شب", 1),
        ("قیمت ۸۵ تا جمعه", 8),
        ("bag $80 until midnight", 1),
        ("bag $80 until friday", 8),
        ("bag $80 till the 15th", 32),
        ("حقيبة 250 حتى الجمعة", 8),
        ("کیف ۸۵۰ تا ۳ روز", 4),
        ("کیف ۸۵۰٬۰۰۰ تا پایان تابستان", 100),
        ("تخفیف از ۱۰ تا ۱۵ام", 32),
    ],
)
def test_a_price_right_before_until_changes_nothing_of_the_end(text, days):
    assert ends(text, priced=[text]) == {days}


@pytest.mark.parametrize(
    "text",
    [
        "کیف ۸۵۰ تومان ۳ تا ۵ روز",
        "کیف ۸۵۰ تومان ۱۰ تا ۱۵ روز",
        "کیف ۸۵۰ تومان، ساعت ۱۰ تا ۱۲ شب",
        "کیف ۸۵۰ تومان، ساعت ۹ تا ۱۲ شب",
        "bag $80, from 10 until midnight",
        "مانتو ۸۵۰ تومان سایز ۳۸ تا ۴۴ بهار",
        "مانتو ۸۵۰ تومان ۳۸ تا ۴۴ تابستان",
        "کیف ۸۵۰ تومان ۲ تا ۳ متر",
        "کیف ۸۵۰ تومان ۲ تا رنگ",
    ],
)
def test_a_small_number_before_until_begins_a_range(text):
    assert ends(text, priced=[text]) == set()


@pytest.mark.parametrize(
    "text",
    [
        "return until friday",
        "open until midnight",
        "تا جمعه باز هستیم",
        "تعویض تا پایان هفته",
        "پاسخ تا فردا",
        "تا شنبه منتظریم دوستان عزیز",  # no sale, no price, and more than one word beside it
        "از شنبه تا چهارشنبه هستیم",
        "battery lasts until tomorrow",
    ],
)
def test_whoever_is_there_or_sends_until_a_day_ends_no_offer(text):
    assert ends(text) == set()


def test_alone_on_its_line_a_day_is_an_end():
    assert ends("تا شنبه") == {8}
    assert ends("فقط تا شنبه") == {8}
    assert ends("تا شنبه عزیزان") == {8}
    assert ends("تا شنبه با ما") == set()


def test_beside_a_price_a_day_is_an_end():
    assert ends("کیف چرم طبیعی ۸۵۰ تومان تا جمعه", priced=["کیف چرم طبیعی ۸۵۰ تومان تا جمعه"]) == {8}
    assert ends("قیمت این کیف زیبا تا جمعه") == {8}
    assert ends("price of this bag until friday") == {8}
    assert ends("کیف چرم طبیعی زیبا تا جمعه") == set()


def test_the_sale_may_stand_on_another_line():
    assert ends("همه مانتوها با تخفیف", "از امروز صبح تا جمعه شب در خدمتیم") == {8}
    assert ends("همه مانتوها با تخفیف", "ارسال همه سفارش ها تا جمعه") == set()
    assert ends("همه مانتوها", "از امروز صبح تا جمعه شب در خدمتیم") == set()


def test_sending_beside_a_sale_ends_with_a_day_and_not_after_so_many():
    assert ends("تخفیف با ارسال تا جمعه") == {8}
    assert ends("تخفیف با ارسال به مدت ۳ روز") == set()
    assert ends("sale with free shipping until friday") == {8}
    assert ends("sale with free shipping for 3 days") == set()


@pytest.mark.parametrize("stop", ["،", "؛", ";", "!", "؟", "•", "…"])
def test_each_sign_parts_a_line(stop):
    assert ends(f"تخفیف تا جمعه{stop} ارسال تا فردا") == {8}


def test_each_part_of_a_line_is_of_its_own():
    assert ends("تخفیف تا جمعه، ارسال تا ۳ روز") == {8}
    assert ends("sale until friday. ships within 2 weeks") == {8}
    assert ends("sale until friday; returns for 30 days") == {8}


# --- days of a calendar ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "is_priced", "expected"),
    [
        ("Sale 1-15 October", False, True),
        ("sale, closed on October 3", False, True),
        ("closed 1-15 October", False, False),
        ("returns until 10/15", True, False),
        ("Bag $80, 1-15 October", True, True),
        ("price for October 15", False, True),
        ("valid 1-15 October", False, True),
        ("until October 15", False, True),
        ("اعتبار کارت ۱۵ مهر", False, True),
        ("مهلت ۱۵ مهر", False, True),
        ("1-15 October", False, True),  # no word but its month
        ("October in Shiraz", False, False),
    ],
)
def test_days_in_a_line_may_be_those_of_an_offer(line, is_priced, expected):
    assert may_end(plain(line), is_priced) is expected
