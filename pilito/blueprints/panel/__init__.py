"""The operators' panel: server-rendered pages, and fragments that the browser fetches when something changed."""

from flask import Blueprint

bp = Blueprint("panel", __name__)

from pilito.blueprints.panel import actions, comments, health, inboxes, settings, sockets, uploads, views  # noqa: E402,F401  (their routes join `bp`)
