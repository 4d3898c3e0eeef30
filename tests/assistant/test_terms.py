"""What a reply says of terms is held against the whole of what the facts say of them; each beside what may be said."""

import pytest

from pilito.assistant.lexicon import vocabulary_of
from pilito.assistant.terms import find_turned

SHOP = (
    "پیراهن لینن «ماهور»\nقیمت: ۱٬۸۵۰٬۰۰۰ تومان\nرنگ‌ها: کرم، سبز زیتونی\nسایز ۳۶ تا ۴۴",
    "هزینه و زمان ارسال\nپست پیشتاز ۶۵٬۰۰۰ تومان، ۲ تا ۴ روز کاری. خرید بالای ۳٬۰۰۰٬۰۰۰ تومان ارسال رایگان دارد.",
    "تعویض و مرجوعی چگونه است؟\nتا ۷ روز پس از رسیدن کالا، اگر استفاده نشده باشد.",
    "چطور پرداخت کنم؟\nکارت به کارت یا درگاه پرداخت.",
)


def turned(reply, *facts, asked=()):
    return list(find_turned(reply, vocabulary_of(facts or SHOP), frozenset(asked)))


@pytest.mark.parametrize(
    ("fact", "reply", "found"),
    [
        ("", "هزینه ارسال ندارد", ["ندارد"]),
        ("", "ارسال؟ ندارد.", ["ندارد"]),
        ("", "ارسال، ندارد", ["ندارد"]),
        ("", "ارسال، سلام، ندارد", ["ندارد"]),
        ("", "ارسال؟ ندارد. پیراهن ماهور کرم است.", ["ندارد"]),
        ("", "پیراهن ماهور کرم است. ارسال؟ ندارد.", ["ندارد"]),
        ("", "ندارد، سلام", []),  # of no terms
        ("", "ندارد، ارسال", []),  # before it
        ("", "هزینه ارسال را نمی‌دونم", []),
        ("", "از ارسال اطلاعی ندارم، ندارد", []),
        ("ارسال به خارج نداریم", "ارسال ندارد", []),
        ("ارسال به خارج نداریم", "پرداخت نداریم", ["نداریم"]),
        ("پرداخت در محل نداریم", "پرداخت و ارسال نداریم", []),
        ("ارسال نداریم", "پرداخت و ارسال نداریم", ["نداریم"]),
        # "express delivery" is what the shop calls "express"
        ("No express. Delivery by post.", "Express delivery is not possible", []),
        ("No express. Delivery by post.", "Delivery is not possible", ["not"]),
        ("No express. Payment by card.", "Express payment is not possible", ["not"]),
        ("Express\nIt is not on Fridays.", "Express delivery is not possible", ["not"]),
        ("Express delivery\nNot on Friday.", "Express payment is not possible", ["not"]),
    ],
)
def test_nothing_is_denied_that_no_fact_denies(fact, reply, found):
    assert turned(reply, *filter(None, [fact])) == found


@pytest.mark.parametrize(
    ("fact", "reply", "found"),
    [
        ("Returns within 7 days", "Returns are possible", ["returns"]),
        ("Returns within 7 days", "Returns within 7 days", []),
        ("Returns within 7 days", "Returns within 8 days", ["returns", "8 days"]),
        ("Returns within 7 days. No exchange", "You may return it, no exchange", ["return"]),
        ("Returns within 7 days", "I don't know about returns", []),
        (
            "Returns within 7 days. No returns of shoes. Exchange within 3 days",
            "No returns of shoes, exchange within 3 days",
            [],
        ),
        ("Delivery within 7 days", "Delivery is possible", []),
        ("Returns. Within 7 days. It is so.", "Returns are possible", ["returns"]),
        ("Returns. Delivery within 7 days.", "Returns are possible", []),
        ("Returns are fine. Exchange within 7 days", "Returns are possible", []),
        ("Returns are fine. Exchange within 7 days", "Exchange and returns", ["exchange"]),
        ("Returns within 7 days. Exchange within 3 days", "Exchange and returns: 3 days", ["3 days", "returns"]),
        ("Returns within 7 days. Exchange. Returns are fine", "Returns", []),
        ("Free over $50", "It is free over $50", []),
    ],
)
def test_what_holds_within_a_time_or_over_a_sum_is_said_with_it(fact, reply, found):
    assert sorted(turned(reply, fact)) == sorted(found)


