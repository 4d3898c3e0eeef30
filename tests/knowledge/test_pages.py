"""Documents and web pages as passages, over real HTTP and through the real parsers in their own process."""

import gzip
import io
import subprocess
import sys
import time
import zipfile
import zlib
from datetime import timedelta
from urllib.parse import quote

import pytest
from fake_shops import FakeShop
from rows import NOON, add_inbox

from pilito.conversations.warn import warn_of_source
from pilito.database import transaction
from pilito.errors import Refused, SourceError
from pilito.knowledge.pages import add_document, add_page
from pilito.knowledge.passages import LONGEST_LENGTH, cut, parse
from pilito.knowledge.read import GONE_AFTER, read_soon, read_source
from pilito.lifecycle import SourceKind, SourceState
from pilito.models import Inbox, Passage, Source, WebPage, db

PARSERS = {"selectolax", "pypdf", "mammoth"}
PAGE, SITEMAP = SourceKind.PAGE, SourceKind.SITEMAP
HTML = """<!doctype html><html><head><title>ارسال و بازگشت</title><script>var x = "code";</script></head>
<body><header>منوی بالا</header><nav><a href="/">خانه</a></nav><main><h1>ارسال و بازگشت</h1>
<p>سفارش‌ها ۲ تا ۴ روز کاری می‌رسند.{more}</p><h2>بازگشت</h2><p>تا ۷ روز.</p>
<table><tr><th>شهر</th><th>هزینه</th></tr><tr><td>تهران</td><td>۶۵٬۰۰۰ تومان</td></tr></table>
<p>%s</p></main><footer>پاورقی</footer></body></html>""" % ("متن بلند. " * 30)  # fmt: skip


class FakeSite(FakeShop):
    """`pages`: path -> body, or (status, body, headers). Everything has an ETag and is asked for by it."""

    def __init__(self):
        super().__init__()
        self.pages = {}
        self.conditions = []

    def put(self, path, text, content_type="text/html; charset=utf-8"):
        body = text if isinstance(text, bytes) else text.encode()
        self.pages[path] = 200, body, {"Content-Type": content_type, "ETag": f'"{hash(body)}"'}

    def answer(self, method, path, query, headers, body):
        status, content, said = self.pages.get(path, (404, b"", {}))
        condition = headers.get("If-None-Match")
        self.conditions.append((path, condition))
        if condition and condition == said.get("ETag"):
            return 304, b"", {}
        return status, content, said


@pytest.fixture
def site():
    with FakeSite().serve() as server:
        yield server


@pytest.fixture
def inbox(site, make_settings, make_app):
    make_app(make_settings(**site.settings))
    with transaction():
        return add_inbox().id


def read(source_id, at=NOON):
    read_source(source_id, lambda: at, warn_of_source, lambda _seconds: None)
    db.session.rollback()
    return db.session.get(Source, source_id, populate_existing=True)


def passages():
    db.session.rollback()
    return db.session.scalars(db.select(Passage).order_by(Passage.web_page_id, Passage.position)).all()


def version(inbox_id):
    db.session.rollback()
    return db.session.scalar(db.select(Inbox.facts_version).where(Inbox.id == inbox_id))


# --- one page --------------------------------------------------------------------------------------------------------


def test_a_page_becomes_passages_with_their_heading_and_address(site, inbox):
    site.put("/shipping", HTML.format(more=""))
    source_id = add_page(PAGE, inbox, site.url + "/shipping", 24, None, NOON)

    source = read(source_id)

    first, second = passages()
    assert (first.title, first.heading, first.text) == ("ارسال و بازگشت", None, "سفارش‌ها ۲ تا ۴ روز کاری می‌رسند.")
    assert (second.heading, second.inbox_id, second.address) == ("بازگشت", inbox, site.url + "/shipping")
    assert "تهران | ۶۵٬۰۰۰ تومان" in second.text
    everything = " ".join(passage.text for passage in passages())
    assert not any(word in everything for word in ("منوی", "خانه", "پاورقی", "code"))
    assert (source.state, source.due_at, version(inbox)) == (SourceState.READY, NOON + timedelta(hours=24), 1)


