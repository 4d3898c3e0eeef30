"""A number of the facts is said of what stands beside it there; each beside what may leave."""

import time

import pytest

from pilito.assistant.check import Draft, find_faults
from pilito.assistant.number_owners import find_numbers_of_others
from pilito.assistant.quantities import unify
from pilito.assistant.refusals import unasked
from pilito.assistant.types import Fact, TurnInput
from pilito.spelling import plain

SHOP = (
    "Standard delivery $5 (3 days), express $12 (next day).",
    "Gift wrapping $3. Engraving $10 per word.",
    "Bags $80, coats $200, belts from $30.",
    "Returns by post cost $6.",
)
GALLERY = (
    "ارسال با پیک در تهران ۴۵ هزار تومان و با پست به شهرستان ۶۵ هزار تومان است.",
    "بسته\u200cبندی کادویی ۳۰ هزار تومان. حکاکی هر کلمه ۲۰ هزار تومان.",
    "تیشرت ۴۵۰، شلوار ۹۰۰ و کاپشن ۲ میلیون تومان.",
    "قیمت\u200cها\nکیف بزرگ: ۸۰۰ هزار تومان\nکیف کوچک: ۶۰۰ هزار تومان",
)
STORE = ("التوصيل داخل الرياض 20 ريال، وخارجها 35 ريال.", "العباية 300 ريال، الطرحة 60 ريال.")

WORKSHOP = (
    "Delivery in Tehran takes 1 day, in Shiraz 3 days. Exchange within 7 days, returns within 14 days.",
    "Watch: 2 year warranty. Bag: 1 year warranty.",
    "Students get 10% off, members 20% off.",
    "Ring 18 mm wide, necklace 45 cm, bracelet 20 cm.",
    "Mug 300 ml, teapot 800 ml.",
    "We make rings in 10 days and necklaces in 14 days.",
    "With DHL: 4-6 days to Europe, 7-9 days to the US.",
)
JEWELLER = (
    "ارسال تهران ۱ روز کاری، شهرستان ۳ تا ۴ روز کاری.",
    "ساخت انگشتر ۱۰ روز، گردنبند ۱۴ روز زمان می\u200cبرد.",
    "انگشتر ۲ سال گارانتی دارد، ساعت ۱ سال.",
    "قد مانتو ۱۱۰ سانت، قد شومیز ۷۰ سانت.",
)
WATCHES = ("التوصيل داخل الرياض يوم واحد، وجدة 3 أيام.", "الضمان: الساعة 2 سنة، الحقيبة 1 سنة.")


def others(reply, facts):
    return list(find_numbers_of_others(unasked(unify(plain(reply))), facts))


@pytest.mark.parametrize(
    ("reply", "facts"),
    [
        ("Standard delivery is $5 and takes 3 days; express is $12.", SHOP),
        ("Wrapping costs $3, engraving $10 a word.", SHOP),
        ("For $12 we deliver it the next day (express).", SHOP),
        ("Bags are $80 and coats $200.", SHOP),
        ("A coat costs $200, delivery $5.", SHOP),
        ("The bag is $80, with gift wrapping $3 more.", SHOP),
        ("Belts start from $30.", SHOP),
        ("A bag with engraving: $80 and $10 per word.", SHOP),
        ("Sending it back by post costs $6.", SHOP),
        ("Express is $12, so next day.", SHOP),
        ("The coat, which is warm, is $200.", SHOP),
        ("Yes, engraving is possible for $10 per word.", SHOP),
        ("We can wrap it as a gift for $3.", SHOP),
        ("هزینه پیک تهران ۴۵ هزار تومان.", GALLERY),
        ("به شهرستان با پست ۶۵ هزار تومان میشه.", GALLERY),
        ("شیراز با پست ۶۵ هزار تومان.", GALLERY),
        ("بسته بندی کادو ۳۰ هزار تومن", GALLERY),
        ("ارسالش ۶۵ هزار تومنه و کادوپیچی ۳۰ هزار تومن", GALLERY),
        ("تیشرت ۴۵۰ هزار تومانه و شلوار ۹۰۰ هزار تومان.", GALLERY),
        ("کاپشن ۲ میلیون تومان.", GALLERY),
        ("کیف بزرگ ۸۰۰ و کوچیکش ۶۰۰ هزار تومنه.", GALLERY),
        ("کیف کوچک ۶۰۰ هزار تومان", GALLERY),
        ("هر کلمه حکاکی ۲۰ هزار تومان", GALLERY),
        ("کیف بزرگ ۸۰۰ هزار تومان به علاوه ۶۵ هزار تومان پست", GALLERY),
        ("پست ۶۵ هزار تومان", GALLERY),
        ("داخل الرياض 20 ريال.", STORE),
        ("خارج الرياض 35 ريال.", STORE),
        ("العباية بـ 300 ريال والطرحة بـ 60 ريال.", STORE),
        ("سعر الطرحة 60 ريال، والتوصيل داخل الرياض 20 ريال.", STORE),
        ("عباية 300 ريال", STORE),
    ],
)
def test_a_sum_is_told_of_its_own(reply, facts):
    assert others(reply, facts) == []


