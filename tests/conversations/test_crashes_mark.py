"""A crash, an error and a pause at every commit and every call of the mark in a bucket (media_mark.py).

Whatever breaks off, the bucket of its owner is never held for it, and another's never taken. How each way is tried:
ways.py.
"""

from datetime import timedelta

import pytest
from rows import NOON, add_conversation, add_media
from ways import KILL, RAISE, Way

from pilito.conversations.drop_media import drop_media
from pilito.conversations.media_mark import TURNED_BY_THEN, find_hold, keep_mark, take
from pilito.conversations.tidy_media import EVERY
from pilito.database import transaction
from pilito.lifecycle import MediaKind, MediaState
from pilito.media.store import name_of
from pilito.models import MediaFile, MediaMark

pytestmark = [pytest.mark.whole, pytest.mark.sqlite_only]

MARK, THEIRS = "/shop/copies/pilito-mark", b"f" * 32
PICTURE = name_of("ab" + "0" * 62, 7)
HOUR = timedelta(hours=1)


class MarkWay(Way):
    servers = ("bucket_server",)

    @classmethod
    def settings_with(cls, servers):
        return {**servers["bucket_server"].settings, **cls.settings}

    def __init__(self, shop, servers):
        servers["bucket_server"].objects.clear()
        super().__init__(shop, servers)

    def state(self):
        [row] = self.rows(MediaMark)
        seen = self.bucket_server.objects[MARK]
        return row.held_why, self.call(find_hold), seen == THEIRS


class ABucketIsTaken(MarkWay):
    def go(self):
        self.call(keep_mark, NOON)

    def again(self):
        self.call(keep_mark, NOON + EVERY)


class TheMarkIsTurned(ABucketIsTaken):
    def prepare(self):
        self.call(keep_mark, NOON - EVERY)
        self.before = self.bucket_server.objects[MARK]

    def again(self):
        """Redis may not know any more that it is ours: then half a day later."""
        for later in (EVERY, EVERY + TURNED_BY_THEN):
            self.call(keep_mark, NOON + later)

    def state(self):
        return super().state(), self.bucket_server.objects[MARK] != self.before


class AnotherHasTurnedIt(ABucketIsTaken):
    def prepare(self):
        self.call(keep_mark, NOON - EVERY)
        self.bucket_server.objects[MARK] = THEIRS


class APersonTakesIt(MarkWay):
    """Who sees an error says it again. What waited goes then."""

    deeds = (KILL, RAISE)  # a pause: nothing comes by itself while a bucket is held

    def prepare(self):
        self.bucket_server.objects |= {MARK: THEIRS, f"/shop/copies/{PICTURE}": b"x"}
        self.call(keep_mark, NOON)
        with transaction():
            inbox_id = add_conversation().inbox_id
            add_media(inbox_id, MediaKind.IMAGE, key=PICTURE, state=MediaState.DROPPED, source_url="")

    def go(self):
        self.call(take)

    def again(self):
        self.go()
        for media_id in [row.id for row in self.rows(MediaFile)]:
            self.call(drop_media, media_id, NOON + HOUR)

    def state(self):
        return super().state(), sorted(self.bucket_server.objects), len(self.rows(MediaFile))


WAYS = (ABucketIsTaken, TheMarkIsTurned, AnotherHasTurnedIt, APersonTakesIt)
ROOMS = ("conversations.media_mark",)
DOORS = ("store",)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("kind", WAYS, ids=lambda kind: kind.__name__)
def test_a_fault_at_any_place_changes_nothing_of_the_end(course, kind):
    course.try_every_place(kind)


def test_every_commit_of_the_mark_is_passed(course):
    course.expect_passed(WAYS, ROOMS, DOORS)