@pytest.mark.sqlite_only
def test_a_page_is_read_by_the_address_that_the_browser_shows(site, inbox):
    site.put(quote("/راهنمای-سایز"), HTML.format(more=""))

    source = read(add_page(PAGE, inbox, site.url + "/راهنمای-سایز", 24, None, NOON))

    assert (source.state, len(passages())) == (SourceState.READY, 2)


def test_a_page_that_is_given_twice_is_read_once(site, inbox):
    site.put("/shipping", HTML.format(more=""))
    first = add_page(PAGE, inbox, site.url + "/shipping", 24, None, NOON)
    read(first)
    again = add_page(PAGE, inbox, site.url + "/shipping", 168, None, NOON + timedelta(days=1))
    elsewhere = add_page(PAGE, None, site.url + "/shipping", 24, None, NOON)

    source = db.session.get(Source, again, populate_existing=True)
    assert (again == first, elsewhere == first) == (True, False)
    assert (source.every_hours, source.due_at) == (168, NOON + timedelta(days=1))
    assert len(passages()) == 2


def test_a_page_that_has_not_changed_costs_nothing(site, inbox):
    site.put("/a", HTML.format(more=""))
    source_id = add_page(PAGE, inbox, site.url + "/a", 24, None, NOON)
    read(source_id)
    before = [passage.id for passage in passages()]

    read(source_id, NOON + timedelta(days=1))
    del site.pages["/a"][2]["ETag"]  # a server without: then its bytes are compared
    read(source_id, NOON + timedelta(days=2))

    assert [condition is not None for _path, condition in site.conditions] == [False, True, True]
    assert [passage.id for passage in passages()] == before
    assert version(inbox) == 1


def test_nor_does_one_that_is_written_anew_for_every_visitor_and_says_the_same(site, inbox):
    """Most shop systems put a token into a form of every page."""
    site.put("/a", HTML.format(more=""))
    source_id = add_page(PAGE, inbox, site.url + "/a", 24, None, NOON)
    read(source_id)
    before = [passage.id for passage in passages()]

    site.put("/a", HTML.format(more="").replace("</main>", '<form><input type="hidden" value="9f3a"></form></main>'))
    source = read(source_id, NOON + timedelta(days=1))

    assert [passage.id for passage in passages()] == before
    assert (version(inbox), source.checked_at) == (1, NOON + timedelta(days=1))


@pytest.mark.sqlite_only
def test_a_page_that_changed_replaces_its_passages(site, inbox):
    site.put("/a", HTML.format(more=""))
    source_id = add_page(PAGE, inbox, site.url + "/a", 24, None, NOON)
    read(source_id)

    site.put("/a", HTML.format(more=" رایگان!"))
    read(source_id, NOON + timedelta(days=1))

    assert passages()[0].text.endswith("رایگان!")
    assert (len(passages()), version(inbox)) == (2, 2)


@pytest.mark.parametrize(
    ("page", "reason"),
    [
        ((404, b"", {}), "gone"),
        ((500, b"", {}), "unreachable"),
        ((403, b"", {}), "page_refused"),
        ((200, b"<html><body><script>render()</script></body></html>", {"Content-Type": "text/html"}), "no_text"),
        ((200, b"\x00\x01", {"Content-Type": "image/png"}), "unreadable"),
        ((200, b"x" * (10 * 1024 * 1024 + 1), {}), "too_large"),
        ((302, b"", {"Location": "http://169.254.169.254/latest"}), "address_refused"),
    ],
)
@pytest.mark.sqlite_only
def test_a_page_that_fails_keeps_what_it_said_and_tells_why(site, inbox, page, reason):
    site.put("/a", HTML.format(more=""))
    source_id = add_page(PAGE, inbox, site.url + "/a", 24, None, NOON)
    read(source_id)
    site.pages["/a"] = page

    source = read(source_id, NOON + timedelta(days=1))

    assert (source.state, source.error, len(passages())) == (SourceState.FAILED, reason, 2)


