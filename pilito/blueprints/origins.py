"""Forms are taken from our own pages only: by where the browser says they come from, beside token and cookie.

The token alone was considered enough: it is, until one leaks or a page of ours hands one out. The browser's word cannot
be had by a page of somebody else.
"""

import logging
from typing import Any

from flask import Flask, request
from werkzeug.exceptions import Forbidden

from pilito.extensions import settings

log = logging.getLogger(__name__)

SAFE_METHODS = {"GET", "HEAD", "OPTIONS", "TRACE"}
# No page asks these, and no cookie counts there: they are signed, or take a bearer token.
UNASKED = {"webhooks", "meta_callbacks", "api"}
LONGEST_SHOWN = 100


class OtherSite(Forbidden):
    """A form of somebody else's page."""

    description = "This request comes from a page of another address."


def init_app(app: Flask) -> None:
    app.before_request(refuse_other_sites)


def refuse_other_sites() -> None:
    """Raises OtherSite for what changes something and says that it comes from elsewhere.

    `Origin: null` is elsewhere too: a page of ours whose address must not be told sends it, and a sandbox of somebody
    else as well. What tells them apart is Sec-Fetch-Site, which no page can set; browsers send it by HTTPS and on this
    machine. It also knows our pages behind a proxy that changes the Host. A script that sends no Origin is no browser,
    and goes on to the token.
    """
    origin = request.headers.get("Origin")
    if origin is None or request.method in SAFE_METHODS or request.blueprint in UNASKED:
        return
    if is_own(origin, request.environ, settings.public_url) or request.headers.get("Sec-Fetch-Site") == "same-origin":
        return
    log.warning(
        "%s %s was refused: it comes from %r, which is neither the address asked nor PUBLIC_URL.",
        request.method,
        request.endpoint,
        origin[:LONGEST_SHOWN],
    )
    raise OtherSite()


def is_own(origin: str, environ: dict[str, Any], public_url: str) -> bool:
    """Whether a page of `origin` is ours: of the address the browser is on, or of PUBLIC_URL behind a proxy."""
    return origin in (public_url, f"{environ['wsgi.url_scheme']}://{environ.get('HTTP_HOST')}")
