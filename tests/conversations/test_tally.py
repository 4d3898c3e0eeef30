"""Tallies: what was counted by the quarter of an hour equals what a walk over the rows finds, whatever happened since."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from rows import NOON, add_conversation, add_message
from shop import reel, text
from sqlalchemy import func, select

from bench.big_shop import Plan, fill
from pilito.conversations import retention, tally
from pilito.conversations.erase import erase_customer
from pilito.conversations.expire import expire, expire_due
from pilito.database import is_writing, transaction
from pilito.lifecycle import SILENT_TYPES, MessageType, Sender
from pilito.models import (
    Conversation,
    Draft,
    Message,
    ModelUse,
    OpenQuestion,
    Share,
    Tally,
    TallyDay,
    TallyKeeper,
    TallyMark,
    TallyZone,
    Turn,
    db,
)
from pilito.queries import analytics, tallies

NOW = datetime(2026, 11, 29, 18, 7, tzinfo=UTC)
TEHRAN = ZoneInfo("Asia/Tehran")
ZONES = ("Asia/Tehran", "UTC", "Asia/Kathmandu", "America/New_York")


def count_all(now):
    while tally.count_due(now):
        pass


WALKED = [1, 2, 3]  # the histories that are compared row by row, and so are longer


@pytest.fixture
def history(app, request):
    """A random history, across the night in which New York's clocks are put back."""
    messages = 500 if request.param in WALKED else 250
    with app.app_context():
        fill(Plan(40, messages, 30, request.param, has_ledger=False, has_pictures=False, until=NOW))
        yield
        db.session.remove()


def scanned(zone):
    """What each day and inbox should have, from every row one by one."""
    found = Counter()

    def put(at, inbox_id, measure, key, amount=1):
        found[at.astimezone(zone).date(), inbox_id, measure, str(key)] += amount

    inbox_of = dict(db.session.execute(select(Conversation.id, Conversation.inbox_id)).all())
    messages = {message.id: message for message in db.session.scalars(select(Message))}
    asked = {}
    for message in messages.values():
        put(message.sent_at, message.inbox_id, "messages", message.sender.value)
        if message.sender == "customer":
            put(message.sent_at, message.inbox_id, "hours", message.sent_at.astimezone(zone).hour)
        by_assistant = message.answered_by_id and messages[message.answered_by_id].sender == "assistant"
        if message.answered_by_id and (by_assistant or message.message_type not in SILENT_TYPES):
            known = asked.get(message.answered_by_id, message.sent_at)
            asked[message.answered_by_id] = min(known, message.sent_at)
    for reply_id, asked_at in asked.items():
        reply = messages[reply_id]
        measure = "wait_assistant" if reply.sender == "assistant" else "wait_people"
        seconds = max(0.0, (reply.sent_at - asked_at).total_seconds())
        put(reply.sent_at, reply.inbox_id, measure, tallies.bucket_of(seconds))
    for share in db.session.scalars(select(Share)):
        inbox_id = inbox_of[share.conversation_id]
        put(share.sent_at, inbox_id, "shares", share.state.value)
        if share.found_in_cache is not None:
            put(share.sent_at, inbox_id, "cache", "hit" if share.found_in_cache else "miss")
        if share.own_post_id:
            put(share.sent_at, inbox_id, "post_shares", share.own_post_id)
            if share.combined_with_id:
                put(share.sent_at, inbox_id, "post_questions", share.own_post_id)
    for turn in db.session.scalars(select(Turn).where(Turn.ended_at.is_not(None))):
        put(turn.ended_at, inbox_of[turn.conversation_id], "turns", turn.state.value)
        if turn.state == "handed_over":
            put(turn.ended_at, inbox_of[turn.conversation_id], "hand_overs", turn.ended_why)
    for draft in db.session.scalars(select(Draft).where(Draft.ended_at.is_not(None))):
        put(draft.ended_at, inbox_of[draft.conversation_id], "drafts", draft.state.value)
    for use in db.session.scalars(select(ModelUse)):
        put(use.at, use.inbox_id, "use", "answers")
        put(use.at, use.inbox_id, "use", "tokens", use.tokens)
        put(use.at, use.inbox_id, "use", "micros", use.cost_micros or 0)
        put(use.at, use.inbox_id, "use", "without_price", use.cost_micros is None)
    return {place: amount for place, amount in found.items() if amount}


def kept(zone_name):
    rows = db.session.execute(
        select(TallyDay.day, TallyDay.inbox_id, TallyDay.numbers).where(TallyDay.zone == zone_name)
    )
    return flat(rows)


