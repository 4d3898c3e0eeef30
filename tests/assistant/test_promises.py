"""A promise in a reply is found; what the shop does anyway, or cannot do, is none."""

import time

import pytest

from pilito.assistant.promises import find_bargain, find_promise


@pytest.mark.parametrize(
    "reply",
    [
        "بررسی می‌کنم و خبرتون می‌کنم",
        "نتیجه را اطلاع می‌دهیم",
        "الان براتون می‌فرستم",
        "همکارم تا یک ساعت دیگه تماس می‌گیره",
        "براتون رزرو کردم",
        "سفارش شما ثبت شد.",
        "تخفیف براتون اعمال می‌کنم",
        "سفارش شما فردا ارسال می‌شود",
        "I'll check with the warehouse and get back to you",
        "Let me check that for you",
        "Your order has been placed",
        "We will contact you soon.",
        "سأتواصل معك لاحقًا",
        "تم حجز القطعة لك",
    ],
)
def test_a_promise_is_found(reply):
    assert find_promise(reply)


@pytest.mark.parametrize(
    "reply",
    [
        "ارسال به سراسر کشور با پست انجام می‌شود",
        "متاسفانه نمی‌دونم.",
        "نمی‌توانم براتون رزرو کنم",
        "We ship worldwide.",
        "We can ship to Dubai in 3 days.",
        "I can't reserve it for you.",
        "You can order on our site.",
        "برای ثبت سفارش به سایت بروید",
        "مبلغ ارسال ۵۰ هزار تومان است",
        "خوشحال می‌شیم کمکتون کنیم",
    ],
)
def test_what_is_no_promise_passes(reply):
    assert find_promise(reply) == ""


def test_what_a_fact_promises_may_be_repeated():
    promise = "بعد از پرداخت، کد رهگیری را می‌فرستیم؛ الان ارسال می‌کنیم"

    assert find_promise("الان ارسال می‌کنیم") != ""
    assert find_promise("الان ارسال می‌کنیم", facts=(promise,)) == ""


