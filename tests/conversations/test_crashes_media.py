"""A crash, an error and a pause at every commit and every call on the way of a file and of a customer's name.

A file is fetched, or its failure is shown; none lies in the store without a row, and none is lost that a row names.
What was read of it by a model is read again after a crash, which costs money and nothing else. How each way is tried:
ways.py.
"""

import io
from datetime import timedelta

import pytest
from rows import NOON, add_product, add_source
from samples import JPEG, OTHER_JPEG, WAV
from shop import CUSTOMER, item, text, unsent
from ways import KILL, RAISE, Way

from pilito.clock import utc_now
from pilito.conversations.drop_media import drop_media
from pilito.conversations.fetch_media import fetch_media
from pilito.conversations.fetch_profile import fetch_profile
from pilito.conversations.read_media import read_media
from pilito.conversations.tidy_media import EVERY, PARTS, tidy
from pilito.conversations.upload import upload
from pilito.database import transaction
from pilito.errors import MediaError
from pilito.jobs.media import get_reader
from pilito.knowledge.pictures import keep_pictures
from pilito.lifecycle import MediaState, ProcessingStatus, ReadingState, TurnState
from pilito.media.store import name_of
from pilito.models import Attachment, Conversation, Customer, MediaFile, Message, Product, Reading, Turn, db

pytestmark = [pytest.mark.whole, pytest.mark.sqlite_only]

MINUTES = timedelta(minutes=1)
# After each of these every lease is over, and every pause.
LATER = tuple(NOON + number * 60 * MINUTES for number in (1, 2, 3))


class FilesWay(Way):
    servers = ("files", "media_folder")

    @classmethod
    def settings_with(cls, servers):
        return {**servers["files"].settings, **cls.settings}

    def __init__(self, shop, servers):
        for path in servers["media_folder"].rglob("*.*"):
            if path.is_file():
                path.unlink()
        self.is_away = False
        super().__init__(shop, servers)

    def send(self, body, kind="image", mid="sent", path="/one", **where):
        url = self.files.put(path, body)
        self.desk.take(item(NOON, {"mid": mid, "attachments": [{"type": kind, "payload": {"url": url}}]}, **where))

    def fetch(self, at):
        for row in self.rows(MediaFile):
            if row.state is MediaState.PENDING:
                self.call(fetch_media, row.id, lambda: at)

    def drop(self, at):
        for media_id in [row.id for row in self.rows(MediaFile)]:
            self.call(drop_media, media_id, at)

    def again(self):
        self.expect_swept(LATER[0])
        for at in LATER:
            self.fetch(at)
            self.drop(at)

    def expect_swept(self, at):
        """The sweep wakes whatever is left, each by the job that its row needs."""
        left = [row.state for row in self.rows(MediaFile) if row.due_at < at]
        found = self.desk.sweep(at)
        assert found["media"] == left.count(MediaState.PENDING)
        assert found["dropped_media"] == left.count(MediaState.DROPPED)

    def objects(self):
        """What lies in the store, unfinished pieces included."""
        return sorted(path.name for path in self.media_folder.rglob("*.*") if path.is_file())

    def state(self):
        """Each object has a row, and each row that says so its object."""
        rows = self.rows(MediaFile)
        stored = {row.key.rpartition("/")[2] for row in rows if row.state is MediaState.STORED}
        assert set(self.objects()) == stored
        assert not any(row.lease_until for row in rows if row.state is not MediaState.PENDING)
        return [(row.state, row.error, row.mime_type) for row in rows], [name[:64] for name in self.objects()]


# --- files of customers ----------------------------------------------------------------------------------------------


class APictureIsFetched(FilesWay):
    def prepare(self):
        self.send(JPEG)

    def go(self):
        self.fetch(NOON)


class ThePictureIsThereAlready(APictureIsFetched):
    """Two customers sent the same bytes: one object serves both rows."""

    def prepare(self):
        self.send(JPEG)
        self.send(JPEG, mid="again", path="/two")


class TheFileChangedBetweenTwoTries(APictureIsFetched):
    """The first try wrote its object and broke off; the second finds other bytes, and leaves nothing of the first. Where
    it breaks off too, just when the row forgot that name, the tidying finds the object that nobody names."""

    def prepare(self):
        self.send(JPEG)
        self.call(self.break_off)
        assert len(self.objects()) == 1
        self.files.put("/one", OTHER_JPEG)

    def break_off(self):
        store = self.desk.app.extensions["pilito_media_store"]
        put, store.put = store.put, lambda *args: (put(*args), exit_at_once())
        try:
            fetch_media(self.rows(MediaFile)[0].id, lambda: NOON)
        except SystemExit:
            pass
        finally:
            del store.put

    def go(self):
        self.fetch(NOON + 10 * MINUTES)

    def again(self):
        super().again()
        for name in self.objects():
            self.call(tidy, when_looked_at(name[:2]))


