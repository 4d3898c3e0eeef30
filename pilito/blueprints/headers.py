"""Security headers on every answer, errors and redirects included."""

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, request

from pilito.extensions import settings

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

HSTS = ("Strict-Transport-Security", f"max-age={365 * 24 * 3600}; includeSubDomains")
SAFE_HOST = re.compile(r"[A-Za-z0-9.:\[\]-]{1,255}")
ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(self), payment=(), usb=()",
}
NOTHING_RUNS = "default-src 'none'; frame-ancestors 'none'"  # in an answer that is no page


def init_app(app: Flask) -> None:
    app.after_request(add_headers)
    app.wsgi_app = _guarded(app)  # type: ignore[method-assign]


def add_headers(response: Response) -> Response:
    """Add what is missing: a view that needs another policy (the website widget) sets its own before."""
    headers = response.headers
    headers.setdefault("Content-Security-Policy", content_security_policy())
    for name, value in ALWAYS.items():
        headers.setdefault(name, value)
    if request.is_secure or settings.public_url.startswith("https://"):
        headers.setdefault(*HSTS)
    return response


def _guarded(app: Flask) -> Any:
    """What answers before Flask comes to it, the refusals of Socket.IO, gets its headers here."""
    inner = app.wsgi_app

    def answer(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        def start(status: str, headers: list[tuple[str, str]], *failure: Any) -> Any:
            if not any(name == "Content-Security-Policy" for name, _ in headers):
                headers = [*headers, ("Content-Security-Policy", NOTHING_RUNS), *ALWAYS.items()]
                headers += [HSTS] if app.extensions["pilito_settings"].public_url.startswith("https://") else []
            return start_response(status, headers, *failure)

        return inner(environ, start)

    return answer


def content_security_policy() -> str:
    """Everything from ourselves, pictures and recordings too: we show our own copies."""
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self'",
            "media-src 'self'",
            "font-src 'self'",
            f"connect-src 'self'{_socket_origin()}",
            "manifest-src 'self'",
            "form-action 'self'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
        )
    )


def _socket_origin() -> str:
    """Our own WebSocket by name: older Safari does not count it as 'self'. The Host header is the caller's text."""
    if not SAFE_HOST.fullmatch(request.host):
        return ""
    return f" {'wss' if request.is_secure else 'ws'}://{request.host}"
