"""How a number is said of something: within, after, over, as the end of a range, as a size, as a door."""

from decimal import Decimal

import pytest

from pilito.assistant.lexicon import subjects_in, terms_in
from pilito.assistant.quantities import unify
from pilito.assistant.sayings import (
    NOTHING,
    PLACES,
    TURNS,
    Direction,
    bounds_in,
    countable,
    numbers_in,
    sayings_of,
    stated,
    statements_in,
    topics_in,
    turns_in,
)
from pilito.spelling import plain

WITHIN, AFTER, BEFORE, OVER, UNDER = (
    Direction.WITHIN,
    Direction.AFTER,
    Direction.BEFORE,
    Direction.OVER,
    Direction.UNDER,
)
LOW, HIGH, NONE = Direction.LOW, Direction.HIGH, Direction.NONE


def read(text):
    return unify(plain(text))


def bounds(text):
    return [(bound.text, bound.quantity.unit, bound.direction) for bound in bounds_in(read(text))]


# --- the direction of a number ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("direction", "words"),
    [
        (AFTER, "after 7 days|beyond 7 days|past 7 days|بعد از ۷ روز|بعد ۷ روز|پس از ۷ روز|پس ۷ روز"),
        (BEFORE, "before 7 days|prior to 7 days|قبل از ۷ روز|پیش از ۷ روز|قبل 7 أيام"),
        (
            WITHIN,
            "within 7 days|in 7 days|during 7 days|inside 7 days|up to 7 days|until 7 days|till 7 days|by 7 days"
            "|maximum 7 days|max 7 days|at most 7 days|no later than 7 days|to 7 days|تا ۷ روز|ظرف ۷ روز|طی ۷ روز"
            "|حداکثر ۷ روز|نهایتا ۷ روز|خلال 7 أيام|حتى 7 أيام|غضون 7 أيام|در ۷ روز|إلى 7 أيام",
        ),
        (AFTER, "7 days later|7 days thereafter|۷ روز بعد|۷ روز بعدش|7 أيام لاحقا"),
        (BEFORE, "7 days before|7 days earlier|7 days in advance|7 days ahead|7 days ago|۷ روز قبل|۷ روز پیش"),
    ],
)
def test_a_time_is_within_after_or_before(direction, words):
    assert [(one, bounds(one)[0][1:]) for one in words.split("|") if bounds(one)[0][1:] != ("day", direction)] == []


@pytest.mark.parametrize(
    ("direction", "words"),
    [
        (
            OVER,
            "over $80|above $80|from $80|more than $80|at least $80|minimum $80|min $80|exceeding $80|exceeds $80"
            "|starting at $80|بالای ۸۰ دلار|بالاتر از ۸۰ دلار|بیش از ۸۰ دلار|بیشتر از ۸۰ دلار|حداقل ۸۰ دلار"
            "|دست کم ۸۰ دلار|فوق 80 دولار|أكثر من 80 دولار|أعلى من 80 دولار|از ۸۰ دلار",
        ),
        (UNDER, "under $80|below $80|less than $80|fewer than $80|کمتر از ۸۰ دلار|زیر ۸۰ دلار|تحت 80 دولار"),
        (UNDER, "پایین ۸۰ دلار|پایین تر از ۸۰ دلار|أقل من 80 دولار|دون 80 دولار"),
        (
            OVER,
            "$80 or more|$80 and up|$80 and over|$80 and above|$80+|۸۰ دلار به بالا|۸۰ دلار و بالاتر|80 دولار فما فوق",
        ),
        (UNDER, "$80 or less|$80 and below|$80 and under|۸۰ دلار به پایین|۸۰ دلار یا کمتر|80 دولار فأقل"),
    ],
)
def test_a_sum_is_over_or_under(direction, words):
    assert [(one, bounds(one)[0][1:]) for one in words.split("|") if bounds(one)[0][1:] != ("dollar", direction)] == []


@pytest.mark.parametrize(
    ("text", "direction"),
    [
        ("within the first 7 days", WITHIN),
        ("after about 7 days", AFTER),
        ("orders over the amount of $80", NONE),  # three words between: too far to be said of it
        ("over your orders of $80", NONE),
        ("over orders of $80", OVER),
        ("بالای مبلغ خرید ۸۰ دلار", OVER),
        ("7 days", NONE),
        ("afternoon 7 days", NONE),
    ],
)
def test_two_small_words_may_stand_between(text, direction):
    assert [one[2] for one in bounds(text)] == [direction]