@pytest.mark.parametrize(
    ("reply", "facts"),
    [
        ("Express is $5.", SHOP),
        ("Coats are $80.", SHOP),
        ("Engraving is $3.", SHOP),
        ("Wrapping costs $10.", SHOP),
        ("Belts are $80.", SHOP),
        ("The bag is $200.", SHOP),
        ("با پیک ۶۵ هزار تومان", GALLERY),
        ("حکاکی ۳۰ هزار تومان", GALLERY),
        ("کیف کوچک ۸۰۰ هزار تومان", GALLERY),
        ("به شهرستان ۴۵ هزار تومان", GALLERY),
        ("الطرحة 300 ريال.", STORE),
    ],
)
def test_a_sum_is_not_told_of_another(reply, facts):
    assert others(reply, facts) != []


@pytest.mark.parametrize(
    ("reply", "facts"),
    [
        ("In Shiraz it takes 3 days.", WORKSHOP),
        ("It arrives in Tehran within 1 day.", WORKSHOP),
        ("Watches have a 2 year warranty, bags 1 year.", WORKSHOP),
        ("Members get 20% off.", WORKSHOP),
        ("The necklace is 45 cm long.", WORKSHOP),
        ("The teapot holds 800 ml and the mug 300 ml.", WORKSHOP),
        ("You can exchange the ring within 7 days.", WORKSHOP),
        ("Return the watch within 14 days.", WORKSHOP),
        ("The bag comes with a 1 year warranty and arrives in Tehran in 1 day.", WORKSHOP),
        ("A bag to Shiraz: 3 days.", WORKSHOP),
        ("The watch reaches Shiraz in 3 days.", WORKSHOP),
        ("The ring takes 10 days to make and 1 day to Tehran.", WORKSHOP),
        ("The ring is delivered in Tehran in 1 day.", WORKSHOP),
        ("Your necklace is made in 14 days, then it takes 3 days to Shiraz.", WORKSHOP),
        ("DHL delivers to the US in 7-9 days.", WORKSHOP),
        ("To Europe it is 4-6 days with DHL.", WORKSHOP),
        ("Students have 10% off.", WORKSHOP),
        ("The bracelet is 20 cm, the ring 18 mm.", WORKSHOP),
        ("For the ring: 10 days to make, then 1 day to Tehran.", WORKSHOP),
        ("ارسال تهران یک روز کاریه.", JEWELLER),
        ("به شهرستان ۳ تا ۴ روز کاری می\u200cرسه.", JEWELLER),
        ("انگشتر ۱۰ روزه آماده میشه.", JEWELLER),
        ("ساخت گردنبند ۱۴ روز و ارسالش به تهران ۱ روز.", JEWELLER),
        ("ساعت ۱ سال گارانتی داره.", JEWELLER),
        ("انگشتر ۲ سال گارانتی و ساعت ۱ سال.", JEWELLER),
        ("قد مانتو ۱۱۰ سانته.", JEWELLER),
        ("شومیز ۷۰ سانت قدشه.", JEWELLER),
        ("انگشتر به تهران ۱ روزه ارسال میشه.", JEWELLER),
        ("داخل الرياض يوم واحد.", WATCHES),
        ("إلى جدة 3 أيام.", WATCHES),
        ("ضمان الحقيبة 1 سنة.", WATCHES),
        ("الساعة عليها ضمان 2 سنة.", WATCHES),
    ],
)
def test_times_measures_and_percents_are_told_of_their_own(reply, facts):
    assert others(reply, facts) == []


