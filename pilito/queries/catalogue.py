"""The shop's facts as the panel lists them: products, texts, and where they come from."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, String, case, func, literal_column, or_, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import joinedload, selectinload
from sqlalchemy.sql.functions import GenericFunction

from pilito.lifecycle import PassageKind, SourceKind, SourceState
from pilito.models import Inbox, Passage, Product, Source, Variant, WebPage, db
from pilito.spelling import ONE_BY_ONE, plain

PAGE = 40
TEXTS = 500
FEEDS = (SourceKind.WOOCOMMERCE, SourceKind.SHOPIFY)
READ = (SourceKind.DOCUMENT, SourceKind.PAGE, SourceKind.SITEMAP)


@dataclass(frozen=True)
class ProductPage:
    products: Sequence[Product]
    count: int
    number: int

    @property
    def has_next(self) -> bool:
        return self.number * PAGE < self.count


def products(words: str, inbox_id: int | None, number: int) -> ProductPage:
    """One page of products whose name, code or category holds all the words; of one inbox with those for all."""
    wanted = [holds(word) for word in words.split()[:6]]
    if inbox_id is not None:
        wanted.append(or_(Product.inbox_id == inbox_id, Product.inbox_id.is_(None)))
    count = db.session.scalar(select(func.count()).select_from(Product).where(*wanted)) or 0
    rows = (
        select(Product)
        .where(*wanted)
        .options(selectinload(Product.variants), joinedload(Product.source), joinedload(Product.copy))
        .order_by(Product.active.desc(), Product.name, Product.id)
        .limit(PAGE)
        .offset((number - 1) * PAGE)
    )
    return ProductPage(db.session.scalars(rows).all(), count, number)


def holds(word: str) -> ColumnElement[bool]:
    """In one spelling of the letters and digits that keyboards differ in; the search of a turn knows far more."""
    wanted = plain(word)
    in_variant = Product.variants.any(in_one_spelling(Variant.sku).contains(wanted, autoescape=True))
    columns = (Product.name, Product.sku, Product.category)
    return or_(*(in_one_spelling(column).contains(wanted, autoescape=True) for column in columns), in_variant)


class in_one_spelling(GenericFunction[str]):  # noqa: N801 -- it is called like a function of SQL
    """The column as `plain` spells it. On SQLite it is `plain` itself (database.py); PostgreSQL changes the letters
    that change one by one."""

    type = String()
    inherit_cache = True
    name = "in_one_spelling"


@compiles(in_one_spelling, "postgresql")
def _translated(element: Any, compiler: Any, **options: Any) -> str:
    """`translate` drops what has no counterpart, so the letters that vanish stand last."""
    letters = sorted(ONE_BY_ONE, key=lambda one: not ONE_BY_ONE[one])
    old, new = "".join(letters), "".join(ONE_BY_ONE[one] for one in letters)
    folded = func.translate(
        func.lower(func.coalesce(*element.clauses, "")), literal_column(f"'{old}'"), literal_column(f"'{new}'")
    )
    return str(compiler.process(folded, **options))


def find_product(product_id: int) -> Product | None:
    rows = select(Product).where(Product.id == product_id).options(selectinload(Product.variants))
    return db.session.scalar(rows.options(joinedload(Product.source)))


def feeds() -> Sequence[tuple[Source, int]]:
    """Every connected feed with the number of its products that count."""
    return _with_counts(FEEDS, func.count(case((Product.active.is_(True), 1))), Product)


def read_sources() -> Sequence[tuple[Source, int]]:
    """Every document, page and sitemap with the number of its passages."""
    return _with_counts(READ, func.count(Passage.id), Passage)


def _with_counts(
    kinds: Sequence[SourceKind], count: ColumnElement[int], table: type[Product] | type[Passage]
) -> Sequence[tuple[Source, int]]:
    rows = (
        select(Source, count)
        .outerjoin(table, table.source_id == Source.id)
        .where(Source.kind.in_(kinds), Source.state != SourceState.DRAFT)
        .group_by(Source.id)
        .order_by(Source.id)
    )
    return [(source, number) for source, number in db.session.execute(rows)]


def find_source(source_id: int) -> Source | None:
    source = db.session.get(Source, source_id)
    return None if source is None or source.state is SourceState.DRAFT else source


def typed_texts(kind: PassageKind, words: str = "") -> Sequence[Passage]:
    rows = select(Passage).where(Passage.kind == kind).order_by(Passage.id.desc()).limit(TEXTS)
    for word in words.split()[:6]:
        columns = (in_one_spelling(column) for column in (Passage.title, Passage.text))
        rows = rows.where(or_(*(column.contains(plain(word), autoescape=True) for column in columns)))
    return db.session.scalars(rows).all()


def find_text(passage_id: int) -> Passage | None:
    return db.session.get(Passage, passage_id)


def passages_of(source_id: int, limit: int = 300) -> Sequence[Passage]:
    rows = (
        select(Passage)
        .where(Passage.source_id == source_id)
        .order_by(Passage.web_page_id, Passage.position, Passage.id)
        .limit(limit)
    )
    return db.session.scalars(rows).all()


def pages_of(source_id: int) -> Sequence[WebPage]:
    return db.session.scalars(select(WebPage).where(WebPage.source_id == source_id).order_by(WebPage.id)).all()


def inboxes() -> Sequence[Inbox]:
    return db.session.scalars(select(Inbox).order_by(Inbox.id).limit(100)).all()