# --- ranges ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("between 2 and 4 days", [("2", "day", LOW), ("4 days", "day", HIGH)]),
        ("2 to 4 days", [("2", "day", LOW), ("4 days", "day", HIGH)]),
        ("بین ۲ و ۴ روز", [("2", "day", LOW), ("4 روز", "day", HIGH)]),
        ("size 38, between 2 and 4 days", [("38", "", NONE), ("2", "day", LOW), ("4 days", "day", HIGH)]),
        ("2 and 4 days", [("2", "", NONE), ("4 days", "day", NONE)]),
        ("between 4 and 2 days", [("4", "", NONE), ("2 days", "day", NONE)]),
        ("between 2 or so, 4 days", [("2", "", NONE), ("4 days", "day", NONE)]),
        ("4 to 4 days", [("4", "day", NONE), ("4 days", "day", WITHIN)]),
        ("1.500 to 2 days", [("1.500", "day", LOW), ("2 days", "day", HIGH)]),
        ("2 to 1.500 days", [("2", "day", LOW), ("1.500 days", "day", HIGH)]),
        ("2 hours to 4 days", [("2 hours", "hour", LOW), ("4 days", "day", HIGH)]),
    ],
)
def test_the_ends_of_a_range_know_of_each_other(text, expected):
    assert bounds(text) == expected


# --- sizes and places ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "sizes"),
    [
        ("size 40", [True]),
        ("sizes 38 to 44, 7 days", [True, True, False]),
        ("سایز ۳۸ تا ۴۴", [True, True]),
        ("مقاس 40", [True]),
        ("اندازه ۴۰", [True]),
        ("model 40", [True]),
        ("مدل ۴۰", [True]),
        ("version 4", [True]),
        ("code 40", [False]),
        ("کد ۴۰", [False]),
        ("number 40", [False]),
        ("شماره ۴۰", [False]),
        ("no 40", [False]),
        ("within 40 days", [False]),
        ("2 to 4 days", [False, False]),
    ],
)
def test_a_size_counts_nothing_of_terms(text, sizes):
    assert [bound.is_size for bound in bounds_in(read(text))] == sizes


@pytest.mark.parametrize(
    ("unit", "words"),
    [
        ("street", "خیابان ۸|street 8|شارع 8"),
        ("lane", "کوچه ۸|lane 8"),
        ("door", "پلاک ۸|no 8|no. 8"),
        ("unit", "واحد ۸|unit 8"),
        ("floor", "طبقه ۸|floor 8"),
    ],
)
def test_a_number_of_an_address_is_of_its_place(unit, words):
    assert [bounds(one)[0][:2] for one in words.split("|")] == [("8", unit) for _ in words.split("|")]
    assert unit in PLACES.values()


def test_what_has_a_unit_is_of_no_place():
    assert bounds("floor 8 days") == [("8 days", "day", NONE)]


# --- what turns a statement round ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("after", "after it came|afterwards|afterward|later|بعدا|بعدش|پس از|سپس|لاحقا"),
        ("before", "before it came|beforehand|in advance|upfront|قبلا|قبل|پیش از|پیشاپیش|مسبقا"),
        ("even", "even used|regardless|حتی استفاده شده|هرچند|ولو"),
        (
            "every",
            "all|everyone|anywhere|any|always|worldwide|whatever|whenever|wherever|همه|هر|هرجا|هرچه|تمام|سراسر|همیشه|جميع",
        ),
        (
            "at_once",
            "same day|same-day|next day|overnight|immediately|instantly|همان روز|همون روز|روز بعد|فوری|نفس اليوم",
        ),
    ],
)
def test_a_word_may_turn_a_statement_round(kind, words):
    assert [
        (one, found) for one in words.split("|") if (found := [kind for kind, _ in turns_in(read(one))]) != [kind]
    ] == []
    assert kind in TURNS


