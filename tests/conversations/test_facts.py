"""A turn gets the facts it asks for: those of its inbox, that hold now, and no others."""

import logging
import threading

import pytest
import rows
from desk import Desk
from rows import NOON
from shop import reel, seconds, text
from sqlalchemy import event

from pilito.assistant.grounding import Ground, claims_of
from pilito.assistant.prompt import build_prompt, prepared, read_blocks
from pilito.assistant.types import Fact, Line, TurnInput
from pilito.conversations import shelves
from pilito.conversations.connect import connect
from pilito.conversations.fact_text import product_fact
from pilito.conversations.facts import MOST_CHARACTERS, Place, _within_budget, facts_of
from pilito.conversations.pairing import CONTEXT_BEGIN, CONTEXT_END
from pilito.database import transaction
from pilito.knowledge.changes import count_change
from pilito.knowledge.texts import TEXT_LENGTH
from pilito.lifecycle import AssistantMode, PassageKind, Sender
from pilito.models import Product, db
from pilito.queries.facts import facts_version


@pytest.fixture
def desk(shop):
    return Desk(shop)


@pytest.fixture
def inbox_id(shop):
    return shop.inbox_id


def add_source(inbox_id):
    with transaction():
        return rows.add_source(inbox_id)


def add_product(source, *variants, **values):
    with transaction():
        return rows.add_product(source, *variants, **values)


def add_passage(source, **values):
    with transaction():
        return rows.add_passage(source, **values)


def change(inbox_id):
    with transaction():
        count_change(inbox_id)


def found(inbox_id, question, now=NOON, **around):
    place = Place(inbox_id, facts_version(inbox_id))
    return [fact.text.partition("\n")[0] for fact in facts_of(place, TurnInput("", (question,), **around), now)]


def test_a_question_gets_the_product_it_names_and_not_its_neighbour(inbox_id):
    source = add_source(inbox_id)
    add_product(source, name="مانتو کتان ترمه")
    add_product(source, name="کفش چرم رها")

    assert found(inbox_id, "مانتوی كتونتون چنده؟") == ["مانتو کتان ترمه"]


@pytest.mark.parametrize("count", [1, 2])
def test_no_price_is_no_fact(inbox_id, count):
    add_product(
        add_source(inbox_id), *[tuple({"price": None, "size": str(size)} for size in range(count))], name="مانتو"
    )

    (fact,) = facts_of(Place(inbox_id, 0), TurnInput("", ("مانتو چنده؟",)), NOON)

    assert "قیمت" not in fact.text
    assert "تومان" not in fact.text


def test_a_faq_and_a_page_say_what_they_are(inbox_id):
    source = add_source(inbox_id)
    add_passage(source, title="ارسال به شیراز", text="سه روز کاری.")
    add_passage(source, title="ارسال به تبریز", text="چهار روز.", kind=PassageKind.PAGE, address="https://shop.ir/post")

    facts = facts_of(Place(inbox_id, 0), TurnInput("", ("ارسال به تبریز و شیراز",)), NOON)

    assert {(fact.source, fact.text) for fact in facts} == {
        ("faq", "ارسال به شیراز\nسه روز کاری."),
        ("page", "ارسال به تبریز\nچهار روز.\nhttps://shop.ir/post"),
    }
    assert all(fact.reference.startswith("passage:") for fact in facts)


def test_what_was_typed_in_the_panel_says_so_and_what_was_read_from_elsewhere_does_not(inbox_id):
    source = add_source(inbox_id)
    add_product(source, name="مانتو ترمه یک")
    add_product(source, name="مانتو ترمه دو", external_id="17")
    for kind in PassageKind:
        add_passage(source, title="مانتو ترمه", text=kind.value, kind=kind)

    facts = facts_of(Place(inbox_id, 0), TurnInput("", ("مانتو ترمه",)), NOON)

    typed = {fact.text.partition("\n")[2] or fact.text for fact in facts if fact.is_typed}
    read = {fact.text.partition("\n")[2] or fact.text for fact in facts if not fact.is_typed}
    assert {"faq", "text"} <= typed
    assert "page" in read
    assert [fact.is_typed for fact in facts if fact.text.startswith("مانتو ترمه یک")] == [True]
    assert [fact.is_typed for fact in facts if fact.text.startswith("مانتو ترمه دو")] == [False]


