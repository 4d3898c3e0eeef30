"""What the report says of the time after the last fault."""

from chaos.drain import Drain


def test_only_what_moved_is_written_down():
    drain = Drain()

    moved = [drain.note(seconds, {"turns": turns, "deliveries": 0}) for seconds, turns in ((0, 2), (0.5, 2), (1, 1))]

    assert moved == [True, False, True]
    assert drain.trail == [(0, {"turns": 2}), (1, {"turns": 1})]


def test_what_was_finished_last_is_named_first():
    drain = Drain()
    for seconds, left in (
        (0, {"webhooks": 9, "turns": 2}),
        (5, {"turns": 1}),
        (7, {"turns": 1, "deliveries": 1}),
        (8, {}),
    ):
        drain.note(seconds, left)

    assert drain.ends() == {"turns": 8, "deliveries": 8, "webhooks": 5}


def test_what_came_again_ends_the_last_time():
    drain = Drain()
    for seconds, left in ((0, {"turns": 1}), (2, {}), (4, {"turns": 1}), (6, {})):
        drain.note(seconds, left)

    assert drain.ends() == {"turns": 6}


def test_what_was_never_finished_has_no_end():
    drain = Drain()
    drain.note(0, {"turns": 1})

    assert drain.ends() == {}