@pytest.mark.sqlite_only
@pytest.mark.parametrize("every_hours", [168, None])
def test_a_page_that_is_gone_for_good_is_not_quoted_for_ever(site, inbox, every_hours):
    site.put("/a", HTML.format(more=""))
    source_id = add_page(PAGE, inbox, site.url + "/a", every_hours, None, NOON)
    read(source_id)
    before = version(inbox)
    site.pages["/a"] = 404, b"", {}
    read_soon(source_id, NOON)

    kept, at = [], NOON
    for _ in range(GONE_AFTER):
        source = read(source_id, at)
        kept.append(len(passages()))
        at = source.due_at

    assert kept == [2] * (GONE_AFTER - 1) + [0]
    assert timedelta(hours=1) < source.checked_at - NOON < timedelta(hours=2)
    assert (source.state, source.error, version(inbox)) == (SourceState.FAILED, "gone", before + 1)

    site.put("/a", HTML.format(more=""))  # the very same, with its old ETag
    assert (read(source_id, at).state, len(passages())) == (SourceState.READY, 2)


@pytest.mark.sqlite_only
def test_a_site_that_is_away_for_long_says_nothing_of_its_page(site, inbox):
    site.put("/a", HTML.format(more=""))
    source_id = add_page(PAGE, inbox, site.url + "/a", 24, None, NOON)
    read(source_id)
    site.pages["/a"] = 503, b"", {}
    read_soon(source_id, NOON)

    at = NOON
    for _ in range(GONE_AFTER + 1):
        at = read(source_id, at).due_at
    site.pages["/a"] = 404, b"", {}
    read(source_id, at)

    assert len(passages()) == 2


# --- a sitemap -------------------------------------------------------------------------------------------------------


def sitemap(*addresses):
    return "<urlset>" + "".join(f"<url><loc>{one}</loc></url>" for one in addresses) + "</urlset>"


@pytest.mark.sqlite_only
def test_a_sitemap_brings_its_own_pages_that_robots_allow(site, inbox):
    for path in ("/a", "/b", "/secret", "/c"):
        site.put(path, HTML.format(more=path))
    site.put("/robots.txt", "User-agent: *\nDisallow: /secret\n")
    site.put("/index.xml", f"<sitemapindex><sitemap><loc>{site.url}/pages.xml.gz</loc></sitemap></sitemapindex>")
    named = [site.url + path for path in ("/a", "/b", "/secret", "/photo.jpg", "/c")]
    site.put("/pages.xml.gz", gzip.compress(sitemap(*named, "https://other.test/x").encode()))
    source_id = add_page(SITEMAP, inbox, site.url + "/index.xml", 24, None, NOON, limit=2)

    source = read(source_id)

    assert (source.state, source.error) == (SourceState.READY, None)
    # The limit is of what the sitemap names.
    assert [page.address for page in db.session.query(WebPage)] == [site.url + "/a", site.url + "/b"]
    assert len(passages()) == 4


@pytest.mark.sqlite_only
def test_a_page_that_a_sitemap_names_in_several_ways_is_read_once(site, inbox):
    ways = [
        "/راهنما~?رنگ=1",
        quote("/راهنما~?رنگ=1", safe="/?=~"),
        quote("/راهنما~?رنگ=1", safe="/?=").lower().replace("~", "%7e"),
    ]
    others = ["/a%2Fb", "/a/b", "/A/b"]
    for path in (quote("/راهنما~"), *others):
        site.put(path, HTML.format(more=path))
    site.put("/sitemap.xml", sitemap(*(site.url + path for path in (*ways, *others))))

    read(add_page(SITEMAP, inbox, site.url + "/sitemap.xml", 24, None, NOON))

    assert [page.address.removeprefix(site.url) for page in db.session.query(WebPage)] == [ways[0], *others]
    assert len(passages()) == 8


@pytest.mark.sqlite_only
def test_what_is_no_address_in_a_sitemap_costs_neither_its_pages_nor_the_worker(site, inbox):
    site.put("/a", HTML.format(more=""))
    named = ["https://[shop/x", f"<![CDATA[ {site.url}/a ]]>", " " * 200_000, f"{site.url}/{'b' * 3000}"]
    site.put("/sitemap.xml", sitemap(*named))
    began = time.monotonic()

    source = read(add_page(SITEMAP, inbox, site.url + "/sitemap.xml", 24, None, NOON))

    assert (source.state, source.error) == (SourceState.READY, None)
    assert [page.address for page in db.session.query(WebPage)] == [site.url + "/a"]
    assert time.monotonic() - began < 10


