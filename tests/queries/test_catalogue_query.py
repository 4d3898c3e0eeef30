"""Products are found in whatever spelling their names, codes and the words of the search have."""

import pytest
from rows import NOON, add_inbox, add_product, add_source

from pilito.database import transaction
from pilito.models import OwnPost, db
from pilito.queries import catalogue, posts, quotes
from pilito.spelling import ONE_BY_ONE, plain


@pytest.fixture
def shelf(app):
    """Two products, written with Arabic letters and Persian digits; return the account."""
    with transaction():
        inbox = add_inbox()
        source = add_source(inbox.id)
        add_product(source, name="كفش چرمِ مدل ۱۴۰۰", sku="KF-۱۲")
        add_product(source, name="کیف 50% تخفیف", variants=({"sku": "Bag_7"},))
    return inbox


def names(found):
    return [product.name.split()[0] for product in found]


@pytest.mark.parametrize("words", ["کفش", "كفش", "چرم", "1400", "۱۴۰۰", "١٤٠٠", "kf-12", "مدل ۱۴۰۰ کفش"])
def test_a_product_is_found_in_any_spelling(shelf, words):
    post = OwnPost(inbox_id=shelf.id)

    assert names(catalogue.products(words, shelf.id, 1).products) == ["كفش"]
    assert names(quotes.find_quotable(shelf.id, words, NOON, 8)) == ["كفش"]
    assert names(posts.find_products(post, words, NOON)) == ["كفش"]


@pytest.mark.parametrize("words", ["50%", "۵۰٪", "bag_7", "BAG_7"])
def test_a_sign_of_the_pattern_is_a_sign(shelf, words):
    assert names(catalogue.products(words, None, 1).products) == ["کیف"]


@pytest.mark.parametrize("words", ["کفش 1401", "%", "bag-7"])
def test_what_has_not_all_the_words_is_not_found(shelf, words):
    assert "كفش" not in names(catalogue.products(words, None, 1).products)


def test_the_database_folds_as_we_do(app):
    written = "".join(one for one in ONE_BY_ONE if one not in "'\\")
    folded = db.session.scalar(db.select(catalogue.in_one_spelling(db.literal(written))))

    assert folded == plain(written)
