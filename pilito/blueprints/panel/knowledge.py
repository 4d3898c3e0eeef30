"""Questions, texts, documents, pages: what a shop wrote beside its catalogue. All see it, admins change it."""

from collections.abc import Mapping
from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user

from pilito.blueprints.i18n import operator_zone
from pilito.blueprints.numbers import whole
from pilito.blueprints.panel import bp, facts_words, open_questions
from pilito.blueprints.panel.access import for_admins
from pilito.blueprints.panel.catalogue import _surroundings, keeps_facts
from pilito.blueprints.panel.opened import read_seen, theirs
from pilito.clock import utc_now
from pilito.errors import Refused
from pilito.knowledge import pages, texts
from pilito.knowledge.cells import CellError, last_moment
from pilito.knowledge.drafts import Problem, Problems, clean_line
from pilito.lifecycle import PassageKind, SourceKind
from pilito.models import Passage
from pilito.queries import catalogue as queries
from pilito.queries.analytics import Group

TEXT = "/knowledge/texts/<int:passage_id>"


@bp.get("/knowledge")
def show_knowledge() -> ResponseReturnValue:
    return _knowledge_page({})


def _knowledge_page(typed: Mapping[str, str]) -> str:
    """`typed` is the page that was refused."""
    words = clean_line(request.args.get("q"), 100)
    return render_template(
        "facts/knowledge.html",
        words=words,
        questions=queries.typed_texts(PassageKind.FAQ, words),
        texts=queries.typed_texts(PassageKind.TEXT, words),
        sources=queries.read_sources(),
        typed=typed,
        **_surroundings(),
    )


@bp.get("/knowledge/sources/<int:source_id>")
def show_source(source_id: int) -> ResponseReturnValue:
    source = queries.find_source(source_id)
    if source is None or source.kind not in queries.READ:
        abort(404)
    return render_template(
        "facts/source.html",
        source=source,
        passages=queries.passages_of(source_id),
        pages=queries.pages_of(source_id),
        **_surroundings(),
    )


# --- what is typed ---------------------------------------------------------------------------------------------------


@bp.get("/knowledge/texts/new")
@for_admins
def new_text() -> ResponseReturnValue:
    kind = PassageKind.TEXT if request.args.get("kind") == "text" else PassageKind.FAQ
    question = open_questions.asked()
    return _text_page(None, kind, {"title": question.text[:300]} if question else {}, question=question)


@bp.get(TEXT)
def show_text(passage_id: int) -> ResponseReturnValue:
    passage = _get(passage_id)
    return _text_page(passage, passage.kind, _fields_of(passage))


def _fields_of(passage: Passage) -> dict[str, str]:
    until = facts_words.field_of_day(passage.valid_until, operator_zone(), is_end=True)
    seen = passage.updated_at.isoformat()
    return {"title": passage.title, "text": passage.text, "valid_until": until, "seen": seen}


@bp.post("/knowledge/texts/new")
@for_admins
@keeps_facts
def make_text() -> ResponseReturnValue:
    return _save(None, PassageKind.TEXT if request.form.get("kind") == "text" else PassageKind.FAQ)


@bp.post(TEXT)
@for_admins
@keeps_facts
def change_text(passage_id: int) -> ResponseReturnValue:
    passage = _get(passage_id)
    return _save(passage, passage.kind)


def _save(passage: Passage | None, kind: PassageKind) -> ResponseReturnValue:
    fields = {name: request.form.get(name, "") for name in ("title", "text", "valid_until", "seen")}
    inbox_id = passage.inbox_id if passage else request.form.get("inbox", type=whole)
    try:
        until = last_moment(fields["valid_until"], operator_zone())
        texts.save_text(
            passage.id if passage else None,
            inbox_id,
            kind,
            fields["title"],
            fields["text"],
            current_user.id,
            utc_now(),
            until,
            read_seen(),
        )
    except CellError as error:
        return _text_page(passage, kind, fields, [Problem(error.reason, "valid_until")]), 422
    except Problems as problems:
        return _text_page(passage, kind, fields, problems.problems), 422
    except Refused as refusal:
        if passage is None or refusal.reason != "page_is_old":
            raise
        kept = _fields_of(passage)
        return _text_page(passage, kind, {**fields, "seen": kept["seen"]}, met=theirs(kept, fields)), 422
    flash(gettext("Saved. The assistant knows it from now on."), "good")
    if open_questions.settle_asked(inbox_id):
        return redirect(url_for("panel.show_analytics", _anchor="questions"))
    return redirect(url_for("panel.show_knowledge"))


def _text_page(
    passage: Passage | None,
    kind: PassageKind,
    fields: dict[str, Any],
    problems: list[Problem] | None = None,
    question: Group | None = None,
    met: list[tuple[Any, str]] | None = None,
) -> str:
    return render_template(
        "facts/text.html",
        passage=passage,
        kind=kind,
        fields=fields,
        question=question or open_questions.asked(),
        problems=facts_words.by_field(problems or []),
        met=met,
        **_surroundings(),
    )


@bp.post(f"{TEXT}/delete")
@for_admins
@keeps_facts
def delete_text(passage_id: int) -> ResponseReturnValue:
    texts.delete_text(passage_id, current_user.id, utc_now())
    flash(gettext("Deleted. The assistant no longer knows it."), "good")
    return redirect(url_for("panel.show_knowledge"))


def _get(passage_id: int) -> Passage:
    passage = queries.find_text(passage_id)
    if passage is None or passage.kind not in texts.TYPED:
        abort(404)
    return passage


# --- what is read ----------------------------------------------------------------------------------------------------


@bp.post("/knowledge/documents")
@for_admins
@keeps_facts
def upload_document() -> ResponseReturnValue:
    file = request.files.get("file")
    name = (file.filename if file else "") or ""
    content = file.read() if file else b""
    pages.add_document(request.form.get("inbox", type=whole), name, content, current_user.id, utc_now())
    flash(gettext("It is being read; reload this page in a moment."), "good")
    return redirect(url_for("panel.show_knowledge"))


@bp.post("/knowledge/pages")
@for_admins
def add_page() -> ResponseReturnValue:
    form = request.form
    try:
        pages.add_page(
            SourceKind.SITEMAP if form.get("kind") == "sitemap" else SourceKind.PAGE,
            form.get("inbox", type=whole),
            form.get("address", ""),
            form.get("every", type=whole) or None,
            current_user.id,
            utc_now(),
            form.get("limit", 50, type=whole),
        )
    except Refused as refusal:
        flash(facts_words.explain_refusal(refusal.reason), "problem")
        return _knowledge_page(form), 422
    flash(gettext("It is being read; reload this page in a moment."), "good")
    return redirect(url_for("panel.show_knowledge"))