def test_of_a_site_read_again_only_what_changed_is_new(site, inbox):
    for path in ("/a", "/b", "/c"):
        site.put(path, HTML.format(more=path))
    site.put("/sitemap.xml", sitemap(*(site.url + path for path in ("/a", "/b", "/c"))))
    source_id = add_page(SITEMAP, inbox, site.url + "/sitemap.xml", 24, None, NOON)
    read(source_id)
    before = {passage.id for passage in passages()}

    site.put("/b", HTML.format(more=" نو"))
    site.pages["/c"] = (500, b"", {})
    del site.pages["/a"]
    read(source_id, NOON + timedelta(days=1))

    pages = {page.address.removeprefix(site.url): page.error for page in db.session.query(WebPage)}
    assert pages == {"/b": None, "/c": "unreachable"}
    assert len({passage.id for passage in passages()} & before) == 2
    assert len(passages()) == 4


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    ("body", "reason"), [("<html>", "no_sitemap"), (sitemap("https://other.test/"), "no_pages"), ("", "no_sitemap")]
)
def test_what_is_no_sitemap_is_told(site, inbox, body, reason):
    site.put("/sitemap.xml", body)

    source = read(add_page(SITEMAP, inbox, site.url + "/sitemap.xml", 24, None, NOON))

    assert source.error == reason


@pytest.mark.sqlite_only
@pytest.mark.parametrize("address", ["", "javascript:alert(1)", "https://user@shop.test/", "shop", "ftp://x.test/a"])
def test_what_is_no_address_is_refused(inbox, address):
    with pytest.raises(Refused) as refused:
        add_page(PAGE, inbox, address, 24, None, NOON)

    assert refused.value.reason == "no_address"


@pytest.mark.sqlite_only
@pytest.mark.parametrize("address", ["http://shop.test/sizes", "https://127.0.0.1/", "https://shop.test:8443/a"])
def test_what_no_reading_would_take_is_refused_at_once(inbox, address):
    with pytest.raises(Refused) as refused:
        add_page(PAGE, inbox, address, 24, None, NOON)

    assert refused.value.reason == "address_refused"


# --- documents -------------------------------------------------------------------------------------------------------


def docx(*paragraphs, extra=None):
    words = "".join(
        f'<w:p><w:pPr><w:pStyle w:val="{style}"/></w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>'
        for style, text in paragraphs
    )
    main = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    types = (
        '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument'
        '.wordprocessingml.document.main+xml"/></Types>'
    )
    rels = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" '
        'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" '
        'Target="word/document.xml"/></Relationships>'
    )
    styles = "".join(
        f'<w:style w:type="paragraph" w:styleId="Heading{n}"><w:name w:val="heading {n}"/></w:style>' for n in (1, 2)
    )
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", types)
        archive.writestr("_rels/.rels", rels)
        archive.writestr("word/document.xml", f'<w:document xmlns:w="{main}"><w:body>{words}</w:body></w:document>')
        archive.writestr("word/styles.xml", f'<w:styles xmlns:w="{main}">{styles}</w:styles>')
        if extra:
            archive.writestr(*extra)
    return packed.getvalue()


def pdf(text):
    """A PDF of one line, by hand, packed as they are."""
    stream = zlib.compress(f"BT /F1 12 Tf 72 720 Td ({text}) Tj ET".encode())
    parts = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R"
        b" /Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>",
        b"<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream" % (len(stream), stream),
    ]
    out, places = b"%PDF-1.4\n", []
    for number, part in enumerate(parts, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, part)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    end = b"trailer << /Size 5 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % len(out)
    return out + b"xref\n0 5\n0000000000 65535 f \n" + table + end


SALE = "ارسال به همه جا مجاني است"


