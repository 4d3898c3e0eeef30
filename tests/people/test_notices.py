"""When nothing may sound, and what may be chosen."""

from datetime import UTC, datetime

import pytest
from rows import NOON, add_operator

from pilito.database import transaction
from pilito.errors import Refused
from pilito.lifecycle import Digest, Role
from pilito.models import Operator, db
from pilito.people.notices import choose_notices, is_quiet, quiet_until


def at(hour, minute=0):
    return datetime(2026, 11, 22, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("quiet", "zone", "now", "expected"),
    [
        (("22:00", "08:00"), None, at(23), True),  # over midnight
        (("22:00", "08:00"), None, at(7, 59), True),
        (("22:00", "08:00"), None, at(8), False),
        (("13:00", "14:00"), None, at(13), True),
        (("13:00", "14:00"), None, at(14), False),
        (("22:00", "08:00"), "Asia/Tehran", at(18, 29), False),  # 21:59 there
        (("22:00", "08:00"), "Asia/Tehran", at(18, 30), True),
        ((None, None), None, at(3), False),
    ],
)
def test_quiet_hours_go_by_ones_own_clock(quiet, zone, now, expected):
    assert is_quiet(Operator(quiet_from=quiet[0], quiet_until=quiet[1], zone=zone), now) is expected


@pytest.mark.parametrize(
    ("quiet", "zone", "now", "expected"),
    [
        (("22:00", "08:00"), None, at(23), datetime(2026, 11, 23, 8, tzinfo=UTC)),
        (("22:00", "08:00"), None, at(7, 59), at(8)),
        (("22:00", "08:00"), None, at(8), at(8)),
        (("22:00", "08:30"), "Asia/Tehran", at(18, 30), datetime(2026, 11, 23, 5, tzinfo=UTC)),
        ((None, None), None, at(3), at(3)),
    ],
)
def test_a_mail_waits_for_the_end_of_the_quiet_hours(quiet, zone, now, expected):
    assert quiet_until(Operator(quiet_from=quiet[0], quiet_until=quiet[1], zone=zone), now) == expected


@pytest.fixture
def sara(app):
    with transaction():
        return add_operator(Role.VIEWER).id


def choose(sara, quiet=("", ""), zone="", digest="off", sound=False, names=True):
    choose_notices(sara, sound, names, quiet, zone, digest, NOON)
    return db.session.get_one(Operator, sara, populate_existing=True)


def test_what_was_chosen_is_kept_in_one_form(sara):
    chosen = choose(sara, ("۲۲:۰۰", "8:30"), "Asia/Tehran", "daily", sound=True, names=False)

    assert (chosen.quiet_from, chosen.quiet_until, chosen.zone) == ("22:00", "08:30", "Asia/Tehran")
    assert (chosen.digest, chosen.notify_sound, chosen.notify_names) == (Digest.DAILY, True, False)
    assert chosen.digested_at == NOON  # it tells what comes from now on


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    ("chosen", "reason"),
    [
        ({"quiet": ("22:00", "")}, "quiet_hours_wrong"),
        ({"quiet": ("22:00", "22:00")}, "quiet_hours_wrong"),
        ({"quiet": ("25:00", "8:00")}, "quiet_hours_wrong"),
        ({"quiet": ("soon", "later")}, "quiet_hours_wrong"),
        ({"zone": "Mars/Olympus"}, "zone_unknown"),
        ({"zone": "../../etc/passwd"}, "zone_unknown"),
        ({"digest": "always"}, "digest_unknown"),
    ],
)
def test_what_is_no_time_zone_or_rhythm_is_refused_and_nothing_is_kept(sara, chosen, reason):
    with pytest.raises(Refused) as refused:
        choose(sara, **chosen, sound=True)

    assert refused.value.reason == reason
    assert not db.session.get_one(Operator, sara, populate_existing=True).notify_sound
