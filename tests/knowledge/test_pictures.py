"""The catalogue's pictures: our own copies, from wherever the shop keeps them, and gone with their product."""

import pytest
from rows import NOON, add_inbox, add_product, add_source
from samples import JPEG, OTHER_JPEG, SVG

from pilito.conversations.drop_media import drop_media
from pilito.conversations.erase import erase_inbox
from pilito.conversations.fetch_media import fetch_media
from pilito.database import transaction
from pilito.knowledge.pictures import keep_pictures
from pilito.knowledge.products import delete_product
from pilito.knowledge.sources import delete_source
from pilito.lifecycle import MediaState
from pilito.models import Inbox, MediaFile, Product, db


class Desk:
    """The verbs as workers call them, and the files of a shop's own site."""

    def __init__(self, files):
        self.files = files
        with transaction():
            self.inbox_id = add_inbox().id

    def call(self, verb, *args):
        db.session.rollback()
        return verb(*args)

    def rows(self, table):
        db.session.rollback()
        return db.session.scalars(db.select(table).order_by(table.id).execution_options(populate_existing=True)).all()


@pytest.fixture
def desk(make_app, make_settings, files):
    make_app(make_settings(**files.settings))
    return Desk(files)


def add(desk, body=JPEG, inbox_id=None, path="/a.jpg"):
    with transaction():
        source = add_source(inbox_id)
        return add_product(source, picture_url=desk.files.put(path, body)).id


def work(desk, now=NOON):
    desk.call(keep_pictures, now)
    for copy in desk.rows(MediaFile):
        desk.call(fetch_media, copy.id, lambda: now)
        desk.call(drop_media, copy.id, now)
    return desk.rows(MediaFile)


def product(desk):
    return desk.rows(Product)[0]


def test_a_picture_is_kept_once_and_shown_from_our_own_store(desk, media_folder):
    add(desk)

    (copy,) = work(desk)

    assert (copy.state, product(desk).copy_id) == (MediaState.STORED, copy.id)
    assert desk.call(keep_pictures, NOON) == 0
    assert len([path for path in media_folder.rglob("*.*") if path.is_file()]) == 1


def test_another_address_takes_the_old_copy_away(desk):
    add(desk)
    before = work(desk)[0].id
    with transaction():
        db.session.get(Product, product(desk).id).picture_url = desk.files.put("/b.jpg", OTHER_JPEG)

    work(desk)

    (copy,) = desk.rows(MediaFile)
    assert copy.id != before
    assert (copy.state, product(desk).copy_id) == (MediaState.STORED, copy.id)


@pytest.mark.sqlite_only
@pytest.mark.parametrize("how", ["product", "source"])
def test_a_picture_goes_with_its_product(desk, media_folder, how):
    made = add(desk)
    work(desk)

    if how == "product":
        desk.call(delete_product, made, None, NOON)
    else:
        desk.call(delete_source, product(desk).source_id, None, NOON)
    work(desk)

    assert desk.rows(MediaFile) == []
    assert not [path for path in media_folder.rglob("*.*") if path.is_file()]


def test_erasing_the_inbox_that_keeps_it_leaves_the_product_of_all(desk):
    with transaction():
        other = add_inbox().id
    add(desk)
    work(desk)

    desk.call(erase_inbox, desk.inbox_id, NOON)
    (copy,) = work(desk)

    assert [inbox.id for inbox in desk.rows(Inbox)] == [other]
    assert (copy.inbox_id, copy.state, product(desk).copy_id) == (other, MediaState.STORED, copy.id)


@pytest.mark.sqlite_only
@pytest.mark.parametrize("url", ["http://169.254.169.254/a.jpg", "https://127.0.0.1/a.jpg"])
def test_an_inner_address_is_never_asked(desk, url):
    with transaction():
        add_product(add_source(), picture_url=url)

    (copy,) = work(desk)

    assert (copy.state, copy.error) == (MediaState.FAILED, "address_refused")


@pytest.mark.sqlite_only
def test_what_is_no_picture_is_not_kept(desk):
    add(desk, SVG)

    (copy,) = work(desk)

    assert copy.state is MediaState.FAILED
    assert desk.call(keep_pictures, NOON) == 0