# Each says one thing that the assistant cannot do, in the words of one kind of promise alone; and what of it is named.
@pytest.mark.parametrize(
    ("reply", "named"),
    [
        ("خبر می‌دهم", "خبر می دهم"),
        ("خبر می‌دم", "خبر می دم"),
        ("خبر می‌دیم", "خبر می دیم"),
        ("خبر قطعی به شما می‌دم", "خبر قطعی به شما می دم"),
        ("خبر از انبار می‌کنم", "خبر از انبار می کنم"),
        ("نتیجه را می‌دم", "نتیجه را می دم"),
        ("بررسی می‌کنیم", "بررسی می کنیم"),
        ("بررسی شو می‌کنم", "بررسی شو می کنم"),
        ("استعلام می‌شه", "استعلام می شه"),
        ("بررسی می‌شود", "بررسی می شود"),
        ("می‌پرسم", "می پرسم"),
        ("خواهیم پرسید", "خواهیم پرسید"),
        ("تماس خواهند", "تماس خواهند"),
        ("تماس می‌گیرن", "تماس می گیرن"),
        ("زنگ می‌زنیم", "زنگ می زنیم"),
        ("الان می‌فرستیم", "الان می فرستیم"),
        ("الان کالا را ارسال می‌کنیم", "الان کالا را ارسال می کنیم"),
        ("فردا ارسال می‌شود", "فردا ارسال می شود"),
        ("امروز خواهیم فرستاد", "امروز خواهیم فرستاد"),
        ("می‌فرستم", "می فرستم"),
        ("رزرو کردم", "رزرو کردم"),
        ("رزرو گذاشتم", "رزرو گذاشتم"),
        ("لغو خواهیم", "لغو خواهیم"),
        ("کنار می‌ذاریم", "کنار می ذاریم"),
        ("تخفیف می‌دم", "تخفیف می دم"),
        ("هدیه در نظر", "هدیه در نظر"),
        ("همکار ما می‌گوید", "همکار ما می گوید"),
        ("همکار ما خواهد", "همکار ما خواهد"),
        ("پشتیبانی می‌گه", "پشتیبانی می گه"),
        ("مدیریت خواهند", "مدیریت خواهند"),
        ("مبلغ برمی‌گردد", "مبلغ برمی گردد"),
        ("پول شما عودت", "پول شما عودت"),
        ("بهتون می‌گم", "بهتون می گم"),
        ("خدمتتون می‌گیم", "خدمتتون می گیم"),
        ("برمی‌گردم", "برمی گردم"),
        ("پیگیر می‌شیم", "پیگیر می شیم"),
        ("پستش می‌کنم", "پستش می کنم"),
        ("نگاه می‌کنم", "نگاه می کنم"),
        ("لطفا یه لحظه صبر کنید", "لطفا یه لحظه صبر کنید"),
        ("یه لحظه", "یه لحظه"),
        ("انجام داده شد", "انجام داده شد"),
        ("شارژ می‌شود", "شارژ می شود"),
        ("بذارید ببینم", "بذارید ببینم"),
        ("سفارش قطعی شد", "سفارش قطعی شد"),
        ("I'll check", "i'll check"),
        ("We will really deliver it", "we will really deliver"),
        ("I've checked it", "i've checked"),
        ("We forwarded it", "we forwarded"),
        ("I can check it", "i can check"),
        ("Let me verify", "let me verify"),
        ("They will get back to you", "will get back to"),
        ("It'll arrive", "'ll arrive"),
        ("The order has been checked", "the order has been checked"),
        ("Your package is ready", "your package is ready"),
        ("Your refund was made", "your refund was made"),
        ("I am now sending it", "i am now sending"),
        ("We put two dresses aside", "put two dresses aside"),
        ("Give me a minute", "give me a minute"),
        ("Consider it done", "consider it done"),
        ("The order is in", "the order is in"),
        ("The parcel is on its way", "the parcel is on its way"),
        ("Your card was charged", "your card was"),
        ("Someone will", "someone will"),
        ("سأتواصل", "ساتواصل"),
        ("سوف نتحقق منه", "سوف نتحقق"),
        ("تم حجزه", "تم حجزه"),
        ("تم استرجاعها", "تم استرجاعها"),
        ("لقد حجزت", "لقد حجزت"),
        ("لقد سجلت", "لقد سجلت"),
        ("دعني أتحقق", "دعنی اتحقق"),
        ("دعني أتأكد", "دعنی اتاکد"),
    ],
)
def test_what_was_promised_is_named(reply, named):
    assert find_promise(reply) == named
    assert find_promise(f"سلام! {reply}. خوش آمدید") == named


@pytest.mark.parametrize(
    ("reply", "named"),
    [
        ("نمی‌دونم، ولی الان می‌فرستم", "الان می فرستم"),
        ("الان می‌فرستم، نمی‌دونم", "الان می فرستم"),
        ("نمی‌دونم ولی الان می‌فرستم", "الان می فرستم"),
        ("الان می‌فرستم ولی نمی‌دونم", "الان می فرستم"),
        ("نمی‌شه الان ارسال می‌کنیم گفت", ""),
        ("الان ارسال می‌کنیم نمی‌شه", ""),
        ("الان نمی‌تونم ارسال می‌کنیم بگم", ""),
        ("نمی‌دونم. الان می‌فرستم", "الان می فرستم"),
        # a colleague may answer what is not known
        ("نمی‌دونم. همکارم می‌گه", ""),
        ("نمی‌دونم، همکارم می‌گه", ""),
        ("نمی‌دونم، مدیر ما می‌گه", ""),
        ("سلام. همکارم می‌گه", "همکارم می گه"),
        ("نمی‌دونم. سلام. همکارم می‌گه", "همکارم می گه"),
        ("نمی‌دونم. همکارم می‌گه. الان می‌فرستم", "الان می فرستم"),
        ("همکارم می‌گه. نمی‌دونم", "همکارم می گه"),
        ("I can't, I'll check", "i'll check"),
    ],
)
def test_what_cannot_be_done_is_no_promise(reply, named):
    assert find_promise(reply) == named


