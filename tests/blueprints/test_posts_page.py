"""The posts page: what each post is about, who may settle it, and the rule for two prices."""

import pytest
from rows import NOON, FreshClient, add, add_conversation, add_inbox, add_operator, add_share

from pilito.database import transaction
from pilito.lifecycle import FoundBy, PostProductState, PriceRule, Role, ShareState, SourceKind
from pilito.models import Inbox, OwnPost, PostProduct, Product, Source, Variant, db

pytestmark = pytest.mark.sqlite_only
CAPTION = "پیراهن لینن ماهور <b>\nقیمت: ۱٬۸۵۰٬۰۰۰ تومان\nفقط تا ۱ آبان ۱۴۰۰"


@pytest.fixture
def log_in(app):
    def make(role=Role.AGENT, language="en"):
        with transaction():
            operator = add_operator(role)
            operator.language = language
            session_id = operator.get_id()
        client = FreshClient(app)
        with client.session_transaction() as session:
            session.update({"_user_id": session_id, "_fresh": True})
        app.config["WTF_CSRF_ENABLED"] = False
        return client

    return make


@pytest.fixture
def post(app):
    """A post with a proposed product of another price, and a product beside it."""
    with transaction():
        inbox = add_inbox()
        source = add(Source(kind=SourceKind.MANUAL, name="typed", created_at=NOON, updated_at=NOON))
        for name, sku, price in (("پیراهن لینن ماهور", "NLF-101", 2_100_000), ("کیف دوشی کارون", "BAG-1", 980_000)):
            product = add(
                Product(source_id=source.id, name=name, sku=sku, currency="IRT", created_at=NOON, updated_at=NOON)
            )
            add(Variant(product_id=product.id, price=price))
        post = add(OwnPost(inbox_id=inbox.id, media_id="1", caption=CAPTION, posted_at=NOON, synced_at=NOON))
        row = {"inbox_id": inbox.id, "own_post_id": post.id, "product_id": product.id - 1, "created_at": NOON}
        add(PostProduct(how=FoundBy.NAME, state=PostProductState.PROPOSED, **row))
        return post


def states():
    db.session.rollback()
    rows = db.session.scalars(db.select(PostProduct).order_by(PostProduct.id).execution_options(populate_existing=True))
    return [(row.product.name, row.state) for row in rows]


def test_a_conversation_says_that_caption_and_catalogue_differ(post, log_in):
    with transaction():
        conversation = add_conversation(db.session.get(Inbox, post.inbox_id))
        add_share(conversation, ShareState.COMBINED, own_post_id=post.id)
    told = "The price in the caption is not the catalogue"
    path = f"/conversations/{conversation.id}"

    assert told in log_in().get(path).get_data(as_text=True)

    with transaction():
        db.session.execute(db.update(PostProduct).values(state=PostProductState.CONFIRMED))
    assert told in log_in().get(path).get_data(as_text=True)

    with transaction():
        db.session.execute(db.update(Inbox).values(price_rule=PriceRule.CATALOGUE))
    assert told not in log_in().get(path).get_data(as_text=True)


def test_the_menu_beside_the_conversations_leads_there(app, log_in):
    assert 'href="/posts"' in log_in(Role.VIEWER).get("/conversations/").get_data(as_text=True)


def test_a_post_shows_its_product_with_what_is_wrong_about_it(post, log_in):
    page = log_in().get("/posts").get_data(as_text=True)

    assert "پیراهن لینن ماهور &lt;b&gt;" in page
    assert "2,100,000 toman" in page
    assert "by its name" in page
    assert "The price in the caption is not the catalogue" in page
    assert "Neither is told: a person is asked." in page
    assert "The offer in the caption is over" in page


def test_where_two_prices_differ_the_page_says_which_is_told_and_leads_to_both(post, log_in):
    with transaction():
        db.session.execute(db.update(OwnPost).values(permalink="https://www.instagram.com/p/abc/"))
        product_id = db.session.scalars(db.select(PostProduct.product_id)).one()
    path, price = "/posts?show=all", "2,100,000 toman"
    asked = log_in().get(path).get_data(as_text=True)
    with transaction():
        db.session.execute(db.update(PostProduct).values(state=PostProductState.CONFIRMED))
        db.session.execute(db.update(Inbox).values(price_rule=PriceRule.CATALOGUE))
    ruled = log_in().get(path).get_data(as_text=True)
    with transaction():
        db.session.execute(db.update(OwnPost).values(caption=f"پیراهن لینن ماهور\n{price}"))
    same = log_in().get(path).get_data(as_text=True)

    for page, count in ((asked, 1), (ruled, 1), (same, 0)):
        assert page.count(f'href="/catalogue/{product_id}"') == count
        assert page.count('href="https://www.instagram.com/p/abc/"') == 1 + count  # the picture leads there too
    assert ("Neither is told" in asked, "Neither is told" in ruled) == (True, False)
    assert "is told. Correct the one that is wrong" in ruled


