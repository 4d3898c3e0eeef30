"""Quantities are read in every way people write them."""

import re
from decimal import Decimal
from itertools import combinations

import pytest

from pilito.assistant.quantities import MONEY, Span, read_all, read_quantities, read_spans, unify
from pilito.money import CURRENCIES, written
from pilito.spelling import plain

# Every word of numbers that customers and shops write, by what it means.
NUMBERS = {
    1: "یک one واحد", 2: "دو two اثنان اثنین", 3: "سه three ثلاثه ثلاث بثلاثه بثلاث", 4: "چهار four اربعه اربع باربعه باربع",
    5: "پنج five خمسه خمس بخمسه بخمس", 6: "شش شیش six سته ست بسته بست", 7: "هفت seven سبعه سبع بسبعه بسبع",
    8: "هشت eight ثمانیه بثمانیه", 9: "نه nine تسعه تسع بتسعه بتسع", 10: "ده ten عشره بعشره", 11: "یازده eleven",
    12: "دوازده twelve", 13: "سیزده thirteen", 14: "چهارده fourteen", 15: "پانزده پونزده fifteen",
    16: "شانزده شونزده sixteen", 17: "هفده seventeen", 18: "هجده eighteen", 19: "نوزده nineteen",
    20: "بیست twenty عشرون عشرین بعشرین", 30: "سی thirty ثلاثون ثلاثین بثلاثین", 40: "چهل forty اربعون اربعین",
    50: "پنجاه fifty خمسون خمسین بخمسین", 60: "شصت sixty", 70: "هفتاد seventy", 80: "هشتاد eighty", 90: "نود ninety",
    100: "صد یکصد hundred مایه مییه میه", 200: "دویست", 300: "سیصد", 400: "چهارصد", 500: "پانصد پونصد",
    600: "ششصد شیشصد", 700: "هفتصد", 800: "هشتصد", 900: "نهصد", 1000: "هزار هزاره هزارتا thousand الف الاف",
    10**6: "میلیون ملیون میلیونه ملیونه million ملایین", 10**9: "میلیارد billion",
}  # fmt: skip
# And what they count, or are paid in.
UNITS = {
    "toman": "تومان تومن تومانی تومنی تومانه تومنه ت toman tomans tuman t irt", "rial": "ریال rial rials irr ﷼",
    "dirham": "درهم dirham dirhams aed", "dinar": "دینار dinar dinars iqd kwd bhd",
    "afn": "افغانی afn", "rupee": "روپیه rupee rupees ₹ inr pkr", "ruble": "روبل ruble rubles rouble roubles rub",
    "yuan": "یوان yuan cny", "riyal": "riyal riyals sar qar omr",
    "dollar": "دلار دولار dollar dollars usd $ buck bucks cad aud", "pound": "پوند pound pounds gbp £ quid",
    "euro": "یورو euro euros eur €", "lira": "لیر لیره lira ₺ try tl", "egp": "جنیه egp",
    "minute": "دقیقه minute minutes min", "hour": "ساعت ساعته hour hours ساعه ساعات",
    "day": "روز روزه day days یوم ایام", "week": "هفته week weeks اسبوع اسابیع",
    "month": "ماه ماهه month months شهر اشهر", "year": "سال ساله year years سنه سنوات", "percent": "درصد % percent",
    "cm": "سانت سانتی سانتیمتر cm سم centimetres centimeters", "mm": "میلیمتر mm",
    "metre": "متر metre metres meter meters", "gram": "گرم گرمی gr g gram grams غرام",
    "kilo": "کیلو کیلوگرم کیلوگرمی kg kilo kilos", "mg": "میلیگرم mg", "litre": "لیتر litre liter litres",
    "ml": "میلیلیتر ml cc", "inch": "اینچ inch inches", "degree": "درجه degrees", "carat": "عیار carat karat",
    "colour": "رنگ رنگه colour colours color colors الوان", "person": "نفر نفره people person persons",
    "piece": "عدد عددی دونه تیکه تکه جفت بسته قطعه قطع piece pieces مدل model models pairs",
}  # fmt: skip
# Whose it is, by the word for the country behind the currency, and in English before it.
BEHIND = {
    "sar": "ریال سعودی عربستان", "qar": "ریال قطر قطری", "omr": "ریال عمان عمانی", "kwd": "دینار کویت کویتی",
    "bhd": "دینار بحرین بحرینی", "iqd": "دینار عراق عراقی", "usd": "دلار امریکا امریکایی امریکی",
    "cad": "دلار کانادا کانادایی کندی", "aud": "دلار استرالیا استرالیایی استرالی", "inr": "روپیه هند هندی",
    "pkr": "روپیه پاکستان پاکستانی",
}  # fmt: skip
BEFORE = {
    "sar": "riyals saudi", "qar": "riyals qatari", "omr": "riyals omani", "kwd": "dinars kuwaiti", "bhd": "dinars bahraini",
    "iqd": "dinars iraqi", "usd": "dollars us", "cad": "dollars canadian cad", "aud": "dollars australian aud",
    "inr": "rupees indian", "pkr": "rupees pakistani",
}  # fmt: skip


def read(text):
    return [(sorted(map(int, one.values)), one.unit) for one in read_quantities(plain(text))]


