"""What browsers say on the live line: where they are, and nothing that anybody else could suffer from."""

import pytest
from redis.exceptions import ConnectionError as RedisAway
from rows import add_conversation

from pilito import presence
from pilito.blueprints.panel.presence import MOST_BORNE, MOST_HEARD
from pilito.clock import utc_now
from pilito.database import transaction
from pilito.lifecycle import Role
from pilito.models import Operator, db

pytestmark = pytest.mark.sqlite_only


@pytest.fixture
def conversation(app):
    with transaction():
        return add_conversation()


def everybody():
    return presence.everybody(utc_now().timestamp())


def heard(line, name="presence"):
    return [event["args"][0] for event in line.get_received() if event["name"] == name]


def people(place):
    return [(one["name"][:5], one["typing"]) for one in place["people"]]


def test_the_others_hear_who_looks_and_who_writes(log_in, call, conversation):
    watcher, writer = call(log_in(Role.VIEWER)), call(log_in(Role.AGENT))

    writer.emit("viewing", conversation.id)
    writer.emit("typing", conversation.id, True)
    writer.emit("typing", conversation.id, False)

    told = heard(watcher)
    assert [place["conversation"] for place in told] == [conversation.id] * 3
    assert [people(place) for place in told] == [[("agent", False)], [("agent", True)], [("agent", False)]]


def test_who_comes_is_answered_with_everybody_who_is_there(log_in, call, conversation):
    call(log_in(Role.AGENT)).emit("viewing", conversation.id)

    answer = call(log_in(Role.VIEWER)).emit("viewing", None, callback=True)

    assert [(place["conversation"], people(place)) for place in answer] == [(conversation.id, [("agent", False)])]


def test_whoever_goes_on_or_hangs_up_is_there_no_more(log_in, call, conversation):
    with transaction():
        other = add_conversation()
    watcher, walker = call(log_in()), call(log_in(Role.ADMIN))

    walker.emit("viewing", conversation.id)
    walker.emit("viewing", other.id)
    told = {place["conversation"]: people(place) for place in heard(watcher)}
    assert told == {conversation.id: [], other.id: [("admin", False)]}

    walker.disconnect()
    assert {place["conversation"]: people(place) for place in heard(watcher)} == {other.id: []}
    assert everybody() == {}


@pytest.mark.parametrize(
    "said",
    [
        (),
        ("17",),
        (True,),
        (-1,),
        (0,),
        (2**70,),
        (1.5,),
        ({"id": 1},),
        ([1],),
        (9999,),
        (None, None, None),
        ("x" * 9000,),
    ],
    ids=repr,
)
def test_nonsense_is_nowhere_and_hurts_nobody(log_in, call, conversation, said):
    line = call(log_in())

    line.emit("viewing", *said)
    line.emit("typing", *said)
    line.emit("typing", *said, True)

    assert everybody() == {}
    line.emit("viewing", conversation.id)
    assert list(everybody()) == [conversation.id]


def test_one_writes_only_where_one_looks(log_in, call, conversation):
    line = call(log_in())

    line.emit("typing", conversation.id, True)

    assert everybody() == {}


def test_who_only_looks_never_writes(log_in, call, conversation):
    viewer = call(log_in(Role.VIEWER))
    viewer.emit("viewing", conversation.id)

    viewer.emit("typing", conversation.id, True)

    assert [list(people.values()) for people in everybody().values()] == [[False]]


def test_whose_log_in_is_over_says_nothing_more_on_an_open_line(log_in, call, conversation):
    line = call(log_in())
    with transaction():
        db.session.scalars(db.select(Operator)).one().active = False

    line.emit("viewing", conversation.id)

    assert everybody() == {}


def test_a_thousand_events_a_second_are_not_looked_at_and_end_with_the_line(log_in, call, conversation):
    watcher, loud = call(log_in()), call(log_in())

    for _ in range(1_000):
        loud.emit("viewing", conversation.id)
        if not loud.is_connected():
            break

    assert not loud.is_connected()
    assert len(heard(watcher)) <= MOST_HEARD + 1
    assert watcher.is_connected()
    assert MOST_HEARD < MOST_BORNE < 1_000


def test_without_redis_the_line_goes_on(log_in, call, conversation, monkeypatch):
    def be_away(*_):
        raise RedisAway

    for name in ("arrive", "everybody", "begin_typing"):
        monkeypatch.setattr(presence, name, be_away)
    line = call(log_in())

    assert line.emit("viewing", conversation.id, callback=True) == []
    line.emit("typing", conversation.id, True)

    assert line.is_connected()