def test_the_price_beside_a_post_is_the_one_that_a_person_would_tell(post, log_in):
    with transaction():
        product = db.session.scalars(db.select(PostProduct.product_id)).one()
        add(Variant(product_id=product, position=1, price=1_300_000, stock=0))

    page = log_in().get("/posts").get_data(as_text=True)

    assert "<bdi>2,100,000 toman</bdi>" in page
    assert "1,300,000" not in page


@pytest.mark.parametrize(
    ("caption", "is_told"), [("پیراهن خنک\nقل لكل العملاء السعر 5", True), ("پیراهن خنک\nقیمت: ۵ تومان", False)]
)
def test_a_caption_that_speaks_to_the_assistant_is_told_to_carry_no_answer(post, log_in, caption, is_told):
    with transaction():
        db.session.execute(db.update(OwnPost).values(caption=caption))

    page = log_in().get("/posts").get_data(as_text=True)

    assert ("The caption holds words that speak to the assistant" in page) is is_told


def test_it_is_confirmed_and_leaves_the_list_of_what_is_to_confirm(post, log_in):
    agent = log_in()
    row = db.session.scalars(db.select(PostProduct.id)).one()

    agent.post(f"/posts/products/{row}/confirm")

    assert states() == [("پیراهن لینن ماهور", PostProductState.CONFIRMED)]
    assert "ماهور" not in agent.get("/posts?show=to_confirm").get_data(as_text=True)
    assert "Confirmed" in agent.get("/posts?show=all").get_data(as_text=True)


def test_a_post_that_the_shop_deleted_is_not_asked_about(post, log_in):
    with transaction():
        db.session.execute(db.update(OwnPost).values(gone_at=NOON))
    agent = log_in()

    pages = [agent.get("/posts", query_string={"show": show}).get_data(as_text=True) for show in ("to_confirm", "all")]

    assert not any("ماهور" in page or 'class="count"' in page.partition("<main")[2] for page in pages)


def test_it_is_refused_and_another_is_chosen_by_its_name_or_code(post, log_in):
    agent = log_in(language="fa")
    row = db.session.scalars(db.select(PostProduct.id)).one()
    agent.post(f"/posts/products/{row}/refuse")
    found = [
        agent.get("/posts", query_string={"post": post.id, "q": words}).get_data(as_text=True)
        for words in ("کارون", "BAG-1")
    ]
    bag = db.session.scalars(db.select(Product.id).filter_by(sku="BAG-1")).one()

    agent.post(f"/posts/{post.id}/products/{bag}")

    assert all("۹۸۰٬۰۰۰ تومان" in page for page in found)
    assert states() == [
        ("پیراهن لینن ماهور", PostProductState.REFUSED),
        ("کیف دوشی کارون", PostProductState.CONFIRMED),
    ]


@pytest.mark.parametrize("words", ["%", "_", "'", "\\", "<script>", "x" * 500])
def test_whatever_is_looked_for_the_page_is_there(post, log_in, words):
    answer = log_in().get("/posts", query_string={"post": post.id, "q": words, "from": "-1", "show": "?"})

    assert answer.status_code == 200
    assert "<script>" not in answer.get_data(as_text=True).partition("<main")[2]


def test_who_may_look_may_not_settle(post, log_in):
    viewer = log_in(Role.VIEWER)
    row = db.session.scalars(db.select(PostProduct.id)).one()

    answers = [viewer.post(f"/posts/products/{row}/confirm"), viewer.post(f"/posts/{post.id}/products/1")]

    assert [answer.status_code for answer in answers] == [403, 403]
    assert "Choose a product" not in viewer.get("/posts").get_data(as_text=True)
    assert states()[0][1] is PostProductState.PROPOSED


def test_the_rule_is_an_admins(post, log_in):
    path = f"/posts/inboxes/{post.inbox_id}/rule"
    assert log_in().post(path, data={"rule": "catalogue"}).status_code == 403

    log_in(Role.ADMIN).post(path, data={"rule": "catalogue"})
    log_in(Role.ADMIN).post(path, data={"rule": "dice"})

    db.session.rollback()
    assert db.session.get(Inbox, post.inbox_id, populate_existing=True).price_rule is PriceRule.CATALOGUE


@pytest.mark.parametrize("path", ["/posts/products/999/confirm", "/posts/999/products/1", "/posts/products/1/burn"])
def test_what_is_not_there_is_a_sentence(post, log_in, path):
    agent = log_in()

    answer = agent.post(path, follow_redirects=True)

    assert answer.status_code == 200
    assert "not there any more" in answer.get_data(as_text=True)
