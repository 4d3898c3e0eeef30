"""The fourth pane: who the customer is, what was spoken of; merging, blocking, and what an admin does with it all."""

import json
import re
from collections import Counter
from collections.abc import Iterable
from typing import Any

from flask import Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_login import current_user

from pilito.blueprints.auth import FRAGMENT_HEADER
from pilito.blueprints.numbers import whole
from pilito.blueprints.panel import bp, present, views
from pilito.blueprints.panel.access import for_admins
from pilito.blueprints.panel.actions import changes
from pilito.clock import utc_now
from pilito.conversations.block import block, unblock
from pilito.conversations.erase import erase_customer
from pilito.conversations.export import take_along
from pilito.conversations.merge import merge, unmerge
from pilito.database import transaction
from pilito.extensions import channels
from pilito.lifecycle import Role
from pilito.models import Audit, Conversation, db
from pilito.queries import panel as queries
from pilito.queries import person

PERSIAN, ARABIC, LATIN = re.compile("[پچژگکی]"), re.compile("[\u0621-\u064a]"), re.compile("[A-Za-z]")
SCRIPTS = {
    "persian": _("Persian"),
    "arabic": _("Arabic letters"),
    "latin": _("Latin letters"),
}


@bp.get("/conversations/<int:conversation_id>/aside")
def show_aside(conversation_id: int) -> ResponseReturnValue:
    """A fragment for the browser that has the rest; else the page with the pane open."""
    conversation = _get(conversation_id)
    words = _aside_words(conversation)
    if request.headers.get(FRAGMENT_HEADER):
        return render_template("panel/aside.html", **words, conversation=conversation, **views.fragment_words())
    return render_template("panel/page.html", **views.page_words(conversation), **words)


@bp.post("/conversations/<int:conversation_id>/merge/<int:other_id>")
@changes
def merge_customers(conversation_id: int, other_id: int) -> None:
    merge(conversation_id, other_id, current_user.id, utc_now())


@bp.post("/conversations/<int:conversation_id>/unmerge/<int:other_id>")
@changes
def unmerge_customer(conversation_id: int, other_id: int) -> None:  # noqa: ARG001  (where it leads back to)
    unmerge(other_id, current_user.id, utc_now())


@bp.post("/conversations/<int:conversation_id>/block")
@changes
def block_customer(conversation_id: int) -> None:
    block(conversation_id, current_user.id, utc_now())


@bp.post("/conversations/<int:conversation_id>/unblock")
@changes
def unblock_customer(conversation_id: int) -> None:
    unblock(conversation_id, current_user.id, utc_now())


# --- everything of a customer, taken along or erased -----------------------------------------------------------------


@bp.post("/conversations/<int:conversation_id>/export")
@for_admins
def export_of_customer(conversation_id: int) -> ResponseReturnValue:
    """A file with all that is stored of the customer. Who took it along is written down first."""
    conversation = _get(conversation_id)
    customer_id, operator_id = conversation.customer_id, current_user.id
    body = json.dumps(take_along(customer_id, operator_id, utc_now()), ensure_ascii=False, indent=1)
    response = Response(body, mimetype="application/json")
    response.headers.set("Content-Disposition", "attachment", filename=f"customer-{customer_id}.json")
    return response


@bp.get("/conversations/<int:conversation_id>/erase")
@for_admins
def ask_to_erase(conversation_id: int) -> ResponseReturnValue:
    conversation = _get(conversation_id)
    accounts = person.accounts_of_person(conversation)
    return render_template("panel/erase.html", conversation=conversation, accounts=accounts)


@bp.post("/conversations/<int:conversation_id>/erase")
@for_admins
def erase_of_customer(conversation_id: int) -> ResponseReturnValue:
    """Only with the tick that says it is meant: there is no way back."""
    conversation = _get(conversation_id)
    if request.form.get("sure") != "yes":
        flash(gettext("Nothing was erased: tick that you mean it, then erase."), "problem")
        return redirect(url_for("panel.ask_to_erase", conversation_id=conversation_id))
    customer_id, operator_id = conversation.customer_id, current_user.id
    with transaction():
        db.session.add(Audit(at=utc_now(), action="asked_to_erase", operator_id=operator_id))
    erase_customer(customer_id, utc_now())
    flash(gettext("The customer and all that was written was erased."))
    return redirect(url_for("panel.show_list"))


# --- what the pane shows ---------------------------------------------------------------------------------------------


def _get(conversation_id: int) -> Conversation:
    conversation = queries.find_conversation(conversation_id)
    if conversation is None:
        abort(404)
    return conversation


def _aside_words(conversation: Conversation) -> dict[str, Any]:
    shares = person.newest_shares(conversation)
    channel = channels[conversation.inbox.channel]
    username = conversation.customer.username
    return {
        "aside": {
            "desk": present.desk_of(conversation, current_user.may(Role.AGENT), utc_now()),
            "channel": channel,
            "page": channel.customer_page(username) if username else None,
            "scripts": scripts_in(person.newest_texts(conversation)),
            "accounts": person.accounts_of_person(conversation),
            "most": person.COUNTED,
            "labels": person.labels_of(conversation),
            "notes": person.newest_notes(conversation),
            "products": person.spoken_products(conversation, shares),
            "shares": shares,
            "files": person.newest_files(conversation),
            **_others_words(conversation),
        }
    }


def _others_words(conversation: Conversation) -> dict[str, Any]:
    """Who may be the same person: suggested, looked for by name, or chosen and not yet confirmed."""
    if not current_user.may(Role.AGENT):
        return {}
    words = request.args.get("who", "").strip()
    other_id = request.args.get("with", type=whole)
    other = queries.find_conversation(other_id) if other_id else None
    return {
        "words": words,
        "other": other if other and other.id != conversation.id else None,
        "found": person.find_others(conversation, words) if words else None,
        "suggested": [] if words or other_id else person.suggest_others(conversation),
    }


def scripts_in(texts: Iterable[str]) -> list[Any]:
    """In which letters these were written, most of them first. What language Latin letters are, no letter tells."""
    counts = Counter(filter(None, map(_script_of, texts)))
    if counts["persian"]:  # «سلام» has no letter that Arabic lacks
        counts["persian"] += counts.pop("arabic", 0)
    return [SCRIPTS[name] for name, _ in (+counts).most_common(2)]


def _script_of(text: str) -> str | None:
    if PERSIAN.search(text):
        return "persian"
    if ARABIC.search(text):
        return "arabic"
    return "latin" if LATIN.search(text) else None
