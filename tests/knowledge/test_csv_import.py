"""A catalogue from a file: as shops have it, with errors by line, and whole or not at all."""

import time
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from rows import NOON, add_inbox

from pilito.conversations.fact_text import product_fact
from pilito.database import transaction
from pilito.errors import Refused
from pilito.knowledge.csv_import import begin_import, choose_columns, drop_old_imports, finish_import, preview
from pilito.knowledge.csv_table import guess_columns, read_table
from pilito.knowledge.drafts import Problems
from pilito.models import Inbox, Product, Source, SourceFile, Variant, db

TEHRAN = ZoneInfo("Asia/Tehran")
SHOP = """نام محصول,کد کالا,قیمت (تومان),سایز,رنگ,موجودی,لینک
پیراهن لینن «ماهور»,MH-38,۱٬۸۵۰٬۰۰۰,۳۸,کرم,۳,https://shop.test/mahoor
پیراهن لینن «ماهور»,MH-40,۱٬۹۵۰٬۰۰۰,۴۰,کرم,ناموجود,
کیف «کارون»,KR-1,۲ میلیون و نیم,,عسلی,,
"""
GOOD = SHOP.replace("۲ میلیون و نیم", "۲٫۵ میلیون تومان")


@pytest.fixture
def inbox(app):
    with transaction():
        return add_inbox().id


def bring(text, inbox_id=None, puts_aside=False, encoding="utf-8", at=NOON):
    draft = begin_import(inbox_id, "x.csv", text.encode(encoding), None, at)
    return finish_import(draft, puts_aside, TEHRAN, None, at)


def products():
    db.session.rollback()
    return db.session.scalars(db.select(Product).order_by(Product.id).execution_options(populate_existing=True)).all()


def version(inbox_id):
    db.session.rollback()
    return db.session.scalar(db.select(Inbox.facts_version).where(Inbox.id == inbox_id))


def test_a_cell_of_pictures_is_read_in_a_moment_whatever_stands_in_it(inbox):
    cell = "https://a.test/1.jpg , https://a.test/2.jpg|https://a.test/3.jpg,\nb.test/4.jpg" + " " * 100_000 + "end"
    began = time.monotonic()

    with pytest.raises(Problems, match="no_address"):
        bring(f'Name,Image\nA,"{cell}"', inbox)
    bring(f'Name,Image\nA,"{cell[:-100_003]}"', inbox)

    (product,) = products()
    assert [product.picture_url, *product.more_pictures] == [
        *(f"https://a.test/{number}.jpg" for number in (1, 2, 3)),
        "https://b.test/4.jpg",
    ]
    assert time.monotonic() - began < 5


def test_a_file_becomes_products_with_variants(inbox):
    tally = bring(GOOD, inbox)

    dress, bag = products()
    assert (tally.added, tally.changed, tally.gone) == (2, 0, 0)
    assert (dress.name, dress.link, dress.currency) == ("پیراهن لینن «ماهور»", "https://shop.test/mahoor", "IRT")
    assert [(one.sku, one.size, one.colour, one.price, one.stock) for one in dress.variants] == [
        ("MH-38", "۳۸", "کرم", 1_850_000, 3),
        ("MH-40", "۴۰", "کرم", 1_950_000, 0),
    ]
    assert (bag.sku, bag.variants[0].price, bag.variants[0].stock) == ("KR-1", 2_500_000, None)
    assert {product.inbox_id for product in products()} == {inbox}
    assert version(inbox) == 1


