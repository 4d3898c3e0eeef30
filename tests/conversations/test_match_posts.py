"""The posts of the account find their products, a person settles them, and an answer rests on them."""

import re

import pytest
from desk import Desk
from rows import NOON, add, add_operator
from shop import item, reel, seconds, text

from pilito.assistant.prompt import read_blocks
from pilito.channels.base import Post
from pilito.conversations.match_posts import match_posts, wake_matching
from pilito.conversations.own_posts import keep_posts, mark_gone
from pilito.conversations.settle_posts import choose_price_rule, choose_product, confirm_product, refuse_product
from pilito.database import transaction
from pilito.errors import Refused
from pilito.knowledge.changes import count_change
from pilito.lifecycle import FoundBy, HandOverReason, PostProductState, PriceRule, Role, SourceKind
from pilito.models import Audit, Inbox, OwnPost, PostProduct, Product, Source, Variant, db

PROPOSED, CONFIRMED, REFUSED = PostProductState
REEL = "18000000000000001"  # the post of shop.reel
CAPTION = "پیراهن لینن «ماهور» 🌸\nقیمت: ۱٬۸۵۰٬۰۰۰ تومان\nسایز ۳۸ تا ۴۴"


@pytest.fixture
def desk(shop):
    return Desk(shop)


@pytest.fixture
def operator(desk):
    with transaction():
        return add_operator(Role.OWNER).id


def sell(desk, name="پیراهن لینن ماهور", price=1_850_000, **values):
    with transaction():
        source = add(Source(kind=SourceKind.MANUAL, name="typed", created_at=NOON, updated_at=NOON))
        times = {"created_at": NOON, "updated_at": NOON}
        product = add(Product(source_id=source.id, name=name, currency="IRT", **times, **values))
        add(Variant(product_id=product.id, price=price))
        count_change(None)
        return product.id


def publish(desk, caption=CAPTION, media_id=REEL):
    posted_at = NOON - seconds(3600)
    post = Post(
        media_id, caption, f"https://www.instagram.com/reel/{media_id}/", media_id, "VIDEO", "REELS", None, posted_at
    )
    desk.call(keep_posts, desk.shop.inbox_id, [post], NOON)


def match(desk):
    return desk.call(match_posts, desk.shop.inbox_id, NOON)


def mapped(desk):
    return [(row.product_id, row.how, row.state) for row in desk.rows(PostProduct)]


def ask(desk, caption=CAPTION, question="چنده؟", reply="قیمت ۱٬۸۵۰٬۰۰۰ تومان است."):
    desk.take(reel(NOON, caption=caption), text(question, NOON + seconds(1)))
    desk.model.reply = {"reply": reply, "hand_over": False, "reason": ""}
    desk.answer(NOON + seconds(2))
    blocks = read_blocks(desk.model.calls[0]["messages"][1]["content"])
    return {block.label: block.text for block in blocks if block.kind == "fact"}


def ask_more(desk, question, reply):
    desk.take(text(question, NOON + seconds(60)))
    desk.model.reply = {"reply": reply, "hand_over": False, "reason": ""}
    desk.answer(NOON + seconds(65))
    blocks = read_blocks(desk.model.calls[-1]["messages"][1]["content"])
    return {block.label: block.text for block in blocks if block.kind == "fact"}


# --- proposing -------------------------------------------------------------------------------------------------------


def test_a_post_is_given_the_product_that_its_caption_names(desk):
    product = sell(desk)
    publish(desk)

    assert match(desk) == 1
    assert match(desk) == 0
    assert mapped(desk) == [(product, FoundBy.NAME, PROPOSED)]


def test_it_is_looked_for_again_when_products_or_the_caption_change(desk):
    publish(desk)
    match(desk)
    product = sell(desk)
    match(desk)
    found = mapped(desk)
    publish(desk, "کیف دوشی")

    match(desk)

    assert found == [(product, FoundBy.NAME, PROPOSED)]
    assert mapped(desk) == []


def test_what_a_person_settled_stays(desk, operator):
    product = sell(desk)
    publish(desk)
    match(desk)
    desk.call(refuse_product, desk.rows(PostProduct)[0].id, operator, NOON)
    sell(desk, name="کیف دوشی کارون")

    match(desk)

    assert mapped(desk) == [(product, FoundBy.NAME, REFUSED)]
    assert [one.details["state"] for one in desk.rows(Audit, action="post_product")] == ["refused"]


@pytest.mark.sqlite_only
def test_the_scheduler_wakes_only_where_something_is_due(desk):
    publish(desk)

    first = desk.call(wake_matching, NOON)
    match(desk)

    assert (first, desk.call(wake_matching, NOON)) == (1, 0)


