"""The words about the shop's facts: what a column means, what is wrong with a cell, why a source was not read."""

from collections.abc import Mapping
from datetime import datetime, timedelta, tzinfo
from typing import Any

import jdatetime
from flask import url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _

from pilito.blueprints.i18n import current_language, digits
from pilito.blueprints.panel.sentences import Sentence
from pilito.knowledge.drafts import Problem
from pilito.knowledge.reasons import WHY_UNREAD
from pilito.lifecycle import SourceKind
from pilito.models import Product, Source, Variant
from pilito.money import CURRENCIES, currency_name, decimals_of, written
from pilito.queries.catalogue import FEEDS

COLUMNS = {
    "name": _("Name"),
    "id": _("Product id (groups variants)"),
    "sku": _("Code (SKU)"),
    "price": _("Price"),
    "old_price": _("Price before"),
    "sale_price": _("Sale price"),
    "currency": _("Currency"),
    "stock": _("Stock"),
    "available": _("Available, yes or no"),
    "counted": _("Whether stock is counted"),
    "size": _("Size"),
    "colour": _("Colour"),
    "other": _("Other choice"),
    "category": _("Category"),
    "description": _("Description"),
    "link": _("Link"),
    "picture": _("Picture"),
    "pictures": _("Picture"),
    "valid_from": _("Valid from"),
    "valid_until": _("Valid until"),
    "title": _("Title"),
    "text": _("Text"),
    "variants": _("Variants"),
    "status": _("Offered or draft"),
    "published": _("Published, yes or no"),
    "sale_from": _("Sale from"),
    "sale_until": _("Sale until"),
}
KINDS = {
    SourceKind.MANUAL: _("Typed here"),
    SourceKind.CSV: _("From a CSV file"),
    SourceKind.WOOCOMMERCE: "WooCommerce",
    SourceKind.SHOPIFY: "Shopify",
    SourceKind.DOCUMENT: _("Document"),
    SourceKind.PAGE: _("Page"),
    SourceKind.SITEMAP: _("Sitemap"),
}
SCHEDULES = {
    1: _("every hour"),
    3: _("every 3 hours"),
    6: _("every 6 hours"),
    12: _("twice a day"),
    24: _("once a day"),
    168: _("once a week"),
}

# What is wrong with a cell or a field.
PROBLEMS = {
    "no_name": _("Give it a name."),
    "no_title": _("Give it a title."),
    "no_text": _("Write the text."),
    "too_long": _("This is too long."),
    "no_price": _("This is not one price. Write digits, as in 1,850,000; leave it empty where there is none."),
    "price_decimals": _("This currency has no decimals. Write a whole number."),
    "whole_price": _(
        "The header counts in thousands or millions, and this number looks whole already. Write it in the unit of the"
        " header, or write «thousand» behind it."
    ),
    "no_currency": _("Choose the currency of the prices."),
    "other_currency": _("This names another currency than the product's. One product has one currency."),
    "two_currencies": _(
        "The columns of prices name two currencies. Leave all of one currency out, or import them apart."
    ),
    "no_such_currency": _("This currency is not known. Write its code, as in IRT, IRR or USD."),
    "no_stock": _("Write how many there are, or «in stock», or «out of stock»; leave it empty when you do not know."),
    "no_address": _("This is no address of the web. It begins with https://."),
    "no_date": _("Write the date as 1405/09/30 or 2026-12-21."),
    "ends_before_it_begins": _("It ends before it begins."),
    "too_many_variants": _("A product has at most 300 variants."),
    "sku_twice": _("This code stands twice. Each variant has a code of its own."),
    "says_otherwise": _("Another line of the same product says something else here."),
    "same_product_twice": _("Two products of this file would be the same one. Give each an id or a code of its own."),
    "column_twice": _("Two columns have this meaning. Choose it once."),
    "no_name_column": _("Say which column holds the name."),
}

# Why something that was asked for cannot be done.
REFUSALS = {
    "file_empty": _("There is nothing in this file."),
    "file_too_large": _("This file is larger than 10 MB. Split it, or leave pictures out."),
    "not_a_table": _("This file is no table. Save it as CSV (UTF-8) in Excel or Google Sheets, then try again."),
    "too_many_lines": _("This file has more than 20,000 lines. Split it."),
    "not_a_document": _("This kind of file cannot be read. Take PDF, DOCX, TXT or MD."),
    "no_key": _("These keys cannot be right: they have no spaces and only letters and digits. Copy them once more."),
    "no_address": _("This is no address. Copy it from your browser; it begins with https://."),
    "address_refused": _(
        "Only an address that begins with https:// and opens from anywhere can be read: none of this machine or of your"
        " own network, and none with a port."
    ),
    "not_shopify": _("This is no address of Shopify: that ends with .myshopify.com. Copy it from its settings."),
    "no_schedule": _("Choose how often it is read."),
    "no_such_currency": _("Choose the currency from the list."),
    "inbox_not_found": _("This account is gone. Choose another."),
    "edited_at_its_shop": _("This product comes from your shop software. Change it there; it is read again by itself."),
    "not_found": _("This is gone: somebody else took it away."),
    "page_is_old": _(
        "This was changed by somebody else since you opened it. Nothing was saved. What you typed stands below: save"
        " once more to let it count."
    ),
    "too_many_pages": _("Between 1 and 300 pages can be read."),
}