@pytest.mark.parametrize(
    ("reply", "facts"),
    [
        ("Delivery in Shiraz takes 1 day.", WORKSHOP),
        ("The bag has a 2 year warranty.", WORKSHOP),
        ("Students get 20% off.", WORKSHOP),
        ("The necklace is 20 cm.", WORKSHOP),
        ("The mug holds 800 ml.", WORKSHOP),
        ("Necklaces are made in 10 days.", WORKSHOP),
        ("To Europe it takes 7-9 days.", WORKSHOP),
        ("ارسال شهرستان ۱ روز کاریه.", JEWELLER),
        ("انگشتر ۱۴ روزه آماده میشه.", JEWELLER),
        ("ساعت ۲ سال گارانتی داره.", JEWELLER),
        ("قد مانتو ۷۰ سانته.", JEWELLER),
        ("الحقيبة عليها ضمان 2 سنة.", WATCHES),
    ],
)
def test_and_not_of_another(reply, facts):
    assert others(reply, facts) != []


def test_the_operator_reads_of_which_word_it_is_not():
    turn = TurnInput("Shop", ("How much is a coat?",), facts=(Fact("faq", "Bags $80, coats $200."),))

    assert find_faults(Draft("Coats are $200.", turn, "0" * 16)) == []
    assert find_faults(Draft("Coats are $80.", turn, "0" * 16)) == ["words: coats"]