def test_a_product_that_goes_takes_its_posts_along(desk):
    product = sell(desk)
    publish(desk)
    match(desk)

    with transaction():
        db.session.execute(db.delete(Variant))
        db.session.execute(db.delete(Product).where(Product.id == product))

    assert mapped(desk) == []


@pytest.mark.sqlite_only
def test_a_person_may_choose_another_product_of_this_inbox_only(desk, operator):
    product = sell(desk, name="کیف دوشی کارون")
    publish(desk)
    post = desk.rows(OwnPost)[0].id

    desk.call(choose_product, post, product, operator, NOON)

    assert mapped(desk) == [(product, FoundBy.OWNER, CONFIRMED)]
    with pytest.raises(Refused):
        desk.call(choose_product, post, 999, operator, NOON)


# --- answering -------------------------------------------------------------------------------------------------------


def confirm(desk, operator):
    for row in desk.rows(PostProduct):
        desk.call(confirm_product, row.id, operator, NOON)


def test_a_confirmed_product_is_a_fact_of_the_turn_whatever_the_caption_says(desk, operator):
    product = sell(desk)
    publish(desk, "مدل جدید 🌸")
    desk.call(choose_product, desk.rows(OwnPost)[0].id, product, operator, NOON)

    facts = ask(desk, caption="مدل جدید 🌸")

    assert "۱٬۸۵۰٬۰۰۰ تومان" in facts["catalogue"]
    assert "فروشگاه گفته است" in facts["catalogue"]
    assert [one.text for one in desk.replies] == ["قیمت ۱٬۸۵۰٬۰۰۰ تومان است."]


def test_a_refused_product_is_none(desk, operator):
    sell(desk)
    publish(desk)
    match(desk)
    desk.call(refuse_product, desk.rows(PostProduct)[0].id, operator, NOON)

    facts = ask(desk)

    assert "همان پستی" not in facts.get("catalogue", "")


@pytest.mark.sqlite_only
def test_where_prices_differ_a_person_is_asked(desk, operator):
    sell(desk, price=2_100_000)
    publish(desk)
    match(desk)
    confirm(desk, operator)

    facts = ask(desk)

    assert "تومان" not in "".join(facts.values())
    assert "سایز ۳۸ تا ۴۴" in facts["caption"]
    assert desk.replies == []
    assert desk.conversation.hand_over_reason in (HandOverReason.REPLY_UNUSABLE, HandOverReason.NOT_KNOWN)


def test_they_differ_also_where_the_caption_names_no_currency(desk, operator):
    bare = "پیراهن لینن «ماهور» 🌸\nقیمت: ۱٬۸۵۰٬۰۰۰\nسایز ۳۸ تا ۴۴"
    sell(desk, price=2_100_000)
    publish(desk, bare)
    match(desk)
    confirm(desk, operator)

    facts = ask(desk, bare)

    assert "۰۰۰" not in "".join(facts.values())
    assert desk.replies == []


def test_or_the_catalogue_wins_where_the_owner_says_so(desk, operator):
    sell(desk, price=2_100_000)
    publish(desk)
    match(desk)
    confirm(desk, operator)
    desk.call(choose_price_rule, desk.shop.inbox_id, "catalogue", operator, NOON)

    facts = ask(desk, reply="قیمت ۲٬۱۰۰٬۰۰۰ تومان است.")

    assert "۱٬۸۵۰٬۰۰۰" not in "".join(facts.values())
    assert [one.text for one in desk.replies] == ["قیمت ۲٬۱۰۰٬۰۰۰ تومان است."]
    assert desk.rows(Inbox)[0].price_rule is PriceRule.CATALOGUE


@pytest.mark.sqlite_only
@pytest.mark.parametrize(("where", "is_known"), [({}, True), ({"reply_to": {"story": {"id": "1"}}}, False)])
def test_the_product_of_the_post_before_is_what_a_next_question_means_unless_it_answers_a_story(
    desk, operator, where, is_known
):
    product = sell(desk)
    publish(desk, "مدل جدید 🌸")
    desk.call(choose_product, desk.rows(OwnPost)[0].id, product, operator, NOON)
    ask(desk, caption="مدل جدید 🌸", question="سلام", reply="سلام، بفرمایید.")
    later = NOON + seconds(600)

    desk.take(item(later, {"text": "چنده؟", **where}), now=later)
    desk.answer(later + seconds(5))

    assert ("فروشگاه گفته است" in desk.model.prompts[-1]) is is_known


