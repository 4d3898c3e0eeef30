"""The page of what was refused stands at the address of its form, and a language chosen there leads back to it: to the
page that has the form."""

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue

from pilito.blueprints.panel import bp

PAGES = {
    "/knowledge/pages": "panel.show_knowledge",
    "/team/invitations": "panel.show_team",
    "/settings/email": "panel.show_profile",
    "/settings/labels/<int:label_id>": "panel.show_labels",
}


def lead_back(**_of_what: int) -> ResponseReturnValue:
    return redirect(url_for(PAGES[str(request.url_rule)]))


for rule in PAGES:
    bp.add_url_rule(rule, view_func=lead_back)
