"""What reads from left to right stays together between words that read from right to left; nothing else is touched."""

import pytest

from pilito.blueprints.panel.spans import spans


def apart(text):
    return [one.text for one in spans(text) if one.is_apart]


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("شماره‌ام 0912 345 6789 است", ["0912 345 6789"]),
        ("شماره‌ام ۰۹۱۲ ۳۴۵ ۶۷۸۹ است", ["۰۹۱۲ ۳۴۵ ۶۷۸۹"]),
        ("تلفن +989123456789.", ["+989123456789"]),
        ("آی‌دی @maryam.ah است", ["@maryam.ah"]),
        ("با @Ali Karimi صحبت شد", ["@Ali Karimi"]),
        ("@ali_k and me", ["@ali_k"]),
        ("رسید 1405-09-07 final.pdf", ["1405-09-07"]),
        ("به a.b@shop.test بنویسید", ["a.b@shop.test"]),
        ("ببینید: https://shop.test/a?b=c&d=۱.", ["https://shop.test/a?b=c&d=۱"]),
        ("(https://shop.test/x)", ["https://shop.test/x"]),
    ],
)
def test_addresses_handles_and_numbers_are_kept_apart(text, kept):
    assert apart(text) == kept


@pytest.mark.parametrize(
    "text", ["سایز ۳۸ تا ۴۴", "۱٬۸۵۰٬۰۰۰ تومان", "1,850,000", "3.5", "hello", "", "a@b", "@", "##"]
)
def test_what_needs_it_not_is_left_alone(text):
    assert apart(text) == []


@pytest.mark.parametrize(
    "text", ["", "سلام", " 0912 345 \n @a.b https://x.test/ ?", "@@@@ https:// https://", "۱ ۲ ۳ <b>", "x" * 5000]
)
def test_no_letter_is_lost_or_changed(text):
    assert "".join(one.text for one in spans(text)) == text


def test_only_what_a_browser_may_follow_is_a_link():
    assert [one.url for one in spans("https://shop.test/x") if one.url] == ["https://shop.test/x"]
    assert [one.url for one in spans("javascript:alert(1) data:text/html,x http://") if one.url] == []


def test_a_hostile_text_is_read_in_no_time():
    spans("1 " * 20_000 + "@" * 20_000 + "a." * 20_000 + "https://" * 5_000)