# As the exporters of the two write them.
WOO = (
    'ID,Type,SKU,"GTIN, UPC, EAN, or ISBN",Name,Published,"Is featured?","Visibility in catalog","Short description",'
    'Description,"Date sale price starts","Date sale price ends","Tax status","Tax class","In stock?",Stock,'
    '"Low stock amount","Backorders allowed?","Sold individually?","Weight (kg)","Length (cm)","Width (cm)",'
    '"Height (cm)","Allow customer reviews?","Purchase note","Sale price","Regular price",Categories,Tags,'
    '"Shipping class",Images,"Download limit","Download expiry days",Parent,"Grouped products",Upsells,Cross-sells,'
    '"External URL","Button text",Position,"Attribute 1 name","Attribute 1 value(s)","Attribute 1 visible"\n'
)
SHOPIFY = (
    'Handle,Title,"Body (HTML)",Vendor,"Product Category",Type,Tags,Published,"Option1 Name","Option1 Value",'
    '"Variant SKU","Variant Grams","Variant Inventory Tracker","Variant Inventory Qty","Variant Inventory Policy",'
    '"Variant Fulfillment Service","Variant Price","Variant Compare At Price","Variant Requires Shipping",'
    '"Variant Taxable","Variant Barcode","Image Src","Image Position","Image Alt Text","Gift Card","SEO Title",'
    '"Cost per item",Status\n'
)


def woo(number, name, published="1", there="1", stock="", sale="", regular="900", starts="", ends="", size=""):
    kind, images = "variation" if size else "simple", f"https://shop.test/{number}.jpg"
    return (
        f'{number},{kind},W-{number},,{name},{published},0,visible,,,"{starts}","{ends}",taxable,,{there},{stock},,0,0,,,,,1,,'
        f"{sale},{regular},کیف,,,{images},,,,,,,,,0,سایز,{size},1\n"
    )


def shopify(
    handle, title="", sku="", tracker="shopify", count="", policy="deny", price="", image="", status="", size=""
):
    return (
        f"{handle},{title},,{'x' if title else ''},,{'Mug' if title else ''},clay,TRUE,{'Size' if title else ''},{size},{sku},300,"
        f"{tracker if price else ''},{count},{policy if price else ''},manual,{price},,TRUE,TRUE,,{image},1,,,,,{status}\n"
    )


def bring_in(file, inbox, currency):
    draft = begin_import(inbox, "x.csv", file.encode(), None, NOON)
    read = preview(draft, TEHRAN)
    choose_columns(draft, read.columns, currency, NOON)
    finish_import(draft, False, TEHRAN, None, NOON)
    return {product.name: product for product in products()}


def test_the_export_of_woocommerce_brings_what_is_offered_at_its_price(inbox):
    rows = [
        woo(1, "کیف", sale="750", ends="2026-12-01 23:59:59"),
        woo(2, "کفش", stock="3"),
        woo(3, "شال", there="0", stock="5"),
        woo(4, "کلاه", there="backorder", stock="-2"),
        woo(5, "پیش‌نویس", published="-1"),
        woo(6, "خصوصی", published="0"),
        woo(7, "پیراهن - 38", stock="parent", size="38"),
    ]

    found = bring_in(WOO + "".join(rows), inbox, "IRT")

    stocks = {name: (product.variants[0].stock, product.variants[0].available) for name, product in found.items()}
    assert stocks == {
        "کیف": (None, True),
        "کفش": (3, True),
        "شال": (0, False),
        "کلاه": (0, True),
        "پیراهن - 38": (None, True),
    }
    bag = found["کیف"]
    assert (bag.variants[0].price, bag.variants[0].old_price, bag.category) == (750, 900, "کیف")
    assert bag.valid_until.astimezone(TEHRAN).isoformat() == "2026-12-02T00:00:00+03:30"
    assert [found[name].variants[0].size for name in ("پیراهن - 38", "کفش")] == ["38", None]
    assert (found["کفش"].variants[0].price, found["کفش"].variants[0].old_price) == (900, None)


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    ("starts", "ends", "price", "old_price", "until"),
    [
        ("", "", 70, 100, None),
        ("2026-11-01 0:00:00", "", 70, 100, None),
        ("", "2026-12-01 23:59:59", 70, 100, "2026-12-02"),
        ("2027-01-01 0:00:00", "2027-02-01 23:59:59", 100, None, "2027-01-01"),  # until it begins
        ("2026-10-01 0:00:00", "2026-11-01 23:59:59", 100, None, None),
    ],
)
def test_the_days_of_a_sale_bind_its_price_and_not_the_product(inbox, starts, ends, price, old_price, until):
    found = bring_in(WOO + woo(1, "کیف", sale="70", regular="100", starts=starts, ends=ends), inbox, "IRT")["کیف"]

    assert (found.variants[0].price, found.variants[0].old_price, found.valid_from) == (price, old_price, None)
    assert (found.valid_until and found.valid_until.astimezone(TEHRAN).date().isoformat()) == until