def when_looked_at(part):
    """A moment at which the tidying comes by this part of the store, days from now."""
    from_now_on = utc_now() + timedelta(days=3)
    return from_now_on + EVERY * ((int(part, 16) - int(from_now_on.timestamp() // EVERY.total_seconds())) % PARTS)


def exit_at_once():
    raise SystemExit


class TheServerIsBusy(APictureIsFetched):
    """Its first answer is an error that passes; the next try brings the file."""

    def prepare(self):
        super().prepare()
        self.files.put("/one", status=503)

    def again(self):
        self.files.put("/one", JPEG)
        super().again()


class TheLinkIsDead(APictureIsFetched):
    """Which the panel shows: the row has failed for good, with its reason."""

    def prepare(self):
        super().prepare()
        self.files.put("/one", status=404)

    def state(self):
        conversation = self.desk.conversation
        assert conversation.seq >= 2  # the browsers were told
        return super().state()


class AMessageIsTakenBack(FilesWay):
    """The copy of its picture goes, unless somebody else shows the same one."""

    def prepare(self):
        self.send(JPEG)
        self.send(OTHER_JPEG, mid="kept", path="/two")
        self.send(OTHER_JPEG, mid="same", path="/three")
        self.fetch(NOON)
        self.desk.take(unsent("sent", NOON), unsent("kept", NOON))

    def go(self):
        self.drop(NOON)


class TheStoreIsAway(AMessageIsTakenBack):
    """It does not drop the first time it is asked, and does when it is asked again."""

    def go(self):
        store = self.desk.app.extensions["pilito_media_store"]
        drop, asked = store.drop, []

        def refuse(name):
            asked.append(name)
            if len(asked) == 1:
                raise MediaError("store_failed", "The store is away.", may_pass=True)
            drop(name)

        store.drop = refuse
        try:
            self.drop(NOON)
        finally:
            del store.drop


# --- what is read of them --------------------------------------------------------------------------------------------


class AVoiceNoteIsWrittenDown(FilesWay):
    """What breaks the reader is its own fault, as far as anybody can tell: then a person is asked."""

    may_end = ((ReadingState.FAILED, "model_failed", "[پیام صوتی]", ProcessingStatus.FAILED, [TurnState.OPEN]),)
    doubtful = {("model_before", RAISE), ("model_after", RAISE)}
    settings = {"openai_transcription_model": "hears", "openai_vision_model": "sees"}

    def prepare(self):
        self.model.sounds.clear()
        self.send(WAV, "audio")
        self.fetch(NOON)

    def go(self):
        self.read(NOON)

    def read(self, at):
        for row in self.rows(Reading):
            self.call(read_media, row.id, get_reader(), lambda: at)

    def again(self):
        left = sum(row.state is ReadingState.PENDING and row.due_at < LATER[0] for row in self.rows(Reading))
        assert self.desk.sweep(LATER[0])["readings"] == left
        for at in LATER:
            self.read(at)

    def state(self):
        """The model may be asked once more after a crash, and no more often."""
        assert len(self.model.sounds) <= 2
        [message] = [row for row in self.rows(Message) if row.external_id == "sent"]
        [reading] = self.rows(Reading)
        assert reading.lease_until is None or reading.state is not ReadingState.PENDING
        turns = [turn.state for turn in self.rows(Turn)]
        return reading.state, reading.error, message.content, message.processing_status, turns


class TheReaderFails(AVoiceNoteIsWrittenDown):
    """Twice, and does it the third time, which is the last: a crash that costs one of the three gives it to a person."""

    may_end = (
        *AVoiceNoteIsWrittenDown.may_end,
        (ReadingState.FAILED, "model_overloaded", "[پیام صوتی]", ProcessingStatus.FAILED, [TurnState.OPEN]),
    )
    doubtful = None

    def prepare(self):
        super().prepare()
        away = (503, {"error": {"message": "overloaded"}})
        self.model.said = [away, away, (200, {"text": "این لباس چقدره؟"})]

    def state(self):
        self.model.sounds.clear()
        return super().state()


class TheReaderIsBroken(AVoiceNoteIsWrittenDown):
    """It refuses the file for good: a person is asked."""

    def prepare(self):
        super().prepare()
        self.model.said = [(400, {"error": {"message": "Invalid file format."}})]


# --- files of the shop -----------------------------------------------------------------------------------------------


class APersonAttachesAFile(FilesWay):
    """Who sees an error attaches it again. What the first try left goes after a day."""

    settings = {"public_url": "https://pilito.shop.test"}
    deeds = (KILL, RAISE)  # no request sleeps for the day after which what nobody sent is let go
    media = None

    def prepare(self):
        self.desk.take(text("سلام", NOON))

    def go(self):
        conversation = self.rows(Conversation)[0].id
        self.media = self.press(upload, conversation, "image", io.BytesIO(JPEG), NOON).id

    def again(self):
        """The one that somebody saw arrive is sent; the rest is let go, as old ones are."""
        if self.media is None:
            self.go()
        with transaction():
            if not self.rows(Attachment):
                message = self.rows(Message)[0].id
                db.session.add(Attachment(message_id=message, position=0, kind="image", copy_id=self.media))
        for number in (2, 3):
            at = NOON + timedelta(days=number)
            self.call(tidy, at)
            self.drop(at + 5 * MINUTES)

    def state(self):
        rows = self.rows(MediaFile)
        assert [row.id for row in rows] == [self.media]
        return [(row.state, row.mime_type) for row in rows], len(self.objects())


STRANGER = name_of("ab" + "0" * 62, 7)
AT_ITS_PART = when_looked_at("ab")


class TheStoreIsTidied(FilesWay):
    """An old upload that nobody sent, and an object that belongs to nobody."""

    settings = {"public_url": "https://pilito.shop.test"}

    def prepare(self):
        self.desk.take(text("سلام", NOON))
        upload(self.rows(Conversation)[0].id, "image", io.BytesIO(OTHER_JPEG), NOON - timedelta(days=3))
        store = self.desk.app.extensions["pilito_media_store"]
        store.put(STRANGER, io.BytesIO(JPEG), len(JPEG), "image/jpeg")

    def go(self):
        self.call(tidy, AT_ITS_PART)

    def again(self):
        self.call(tidy, AT_ITS_PART)
        self.drop(AT_ITS_PART + 60 * MINUTES)

    def state(self):
        return self.objects(), len(self.rows(MediaFile))


class ThePictureOfAProduct(FilesWay):
    """Asked for, fetched, and another one when the shop changes it."""

    def prepare(self):
        self.files.put("/shirt", JPEG)
        with transaction():
            add_product(add_source(self.desk.shop.inbox_id), picture_url=f"{self.files.url}/shirt")

    def go(self):
        self.call(keep_pictures, NOON)
        self.fetch(NOON)

    def again(self):
        for at in LATER:
            self.call(keep_pictures, at)
            self.fetch(at)
            self.drop(at)

    def state(self):
        return [row.copy_id is not None for row in self.rows(Product)], *super().state()


# --- who a customer is -----------------------------------------------------------------------------------------------


class ACustomerHasAName(FilesWay):
    """Whose asking broke off is asked about with a later message: an hour after, where the name is not known."""

    def prepare(self):
        url = self.files.put("/sara", JPEG)
        self.graph.profiles[CUSTOMER] = {"id": CUSTOMER, "name": "سارا", "username": "sara", "profile_pic": url}
        self.desk.take(text("سلام", NOON))

    def ask(self, at):
        self.call(fetch_profile, self.desk.conversation.id, at)
        self.fetch(at)

    def go(self):
        self.ask(NOON)

    def again(self):
        at = LATER[1]
        if self.rows(Customer)[0].name is None:
            self.desk.take(text("هستید؟", at, mid="later"), now=at)
            self.ask(at)
        super().again()

    def state(self):
        [customer] = self.rows(Customer)
        shown = [(row.state, row.id == customer.picture_id) for row in self.rows(MediaFile)]
        return customer.name, customer.username, customer.next_picture_id, shown, len(self.objects())


class ACustomerHasNotConsented(ACustomerHasAName):
    """The provider tells nothing yet; the next message asks again, however soon."""

    def prepare(self):
        super().prepare()
        self.profile = self.graph.profiles.pop(CUSTOMER)

    def again(self):
        self.graph.profiles[CUSTOMER] = self.profile
        super().again()


WAYS = (
    APictureIsFetched,
    ThePictureIsThereAlready,
    TheFileChangedBetweenTwoTries,
    TheServerIsBusy,
    TheLinkIsDead,
    AMessageIsTakenBack,
    TheStoreIsAway,
    AVoiceNoteIsWrittenDown,
    TheReaderFails,
    TheReaderIsBroken,
    APersonAttachesAFile,
    TheStoreIsTidied,
    ThePictureOfAProduct,
    ACustomerHasAName,
    ACustomerHasNotConsented,
)
ROOMS = (
    "conversations.fetch_media",
    "conversations.read_media",
    "conversations.drop_media",
    "conversations.tidy_media",
    "conversations.upload",
    "conversations.fetch_profile",
    "knowledge.pictures",
)
DOORS = ("outside", "store", "model")


@pytest.mark.timeout(300)
@pytest.mark.parametrize("kind", WAYS, ids=lambda kind: kind.__name__)
def test_a_fault_at_any_place_changes_nothing_of_the_end(course, kind):
    course.try_every_place(kind)


def test_every_commit_of_these_rooms_is_passed(course):
    course.expect_passed(WAYS, ROOMS, DOORS)
