"""The pages of the catalogue and the knowledge: who sees and who changes what, and what is said when it does not do."""

import html
import io
import re

import pytest
from rows import NOON, FreshClient, add, add_inbox, add_operator, add_passage, add_product, add_source
from sqlalchemy import event

from pilito.blueprints.panel import facts_words
from pilito.config import ROOT
from pilito.database import transaction
from pilito.lifecycle import PassageKind, Role, SourceKind, SourceState
from pilito.models import OwnPost, Passage, Product, Source, WebPage, db

pytestmark = pytest.mark.sqlite_only


@pytest.fixture
def log_in(app):
    app.config["WTF_CSRF_ENABLED"] = False

    def make(role=Role.ADMIN, language="en"):
        with transaction():
            operator = add_operator(role)
            operator.language = language
            session_id = operator.get_id()
        client = FreshClient(app)
        with client.session_transaction() as session:
            session.update({"_user_id": session_id, "_fresh": True})
        return client

    return make


@pytest.fixture
def admin(log_in):
    return log_in()


def words_of(page):
    assert page.status_code in (200, 422)
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.text)))


def rows(table):
    db.session.rollback()
    return db.session.scalars(db.select(table).order_by(table.id).execution_options(populate_existing=True)).all()


DRESS = {
    "name": "پیراهن", "currency": "IRT", "v_size": ["38", "40", ""], "v_price": ["۱٬۸۵۰٬۰۰۰", "1,950,000", ""],
    "v_stock": ["3", "ناموجود", ""], "v_colour": ["کرم", "کرم", ""], "pictures": "https://shop.test/1.jpg",
}  # fmt: skip


# --- products --------------------------------------------------------------------------------------------------------


def test_an_admin_makes_changes_hides_and_deletes_a_product(admin):
    assert "The catalogue is empty" in words_of(admin.get("/catalogue"))

    page = admin.post("/catalogue/new", data=DRESS, follow_redirects=True)

    assert "Saved." in words_of(page)
    product = rows(Product)[0]
    assert [(one.size, one.price, one.stock) for one in product.variants] == [("38", 1850000, 3), ("40", 1950000, 0)]
    assert 'value="1,850,000"' in page.text
    listed = words_of(admin.get("/catalogue"))
    assert "1,850,000 toman to 1,950,000 toman" in listed
    assert "3 in stock" in listed

    admin.post(f"/catalogue/{product.id}", data=DRESS | {"name": "نو"})
    admin.post(f"/catalogue/{product.id}/quoting", data={"quoted": "no"})
    assert (rows(Product)[0].name, rows(Product)[0].active) == ("نو", False)
    assert "Not quoted" in words_of(admin.get("/catalogue"))
    admin.post(f"/catalogue/{product.id}/quoting", data={"quoted": "yes"})
    assert rows(Product)[0].active
    admin.post(f"/catalogue/{product.id}/delete")
    assert rows(Product) == []


def test_what_is_saved_and_opened_again_says_the_same(admin):
    admin.post("/catalogue/new", data=DRESS | {"valid_until": "1405/09/30"})
    product = rows(Product)[0]
    page = admin.get(f"/catalogue/{product.id}").text
    fields = {
        name: html.unescape(value) for name, value in re.findall(r'<input name="(\w+)"[^>]* value="([^"]*)"', page)
    }
    before = (product.valid_until, fields["valid_until"])

    admin.post(f"/catalogue/{product.id}", data=DRESS | {"valid_until": fields["valid_until"]})

    assert fields["valid_until"] == "2026-12-21"
    assert (rows(Product)[0].valid_until, fields["valid_until"]) == before


def test_a_price_in_dinars_survives_being_opened_and_saved(admin):
    admin.post("/catalogue/new", data={"name": "Abaya", "currency": "KWD", "v_price": ["1.850"]})
    page = admin.get(f"/catalogue/{rows(Product)[0].id}").text
    (shown, *_empty) = re.findall(r'name="v_price" value="([^"]*)"', page)

    admin.post(f"/catalogue/{rows(Product)[0].id}", data={"name": "Abaya", "currency": "KWD", "v_price": [shown]})

    assert (shown, rows(Product)[0].variants[0].price) == ("1.850", 1850)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"v_price": ["many"]}, "This is not one price."),
        ({"name": " "}, "Give it a name."),
        ({"currency": ""}, "Choose the currency"),
        ({"v_stock": ["many"]}, "Write how many there are"),
        ({"valid_until": "soon"}, "Write the date as"),
        ({"link": "javascript:alert(1)"}, "This is no address of the web."),
    ],
)
def test_a_wrong_field_is_named_beside_it_and_nothing_is_saved_or_lost(admin, wrong, said):
    answer = admin.post("/catalogue/new", data=DRESS | wrong)

    assert answer.status_code == 422
    assert said in words_of(answer)
    assert "کرم" in answer.text
    assert rows(Product) == []


