"""The playground: the assistant is asked as a customer would ask it; nothing is sent, nothing is kept."""

import json

import pytest
from desk import Desk
from rows import NOON, add, add_product, add_source
from shop import CAPTION, seconds, text

from pilito import keys
from pilito.channels.base import Post
from pilito.conversations.erase import erase_customer
from pilito.conversations.own_posts import keep_posts
from pilito.conversations.trials import TRIES, Share, begin_again, begin_trial, read_trial, run_trial
from pilito.database import transaction
from pilito.errors import Refused
from pilito.extensions import redis
from pilito.jobs.replies import get_model
from pilito.lifecycle import FoundBy, PostProductState
from pilito.models import (
    Conversation,
    Customer,
    Delivery,
    Draft,
    MediaFile,
    Message,
    OwnPost,
    PostProduct,
    Proof,
    Turn,
)
from pilito.models import Share as ShareRow

ANSWER = "در همین پست نوشته‌ایم."
KEPT = (Conversation, Customer, Message, Delivery, Draft, ShareRow, Turn, Proof, MediaFile)


@pytest.fixture
def desk(shop):
    return Desk(shop)


def try_it(desk, question, share=None, after=None, now=NOON):
    name = desk.call(begin_trial, desk.shop.inbox_id, 1, question, share, after)
    desk.call(lambda: run_trial(name, get_model(), now))
    return name, desk.call(read_trial, desk.shop.inbox_id, name)["result"]


def test_a_trial_shows_prompt_facts_checks_and_answer_and_leaves_nothing(desk):
    _, result = try_it(desk, "این چنده؟", Share(caption=CAPTION, link="https://www.instagram.com/p/DAbcdefghij/"))

    assert (result["outcome"], result["text"]) == ("reply", ANSWER)
    prompt = "\n".join(message["content"] for message in result["prompts"][0])
    assert "[CONTEXT: پست/ریلز" in prompt
    assert "این چنده؟" in prompt
    assert CAPTION in [fact["text"] for fact in result["working"]["facts"]]
    assert json.loads(result["raw"][0])["reply"] == ANSWER
    assert result["working"]["model"] == "fake"
    assert "says_only_what_facts_say" in result["checks"]
    assert {table.__tablename__: len(desk.rows(table)) for table in KEPT} == {one.__tablename__: 0 for one in KEPT}
    assert desk.graph.calls == []


@pytest.mark.sqlite_only
def test_a_trial_costs_nothing_any_more_when_the_budget_of_the_day_is_used_up(make_shop):
    desk = Desk(make_shop(model_tokens_per_day=15, model_tokens_per_customer_per_day=10))
    _, first = try_it(desk, "این چنده؟")

    _, second = try_it(desk, "این چنده؟", now=NOON + seconds(60))

    assert (first["outcome"], second["outcome"], second["reason"]) == ("reply", "hand_over", "budget_used")
    assert second["prompts"] == []
    assert len(desk.model.calls) == 1


@pytest.mark.sqlite_only
def test_what_the_checks_refuse_is_shown_with_both_tries(desk):
    desk.model.reply = "قیمتش ۹۹۰٬۰۰۰ تومان است."

    _, result = try_it(desk, "این چنده؟")

    assert (result["outcome"], result["reason"]) == ("hand_over", "reply_unusable")
    assert "990000" in result["finding"]
    assert result["text"] == desk.model.reply
    assert len(result["prompts"]) == len(result["raw"]) == 2


@pytest.mark.sqlite_only
def test_a_trial_goes_on_from_the_one_before(desk):
    first, _ = try_it(desk, "این چنده؟", Share(caption=CAPTION))

    _, result = try_it(desk, "سایز ۴۰ هم دارید؟", after=first)

    prompt = desk.model.prompts[-1]
    assert all(words in prompt for words in ("این چنده؟", ANSWER, "سایز ۴۰ هم دارید؟"))
    assert result["questions"] == ["سایز ۴۰ هم دارید؟"]
    assert "earlier_caption" in [fact["source"] for fact in result["working"]["facts"]]