def of_quarters(zone):
    first, last = date(2020, 1, 1), date(2030, 1, 1)
    days = tallies.sum_quarters(tallies.quarters(*tallies.stretch_of(first, last, zone)), zone)
    return flat((day, inbox_id, numbers) for (day, inbox_id), numbers in days.items())


def flat(rows):
    return {
        (day, inbox_id, measure, key): amount
        for day, inbox_id, numbers in rows
        for measure, keys in numbers.items()
        for key, amount in keys.items()
    }


@pytest.mark.parametrize(
    "history", [1, *(pytest.param(one, marks=pytest.mark.sqlite_only) for one in WALKED[1:])], indirect=True
)
def test_the_tallies_of_a_random_history_equal_a_walk_over_its_rows_in_every_zone(history):
    for zone in ZONES:
        tally.keep_zone(zone, NOW)

    count_all(NOW)

    for zone in ZONES:
        expected = scanned(ZoneInfo(zone))
        assert kept(zone) == expected, zone
        assert of_quarters(ZoneInfo(zone)) == expected, zone


@pytest.mark.sqlite_only
@pytest.mark.parametrize("history", [4], indirect=True)
def test_a_zone_that_is_asked_for_later_has_all_its_days_at_once(history):
    count_all(NOW)

    tally.keep_zone("Asia/Tehran", NOW)

    assert kept("Asia/Tehran") == scanned(TEHRAN)
    assert kept("UTC") == {}


@pytest.mark.parametrize("history", [5], indirect=True)
def test_counting_twice_and_building_anew_change_nothing(history):
    tally.keep_zone("Asia/Tehran", NOW)
    count_all(NOW)
    before, questions = kept("Asia/Tehran"), count(OpenQuestion)

    count_all(NOW + timedelta(minutes=5))
    assert kept("Asia/Tehran") == before

    assert tally.rebuild(NOW) > 30 * 90
    assert kept("Asia/Tehran") == {}
    count_all(NOW)

    assert kept("Asia/Tehran") == before
    assert count(OpenQuestion) == questions > 0


def test_what_answers_cost_stays_in_the_tallies_when_its_rows_are_dropped(app, monkeypatch):
    monkeypatch.setattr(retention, "settings", SimpleNamespace(keep_model_use_days=1))
    at, now = tallies.quarter_of(NOON), NOON + timedelta(days=2)
    with transaction():
        for minute in (1, 2, 40 * 60):
            db.session.add(ModelUse(at=at + timedelta(minutes=minute), model="m", tokens=10, cost_micros=3))
        tally.mark_all([at], NOON)
    tally.keep_zone("UTC", NOON)
    count_all(NOON + timedelta(hours=1))
    use, day = numbers_at(at, "use"), kept("UTC")
    assert (use["answers"], use["micros"]) == (2, 6)
    assert retention.drop_model_use(now) == 2

    with transaction():
        tally.mark_all([at], now)
    count_all(now)
    assert numbers_at(at, "use") == use

    tally.rebuild(now)
    count_all(now)
    assert numbers_at(at, "use") == use
    assert kept("UTC").items() >= day.items()


def test_but_nothing_else_that_is_gone_stays(shop):
    now = datetime.now(UTC)
    at = tallies.quarter_of(now - timedelta(days=3))
    message = shop.receive(text("سلام", now - timedelta(days=3)))
    with transaction():
        db.session.add(ModelUse(at=at, inbox_id=message.inbox_id, model="m", tokens=10))
    count_all(datetime.now(UTC))
    assert numbers_at(at) == {"customer": 1}
    customer_id = message.conversation.customer_id
    db.session.rollback()

    erase_customer(customer_id, datetime.now(UTC))
    count_all(datetime.now(UTC))

    assert (numbers_at(at), numbers_at(at, "use")["answers"]) == (None, 1)


@pytest.mark.parametrize("history", [6], indirect=True)
def test_an_erased_customer_is_in_no_tally(history):
    tally.keep_zone("Asia/Tehran", NOW)
    count_all(NOW)
    much = select(Conversation.customer_id).join(Message, Message.conversation_id == Conversation.id)
    customer_id = db.session.scalar(much.group_by(Conversation.customer_id).order_by(func.count().desc()).limit(1))
    before = kept("Asia/Tehran")
    db.session.rollback()

    erase_customer(customer_id, NOW)
    assert kept("Asia/Tehran") == before
    count_all(NOW)

    assert kept("Asia/Tehran") == scanned(TEHRAN) != before
    assert count(TallyMark, TallyMark.due_at == NOW + tally.BEFORE_ERASING) > 0  # had the erasure stopped half-way