def form_of(page):
    """What a browser sends of the page of a product, as it shows it."""
    fields = re.findall(r'<input (?:type="hidden" )?name="(?!csrf)(\w+)"[^>]* value="([^"]*)"', page)
    found = {}
    for name, value in fields:
        found.setdefault(name, []).append(html.unescape(value))
    return found | {"currency": "IRT", "pictures": "https://shop.test/1.jpg"}


def test_what_is_there_to_order_stays_so_when_its_page_is_saved(admin):
    admin.post("/catalogue/new", data=DRESS | {"v_stock": ["پیش‌سفارش", "ناموجود", ""]})
    page = admin.get(f"/catalogue/{rows(Product)[0].id}").text

    assert admin.post(f"/catalogue/{rows(Product)[0].id}", data=form_of(page) | {"name": "نو"}).status_code == 302

    assert 'value="available to order"' in page
    assert [(one.stock, one.available) for one in rows(Product)[0].variants] == [(0, True), (0, False)]
    assert "available to order" in words_of(admin.get("/catalogue"))


def test_a_page_that_was_open_for_a_while_puts_no_old_price_back(admin):
    admin.post("/catalogue/new", data=DRESS)
    product = rows(Product)[0]
    old = form_of(admin.get(f"/catalogue/{product.id}").text)
    admin.post(f"/catalogue/{product.id}", data=old | {"v_price": ["2,100,000", "1,950,000"], "v_stock": ["0", "0"]})

    refused = admin.post(f"/catalogue/{product.id}", data=old | {"description": "نخ <b>"})

    assert refused.status_code == 422
    assert [(one.price, one.stock) for one in rows(Product)[0].variants] == [(2_100_000, 0), (1_950_000, 0)]
    said = words_of(refused)
    assert "This was changed by somebody else since you opened it." in said
    assert "Variants: Size 38 · Colour کرم · Price 2,100,000 · Stock 0" in said
    assert "Price 1,950,000" not in said  # the same in both
    assert "نخ &lt;b&gt;" in refused.text

    meant = form_of(refused.text) | {"description": "نخ"}
    assert admin.post(f"/catalogue/{product.id}", data=meant).status_code == 302
    assert rows(Product)[0].variants[0].price == 1_850_000


def test_a_product_of_a_feed_is_shown_and_not_edited(admin):
    with transaction():
        product = add_product(add_source(None, SourceKind.SHOPIFY, name="my-shop"), external_id="1")

    page = admin.get(f"/catalogue/{product.id}")

    assert "It comes from my-shop" in words_of(page)
    assert '<fieldset class="stack bare" disabled>' in page.text
    answer = admin.post(f"/catalogue/{product.id}", data=DRESS, follow_redirects=True)
    assert "comes from your shop software" in words_of(answer)


def test_a_hostile_name_is_only_text(admin):
    admin.post("/catalogue/new", data=DRESS | {"name": "<script>alert(1)</script>"})

    assert "<script>alert(1)" not in admin.get("/catalogue").text


@pytest.mark.parametrize(
    ("query", "count"), [("ماهور", 1), ("MH-1", 1), ("كيف", 1), ("%", 0), ("", 2), ("پیراهن ماهور", 1)]
)
def test_products_are_found_by_name_code_and_either_keyboard(admin, query, count):
    with transaction():
        source = add_source()
        add_product(source, ({"sku": "MH-1"},), name="پیراهن ماهور")
        add_product(source, name="کیف چرم")

    page = admin.get("/catalogue", query_string={"q": query}).text

    assert page.count('class="product"') == count


@pytest.mark.parametrize("page", ["/catalogue", "/knowledge", "/posts"])
def test_what_postgresql_takes_in_no_text_is_left_out_of_a_search(admin, page):
    with transaction():
        post = add(OwnPost(inbox_id=add_inbox().id, media_id="1", posted_at=NOON, synced_at=NOON))
    asked = []

    def note(_connection, _cursor, _statement, parameters, *_rest):
        asked.append(repr(parameters))

    event.listen(db.engine, "before_cursor_execute", note)
    answer = admin.get(page, query_string={"q": "a\x00b", "post": post.id})
    event.remove(db.engine, "before_cursor_execute", note)

    assert answer.status_code == 200
    assert any("ab" in values for values in asked)
    assert not any("x00" in values for values in asked)