def test_the_facts_of_another_inbox_are_not_found_and_those_for_all_are(inbox_id, make_inbox):
    other = make_inbox()
    add_product(add_source(inbox_id), name="مانتو ترمه")
    add_product(add_source(other), name="مانتو یلدا")
    add_product(add_source(None), name="مانتو مشترک")

    assert set(found(inbox_id, "مانتو")) == {"مانتو ترمه", "مانتو مشترک"}
    assert set(found(other, "مانتو")) == {"مانتو یلدا", "مانتو مشترک"}


@pytest.fixture
def make_inbox(shop):
    return lambda: connect("instagram", "Other", "17841400000000099", "t", {}, AssistantMode.AUTO, NOON)


@pytest.mark.sqlite_only
def test_an_offer_counts_from_its_first_moment_to_its_last(inbox_id):
    add_product(add_source(inbox_id), name="مانتو", valid_from=NOON, valid_until=NOON + seconds(60))

    shown = [bool(found(inbox_id, "مانتو", NOON + seconds(second))) for second in (-1, 0, 59, 60)]

    assert shown == [False, True, True, False]


@pytest.mark.sqlite_only
@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("حراج تا ۳۰ آبان\nقیمت ۹۸۰٬۰۰۰ تومان\nرنگ مشکی", "حراج تا ۳۰ آبان\nرنگ مشکی"),
        ("Sale until 21 November: $20\nBlack", "Black"),
        ("حراج تا ۱ آذر\nقیمت ۹۸۰٬۰۰۰ تومان", None),
        ("هزینه ۶۵٬۰۰۰ تومان، شنبه تا جمعه ساعت ۹ تا ۲۱", None),
    ],
)
def test_a_text_whose_offer_is_over_tells_no_price(inbox_id, text, kept):
    source = add_source(inbox_id)
    add_passage(source, title="حراج پاییز", text=text, kind=PassageKind.PAGE)
    add_product(source, ({"price": 1_200_000},), name="کیف پاییز", description=text)
    place = Place(inbox_id, facts_version(inbox_id))

    page, bag = sorted(
        facts_of(place, TurnInput("", ("حراج پاییز کیف",)), NOON), key=lambda fact: fact.source == "catalogue"
    )

    assert page.text == f"حراج پاییز\n{kept or text}"
    assert bag.text == f"کیف پاییز\nقیمت: ۱٬۲۰۰٬۰۰۰ تومان\n{kept or text}"


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    ("title", "heading", "text", "told"),
    [
        # the end stands in the heading, or in the title
        (
            "فروشگاه مهسا",
            "حراج پاییزه تا ۳۰ مهر ۱۴۰۴",
            "کیف: ۵۰۰٬۰۰۰ تومان\nمشکی",
            "فروشگاه مهسا\nحراج پاییزه تا ۳۰ مهر ۱۴۰۴\nمشکی",
        ),
        ("Autumn sale until 30 October 2025", "", "Bag $50\nBlack", "Autumn sale until 30 October 2025\nBlack"),
        (
            "تا کی حراج دارید؟ تا ۳۰ مهر ۱۴۰۴",
            "",
            "همه کیف‌ها ۳۰٪ تخفیف\nکیف مشکی",
            "تا کی حراج دارید؟ تا ۳۰ مهر ۱۴۰۴\nکیف مشکی",
        ),
        ("عروض حتى 20 أكتوبر 2025", "", "حقيبة ٢٠ دينار\nحقيبة سوداء", "عروض حتى 20 أكتوبر 2025\nحقيبة سوداء"),
        # and a price beside it goes too
        ("Bag sale until 30 October 2025: $50", "Bags", "Black", "Bags\nBlack"),
        # what still runs, has another end, or ends nothing, stays
        ("حراج کیف تا ۳۰ آذر ۱۴۰۵", "", "کیف: ۵۰۰٬۰۰۰ تومان", None),
        ("حراج کیف تا ۳۰ مهر ۱۴۰۴", "", "تمدید شد تا ۳۰ آذر ۱۴۰۵\nکیف: ۵۰۰٬۰۰۰ تومان", None),
        ("Bag collection of October 2025", "", "Bag $50", None),
        ("Bags delivered until Friday", "", "Bag $50", None),
        ("کیف، شنبه تا پنجشنبه", "", "کیف: ۵۰۰٬۰۰۰ تومان", None),
    ],
)
@pytest.mark.parametrize("kind", [PassageKind.PAGE, PassageKind.FAQ])
def test_an_offer_may_end_in_a_title_or_a_heading(inbox_id, title, heading, text, told, kind):
    add_passage(add_source(inbox_id), title=title, heading=heading, text=text, kind=kind)

    (fact,) = facts_of(Place(inbox_id, 0), TurnInput("", ("کیف حراج bag sale حقيبة",)), NOON)

    assert fact.text == (told or "\n".join(filter(None, (title, heading, text))))


