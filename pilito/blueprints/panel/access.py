"""Who may see and do what in the panel, beyond being logged in."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

from flask import abort
from flask.typing import ResponseReturnValue
from flask_login import current_user

from pilito.lifecycle import Role

P = ParamSpec("P")


def for_admins(view: Callable[P, ResponseReturnValue]) -> Callable[P, ResponseReturnValue]:
    """Who connects accounts decides who answers for the shop."""

    @wraps(view)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        if not current_user.may(Role.ADMIN):
            abort(403)
        return view(*args, **kwargs)

    return wrapper
