"""Products, questions and texts as a person types them."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from rows import NOON, add_inbox, add_product, add_source

from pilito.database import transaction
from pilito.errors import Refused
from pilito.knowledge.drafts import Problems, ProductDraft, VariantDraft
from pilito.knowledge.products import delete_product, put_aside, save_product
from pilito.knowledge.sources import delete_source, move_source
from pilito.knowledge.texts import delete_text, save_text
from pilito.lifecycle import PassageKind, SourceKind
from pilito.models import Audit, Inbox, Passage, Product, Source, Variant, db

DRESS = ProductDraft("پیراهن", currency="IRT", variants=(VariantDraft(size="38", price=5), VariantDraft(size="40")))


@pytest.fixture
def inbox(app):
    with transaction():
        return add_inbox().id


def count(table):
    db.session.rollback()
    return db.session.query(table).count()


def version(inbox_id):
    db.session.rollback()
    return db.session.scalar(db.select(Inbox.facts_version).where(Inbox.id == inbox_id))


def test_a_product_is_made_changed_and_deleted_and_each_counts(inbox):
    product_id = save_product(None, inbox, DRESS, None, NOON)
    again = save_product(product_id, inbox, ProductDraft("پیراهن نو"), None, NOON)

    assert again == product_id
    assert (db.session.get(Product, product_id).name, count(Variant), version(inbox)) == ("پیراهن نو", 1, 2)

    delete_product(product_id, None, NOON)

    assert (count(Product), count(Variant), version(inbox)) == (0, 0, 3)
    assert [line.action for line in db.session.query(Audit).order_by(Audit.id)] == [
        "product_saved",
        "product_saved",
        "product_deleted",
    ]


def test_a_product_that_is_saved_by_two_at_once_has_the_variants_of_one(app, inbox):
    product_id = save_product(
        None, inbox, ProductDraft("a", currency="IRT", variants=(VariantDraft(price=1),)), None, NOON
    )

    def save(price):
        with app.app_context():
            draft = ProductDraft("a", currency="IRT", variants=(VariantDraft(price=price),))
            save_product(product_id, inbox, draft, None, NOON)

    with ThreadPoolExecutor(4) as people:
        list(people.map(save, range(2, 14)))

    assert count(Variant) == 1


def test_the_typed_products_of_an_inbox_share_a_source(inbox):
    ids = [save_product(None, scope, DRESS, None, NOON) for scope in (inbox, inbox, None)]

    first, second, general = (db.session.get(Product, one).source_id for one in ids)
    assert first == second != general


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    ("draft", "reason"),
    [
        (ProductDraft(""), "no_name"),
        (ProductDraft("x", variants=()), "too_many_variants"),
        (ProductDraft("x", variants=(VariantDraft(price=1),)), "no_currency"),
        (ProductDraft("x", valid_from=NOON, valid_until=NOON), "ends_before_it_begins"),
    ],
)
def test_what_is_not_whole_is_refused(inbox, draft, reason):
    with pytest.raises(Problems) as refused:
        save_product(None, inbox, draft, None, NOON)

    assert (refused.value.reason, count(Product), version(inbox)) == (reason, 0, 0)


def test_a_product_of_a_feed_is_edited_at_its_shop(inbox):
    with transaction():
        product = add_product(add_source(inbox, SourceKind.SHOPIFY), external_id="1")

    for call in (
        lambda: save_product(product.id, inbox, DRESS, None, NOON),
        lambda: delete_product(product.id, None, NOON),
        lambda: put_aside(product.id, False, None, NOON),
    ):
        with pytest.raises(Refused, match="edited there"):
            call()
    assert version(inbox) == 0


@pytest.mark.sqlite_only
def test_a_product_is_put_aside_and_back(inbox):
    product_id = save_product(None, inbox, DRESS, None, NOON)

    put_aside(product_id, False, None, NOON)
    assert db.session.get(Product, product_id).active is False
    put_aside(product_id, True, None, NOON)

    assert db.session.get(Product, product_id).active is True
    assert version(inbox) == 3


def test_a_question_with_its_answer_is_kept_changed_and_deleted(inbox):
    made = save_text(None, inbox, PassageKind.FAQ, " ارسال\nچند روزه؟ ", "۲ تا ۴ روز\x00", None, NOON)
    save_text(made, inbox, PassageKind.FAQ, "ارسال چند روزه؟", "۳ روز", None, NOON)

    passage = db.session.get(Passage, made)
    assert (passage.title, passage.text, passage.inbox_id, version(inbox)) == ("ارسال چند روزه؟", "۳ روز", inbox, 2)

    delete_text(made, None, NOON)
    assert (count(Passage), version(inbox)) == (0, 3)


@pytest.mark.sqlite_only
@pytest.mark.parametrize(("title", "text"), [("", "x"), ("x", " \n"), ("x" * 301, "x"), ("x", "x" * 4001)])
def test_an_empty_or_endless_text_is_refused(inbox, title, text):
    with pytest.raises(Problems):
        save_text(None, inbox, PassageKind.TEXT, title, text, None, NOON)

    assert count(Passage) == 0


@pytest.mark.sqlite_only
def test_nobody_types_for_an_inbox_that_is_not_there(inbox):
    for call in (
        lambda: save_text(None, 999, PassageKind.FAQ, "x", "x", None, NOON),
        lambda: save_product(None, 999, DRESS, None, NOON),
    ):
        with pytest.raises(Refused) as refused:
            call()
        assert refused.value.reason == "inbox_not_found"


def test_a_source_goes_with_all_its_facts_and_no_others(inbox):
    kept = save_product(None, inbox, DRESS, None, NOON)
    with transaction():
        source = add_source(inbox, SourceKind.WOOCOMMERCE)
        add_product(source, external_id="1")

    delete_source(source.id, None, NOON)

    assert [product.id for product in db.session.query(Product)] == [kept]
    assert (count(Source), count(Variant), version(inbox)) == (1, 2, 2)


def test_a_source_that_moves_takes_its_facts_along_and_both_inboxes_hear(inbox):
    with transaction():
        other = add_inbox().id
        source = add_source(inbox)
        add_product(source)

    move_source(source.id, other, None, NOON)

    assert db.session.query(Product).one().inbox_id == other
    assert (version(inbox), version(other)) == (1, 1)