@pytest.mark.sqlite_only
def test_of_an_offer_that_is_over_and_is_all_there_was_nothing_is_told(inbox_id):
    add_passage(add_source(inbox_id), title="Bag $50 until 30 October 2025", text="All bags 30% off")

    assert found(inbox_id, "bag") == []


def test_many_offers_out_of_date_hide_none_that_counts(inbox_id):
    source = add_source(inbox_id)
    for number in range(20):
        add_product(source, name=f"حراج مانتو {number}", valid_until=NOON)
    add_product(source, name="مانتو ساده بلند")

    assert found(inbox_id, "مانتو حراج") == []
    assert found(inbox_id, "مانتو") == ["مانتو ساده بلند"]


@pytest.mark.sqlite_only
def test_what_is_put_aside_is_not_quoted_though_an_index_still_has_it(inbox_id):
    product = add_product(add_source(inbox_id), name="مانتو")
    assert found(inbox_id, "مانتو")

    with transaction():
        db.session.get(Product, product.id).active = False  # uncounted: the index is not made anew

    assert found(inbox_id, "مانتو") == []


def test_a_change_is_found_at_once(inbox_id, monkeypatch):
    monkeypatch.setattr(shelves, "REST", 0)
    source = add_source(inbox_id)
    add_product(source, name="مانتو ترمه")
    assert found(inbox_id, "کفش") == []

    add_product(source, name="کفش چرم")
    change(inbox_id)

    assert found(inbox_id, "کفش") == ["کفش چرم"]


@pytest.mark.sqlite_only
def test_an_index_that_is_being_made_anew_does_not_hold_a_turn_up(inbox_id, monkeypatch):
    add_product(add_source(inbox_id), name="مانتو ترمه")
    assert found(inbox_id, "مانتو")
    gate, make = threading.Event(), shelves._made
    monkeypatch.setattr(shelves, "REST", 0)
    monkeypatch.setattr(shelves, "RENEWAL_WAIT_SECONDS", 0.01)
    monkeypatch.setattr(shelves, "_made", lambda entries: (gate.wait(10), make(entries))[1])
    change(inbox_id)

    in_between = found(inbox_id, "مانتو")

    builder = shelves._builders[inbox_id]
    gate.set()
    builder.join(10)
    assert in_between == ["مانتو ترمه"]
    assert shelves._shelves[inbox_id].version == facts_version(inbox_id)


@pytest.mark.sqlite_only
def test_where_there_are_no_facts_nothing_is_asked_and_nothing_is_loaded(inbox_id):
    place = Place(inbox_id, facts_version(inbox_id))
    assert facts_of(place, TurnInput("", ("مانتو",)), NOON) == ()
    db.session.rollback()
    asked = []
    event.listen(db.engine, "before_cursor_execute", lambda *args: asked.append(args[2]))

    assert facts_of(place, TurnInput("", ("مانتو",)), NOON) == ()

    assert asked == []


@pytest.mark.sqlite_only
def test_an_index_that_cannot_be_made_leaves_the_turn_without(inbox_id, monkeypatch, caplog):
    add_product(add_source(inbox_id), name="مانتو")

    def break_down(entries):
        raise OSError("no memory")

    monkeypatch.setattr(shelves, "_made", break_down)
    with caplog.at_level(logging.ERROR):
        assert found(inbox_id, "مانتو") == []

    monkeypatch.undo()
    assert "could not be indexed" in caplog.text
    assert found(inbox_id, "مانتو") == ["مانتو"]


# --- what a question is about ----------------------------------------------------------------------------------------


@pytest.fixture
def two(inbox_id):
    source = add_source(inbox_id)
    add_product(source, ({"colour": "مشکی"},), name="مانتو کتان ترمه")
    add_product(source, ({"colour": "مشکی"},), name="کفش چرم رها")


