"""The catalogue: products with their variants, the import of a file, feeds of shops. All see it, admins change it."""

from collections.abc import Callable, Mapping
from datetime import datetime, tzinfo
from functools import wraps
from typing import Any, ParamSpec

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext
from flask_login import current_user

from pilito.blueprints.i18n import digits, operator_zone
from pilito.blueprints.numbers import whole
from pilito.blueprints.panel import bp, facts_words, open_questions
from pilito.blueprints.panel.access import for_admins
from pilito.blueprints.panel.facts_words import COLUMNS
from pilito.blueprints.panel.opened import read_seen, theirs
from pilito.clock import utc_now
from pilito.errors import Refused
from pilito.knowledge import csv_import, products, sources
from pilito.knowledge.connect_feed import change_keys, connect_feed
from pilito.knowledge.csv_table import FIELDS
from pilito.knowledge.drafts import Problems, clean_line
from pilito.knowledge.feeds import Shop
from pilito.knowledge.forms import VARIANT_FIELDS, read_product
from pilito.knowledge.read import read_soon
from pilito.lifecycle import Role, SourceKind
from pilito.models import Product, Source, db
from pilito.money import CURRENCIES
from pilito.queries import catalogue as queries

P = ParamSpec("P")

PRODUCT = "/catalogue/<int:product_id>"
IMPORT = "/catalogue/import/<int:draft_id>"
SOURCE = "/sources/<int:source_id>"
LAST_PAGE = 1000
PREVIEW_LINES = 12
SHOWN_VARIANTS = 12  # of those that somebody else has changed meanwhile
EMPTY_ROWS = 2
UPLOADS = {"panel.upload_catalogue", "panel.upload_document"}
UPLOAD_BYTES = 11 * 1024 * 1024


@bp.url_value_preprocessor
def take_larger_files(endpoint: str | None, _values: dict[str, Any] | None) -> None:
    """Only at these doors, only from who may change facts; before anything reads the body, the CSRF check included."""
    if endpoint in UPLOADS and current_user.is_authenticated and current_user.may(Role.ADMIN):
        request.max_content_length = UPLOAD_BYTES


@bp.app_context_processor
def facts_processor() -> dict[str, Any]:
    return {"facts": facts_words}


# --- the list --------------------------------------------------------------------------------------------------------


@bp.get("/catalogue")
def show_catalogue() -> ResponseReturnValue:
    words = clean_line(request.args.get("q"), 100)
    number = min(max(request.args.get("page", 1, type=whole), 1), LAST_PAGE)
    page = queries.products(words, request.args.get("inbox", type=whole), number)
    return render_template(
        "facts/catalogue.html",
        page=page,
        words=words,
        feeds=queries.feeds(),
        **_surroundings(),
    )


def _surroundings() -> dict[str, Any]:
    return {
        "inboxes": {inbox.id: inbox for inbox in queries.inboxes()},
        "may_edit": current_user.may(Role.ADMIN),
        "now": utc_now(),
        "zone": operator_zone(),
    }


# --- one product -----------------------------------------------------------------------------------------------------


@bp.get("/catalogue/new")
@for_admins
def new_product() -> ResponseReturnValue:
    return _product_page(None, {"currency": request.args.get("currency", "IRT")}, [])


@bp.get(PRODUCT)
def show_product(product_id: int) -> ResponseReturnValue:
    product = queries.find_product(product_id) or abort(404)
    return _product_page(product, *_fields_of(product, operator_zone()))


@bp.post("/catalogue/new")
@for_admins
def make_product() -> ResponseReturnValue:
    return _save(None)


@bp.post(PRODUCT)
@for_admins
def change_product(product_id: int) -> ResponseReturnValue:
    return _save(queries.find_product(product_id) or abort(404))


def _save(product: Product | None) -> ResponseReturnValue:
    fields, variants = _typed()
    inbox_id = product.inbox_id if product else request.form.get("inbox", type=whole)
    try:
        draft = read_product(fields, variants, operator_zone())
        product_id = product.id if product else None
        saved = products.save_product(product_id, inbox_id, draft, current_user.id, utc_now(), read_seen())
    except Problems as problems:
        page = _product_page(product, fields, variants, facts_words.by_field(problems.problems))
        return page, 422
    except Refused as refusal:
        if product is None or refusal.reason != "page_is_old":
            return _refuse(refusal, "panel.show_catalogue")
        kept, rows = _fields_of(product, operator_zone())
        met = [*theirs(kept, fields), *_their_variants(rows, variants)]
        return _product_page(product, {**fields, "seen": kept["seen"]}, variants, met=met), 422
    flash(gettext("Saved. The assistant knows it from now on."), "good")
    open_questions.settle_asked(inbox_id)
    return redirect(url_for("panel.show_product", product_id=saved))


def _typed() -> tuple[dict[str, str], list[dict[str, str]]]:
    fields = {name: value for name, value in request.form.items() if not name.startswith("v_")}
    columns = {name: request.form.getlist(f"v_{name}") for name in VARIANT_FIELDS}
    count = max(map(len, columns.values()))
    rows = [{name: values[n] if n < len(values) else "" for name, values in columns.items()} for n in range(count)]
    return fields, [row for row in rows if any(value.strip() for value in row.values())]