def test_a_message_that_comes_late_has_its_quarter_counted_again(shop):
    now = datetime.now(UTC)
    shop.receive(text("سلام", now - timedelta(days=3)))
    late = tallies.quarter_of(now - timedelta(days=3))
    count_all(datetime.now(UTC))
    assert numbers_at(late) == {"customer": 1}

    shop.receive(text("هستید؟", now - timedelta(days=3), customer="600000000000002"))

    assert marked(late, datetime.now(UTC)) == 1
    count_all(datetime.now(UTC))
    assert numbers_at(late) == {"customer": 2}


def test_a_message_of_now_costs_no_mark(shop):
    now = datetime.now(UTC)
    count_all(now)
    marks = count(TallyMark)

    shop.receive(text("سلام", now))

    assert count(TallyMark) == marks


def test_a_share_that_a_late_question_takes_is_counted_again(shop):
    now = datetime.now(UTC)
    at = tallies.quarter_of(now - timedelta(hours=5))
    sent_at = at + timedelta(minutes=14, seconds=50)  # its question is of the next quarter
    shop.receive(reel(sent_at))
    expire_due(now)
    count_all(datetime.now(UTC))  # all that is marked by now
    assert numbers_at(at, "shares") == {"expired": 1}

    shop.receive(text("چنده؟", sent_at + timedelta(seconds=30)))
    count_all(datetime.now(UTC))

    assert numbers_at(at, "shares") == {"combined": 1}


@pytest.mark.parametrize("by_itself", [False, True])
def test_a_share_that_expires_days_later_is_counted_again(shop, by_itself):
    """The scheduler and the sweep were down."""
    now = datetime.now(UTC)
    share = shop.receive(reel(now))
    count_all(now + timedelta(hours=8))
    assert marked(tallies.quarter_of(now), now + timedelta(hours=9)) == 0

    later = now + timedelta(hours=9)
    expire(share.conversation_id, share.id, later) if by_itself else expire_due(later)

    assert marked(tallies.quarter_of(now), now + timedelta(hours=9)) == 1
    count_all(now + timedelta(hours=9))
    assert numbers_at(tallies.quarter_of(now), "shares") == {"expired": 1}


def waits_of(reply, asked):
    """What is counted of the waiting for this reply, which answers messages sent so many seconds before it."""
    with transaction():
        conversation = add_conversation()
        answer = add_message(conversation, sender=reply, sent_at=NOON)
        for kind, before in asked:
            values = {"message_type": kind, "sent_at": NOON - timedelta(seconds=before), "answered_by_id": answer.id}
            add_message(conversation, **values)
    (numbers,) = (found for place, found in tallies.count(NOON, NOON + tallies.QUARTER).items() if place[0] == NOON)
    return {measure: dict(keys) for measure, keys in numbers.items() if measure.startswith("wait_")}


@pytest.mark.sqlite_only
@pytest.mark.parametrize("kind", [MessageType.SHARE, MessageType.LIKE, MessageType.STORY_MENTION])
def test_nobody_waits_with_what_asks_nothing(app, kind):
    """A person's reply answers all that came before it: also the post whose question the assistant has answered."""
    assert waits_of(Sender.OPERATOR, [(kind, 1560)]) == {}


@pytest.mark.sqlite_only
def test_who_asked_meanwhile_has_waited_since_then(app):
    waits = waits_of(Sender.PHONE, [(MessageType.SHARE, 1560), (MessageType.TEXT, 20)])

    assert waits == {"wait_people": {str(tallies.bucket_of(20)): 1}}


@pytest.mark.sqlite_only
def test_the_assistant_answers_only_what_asks_it_something(app):
    """So also a post that was the answer to its "which one?"."""
    assert waits_of(Sender.ASSISTANT, [(MessageType.SHARE, 5)]) == {"wait_assistant": {str(tallies.bucket_of(5)): 1}}


def test_what_is_marked_while_a_count_runs_is_counted_by_the_next(app, monkeypatch):
    at = tallies.quarter_of(NOON)
    real = tallies.count

    def count_and_be_interrupted(start, end):
        counted = real(start, end)
        monkeypatch.setattr(tallies, "count", real)
        db.session.rollback()
        with transaction():
            tally.mark_all([at], NOON)
        return counted

    monkeypatch.setattr(tallies, "count", count_and_be_interrupted)

    tally.count_due(NOON)

    assert marked(at, NOON) == 1