@pytest.mark.parametrize(
    ("reply", "facts", "found"),
    [
        ("coats are $80", ("Bags $80, coats $200",), ["coats"]),
        ("coats are $80", ("Bags $80", "Coats $200"), ["coats"]),
        ("coats are $80", ("Bags $80", "Coats"), []),  # nobody knows
        ("coats are $80", ("Coats $200",), []),  # a sum of nobody: held elsewhere
        ("coats are $80", ("Bags and coats $80, coats in red $200",), []),
        ("coats are $80", ("Coats\nPrice: 200 USD", "Bags $80"), []),  # the catalogue says itself whose each is
        ("velvet coats are $80", ("Coat\nPrice velvet: 200 USD", "Bags $80"), []),
        ("paltos are $80", ("Bags $80, coats $200",), []),
        ("پالتو 80 دلار", ("Bags $80, coats $200",), []),
        # words behind the sum, before it, and in front of a colon
        ("$80 for coats", ("$80 for bags, $200 for coats",), ["coats"]),
        ("coats: $80", ("Bags: $80, coats: $200",), ["coats"]),
        ("bags: $80", ("Bags: $80, coats: $200",), []),
        ("coats, $80", ("$80 for bags. $200 for coats",), ["coats"]),
        # of a list each may be any of its sums; the next sentence is of its own
        ("coats and bags: $80 and 200 usd", ("Bags $80, coats $200",), []),
        ("velvet coats and bags: $80", ("Bags $80, velvet coats $200",), ["coats", "velvet"]),
        ("we have coats. bags are $80", ("Bags $80, coats $200",), []),
        ("a coat in 300, bags $80", ("Bags $80, coat $200",), []),
        ("a coat of 200 cm, bags $80", ("Bags $80, coat $200",), ["coat"]),
        ("a coat for 2 years, bags $80", ("Bags $80, coat $200",), ["coat"]),
        # what stands in brackets is of the number before it
        ("leather bags $80", ("Bags $80 (leather), coats $200 (wool)",), []),
        ("wool bags $80", ("Bags $80 (leather), coats $200 (wool)",), ["wool"]),
        ("bags $80 (wool)", ("Leather bags $80, wool coats $200",), ["wool"]),
        ("bags $80 (leather), coats $200 (wool)", ("Leather bags $80, wool coats $200",), []),
        ("in 3 days (shiraz)", ("Tehran 1 day, Shiraz 3 days",), []),
        ("in 1 day (shiraz)", ("Tehran 1 day, Shiraz 3 days",), ["shiraz"]),
        # each kind of numbers is of its own
        ("coats in 80 days", ("Bags $80, coats in 20 days",), []),
        ("coats in 80 days", ("Bags in 80 days, coats in 20 days",), ["coats"]),
        ("a coat in 80 days for $20", ("Bags in 80 days for $20, coats for $90",), ["coat"]),
        ("coats 800,000 rial", ("Bags 80,000 toman, coats 90,000 toman",), ["coats"]),
        ("velvet for $80", ("Velvet for $3 in 80 cm. Silk for $80 in 3 cm.",), ["velvet"]),
        ("velvet in 3 cm, $80", ("Velvet 3 cm, $80. Silk $90.",), []),
        ("velvet 3 cm, $90", ("Velvet 3 cm, $80. Silk $90.",), ["velvet"]),
        ("velvet 18 and silk 7 cm", ("Velvet 18 cm, silk 7 cm",), []),
        ("velvet, 18 in it, silk 7 cm", ("Velvet 18 cm, silk 7 cm",), []),
        # what stands at the head of a sentence is of all its numbers, but for those with a head of their own
        ("dhl to the us $9", ("With DHL: Europe $5, US $9",), []),
        ("bags to the us $9", ("Bags: Europe $5, coats: US $9",), ["bags"]),
        ("coats: $20, $80", ("Coats: $20, bags: $80",), []),
        # where both speak of the same terms, or of none
        ("the ring is delivered in 1 day", ("Rings in 10 days.", "Delivery in 1 day."), []),
        ("the ring in 1 day", ("Rings in 10 days.", "Bags in 1 day."), ["ring"]),
        ("the ring is delivered in 1 day", ("Delivery of rings in 10 days. Bags in 1 day.",), ["ring"]),
        ("the ring is delivered in 1 day", ("Rings in 10 days. Delivery of bags in 1 day.",), []),
        ("bags in 10 days", ("Rings in 10 days.", "Delivery of bags in 1 day."), []),
        ("exchange of rings in 7 days", ("Exchange in 7 days. Returns in 14 days.", "Rings 3 days, bags 7 days"), []),
        ("the courier to shiraz $5", ("Delivery to Tehran $5. Courier to Shiraz $9.",), ["courier", "shiraz"]),
        # terms, prices, days and months are gone on about
        ("shipping to canada is $12", ("Shipping: US $5. Canada $12.",), []),
        ("the price of the coat is $200", ("Price of bags $80. Coats $200.",), []),
        ("قیمت کفش 200 دلار", ("قیمت کیف 80 دلار، کفش 200 دلار",), []),
        ("coats 200 usd", ("Bags 80 usd. Coats $200.",), []),
        ("coats $200 until december", ("Coats $200. Bags $80 until December.",), []),
        ("coats $200 on friday", ("Coats $200. Bags $80 on Friday.",), []),
        ("a80 coats $200", ("Coats $200. Bags a80 $80.",), []),
        ("express $5", ("Delivery $5. Express $12.",), ["express"]),
        ("elsewhere than in tehran it is $12", ("In Tehran $5, elsewhere $12.",), []),
        ("it is $12 in tehran", ("In Tehran $5, in Shiraz $12.",), ["tehran"]),
    ],
)
def test_which_words_tell_of_which_sum(reply, facts, found):
    assert others(reply, facts) == found


def test_very_many_numbers_take_little_time():
    facts = [f"{'delivery $5 silk. ' * 80}{number}" for number in range(4)]
    facts += [f"{'$6 satin. ' * 150}{number}" for number in range(4)]
    others("$5", facts)  # reads the facts
    began = time.thread_time()

    assert others("$5 velvet. " * 360, facts) == []

    assert time.thread_time() - began < 2
