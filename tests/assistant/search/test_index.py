"""What people type finds what the shop wrote, and nothing is found where nothing is meant."""

import threading

import pytest

from pilito.assistant.search.index import Entry, Index

ENTRIES = [
    Entry("manto", "مانتو کتان مدل ترمه", "رنگ‌ها: کرم، سبز\nسایز: 38 40\nکد: MN-1042"),
    Entry("shoe", "کفش پاشنه‌بلند چرم", "رنگ: قرمز، مشکی"),
    Entry("dress", "Red silk dress", "Midi, sizes S M L"),
    Entry("abaya", "عباية حرير مطرزة", "متوفرة بالأسود"),
    Entry("tee", "تی‌شرت نخی", "ساده"),
    Entry("shiraz", "ارسال به شیراز", "با پست، سه روز کاری"),
    Entry("tabriz", "ارسال به تبریز", "با پست، چهار روز کاری"),
]


@pytest.fixture(scope="module")
def index():
    return Index(ENTRIES)


def first(index, question):
    return next((hit.reference for hit in index.search([(question, 1.0)], 5)), None)


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("مانتوی کتان چنده؟", "manto"),
        ("مانتوهاتون", "manto"),
        ("مانتو کتونه؟", "manto"),
        ("ﻣﺎﻧﺘﻮ كتان", "manto"),
        ("mantohaye katan darin?", "manto"),
        ("MN 1042", "manto"),
        ("mn1042", "manto"),
        ("کد ۱۰۴۲", "manto"),
        ("کفش‌های پاشنه بلند", "shoe"),
        ("کفش پاشنه‌بلند", "shoe"),
        ("كفشِ غرمز", "shoe"),
        ("کفشچرم", "shoe"),
        ("kafshe charmi", "shoe"),
        ("silk dreses", "dress"),
        ("red drss", "dress"),
        ("العباية المطرّزة", "abaya"),
        ("عبايات حرير", "abaya"),
        ("تیشرت", "tee"),
        ("تی شرت", "tee"),
        ("چند روزه میرسه شیراز", "shiraz"),
        ("shipping to shiraz", "shiraz"),
    ],
)
def test_what_is_typed_finds_what_was_written(index, question, expected):
    assert first(index, question) == expected


@pytest.mark.parametrize(
    "question", ["", "   ", "سلام، چنده؟", "how much is it?", "بكم هذا", "؟؟!", "😀", "\0", "ـ" * 50]
)
def test_what_names_nothing_finds_nothing(index, question):
    assert index.search([(question, 1.0)], 5) == []


def test_an_unknown_thing_does_not_bring_a_known_one(index):
    assert index.search([("یخچال", 1.0)], 5) == []


def test_how_in_arabic_is_no_bag():
    index = Index([Entry("bag", "کیف چرم"), Entry("wash", "غسل الحرير")])

    assert first(index, "كيف أغسل الحرير؟") == "wash"
    assert first(index, "كيف أطلب من الموقع؟") is None
    assert first(index, "كيف چرم دارين؟") == "bag"


def test_the_heavier_text_decides(index):
    asked = [("ارسال به تبریز", 1.0), ("ارسال به شیراز", 0.3)]

    assert [hit.reference for hit in index.search(asked, 2)] == ["tabriz", "shiraz"]
    assert [hit.reference for hit in index.search([(text, 1.3 - weight) for text, weight in asked], 2)][0] == "shiraz"


def test_an_index_of_nothing_finds_nothing():
    assert Index([]).search([("مانتو", 1.0)], 5) == []


def test_signs_of_a_query_language_mean_nothing(index):
    assert first(index, 'name:"مانتو" AND -(کتان) OR text:*~2^9') == "manto"


def test_a_caption_of_any_length_is_searched(index):
    assert first(index, "مانتو کتان " + "کلمه" * 3000 + " کفش" * 3000) == "manto"


def test_threads_search_at_the_same_time(index):
    found = []
    threads = [
        threading.Thread(target=lambda: found.extend(first(index, "مانتو کتان") for _ in range(20))) for _ in range(4)
    ]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert found == ["manto"] * 80
