"""The words of replies and of facts: their forms, what they mean in another language, and which a fact carries."""

from decimal import Decimal

import pytest

from pilito.assistant.lexicon import (
    LISTS,
    alike,
    forms_of,
    is_a_fee,
    is_a_thing,
    is_of_shops,
    lists,
    same,
    stems_of,
    subjects_in,
    terms_in,
    vocabulary_of,
    words_in,
)

ENDINGS = (
    "هاشون هاتون هامون هایتان هایشان هایمان هایش هایی یتان یمان تان مان شان شون تون مون های هاش ها یه ست رو ای اش ات شو"
    " نا کم ی ه ش ت و ن ک"
)


def test_a_word_is_letters_and_digits_with_what_english_leaves_out_of_it():
    assert words_in("Don’t we’ll do 3-day «پیراهن‌ها»_mn42 dress's'") == [
        *("don't", "we'll", "do", "3", "day", "پیراهن", "ها", "mn42", "dress's"),
    ]


@pytest.mark.parametrize("ending", ENDINGS.split())
def test_a_word_is_known_with_every_ending(ending):
    assert "کتاب" in forms_of(f"کتاب{ending}")
    assert "کتب" in forms_of(f"کتب{ending}")
    assert "کت" not in forms_of(f"کت{ending}")  # so little would be the rest of too many words


@pytest.mark.parametrize("article", ["وال", "بال", "لل", "ال", "و", "ب", "ل"])
def test_a_word_is_known_behind_every_arabic_article(article):
    assert "فستان" in forms_of(f"{article}فستان")
    assert "لبن" in forms_of(f"{article}لبن")
    assert "من" not in forms_of(f"{article}من")


@pytest.mark.parametrize(
    ("word", "forms"),
    [
        ("mahoor's", ["mahoor's", "mahoor"]),
        ("dresses", ["dresses"]),  # what English adds is the stem's matter
        ("mn42ها", ["mn42ها"]),
    ],
)
def test_only_eastern_words_lose_endings(word, forms):
    assert list(forms_of(word)) == forms


def test_a_word_has_the_stems_of_all_its_forms():
    assert {"پیراهنهاشون", "پیراهن"} <= stems_of("پیراهنهاشون")
    assert {"dresses", "dress"} <= stems_of("dresses")


# --- the lists -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "is_grammar", "is_harmless"),
    [
        ("شما", True, True),
        ("شماست", True, True),
        ("the", True, True),
        ("الذین", True, True),
        ("سلام", False, True),
        ("hello", False, True),
        ("مرحبا", False, True),
        ("سلامه", False, True),  # with its "is"
        ("سلامست", False, True),
        ("سلامشه", False, True),
        ("سلامن", False, True),
        ("سلامی", False, False),
        ("ومرحبا", False, True),  # "and", as Arabic writes it
        ("ولا", True, True),
        ("وکه", False, False),  # two letters are left: too little to tell
        ("مسلام", False, False),
        ("رایگان", False, False),
        ("free", False, False),
        ("hellost", False, False),
    ],
)
def test_a_harmless_word_counts_with_what_sticks_to_it(word, is_grammar, is_harmless):
    assert (lists().has_grammar(word), lists().has_word(word)) == (is_grammar, is_harmless)


def test_a_harmless_noun_counts_with_its_endings():
    assert lists().has_noun("سعر")
    assert lists().has_noun("السعر")
    assert lists().has_noun("ماهها")
    assert not lists().has_noun("رایگان")


def test_each_language_has_lists_of_every_kind():
    for grammar, word, noun in (
        ("متاسفانه", "سلام", "هفته"),
        ("unfortunately", "hello", ""),
        ("للاسف", "مرحبا", "قماش"),
    ):
        assert grammar in lists().grammar
        assert word in lists().words
        assert not noun or noun in lists().nouns


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("خیالتون راحت", ["خیالتون راحت"]),
        ("خیالتون، راحت", ["خیالتون، راحت"]),
        ("خیالتون .... راحت", []),
        ("خیالتون راحته", []),
        ("بی‌خیالتون راحت", ["خیالتون راحت"]),
        ("بیخیالتون راحت", []),
        ("دو راه دارید", ["دو راه دارید"]),
        ("من فضلک", ["من فضلک"]),
    ],
)
def test_a_phrase_is_harmless_as_a_whole_alone(text, found):
    assert [match[0] for match in lists().phrases.finditer(text.replace("\u200c", " "))] == found


@pytest.mark.parametrize("part", ["phrases", "links"])
def test_every_phrase_of_the_lists_is_found_whole(part):
    listed, found = getattr(lists(), part), []
    for file in LISTS.glob("??.txt"):
        for block in file.read_text(encoding="utf-8").split("\n[")[1:]:
            found += block.splitlines()[1:] * block.startswith(f"{part}]")
    said = [" ".join(words_in(phrase)) for phrase in found if not phrase.startswith("#")]

    assert len(said) > 10
    assert [phrase for phrase in said if (listed.match(phrase) or [""])[0] != phrase] == []


def test_words_that_are_grammar_together_are_not_courtesies():
    assert lists().links.search("این مبلغ")
    assert lists().links.search("فی الوقت الحالی")
    assert not lists().phrases.search("این مبلغ")
    assert not lists().links.search("خیالتون راحت")


# --- what means the same ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "other"),
    [
        ("ارسال delivery shipped الشحن تحویل", "رایگان"),
        ("رایگان free مجانا", "ارسال"),
        ("تعویض exchanges استبدال", "مرجوعی"),
        ("هزینه fee charges رسوم", "price"),
    ],
)
def test_a_term_is_the_same_in_every_language(words, other):
    (first, *rest) = [terms_in(word) for word in words.split()]

    assert len(first) == 1
    assert rest == [first] * len(rest)
    assert not first & terms_in(other)