def test_one_fact_that_promises_is_enough_and_for_its_own_promise_alone():
    facts = ("سلام", "الان می‌فرستم")

    assert find_promise("الان می‌فرستم", facts) == ""
    assert find_promise("الان می‌فرستم. رزرو کردم", facts) == "رزرو کردم"
    assert find_promise("رزرو کردم. الان می‌فرستم", facts) == "رزرو کردم"
    assert find_promise("سلام! لطفا صبر کنید", ("لطفا صبر کنید",)) == ""


@pytest.mark.parametrize(
    ("reply", "facts", "named"),
    [
        ("ارسال رایگان است", (), "رایگان"),
        ("سلام! ارسال رایگان است. ممنون", (), "رایگان"),
        ("ارسال رایگان نیست", (), ""),
        ("رایگان نیست، تخفیف داریم", (), ""),
        ("رایگان نیست. تخفیف داریم", (), "تخفیف"),
        ("نیست رایگان", (), ""),
        ("ارسال رایگان نداریم", (), ""),
        ("ضمانتنامه دارد", ("ضمانت دارد",), ""),
        ("It is on us", (), "is on us"),
        ("Discounted!", (), "discounted"),
        ("ارسال رایگان است", ("ارسال رایگان است",), ""),
        ("ارسال رایگان است", ("سلام", "ارسال رایگان است"), ""),
        ("ارسال رایگان است", ("ارسال رایگان نیست",), "رایگان"),
        ("ارسال رایگان است", ("ارسال نداریم. رایگان است",), ""),
        ("ارسال رایگان است", ("ندارد رایگان",), "رایگان"),
        ("ارسال رایگان است", ("Free shipping",), ""),  # in any language
        ("Shipping is free", ("ارسال رایگان",), ""),
        ("تخفیفی داریم", ("تخفیف داریم",), ""),
        ("تخفیف داریم", ("تخفیفی داریم",), ""),
        ("guaranteed", ("guarantee",), ""),
        ("gratis", ("a great dress",), "gratis"),  # its first letters are its own
        ("It is on us", ("It is on time",), "is on us"),  # several words are one thing
        ("It is on us", ("Delivery is on us",), ""),
        ("Two for the price of one", ("The price is $5",), "price of one"),
        # with the condition that the fact has
        ("ارسال رایگان بالای ۳ میلیون", ("بالای ۳ میلیون ارسال رایگان",), ""),
        ("ارسال رایگان", ("بالای ۳ میلیون ارسال رایگان",), "رایگان"),
        ("ارسال رایگان بالای ۲ میلیون", ("بالای ۳ میلیون ارسال رایگان",), "رایگان"),
        ("ارسال رایگان بالای ۳ میلیون", ("ارسال رایگان",), ""),
        ("ارسال رایگان", ("بالای ۳ میلیون؛ ارسال رایگان",), ""),
        ("ارسال رایگان. بالای ۳ میلیون", ("بالای ۳ میلیون ارسال رایگان",), "رایگان"),
        ("ارسال رایگان و هدیه", ("ارسال رایگان",), "هدیه"),
        ("هدیه و ارسال رایگان", ("ارسال رایگان",), "هدیه"),
    ],
)
def test_what_is_free_or_cheaper_is_so_in_a_fact(reply, facts, named):
    assert find_bargain(reply, facts) == named