def _their_variants(kept: list[dict[str, str]], typed: list[dict[str, str]]) -> list[tuple[Any, str]]:
    others = [row for number, row in enumerate(kept) if number >= len(typed) or row != typed[number]]
    return [
        (COLUMNS["variants"], " · ".join(f"{COLUMNS[name]} {value}" for name, value in row.items() if value))
        for row in others[:SHOWN_VARIANTS]
    ]


def _fields_of(product: Product, zone: tzinfo) -> tuple[dict[str, str], list[dict[str, str]]]:
    pictures = [product.picture_url, *product.more_pictures]
    fields = {
        "name": product.name,
        "description": product.description,
        "category": product.category,
        "sku": product.sku or "",
        "link": product.link or "",
        "pictures": "\n".join(filter(None, pictures)),
        "currency": product.currency or "",
        "valid_from": facts_words.field_of_day(product.valid_from, zone),
        "valid_until": facts_words.field_of_day(product.valid_until, zone, is_end=True),
        "seen": product.updated_at.isoformat(),
    }
    rows = [
        {
            "sku": one.sku or "",
            "size": one.size or "",
            "colour": one.colour or "",
            "other": one.other or "",
            "price": facts_words.field_of_price(one.price, product.currency),
            "old_price": facts_words.field_of_price(one.old_price, product.currency),
            "stock": facts_words.field_of_stock(one),
        }
        for one in product.variants
    ]
    return fields, rows


def _product_page(
    product: Product | None,
    fields: Mapping[str, str],
    variants: list[dict[str, str]],
    problems: Mapping[tuple[str, int], Any] | None = None,
    met: list[tuple[Any, str]] | None = None,
) -> str:
    is_read = product is not None and product.source.kind in products.FEEDS
    return render_template(
        "facts/product.html",
        product=product,
        fields=fields,
        rows=[*variants, *({} for _ in range(EMPTY_ROWS))],
        problems=problems or {},
        met=met,
        is_read=is_read,
        question=open_questions.asked(),
        **_surroundings(),
    )


@bp.post(f"{PRODUCT}/delete")
@for_admins
def delete_product(product_id: int) -> ResponseReturnValue:
    try:
        products.delete_product(product_id, current_user.id, utc_now())
    except Refused as refusal:
        return _refuse(refusal, "panel.show_catalogue")
    flash(gettext("Deleted. The assistant no longer knows it."), "good")
    return redirect(url_for("panel.show_catalogue"))


@bp.post(f"{PRODUCT}/quoting")
@for_admins
def choose_quoting(product_id: int) -> ResponseReturnValue:
    try:
        is_quoted = request.form.get("quoted") == "yes"
        products.put_aside(product_id, is_quoted, current_user.id, utc_now())
    except Refused as refusal:
        return _refuse(refusal, "panel.show_catalogue")
    return redirect(url_for("panel.show_product", product_id=product_id))


# --- a file ----------------------------------------------------------------------------------------------------------


@bp.get("/catalogue/import")
@for_admins
def show_import() -> ResponseReturnValue:
    return render_template("facts/import.html", **_surroundings())


@bp.post("/catalogue/import")
@for_admins
def upload_catalogue() -> ResponseReturnValue:
    file = request.files.get("file")
    content = file.read() if file else b""
    try:
        draft_id = csv_import.begin_import(
            request.form.get("inbox", type=whole),
            (file.filename if file else "") or "",
            content,
            current_user.id,
            utc_now(),
        )
    except Refused as refusal:
        return _refuse(refusal, "panel.show_import")
    return redirect(url_for("panel.show_preview", draft_id=draft_id))


@bp.get(IMPORT)
@for_admins
def show_preview(draft_id: int) -> ResponseReturnValue:
    try:
        found = csv_import.preview(draft_id, operator_zone())
    except Refused as refusal:
        return _refuse(refusal, "panel.show_import")
    return render_template("facts/preview.html", found=found, fields=FIELDS, lines=PREVIEW_LINES, **_surroundings())


@bp.post(f"{IMPORT}/columns")
@for_admins
def choose_columns(draft_id: int) -> ResponseReturnValue:
    columns = {
        int(name.removeprefix("c")): value
        for name, value in request.form.items()
        if name.startswith("c") and name[1:].isascii() and name[1:].isdecimal() and len(name) < 5 and value
    }
    currency = request.form.get("currency") or None
    try:
        csv_import.choose_columns(draft_id, columns, currency, utc_now())
    except Refused as refusal:
        return _refuse(refusal, "panel.show_import")
    return redirect(url_for("panel.show_preview", draft_id=draft_id))