def test_the_list_asks_as_often_for_many_as_for_one(admin):
    from rows import record_statements

    with transaction():
        source = add_source()
        add_product(source)
    admin.get("/catalogue")
    statements = record_statements()
    admin.get("/catalogue")
    few = len(statements)
    with transaction():
        for _ in range(10):
            add_product(db.session.get(Source, source.id))

    del statements[:]
    admin.get("/catalogue")

    assert len(statements) == few


# --- a file ----------------------------------------------------------------------------------------------------------


def upload(admin, text, name="x.csv"):
    content = text if isinstance(text, bytes) else text.encode()
    return admin.post("/catalogue/import", data={"file": (io.BytesIO(content), name)}, follow_redirects=True)


@pytest.mark.parametrize("language", ["en", "fa"])
def test_each_sample_of_a_price_keeps_its_own_direction(log_in, language):
    page = log_in(language=language).get("/catalogue/import").text

    for sample in ("۱٬۸۵۰٬۰۰۰ تومان", "1,850,000", "19.99 USD"):
        assert page.count(sample) == page.count(f"<bdi>{sample}</bdi>") == 1


def test_a_file_is_looked_at_mapped_and_imported(admin):
    page = upload(admin, "کالا,پول\nشال <b>,۱۰۰\n")
    draft = re.search(r"/catalogue/import/(\d+)/columns", page.text)[1]
    assert "شال &lt;b&gt;" in page.text

    mapped = {"c0": "name", "c1": "price", "currency": "IRT"}
    page = admin.post(f"/catalogue/import/{draft}/columns", data=mapped, follow_redirects=True)
    assert "100 toman" in words_of(page)
    assert rows(Product) == []

    done = admin.post(f"/catalogue/import/{draft}/finish", follow_redirects=True)

    assert "Imported: 1 product is new, 0 changed, 0 unchanged." in words_of(done)
    assert rows(Product)[0].variants[0].price == 100


def test_the_lines_with_errors_are_shown_and_nothing_can_be_imported(admin):
    page = upload(admin, "نام,قیمت (تومان)\nشال,صد\nکیف,5\n")

    assert "Mend these first" in words_of(page)
    assert re.search(r'is-number">2</td><td>Price</td><td><bdi>صد</bdi></td>', page.text)
    assert "/finish" not in page.text
    draft = re.search(r"/catalogue/import/(\d+)/columns", page.text)[1]
    admin.post(f"/catalogue/import/{draft}/finish")
    assert rows(Product) == []


@pytest.mark.parametrize(
    ("content", "said"), [(b"", "nothing in this file"), (b"\x00\x01,\n\x00", "This file is no table")]
)
def test_what_is_no_table_is_a_sentence(admin, content, said):
    assert said in words_of(upload(admin, content))


def test_a_large_file_is_taken_here_and_from_admins_only(admin, log_in, app):
    body = b"name\n" + b"x" * 2_000_000
    assert upload(admin, body).status_code == 200

    assert admin.post("/catalogue/new", data={"name": "x" * 2_000_000}).status_code == 413
    app.config["WTF_CSRF_ENABLED"] = True
    too_large = {"data": {"file": (io.BytesIO(body), "x.csv")}}
    assert FreshClient(app).post("/catalogue/import", **too_large).status_code in (302, 401, 413)


# --- feeds -----------------------------------------------------------------------------------------------------------


def test_a_shop_is_connected_and_its_keys_are_never_shown(admin):
    keys = {"kind": "woocommerce", "address": "shop.test", "key": "ck_1", "secret": "cs_secret", "every": "6"}

    page = admin.post("/catalogue/feeds", data=keys, follow_redirects=True)

    source = rows(Source)[0]
    assert (source.address, source.every_hours, source.state) == ("https://shop.test", 6, SourceState.WAITING)
    assert "Being read" in words_of(page)
    assert "cs_secret" not in page.text


@pytest.mark.parametrize(
    ("wrong", "said"), [({"key": ""}, "These keys cannot be right"), ({"address": "x"}, "This is no address"), ({"address": "http://shop.test"}, "begins with https://"), ({"address": "https://127.0.0.1"}, "of this machine"), ({"kind": "x"}, "This is gone"), ({"kind": "page"}, "This is gone")]
)  # fmt: skip
def test_wrong_keys_or_address_are_sentences(admin, wrong, said):
    keys = {"kind": "woocommerce", "address": "shop.test", "key": "ck_1", "secret": "cs_1", "every": "6"}

    page = admin.post("/catalogue/feeds", data=keys | wrong, follow_redirects=True)

    assert said in words_of(page)
    assert rows(Source) == []
    assert page.status_code == 422
    if "kind" not in wrong:
        for name, typed in (keys | wrong).items():
            assert (f'value="{typed}"' in page.text) is (name != "secret")