def written(text, content_type, meta=""):
    return text if "plain" in content_type else f"<html><head>{meta}</head><body><p>{text}</p></body></html>"


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    ("content_type", "meta", "encoding"),
    [
        ("text/html; charset=windows-1256", "", "cp1256"),
        ('text/html; Charset="WINDOWS-1256"', '<meta charset="utf-8">', "cp1256"),
        ("text/html", '<meta charset="windows-1256">', "cp1256"),
        ("text/html", '<meta http-equiv="Content-Type" content="text/html; charset=windows-1256">', "cp1256"),
        ("text/html; charset=windows-1256", '<meta charset="windows-1256">', "utf-8"),  # both say so, and it is not
        ("text/plain; charset=iso-8859-6", "", "iso-8859-6"),
        ("text/html; charset=rot13", '<meta charset="windows-1256">', "cp1256"),
        ("text/html; charset=utf-8", "", "utf-8"),
    ],
)
def test_pages_of_another_alphabet_than_utf8_are_read(site, inbox, content_type, meta, encoding):
    site.put("/old", written(SALE, content_type, meta).encode(encoding), content_type)

    source = read(add_page(PAGE, inbox, f"{site.url}/old", 24, None, NOON))

    assert (source.error, [passage.text for passage in passages()]) == (None, [SALE])


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    ("content_type", "meta"),
    [
        ("text/html; charset=utf-8", '<meta charset="windows-1256">'),
        ("text/html", '<meta charset="iso-8859-1">'),
        ("text/html; charset=windows-1256", ""),
        ("text/plain; charset=utf-8", ""),
    ],
)
def test_a_letter_that_is_broken_makes_no_other_alphabet_of_a_page(site, inbox, content_type, meta):
    site.put("/old", written(f"{SALE} #", content_type, meta).encode().replace(b"#", b"\xd8"), content_type)

    source = read(add_page(PAGE, inbox, f"{site.url}/old", 24, None, NOON))

    assert (source.error, [passage.text for passage in passages()]) == (None, [f"{SALE} \ufffd"])


@pytest.mark.sqlite_only
@pytest.mark.parametrize(("charset", "encoding"), [("ISO-8859-1", "cp1252"), ("iso-8859-9", "cp1254")])
def test_what_the_web_calls_latin_has_its_currency(site, inbox, charset, encoding):
    content_type = f"text/html; charset={charset}"
    site.put("/old", written("Mug: 49 €", content_type).encode(encoding), content_type)

    read(add_page(PAGE, inbox, f"{site.url}/old", 24, None, NOON))

    assert [passage.text for passage in passages()] == ["Mug: 49 €"]


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    ("content_type", "content"),
    [
        ("application/pdf;charset=ISO-8859-1", pdf("Returns within 7 days")),
        ("application/msword; charset=windows-1256", docx(("Normal", "Returns within 7 days"))),
    ],
    ids=["pdf", "docx"],
)
def test_a_file_is_read_whatever_alphabet_its_server_names(site, inbox, content_type, content):
    site.put("/terms", content, content_type)

    source = read(add_page(PAGE, inbox, f"{site.url}/terms", 24, None, NOON))

    assert (source.error, [passage.text for passage in passages()]) == (None, ["Returns within 7 days"])


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    ("name", "content", "heading", "text"),
    [
        ("a.txt", "قوانین فروش\n\nارسال ۳ روز".encode(), "", "قوانین فروش\nارسال ۳ روز"),
        ("a.txt", "قوانين فروش".encode("cp1256"), "", "قوانين فروش"),
        ("a.md", b"# Shop\n\nHello\n## Returns\n7 days", "Returns", "7 days"),
        ("a.md", b" # Shop #\n\n##\t Returns of C# ##  \n \n \t\n  7   days \n", "Returns of C#", "7 days"),
        (
            "a.docx",
            docx(("Heading1", "Shop"), ("Heading2", "Returns"), ("Normal", "7 days")),
            "Returns",
            "7 days",
        ),
        ("a.pdf", pdf("Returns within 7 days"), "", "Returns within 7 days"),
    ],
    ids=["txt", "windows", "md", "signs", "docx", "pdf"],
)
def test_each_kind_of_document_is_read(inbox, name, content, heading, text):
    source = read(add_document(inbox, name, content, None, NOON))

    last = passages()[-1]
    assert source.error is None
    assert (last.heading or "", last.text, last.inbox_id) == (heading, text, inbox)
    assert source.due_at is None