# What is free in the facts, and what a reply makes of it: another matter is not free for that.
@pytest.mark.parametrize(
    ("fact", "reply", "named"),
    [
        ("Free returns. Shipping $5.", "Shipping is free.", "free"),
        ("Free returns. Shipping $5.", "Returns are free.", ""),
        ("Free returns. Shipping $5.", "Returns and shipping are free.", "free"),
        ("Free returns. Shipping $5.", "Shipping and returns are free.", "free"),
        ("Return shipping is free. Delivery $6.", "Shipping is free.", "free"),
        ("Return shipping is free. Delivery $6.", "Returns are free.", ""),
        ("Shipping on returns is free. Delivery $6.", "Shipping is free.", "free"),
        ("Free shipping. Easy returns.", "Free shipping and easy returns.", ""),
        ("Gift wrapping is free. Delivery costs $5.", "Delivery is free.", "free"),
        ("Gift wrapping is free. Delivery costs $5.", "Delivery costs $5, and gift wrapping is free.", ""),
        ("Delivery costs $5. Gift wrapping is free.", "Delivery is free.", "free"),
        ("Delivery is $6. Free over $150.", "Delivery is free over $150.", ""),
        ("Delivery is $6. Free over $150.", "Delivery is $6, and free over $150.", ""),
        ("Delivery\nFree in Tehran", "Delivery in Tehran is free.", ""),
        ("Delivery\nStandard: free\nExpress: $12", "Standard delivery is free, express is $12.", ""),
        ("Returns are free within 14 days of delivery.", "Delivery is free within 14 days.", "free"),
        ("Local pickup is free. Courier $5.", "The courier is free.", "free"),
        ("Local pickup is free. Courier $5.", "Local pickup is free.", ""),
        ("بسته‌بندی رایگان است. هزینه ارسال ۶۵ هزار تومان است.", "ارسال رایگان است.", "رایگان"),
        ("هزینه ارسال ۶۵ هزار تومان است. بسته‌بندی رایگان است.", "ارسال رایگان است.", "رایگان"),
        ("هزینه ارسال ۶۵ هزار تومان است. بسته‌بندی رایگان است.", "بسته‌بندی رایگان است.", ""),
        ("مرجوعی رایگان است. هزینه ارسال ۶۵ هزار تومان است.", "ارسال رایگان است.", "رایگان"),
        ("مرجوعی رایگان است. هزینه ارسال ۶۵ هزار تومان است.", "ارسال و مرجوعی رایگان است.", "رایگان"),
        ("مشاوره رایگان داریم. ارسال ۶۵ هزار تومان.", "بله، ارسال رایگان است.", "رایگان"),
        ("ارسال ۶۵ هزار تومان. مشاوره رایگان داریم.", "بله، ارسال رایگان است.", "رایگان"),
        ("ارسال ۶۵ هزار تومان. مشاوره رایگان داریم.", "بله، مشاوره رایگان داریم.", ""),
        ("تحویل حضوری رایگان است. ارسال ۶۵ هزار تومان.", "ارسال رایگان است.", "رایگان"),
        ("تحویل حضوری رایگان است. ارسال ۶۵ هزار تومان.", "تحویل حضوری رایگان است.", ""),
        ("الإرجاع مجاني. التوصيل ٥ دنانير.", "التوصيل مجاني.", "مجانی"),
        ("الإرجاع مجاني. التوصيل ٥ دنانير.", "الإرجاع مجاني.", ""),
        ("التغليف مجاني. التوصيل ٥ دنانير.", "التوصيل مجاني.", "مجانی"),
        # who brings it, and the post, are the delivery; the post on Instagram is not
        ("پست رایگان است", "هزینه ارسال رایگان است.", ""),
        ("ارسال رایگان است", "پست رایگان است.", ""),
        ("ارسال با تیپاکس رایگان است.", "ارسال رایگان است.", ""),
        ("Postage is free.", "Shipping is free.", ""),
        ("این پست شال رایگان دارد", "ارسال رایگان است.", "رایگان"),
        # one place is not another
        ("ارسال تهران رایگان است. ارسال شهرستان ۶۵ هزار تومان.", "ارسال شهرستان رایگان است.", "رایگان"),
        ("ارسال تهران رایگان است. ارسال شهرستان ۶۵ هزار تومان.", "ارسال تهران رایگان است.", ""),
        ("Delivery in Tehran is free. Delivery elsewhere is $6.", "Delivery elsewhere is free.", "free"),
        ("Delivery in Tehran is free. Delivery elsewhere is $6.", "Delivery in Tehran is free.", ""),
        # nor is one of some that of all
        ("ارسال رایگان فقط برای تهران.", "ارسال رایگان است.", "رایگان"),
        ("ارسال رایگان فقط برای تهران.", "ارسال به تهران رایگان است.", ""),
        ("ارسال رایگان، فقط تهران.", "ارسال به شیراز رایگان است.", "رایگان"),
        ("Free delivery, only in Tehran.", "Delivery is free.", "free"),
        ("Free delivery, only in Tehran.", "Delivery in Tehran is free.", ""),
        ("Free delivery, only in Tehran.", "Delivery is free in Tehran", ""),
        ("Free delivery for members only.", "Delivery is free.", "free"),
        ("Free delivery for members only.", "For members delivery is free.", ""),
        ("التوصيل مجاني فقط للرياض.", "التوصيل مجاني.", "مجانی"),
        ("التوصيل مجاني في الرياض فقط.", "التوصيل في الرياض مجاني.", ""),
        ("۱۰٪ تخفیف فقط برای دانشجوها.", "۱۰٪ تخفیف داریم.", "تخفیف"),
        ("۱۰٪ تخفیف فقط برای دانشجوها.", "برای دانشجوها ۱۰٪ تخفیف داریم.", ""),
        # an "only" of something else says nothing of it
        ("ارسال رایگان، پرداخت فقط با کارت.", "ارسال رایگان است.", ""),
        ("Free delivery, payment by card only.", "Delivery is free.", ""),
        ("Free delivery, returns only in Tehran.", "Delivery is free.", ""),
        ("Free returns only in Tehran.", "Returns are free.", "free"),
        ("ارسال رایگان، فقط کافیست دایرکت بدید.", "ارسال رایگان است.", ""),
        ("Free delivery; you only send us your address.", "Delivery is free.", ""),
        # free of what nobody wants
        ("Free of parabens", "It is free.", "free"),
        ("Free of parabens", "It is free of parabens.", ""),
        ("Gluten free, vegan. Price 5 USD", "It's gluten-free.", ""),
        ("Gluten-free, vegan. Price 5 USD", "It is gluten free.", ""),
        ("Free of parabens and sulfates.", "It is sulfate-free.", ""),
        ("Paraben-free and cruelty free.", "It is free of parabens.", ""),
        ("Free of gluten, contains nuts.", "It is nut-free.", "nut-free"),
        ("Sugar free.", "It is gluten-free.", "gluten-free"),
        ("Contains gluten.", "It is gluten-free.", "gluten-free"),
        ("Sugar-free.", "It is gluten free.", "free"),
        ("Not gluten free.", "It is gluten-free.", "gluten-free"),
        ("Free of parabens.", "It is free of parabens and free of nuts.", "free of nuts"),
        ("Free of parabens.", "It is free of it.", "free of it"),
        ("We ship it free.", "It is free of it.", "free of it"),
        ('Free of "parabens".', "It is free.", "free"),
        ("Free of any parabens.", "It is free of any nuts.", "free of any nuts"),
        ("Free of any parabens.", "It is free of all the parabens.", ""),
        ("Returns are all free.", "It is free of all nuts.", "free of all nuts"),
        ("Free of all the nuts.", "It is free of any charge.", "free"),
        ("Gluten-free. Shipping $5.", "It is gluten free and shipping is free.", "free"),
        ("Hassle-free shipping.", "Shipping free.", "free"),
        ("Hassle-free returns. Shipping $5.", "Returns are free.", "free"),
        ("Hassle-free returns. Shipping $5.", "We have hassle-free returns.", ""),
        ("Our prices are discount-free.", "We have a discount.", "discount"),
        ("Delivery is free of charge.", "Delivery is free.", ""),
        ("Delivery is free.", "Delivery is free of charge.", ""),
        # each "free" of a sentence is of its own matter, and two sentences may say it of two
        ("Returns are free. Shipping $5.", "Shipping is free and returns are free.", "free"),
        ("Returns are free. Shipping $5.", "Returns are free, and delivery is free.", "free"),
        ("Returns are free within 30 days. Exchanges are free too.", "Returns and exchanges are free for 30 days.", ""),
        ("Returns are free. Exchanges cost $5.", "Returns and exchanges are free.", "free"),
        # a discount and a warranty are of no matter
        ("۱۰٪ تخفیف خرید اول. ارسال ۶۵ هزار تومان.", "برای ارسال خرید اول ۱۰٪ تخفیف دارید.", ""),
    ],
)
def test_what_is_free_is_so_of_what_the_fact_says_it_of(fact, reply, named):
    assert find_bargain(reply, (fact,)) == named