def test_a_shop_that_does_not_say_its_currency_is_connected_again_with_one(admin):
    keys = {"kind": "woocommerce", "address": "shop.test", "key": "ck_1", "secret": "cs_1", "every": "6"}
    admin.post("/catalogue/feeds", data=keys)
    with transaction():
        source = db.session.scalars(db.select(Source)).one()
        source.state, source.error = SourceState.FAILED, "no_currency"

    page = admin.get("/catalogue/feeds")
    admin.post("/catalogue/feeds", data=keys | {"currency": "IRT"})

    assert "Connect it again and choose the currency." in words_of(page)
    assert '<option value="IRT">' in page.text
    assert [(one.currency, one.due_at is not None) for one in rows(Source)] == [("IRT", True)]
    refused = admin.post("/catalogue/feeds", data=keys | {"currency": "IRT", "address": "x y"})
    assert '<option value="IRT" selected>' in refused.text


def test_a_token_that_was_refused_is_not_shown_again(admin):
    keys = {"kind": "shopify", "address": "x y", "key": "shpat_1", "secret": "", "every": ""}

    page = admin.post("/catalogue/feeds", data=keys)

    assert (page.status_code, "shpat_1" in page.text, 'value="x y"' in page.text) == (422, False, True)


def test_a_page_that_was_refused_is_not_typed_again(admin):
    typed = {"kind": "sitemap", "address": "not an address", "every": "168", "limit": "7"}

    page = admin.post("/knowledge/pages", data=typed)

    assert page.status_code == 422
    assert "This is no address." in words_of(page)
    assert '<details class="card fold" open>' in page.text
    for there in ('value="not an address"', 'value="sitemap" selected', 'value="168" selected', 'value="7"'):
        assert there in page.text
    assert admin.get("/knowledge/pages").location == "/knowledge"  # for a language that is chosen on it


@pytest.mark.parametrize(
    ("language", "said"), [("en", "The shop did not accept the keys."), ("fa", "فروشگاه کلیدها را نپذیرفت.")]
)
def test_a_failing_feed_says_what_to_do_on_both_pages(log_in, language, said):
    with transaction():
        add_source(None, SourceKind.WOOCOMMERCE, state=SourceState.FAILED, error="key_refused", read_at=NOON)
    browser = log_in(language=language)

    assert said in words_of(browser.get("/catalogue/feeds"))
    assert said in words_of(browser.get("/catalogue"))


def test_a_source_is_scheduled_read_and_removed(admin):
    with transaction():
        source = add_source(None, SourceKind.SHOPIFY)
        add_product(source, external_id="1")

    admin.post(f"/sources/{source.id}/schedule", data={"every": "12"})
    admin.post(f"/sources/{source.id}/read")
    assert (rows(Source)[0].every_hours, rows(Source)[0].due_at is not None) == (12, True)
    admin.post(f"/sources/{source.id}/delete")

    assert rows(Source) == rows(Product) == []


def test_what_people_typed_is_not_removed_as_a_source(admin):
    with transaction():
        source = add_source()

    assert admin.post(f"/sources/{source.id}/delete").status_code == 404
    assert len(rows(Source)) == 1


# --- knowledge -------------------------------------------------------------------------------------------------------


def test_a_question_is_made_changed_and_deleted(admin):
    assert "Begin with the five questions" in words_of(admin.get("/knowledge"))

    admin.post("/knowledge/texts/new", data={"kind": "faq", "title": "ارسال؟", "text": "۳ روز <b>"})
    passage = rows(Passage)[0]
    assert "۳ روز &lt;b&gt;" in admin.get("/knowledge").text
    admin.post(f"/knowledge/texts/{passage.id}", data={"title": "ارسال؟", "text": "۴ روز", "valid_until": "1405/09/30"})
    assert (rows(Passage)[0].text, rows(Passage)[0].kind) == ("۴ روز", PassageKind.FAQ)
    assert "2026-12-21" in admin.get("/knowledge").text

    admin.post(f"/knowledge/texts/{passage.id}/delete")
    assert rows(Passage) == []


def test_an_empty_answer_is_named_and_nothing_is_lost(admin):
    answer = admin.post("/knowledge/texts/new", data={"kind": "faq", "title": "ارسال؟", "text": " "})

    assert (answer.status_code, "Write the text." in words_of(answer), "ارسال؟" in answer.text) == (422, True, True)