@pytest.mark.sqlite_only
@pytest.mark.parametrize(("rule", "quoted"), [("ask", ()), ("catalogue", ("۲٬۱۰۰٬۰۰۰",))])
def test_the_next_question_about_the_same_post_goes_by_the_same_rule(desk, operator, rule, quoted):
    sell(desk, price=2_100_000)
    publish(desk)
    match(desk)
    confirm(desk, operator)
    desk.call(choose_price_rule, desk.shop.inbox_id, rule, operator, NOON)
    ask(desk, question="سلام", reply="سلام، بفرمایید.")

    facts = ask_more(desk, "چنده؟", reply="قیمت ۲٬۱۰۰٬۰۰۰ تومان است.")

    assert re.findall(r"[۰-۹]٬[۰-۹]{3}٬[۰-۹]{3}", "".join(facts.values())) == list(quoted)
    assert [one.text for one in desk.replies][1:] == ["قیمت ۲٬۱۰۰٬۰۰۰ تومان است."] * len(quoted)


@pytest.mark.sqlite_only
@pytest.mark.parametrize("change", [{"active": False}, {"valid_until": NOON}])
def test_the_caption_of_a_product_that_is_not_quoted_has_no_price_either(desk, operator, change):
    product = sell(desk)
    publish(desk)
    match(desk)
    confirm(desk, operator)
    with transaction():
        db.session.execute(db.update(Product).where(Product.id == product).values(change))

    facts = ask(desk)

    assert "تومان" not in "".join(facts.values())
    assert "سایز ۳۸ تا ۴۴" in facts["caption"]
    assert desk.replies == []


@pytest.mark.sqlite_only
def test_an_unconfirmed_product_never_overrules_the_caption(desk, operator):
    sell(desk, price=2_100_000)
    publish(desk)
    match(desk)
    desk.call(choose_price_rule, desk.shop.inbox_id, "catalogue", operator, NOON)

    facts = ask(desk, reply="قیمت ۲٬۱۰۰٬۰۰۰ تومان است.")

    assert "تومان" not in "".join(facts.values())
    assert desk.replies == []


@pytest.mark.sqlite_only
@pytest.mark.parametrize("until", ["۳۰ آبان", "پایان هفته"])
def test_the_price_of_an_offer_that_is_over_is_not_quoted(desk, until):
    caption = f"کیف دوشی\nقیمت: ۹۸۰٬۰۰۰ تومان\nفقط تا {until}\nرنگ: مشکی"
    publish(desk, caption)

    facts = ask(desk, caption=caption, reply="قیمت ۹۸۰٬۰۰۰ تومان است.")

    assert facts["caption"] == f"کیف دوشی\nفقط تا {until}\nرنگ: مشکی"
    assert desk.replies == []


def test_the_price_of_an_offer_that_runs_is(desk):
    caption = "کیف دوشی\nقیمت: ۹۸۰٬۰۰۰ تومان\nفقط تا ۱۵ آذر"
    publish(desk, caption)

    ask(desk, caption=caption, reply="قیمت ۹۸۰٬۰۰۰ تومان است.")

    assert len(desk.replies) == 1


@pytest.mark.sqlite_only
def test_a_post_that_is_not_known_yet_finds_its_product_by_its_caption(desk):
    sell(desk)

    facts = ask(desk)

    assert "شاید کالای همان پستی" in facts["catalogue"]
    assert len(desk.replies) == 1


# --- somebody else's post -------------------------------------------------------------------------------------------


def test_the_price_of_somebody_elses_post_is_no_price_of_the_shop(desk):
    publish(desk, "شال نخی «نسیم»\nقیمت: ۴۵۰٬۰۰۰ تومان", media_id="18000000000000009")

    facts = ask(desk)

    assert facts == {"of_others": CAPTION}
    assert desk.replies == []
    assert desk.conversation.hand_over_reason is HandOverReason.REPLY_UNUSABLE


def test_the_catalogue_answers_beside_somebody_elses_post(desk):
    publish(desk, "شال نخی «نسیم»\nقیمت: ۴۵۰٬۰۰۰ تومان", media_id="18000000000000009")
    sell(desk)

    facts = ask(desk)

    assert facts["of_others"] == CAPTION
    assert "۱٬۸۵۰٬۰۰۰" in facts["catalogue"]
    assert [one.text for one in desk.replies] == ["قیمت ۱٬۸۵۰٬۰۰۰ تومان است."]


@pytest.mark.sqlite_only
@pytest.mark.parametrize("rule", ["ask", "catalogue"])
def test_a_strangers_price_is_no_second_price_beside_the_catalogues(desk, operator, rule):
    publish(desk, "شال نخی «نسیم»\nقیمت: ۴۵۰٬۰۰۰ تومان", media_id="18000000000000009")
    sell(desk)
    desk.call(choose_price_rule, desk.shop.inbox_id, rule, operator, NOON)

    facts = ask(desk, caption=CAPTION.replace("۱٬۸۵۰٬۰۰۰", "۱٬۲۰۰٬۰۰۰"))

    assert "۱٬۸۵۰٬۰۰۰" in facts["catalogue"]
    assert [one.text for one in desk.replies] == ["قیمت ۱٬۸۵۰٬۰۰۰ تومان است."]


