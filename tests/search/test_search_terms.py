"""Words of texts and of questions: one spelling, one form, the word that is still being typed."""

from datetime import UTC, datetime

import pytest

from pilito.models.search_entry import TARGETS, SearchKind, place_of
from pilito.search.terms import kept_words, plain_words, read_question


def is_found(question, text):
    """Whether a text with these words has all that is asked, as the databases compare them."""
    kept = set(kept_words(text))
    return all(
        any(all(has(kept, part) for part in reading) for reading in wanted) for wanted in read_question(question).wanted
    )


def has(kept, part):
    return any(word.startswith(part.word) for word in kept) if part.is_prefix else part.word in kept


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("مانتو", "مانتوهاتون رو دیدم"),
        ("مانتوهای ", "یک مانتو می‌خوام"),
        ("كيف", "کیف چرم"),
        ("علي", "آقای علی"),
        ("۱۴۰۰", "قیمت 1400 تومان"),
        ("1400", "قیمت ۱۴۰۰ تومان"),
        ("میخوام", "می‌خوام"),
        ("می‌خوام", "میخوام"),
        ("می خوام", "می‌خوام"),
        ("الفستان", "فستان احمر"),
        ("فستان", "الفستان الأحمر"),
        ("dresses ", "a red dress"),
        ("DRESS", "Dresses"),
        ("mn1042", "کد MN-1042"),
        ("1042", "کد mn1042"),
        ("قیم", "قیمتش چنده؟"),
        ("سلام قیمت", "قیمت؟ سلام!"),
    ],
)
def test_a_text_is_found_by_another_form_of_its_words(question, text):
    assert is_found(question, text)


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("قیم ", "قیمتش چنده؟"),  # a space follows: the word is whole
        ("قیم چند", "قیمتش چنده؟"),  # only the last is being typed
        ("کفش قرمز", "کفش آبی"),
        ("ق", "قیمت"),  # one letter begins too much
    ],
)
def test_a_text_without_one_of_the_words_is_not(question, text):
    assert not is_found(question, text)


@pytest.mark.parametrize("text", ["", "   ", "؟!", "🌸 🌸", "***", "'\"\\"])
def test_what_holds_no_word_asks_nothing(text):
    assert read_question(text).is_empty


def test_no_word_of_a_question_can_be_a_sign_of_its_language():
    for hostile in ("a' | 'b", 'a" OR "b', "a:*", "#message", "a\\", "NEAR(a b)", "a\x00b"):
        question = read_question(hostile)
        words = {part.word for wanted in question.wanted for reading in wanted for part in reading}

        assert all(word.isalnum() for word in words), hostile


def test_a_question_and_a_text_have_an_end():
    assert len(read_question("یک " * 500).wanted) == 8
    assert len(kept_words(" ".join(f"w{number}" for number in range(5000)))) == 600
    assert plain_words("x" * 5000) == ["x" * 40]


def test_a_time_of_no_clock_still_has_a_place_that_both_databases_hold():
    far = place_of(datetime(9999, 12, 31, tzinfo=UTC), TARGETS - 1, SearchKind.NOTE)

    assert place_of(datetime(2242, 1, 1, tzinfo=UTC), 1, SearchKind.MESSAGE) < far < 2**63