def test_an_old_page_of_a_text_puts_no_old_words_back(admin):
    text = {"kind": "faq", "title": "ارسال؟", "text": "۳ روز"}
    admin.post("/knowledge/texts/new", data=text)
    address = f"/knowledge/texts/{rows(Passage)[0].id}"
    old = text | {"seen": form_of(admin.get(address).text)["seen"]}
    assert admin.post(address, data=old | {"text": "۴ روز"}).status_code == 302

    refused = admin.post(address, data=old | {"title": "ارسال چند روزه؟"})

    assert (refused.status_code, rows(Passage)[0].text) == (422, "۴ روز")
    assert "What stands there now: Title: ارسال؟ Text: ۴ روز" in words_of(refused)
    assert "ارسال چند روزه؟" in refused.text
    assert admin.post(address, data=old | {"seen": form_of(refused.text)["seen"]}).status_code == 302


def test_a_document_and_a_page_are_taken_and_shown_with_their_passages(admin):
    admin.post("/knowledge/documents", data={"file": (io.BytesIO(b"hello"), "rules.txt")})
    admin.post(
        "/knowledge/pages", data={"kind": "sitemap", "address": "shop.test/sitemap.xml", "every": "24", "limit": "9"}
    )

    document, site = rows(Source)
    assert (document.kind, site.kind, site.options) == (SourceKind.DOCUMENT, SourceKind.SITEMAP, {"limit": 9})
    with transaction():
        page = WebPage(source_id=site.id, address="https://shop.test/x", digest="1" * 64, error="no_text")
        db.session.add(page)
        add_passage(db.session.get(Source, site.id), kind=PassageKind.PAGE, text="<i>۲ روز", heading="ارسال")
    shown = admin.get(f"/knowledge/sources/{site.id}")
    assert "&lt;i&gt;۲ روز" in shown.text
    assert "There is no text in it" in words_of(shown)


def test_a_file_that_is_no_document_is_a_sentence(admin):
    page = admin.post("/knowledge/documents", data={"file": (io.BytesIO(b"x"), "x.exe")}, follow_redirects=True)

    assert "This kind of file cannot be read." in words_of(page)


# --- who may ---------------------------------------------------------------------------------------------------------

SEEN = ["/catalogue", "/catalogue/1", "/catalogue/feeds", "/knowledge", "/knowledge/sources/2", "/knowledge/texts/1"]


@pytest.mark.parametrize("role", [Role.VIEWER, Role.AGENT])
def test_others_see_and_change_nothing(log_in, app, role):
    with transaction():
        add_inbox()
        source = add_source()
        add_product(source)
        add_passage(source)
        add_source(None, SourceKind.DOCUMENT)
    browser = log_in(role)

    for path in SEEN:
        page = browser.get(path)
        assert page.status_code == 200, path
        forms = re.findall(r'<form[^>]*method="post"[^>]*action="([^"]*)"', page.text)
        assert all(action.startswith(("/settings", "/logout", "/log")) for action in forms), (path, forms)
    changing = [
        rule for rule in app.url_map.iter_rules() if rule.rule.startswith(("/catalogue", "/knowledge", "/sources"))
    ]
    for rule in changing:
        url = re.sub(r"<[^>]+>", "1", rule.rule)
        if "POST" in rule.methods:
            assert browser.post(url).status_code == 403, url
    assert browser.get("/catalogue/new").status_code == browser.get("/catalogue/import").status_code == 403
    assert len(changing) > 15


def test_the_pages_are_in_the_navigation(log_in):
    page = log_in(Role.VIEWER).get("/comments").text

    assert 'href="/catalogue"' in page
    assert 'href="/knowledge"' in page


def test_every_reason_has_its_sentence():
    """A slug that nobody explains would be an excuse instead of what to do."""
    source = "".join(path.read_text() for path in (ROOT / "pilito" / "knowledge").glob("*.py"))
    refused = set(re.findall(r'Refused\(\s*"(\w+)"', source))
    failed = set(re.findall(r'(?:SourceError|Unreadable)\(\s*"(\w+)"', source))
    problems = set(re.findall(r'(?:Problem|CellError)\(\s*"(\w+)"', source))

    assert refused <= set(facts_words.REFUSALS) | set(facts_words.PROBLEMS)
    assert failed <= set(facts_words.SOURCE_ERRORS)
    assert problems <= set(facts_words.PROBLEMS)
    assert min(len(refused), len(failed), len(problems)) > 10
