"""The words found, shown in their text."""

import pytest

from pilito.search.marks import excerpt, found_words, mark
from pilito.search.terms import read_question


def shown(pieces):
    return "".join(f"[{piece.text}]" if piece.is_found else piece.text for piece in pieces)


@pytest.mark.parametrize(
    ("question", "text", "expected"),
    [
        ("لباس", "این لباس چقدره؟", "این [لباس] چقدره؟"),
        ("مانتو", "مانتوهاتون، مانتو", "[مانتوهاتون]، [مانتو]"),
        ("میخوام", "من می‌خوام", "من [می‌خوام]"),
        ("كتاب", "کِتاب نو", "[کِتاب] نو"),
        ("1400", "تا ۱۴۰۰ تومان", "تا [۱۴۰۰] تومان"),
        ("کفش", "لباس", "لباس"),
        ("b", "<b>b</b>", "<[b]>[b]</[b]>"),
        ("x", "", ""),
    ],
)
def test_found_words_are_marked_in_any_form(question, text, expected):
    assert shown(mark(text, read_question(question))) == expected


def test_a_marked_text_is_the_text():
    text = "می‌خوام این مانتو رو؛ مانتوی <آبی> & سبز\n\n🌸"

    assert "".join(piece.text for piece in mark(text, read_question("مانتو سبز"))) == text


def test_an_excerpt_begins_shortly_before_the_first_word_found():
    text = "یک " * 100 + "مانتو " + "دو " * 100

    found = shown(excerpt(text, read_question("مانتو")))

    assert found.startswith("…یک")
    assert found.endswith("دو…")
    assert 0 < found.index("[مانتو]") < 60
    assert len(found) < 200


def test_a_short_text_is_its_own_excerpt():
    assert shown(excerpt("این\nلباس", read_question("لباس"))) == "این [لباس]"


def test_each_word_is_told_once_as_it_stands():
    assert found_words("مانتوهاتون مانتو مانتو", read_question("مانتو")) == ["مانتوهاتون", "مانتو"]