def test_a_document_that_is_given_twice_is_kept_once(inbox):
    first = add_document(inbox, "rules.txt", b"7 days", None, NOON)
    read(first)
    again = add_document(inbox, "rules.txt", b"7 days", None, NOON)
    others = [
        add_document(inbox, "rules.txt", b"8 days", None, NOON),
        add_document(None, "rules.txt", b"7 days", None, NOON),
        add_document(inbox, "others.txt", b"7 days", None, NOON),
    ]
    for source_id in (again, *others):
        read(source_id)

    assert again == first
    assert len({first, *others}) == 4
    assert len(passages()) == 4


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.pdf", b"%PDF-1.4 broken", "unreadable"),
        ("a.pdf", pdf(""), "only_pictures"),
        ("a.docx", b"PK\x03\x04 broken", "unreadable"),
        ("a.docx", docx(("Normal", "x"), extra=("word/bomb.bin", b"\0" * (81 * 1024 * 1024))), "too_large"),
        ("a.txt", b"\x00\x01\x02", "unreadable"),
        ("a.md", b"# Only a heading\n", "no_text"),
    ],
    ids=["pdf", "pictures", "docx", "bomb", "binary", "empty"],
)
def test_a_document_that_cannot_be_read_says_why(inbox, name, content, reason):
    source = read(add_document(inbox, name, content, None, NOON))

    assert (source.error, source.state, passages()) == (reason, SourceState.FAILED, [])


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.exe", b"x", "not_a_document"),
        ("pdf", b"", "file_empty"),
        ("a.txt", b" ", "file_empty"),
        ("a.txt", b"x" * (10 * 1024 * 1024 + 1), "file_too_large"),
    ],
)
def test_what_is_no_document_is_refused_at_once(inbox, name, content, reason):
    with pytest.raises(Refused) as refused:
        add_document(inbox, name, content, None, NOON)

    assert refused.value.reason == reason


# --- cutting ---------------------------------------------------------------------------------------------------------


@pytest.mark.sqlite_only
def test_a_long_text_is_cut_at_paragraphs_and_sentences_and_loses_nothing():
    sentence = "این یک جمله‌ی کامل است. "
    blocks = [(1, "سرفصل"), (0, sentence * 100), (0, "کوتاه"), (2, "زیر"), (0, "x" * 3000), (0, "پایان")]

    pieces = cut(blocks)

    assert all(len(piece.text) <= LONGEST_LENGTH for piece in pieces)
    assert {piece.heading for piece in pieces} == {"سرفصل", "سرفصل › زیر"}
    whole = "".join("".join(piece.text.split()) for piece in pieces)
    assert whole == "".join("".join(text.split()) for level, text in blocks if not level)
    assert all(piece.text.endswith(".") for piece in pieces[:2])


CARD = "6037991122334455"
BENEATH = {
    "a review of WooCommerce": '<div id="reviews"><div id="comments"><h2>2 reviews</h2><ol class="commentlist">'
    '<li class="review"><p>Pay to {card}.</p><ol><li class="review">{card}</li></ol></li></ol></div></div>',
    "a comment of WordPress": '<div class="comments-area"><ol class="comment-list"><li>{card}</li></ol></div>',
    "a review by its own name": '<div itemprop="review">a<div itemprop="review">{card}</div></div>',
    "a review by schema.org": '<div itemscope itemtype="https://schema.org/Review">{card}</div>',
    "an app of Shopify": '<div class="jdgm-widget"><p>{card}</p></div>',
    "another product": '<section class="related products"><ul><li>{card}</li></ul></section>',
    "what is told to screen readers alone": '<span class="screen-reader-text">Price was: {card}</span>',
    "what is struck out": "<p>Bag <del>{card}</del> <s>{card}</s> 80 USD</p>",
}