def test_two_do_not_count_at_once_and_who_comes_back_too_late_writes_nothing(app, monkeypatch):
    real = tallies.count

    def count_slowly(start, end):
        monkeypatch.setattr(tallies, "count", real)
        db.session.rollback()
        assert tally.count_due(NOON + timedelta(seconds=30)) == 0  # another has the lease
        assert tally.count_due(NOON + tally.LEASE) == 1  # which ends
        return {(tallies.quarter_of(NOON), None): {"messages": {"customer": 99}}}

    monkeypatch.setattr(tallies, "count", count_slowly)

    tally.count_due(NOON)

    assert count(Tally) == 0


def test_a_quarter_is_counted_until_nothing_in_it_can_change_unmarked(app):
    quarter, times = tallies.quarter_of(NOON), []
    now = NOON + timedelta(minutes=2)

    while now is not None:
        times.append(now - quarter)
        now = tally._next_due(quarter, now)

    assert times[1] == timedelta(minutes=3)
    ends = [time - tallies.QUARTER for time in times]
    assert tuple(ends[-len(tally.SETTLING) :]) == tally.SETTLING
    assert any(end > tally.HOT for end in ends)


def test_every_quarter_has_its_first_count_also_after_days_of_standstill(app):
    count_all(NOON)
    count_all(NOON + timedelta(days=2))

    keeper = db.session.scalars(select(TallyKeeper)).one()
    assert keeper.marked_until == tallies.quarter_of(NOON + timedelta(days=2)) + tallies.QUARTER
    assert keeper.counted_at == NOON + timedelta(days=2)
    assert count(TallyMark, TallyMark.due_at <= NOON + timedelta(days=2)) == 0


@pytest.mark.parametrize("name", ["", "Mars/Olympus", "../../etc/passwd", "x" * 300, "Asia", "\x00"])
def test_a_cookie_that_names_no_zone_keeps_none(app, name):
    tally.keep_zone(name, NOON)

    assert count(TallyZone) == 0


@pytest.mark.sqlite_only
@pytest.mark.parametrize("history", [9], indirect=True)
def test_the_days_of_a_new_zone_are_summed_while_others_may_write(history, monkeypatch):
    count_all(NOW)
    wrote, sum_quarters = [], tallies.sum_quarters

    def sum_and_look(*args):
        wrote.append(is_writing())
        return sum_quarters(*args)

    monkeypatch.setattr(tallies, "sum_quarters", sum_and_look)
    tally.keep_zone("Asia/Tehran", NOW)

    assert wrote == [False]
    assert kept("Asia/Tehran")


@pytest.mark.parametrize("history", [10], indirect=True)
def test_a_zone_is_not_kept_on_days_that_were_counted_anew_meanwhile(history, monkeypatch):
    count_all(NOW)
    sum_quarters = tallies.sum_quarters

    def sum_and_be_late(*args):
        days = sum_quarters(*args)
        tally.count_due(NOW + timedelta(hours=1))
        return days

    monkeypatch.setattr(tallies, "sum_quarters", sum_and_be_late)
    tally.keep_zone("Asia/Tehran", NOW)
    monkeypatch.undo()
    assert count(TallyZone, TallyZone.name == "Asia/Tehran") == 0

    tally.keep_zone("Asia/Tehran", NOW)

    assert kept("Asia/Tehran") == of_quarters(TEHRAN)


def test_the_zone_that_nobody_looks_in_makes_room(app):
    names = ["UTC", "Asia/Tehran", "Asia/Dubai", "Europe/Berlin", "Europe/Paris", "Europe/Rome", "Asia/Tokyo",
             "Asia/Baku", "Asia/Kabul", "Asia/Kolkata", "America/Lima", "America/Bogota", "Asia/Seoul"]  # fmt: skip

    for minute, name in enumerate(names):
        tally.keep_zone(name, NOON + timedelta(minutes=minute))
    tally.keep_zone("Asia/Tehran", NOON + timedelta(hours=1))

    known = set(db.session.scalars(select(TallyZone.name)))
    assert len(known) == tally.MOST_ZONES
    assert "UTC" not in known
    assert {"Asia/Tehran", "Asia/Seoul"} <= known


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ارسال به عراق دارید؟", "سلام ارسال به عراق داريد"),
        ("كادو پیچی هم می‌کنید؟", "کادو پیچی هم میکنید"),
        ("Do you offer gift wrapping?", "gift wrapping, do you offer it"),
    ],
)
def test_questions_that_say_the_same_are_alike(one, other):
    assert tally.likeness_of(one) == tally.likeness_of(other) != ""


def test_questions_about_different_things_are_not_alike():
    assert tally.likeness_of("ارسال به عراق دارید؟") != tally.likeness_of("خرید اقساطی دارید؟")
    assert tally.likeness_of("؟؟") == "؟؟"


