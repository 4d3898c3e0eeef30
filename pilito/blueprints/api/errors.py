"""Every refusal of the API as `{"error": {"code", "message"}}`, whatever refused it."""

from typing import cast

from flask import Blueprint, Response, json, request
from sqlalchemy.exc import IntegrityError
from werkzeug.exceptions import HTTPException, ServiceUnavailable
from werkzeug.routing import RequestRedirect

from pilito.database import DATABASE_AWAY
from pilito.errors import PilitoError, Refused, Unsendable

# The codes are registered one by one: a page of the app for one code would win over our handler for all of them.
CODES = (400, 401, 403, 404, 405, 413, 415, 422, 429, 500, 503)
# What a verb refuses because of the request; all else it refuses because of what the conversation is now.
STATUS_OF_REFUSAL = {"not_found": 404, "empty": 422, "too_long": 422, "reply_to_unknown": 422}
CONFLICT, UNPROCESSABLE = 409, 422


class Rejected(PilitoError):
    """The request cannot be served as it is; `code` is for programs, the text for people."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


def register(bp: Blueprint) -> None:
    bp.register_error_handler(Rejected, _show_rejected)
    bp.register_error_handler(Refused, _show_refused)
    for away in DATABASE_AWAY:
        bp.register_error_handler(away, _show_database_away)
    bp.register_error_handler(IntegrityError, _show_crossed)
    for code in CODES:
        bp.register_error_handler(code, _show_http)
    bp.before_app_request(_answer_unrouted)


def _show_rejected(error: Rejected) -> tuple[Response, int]:
    return _error(error.code, str(error)), error.status


def _show_refused(error: Refused) -> tuple[Response, int]:
    otherwise = UNPROCESSABLE if isinstance(error, Unsendable) else CONFLICT
    return _error(error.reason, str(error)), STATUS_OF_REFUSAL.get(error.reason, otherwise)


def _show_database_away(_error: Exception) -> Response:
    return _show_http(ServiceUnavailable("The database cannot be reached or is busy; try again in a few seconds."))


def _show_crossed(_refusal: IntegrityError) -> tuple[Response, int]:
    return _error(
        "conflict", "Somebody else did the same at this moment; ask how it stands now, and try again."
    ), CONFLICT


def _show_http(error: HTTPException) -> Response:
    """Keep the headers of the error (Allow, WWW-Authenticate, Retry-After), replace its page."""
    response = cast(Response, error.get_response())
    response.set_data(_error(error.name.lower().replace(" ", "_"), error.description or error.name).get_data())
    response.content_type = "application/json"
    return response


def _answer_unrouted() -> Response | None:
    """An address or method that no route has belongs to no blueprint, and would be answered with a page."""
    error = request.routing_exception
    if not request.path.startswith("/api/") or error is None or isinstance(error, RequestRedirect):
        return None
    return _show_http(error)


def _error(code: str, message: str) -> Response:
    return Response(json.dumps({"error": {"code": code, "message": message}}), content_type="application/json")
