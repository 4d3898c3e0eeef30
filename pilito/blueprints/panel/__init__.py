"""The operators' panel: server-rendered pages, and fragments that the browser fetches when something changed."""

from flask import Blueprint

bp = Blueprint("panel", __name__)

from pilito.blueprints.panel import (  # noqa: E402,F401  (their routes join `bp`)
    actions,
    analytics,
    aside,
    assistant,
    audit,
    bulk,
    canned,
    catalogue,
    commands,
    comments,
    desk,
    first_steps,
    health,
    inboxes,
    instructions,
    knowledge,
    labels,
    lead_back,
    notes,
    notifications,
    pages,
    pickers,
    posts,
    presence,
    retract,
    search,
    settings,
    sockets,
    team,
    tokens,
    trials,
    uploads,
    views,
    you,
)
