"""A product as it stands in the fields of a form, read into a draft."""

from collections.abc import Callable, Mapping, Sequence
from datetime import tzinfo
from typing import Any

from pilito.knowledge import cells
from pilito.knowledge.cells import CellError
from pilito.knowledge.drafts import (
    CHOICE_LENGTH,
    DESCRIPTION_LENGTH,
    NAME_LENGTH,
    OTHER_LENGTH,
    PICTURES,
    SKU_LENGTH,
    Problem,
    Problems,
    ProductDraft,
    VariantDraft,
    clean_line,
    clean_text,
    or_none,
)

VARIANT_FIELDS = ("sku", "size", "colour", "other", "price", "old_price", "stock")


def read_product(fields: Mapping[str, str], variants: Sequence[Mapping[str, str]], zone: tzinfo) -> ProductDraft:
    """Return what was typed. Raises Problems; their `line` counts the variants from 1."""
    problems: list[Problem] = []

    def read(name: str, value: str, reader: Callable[..., Any], *rest: Any, line: int = 0) -> Any:
        try:
            return reader(value, *rest)
        except CellError as error:
            problems.append(Problem(error.reason, name, clean_line(value, 80), line))
            return None

    currency = read("currency", fields.get("currency", ""), cells.currency_of)
    rows = [row for row in variants if any(row.get(name, "").strip() for name in VARIANT_FIELDS)]
    read_rows = []
    for line, row in enumerate(rows, 1):
        price, used = read("price", row.get("price", ""), cells.price_of, currency, line=line) or (None, currency)
        currency = used
        old, _ = read("old_price", row.get("old_price", ""), cells.price_of, currency, line=line) or (None, None)
        stock, available = read("stock", row.get("stock", ""), cells.stock_of, line=line) or (None, None)
        read_rows.append(
            VariantDraft(
                sku=or_none(clean_line(row.get("sku"), SKU_LENGTH)),
                size=or_none(clean_line(row.get("size"), CHOICE_LENGTH)),
                colour=or_none(clean_line(row.get("colour"), CHOICE_LENGTH)),
                other=or_none(clean_line(row.get("other"), OTHER_LENGTH)),
                price=price,
                old_price=old,
                stock=stock,
                available=available,
            )
        )
    pictures = [
        found
        for line in fields.get("pictures", "").splitlines()[: PICTURES + 1]
        if line.strip() and (found := read("pictures", line, cells.link_of))
    ]
    draft = ProductDraft(
        name=clean_line(fields.get("name"), NAME_LENGTH),
        description=clean_text(fields.get("description"), DESCRIPTION_LENGTH),
        category=clean_line(fields.get("category"), NAME_LENGTH),
        sku=or_none(clean_line(fields.get("sku"), SKU_LENGTH)),
        link=read("link", fields.get("link", ""), cells.link_of),
        picture_url=pictures[0] if pictures else None,
        more_pictures=tuple(pictures[1:]),
        currency=currency,
        valid_from=read("valid_from", fields.get("valid_from", ""), cells.first_moment, zone),
        valid_until=read("valid_until", fields.get("valid_until", ""), cells.last_moment, zone),
        variants=tuple(read_rows) or (VariantDraft(),),
    )
    if not draft.name:
        problems.append(Problem("no_name", "name"))
    if problems:
        raise Problems(problems)
    return draft
