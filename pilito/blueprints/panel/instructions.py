"""What an inbox tells its assistant: the fields, their history, and the whole prompt that comes of them."""

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_login import current_user

from pilito.assistant.budget import tokens
from pilito.assistant.prompt import build_prompt, prepared
from pilito.assistant.types import Fact, TurnInput
from pilito.blueprints.panel import bp, sentences
from pilito.blueprints.panel.access import for_admins
from pilito.blueprints.panel.inboxes import INBOX
from pilito.clock import utc_now
from pilito.conversations.instructions import (
    LONGEST,
    Wish,
    restore_instructions,
    told,
    wish_of,
    write_instructions,
)
from pilito.errors import Refused
from pilito.extensions import settings
from pilito.models import Inbox
from pilito.queries import inboxes as inbox_queries
from pilito.queries import instructions as queries

LANGUAGES = {"fa": _("Persian"), "en": _("English"), "ar": _("Arabic")}
TONES = {"": _("as it comes"), "friendly": _("warm"), "formal": _("formal"), "plain": _("to the point")}
LENGTHS = {"": _("one to three sentences (usual)"), "one": _("one sentence"), "long": _("up to six sentences")}
VERSIONS = "<int(min=1, max=2147483647):number>"
SAMPLE_QUESTION = "سلام، این لباس چقدره؟"
SAMPLE_CAPTION = "پیراهن لینن «ماهور»\nقیمت: ۱٬۸۵۰٬۰۰۰ تومان\nسایز: ۳۶ تا ۴۴"
LONGEST_SAMPLE = 500


@bp.get(f"{INBOX}/instructions")
@for_admins
def show_instructions(inbox_id: int) -> ResponseReturnValue:
    inbox = _inbox(inbox_id)
    newest = queries.newest(inbox.id)
    return _page(inbox, wish_of(newest) if newest else Wish())


@bp.get(f"{INBOX}/instructions/{VERSIONS}")
@for_admins
def show_instructions_version(inbox_id: int, number: int) -> ResponseReturnValue:
    """An older version in the form, to read, to change or to bring back."""
    inbox = _inbox(inbox_id)
    older = queries.version(inbox.id, number) or abort(404)
    return _page(inbox, wish_of(older), shown=number)


@bp.post(f"{INBOX}/instructions")
@for_admins
def save_instructions(inbox_id: int) -> ResponseReturnValue:
    """Save, or only look: `look` shows the prompt of what stands in the form and keeps nothing."""
    inbox, wish = _inbox(inbox_id), _read_wish()
    if request.form.get("look"):
        return _page(inbox, wish, is_unsaved=True)
    operator_id = current_user.id
    try:
        write_instructions(inbox_id, wish, operator_id, utc_now())
    except Refused as refusal:
        flash(sentences.explain_refusal(refusal.reason), "problem")
        return _page(_inbox(inbox_id), wish, is_unsaved=True)
    flash(gettext("Saved. It counts from the next message on."), "good")
    return redirect(url_for("panel.show_instructions", inbox_id=inbox_id))


@bp.post(f"{INBOX}/instructions/{VERSIONS}/restore")
@for_admins
def bring_instructions_back(inbox_id: int, number: int) -> ResponseReturnValue:
    try:
        restore_instructions(inbox_id, number, current_user.id, utc_now())
    except Refused:
        abort(404)
    flash(gettext("Brought back as the newest version."), "good")
    return redirect(url_for("panel.show_instructions", inbox_id=inbox_id))


def _page(inbox: Inbox, wish: Wish, shown: int | None = None, is_unsaved: bool = False) -> ResponseReturnValue:
    question = request.values.get("sample", "").strip()[:LONGEST_SAMPLE] or SAMPLE_QUESTION
    history = queries.history(inbox.id)
    turn = TurnInput(
        inbox.name,
        (question,),
        facts=(Fact("caption", SAMPLE_CAPTION),),
        instructions=told(wish, shown or (history[0].version if history else 0)) if wish != Wish() else None,
    )
    prompt = build_prompt(prepared(turn, settings.model_prompt_tokens)).messages
    return render_template(
        "inboxes/instructions.html",
        inbox=inbox,
        wish=wish,
        chosen_languages=wish.languages.split(","),
        longest=LONGEST,
        languages=LANGUAGES,
        tones=TONES,
        lengths=LENGTHS,
        history=history,
        shown=shown,
        is_unsaved=is_unsaved,
        prompt=prompt,
        size=sum(tokens(message["content"]) for message in prompt),
        room=settings.model_prompt_tokens,
        sample=question,
        longest_sample=LONGEST_SAMPLE,
    )


def _read_wish() -> Wish:
    form = request.form
    texts = {name: form.get(name, "") for name in (*LONGEST, "tone", "length")}
    return Wish(**texts, languages=",".join(form.getlist("languages")))


def _inbox(inbox_id: int) -> Inbox:
    return inbox_queries.find_inbox(inbox_id) or abort(404)
