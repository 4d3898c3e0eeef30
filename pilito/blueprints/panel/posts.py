"""The posts page: which products each post of the shop is about, and which of two prices counts."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user

from pilito.assistant.offers import Offer, offer_of
from pilito.assistant.orders import speaks_to_the_assistant
from pilito.assistant.posts import differs
from pilito.blueprints.numbers import whole
from pilito.blueprints.panel import bp, sentences
from pilito.blueprints.panel.access import for_admins
from pilito.clock import utc_now
from pilito.conversations.fact_text import product_fact
from pilito.conversations.settle_posts import choose_price_rule, choose_product, confirm_product, refuse_product
from pilito.errors import Refused
from pilito.knowledge.drafts import clean_line
from pilito.lifecycle import PostProductState, PriceRule, Role
from pilito.models import Inbox, OwnPost, PostProduct
from pilito.queries import posts as queries

PAGE = 24
SHOWN = ("to_confirm", "without", "all")
LONGEST_SEARCH = 100
LARGEST_OFFSET = 100_000


@bp.get("/posts")
def show_posts() -> ResponseReturnValue:
    now = utc_now()
    waiting = queries.count_to_confirm()
    asked = request.args.get("show", "")
    show = asked if asked in SHOWN else ("to_confirm" if waiting else "all")
    offset = min(max(request.args.get("from", 0, type=whole), 0), LARGEST_OFFSET)
    posts, has_more = queries.page(show, offset, PAGE)
    mapped = queries.products_of([post.id for post in posts])
    inboxes = queries.inboxes_with_posts()
    return render_template(
        "posts/list.html",
        rows=[_row(post, mapped.get(post.id, []), {one.id: one for one in inboxes}, now) for post in posts],
        show=show,
        waiting=waiting,
        next=offset + PAGE if has_more else None,
        inboxes=inboxes,
        chosen_id=request.args.get("post", type=whole),
        words=request.args.get("q", "")[:LONGEST_SEARCH],
        may_choose_rule=current_user.may(Role.ADMIN),
        now=now,
    )


def _row(post: OwnPost, mapped: list[PostProduct], inboxes: dict[int, Inbox], now: datetime) -> dict[str, Any]:
    inbox = inboxes.get(post.inbox_id)
    zone = ZoneInfo((inbox and inbox.zone) or "UTC")
    posted_on = post.posted_at.astimezone(zone).date() if post.posted_at else None
    today = now.astimezone(zone).date()
    facts = "\n".join(product_fact(row.product, today).text for row in mapped)
    return {
        "post": post,
        "mapped": mapped,
        "differs": bool(mapped) and differs(post.caption or "", facts),
        "is_told": inbox is not None
        and inbox.price_rule is PriceRule.CATALOGUE
        and any(row.state is PostProductState.CONFIRMED for row in mapped),
        "is_over": offer_of(post.caption or "", today, posted_on) in (Offer.PASSED, Offer.VAGUE),
        "is_order": speaks_to_the_assistant(post.caption or ""),
        "found": _found(post, now),
    }


def _found(post: OwnPost, now: datetime) -> list[Any] | None:
    """What was looked for under this post; None where nothing was."""
    words = clean_line(request.args.get("q"), LONGEST_SEARCH)
    if not words or request.args.get("post", type=whole) != post.id:
        return None
    return list(queries.find_products(post, words, now))


@bp.post("/posts/products/<int:post_product_id>/<how>")
def settle_product(post_product_id: int, how: str) -> ResponseReturnValue:
    verb = {"confirm": confirm_product, "refuse": refuse_product}.get(how)
    return _do(lambda: verb(post_product_id, current_user.id, utc_now()) if verb else _no_such())


@bp.post("/posts/<int:own_post_id>/products/<int:product_id>")
def choose_post_product(own_post_id: int, product_id: int) -> ResponseReturnValue:
    return _do(lambda: choose_product(own_post_id, product_id, current_user.id, utc_now()))


@bp.post("/posts/inboxes/<int:inbox_id>/rule")
@for_admins
def choose_rule(inbox_id: int) -> ResponseReturnValue:
    rule = request.form.get("rule", "")
    return _do(lambda: choose_price_rule(inbox_id, rule, current_user.id, utc_now()), gettext("Saved."))


def _no_such() -> None:
    raise Refused("not_found", "There is no such thing to do with a product of a post.")


def _do(verb: Callable[[], None], done: str = "") -> ResponseReturnValue:
    if not current_user.may(Role.AGENT):
        abort(403)
    try:
        verb()
    except Refused as refusal:
        flash(sentences.explain_refusal(refusal.reason), "problem")
    else:
        if done:
            flash(done)
    show = request.form.get("show", "")
    anchor = request.form.get("anchor", "")
    return redirect(
        url_for("panel.show_posts", show=show if show in SHOWN else None, _anchor=anchor if anchor.isalnum() else None)
    )