# What to do about a source that could not be read.
WHAT_TO_DO = {
    "key_refused": _("Make new ones that may read products, and enter them under “Connected shops”."),
    "key_unreadable": _("Enter them again."),
    "not_a_shop": _("Check the address, and that a browser shows the shop there."),
    "not_found": _("Check the address."),
    "shop_moved": _("Connect it with exactly the address your browser shows."),
    "shop_busy": _("Nothing to do: it is tried again by itself."),
    "feed_empty": _("Check what its key may see. If the shop is empty indeed, remove it here."),
    "too_many_products": _("Import the important ones as CSV."),
    "no_currency": _("Connect it again and choose the currency."),
    "address_refused": _("Enter the address that begins with https:// and has no port."),
    "unreachable": _("It is tried again by itself. See whether it opens."),
    "too_slow": _("Nothing to do: it is tried again by itself."),
    "too_large": _("Split it into smaller parts."),
    "too_many_pages": _("Split it into smaller parts."),
    "too_many_redirects": _("Enter the address your browser ends on."),
    "gone": _("Enter the new address, or remove it."),
    "page_refused": _("Take a page that opens without a log-in."),
    "no_text": _("A page that fills itself by script cannot be read."),
    "unreadable": _("Save it anew and try again."),
    "locked": _("Save it without one and upload it again."),
    "only_pictures": _("Upload one in which you can mark the words."),
    "no_sitemap": _("It is often at /sitemap.xml."),
    "no_pages": _("Check its address, and robots.txt."),
    "broke": _("It is tried again; if it goes on, look into the log."),
}
SOURCE_ERRORS = {reason: Sentence(why, WHAT_TO_DO[reason]) for reason, why in WHY_UNREAD.items()}
OTHERWISE = Sentence(_("It could not be read."), _("It is tried again by itself."))


def explain_source(reason: str) -> Sentence:
    return SOURCE_ERRORS.get(reason, OTHERWISE)


def place_of_source(source: Source) -> str:
    """Where a source that is read is shown, with why its last reading failed."""
    if source.kind in FEEDS:
        return url_for("panel.show_feeds", _anchor=f"source-{source.id}")
    return url_for("panel.show_source", source_id=source.id)


def explain_problem(reason: str) -> Any:
    return PROBLEMS.get(reason, _("This cannot be read."))


def explain_refusal(reason: str) -> Any:
    return REFUSALS.get(reason) or PROBLEMS.get(reason) or _("That did not work. Reload the page and try again.")


def by_field(problems: list[Problem]) -> Mapping[tuple[str, int], Any]:
    return {(problem.column, problem.line): explain_problem(problem.reason) for problem in problems}


def currencies() -> list[tuple[str, str]]:
    language = current_language()
    return [(code, f"{currency_name(code, language)} ({code})") for code in CURRENCIES]


def money(amount: int, currency: str | None) -> str:
    return written(amount, currency, current_language())


def price_range(product: Product) -> str:
    prices = sorted({one.price for one in product.variants if one.price is not None})
    if not prices:
        return str(gettext("no price"))
    if len(prices) == 1:
        return money(prices[0], product.currency)
    low = (
        written(prices[0], None, current_language()) if product.currency is None else money(prices[0], product.currency)
    )
    return str(gettext("%(low)s to %(high)s", low=low, high=money(prices[-1], product.currency)))


def stock_words(product: Product) -> tuple[str, str]:
    """What is there, with the colour that says so."""
    counts = [one.stock for one in product.variants]
    known = [count for count in counts if count is not None]
    if any(one.available and one.stock is None for one in product.variants):
        return str(gettext("in stock")), "good"
    if len(known) < len(counts):
        return str(gettext("stock not known")), "done"
    if total := sum(known):
        return str(gettext("%(count)s in stock", count=digits(total))), "good"
    if any(one.available for one in product.variants):
        return str(gettext("available to order")), "good"
    return str(gettext("out of stock")), "problem"


def field_of_price(amount: int | None, currency: str | None) -> str:
    """A price as it stands in a field."""
    if amount is None:
        return ""
    places = decimals_of(currency)
    return f"{amount / 10**places:,.{places}f}" if places else f"{amount:,}"


def field_of_stock(variant: Variant) -> str:
    if variant.stock is None and variant.available:
        return str(gettext("in stock"))
    if variant.stock == 0 and variant.available:
        return str(gettext("available to order"))
    return "" if variant.stock is None else str(variant.stock)


def field_of_day(when: datetime | None, zone: tzinfo, is_end: bool = False) -> str:
    """A day as it stands in a field: Jalali in Persian. An end is kept as the midnight after its day."""
    if when is None:
        return ""
    day = (when.astimezone(zone) - (timedelta(seconds=1) if is_end else timedelta())).date()
    if current_language() == "fa":
        return digits(jdatetime.date.fromgregorian(date=day).strftime("%Y/%m/%d"))
    return day.isoformat()


def validity(thing: Any, now: datetime, zone: tzinfo) -> tuple[str, str] | None:
    """Whether it may be quoted now, with the colour that says so; None: always."""
    if thing.valid_until is not None and thing.valid_until <= now:
        return str(gettext("over since %(day)s", day=field_of_day(thing.valid_until, zone, is_end=True))), "problem"
    if thing.valid_from is not None and thing.valid_from > now:
        return str(gettext("from %(day)s", day=field_of_day(thing.valid_from, zone))), "waiting"
    if thing.valid_until is not None:
        return str(gettext("until %(day)s", day=field_of_day(thing.valid_until, zone, is_end=True))), "waiting"
    return None


def name_of(source: Source) -> Any:
    return KINDS[source.kind] if source.kind in (SourceKind.MANUAL, SourceKind.CSV) else source.name