@pytest.mark.sqlite_only
@pytest.mark.parametrize("cell", ["0", "۰", "", "900000"])
def test_a_sale_price_of_nothing_or_above_the_price_is_no_sale(inbox, cell):
    bring(f"نام,قیمت,قیمت با تخفیف,واحد پول\nمانتو,850000,{cell},تومان\n", inbox)

    [coat] = products()
    assert (coat.variants[0].price, coat.variants[0].old_price) == (850_000, None)


@pytest.mark.sqlite_only
def test_the_days_of_a_sale_that_was_deleted_say_nothing(inbox):
    found = bring_in(WOO + woo(1, "کیف", regular="100", starts="2027-01-01 0:00:00", ends="2026-01-01"), inbox, "IRT")

    assert (found["کیف"].valid_from, found["کیف"].valid_until) == (None, None)


def test_the_export_of_shopify_brings_what_is_active_with_the_variants_it_has(inbox):
    rows = [
        shopify(
            "mug", "Mug", "M-1", size="S", count="0", price="12.50", image="https://cdn.test/1.jpg", status="active"
        ),
        shopify("mug", sku="M-2", size="L", count="0", policy="continue", price="14.00"),
        shopify("mug", image="https://cdn.test/2.jpg"),
        shopify("cup", "Cup", "C-1", tracker="", count="0", price="5.00", status="active"),
        shopify("old", "Old", "O-1", count="4", price="5.00", status="archived"),
        shopify("old", sku="O-2", count="4", price="6.00"),
        shopify("new", "New", "N-1", count="4", price="5.00", status="draft"),
    ]

    found = bring_in(SHOPIFY + "".join(rows), inbox, "USD")

    assert set(found) == {"Mug", "Cup"}
    mug = found["Mug"]
    assert [(one.sku, one.size, one.other, one.stock, one.available, one.price) for one in mug.variants] == [
        ("M-1", "S", None, 0, False, 1250),
        ("M-2", "L", None, 0, True, 1400),
    ]
    assert [mug.picture_url, *mug.more_pictures] == ["https://cdn.test/1.jpg", "https://cdn.test/2.jpg"]
    assert [(one.stock, one.available) for one in found["Cup"].variants] == [(None, True)]


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    ("header", "cell", "price"),
    [
        ("قیمت (هزار تومان)", "۸۵۰", 850_000),
        ("قیمت (هزارتومان)", "1,850", 1_850_000),
        ("قیمت به میلیون تومان", "۱٫۸۵", 1_850_000),
        ("Price (thousand toman)", "850", 850_000),
        ("قیمت (هزار تومان)", "۸۵۰ هزار تومان", 850_000),
        ("قیمت (هزار تومان)", "۲ میلیون", 2_000_000),
        ("قیمت (هزار تومان)", "۹۹٬۹۹۹", 99_999_000),
        ("قیمت (هزار تومان)", "850 تومان", 850_000),
        ("قیمت (هزار تومان)", "150,000 هزار تومان", 150_000_000),
        ("قیمت (تومان)", "۸۵۰", 850),
        ("قیمت (تومان)", "۸۵۰٬۰۰۰", 850_000),
    ],
)
def test_a_header_in_thousands_counts_for_its_cells(inbox, header, cell, price):
    draft = begin_import(inbox, "x.csv", f'نام,"{header}"\nشال,"{cell}"\n'.encode(), None, NOON)
    choose_columns(draft, preview(draft, TEHRAN).columns, "IRT", NOON)

    [(_line, shawl)] = preview(draft, TEHRAN).reading.products

    assert (shawl.variants[0].price, shawl.currency) == (price, "IRT")


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    ("header", "cell", "is_told"),
    [
        ("قیمت (هزار تومان)", "850,000", True),
        ("قیمت (هزار تومان)", "۱۰۰۰۰۰", True),
        ("قیمت (هزار تومان)", "99,999", False),
        ("قیمت (هزار تومان)", "85000 تومان", True),
        ("قیمت (هزار تومان)", "9,999 تومان", False),
        ("قیمت (هزار ریال)", "8,500,000", True),
        ("قیمت (هزار ریال)", "850,000", False),  # of a laptop
        ("قیمت (هزار ریال)", "850000 ریال", True),
        ("Price (thousand toman)", "1,850,000", True),
        ("قیمت به میلیون تومان", "850,000", True),
    ],
)
def test_a_number_that_is_whole_already_is_told_under_a_header_in_thousands(inbox, header, cell, is_told):
    """A thousand times too much is not guessed away either: the shop says which it is."""
    draft = begin_import(inbox, "x.csv", f'نام,"{header}"\nشال,"{cell}"\n'.encode(), None, NOON)

    problems = preview(draft, TEHRAN).reading.problems

    assert [(one.line, one.column, one.reason) for one in problems] == (
        [(2, "price", "whole_price")] if is_told else []
    )


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    "cell", ["0", "۰", "0 تومان", "تماس بگیرید", "تماس\u200cبگيريد", "استعلام قیمت", "توافقی", "Call for price"]
)
def test_a_price_of_nothing_is_none_that_could_be_told(inbox, cell):
    bring(f"نام,قیمت,قیمت قبلی\nشال,{cell},{cell}\nکیف,5 تومان,0\n", inbox)

    shawl, bag = products()
    assert [(one.price, one.old_price) for one in (*shawl.variants, *bag.variants)] == [(None, None), (5, None)]
    assert "قیمت" not in product_fact(shawl, NOON.date()).text
    assert "قیمت: ۵ تومان" in product_fact(bag, NOON.date()).text


