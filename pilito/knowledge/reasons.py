"""Why a source could not be read, in words: the panel adds what to do, a mail where that is told."""

from typing import Any

from flask_babel import lazy_gettext as _

# By the slug of its SourceError.
WHY_UNREAD: dict[str, Any] = {
    "key_refused": _("The shop did not accept the keys."),
    "key_unreadable": _("The keys can no longer be read here."),
    "not_a_shop": _("There is no such shop at this address, or its interface is switched off."),
    "not_found": _("The shop has nothing at this address."),
    "shop_moved": _("The shop sends us to another address."),
    "shop_busy": _("The shop was too busy to answer."),
    "feed_empty": _("The shop suddenly showed no product at all, so the earlier ones were kept."),
    "too_many_products": _("The shop has more than 20,000 products."),
    "no_currency": _("The shop does not say what currency its prices are in."),
    "address_refused": _("This address cannot be read: only https addresses of the open internet can."),
    "unreachable": _("The server did not answer."),
    "too_slow": _("The server took too long."),
    "too_large": _("This is too large to be read."),
    "too_many_pages": _("The document has more than 400 pages."),
    "too_many_redirects": _("The address leads in circles."),
    "gone": _("There is nothing at this address any more."),
    "page_refused": _("The server does not show this page to us."),
    "no_text": _("There is no text in it that can be read."),
    "unreadable": _("It is broken, or of a kind that cannot be read."),
    "locked": _("The document is locked by a password."),
    "only_pictures": _("The document holds pictures of text, not text."),
    "no_sitemap": _("There is no sitemap at this address."),
    "no_pages": _("The sitemap names no page of its own site that we may read."),
    "broke": _("Reading it broke off here."),
}
