"""What is written is found at once, what is changed is found as it is now, what is gone is not found."""

import pytest
from desk import Desk
from rows import NOON, add, add_conversation, add_message
from shop import attachment, echo, edited, reel, seconds, text, unsent

from pilito.conversations.erase import erase_customer
from pilito.conversations.reply import reply
from pilito.database import is_sqlite, transaction
from pilito.models import Customer, Message, Note, SearchBacklog, SearchEntry, db
from pilito.models.search_entry import SearchKind
from pilito.queries.search import ANYWHERE, find_places
from pilito.search import fill
from pilito.search.terms import read_question

ONE = seconds(1)


@pytest.fixture
def desk(shop):
    return Desk(shop)


def found(words, kind=SearchKind.MESSAGE):
    """The ids of what these words lead to."""
    try:
        return [target for _, target in find_places(kind, read_question(words), ANYWHERE, None, 50).found]
    finally:
        db.session.rollback()


def test_a_message_of_a_customer_is_found_at_once(desk):
    desk.take(text("این لباس چقدره؟", NOON, mid="q"), text("سلام", NOON + ONE))

    assert found("لباس") == [desk.message("q").id]


def test_what_the_shop_wrote_and_what_came_from_the_phone_are_found(desk):
    desk.take(text("سلام", NOON), echo("فردا می‌فرستم", NOON + ONE, "phone"))
    message = reply(desk.conversation.id, None, "پس‌فردا می‌رسد", "once", NOON + seconds(2))

    assert found("میفرستم") == [desk.message("phone").id]
    assert found("میرسد") == [message.id]


def test_an_edited_message_is_found_by_what_it_says_now(desk):
    desk.take(text("این کفش چنده؟", NOON, mid="q"))

    desk.take(edited("q", "این پیراهن چنده؟", NOON + ONE))

    assert found("پیراهن") == [desk.message("q").id]
    assert found("کفش") == []


def test_an_unsent_message_is_found_no_more(desk):
    desk.take(text("این کفش چنده؟", NOON, mid="q"), text("این کیف چنده؟", NOON, mid="other"))

    desk.take(unsent("q", NOON + ONE))

    assert found("کفش") == []
    assert found("چنده") == [desk.message("other").id]


def test_an_unsent_message_that_comes_late_is_never_found(desk):
    desk.take(unsent("q", NOON + ONE))
    desk.take(text("این کفش چنده؟", NOON, mid="q"))

    assert found("کفش") == []


def test_a_shared_post_is_found_by_its_caption_but_not_as_a_message(desk):
    desk.take(reel(NOON, caption="مانتو کتان پاییزه", mid="post"), text("چنده؟", NOON + ONE, mid="q"))

    assert found("کتان", SearchKind.SHARE) == [desk.message("post").id]
    assert found("کتان") == []


def test_an_unsent_post_is_found_no_more(desk):
    desk.take(reel(NOON, caption="مانتو کتان پاییزه", mid="post"), reel(NOON + ONE, caption="شال کتان", mid="other"))

    desk.take(unsent("post", NOON + seconds(2)))

    assert found("کتان", SearchKind.SHARE) == [desk.message("other").id]


def test_a_note_is_found_until_it_is_taken_back(desk):
    desk.take(text("سلام", NOON))
    with transaction():
        note = add(Note(conversation_id=desk.conversation.id, text="مشتری قدیمی است", seq=1, created_at=NOON))
    at_first = found("قدیمی", SearchKind.NOTE)
    with transaction():
        note.text, note.deleted_at = "", NOON

    assert at_first == [note.id]
    assert found("قدیمی", SearchKind.NOTE) == []
    assert found("قدیمی") == []


def test_a_customer_is_found_by_a_new_name_and_no_more_by_the_old(desk):
    desk.take(text("سلام", NOON))
    customer = db.session.scalars(db.select(Customer)).one()
    for name in ("سارا كريمي", "نگار کریمی"):
        with transaction():
            db.session.get_one(Customer, customer.id).name = name

    assert found("کریمی", SearchKind.CUSTOMER) == [customer.id]
    assert found("سارا", SearchKind.CUSTOMER) == []


def test_a_customer_is_found_by_the_middle_of_a_name_but_not_by_two_letters_of_it(desk):
    desk.take(text("سلام", NOON))
    with transaction():
        db.session.scalars(db.select(Customer)).one().username = "negarshop_tehran"

    assert len(found("arsho", SearchKind.CUSTOMER)) == 1
    assert found("op ", SearchKind.CUSTOMER) == []


def test_after_an_erasure_nothing_is_found_and_nothing_is_kept(desk):
    desk.take(reel(NOON, caption="کتان"), text("این کفش چنده؟", NOON + ONE), attachment("image", NOON + seconds(2)))
    desk.take(text("کفش من", NOON, customer="600000000000002"))
    customer = desk.conversation.customer_id

    erase_customer(customer, NOON + seconds(9))

    assert len(found("کفش")) == 1
    assert found("کتان", SearchKind.SHARE) == []
    assert {row.customer_id for row in db.session.scalars(db.select(SearchEntry))} == {customer + 1}


def test_what_a_rolled_back_transaction_wrote_is_not_found(app):
    def fail():
        with transaction():
            add_message(add_conversation(), text="این کفش چنده؟")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()

    assert found("کفش") == []


# --- rows from before ------------------------------------------------------------------------------------------------


def forget_everything():
    with transaction():
        db.session.execute(db.delete(SearchEntry))


def everything():
    return found("کفش"), found("کتان", SearchKind.SHARE), found("600000000000001", SearchKind.CUSTOMER)


def test_rows_from_before_the_search_are_taken_in_the_newest_first(desk, monkeypatch):
    monkeypatch.setattr(fill, "BATCH", 3)
    said = [text(f"کفش {number}", NOON + seconds(number), mid=f"m{number}") for number in range(1, 8)]
    desk.take(reel(NOON, caption="مانتو کتان"), *said, unsent("m3", NOON + seconds(9)))
    before = everything()
    forget_everything()
    fill.begin_anew()

    known = []
    while fill._take_batch() is not None:
        known.append(found("کفش"))

    assert [len(before[0]), len(before[1]), len(before[2])] == [6, 1, 1]
    assert everything() == before
    assert before[0][:3] in known
    assert db.session.scalar(db.select(SearchBacklog)) is None


def test_to_take_everything_in_again_changes_nothing(desk):
    desk.take(text("این کفش چنده؟", NOON, mid="q"))
    fill.begin_anew()

    assert fill.take_in(5) == 3 - 1  # one message, one customer
    assert fill.take_in(5) == 0
    assert found("کفش") == [desk.message("q").id]


def test_the_index_of_sqlite_is_sound(desk):
    desk.take(text("این کفش چنده؟", NOON, mid="q"), text("کیف", NOON + ONE, mid="r"))
    desk.take(edited("q", "پیراهن", NOON + ONE), unsent("r", NOON + ONE))
    if not is_sqlite():
        pytest.skip("PostgreSQL's GIN has no check of its own.")

    with transaction():  # raises where the index differs from the words
        db.session.execute(db.text("INSERT INTO search_index (search_index, rank) VALUES ('integrity-check', 1)"))

    assert db.session.scalar(db.select(db.func.count()).select_from(Message)) == 2