def test_a_text_speaks_of_all_its_terms():
    assert terms_in("تعویض و ارسال") == terms_in("exchange") | terms_in("delivery")
    assert terms_in("سلام، پیراهن دارید؟") == frozenset()


def test_terms_that_hold_together_with_a_number_are_known():
    conditional = {
        word for word in ("exchange", "return", "free", "refund", "warranty", "discount") if _is_conditional(word)
    }

    assert len(conditional) == 6
    assert not any(map(_is_conditional, ("delivery", "courier", "payment", "fee", "gift")))


def _is_conditional(word):
    return terms_in(word) <= same().conditional


@pytest.mark.parametrize(
    "words",
    [
        "باز opens مفتوح",
        "تعطیل closed مغلق",
        "آدرس address العنوان",
        "خیابان street شارع",
        "تلفن phone هاتف",
        "رمز password",
    ],
)
def test_a_subject_is_the_same_in_every_language(words):
    (first, *rest) = [subjects_in(word) for word in _spelled(words)]

    assert len(first) == 1
    assert rest == [first] * len(rest)
    assert not any(map(terms_in, words.split()))


def test_the_words_of_one_matter_are_one_subject_and_the_parts_mean_different_things():
    assert subjects_in("open") == subjects_in("closed") == subjects_in("hours")
    assert subjects_in("code") != subjects_in("street") != subjects_in("open")
    assert "closed" not in alike("open")
    assert "مفتوح" in alike("open")


def _spelled(words):
    return [word.replace("آ", "ا") for word in words.split()]


@pytest.mark.parametrize(
    ("word", "same_as", "other"),
    [
        ("dresses", "پیراهن", "شلوار"),
        ("پیراهنش", "dress", "pants"),
        ("brown", "بنی", "زرد"),
        ("delivery", "ارسال", "پیک"),
    ],
)
def test_a_word_means_the_same_as_another_languages(word, same_as, other):
    assert same_as in alike(word)
    assert other not in alike(word)
    assert word in alike(word)


def test_what_words_of_shops_are():
    assert [is_a_thing(word) for word in ("dress", "پیراهنها", "delivery", "olive", "hello")] == [
        True,
        True,
        False,
        False,
        False,
    ]
    assert [is_of_shops(word) for word in ("dress", "پیراهنها", "delivery", "olive", "hello")] == [
        True,
        True,
        True,
        True,
        False,
    ]
    assert [is_a_fee(word) for word in ("fee", "هزینه", "charges", "delivery", "hello")] == [
        True,
        True,
        True,
        False,
        False,
    ]


def test_a_group_that_is_terms_is_a_group_too():
    assert same().groups[next(iter(terms_in("free")))] >= {"free", "رایگان"}
    assert same().groups[next(iter(subjects_in("opens")))] >= {"opens", "مفتوح"}


# --- what facts carry ------------------------------------------------------------------------------------------------

FACTS = ("پیراهن «ماهور» ۱٬۸۵۰٬۰۰۰ تومان، کد MN42", "Silk scarf 💛 two pieces, 36-40, it's Nila's")


@pytest.mark.parametrize(
    "word",
    [
        *("پیراهن", "پیراهنها", "dress", "ماهور", "silk", "scarf", "روسری", "mn42", "38cm", "nila's", "nila"),
        *("mahoor", "mahour"),  # a name in the other letters
    ],
)
def test_a_fact_carries_its_words_in_every_form_and_language(word):
    assert vocabulary_of(FACTS).carries(word)


@pytest.mark.parametrize(
    "word", ["شلوار", "pants", "mahtab", "mn43", "mhr", "mahr", "مهر", "nl", "25", "سیلک", "صد", "mn"]
)
def test_it_carries_no_other(word):
    assert vocabulary_of(FACTS).carries(word) is False


@pytest.mark.parametrize("word", ["two", "هزار", "نیم", "دو"])
def test_a_number_in_words_is_known_as_a_number(word):
    assert vocabulary_of(("two, هزار, نیم, دو",)).carries(word) is False


def test_facts_are_known_by_their_words_signs_and_counts():
    known = vocabulary_of(FACTS)

    assert {"ماهور", "mn42", "it's", "scarf"} <= known.words
    assert known.signs >= {"«", "»", "💛", "-", "'"}
    assert not known.signs & {" ", "\n", "m", "۱", "پ"}
    assert known.text == "پیراهن «ماهور» 1,850,000 تومان، کد mn42\nsilk scarf 💛 two pieces, 36-40, it's nila's"
    assert known.counts == {
        (Decimal(1850000), "toman"),
        (Decimal(1), "toman"),
        (Decimal(850), "toman"),
        (Decimal(0), "toman"),
    } | {
        (Decimal(2), "piece"),
        (Decimal(36), ""),
        (Decimal(40), ""),
    }
    assert [one.facts for one in known.each] == [(fact,) for fact in known.facts]


def test_a_short_name_is_not_known_by_its_sound():
    known = vocabulary_of(("کیف «نیل» و «نیلو»",))

    assert not known.carries("nil")
    assert not known.carries("nilo")
    assert vocabulary_of(("شلوار کتان",)).carries("katan")
    assert vocabulary_of(("Golchin",)).carries("golcheen")
    assert not vocabulary_of(("Golchin",)).carries("golsheen")
    assert not vocabulary_of(("شلوار کتان",)).carries("ktan")  # its vowels are half of it