def test_a_caption_counts_where_none_of_the_shops_posts_is_known_yet(desk):
    facts = ask(desk)

    assert facts == {"caption": CAPTION}
    assert [one.text for one in desk.replies] == ["قیمت ۱٬۸۵۰٬۰۰۰ تومان است."]


@pytest.mark.sqlite_only
def test_a_caption_of_the_shops_own_post_counts(desk):
    publish(desk)

    assert ask(desk) == {"caption": CAPTION}
    assert [one.text for one in desk.replies] == ["قیمت ۱٬۸۵۰٬۰۰۰ تومان است."]


# --- a post that the shop has deleted --------------------------------------------------------------------------------


def delete_post(desk):
    """The hourly reading finds another post, and the one of the tests no more."""
    later = NOON + seconds(30)
    desk.call(mark_gone, desk.shop.inbox_id, later, later)


def test_a_post_that_was_deleted_since_it_was_shared_gives_no_price(desk):
    publish(desk)
    ask(desk, question="سلام", reply="سلام، بفرمایید.")
    delete_post(desk)

    facts = ask_more(desk, "چنده؟", "قیمت ۱٬۸۵۰٬۰۰۰ تومان است.")

    assert facts == {"of_others": CAPTION}
    assert [one.text for one in desk.replies] == ["سلام، بفرمایید."]
    assert desk.conversation.hand_over_reason is HandOverReason.REPLY_UNUSABLE


@pytest.mark.sqlite_only
def test_nor_one_that_is_deleted_before_its_question_is_answered(desk):
    publish(desk)
    desk.take(reel(NOON, caption=CAPTION), text("چنده؟", NOON + seconds(1)))
    delete_post(desk)
    desk.model.reply = {"reply": "قیمت ۱٬۸۵۰٬۰۰۰ تومان است.", "hand_over": False, "reason": ""}

    desk.answer(NOON + seconds(31))

    assert desk.replies == []


@pytest.mark.sqlite_only
def test_a_post_that_is_there_still_or_again_gives_its_price(desk):
    publish(desk)
    ask(desk, question="سلام", reply="سلام، بفرمایید.")
    delete_post(desk)
    publish(desk)

    facts = ask_more(desk, "چنده؟", "قیمت ۱٬۸۵۰٬۰۰۰ تومان است.")

    assert facts == {"earlier_caption": CAPTION}
    assert [one.text for one in desk.replies][1:] == ["قیمت ۱٬۸۵۰٬۰۰۰ تومان است."]


@pytest.mark.sqlite_only
def test_the_product_of_a_deleted_post_is_told_from_the_catalogue(desk, operator):
    sell(desk, price=2_100_000)
    publish(desk)
    match(desk)
    confirm(desk, operator)
    ask(desk, question="سلام", reply="سلام، بفرمایید.")
    delete_post(desk)

    facts = ask_more(desk, "چنده؟", "قیمت ۲٬۱۰۰٬۰۰۰ تومان است.")

    assert "۲٬۱۰۰٬۰۰۰" in facts["catalogue"]
    assert [one.text for one in desk.replies][1:] == ["قیمت ۲٬۱۰۰٬۰۰۰ تومان است."]


# --- two prices, and the rule to ask ---------------------------------------------------------------------------------


def two_prices(desk):
    publish(desk)
    sell(desk, price=2_000_000)
    match(desk)


@pytest.mark.parametrize("question", ["چنده؟", "قیمتش لطفا", "how much is it?", "بكم؟"])
def test_two_prices_under_ask_hand_over_with_a_reason_of_their_own(desk, question):
    two_prices(desk)
    desk.take(reel(NOON, caption=CAPTION), text(question, NOON + seconds(1)))
    desk.model.reply = {"reply": "", "hand_over": True, "reason": "not_known"}

    desk.answer(NOON + seconds(2))

    assert desk.conversation.hand_over_reason is HandOverReason.PRICES_DIFFER


@pytest.mark.sqlite_only
def test_what_else_is_not_known_of_such_a_post_is_not_known(desk):
    two_prices(desk)
    desk.take(reel(NOON, caption=CAPTION), text("ضد آبه؟", NOON + seconds(1)))
    desk.model.reply = {"reply": "", "hand_over": True, "reason": "not_known"}

    desk.answer(NOON + seconds(2))

    assert desk.conversation.hand_over_reason is HandOverReason.NOT_KNOWN