@pytest.mark.sqlite_only
def test_an_own_post_is_shared_by_its_id_and_anothers_is_not_seen(desk):
    desk.call(keep_posts, desk.shop.inbox_id, [Post("18000000000000077", caption=CAPTION)], NOON)
    own = desk.rows(OwnPost)[0]

    _, result = try_it(desk, "این چنده؟", Share(own_post_id=own.id))
    _, other = try_it(desk, "این چنده؟", Share(own_post_id=own.id + 1))

    assert CAPTION in [fact["text"] for fact in result["working"]["facts"]]
    assert other["working"]["facts"] == []


def own_post_with_product(desk, caption, price):
    desk.call(keep_posts, desk.shop.inbox_id, [Post("18000000000000077", caption=caption)], NOON)
    (own,) = desk.rows(OwnPost)
    with transaction():
        product = add_product(add_source(), ({"price": price},), name="پیراهن لینن ماهور")
        settled = {"how": FoundBy.OWNER, "state": PostProductState.CONFIRMED, "created_at": NOON}
        add(PostProduct(inbox_id=own.inbox_id, own_post_id=own.id, product_id=product.id, **settled))
    return Share(own_post_id=own.id)


def test_the_product_of_an_own_post_counts_as_it_does_for_customers(desk):
    post = own_post_with_product(desk, "مدل جدید 🌸", 1_850_000)
    desk.model.reply = {"reply": "قیمت ۱٬۸۵۰٬۰۰۰ تومان است.", "hand_over": False}

    _, result = try_it(desk, "این چنده؟", post)

    assert [fact["source"] for fact in result["working"]["facts"]] == ["catalogue", "caption"]
    assert (result["outcome"], result["text"]) == ("reply", "قیمت ۱٬۸۵۰٬۰۰۰ تومان است.")


@pytest.mark.sqlite_only
def test_so_does_the_rule_for_two_prices(desk):
    post = own_post_with_product(desk, CAPTION, 1_850_000)
    desk.model.reply = {"reply": "", "hand_over": True, "reason": "not_known"}

    _, result = try_it(desk, "این چنده؟", post)

    assert (result["outcome"], result["reason"]) == ("hand_over", "prices_differ")
    assert "تومان" not in "".join(fact["text"] for fact in result["working"]["facts"])


@pytest.mark.sqlite_only
def test_a_model_that_fails_is_a_result_too(desk):
    desk.model.script += [(401, {"error": {"message": "no"}})] * 3

    _, result = try_it(desk, "سلام")

    assert (result["outcome"], result["reason"]) == ("hand_over", "model_failed")


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    ("question", "reason"), [("  ", "question_empty"), ("x" * 2001, "too_long")], ids=["empty", "too long"]
)
def test_a_question_that_cannot_be_asked_is_refused(desk, question, reason):
    with pytest.raises(Refused) as refused:
        desk.call(begin_trial, desk.shop.inbox_id, 1, question, None, None)

    assert refused.value.reason == reason


@pytest.mark.sqlite_only
def test_trials_are_counted_per_operator(desk):
    for _ in range(TRIES):
        desk.call(begin_trial, desk.shop.inbox_id, 1, "سلام", None, None)

    with pytest.raises(Refused) as refused:
        desk.call(begin_trial, desk.shop.inbox_id, 1, "سلام", None, None)

    assert refused.value.reason == "too_many_trials"
    assert desk.call(begin_trial, desk.shop.inbox_id, 2, "سلام", None, None)


@pytest.mark.sqlite_only
def test_a_trial_of_another_inbox_is_not_seen_and_lives_an_hour(desk):
    name, _ = try_it(desk, "سلام")

    with pytest.raises(Refused) as refused:
        desk.call(read_trial, desk.shop.inbox_id + 1, name)

    assert refused.value.reason == "trial_gone"
    assert 3500 < redis.ttl(f"pilito:trial:{name}") <= 3600


# --- an old turn, asked again ----------------------------------------------------------------------------------------