def marked(text):
    """Each quantity as what it can mean, its unit, and the words that say it."""
    text = unify(plain(text))
    return [
        (" or ".join(f"{value.normalize():f}" for value in sorted(one.values)), one.unit, text[one.start : one.end])
        for one in read_quantities(text)
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # the country of a currency, on either side
        ("150 ریال سعودی", [("150", "riyal", "sar", "150 ریال سعودی")]),
        ("150 ریال قطر، 2 ریال عمان", [("150", "riyal", "qar", "150 ریال قطر"), ("2", "riyal", "omr", "2 ریال عمان")]),
        ("150 ریال عمانه", [("150", "riyal", "omr", "150 ریال عمانه")]),
        ("قیمت به ریال سعودی 150", [("150", "riyal", "sar", "150")]),
        (
            "5 دینار کویت و 7 دینار بحرینی",
            [("5", "dinar", "kwd", "5 دینار کویت"), ("7", "dinar", "bhd", "7 دینار بحرینی")],
        ),
        ("25 دينار عراقي", [("25", "dinar", "iqd", "25 دینار عراقی")]),
        ("20 دلار کانادا", [("20", "dollar", "cad", "20 دلار کانادا")]),
        ("20 دلار آمریکا", [("20", "dollar", "usd", "20 دلار امریکا")]),
        ("20 Canadian dollars", [("20", "dollar", "cad", "20 canadian dollars")]),
        ("20 US dollars", [("20", "dollar", "usd", "20 us dollars")]),
        ("500 روپیه پاکستان", [("500", "rupee", "pkr", "500 روپیه پاکستان")]),
        ("150 Saudi riyals", [("150", "riyal", "sar", "150 saudi riyals")]),
        ("150 riyals", [("150", "riyal", "", "150 riyals")]),
        ("$20 CAD", [("20", "dollar", "cad", "20 cad")]),
        ("TRY 500", [("500", "", "", "500")]),  # "try 2": a verb before a number
        ("try 38, rub 2 times", [("38", "", "", "38"), ("2", "", "", "2")]),
        ("فرش افغانی 850", [("850", "", "", "850")]),
        ("20 دلار سعودی", [("20", "dollar", "", "20 دلار")]),
        ("ریال سعودی 150", [("150", "riyal", "sar", "150")]),
        ("Saudi riyals 150", [("150", "riyal", "sar", "150")]),
        ("US$20", [("20", "dollar", "usd", "20")]),
        ("CAD $20", [("20", "dollar", "cad", "20")]),
        ("AUD $20", [("20", "dollar", "aud", "20")]),
        ("C$20", [("20", "dollar", "cad", "20")]),
        ("CA$20 or AU$25", [("20", "dollar", "cad", "20"), ("25", "dollar", "aud", "25")]),
        ("A$20", [("20", "dollar", "aud", "20")]),
        ("a $20 bag", [("20", "dollar", "", "20")]),
        ("bag A€20", [("20", "euro", "", "20")]),  # no euro is Australia's
        ("80 $US", [("80", "dollar", "usd", "80 $us")]),
        ("vitamin c $20", [("20", "dollar", "", "20")]),
        # behind the number it stands alone, for it may be of what follows
        ("$20 Canadian", [("20", "dollar", "cad", "20 canadian")]),
        ("It is $20 Australian, delivered.", [("20", "dollar", "aud", "20 australian")]),
        ("$2k US.", [("2000", "dollar", "usd", "2k us")]),
        ("$20 (Canadian)", [("20", "dollar", "cad", "20 (canadian")]),
        ("$20 (CAD), $15 (AUD)", [("20", "dollar", "cad", "20 (cad"), ("15", "dollar", "aud", "15 (aud")]),
        ("20 dollars (Canadian)", [("20", "dollar", "cad", "20 dollars (canadian")]),
        ("150 ریال (سعودی)", [("150", "riyal", "sar", "150 ریال (سعودی")]),
        ("150 ریال از سعودی", [("150", "rial", "", "150 ریال")]),
        ("150 ریال (سعودی و عمانی)", [("150", "rial", "", "150 ریال")]),
        ("₹500 Pakistani", [("500", "rupee", "pkr", "500 pakistani")]),
        ("$20 Canadian leather", [("20", "dollar", "", "20")]),
        ("$20 (Canadian leather)", [("20", "dollar", "", "20")]),
        ("$20, Canadian", [("20", "dollar", "", "20")]),
        ("$20 Indian", [("20", "dollar", "", "20")]),
        ("CAD $20 US.", [("20", "dollar", "cad", "20")]),
        ("$20 c", [("20", "dollar", "", "20")]),
        # and what stands at the other end of the text is no side of it
        ("ریال 150 با ارسال از عربستان", [("150", "rial", "", "150")]),
        ("CAD 20, not in US dollars", [("20", "dollar", "cad", "20")]),
        # both ends of a range are of one country
        ("150 تا 200 ریال سعودی", [("150", "riyal", "sar", "150"), ("200", "riyal", "sar", "200 ریال سعودی")]),
        ("1.500 تا 2 KWD", [("1.5", "dinar", "kwd", "1.500"), ("2", "dinar", "kwd", "2 kwd")]),
        # a thousandth is written of a dinar
        ("1.500 KWD", [("1.5", "dinar", "kwd", "1.500 kwd")]),
        ("KWD 1.500", [("1.5", "dinar", "kwd", "1.500")]),
        ("12.500 ریال عمان", [("12.5", "riyal", "omr", "12.500 ریال عمان")]),
        ("1.500 IQD", [("1.5 or 1500", "dinar", "iqd", "1.500 iqd")]),
        ("1.500 دینار", [("1.5 or 1500", "dinar", "", "1.500 دینار")]),
    ],
)
def test_the_country_of_a_currency_stands_on_either_side_of_it(text, expected):
    coins = [one.coin for one in read_quantities(unify(plain(text)))]

    assert [(*one[:2], coin, one[2]) for one, coin in zip(marked(text), coins, strict=True)] == expected


