"""What the model costs is written down for every turn, and ends at the budget with a person."""

from datetime import timedelta

import pytest
from desk import Desk
from rows import NOON
from shop import seconds
from shop import text as say

from pilito.lifecycle import ConversationState, HandOverReason
from pilito.models import ModelUse, Proof
from pilito.queries.spending import spent

PRICES = {"model_prices": "fake=1000/2000"}  # 10 asked and 5 answered cost 0.02 dollars


@pytest.fixture
def desk_with(make_shop):
    return lambda **settings: Desk(make_shop(**PRICES, **settings))


def ask(desk, number=0, customer=None):
    now = NOON + seconds(60 * number)
    desk.take(say(f"سلام {number}", now, **({"customer": customer} if customer else {})), now=now)
    desk.answer(now + seconds(30))


def test_every_answer_is_written_down_with_its_price(desk_with):
    desk = desk_with()

    ask(desk)

    (use,) = desk.rows(ModelUse)
    (proof,) = desk.rows(Proof)
    assert (use.tokens, use.cost_micros, use.model) == (15, 20_000, "fake")
    assert proof.cost_micros == 20_000
    assert desk.call(lambda: spent(NOON + seconds(60))).dollars == 0.02


def test_a_hand_over_costs_too(desk_with):
    desk = desk_with()
    desk.model.reply = {"reply": "", "hand_over": True, "reason": "refund"}

    ask(desk)

    assert desk.conversation.hand_over_reason is HandOverReason.REFUND
    assert [use.tokens for use in desk.rows(ModelUse)] == [15]


def test_a_model_without_a_price_has_no_cost(make_shop):
    desk = Desk(make_shop())

    ask(desk)

    assert desk.rows(ModelUse)[0].cost_micros is None
    assert desk.call(lambda: spent(NOON + seconds(60))).without_price == 1


@pytest.mark.parametrize("limit", [{"model_budget_per_day": 0.02}, {"model_tokens_per_day": 15}])
def test_a_budget_that_is_used_up_hands_over_and_asks_no_model(desk_with, limit):
    desk = desk_with(**limit)

    ask(desk, 0)
    ask(desk, 1)

    assert len(desk.model.calls) == 1
    assert desk.conversation.state is ConversationState.HANDED_OVER
    assert desk.conversation.hand_over_reason is HandOverReason.BUDGET_USED


@pytest.mark.parametrize(
    "limit", [{"model_budget_per_customer_per_day": 0.02}, {"model_tokens_per_customer_per_day": 15}]
)
def test_one_customers_budget_is_not_anothers(desk_with, limit):
    desk = desk_with(**limit)

    ask(desk, 0)
    ask(desk, 1, customer="another-customer")
    ask(desk, 2)

    assert len(desk.model.calls) == 2


def test_a_budget_is_free_again_after_a_day(desk_with):
    desk = desk_with(model_tokens_per_day=15)

    ask(desk)

    assert desk.call(lambda: spent(NOON + timedelta(hours=23))).tokens == 15
    assert desk.call(lambda: spent(NOON + timedelta(hours=25))).tokens == 0


def test_below_the_budget_nothing_changes(desk_with):
    desk = desk_with(model_budget_per_day=0.05, model_tokens_per_customer_per_day=100)

    ask(desk, 0)
    ask(desk, 1)

    assert len(desk.model.calls) == 2
