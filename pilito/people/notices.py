"""What somebody wants to be told of, and when nothing may sound or pop up."""

import re
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

from pilito.database import transaction
from pilito.errors import Refused
from pilito.extensions import db
from pilito.lifecycle import Digest
from pilito.models import Operator

HOUR = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")
DIGITS = str.maketrans("۰۱۲۳۴۵۶۷۸۹٠١٢٣٤٥٦٧٨٩", "01234567890123456789")


def choose_notices(
    operator_id: int,
    sound: bool,
    names: bool,
    quiet: tuple[str, str],
    zone: str,
    digest: str,
    now: datetime,
    alerts: bool | None = None,
) -> None:
    """Keep what was chosen. Quiet hours are two times of day, `22:00`, or none of both; they may go over midnight.

    `alerts`: whether mails come of accounts that stop; None leaves it as it is.

    Raises Refused (quiet_hours_wrong, zone_unknown, digest_unknown).
    """
    begin, end = (_read_hour(text) for text in quiet)
    if (begin is None) != (end is None) or (begin is not None and begin == end):
        raise Refused("quiet_hours_wrong", "Quiet hours need two different times, or none.")
    if zone and zone not in available_timezones():
        raise Refused("zone_unknown", f"There is no time zone {zone[:64]!r}.")
    if digest not in list(Digest):
        raise Refused("digest_unknown", f"There is no rhythm {digest[:32]!r}.")
    with transaction():
        operator = db.session.get_one(Operator, operator_id)
        operator.notify_sound, operator.notify_names = sound, names
        operator.quiet_from, operator.quiet_until, operator.zone = begin, end, zone or None
        if operator.digest is Digest.OFF:
            operator.digested_at = now  # switched on, it tells what comes from now on
        operator.digest = Digest(digest)
        if alerts is not None:
            operator.alert_mail = alerts


def is_quiet(operator: Operator, now: datetime) -> bool:
    """Whether it is within this person's quiet hours, by their own clock."""
    if not operator.quiet_from or not operator.quiet_until:
        return False
    here = local_time(operator, now).time()
    begin, end = time.fromisoformat(operator.quiet_from), time.fromisoformat(operator.quiet_until)
    return begin <= here < end if begin < end else here >= begin or here < end


def quiet_until(operator: Operator, now: datetime) -> datetime:
    """When a mail may go to this person: now, or at the end of their quiet hours."""
    if not operator.quiet_until or not is_quiet(operator, now):
        return now
    here, end = local_time(operator, now), time.fromisoformat(operator.quiet_until)
    ends_at = here.replace(hour=end.hour, minute=end.minute, second=0, microsecond=0)
    return (ends_at if ends_at > here else ends_at + timedelta(days=1)).astimezone(UTC)


def local_time(operator: Operator, now: datetime) -> datetime:
    return now.astimezone(ZoneInfo(operator.zone or "UTC"))


def _read_hour(text: str) -> str | None:
    plain = text.translate(DIGITS).strip()
    if not plain:
        return None
    match = HOUR.fullmatch(plain)
    if match is None:
        raise Refused("quiet_hours_wrong", f"{plain[:20]!r} is no time of day.")
    return f"{int(match[1]):02}:{match[2]}"