@pytest.mark.parametrize("history", [7], indirect=True)
def test_open_questions_are_gathered_by_likeness_and_settled_together(history):
    count_all(NOW)
    start, end = NOW - timedelta(days=31), NOW + timedelta(days=1)
    groups = analytics.open_groups(start, end, None, 100)
    total = count(OpenQuestion)
    assert sum(group.count for group in groups) == total > len(groups)
    group = analytics.find_group(groups[0].newest_id)
    assert group.text

    settled = tally.settle_questions(analytics.ids_of(group), None, NOW)

    assert settled == groups[0].count > 1
    assert analytics.find_group(groups[0].newest_id) is None
    assert sum(one.count for one in analytics.open_groups(start, end, None, 100)) == total - settled
    assert tally.settle_questions([groups[0].newest_id], None, NOW) == 0


@pytest.mark.parametrize("history", [8], indirect=True)
def test_the_period_before_ends_at_the_same_time_of_the_day(history):
    tally.keep_zone("Asia/Tehran", NOW)
    count_all(NOW)
    today = NOW.astimezone(TEHRAN).date()
    period = analytics.Period(today - timedelta(days=6), today, TEHRAN, NOW)

    report = analytics.report(period, None)

    begin = tallies.begin_of(period.first, TEHRAN)
    sent = Message.sent_at
    week, quarter = timedelta(days=7), tallies.quarter_of(NOW)
    assert analytics.sum_of(report.total, "messages") == count(Message, sent >= begin, sent <= NOW)
    assert analytics.sum_of(report.compared, "messages") == count(Message, sent >= begin, sent < quarter)
    assert analytics.sum_of(report.before, "messages") == count(Message, sent >= begin - week, sent < quarter - week)
    assert [len(report.steps), sum(map(sum, report.by_hour))] == [7, report.total["messages"]["customer"]]


NIGHT = datetime(2026, 11, 29, 20, 30, tzinfo=UTC)  # the 30th begins in Tehran


def written_at(*minutes):
    """Messages of customers, so many minutes after the 30th began."""
    with transaction():
        conversation = add_conversation()
        for minute in minutes:
            at = NIGHT + timedelta(minutes=minute)
            add_message(conversation, sent_at=at, created_at=at)


def report_of_today(minute):
    now = NIGHT + timedelta(minutes=minute)
    count_all(now)
    today = now.astimezone(TEHRAN).date()
    return analytics.report(analytics.Period(today, today, TEHRAN, now), None)


@pytest.mark.parametrize("is_kept", [True, False], ids=["days kept", "days summed"])
def test_today_is_not_compared_with_minutes_of_yesterday_that_it_has_not_had_yet(app, is_kept):
    day = 24 * 60
    written_at(*range(7), *(minute - day for minute in range(15)))
    if is_kept:
        tally.keep_zone("Asia/Tehran", NIGHT)

    early, later = report_of_today(7), report_of_today(15)

    assert early.is_kept is is_kept
    sums = [[analytics.sum_of(one, "messages") for one in (it.total, it.compared, it.before)] for it in (early, later)]
    assert sums == [[7, 0, 0], [7, 7, 15]]


def test_a_period_that_is_over_is_compared_whole(app):
    written_at(*range(-8, 7))
    count_all(NIGHT + timedelta(minutes=7))
    yesterday = date(2026, 11, 29)

    report = analytics.report(analytics.Period(yesterday, yesterday, TEHRAN, NIGHT + timedelta(minutes=7)), None)

    assert [analytics.sum_of(one, "messages") for one in (report.total, report.compared, report.before)] == [8, 8, 0]


def test_the_median_is_read_off_the_buckets_within_a_few_per_cent():
    seconds = [3 + index * 0.7 for index in range(1000)]
    numbers = {"wait": dict(Counter(str(tallies.bucket_of(one)) for one in seconds))}

    assert analytics.quantile(numbers, "wait", 0.5) == pytest.approx(seconds[500], rel=0.08)
    assert analytics.quantile(numbers, "wait", 0.9) == pytest.approx(seconds[900], rel=0.08)
    assert analytics.quantile({}, "wait", 0.5) is None
    assert analytics.quantile({"wait": {"0": 4}}, "wait", 0.5) == 0.5


def count(model, *where):
    return db.session.scalar(select(func.count()).select_from(model).where(*where))


def marked(at, now):
    db.session.rollback()
    return count(TallyMark, TallyMark.at == at, TallyMark.due_at <= now)


def numbers_at(at, measure="messages"):
    db.session.rollback()
    found = db.session.scalars(select(Tally.numbers).where(Tally.at == at)).all()
    return found[0].get(measure) if found else None
