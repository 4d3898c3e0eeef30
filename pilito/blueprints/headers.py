"""Security headers on every answer, errors and redirects included."""

import re

from flask import Flask, Response, request

from pilito.extensions import settings

HSTS_SECONDS = 365 * 24 * 3600
SAFE_HOST = re.compile(r"[A-Za-z0-9.:\[\]-]{1,255}")


def init_app(app: Flask) -> None:
    app.after_request(add_headers)


def add_headers(response: Response) -> Response:
    """Add what is missing: a view that needs another policy (the website widget) sets its own before."""
    headers = response.headers
    headers.setdefault("Content-Security-Policy", content_security_policy())
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "same-origin")
    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    headers.setdefault("X-Frame-Options", "DENY")
    headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=(self), payment=(), usb=()")
    if request.is_secure or settings.public_url.startswith("https://"):
        headers.setdefault("Strict-Transport-Security", f"max-age={HSTS_SECONDS}; includeSubDomains")
    return response


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