def test_every_word_for_a_country_says_whose_the_currency_is():
    named = [
        (f"3 {noun} {word}", coin) for coin, words in BEHIND.items() for noun, *rest in [words.split()] for word in rest
    ]
    named += [
        (f"3 {word} {noun}", coin) for coin, words in BEFORE.items() for noun, *rest in [words.split()] for word in rest
    ]

    assert [(text, coin) for text, coin in named if [one.coin for one in read_quantities(text)] != [coin]] == []


@pytest.mark.parametrize(
    ("one", "other", "is_one"),
    [
        ("20 dollars", "20 USD", True),
        ("20 dollars", "20 CAD", False),
        ("500 rupees", "500 INR", True),
        ("500 rupees", "500 PKR", False),
        ("5 dinars", "5 KWD", True),  # a bare dinar is anybody's
        ("5 dinars", "5 IQD", True),
        ("5 KWD", "5 IQD", False),
    ],
)
def test_a_bare_currency_is_that_of_the_country_most_mean_by_it(one, other, is_one):
    (first,), (second,) = read_quantities(plain(one)), read_quantities(plain(other))

    assert (first.is_paid_as(second), second.is_paid_as(first)) == (is_one, is_one)


@pytest.mark.parametrize("unit", ["KWD", "BHD", "OMR", "kg", "litres", "metres", "carat"])
def test_a_point_before_three_digits_is_no_comma_where_one_counts_in_thousandths(unit):
    assert marked(f"1.500 {unit}")[0][0] == "1.5"
    assert marked("1.500 toman")[0][0] == "1.5 or 1500"


@pytest.mark.parametrize("code", CURRENCIES)
def test_every_currency_that_a_price_is_written_in_is_read(code):
    both = [read_quantities(unify(plain(written(12_000_000, code, language)))) for language in ("en", "fa")]

    (english,), (persian,) = both
    assert english.is_money
    assert english.values == persian.values
    assert (english.unit, english.is_paid_as(persian)) == (persian.unit, True)


def test_no_two_currencies_are_one():
    read = [read_quantities(plain(f"3 {code}"))[0] for code in CURRENCIES]

    assert all(one.unit != other.unit or not one.is_paid_as(other) for one, other in combinations(read, 2))


def test_every_word_of_a_number_is_read():
    words = [(word, number) for number, words in NUMBERS.items() for word in words.split()]

    assert [(word, number) for word, number in words if read(f"{word} گرم") != [([number], "gram")]] == []


def test_a_number_is_read_with_every_word_that_it_counts():
    words = [(word, unit) for unit, words in UNITS.items() for word in words.split()]

    # Right behind the digits; and 3, of which no shop leaves out the thousands.
    assert [(word, unit) for word, unit in words if read(f"3{word}") != [([3], unit)]] == []
    hyphened = [(word, unit) for word, unit in words if unit not in MONEY and len(word) > 1]
    assert [(word, unit) for word, unit in hyphened if read(f"3-{word}") != [([3], unit)]] == []


@pytest.mark.parametrize("word", ["one hundred and twenty", "صد و بیست", "یکصد و بیست"])
def test_hundreds_have_their_tens(word):
    assert read(f"{word} گرم") == [([120], "gram")]


@pytest.mark.parametrize(
    "text",
    [
        "۱٬۸۵۰٬۰۰۰ تومان",
        "١٬٨٥٠٬٠٠٠ تومان",
        "1,850,000 toman",
        "1.850.000 تومن",
        "1 850 000 تومان",
        "1850000 تومانه",
        "۱ میلیون و ۸۵۰ هزار تومان",
        "یک میلیون و هشتصد و پنجاه هزار تومان",
        "1.85 million tomans",
        "۱٫۸۵ میلیون تومان",
        "1850k toman",
    ],
)
def test_an_amount_is_the_same_however_it_is_written(text):
    assert read(text) == [([1850000], "toman")]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("دو میلیون و نیم تومان", [2500000]),
        ("یک و نیم میلیون تومان", [1500000]),
        ("هزار تومان", [1000]),
        ("چهارصد و نود و نه هزار تومان", [499000]),
        ("850T", [850, 850000]),  # shops leave out the thousands
        ("two hundred thousand toman", [200000]),
    ],
)
def test_an_amount_in_words_or_in_shorthand_is_read(text, values):
    assert read(text) == [(values, "toman")]