def test_the_numbers_of_another_fact_are_no_condition():
    assert turned("Returns are fine", "Returns are fine", "7 colours") == []
    assert turned("Returns are fine", "Returns are fine. 7 days") == ["returns"]


@pytest.mark.parametrize(
    ("fact", "reply", "found"),
    [
        ("", "The dress is 65,000 toman", ["65,000 toman"]),  # that is the postage
        ("", "The dress is 1,850,000 toman", []),
        ("", "The price is 65,000 toman", ["65,000 toman"]),
        ("", "It is 65,000", ["65,000"]),
        ("", "Delivery costs 65,000 toman", []),
        ("", "Delivery costs 1,850,000 toman", ["1,850,000 toman"]),
        ("", "Delivery 1,850,000 toman", ["1,850,000 toman"]),
        ("", "Delivery of the dress, 1,850,000 toman", []),
        ("", "Delivery is 65,000 toman, the dress 1,850,000 toman", []),
        ("", "Delivery is 65,000 toman and the dress 65,000 toman", ["65,000 toman"]),
        ("", "Delivery costs 65,000 toman, then 65,000 toman", []),
        ("", "The dress is 1,850,000 toman and 65,000 toman", ["65,000 toman"]),
        ("", "The delivery is free over 3,000,000 toman", []),
        ("", "It is free over 3,000,000 toman", []),
        ("", "The dress is free over 3,000,000 toman", []),
        ("", "It is free for 3,000,000 toman", ["3,000,000 toman"]),
        ("", "The dress is over 3,000,000 toman", ["3,000,000 toman"]),
        ("fee 9,999", "price 9,999", []),  # so little is a size or a count
        ("fee 10,000", "price 10,000", ["10,000"]),
        ("fee 10,000", "price 10,000 toman", ["10,000 toman"]),
        ("fee 10.000", "price 10.000", ["10.000"]),
        ("fee 20,000 grams", "price 20,000 grams", []),
        ("Delivery $5", "Delivery is $5, $5 or $5", []),
        ("Dress $5", "Delivery, and it is $5", ["5"]),
        ("Delivery $5", "The dress is $5 and free", ["5"]),
        ("Delivery\nThe price of the dress is $5", "Delivery costs $5", ["5"]),
        ("Delivery: $5. Canada $12.", "The dress is $5", ["5"]),
        ("Delivery: $5. Canada $12.", "Delivery costs $12", []),
        ("Delivery: $5. Canada $12.", "The dress is $12", []),  # it may go on about the delivery, or not
        ("Delivery $5", "The dress is $6", []),  # another check's
        ("The dress is $5. Delivery $5", "The dress is $5", []),
        ("Price $5 with delivery", "The dress is $5", []),
        ("Price $5 with delivery", "Delivery is $5", []),
        ("Price $5. Free delivery", "Delivery is $5", ["5"]),
        ("Returns cost $5", "The dress is $5", []),
        ("Free over $5", "The dress is $5", ["5"]),
    ],
)
def test_the_price_of_one_thing_is_not_said_of_another(fact, reply, found):
    assert list(dict.fromkeys(turned(reply, *filter(None, [fact])))) == found


def test_a_bare_sum_answers_what_was_asked_for():
    assert turned("65,000 toman", asked=("delivery",)) == []
    assert turned("65,000 toman", asked=("how", "much", "delivery")) == []
    assert turned("65,000 toman", asked=("dress",)) == ["65,000 toman"]
    assert turned("65,000 toman", asked=("free",)) == ["65,000 toman"]
    assert turned("The dress is 65,000 toman", asked=("delivery",)) == ["65,000 toman"]
    assert turned("The price is 65,000 toman", asked=("delivery",)) == ["65,000 toman"]


