import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pilito.channels.instagram.split import split

LIMIT = 1000
WORDS = st.text(alphabet="سلاماینلباسچندهabc؟.!،🌸\u200c", min_size=1, max_size=40)
GAPS = st.sampled_from([" ", "\n", "\n\n", "  ", "؟ ", ". ", "\u00a0"])
FAMILY = "👨‍👩‍👧‍👦"


def size(text):
    return len(text.encode())


def sentences(count):
    return [f"جملهٔ شمارهٔ {number} که دربارهٔ پیراهن نخی است." for number in range(count)]


@pytest.mark.parametrize("blank", ["", " ", "\n \t", " " * 3000])
def test_a_blank_text_has_no_parts(blank):
    assert split(blank) == []


@pytest.mark.parametrize("text", ["سلام", "س" * 500, "a" * 1000, "سلام\n\nخوبی؟"])
def test_a_text_that_fits_is_one_part(text):
    assert split(text) == [text]


@pytest.mark.parametrize("text", ["س" * 501, "a" * 1001])
def test_bytes_are_counted_not_letters(text):
    assert [size(part) for part in split(text)] == [1000, size(text) - 1000]


def test_a_paragraph_is_the_first_choice():
    first, second = " ".join(sentences(9)), " ".join(sentences(9))

    assert split(f"{first}\n\n{second}") == [first, second]


def test_a_line_is_the_second_choice():
    first, second = " ".join(sentences(9)), " ".join(sentences(9))

    assert split(f"{first}\n{second}") == [first, second]


@pytest.mark.parametrize("end", [".", "؟", "!", "…", "۔", "?", "؟»", '."'])
def test_a_sentence_is_the_third_choice(end):
    first, second = "کلمه " * 90 + f"پایان{end}", "کلمه " * 90 + "پایان."

    assert split(f"{first} {second}") == [first, second]


def test_a_number_is_not_the_end_of_a_sentence():
    assert split("الف" * 100 + " قیمت 1280.500 " + "ب" * 300)[0].endswith("1280.500")


def test_a_word_is_the_fourth_choice():
    text = " ".join(["کلمه"] * 300)

    assert " ".join(split(text)) == text


def test_a_short_first_line_is_no_message_of_its_own():
    text = "سلام!\n" + "کلمه " * 300

    assert size(split(text)[0]) > LIMIT // 2


def test_a_long_address_is_cut_only_when_it_does_not_fit():
    address = "https://shop.example/" + "a" * 900

    assert split(f"این را ببینید: {'کلمه ' * 30}{address}")[-1] == address


def test_a_word_without_end_is_cut_between_letters():
    parts = split("س" * 5000)

    assert "".join(parts) == "س" * 5000
    assert max(map(size, parts)) == LIMIT


@pytest.mark.parametrize("sign", [FAMILY, "👍🏽", "🇮🇷", "e\u0301", "مَّ", "❤️", "می\u200cخوا"])
@pytest.mark.parametrize("shift", range(4))
def test_no_sign_is_torn(sign, shift):
    text = "x" * shift + sign * 300

    parts = split(text)

    assert "".join(parts) == text
    assert re.fullmatch(f"x{{{shift}}}({re.escape(sign)})+", parts[0]) or "می" in sign
    assert all(part.startswith(sign[0]) for part in parts[1:]) or "می" in sign


def test_a_persian_word_is_not_cut_at_its_half_space():
    parts = split("می\u200c" * 400)

    assert not any(part.startswith("\u200c") for part in parts)


@pytest.mark.parametrize("text", ["\u0301" * 2000, "\u200d" * 2000, "🏽" * 2000, "🇮" * 999])
def test_a_sign_longer_than_a_part_is_cut_all_the_same(text):
    parts = split(text)

    assert "".join(parts) == text
    assert all(size(part) <= LIMIT for part in parts)


@given(st.lists(st.tuples(WORDS, GAPS), max_size=200))
@settings(max_examples=60)
def test_no_word_is_lost_and_every_part_fits(pairs):
    text = "".join(word + gap for word, gap in pairs)

    parts = split(text)

    assert " ".join(parts).split() == text.split()
    assert all(part.strip() and size(part) <= LIMIT for part in parts)


@given(st.text(max_size=100), st.integers(1, 40))
@example("\ud800", 2000)
@settings(max_examples=60)
def test_nothing_but_space_is_lost_of_any_text(piece, times):
    text = piece * times  # a long text is found in a hundredth of the time that drawing its letters takes

    parts = split(text)

    assert re.sub(r"\s", "", "".join(parts)) == re.sub(r"\s", "", text)
    assert all(len(part.encode("utf-8", "surrogatepass")) <= LIMIT for part in parts)


def test_a_very_long_text_takes_no_longer_than_its_length():
    assert len(split("کلمه " * 50_000)) < 600