def test_a_slash_in_a_number_is_a_comma_or_a_point():
    assert unify("315/000 تومان یا 1/25 میلیون") == "315,000 تومان یا 1.25 میلیون"


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("$20", "dollar"),
        ("AED 20", "dirham"),
        ("20%", "percent"),
        ("۲۰ درصد", "percent"),
        ("20 business days", "day"),
        ("۲۰ روز کاری", "day"),
        ("بیست رنگ", "colour"),
        ("20 سانت", "cm"),
        ("20 م", ""),
    ],
)
def test_a_number_has_the_unit_that_stands_beside_it(text, unit):
    assert read(text) == [([20], unit)]


@pytest.mark.parametrize("text", ["یک پیراهن زیبا", "one of our dresses", "نه، روز خوش!", "هزار بار ممنون", "سلام 🌸"])
def test_words_that_only_look_like_numbers_are_none(text):
    assert [one for one in read(text) if one != ([1000], "")] == []


def test_the_marks_of_a_list_are_no_numbers():
    assert read("1. قیمت ۲۰ تومان\n2) سایز ۴۰\n۳- ارسال") == [([20], "toman"), ([40], "")]


def test_both_ends_of_a_range_have_its_unit():
    text = plain("ارسال ۲ تا ۳ روز، سایز 38-44، ۸۰۰ تا ۹۰۰ هزار تومان")

    quantities = read_quantities(text)

    assert [one.unit for one in quantities] == ["day", "day", "", "", "toman", "toman"]
    assert Decimal(800000) in quantities[4].values
    assert [(int(span.low), int(span.high)) for span in read_spans(quantities, text)[:2]] == [(2, 3), (38, 44)]


def test_a_list_of_sizes_is_not_one_number():
    assert read("38,40,42") == [([38], ""), ([40], ""), ([42], "")]