@pytest.mark.parametrize(
    ("facts", "reply", "named"),
    [
        (("کیف: ارسال رایگان.", "کفش: ارسال ۶۰ هزار تومان."), "ارسال کفش رایگان است.", "رایگان"),
        (("کیف: ارسال رایگان.", "کفش: ارسال ۶۰ هزار تومان."), "ارسال کیف رایگان است.", ""),
        (("Bags: free delivery.", "Shoes: delivery $6."), "Delivery of the shoes is free.", "free"),
        (("Bags: free delivery.", "Shoes: delivery $6."), "Delivery of the bags is free.", ""),
        (("Delivery is free.", "Delivery to Shiraz takes 3 days."), "Delivery to Shiraz is free.", ""),
    ],
)
def test_what_another_fact_sells_is_not_given_away(facts, reply, named):
    assert find_bargain(reply, facts) == named


@pytest.mark.parametrize(("asked", "named"), [("به تهران ارسال رایگانه؟", ""), ("به شیراز ارسال رایگانه؟", "رایگان")])
def test_of_whom_a_yes_is_said_stands_in_the_question(asked, named):
    assert find_bargain("بله، ارسال رایگان است.", ("ارسال رایگان فقط برای تهران.",), asked) == named


@pytest.mark.parametrize(
    ("asked", "named"),
    [
        ("ارسال رایگانه؟", "رایگان"),
        ("هزینه پست چقدره؟", "رایگان"),
        ("مرجوعی رایگانه؟", ""),
        ("رایگانه؟", ""),
        ("", ""),
    ],
)
def test_a_yes_makes_free_what_was_asked_about(asked, named):
    fact = "مرجوعی رایگان است. هزینه ارسال ۶۵ هزار تومان است."

    assert find_bargain("بله، رایگان است.", (fact,), asked) == named
    assert find_bargain("مرجوعی رایگان است.", (fact,), asked) == ""


def test_what_is_named_in_the_fact_is_not_what_was_asked_about():
    fact = "Lessons\n1 hour 30 EUR. First 20 minutes free."

    assert find_bargain("The first 20 minutes are free.", (fact,), "is there a trial?") == ""
    assert find_bargain("Yes, it is free, all 20 of it.", (fact,), "is the shipping free?") == "free"


def test_what_is_named_in_a_fact_of_another_matter_is_not_what_was_asked_about():
    fact = "Returns of dresses are free. Shipping $5."

    assert find_bargain("Yes, for dresses it is free.", (fact,), "are returns free?") == ""
    assert find_bargain("Yes, for dresses it is free.", (fact,), "is the shipping free?") == "free"


def test_a_sentence_that_makes_very_many_things_free_is_stopped_at_once():
    reply = ", ".join(f"{one}{other} free" for one in "abcdefghijklmnopqr" for other in "abcdefghijklmnopqr")
    fact = ". ".join(f"shipping {one}{other} free" for one in "abcdefghijkl" for other in "abcdefghijkl")
    start = time.process_time()

    assert find_bargain(reply, (fact,) * 8) == "free"
    assert time.process_time() - start < 0.5