@pytest.mark.sqlite_only
@pytest.mark.parametrize("cell", ["تماس 5 بگیرید", "تماس بگیرید 0912"])
def test_words_around_a_number_are_no_price_still(inbox, cell):
    found = preview(begin_import(inbox, "x.csv", f"نام,قیمت\nشال,{cell}\n".encode(), None, NOON), TEHRAN)

    assert [one.reason for one in found.reading.problems] == ["no_price"]


def test_one_wrong_line_and_nothing_is_imported(inbox):
    draft = begin_import(inbox, "x.csv", SHOP.encode(), None, NOON)

    with pytest.raises(Problems) as refused:
        finish_import(draft, False, TEHRAN, None, NOON)

    assert [(one.line, one.column, one.reason) for one in refused.value.problems] == [(4, "price", "no_price")]
    assert products() == []
    assert version(inbox) == 0


@pytest.mark.parametrize(
    ("line", "column", "reason"),
    [
        ("کفش,1,-5,,,,", "price", "no_price"),
        ("کفش,1,1.5,,,,", "price", "price_decimals"),
        ("کفش,1,=1+1,,,,", "price", "no_price"),
        ("کفش,1,10 دلار,,,,", "price", "other_currency"),
        ("کفش,1,5,,,چند تا,", "stock", "no_stock"),
        ("کفش,1,5,,,,javascript:alert(1)", "link", "no_address"),
        (",1,5,,,,", "name", "no_name"),
        ("کفش,MH-38,5,,,,", "sku", "sku_twice"),
    ],
)
@pytest.mark.sqlite_only
def test_each_mistake_is_named_with_its_line(inbox, line, column, reason):
    text = GOOD + line + "\n"

    found = preview(begin_import(inbox, "x.csv", text.encode(), None, NOON), TEHRAN).reading.problems

    assert [(one.line, one.column, one.reason) for one in found] == [(5, column, reason)]


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    ("headers", "column"),
    [
        ("نام,قیمت (ریال),قیمت با تخفیف (تومان)", "sale_price"),
        ("نام,قیمت قبل (ریال),قیمت (تومان)", "price"),
        ("name,price (rial),sale price (toman)", "sale_price"),
    ],
)
def test_two_columns_of_prices_in_two_currencies_are_told_and_not_read_in_one(inbox, headers, column):
    found = preview(begin_import(inbox, "x.csv", f"{headers}\nکیف,8500000,700000\n".encode(), None, NOON), TEHRAN)

    told = [(one.reason, one.column, one.value) for one in found.reading.problems]
    assert told == [("two_currencies", column, headers.split(",")[2])]
    assert found.reading.products == ()