def test_a_time_of_day_is_a_clock():
    assert read("10:00–21:30") == [([10], "clock"), ([21], "clock")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # in words, with their "and"
        ("قیمت هشتصد و پنجاه تومان است", [("850", "toman", "هشتصد و پنجاه تومان")]),
        ("a bag for twenty five dollars", [("25", "dollar", "twenty five dollars")]),
        ("two hundred and fifty dollars", [("250", "dollar", "two hundred and fifty dollars")]),
        ("one thousand five hundred dollars", [("1500", "dollar", "one thousand five hundred dollars")]),
        ("one thousand and five dollars", [("1005", "dollar", "one thousand and five dollars")]),
        ("one thousand five dollars", [("1000", "", "one thousand"), ("5", "dollar", "five dollars")]),
        ("hundred dollars", [("100", "dollar", "hundred dollars")]),
        ("fifteen hundred dollars", [("1500", "dollar", "fifteen hundred dollars")]),
        ("ninety nine hundred grams", [("9900", "gram", "ninety nine hundred grams")]),
        ("one hundred hundred grams", [("100", "", "one hundred"), ("100", "gram", "hundred grams")]),
        ("a hundred dollars or a dollar", [("100", "dollar", "one hundred dollars"), ("1", "dollar", "one dollar")]),
        ("فقط یه تومن", [("1", "toman", "یک تومن")]),
        ("هفتصد هزار و پانصد تومان", [("700500", "toman", "هفتصد هزار و پانصد تومان")]),
        ("یک میلیارد و دویست میلیون تومان", [("1200000000", "toman", "یک میلیارد و دویست میلیون تومان")]),
        ("صد هزار میلیون ریال", [("100000000000", "rial", "صد هزار میلیون ریال")]),
        ("بیست و بیست روز", [("20", "day", "بیست روز")]),
        ("دویست و دویست روز", [("200", "", "دویست"), ("200", "day", "دویست روز")]),
        ("دویست و", [("200", "", "دویست")]),
        ("دویست و کیف", [("200", "", "دویست")]),
        ("two hundred and days", [("200", "", "two hundred")]),
        ("two hundred or five days", [("200", "day", "two hundred"), ("5", "day", "five days")]),
        ("twenty or five days", [("20", "day", "twenty"), ("5", "day", "five days")]),
        ("بیست و دو سه روز", [("3", "day", "سه روز")]),
        ("پنجاه و روز", []),
        ("ده و پنج روز", [("5", "day", "پنج روز")]),
        ("بیست و", []),
        ("صد", [("100", "", "صد")]),
        ("ده هزار و", [("10000", "", "ده هزار")]),
        # halves
        ("نیم ساعت", [("0.5", "hour", "نیم ساعت")]),
        ("نصف ساعه", [("0.5", "hour", "نصف ساعه")]),
        ("half litre", [("0.5", "litre", "half litre")]),
        ("صد و نیم", [("100.5", "", "صد و نیم")]),
        ("یک و نیم روز", [("1.5", "day", "یک و نیم روز")]),
        ("2 و نیم میلیون تومان", [("2500000", "toman", "2 و نیم میلیون تومان")]),
        ("2 و نیم روز", [("2.5", "day", "2 و نیم روز")]),
        ("2 و نیم", [("2.5", "", "2 و نیم")]),
        ("2 هزار و نیم", [("2500", "", "2 هزار و نیم")]),
        ("2 روز نصف قیمت", [("2", "day", "2 روز")]),
        ("2 هزار روز نصف قیمت", [("2000", "day", "2 هزار روز")]),
        ("دو میلیون و نیم تومان", [("2500000", "toman", "دو میلیون و نیم تومان")]),
        ("2 هزار و نیم تومان", [("2500", "toman", "2 هزار و نیم تومان")]),
        # a number with its multiplier, and what is added to it
        ("1 million 850 thousand toman", [("1850000", "toman", "1 million 850 thousand toman")]),
        ("1 میلیون و 500 تومان", [("1000500", "toman", "1 میلیون و 500 تومان")]),
        ("1 میلیون و 50 تومان", [("1000000", "", "1 میلیون"), ("50", "toman", "50 تومان")]),
        ("1 میلیون و 100 تومان", [("1000100", "toman", "1 میلیون و 100 تومان")]),
        ("1 میلیون و 1.850 تومان", [("1000001.85 or 1001850", "toman", "1 میلیون و 1.850 تومان")]),
        ("2 هزار 500 تومان", [("2000", "", "2 هزار"), ("500", "toman", "500 تومان")]),
        ("2 هزار پانصد تومان", [("2500", "toman", "2 هزار پانصد تومان")]),
        ("هزار 500 تومان", [("1000", "", "هزار"), ("500", "toman", "500 تومان")]),
        ("2 هزار و 1.850 تومان", [("2000", "", "2 هزار"), ("1.85 or 1850", "toman", "1.850 تومان")]),
        ("2 هزار و 3 هزار", [("2000", "", "2 هزار"), ("3000", "", "3 هزار")]),
        ("هزار و هزار", [("1000", "", "هزار"), ("1000", "", "هزار")]),
        ("2 هزار و 999 تومان", [("2999", "toman", "2 هزار و 999 تومان")]),
        ("2 هزار و 1000 تومان", [("2000", "", "2 هزار"), ("1000", "toman", "1000 تومان")]),
        ("هزار", [("1000", "", "هزار")]),
        ("هزار و پانصد", [("1500", "", "هزار و پانصد")]),
        ("1.5k", [("1500", "", "1.5k")]),
        ("2k toman", [("2000", "toman", "2k toman")]),
        ("2 k toman", [("2", "", "2")]),
        # "m" is a million beside a currency or the word for a price, else metres
        ("20m", [("20", "", "20m")]),
        ("Coat 2m long. 80 USD", [("2", "", "2m"), ("80", "dollar", "80 usd")]),
        ("Rope 5m, 80 USD", [("5", "", "5m"), ("80", "dollar", "80 usd")]),
        ("Price 80 USD 2m long", [("80", "dollar", "80 usd"), ("2", "dollar", "2m")]),
        ("$2m", [("2 or 2000000", "dollar", "2m")]),
        ("IRT 2m", [("2 or 2000000", "toman", "2m")]),
        ("قیمت: 2m", [("2 or 2000000", "", "2m")]),
        ("السعر 2m", [("2 or 2000000", "", "2m")]),
        ("Price of the bag: 2m", [("2 or 2000000", "", "2m")]),
        ("قیمت از 1m تا 2m", [("1 or 1000000", "", "1m"), ("2 or 2000000", "", "2m")]),
        ("1m تا 2m تومان", [("1 or 1000000", "toman", "1m"), ("2 or 2000000", "toman", "2m تومان")]),
        ("1m to 2,500,000 toman", [("1 or 1000000", "toman", "1m"), ("2500000", "toman", "2,500,000 toman")]),
        ("Euro style belt 2m", [("2", "", "2m")]),
        ("Coat for $2m", [("2 or 2000000", "dollar", "2m")]),
        ("Price of this long wide belt 2m", [("2 or 2000000", "", "2m")]),
        ("Price of this long and wide belt 2m", [("2", "", "2m")]),
        ("Rope 2m, ask for its price", [("2", "", "2m")]),
        ("$2m for model 12", [("2 or 2000000", "dollar", "2m"), ("12", "", "12")]),
        ("1m-2m toman", [("1 or 1000000", "toman", "1m"), ("2 or 2000000", "toman", "2m toman")]),
        ("قیمت دایرکت، پارچه 2m", [("2", "", "2m")]),
        # a point before three digits parts thousands of money and of what is counted, not of what is weighed
        ("1.250 kg", [("1.25", "kilo", "1.250 kg")]),
        ("۱.۲۵۰ کیلو", [("1.25", "kilo", "1.250 کیلو")]),
        ("1.250 تا 2.500 لیتر", [("1.25", "litre", "1.250"), ("2.5", "litre", "2.500 لیتر")]),
        ("2.400 متر", [("2.4", "metre", "2.400 متر")]),
        ("1.250 گرم", [("1.25 or 1250", "gram", "1.250 گرم")]),
        ("1.000 عدد", [("1 or 1000", "piece", "1.000 عدد")]),
        ("20 m", [("20", "", "20")]),
        ("1.85m toman", [("1.85 or 1850000", "toman", "1.85m toman")]),
        # digits in groups, by commas, dots, spaces and slashes
        ("1 850 000 تومان", [("1850000", "toman", "1 850 000 تومان")]),
        ("12 345 تومان", [("12345", "toman", "12 345 تومان")]),
        ("38 40 42", [("38", "", "38"), ("40", "", "40"), ("42", "", "42")]),
        ("850 000 و 90", [("850000", "", "850 000"), ("90", "", "90")]),
        ("1.850", [("1.85 or 1850", "", "1.850")]),
        ("1.850.000", [("1850000", "", "1.850.000")]),
        ("1.85", [("1.85", "", "1.85")]),
        ("1,850.5", [("1850.5", "", "1,850.5")]),
        ("315/000 تومان", [("315000", "toman", "315,000 تومان")]),
        ("1/315/000 تومان", [("1315000", "toman", "1,315,000 تومان")]),
        ("1/25 میلیون", [("1250000", "", "1.25 میلیون")]),
        ("850هزارتومان", [("850000", "toman", "850هزار تومان")]),
        ("صدتومان", [("100", "toman", "صد تومان")]),
        ("20درصد", [("20", "percent", "20 درصد")]),
        # units, and what stands between or sticks to them
        ("500 میلی لیتر", [("500", "ml", "500 میلیلیتر")]),
        ("2 کیلو گرم", [("2", "kilo", "2 کیلوگرم")]),
        ("3 full working days", [("3", "day", "3 full working days")]),
        ("5 ایام عمل", [("5", "day", "5 ایام")]),
        ("3 عمل ایام", [("3", "day", "3 عمل ایام")]),
        ("3 business", [("3", "", "3")]),
        ("3 عدد از این سایز", [("3", "piece", "3 عدد")]),
        ("3 days2 hours", [("3", "day", "3 days"), ("2", "hour", "2 hours")]),
        ("6-month warranty", [("6", "month", "6-month")]),
        ("6 -month", [("6", "", "6")]),
        ("in 6- month", [("6", "", "6")]),
        ("6-", [("6", "", "6")]),
        ("$6/month", [("6", "dollar", "6")]),
        ("38-AED 200", [("38", "", "38"), ("200", "dirham", "200")]),
        ("30g", [("30", "gram", "30g")]),
        ("30 g", [("30", "", "30")]),
        ("850 ت", [("850 or 850000", "toman", "850 ت")]),
        ("9 ت", [("9", "toman", "9 ت")]),
        ("10 تومنه", [("10 or 10000", "toman", "10 تومنه")]),
        ("10 تومنی", [("10 or 10000", "toman", "10 تومنی")]),
        ("10 تومن", [("10 or 10000", "toman", "10 تومن")]),
        ("10t", [("10 or 10000", "toman", "10t")]),
        ("10 تومان", [("10", "toman", "10 تومان")]),
        ("99999 ت", [("99999 or 99999000", "toman", "99999 ت")]),
        ("100000 ت", [("100000", "toman", "100000 ت")]),
        ("5 میلیون ت", [("5000000", "toman", "5 میلیون ت")]),
        ("20 هزار تومن", [("20000", "toman", "20 هزار تومن")]),
        ("20 روزه", [("20", "day", "20 روزه")]),
        ("20 سانتست", [("20", "cm", "20 سانتست")]),
        ("20 دلاراند", [("20", "dollar", "20 دلاراند")]),
        ("20 روزها", [("20", "day", "20 روزها")]),
        ("20 لیترای", [("20", "litre", "20 لیترای")]),
        ("20 ساعتی", [("20", "hour", "20 ساعتی")]),
        ("$20 or 20$", [("20", "dollar", "20"), ("20", "dollar", "20$")]),
        ("41 $89", [("41", "", "41"), ("89", "dollar", "89")]),
        ("20 $ 30", [("20", "dollar", "20 $"), ("30", "dollar", "30")]),
        ("20 $", [("20", "dollar", "20 $")]),
        ("AED 20", [("20", "dirham", "20")]),
        ("t 20", [("20", "", "20")]),
        ("20", [("20", "", "20")]),
        # times of day
        ("10:30", [("10.5", "clock", "10:30")]),
        ("10:30 21:00", [("10.5", "clock", "10:30"), ("21", "clock", "21:00")]),
        ("10:30 pm", [("10.5 or 22.5", "clock", "10:30")]),
        ("7:45 شب", [("7.75 or 19.75", "clock", "7:45")]),
        ("7 pm", [("7 or 19", "", "7")]),
        ("8 عصر", [("8 or 20", "", "8")]),
        ("6 غروب", [("6 or 18", "", "6")]),
        ("9 مساء", [("9 or 21", "", "9")]),
        ("11 شب", [("11 or 23", "", "11")]),
        ("12 شب", [("12", "", "12")]),
        ("شب 10:30", [("10.5", "clock", "10:30")]),
    ],
)
def test_a_quantity_is_all_that_says_it_and_no_more(text, expected):
    assert marked(text) == expected