@pytest.mark.parametrize(
    ("fact", "reply", "found"),
    [
        ("Delivery on Saturday", "Delivery on Saturday", []),
        ("Open on Saturday. Delivery by post.", "Delivery on Saturday", ["saturday"]),
        ("Open on Saturday. Delivery by post.", "Delivery on Saturdays", ["saturdays"]),
        ("Open on Saturday. Delivery by post.", "Delivery on Saturday and Sunday", ["saturday", "sunday"]),
        ("Open on Saturday", "Open on Saturday", []),
        ("Open on Saturday", "The price holds on Saturday", ["saturday"]),
        ("Open on Saturday. Delivery", "Delivery and returns on Saturday", ["saturday"]),
        ("Open on Saturday. Returns", "Returns on Saturday", []),  # often it has its day in a sentence of its own
    ],
)
def test_a_day_is_not_said_of_what_it_is_not_of(fact, reply, found):
    assert turned(reply, fact) == found


@pytest.mark.parametrize(
    ("reply", "found"),
    [
        ("The price is not right", ["not"]),
        ("قیمت درست نیست", ["نیست"]),
        ("I don't know the price", []),
        ("قیمتش در اطلاعات من نیست", []),
        ("لیس لدی السعر", []),
        ("السعر لیس صحیح", ["لیس"]),
        ("There is no information on the price", []),
        ("The price is right, green is not here", []),
    ],
)
def test_a_price_is_not_denied(reply, found):
    assert turned(reply) == found


@pytest.mark.parametrize(
    ("fact", "reply", "found"),
    [
        ("One is 5 dollars", "Both for 5 dollars", ["both"]),
        ("Both are 5 dollars", "Both for 5 dollars", []),
        ("Hello. Both are 5 dollars", "Both for 5 dollars", []),
        ("One is 5 dollars", "Both have one price", ["both"]),
        ("One is 5 dollars", "Both are green", []),
        ("5 dollars", "all dresses 5 dollars", ["all"]),
        ("5 dollars", "all orders 5 dollars", []),
        ("۵۰۰ هزار تومان", "هر دو با هم ۵۰۰ هزار تومان", ["هر دو"]),
    ],
)
def test_one_price_is_not_said_of_two(fact, reply, found):
    assert turned(reply, fact) == found


@pytest.mark.parametrize(
    ("fact", "reply", "found"),
    [
        ("olive", "Yes", ["yes"]),
        ("olive", "بله", ["بله"]),
        ("olive", "نعم", ["نعم"]),
        ("olive", "Yes, olive", []),
        ("olive", "Yes, green", ["yes"]),
        ("hello", "Yes, hello", ["yes"]),  # which is said anyway
        ("olive", "Yes, 4", []),  # whether a fact has the number is looked at elsewhere
        ("olive", "Yes, I am a bot", []),
        ("olive", "Yes, not sure", []),
        ("olive", "It can't", []),
        ("olive", "How can I help you?", []),  # courtesy
        ("available", "Yes, it is available", []),
        ("nothing", "Yes, it is available", ["yes"]),
        ("available", "Yes", ["yes"]),
    ],
)
def test_a_yes_needs_something_behind_it(fact, reply, found):
    assert turned(reply, fact) == found


@pytest.mark.parametrize(
    ("reply", "found"),
    [
        ("The price is one", ["price is one"]),
        ("The price is one of ours", []),
        ("قیمت آن یک است", ["قیمت ان یک"]),
        ("The prices are up to you", ["prices are up to"]),
        ("قیمت با شما", ["قیمت با شما"]),
        ("This is not good", ["not good"]),
        ("Don't buy it", ["don't buy"]),
        ("Don’t buy it", ["don't buy"]),
        ("What is your card", ["what is your card"]),
        ("کد تایید را بفرمایید", ["کد تایید را بفرمایید"]),
        ("I know you", ["i know you"]),
        ("I know you like it", []),
        ("Buy one, get one", ["buy one, get one"]),
        ("دو تا بخرید، یکی هدیه", ["دو تا بخرید، یکی"]),
        ("There is no cost", ["no cost"]),
    ],
)
def test_what_no_shop_says_is_found(reply, found):
    assert turned(reply, "shop") == found


def test_what_costs_nothing_may_be_said_where_a_fact_says_so():
    assert turned("There is no cost", "There is no cost") == []