def test_an_answered_turn_is_asked_again_with_todays_facts_and_nothing_changes(desk):
    desk.take(text("این چنده؟", NOON))
    desk.answer(NOON)
    before = {table.__tablename__: len(desk.rows(table)) for table in KEPT}
    desk.model.reply = {"reply": "سلام! دوباره.", "hand_over": False}

    inbox_id, name = desk.call(begin_again, desk.conversation.id, 1, desk.replies[0].id, None)
    desk.call(lambda: run_trial(name, get_model(), NOON + seconds(60)))

    trial = desk.call(read_trial, inbox_id, name)
    assert trial["old"]["text"] == ANSWER
    assert trial["result"]["text"] == "سلام! دوباره."
    assert trial["result"]["questions"] == ["این چنده؟"]
    assert {table.__tablename__: len(desk.rows(table)) for table in KEPT} == before


@pytest.mark.sqlite_only
def test_a_reply_without_its_question_cannot_be_asked_again(desk):
    desk.take(text("این چنده؟", NOON))
    desk.answer(NOON)

    with pytest.raises(Refused) as refused:
        desk.call(begin_again, desk.conversation.id, 1, 999, None)

    assert refused.value.reason == "trial_without_question"


# --- what Redis holds of a customer goes with them -------------------------------------------------------------------


def ask_again(desk):
    desk.take(text("کد من ۹۹۸۸۷۷ است، سلام", NOON), now=NOON)
    desk.model.reply = {"reply": "سلام! خوش آمدید.", "hand_over": False}
    desk.answer(NOON + seconds(5))
    return desk.call(begin_again, desk.conversation.id, 1, desk.replies[0].id, None)[1]


def words_in_redis(desk):
    kept = desk.call(lambda: [json.loads(redis.get(key)) for key in redis.keys("pilito:trial:*")])
    return [one for one in kept if "۹۹۸۸۷۷" in json.dumps(one, ensure_ascii=False)]


@pytest.mark.sqlite_only
def test_a_trial_that_asked_again_goes_with_its_customer(desk):
    name = ask_again(desk)
    desk.call(lambda: run_trial(name, get_model(), NOON + seconds(9)))
    before = words_in_redis(desk)

    desk.call(erase_customer, desk.conversation.customer_id, NOON + seconds(20))

    assert before != []
    assert words_in_redis(desk) == []


@pytest.mark.sqlite_only
def test_a_trial_that_is_run_late_goes_with_its_customer_too(desk):
    """What it says is kept for an hour from then on, and so is the name by which it is found."""
    name = ask_again(desk)
    about = keys.trials_about(desk.conversation.id)
    desk.call(lambda: [redis.expire(key, 9) for key in (keys.trial(name), about)])

    desk.call(lambda: run_trial(name, get_model(), NOON + seconds(9)))

    left = desk.call(lambda: [redis.ttl(key) for key in (keys.trial(name), about)])
    assert min(left) > keys.TRIAL_SECONDS - 60


@pytest.mark.sqlite_only
def test_a_trial_that_runs_while_its_customer_is_erased_keeps_nothing(desk):
    name = ask_again(desk)
    customer_id = desk.conversation.customer_id

    def erase_meanwhile(payload):
        desk.call(erase_customer, customer_id, NOON + seconds(20))
        return desk.model.default(payload)

    desk.model.script = [erase_meanwhile]

    desk.call(lambda: run_trial(name, get_model(), NOON + seconds(9)))

    assert words_in_redis(desk) == []


@pytest.mark.sqlite_only
def test_no_trial_goes_on_from_one_about_a_customer(desk):
    """It would hold the answer to them, and not be found when they go; the page does not offer it."""
    name = ask_again(desk)
    desk.call(lambda: run_trial(name, get_model(), NOON + seconds(9)))

    with pytest.raises(Refused) as refused:
        desk.call(begin_trial, desk.shop.inbox_id, 1, "و بعد؟", None, name)

    assert refused.value.reason == "trial_gone"
    assert len(desk.call(redis.keys, keys.trial("*"))) == 1