@pytest.mark.parametrize(
    "label",
    ["سایز", "سایزهای", "اندازه", "کد", "شماره", "size", "sizes", "no", "number", "code", "مقاس", "رقم"],
)
def test_the_number_of_a_size_or_a_code_counts_nothing(label):
    assert [read(f"{label} 40 {word}") for word in ("رنگ", "نفر", "عدد")] == 3 * [[([40], "")]]
    assert read(f"{label} 40 روز") == [([40], "day")]


@pytest.mark.parametrize(
    "text",
    [
        *("قیمتش بیست", "هزینه بیست", "مبلغ ما بیست", "سعرها عشرون", "سایز بیست", "costs twenty"),
        *("price is only twenty", "قیمتش بیست، " + "خیلی زیبا " * 5),
    ],
)
def test_a_bare_number_in_words_is_one_where_it_can_only_be_a_price_or_a_size(text):
    assert read(text) == [([20], "")]


@pytest.mark.parametrize(
    "text",
    [
        "بیست بار",
        "قیمت نه",
        "price is for about only twenty",
        "twenty is a price",
        "قیمت" + " خیلی" * 2 + " خیلی بیست",
        "the prices of " + "very " * 10 + "nice twenty",
    ],
)
def test_elsewhere_it_is_none(text):
    assert read(text) == []


