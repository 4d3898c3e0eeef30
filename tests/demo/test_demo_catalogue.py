"""The demo shop's own facts: made by the verbs a shop uses, once, and saying what its posts say."""

import pytest
from rows import NOON, add_inbox, add_source

from pilito.database import transaction
from pilito.demo.catalogue import fill, products
from pilito.demo.shop import POSTS
from pilito.models import Audit, Passage, Product, db
from pilito.money import written

pytestmark = pytest.mark.sqlite_only


@pytest.fixture
def inbox(app):
    with transaction():
        return add_inbox().id


def count(table):
    db.session.rollback()
    return db.session.query(table).count()


def test_the_demo_shop_gets_its_facts_once(inbox):
    assert fill(inbox, NOON)
    made = (count(Product), count(Passage))

    assert not fill(inbox, NOON)

    assert made == (count(Product), count(Passage)) == (12, 6)
    assert {product.inbox_id for product in db.session.query(Product)} == {inbox}
    assert count(Audit) == 18


def test_a_shop_with_facts_of_its_own_is_left_alone(inbox):
    with transaction():
        add_source(inbox)

    assert not fill(inbox, NOON)

    assert count(Product) == 0


def test_the_catalogue_says_what_the_captions_say():
    """Else the demo would show a conflict of prices that nobody asked for."""
    by_link = {draft.link: draft for draft in products(NOON) if draft.link}

    assert set(by_link) == {post.permalink for post in POSTS}
    priced = [
        post for post in POSTS if "قیمت:" in post.caption or "قیمت ست:" in post.caption or "Price:" in post.caption
    ]
    assert len(priced) == 7
    for post in priced:
        (price,) = {variant.price for variant in by_link[post.permalink].variants}
        assert written(price, None, "fa") in post.caption or written(price, None) in post.caption, post.id
