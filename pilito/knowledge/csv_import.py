"""A catalogue from a file, in two steps: it is put down and looked at, then taken in whole or not at all."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo

from sqlalchemy import delete, select

from pilito.database import transaction
from pilito.errors import Refused
from pilito.knowledge.catalogue import Tally, take_in
from pilito.knowledge.changes import count_change
from pilito.knowledge.csv_table import (
    FIELDS,
    PROBLEMS,
    Reading,
    Table,
    currency_in,
    fold,
    guess_columns,
    read_products,
    read_table,
)
from pilito.knowledge.drafts import EXTERNAL_ID_LENGTH, Problem, Problems, ProductDraft, clean_line
from pilito.knowledge.sources import csv_source, get_source, make_source
from pilito.lifecycle import SourceKind, SourceState
from pilito.models import Audit, Product, Source, SourceFile, Variant, db
from pilito.money import CURRENCIES

DRAFTS_LIVE = timedelta(days=1)
MADE_UP = ("sku:", "name:")  # how the ids begin that we give to what has none


@dataclass(frozen=True)
class Preview:
    source: Source
    table: Table
    columns: dict[int, str]
    currency: str | None
    reading: Reading


def begin_import(inbox_id: int | None, file_name: str, content: bytes, operator_id: int | None, now: datetime) -> int:
    """Put a file down; return the id of its draft. Raises Refused as `read_table` does, and `inbox_not_found`."""
    table = read_table(content)
    with transaction():
        earlier = csv_source(inbox_id, now)
        columns = guess_columns(table.headers, earlier.options.get("columns"))
        name = clean_line(file_name, 200) or "catalogue.csv"
        draft = make_source(SourceKind.CSV, inbox_id, name, now, state=SourceState.DRAFT)
        draft.currency = currency_in(table.headers) or earlier.currency
        draft.options = {"columns": {str(number): field for number, field in columns.items()}, "by": operator_id}
        db.session.add(
            SourceFile(source_id=draft.id, name=name, size_bytes=len(content), content=content, created_at=now)
        )
        return draft.id


def choose_columns(draft_id: int, columns: Mapping[int, str], currency: str | None, now: datetime) -> None:
    """Say what each column means. Raises Refused: `not_found`, `no_such_currency`."""
    if currency is not None and currency not in CURRENCIES:
        raise Refused("no_such_currency", f"There is no currency {currency}.")
    with transaction():
        draft = _get_draft(draft_id)
        chosen = {str(number): field for number, field in columns.items() if field in FIELDS}
        draft.options = {**draft.options, "columns": chosen}
        draft.currency, draft.updated_at = currency, now


def preview(draft_id: int, zone: tzinfo) -> Preview:
    """Return what the file says under the chosen columns. Raises Refused `not_found`."""
    draft = db.session.get(Source, draft_id)
    file = db.session.scalar(select(SourceFile).where(SourceFile.source_id == draft_id))
    if draft is None or file is None or draft.state is not SourceState.DRAFT:
        raise Refused("not_found", f"There is no import {draft_id}.")
    table = read_table(file.content)
    columns = {int(number): field for number, field in draft.options.get("columns", {}).items()}
    reading = read_products(table, columns, draft.currency, zone, draft.created_at)
    return Preview(draft, table, columns, draft.currency, reading)


def finish_import(draft_id: int, puts_aside: bool, zone: tzinfo, operator_id: int | None, now: datetime) -> Tally:
    """Take the file's products in, all of them; the draft is gone then.

    A product is known again by its id, else by a SKU of its variants, else by its name. `puts_aside`: what an earlier
    file brought and this one does not have is no longer quoted. Raises Problems, and then nothing has changed.
    """
    found = preview(draft_id, zone)
    if found.reading.problems:
        raise Problems(list(found.reading.problems))
    if not found.reading.products:
        raise Refused("file_empty", "There is no product in it.")
    with transaction():
        draft = _get_draft(draft_id)
        source = csv_source(draft.inbox_id, now)
        tally = take_in(source, _named_again(source, found.reading.products), now, puts_aside)
        source.options = {**source.options, "columns": _remember(found)}
        source.currency = draft.currency or source.currency
        source.read_at = source.checked_at = source.updated_at = now
        details = {"source_id": source.id, "file": draft.name, "added": tally.added, "changed": tally.changed}
        db.session.add(
            Audit(at=now, action="catalogue_imported", operator_id=operator_id, details=details | {"gone": tally.gone})
        )
        _drop([draft.id])
        if tally.is_change:
            count_change(source.inbox_id)
    return tally


def drop_import(draft_id: int) -> None:
    with transaction():
        _drop([_get_draft(draft_id).id])


def drop_old_imports(now: datetime) -> None:
    """What somebody began and left."""
    is_old = (Source.state == SourceState.DRAFT, Source.created_at <= now - DRAFTS_LIVE)
    ids = db.session.scalars(select(Source.id).where(*is_old).limit(50)).all()
    db.session.rollback()
    if ids:
        with transaction():
            _drop(ids)


def _get_draft(draft_id: int) -> Source:
    draft = get_source(draft_id)
    if draft.state is not SourceState.DRAFT:
        raise Refused("not_found", f"There is no import {draft_id}.")
    return draft


def _drop(ids: Sequence[int]) -> None:
    for table, column in ((SourceFile, SourceFile.source_id), (Source, Source.id)):
        db.session.execute(delete(table).where(column.in_(ids)).execution_options(synchronize_session=False))


def _remember(found: Preview) -> dict[str, str]:
    return {fold(found.table.headers[number]): field for number, field in found.columns.items()}


def _named_again(source: Source, products: Sequence[tuple[int, ProductDraft]]) -> list[ProductDraft]:
    """Give each product the id under which it is known, or a new one. Raises Problems where two would be one."""
    ids, by_sku, by_name = _known(source.id)
    taken: dict[str, int] = {}
    named, problems = [], []
    for line, draft in products:
        skus = [one.sku.lower() for one in draft.variants if one.sku]
        by_skus = next((by_sku[sku] for sku in skus if sku in by_sku), None)
        by_words = by_skus or by_name.get(fold(draft.name))
        if draft.external_id and by_words and not by_words.startswith(MADE_UP):
            by_words = None  # that product has an id of its own, and it is another one
        known = by_words if draft.external_id not in ids else None
        known = known or draft.external_id
        external_id = known or _new_id(f"sku:{skus[0]}" if skus else f"name:{fold(draft.name)}")
        if external_id in taken:
            problems.append(Problem("same_product_twice", "name", draft.name, line))
        taken[external_id] = line
        named.append(replace(draft, external_id=external_id))
    if problems:
        raise Problems(problems[:PROBLEMS])
    return named


def _known(source_id: int) -> tuple[set[str], dict[str, str], dict[str, str]]:
    """The ids of the source's products: all, by the SKU of a variant, and by name."""
    own = (Product.source_id == source_id, Product.external_id.is_not(None))
    names = db.session.execute(select(Product.name, Product.external_id).where(*own)).all()
    skus = db.session.execute(
        select(Variant.sku, Product.external_id).join(Product).where(*own, Variant.sku.is_not(None))
    ).all()
    ids = {str(known) for _name, known in names}
    by_sku = {str(sku).lower(): str(known) for sku, known in skus}
    return ids, by_sku, {fold(name): str(known) for name, known in names}


def _new_id(name: str) -> str:
    if len(name) <= EXTERNAL_ID_LENGTH:
        return name
    return f"{name[:100]}#{hashlib.sha256(name.encode()).hexdigest()[:40]}"