@pytest.mark.parametrize("joint", ["تا", "الی", "to", "until", "till", "یا", "or", "حتی", "-", "–", "—", "~", "/"])
def test_every_word_of_a_range_is_read(joint):
    quantities = read_quantities(text := f"2 {joint} 30 روز")

    assert [one.unit for one in quantities] == ["day", "day"]
    assert read_spans(quantities, text) == [Span(Decimal(2), Decimal(30), "day")]


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("3 to 2 days", []),  # downwards it is none
        ("3 - 3 days", []),
        ("2 و 3 روز", []),
        ("2 روز تا 3", [(2, 3, "day")]),
        ("2 روز تا 3 هفته", [(2, 3, "week")]),
        ("36 to 38 to 40", [(36, 38, ""), (38, 40, "")]),
        ("1.850 تا 2.000", [("1.85", 2000, "")]),  # each from the least that it may mean to the most
        ("2.000 تا 2", []),
        ("1.850 تا 3 لیتر", [("1.85", 3, "litre")]),
        ("1.500 تا 2 گرم", [("1.5", 2, "gram")]),
        ("900 تا 1.850 تومان", [(900, 1850, "toman")]),
    ],
)
def test_a_range_goes_upwards(text, spans):
    found = read_spans(read_quantities(text), text)

    assert found == [Span(Decimal(low), Decimal(high), unit) for low, high, unit in spans]


def test_the_lower_end_of_a_range_may_leave_its_thousands_to_the_higher_one():
    assert marked("800 تا 900 هزار") == [("800 or 800000", "", "800"), ("900000", "", "900 هزار")]
    assert marked("1 هزار تا 2 میلیون") == [("1000", "", "1 هزار"), ("2000000", "", "2 میلیون")]
    assert marked("800 تا 900") == [("800", "", "800"), ("900", "", "900")]
    assert marked("800، 900 روز") == [("800", "", "800"), ("900", "day", "900 روز")]
    assert marked("2 هفته تا 3 روز")[0] == ("2", "week", "2 هفته")


def test_a_list_read_as_one_number_knows_its_parts():
    assert [one.parts for one in read_all("1,850,000 و 38 و 1.850 و 2,000 هزار و 850,000 تومان")] == [
        (1, 850, 0),
        (),
        (),
        (),
        (850, 0),
    ]


def test_a_number_that_counts_nothing_is_read_where_all_are_asked_for():
    one, two = read_all("یک پیراهن و 2 کیف")

    assert (one.values, one.is_spelled, one.is_money) == ({1}, True, False)
    assert (two.values, two.is_spelled, two.is_money) == ({2}, False, False)
    assert [one.is_spelled for one in read_all("هزار تا، ۲ هزار تا، نیم")] == [True, False, True]
    assert all(read_all(f"2 {unit}")[0].is_money == (unit in MONEY) for unit in ("dollar", "toman", "روز"))


def test_the_marks_of_a_list_go_and_leave_their_room():
    assert marked("12) 30 days\n 3- کد\n7: سایز 40") == [("30", "day", "30 days"), ("40", "", "40")]
    assert marked("12.5 روز") == [("12.5", "day", "12.5 روز")]
    assert marked("123) روز") == [("123", "", "123")]


def test_a_line_of_a_table_of_sizes_is_not_marked():
    assert marked("38: دور سینه 96\n9: کیف") == [("38", "", "38"), ("96", "", "96")]
    assert marked("38 - موجود\n 12. کیف\n8 - کیف") == [("38", "", "38")]