def test_importing_again_changes_by_sku_and_keeps_the_rest(inbox):
    bring(GOOD, inbox)
    first = [product.id for product in products()]

    again = bring("کد,نام,قیمت (تومان)\nKR-1,کیف کارون نو,۲٬۷۰۰٬۰۰۰\n", inbox)

    dress, bag = products()
    assert (again.added, again.changed, again.gone) == (0, 1, 0)
    assert [dress.id, bag.id] == first
    assert (bag.name, bag.variants[0].price) == ("کیف کارون نو", 2_700_000)
    assert dress.active
    assert db.session.query(Variant).count() == 3


@pytest.mark.sqlite_only
def test_a_file_that_brings_ids_later_finds_the_products_that_had_none(inbox):
    bring(GOOD, inbox)
    first = [product.id for product in products()]

    again = bring("شناسه,کد,نام,قیمت (تومان)\n77,KR-1,کیف,۲\n78,X-9,شال,۳\n", inbox)

    assert (again.added, again.changed) == (1, 1)
    assert [product.id for product in products()][:2] == first


@pytest.mark.sqlite_only
def test_an_id_counts_more_than_a_name(inbox):
    bring("شناسه,نام,قیمت (تومان)\n1,شال,۱\n", inbox)

    bring("شناسه,نام,قیمت (تومان)\n2,شال,۲\n", inbox)

    assert [(product.external_id, product.variants[0].price) for product in products()] == [("1", 1), ("2", 2)]


@pytest.mark.sqlite_only
def test_what_the_new_file_does_not_have_is_put_aside_when_asked_and_comes_back(inbox):
    bring(GOOD, inbox)

    gone = bring("\n".join(GOOD.splitlines()[:3]), inbox, puts_aside=True)
    assert (gone.gone, [product.active for product in products()]) == (1, [True, False])

    back = bring(GOOD, inbox, puts_aside=True)
    assert (back.changed, [product.active for product in products()]) == (1, [True, True])


def test_the_same_file_again_changes_nothing_and_counts_no_change(inbox):
    bring(GOOD, inbox)
    before = version(inbox)

    tally = bring(GOOD, inbox, at=NOON + timedelta(days=1))

    assert (tally.unchanged, tally.is_change) == (2, False)
    assert version(inbox) == before


@pytest.mark.sqlite_only
def test_another_accounts_products_of_the_same_code_are_left_alone(inbox):
    with transaction():
        other = add_inbox().id
    bring(GOOD, other)
    bring(GOOD, inbox)

    bring(GOOD.replace("۱٬۸۵۰٬۰۰۰", "۱"), inbox)

    prices = {product.inbox_id: product.variants[0].price for product in products() if len(product.variants) == 2}
    assert prices == {other: 1_850_000, inbox: 1}


@pytest.mark.sqlite_only
def test_facts_for_all_inboxes_count_up_in_each(inbox):
    with transaction():
        other = add_inbox().id

    bring(GOOD, None)

    assert (version(inbox), version(other)) == (1, 1)


@pytest.mark.sqlite_only
def test_a_formula_is_text(inbox):
    name = '=HYPERLINK("http://evil.test";"x")'
    bring(f'نام,قیمت,واحد پول\n"{name.replace(chr(34), chr(34) * 2)}",5,تومان\n', inbox)

    assert products()[0].name == name