@pytest.mark.usefixtures("two")
@pytest.mark.sqlite_only
class TestAround:
    def test_how_much_alone_is_about_what_was_spoken_of(self, inbox_id):
        history = (Line(Sender.CUSTOMER, "مانتو ترمه دارین؟"), Line(Sender.ASSISTANT, "بله، موجود است."))

        assert found(inbox_id, "چنده؟", history=history) == ["مانتو کتان ترمه"]
        assert found(inbox_id, "چنده؟") == []

    def test_the_newest_that_was_spoken_of_comes_first(self, inbox_id):
        history = (Line(Sender.CUSTOMER, "مانتو ترمه دارین؟"), Line(Sender.CUSTOMER, "کفش رها چی؟"))

        assert found(inbox_id, "مشکی داره؟", history=history)[0] == "کفش چرم رها"

    def test_a_caption_tells_what_the_question_is_about(self, inbox_id):
        caption = Fact("caption", "کفش رها، تمام چرم ❤️ https://shop.ir/manto")

        assert found(inbox_id, "چنده؟", facts=(caption,)) == ["کفش چرم رها"]

    def test_under_a_post_its_neighbours_are_left_out(self, inbox_id):
        source = add_source(inbox_id)
        for name in ("کفش چرم یلدا", "کفش جیر باران", "کفش نیلوفر"):
            add_product(source, name=name)
        shelves.clear()
        caption = Fact("caption", "کفش چرم رها رسید ❤️")

        assert found(inbox_id, "این کفش چنده؟", facts=(caption,)) == ["کفش چرم رها"]
        assert len(found(inbox_id, "کفش چنده؟")) == 4

    def test_the_post_inside_a_question_does_too_and_its_labels_do_not(self, inbox_id):
        question = "[CONTEXT: پست/ریلز\nکپشن: کفش رها\n[/CONTEXT]\nچنده؟"

        assert found(inbox_id, question) == ["کفش چرم رها"]

    def test_what_the_question_names_wins_over_what_was_said_before(self, inbox_id):
        history = (Line(Sender.CUSTOMER, "مانتو ترمه دارین؟"),)

        assert found(inbox_id, "کفش رها چنده", history=history)[0] == "کفش چرم رها"


@pytest.mark.sqlite_only
def test_our_own_marks_ask_for_nothing(inbox_id):
    add_passage(add_source(inbox_id), title="ارسال با پست", text="عنوان و لینک")
    content = f"{CONTEXT_BEGIN}\nلینک: https://instagram.com/p/post\n{CONTEXT_END}\nچنده؟"

    assert found(inbox_id, content) == []
    assert found(inbox_id, "چنده؟", history=(Line(Sender.CUSTOMER, "[پست/ریلز اینستاگرام]"),)) == []
    assert found(inbox_id, "با پست میاد؟") == ["ارسال با پست"]


@pytest.mark.sqlite_only
def test_what_the_turn_has_already_is_not_brought_again(inbox_id):
    product = add_product(add_source(inbox_id), name="مانتو")
    known = Fact("catalogue", "مانتو", f"product:{product.id}")

    assert found(inbox_id, "مانتو", facts=(known,)) == []


@pytest.mark.sqlite_only
def test_facts_keep_within_their_budget(inbox_id):
    source = add_source(inbox_id)
    for number in range(30):
        add_product(source, name=f"مانتو {number}", description="کلمه " * 1000)

    facts = facts_of(Place(inbox_id, 0), TurnInput("", ("مانتو",)), NOON)

    assert len(facts) == 8
    assert sum(len(fact.text) for fact in facts) <= MOST_CHARACTERS


RULES = "\n".join(f"Return rule {number}: bags come back in their box, with the receipt." for number in range(60))
EXCEPTION = "Sale bags are not taken back."


@pytest.mark.sqlite_only
@pytest.mark.parametrize("kind", [PassageKind.FAQ, PassageKind.TEXT])
def test_what_a_person_typed_is_told_to_its_end(inbox_id, kind):
    text = f"{RULES}\n{EXCEPTION}"
    add_passage(add_source(inbox_id), title="Returns", text=text, kind=kind)

    (fact,) = facts_of(Place(inbox_id, 0), TurnInput("", ("Can I return a bag?",)), NOON)

    assert 3500 < len(text) <= TEXT_LENGTH
    assert fact.text == f"Returns\n{text}"
    turn = TurnInput("Shop", ("Can I return a bag?",), facts=(fact,))
    assert EXCEPTION in build_prompt(prepared(turn)).messages[1]["content"]


@pytest.mark.sqlite_only
def test_what_was_read_from_elsewhere_is_cut_as_before(inbox_id):
    add_passage(add_source(inbox_id), title="Returns", text=f"{RULES}\n{EXCEPTION}", kind=PassageKind.PAGE)

    (fact,) = facts_of(Place(inbox_id, 0), TurnInput("", ("Can I return a bag?",)), NOON)

    assert len(fact.text) < 1600


def test_a_fact_that_does_not_fit_is_left_out_whole_and_a_shorter_one_behind_it_comes():
    long, longer, short = (Fact("faq", "x" * length) for length in (4000, MOST_CHARACTERS - 3999, 4000))

    assert list(_within_budget([long, longer, short], 8)) == [long, short]
    assert list(_within_budget([long, longer, short], 2)) == [long]


