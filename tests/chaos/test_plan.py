"""What the people of a fault run do: the same for the same seed, and apart where the rules tell things apart."""

from difflib import SequenceMatcher
from itertools import pairwise

import pytest

from chaos.nemesis import make_blows, make_failures
from chaos.plan import EVENTS, MARGIN_SECONDS, Do, Sizes, events_of, make_plan, word_of

SIZES = Sizes()


@pytest.fixture(scope="module")
def plan():
    return make_plan(7, 2000, SIZES)


def test_the_same_seed_makes_the_same_plan_and_another_seed_another(plan):
    assert make_plan(7, 2000, SIZES) == plan
    assert make_plan(8, 2000, SIZES) != plan


def test_it_has_as_many_events_as_were_asked_for(plan):
    assert 2000 <= len(list(events_of(plan))) <= 2004


def test_every_word_is_said_once(plan):
    words = [step.word for step in plan if step.word]

    assert len(set(words)) == len(words)
    assert len({word_of(number) for number in range(20_000)}) == 20_000


def test_the_steps_are_in_the_order_of_their_times(plan):
    assert all(one.at <= other.at for one, other in pairwise(plan))


def test_a_quarter_are_shares_and_half_of_those_are_left_alone(plan):
    shares = [step for step in plan if step.do is Do.SHARE]
    lone = [step for step in shares if step.lone]

    assert 0.2 < len(shares) / 2000 < 0.4
    assert 0.35 < len(lone) / len(shares) < 0.65


def test_no_question_is_near_a_share_that_is_meant_to_be_alone(plan):
    asked = {}
    for step in plan:
        if step.do is Do.ASK:
            asked.setdefault(step.customer, []).append(step.at)
    for share in (step for step in plan if step.lone):
        near = [
            at
            for at in asked.get(share.customer, [])
            if share.at - SIZES.lookback_seconds - MARGIN_SECONDS < at < share.at + SIZES.wait_seconds + MARGIN_SECONDS
        ]
        assert near == []


def test_a_question_about_a_share_comes_within_its_wait(plan):
    by_number = {step.number: step for step in plan}
    about = [(step, by_number[step.share]) for step in plan if step.share is not None]

    assert {question.at > share.at for question, share in about} == {True, False}
    assert all(-SIZES.lookback_seconds < question.at - share.at < SIZES.wait_seconds for question, share in about)
    assert all(question.customer == share.customer for question, share in about)


def test_some_who_ask_before_they_share_are_heard_after_it(plan):
    by_number = {step.number: step for step in plan}
    before = [(step, by_number[step.share]) for step in plan if step.share and by_number[step.share].at > step.at]

    late = [question for question, share in before if question.at + question.delay_seconds > share.at]
    assert 0.25 < len(late) / len(before) < 0.75


def test_of_two_shares_a_question_is_about_the_newer(plan):
    by_number = {step.number: step for step in plan}
    asked = [step for step in plan if step.older is not None]

    assert asked
    for question in asked:
        older, share = by_number[question.older], by_number[question.share]
        assert older.at < share.at < question.at < older.at + SIZES.wait_seconds + 2
        assert older.customer == share.customer == question.customer


def test_some_of_what_is_said_in_one_breath_comes_in_one_webhook(plan):
    batches = {}
    for step in plan:
        if step.batch is not None:
            batches.setdefault(step.batch, []).append(step)

    assert len(batches) > 20
    for batch in batches.values():
        assert len({(step.customer, step.is_swapped) for step in batch}) == 1
        assert len(batch) > 1
        assert batch[-1].at - batch[0].at < 1
    assert {batch[0].do for batch in batches.values()} == {Do.SHARE, Do.ASK}
    assert {batch[0].is_swapped for batch in batches.values()} == {True, False}


def test_some_changes_come_before_what_they_change_and_none_before_it_was_said(plan):
    by_number = {step.number: step for step in plan}
    sent_at = {step.batch: max(one.at for one in plan if one.batch == step.batch) for step in plan if step.batch}
    changes = [(step, by_number[step.of]) for step in plan if step.of is not None]

    early = [change for change, said in changes if change.at < said.at + said.delay_seconds]
    assert 0.1 < len(early) / len(changes) < 0.6
    assert all(change.at > sent_at.get(said.batch, said.at) for change, said in changes)


def test_some_only_share(plan):
    asked = {step.customer for step in plan if step.do is Do.ASK}
    shared = {step.customer for step in plan if step.do is Do.SHARE}

    assert 0 < len(shared - asked) < 0.15 * len(shared | asked)


def test_some_come_late_some_twice_and_some_are_changed(plan):
    events = [step for step in plan if step.do in EVENTS]

    assert 0.02 < sum(step.is_twice for step in events) / len(events) < 0.09
    assert 0.02 < sum(step.delay_seconds > 0 for step in events) / len(events) < 0.09
    assert {step.do for step in events} == EVENTS


def test_people_step_in_after_somebody_has_written(plan):
    first = {}
    for step in plan:
        if step.do in EVENTS:
            first.setdefault(step.customer, step.at)
    people = [step for step in plan if step.do not in EVENTS]

    assert {step.do for step in people} == {Do.TAKE_OVER, Do.SAY, Do.GIVE_BACK}
    assert all(step.at > first[step.customer] for step in people)


def test_everything_dies_in_a_run_of_a_minute():
    blows = make_blows(3, 60)

    assert {blow.what for blow in blows} == {"worker", "worker-2", "web", "scheduler", "redis", "flush", "database"}
    assert [blow.what for blow in blows].count("redis") == 2
    assert blows == make_blows(3, 60)


def test_as_many_sends_fail_as_were_asked_for():
    failures = make_failures(5, 0.03, 10_000)

    assert 200 < sum(bool(failure) for failure in failures) < 400


def test_words_of_neighbours_are_no_slips_of_each_other():
    words = [word_of(number) for number in range(300)]

    alike = [
        (one, other)
        for place, one in enumerate(words)
        for other in words[place + 1 : place + 30]
        if SequenceMatcher(None, one, other, autojunk=False).ratio() >= 0.8
    ]
    assert len(alike) < 20  # of nearly nine thousand pairs


@pytest.mark.parametrize("events", [1_000, 2_000, 10_000])
def test_a_run_lasts_as_long_as_its_rate_says(events):
    sizes = Sizes(events_per_second=25)

    times = sorted(step.at for step in make_plan(1, events, sizes))

    assert 0.8 * events / 25 < times[-1] < 1.4 * events / 25 + 20
    busiest = max(sum(second <= at < second + 10 for at in times) for second in range(int(times[-1])))
    assert busiest / 10 < 2 * sizes.events_per_second
