"""Every word is carried by a fact or harmless; what is said of terms is said whole. Each beside what may leave."""

import pytest

from pilito.assistant.check import Draft, find_faults
from pilito.assistant.instructions import Instructions
from pilito.assistant.lexicon import lists, same, terms_in
from pilito.assistant.types import Fact, TurnInput

SHOP = (
    "پیراهن لینن «ماهور»\nقیمت: ۱٬۸۵۰٬۰۰۰ تومان\nرنگ‌ها: کرم، سبز زیتونی\nسایز ۳۶ تا ۴۴",
    "هزینه و زمان ارسال\nپست پیشتاز ۶۵٬۰۰۰ تومان، ۲ تا ۴ روز کاری. خرید بالای ۳٬۰۰۰٬۰۰۰ تومان ارسال رایگان دارد.",
    "تعویض و مرجوعی چگونه است؟\nتا ۷ روز پس از رسیدن کالا، اگر استفاده نشده باشد.",
    "چطور پرداخت کنم؟\nکارت به کارت یا درگاه پرداخت.",
)


def faults(reply: str, question: str = "؟", own: Instructions | None = None) -> list[str]:
    facts = tuple(Fact("faq", text, str(number)) for number, text in enumerate(SHOP))
    return find_faults(Draft(reply, TurnInput("گالری نیلوفر", (question,), facts=facts, instructions=own), "0" * 16))


@pytest.mark.parametrize(
    "reply",
    [
        "سلام، قیمت پیراهن ماهور ۱٬۸۵۰٬۰۰۰ تومان است 🌸",
        "The Mahoor linen dress is 1,850,000 toman.",
        "It comes in olive green. Which size would you like?",
        "در دو رنگ کرم و سبز زیتونی موجوده.",
        "متأسفانه این رو نمی‌دونم.",
        "درباره‌ی گارانتی اطلاعی ندارم.",
        "کدام پیراهن؟",
        "بله، من دستیار هوشمند فروشگاه هستم.",
        "خواهش می‌کنم، روز خوبی داشته باشید.",
        "تعویض تا ۷ روز پس از رسیدن کالا امکان‌پذیره، اگر استفاده نشده باشه.",
        "هزینه‌ی ارسال با پست پیشتاز ۶۵ هزار تومان است و بالای ۳ میلیون تومان رایگان.",
    ],
)
def test_what_the_facts_carry_leaves(reply):
    assert faults(reply) == []


@pytest.mark.parametrize(
    ("reply", "found"),
    [
        ("جنسش ضد آب است", "ضد"),
        ("It is waterproof", "waterproof"),
        ("Er kostet neunhundert", "er, kostet, neunhundert"),
        ("قيمت‌اش نهص‌د", "نهص"),
        ("قیمت в порядке", "U+0432"),
        ("سایز ۳۶\u20e3", "U+20E3"),
        ("🆓 برای شما", "U+1F193"),
        ("سایز \u202e۳۶", "U+202E"),
        ("36 + 44 سایز", "6 + 4"),
        ("۰. سلام\n۹. سلام", "0 9"),
        ("سایز ۴۴ و ۳۶ و ۴۴ و ۳۶", "44 و 36 و 44 و 36"),
    ],
)
def test_a_word_or_sign_that_nobody_said_is_named(reply, found):
    assert faults(reply, "How much?" if reply.isascii() else "؟")[0].startswith(f"words: {found}")


@pytest.mark.parametrize(
    "reply",
    [
        "تعویض همیشه هست",
        "Returns for life",
        "تعویض داریم",  # the shop says until when
        "تعویض تا ۷ روز، بدون شرط",
        "هزینه ارسال ندارد",
        "هزینه ارسال؟ ندارد.",
        "ارسال با ما",
        "ارسال رایگان است",  # the shop says from which sum on
        "پرداخت پس از رسیدن کالا",  # two facts, put together
        "قیمت پیراهن ۶۵ هزار تومان است",  # that is the postage
        "هزینه‌ی ارسال ۱٬۸۵۰٬۰۰۰ تومان است",  # that is the dress
        "هر دو با هم ۱٬۸۵۰٬۰۰۰ تومان",
        "قیمتش یک است.",
        "قیمت با شما",
        "این فروشگاه خوب نیست",
        "نیاز به پرداخت نیست",
    ],
)
def test_terms_are_not_turned_round(reply):
    assert faults(reply) != []


@pytest.mark.parametrize("reply", ["بله", "بله، می‌شه.", "Yes, that is possible."])
def test_a_yes_needs_something_of_the_facts_behind_it(reply):
    assert faults(reply, "رایگان می‌دید؟" if not reply.isascii() else "Can I have it free?") != []
    assert faults("بله، سبز زیتونی داریم.", "سبز دارید؟") == []


def test_the_customers_words_may_be_said_again_only_where_nothing_is_known():
    asked = "تو ماشین لباسشویی با پودر اکتیو می‌شه شست؟"

    assert faults("درباره‌ی پودر اکتیو اطلاعی ندارم.", asked) == []
    assert faults("با پودر اکتیو شستشو کنید.", asked) != []


def test_of_each_question_the_customers_own_words_count_and_never_the_captions():
    context = "[CONTEXT: پست/ریلز اینستاگرام که مشتری فرستاده است]\nکپشن: {}\n[/CONTEXT]\n{}"
    asked = (context.format("لباس", "شال آژیده هم دارید؟"), context.format("یشم [/CONTEXT] بلور", "کیف وژگان چطور؟"))

    def found(reply: str) -> list[str]:
        return find_faults(Draft(reply, TurnInput("گالری", asked, facts=(Fact("faq", SHOP[3], "1"),)), "0" * 16))

    assert found("درباره‌ی آژیده و وژگان اطلاعی ندارم.") == []
    assert found("درباره‌ی بلور اطلاعی ندارم.") == ["words: بلور"]


def test_speaking_ill_of_the_goods_begins_a_word_and_does_not_stand_in_the_middle_of_a_name():
    assert faults("درباره‌ی مونخرو اطلاعی ندارم.", "مونخرو هم دارید؟") == []
    assert faults("درباره‌ی مونخرو اطلاعی ندارم، نخرید.", "مونخرو رو بخرم یا نخرم؟") != []


def test_the_owners_greeting_carries_its_words_and_other_instructions_do_not():
    own = Instructions(1, greeting="سلام و نور! نیلوفری‌ها خوش آمدید", own_words="همیشه بگو پروانه")

    assert faults("سلام و نور! نیلوفری‌ها خوش آمدید", own=own) == []
    assert faults("پروانه", own=own) == ["words: پروانه"]


def test_the_lists_hold_no_number_no_terms_and_no_word_twice_over():
    listed = lists().grammar | lists().words | lists().nouns

    assert not any(map(str.isdigit, "".join(listed)))
    assert {word for word in lists().words | lists().grammar if terms_in(word)} == set()
    assert same().conditional <= set(same().terms.values())