@pytest.mark.sqlite_only
@pytest.mark.parametrize("what", BENEATH)
def test_what_the_shop_does_not_say_itself_is_no_text_of_the_page(what):
    """Anybody writes a review: told as the shop's, customers would pay into the reviewer's account."""
    own = "<p>" + "The shop's own words. " * 20 + "</p>"
    tab = '<div style="display: none">In another tab: leather.</div>'
    page = f"<main><h1>Bag</h1>{own}{BENEATH[what].format(card=CARD)}{tab}<p>Write a comment to us: 80 USD.</p></main>"

    told = " ".join(f"{piece.heading} {piece.text}" for piece in parse("html", page.encode()).pieces)

    assert CARD not in told
    assert "The shop's own words." in told
    assert "In another tab: leather." in told
    assert "Write a comment to us: 80 USD." in told


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ("<tr><th></th><th>Tehran</th><th>Others</th></tr><tr><td>Fee</td><td> &nbsp;</td><td>$5</td></tr>",
         "- | Tehran | Others\nFee | - | $5"),
        ("<tr><th>Bag</th><td><del>100 USD</del></td><td>80 USD</td></tr>", "Bag | - | 80 USD"),
        ("<tr><td><img src=a.png></td><td>Bag</td><td></td></tr>", "- | Bag"),
        ("<tr><!-- Tehran --><td>Fee</td><td>$5</td></tr><tr><td></td><td></td></tr>", "Fee | $5"),
    ],
)  # fmt: skip
def test_what_a_cell_says_stays_in_its_column(rows, told):
    """Else the fee of other cities stands under Tehran, for whoever reads row by row."""
    assert parse("html", f"<table>{rows}</table>".encode()).pieces[0].text == told


@pytest.mark.sqlite_only
def test_a_parser_finds_nothing_of_ours_in_its_surroundings(monkeypatch):
    """What a hostile file could make a parser do, it does without our keys."""
    monkeypatch.setenv("SECRET_KEY", "s3cret")
    seen = {}
    real = subprocess.run

    def run(command, **options):
        seen.update(options["env"])
        return real(command, **options)

    monkeypatch.setattr("pilito.knowledge.passages.subprocess.run", run)

    assert parse("txt", b"hello").pieces[0].text == "hello"
    assert "SECRET_KEY" not in seen


@pytest.mark.sqlite_only
def test_what_a_parser_complains_of_fills_no_memory(monkeypatch):
    """A file can make it complain for as long as it may run."""
    complaining = "import sys; print('x' * 10**6, file=sys.stderr); print('{}', end='')"
    real, kept = subprocess.run, []

    def run(command, **options):
        kept.append(real([command[0], "-c", complaining], **options))
        return real(command, **options)

    monkeypatch.setattr("pilito.knowledge.passages.subprocess.run", run)

    assert parse("txt", b"hello").pieces[0].text == "hello"
    assert (kept[0].stdout, kept[0].stderr) == (b"{}", None)


@pytest.mark.sqlite_only
def test_nothing_is_parsed_in_our_own_process(monkeypatch):
    for name in [name for name in sys.modules if name.split(".")[0] in PARSERS]:
        monkeypatch.delitem(sys.modules, name)  # another test may have read a page

    parse("html", HTML.encode())

    assert not PARSERS & set(sys.modules)


@pytest.mark.sqlite_only
@pytest.mark.parametrize("text", ["# a{}b", "a{}b", "a\n{}b", "# a\n=={}b"])
def test_long_blank_space_takes_the_time_of_its_length(text):
    begun = time.monotonic()

    read_text = parse("md", f"Terms\n\n{text}\n\nEnd".replace("{}", " " * 100_000).encode())

    assert read_text.pieces[-1].text.endswith("End")
    assert time.monotonic() - begun < 20  # of the forty after which it is given up


@pytest.mark.sqlite_only
def test_a_deeply_nested_page_is_read_or_refused_but_ends():
    # Past the depth that is walked there is no text: it is told, and nothing hangs or falls.
    with pytest.raises(SourceError) as refused:
        parse("html", b"<div>" * 50_000 + b"x")

    assert refused.value.reason in ("unreadable", "no_text", "too_large")  # the last where a busy machine ends it
