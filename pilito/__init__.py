"""Pilito: the shared post, its question, and an answer from what the shop wrote."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from pilito.config import Settings


def create_app(settings: "Settings | None" = None) -> "Flask":
    """Make the app; without settings it reads them from the environment."""
    # Late, so that `import pilito.parent` in gunicorn's master loads nothing that gevent must patch first.
    from pilito.factory import make_app

    return make_app(settings)