@pytest.mark.sqlite_only
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1256", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_encoding_and_delimiter_are_found_out(encoding, delimiter):
    text = 'نام,کد,قيمت\n"کيف, چرم",A1,100\nشال,A2,200\n'
    rows = text.replace(",", delimiter).replace(f"کيف{delimiter}", "کيف,") if delimiter != "," else text

    table = read_table(rows.encode(encoding))

    assert table.headers == ("نام", "کد", "قيمت")
    assert table.rows[0][1] == ("کيف, چرم", "A1", "100")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "file_empty"),
        (b"\xef\xbb\xbf \n", "file_empty"),
        (b"name,price\n", "file_empty"),
        (b"a" * (10 * 1024 * 1024 + 1), "file_too_large"),
        (b"name\n" + b"x\n" * 20_001, "too_many_lines"),
        (b"PK\x03\x04\x00\x00,\n\x00", "not_a_table"),
        (b"\xff\xfex", "not_a_table"),
        (b'name,price\n"never closed' + b"x" * 200_000, "not_a_table"),
    ],
)
@pytest.mark.sqlite_only
def test_what_is_no_table_is_refused_with_a_reason(content, reason):
    with pytest.raises(Refused) as refused:
        read_table(content)

    assert refused.value.reason == reason


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    ("headers", "fields"),
    [
        (["نام کالا", "قیمت (تومان)", "رنگ‌", "موجودي"], ["name", "price", "colour", "stock"]),
        (["Title", "Variant Price", "Variant SKU", "Option1 Value"], ["name", "price", "sku", ""]),
        (["اسم المنتج", "السعر", "المقاس", "اللون"], ["name", "price", "size", "colour"]),
        (["Name", "Old price", "Price", "Photo"], ["name", "old_price", "price", "picture"]),
        (["نام", "قیمت خرید (ریال)", "قیمت فروش (تومان)"], ["name", "", "price"]),
        (["نام", "قیمت عمده", "قیمت همکار", "قیمت مصرف کننده"], ["name", "", "", "price"]),
        (["Name", "Price wholesale", "Price shipping", "Price retail"], ["name", "", "", "price"]),
        (["نام", "تعداد در کارتن", "تعداد فروش", "تعداد موجود"], ["name", "", "", "stock"]),
    ],
)
def test_columns_are_guessed_by_their_names(headers, fields):
    guessed = guess_columns(headers)

    assert [guessed.get(number, "") for number in range(len(headers))] == fields


def test_what_was_chosen_once_is_proposed_the_next_time(inbox):
    text = "چیز,پول\nشال,100\n"
    draft = begin_import(inbox, "x.csv", text.encode(), None, NOON)
    assert [one.reason for one in preview(draft, TEHRAN).reading.problems] == ["no_name_column"]
    choose_columns(draft, {0: "name", 1: "price"}, "IRT", NOON)
    finish_import(draft, False, TEHRAN, None, NOON)

    again = preview(begin_import(inbox, "x.csv", text.encode(), None, NOON), TEHRAN)

    assert (again.columns, again.currency) == ({0: "name", 1: "price"}, "IRT")


def test_an_offer_until_a_day_holds_on_that_day_in_both_calendars(inbox):
    bring("نام,قیمت,ارز,تا تاریخ\nالف,1,IRT,۱۴۰۵/۰۹/۳۰\nب,1,IRT,2026-12-21\n", inbox)

    ends = {product.valid_until.astimezone(TEHRAN).isoformat() for product in products()}
    assert ends == {"2026-12-22T00:00:00+03:30"}


def test_an_import_that_was_left_goes_after_a_day_and_was_never_a_fact(inbox):
    begin_import(inbox, "x.csv", GOOD.encode(), None, NOON)
    drop_old_imports(NOON + timedelta(hours=23))
    assert db.session.query(SourceFile).count() == 1

    drop_old_imports(NOON + timedelta(hours=24))

    db.session.rollback()
    assert db.session.query(SourceFile).count() == 0
    assert [source.state.value for source in db.session.query(Source)] == ["ready"]
    assert products() == []