@pytest.mark.parametrize(
    "text",
    [
        *("سایز *38*", "سایزهای *38* تا *44*", "سایز‌های موجود: *38*، *40* و *42*", "سایز‌بندی *38* الی *44*", "سایز ها *38*"),
        *("اندازه *38*", "کد *450*", "کد محصول: *450*", "کد کالا *450*", "کد کار (*450*)", "شماره *12*", "مدل *12*"),
        *("پلاک *8*، طبقه *2*", "مقاس *38*", "رقم *38*", "كود *450*", "موديل *450*"),
        *("size *8*", "Sizes: *36*, *38*, *40*", "sizes available *8* or *10*", "code #*450*", "codes *450*/*451*"),
        *("model *12*", "No. *12*", "number *12*", "item *12*", "style *12*", "ref *12*", "sizes *8*–*10*, *12*"),
        *("قد *120*", "قد لباس: *120*", "دور سینه *96*، دور کمر *70*", "عرض شانه *40*", "طول آستین *60*", "ارتفاع *30*"),
        *("bust *96*", "waist: *70*", "hips *98*", "chest *96*", "length *120*", "height *30*", "width *20*"),
        *("inseam *70*", "shoulders *40*", "پهنا *20*", "سایز *40* تا *90*", "سایز *90* تا *40*", "سایز *38*  *40*"),
        # and what is none
        *("هر سایز 850", "همه سایزها 850", "تمام سایزها 850", "each size 45", "every size 45", "all sizes 45"),
        *("any size 45", "per item 45", "سایز *38*: 850", "سایز *38* = 850", "سایز *38*، 850", "سایز *40* تا 91"),
        *("سایز *91* تا 40", "سایز فری 850", "سایز\n850", "سایز *38*\n49", "آنکد 450", "850", "قیمت 850، سایز *38*"),
        *("فری سایز 850", "تک سایز 850", "یک سایز 850", "free size 45", "one size, 45"),
        *("قیمت این مدل 850", "همین مدل: 850000", "همه‌ی سایزها 850", "تمامی سایزها: 850", "هر دو سایز 850"),
        *("Price of this model: 89", "this item 89", "This style 89", "These models 89", "Both sizes 89"),
        *("all the sizes 45", "All sizes: *38* to *44*", "هر دو سایز *38* و *40* موجود", "all sizes 45, 56", "all sizes 85, delivery 90", "همه سایزها 85 تا 90 ت", "هر سایز 40 ت، 44", "all sizes *40*, *41*", "طول *10.000*", "سایز: *36*\n*37*", "both sizes 45, 45"),
        *("رنگ و سایزها 850,000", "مدل 10000", "مدل *9999*", "کد *850000*", "این کد *450*", "این سایز *38*", "قیمت سایز *38*"),
        *("سایز:\n*38*\n*40*\n*42*\nقیمت دایرکت", "سایز: *38*\n*40*\n*42*", "سایزها 👇\n▫️*38*\n▫️*40*", "سایز: *38*،\n*40*"),
        *("Sizes: *36* (S)\n*38* (M)", "سایز *38*\n40 تومان", "سایز *38*\n38", "سایز *38*\n36", "سایز *38*\n*48*", "سایز *38*\n\n40"),
        *("کدش *450*", "قدش *120*", "قدشون *120*", "سایزاش *38*", "سایزهاش: *38*، *40*", "سایز هاش *38*", "کدها *450*"),
        *("Sizes: *36*(S), *38*(M), *40*(L)", "Sizes: S *36*, M *38*, L *40*", "Sizes: EU *36*, *38*, *40*", "سایز M=*38* L=*40*"),
        *("size UK *8*", "Sizes: XS *34*, S *36*, XXL *42*", "size M 850", "سایز M: ۸۵۰، L: ۹۰۰", "Sizes: S 45, M 50", "S 36, M 38"),
        *("سایز M *38* L *42*", "سایز M 38 L 43", "Size L 40 89", "size L 40"),
        *("No. *12*", "no *12*", "no: *12*", "No, 12", "No! 12"),
        "سایز *40*، 1.850",
        *("سایز *1.850*، 40", "سایز *38* و قیمت 40", "سایز - - 40", "کد *450*\nقیمت: 450"),
    ],
)  # fmt: skip
def test_what_names_a_size_or_a_code_or_measures_is_told_from_what_may_be_a_price(text):
    plainly = unify(plain(text))
    read = plainly.replace("*", "")

    assert [read[one.start : one.end] for one in read_all(read) if one.is_name] == re.findall(r"\*([\d.]+)\*", plainly)


@pytest.mark.parametrize(
    "text",
    [
        *("بیش از *50000* مشتری راضی", "*20000* میلی‌آمپر", "گوشی *256* گیگ", "*256*GB و *20000* mAh", "*5000* فالوور"),
        *("over *50,000* happy customers", "*10000*+ followers", "*256* gb", "*60* watts", "از سال *1395*", "since *2015*"),
        *("est. *2015*", "منذ *2015*", "اكثر من *5000* زبون", "rope *5m*", "پارچه *2m*، 850"),
        *("سال *1300*", "سال *1499*", "since *1900*", "since *2099*"),
        # and what may be a price
        *("since 850", "850 for our customers", "کیف 850 مشتریان عزیز ما", "850 مشکی", "850 واتساپ", "قیمت 2m", "1395"),
        *("850\nمشتری", "سال 850", "850، گیگ"),
        *("سال 1299", "سال 1500", "since 1899", "since 2100", "since 1.950"),
    ],
)  # fmt: skip
def test_what_counts_something_else_and_a_year_are_no_price(text):
    plainly = unify(plain(text))
    read = plainly.replace("*", "")

    assert [read[one.start : one.end] for one in read_all(read) if one.is_name] == re.findall(r"\*([^*]+)\*", plainly)


def test_ten_and_more_can_be_a_price_or_a_size():
    assert (read("قیمت ده"), read("قیمت نه")) == ([([10], "")], [])