# --- as texts --------------------------------------------------------------------------------------------------------


@pytest.mark.sqlite_only
def test_a_product_is_told_variant_by_variant(inbox_id):
    product = add_product(
        add_source(inbox_id),
        (
            {"size": "38", "colour": "کرم", "price": 1_900_000, "stock": 3},
            {"size": "40", "colour": "مشکی", "price": 1_950_000, "old_price": 2_100_000, "stock": 0},
            {"size": "42", "price": None, "available": True},
        ),
        name="پیراهن لینن ماهور",
        sku="MN-1042",
        link="https://shop.ir/p/1",
        description="نخی و خنک",
    )

    assert product_fact(product, NOON.date()).text.splitlines() == [
        "پیراهن لینن ماهور",
        "قیمت سایز ۳۸، کرم: ۱٬۹۰۰٬۰۰۰ تومان، موجود (۳ عدد)",
        "قیمت سایز ۴۰، مشکی: ۱٬۹۵۰٬۰۰۰ تومان، قیمت قبلی ۲٬۱۰۰٬۰۰۰ تومان، تمام شد",
        "سایز ۴۲: موجود",
        "کد: MN-1042",
        "لینک: https://shop.ir/p/1",
        "نخی و خنک",
    ]


@pytest.mark.sqlite_only
def test_a_price_that_all_variants_have_is_told_once(inbox_id):
    variants = ({"size": "38", "stock": 1}, {"size": "XL", "stock": 0}, {"size": "فری سایز"})
    product = add_product(add_source(inbox_id), variants, name="پیراهن")

    lines = product_fact(product, NOON.date()).text.splitlines()
    assert lines == ["پیراهن", "قیمت: ۱٬۸۵۰٬۰۰۰ تومان", "سایز ۳۸: موجود (۱ عدد)", "سایز XL: تمام شد", "فری سایز"]


@pytest.mark.sqlite_only
def test_a_product_with_an_english_name_is_told_in_english(inbox_id):
    product = add_product(add_source(inbox_id), ({"price": 1999},), name="Karoon bag", currency="USD")

    assert product_fact(product, NOON.date()).text == "Karoon bag\nPrice: 19.99 USD"


@pytest.mark.sqlite_only
def test_what_a_product_says_holds_a_reply_and_nothing_else_does(inbox_id):
    variants = ({"size": "38", "price": 1_900_000, "stock": 3},)
    product = add_product(add_source(inbox_id), variants, name="پیراهن ماهور", sku="MN-1042", link="https://shop.ir/p")
    ground = Ground((claims_of(product_fact(product, NOON.date()).text),), claims_of("سایز ۳۸ چنده؟"))

    assert ground.lacks("سایز ۳۸ یک میلیون و نهصد هزار تومان است، کد MN-1042، shop.ir/p") == []
    assert ground.lacks("سایز ۴۰ هم دو میلیون تومان است")


# --- in an answer ----------------------------------------------------------------------------------------------------


@pytest.mark.sqlite_only
def test_an_answer_rests_on_the_catalogue(desk):
    product = add_product(add_source(desk.shop.inbox_id), name="مانتو ترمه")
    desk.model.reply = {"reply": "۱٬۸۵۰٬۰۰۰ تومان است.", "hand_over": False, "reason": ""}
    desk.take(text("مانتو ترمه چنده؟", NOON))

    desk.answer()

    assert [reply.text for reply in desk.replies] == ["۱٬۸۵۰٬۰۰۰ تومان است."]
    blocks = [block for block in read_blocks(desk.model.prompts[0]) if block.label == "catalogue"]
    assert len(blocks) == 1
    assert "۱٬۸۵۰٬۰۰۰ تومان" in blocks[0].text
    facts = desk.replies[0].proof.facts
    assert [(fact["source"], fact["reference"]) for fact in facts] == [("catalogue", f"product:{product.id}")]


@pytest.mark.sqlite_only
def test_a_shared_post_brings_its_product(desk):
    add_product(add_source(desk.shop.inbox_id), name="پیراهن نخی گل‌دار")
    desk.take(reel(NOON), text("این چنده؟", NOON + seconds(5)), now=NOON + seconds(5))

    desk.answer(NOON + seconds(5))

    labels = [block.label for block in read_blocks(desk.model.prompts[0]) if block.kind == "fact"]
    assert sorted(labels) == ["caption", "catalogue"]
