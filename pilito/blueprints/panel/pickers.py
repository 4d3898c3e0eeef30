"""What is picked while one writes: canned replies by `/`, products by `#`, colleagues by `@`."""

from flask import abort, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from pilito.blueprints.panel import bp
from pilito.blueprints.panel.quoted import MOST_QUOTES
from pilito.clock import utc_now
from pilito.conversations.canned import fill, find_canned, places_in, values_for
from pilito.conversations.quote_product import quote
from pilito.lifecycle import Role
from pilito.models import Conversation
from pilito.queries.facts import quoted_products
from pilito.queries.notes import list_colleagues
from pilito.queries.panel import find_conversation
from pilito.queries.quotes import find_quotable, newest_share, products_of_share
from pilito.spelling import plain

MOST = 8
WORDS = 100  # characters of what is looked for


@bp.get("/conversations/<int:conversation_id>/pick/canned")
def pick_canned(conversation_id: int) -> ResponseReturnValue:
    """With their places filled from this conversation."""
    conversation, now = _get(conversation_id), utc_now()
    found = []
    for canned in find_canned(conversation.inbox_id, _asked()):
        text = fill(canned.text, values_for(conversation, current_user, now, canned.text))
        found.append({"shortcut": canned.shortcut, "text": text, "open": places_in(text)})
    return render_template("panel/pick_canned.html", found=found)


@bp.get("/conversations/<int:conversation_id>/pick/products")
def pick_product(conversation_id: int) -> ResponseReturnValue:
    """By their words; without any, the product of the post that was shared last comes first. `ids=3,7`: those."""
    conversation, now = _get(conversation_id), utc_now()
    if "ids" in request.args:
        products = list(quoted_products(conversation.inbox_id, _asked_ids(), now).values())
    else:
        words = _asked()
        shared = [] if words else [product.id for product in products_of_share(newest_share(conversation))]
        first = list(quoted_products(conversation.inbox_id, shared, now).values())
        rest = find_quotable(conversation.inbox_id, words, now, MOST)
        products = [*first, *(product for product in rest if product.id not in shared)][:MOST]
    return render_template("panel/pick_product.html", found=[(product, quote(product)) for product in products])


@bp.get("/conversations/<int:conversation_id>/pick/people")
def pick_person(conversation_id: int) -> ResponseReturnValue:
    _get(conversation_id)
    asked = plain(_asked())
    found = [one for one in list_colleagues() if asked in plain(one.name)][:MOST]
    return render_template("panel/pick_person.html", found=found)


def _get(conversation_id: int) -> Conversation:
    if not current_user.may(Role.AGENT):
        abort(403)
    conversation = find_conversation(conversation_id)
    if conversation is None:
        abort(404)
    return conversation


def _asked() -> str:
    return request.args.get("q", "").replace("\x00", "")[:WORDS].strip()


def _asked_ids() -> list[int]:
    ids = request.args.get("ids", "").split(",")
    return [int(one) for one in ids if one.isdecimal() and len(one) <= 18][:MOST_QUOTES]
