"""Canned replies: filled from what is known, never sent with a place that is open."""

import pytest
from rows import NOON, add, add_conversation, add_inbox, add_operator, add_product, add_share, add_source

from pilito.conversations.canned import (
    delete_canned,
    fill,
    find_canned,
    places_in,
    refuse_places,
    save_canned,
    values_for,
)
from pilito.database import transaction
from pilito.errors import Refused
from pilito.lifecycle import FoundBy, PostProductState, PriceRule, Role, ShareState
from pilito.models import Audit, CannedReply, Inbox, OwnPost, PostProduct, db


@pytest.fixture
def operator(app):
    with transaction():
        operator = add_operator(Role.AGENT)
        operator.name = "سارا"
        return operator


@pytest.fixture
def conversation(app):
    with transaction():
        return add_conversation(add_inbox(name="گالری نیلوفر"), customer={"name": "مریم", "username": "maryam"})


def share_of(conversation, caption="پیراهن", products=1, state=PostProductState.CONFIRMED):
    """A post of the shop with its products, shared by the customer."""
    with transaction():
        post = add(OwnPost(inbox_id=conversation.inbox_id, media_id="1", caption=caption, synced_at=NOON))
        for number in range(products):
            product = add_product(add_source(conversation.inbox_id), ({"stock": 2},), name=f"پیراهن {number}")
            ids = {"inbox_id": conversation.inbox_id, "own_post_id": post.id, "product_id": product.id}
            add(PostProduct(state=state, how=FoundBy.OWNER, created_at=NOON, **ids))
        add_share(conversation, ShareState.EXPIRED, own_post_id=post.id, caption=caption)


def filled(conversation, operator, text):
    return fill(text, values_for(conversation, operator, NOON, text))


def save(operator, shortcut="size", text="سایزها: ۳۸ تا ۴۴", canned_id=None, inbox_id=None):
    return save_canned(canned_id, shortcut, text, inbox_id, operator.id, NOON)


# --- filling ---------------------------------------------------------------------------------------------------------


def test_what_is_known_is_filled_by_its_names_in_both_languages(conversation, operator):
    told = filled(conversation, operator, "سلام {مشتری}، {me} از {فروشگاه} هستم. { Customer }!")

    assert told == "سلام مریم، سارا از گالری نیلوفر هستم. مریم!"


@pytest.mark.sqlite_only
def test_the_shared_product_has_its_price_of_today(conversation, operator):
    share_of(conversation)

    told = filled(conversation, operator, "{محصول}: {قیمت}، {موجودی}")

    assert told == "پیراهن 0: ۱٬۸۵۰٬۰۰۰ تومان، موجود"


def test_what_is_not_known_stays_open(conversation, operator):
    told = filled(conversation, operator, "{product} {price} {کد پیگیری}")

    assert told == "{product} {price} {کد پیگیری}"
    assert places_in(told) == ["{product}", "{price}", "{کد پیگیری}"]


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    "shared",
    [{"products": 2}, {"state": PostProductState.PROPOSED}, {"products": 0}],
    ids=["several", "not confirmed", "none"],
)
def test_a_product_that_nobody_is_sure_of_is_not_known(conversation, operator, shared):
    share_of(conversation, **shared)

    assert filled(conversation, operator, "{product}") == "{product}"


def test_a_price_that_the_caption_contradicts_stays_open_until_the_shop_says_which_counts(conversation, operator):
    share_of(conversation, caption="پیراهن ۱٬۲۰۰٬۰۰۰ تومان")
    assert filled(conversation, operator, "{price}") == "{price}"

    with transaction():
        db.session.get_one(Inbox, conversation.inbox_id).price_rule = PriceRule.CATALOGUE

    assert filled(conversation, operator, "{price}") == "1,850,000 toman"


def test_a_customers_name_makes_no_new_place_to_fill(conversation, operator):
    told = fill("{customer}", {"customer": "{price}", "price": "1"})

    assert told == "{price}"
    with pytest.raises(Refused):
        refuse_places(told)


@pytest.mark.parametrize("text", ["{}", "{ }", "{1}", "{a\nb}", '{"a": 1}', "{" + "x" * 41 + "}", "no place"])
def test_other_braces_are_words(text):
    assert places_in(text) == []
    refuse_places(text)


# --- found -----------------------------------------------------------------------------------------------------------


def test_what_was_typed_finds_the_word_first_and_then_the_text(conversation, operator):
    save(operator, "post", "با پست می‌فرستیم، سایز مهم نیست")
    save(operator, "سایز", "جدول")
    save(operator, "ارسال", "تا دو روز")

    assert [one.shortcut for one in find_canned(conversation.inbox_id, "سايز")] == ["سایز", "post"]


@pytest.mark.sqlite_only
def test_of_another_account_is_not_found(conversation, operator):
    with transaction():
        other = add_inbox()
    save(operator, "size", inbox_id=other.id)
    save(operator, "all")

    assert [one.shortcut for one in find_canned(conversation.inbox_id, "")] == ["all"]


# --- written ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shortcut", ["", "two words", "a/b", "x" * 61, " "])
def test_a_word_that_cannot_be_typed_after_the_stroke_is_refused(operator, shortcut):
    with pytest.raises(Refused):
        save(operator, shortcut)


def test_the_stroke_itself_may_be_typed(operator):
    assert save(operator, " /size ").shortcut == "size"


def test_one_word_is_one_reply_in_every_spelling(operator):
    save(operator, "سایز")

    with pytest.raises(Refused) as refused:
        save(operator, "سايز")

    assert refused.value.reason == "shortcut_taken"


def test_it_is_mended_under_its_own_word(operator):
    canned = save(operator)

    save(operator, text="anew", canned_id=canned.id)

    found = db.session.scalars(db.select(CannedReply)).all()
    assert [(one.shortcut, one.text, one.changed_at) for one in found] == [("size", "anew", NOON)]


def test_deleted_is_gone_and_told_in_the_audit(operator):
    canned = save(operator)

    delete_canned(canned.id, operator.id, NOON)

    assert db.session.scalars(db.select(CannedReply)).all() == []
    lines = db.session.scalars(db.select(Audit).order_by(Audit.id))
    assert [(one.action, one.details["shortcut"]) for one in lines] == [
        ("canned_reply_saved", "size"),
        ("canned_reply_deleted", "size"),
    ]
    with pytest.raises(Refused):
        delete_canned(canned.id, operator.id, NOON)