@pytest.mark.parametrize("text", ["حتی ۷ روز", "هر دو", "هر سه", "هر کدام", "the aftermath", "evening", "overall"])
def test_other_words_turn_nothing(text):
    assert list(turns_in(read(text))) == []


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("7 days after it came", []),
        ("7 days, after it came", []),
        ("7 days — after it came", ["after"]),
        ("7 days, and after it came", ["after"]),
        ("7 days before it came", ["before"]),
        ("after it came, 7 days", ["after"]),
    ],
)
def test_right_behind_a_time_after_tells_from_when_it_counts(text, kinds):
    assert [kind for kind, _ in turns_in(read(text))] == kinds


# --- values ----------------------------------------------------------------------------------------------------------


def test_a_sum_may_be_said_in_the_other_money_of_iran():
    assert numbers_in(read("۱۰ تومان")) == {Decimal(10), Decimal(100)}
    assert numbers_in(read("7 days")) == {Decimal(7)}


def test_what_facts_say_is_looked_up_by_its_value():
    found = stated(bounds_in(read("تا ۱۰ تومان، ۵ ریال، 7 SAR، 3 روز")))

    assert found == {
        Decimal(10): {("toman", WITHIN)},
        Decimal(100): {("rial", WITHIN)},
        Decimal(5): {("rial", NONE), ("riyal", NONE)},
        Decimal("0.5"): {("toman", NONE)},
        Decimal(7): {("riyal", NONE), ("rial", NONE)},
        Decimal(3): {("day", NONE)},
    }


# --- sentences -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sentence", "parts"),
    [
        ("delivery takes 2 to 4 days, returns 7 days", ["delivery takes 2 to 4 days", " returns 7 days"]),
        ("delivery takes 2 and 4 days and returns 7", ["delivery takes 2 and 4 days ", " returns 7"]),
        ("ارسال ۳ روز و مرجوعی ۷ روز", ["ارسال 3 روز ", " مرجوعی 7 روز"]),
        ("delivery is $1,500 (within 3 days)", ["delivery is $1,500 ", "within 3 days", ""]),
    ],
)
def test_a_list_states_several_things_and_its_numbers_stay_whole(sentence, parts):
    assert list(statements_in(read(sentence))) == parts


def about(fact):
    return [saying.about for saying in sayings_of(fact)]


def test_all_lines_are_about_the_heading_above_them():
    heading = topics_in(read("Returns"))
    assert heading

    assert all(heading <= one for one in about("Returns\nWithin 7 days\nDelivery is free"))
    assert heading <= about("\n\nReturns\nDelivery is free")[-1]


@pytest.mark.parametrize(
    "fact", ["Returns 7 days\nDelivery is free", "Returns. Delivery is free", "Returns 7\nDelivery"]
)
def test_a_line_with_a_number_and_a_first_sentence_are_no_heading(fact):
    assert not topics_in(read("Returns")) & about(fact)[-1]


def test_what_depends_goes_on_about_what_stood_before():
    delivery, returns = terms_in("delivery"), terms_in("return")

    about_free = about("Delivery is $6. Free over $150. Returns within 7 days. Free too.")

    assert delivery <= about_free[1]
    assert not delivery & about_free[2]
    assert returns <= about_free[3]


def test_what_is_said_of_a_courier_is_said_of_the_delivery_and_not_the_other_way():
    delivery, courier = terms_in("delivery"), terms_in("courier")

    assert delivery <= about("By courier within 3 hours.")[0]
    assert not courier & about("Delivery within 3 hours.")[0]


@pytest.mark.parametrize(
    "text", ["7 days after delivery", "within 7 days of receipt", "۷ روز پس از تحویل", "7 أيام من تاريخ الاستلام"]
)
def test_from_when_something_counts_is_no_matter(text):
    assert topics_in(read(text)) == NOTHING


@pytest.mark.parametrize(
    "text", ["ساعت کار ما", "ساعتهای کار ما", "Saturday to Wednesday 10 to 20", "شنبه تا چهارشنبه ۱۰"]
)
def test_days_and_hours_are_of_when_the_shop_is_open(text):
    assert subjects_in("hours") <= topics_in(read(text))
    assert not subjects_in("hours") & topics_in(read("Saturday is fine"))


def test_dates_phones_and_codes_count_nothing():
    assert bounds(countable(read("call 02188776655 until 1405/07/05, within 7 days"))) == [("7 days", "day", WITHIN)]