@bp.post(f"{IMPORT}/finish")
@for_admins
def finish_import(draft_id: int) -> ResponseReturnValue:
    puts_aside = request.form.get("missing") == "aside"
    try:
        tally = csv_import.finish_import(draft_id, puts_aside, operator_zone(), current_user.id, utc_now())
    except Problems as problems:
        first = problems.problems[0]
        flash(f"{facts_words.explain_problem(first.reason)} {first.value}", "problem")
        return redirect(url_for("panel.show_preview", draft_id=draft_id))
    except Refused as refusal:
        return _refuse(refusal, "panel.show_import")
    words = [
        ngettext("%(num)s product is new", "%(num)s products are new", tally.added),
        ngettext("%(num)s changed", "%(num)s changed", tally.changed),
        ngettext("%(num)s unchanged", "%(num)s unchanged", tally.unchanged),
    ]
    if puts_aside:
        words.append(ngettext("%(num)s put aside", "%(num)s put aside", tally.gone))
    comma = gettext(", ")
    flash(digits(gettext("Imported: %(what)s.", what=comma.join(words))), "good")
    return redirect(url_for("panel.show_catalogue"))


@bp.post(f"{IMPORT}/drop")
@for_admins
def drop_import(draft_id: int) -> ResponseReturnValue:
    try:
        csv_import.drop_import(draft_id)
    except Refused as refusal:
        return _refuse(refusal, "panel.show_import")
    flash(gettext("Nothing was imported."), "good")
    return redirect(url_for("panel.show_catalogue"))


# --- feeds -----------------------------------------------------------------------------------------------------------


@bp.get("/catalogue/feeds")
def show_feeds() -> ResponseReturnValue:
    return _feeds_page({})


def _feeds_page(typed: Mapping[str, str]) -> str:
    """`typed` is what was refused."""
    return render_template("facts/feeds.html", feeds=queries.feeds(), typed=typed, **_surroundings())


@bp.post("/catalogue/feeds")
@for_admins
def connect_shop() -> ResponseReturnValue:
    form = request.form
    kind = form.get("kind", "")
    currency = form.get("currency") if form.get("currency") in CURRENCIES else None
    shop = Shop(form.get("address", "").strip(), form.get("key", "").strip(), form.get("secret", "").strip(), currency)
    try:
        if kind not in list(SourceKind):
            raise Refused("not_found", f"There is no {kind!r}.")
        connect_feed(
            SourceKind(kind),
            form.get("inbox", type=whole),
            shop,
            form.get("every", 6, type=whole),
            current_user.id,
            utc_now(),
        )
    except Refused as refusal:
        flash(facts_words.explain_refusal(refusal.reason), "problem")
        # A secret is not shown again, and a key without one is a secret itself.
        kept = {name: form.get(name, "") for name in ("kind", "address", "currency", "every", "inbox")}
        return _feeds_page(kept | {"key": shop.key if shop.secret else ""}), 422
    flash(gettext("Connected. Its products are being read; reload this page in a moment."), "good")
    return redirect(url_for("panel.show_feeds"))


@bp.post(f"{SOURCE}/keys")
@for_admins
def change_feed_keys(source_id: int) -> ResponseReturnValue:
    key, secret = request.form.get("key", ""), request.form.get("secret", "")
    return _do(source_id, lambda now: change_keys(source_id, key, secret, current_user.id, now), gettext("Saved."))


# --- any source ------------------------------------------------------------------------------------------------------


@bp.post(f"{SOURCE}/read")
@for_admins
def read_source_now(source_id: int) -> ResponseReturnValue:
    done = gettext("It is being read; reload this page in a moment.")
    return _do(source_id, lambda now: read_soon(source_id, now), done)


@bp.post(f"{SOURCE}/schedule")
@for_admins
def schedule_source(source_id: int) -> ResponseReturnValue:
    every = request.form.get("every", type=whole) or None
    return _do(source_id, lambda now: sources.schedule(source_id, every, current_user.id, now), gettext("Saved."))


@bp.post(f"{SOURCE}/delete")
@for_admins
def delete_source(source_id: int) -> ResponseReturnValue:
    done = gettext("Removed, with all that was read from it.")
    return _do(source_id, lambda now: sources.delete_source(source_id, current_user.id, now), done)


def _do(source_id: int, verb: Callable[[datetime], None], done: str) -> ResponseReturnValue:
    source = queries.find_source(source_id) or abort(404)
    if source.kind in (SourceKind.MANUAL, SourceKind.CSV):
        abort(404)  # the products that people typed have no feed to be removed with
    back = _page_of(source)
    db.session.rollback()
    try:
        verb(utc_now())
    except Refused as refusal:
        return _refuse(refusal, back)
    flash(done, "good")
    return redirect(url_for(back))


def _page_of(source: Source) -> str:
    return "panel.show_feeds" if source.kind in products.FEEDS else "panel.show_knowledge"


def _refuse(refusal: Refused, page: str) -> ResponseReturnValue:
    flash(facts_words.explain_refusal(refusal.reason), "problem")
    return redirect(url_for(page))


def keeps_facts(view: Callable[P, ResponseReturnValue]) -> Callable[P, ResponseReturnValue]:
    """A refusal becomes its sentence on the page of the texts."""

    @wraps(view)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        try:
            return view(*args, **kwargs)
        except Refused as refusal:
            return _refuse(refusal, "panel.show_knowledge")

    return wrapper
