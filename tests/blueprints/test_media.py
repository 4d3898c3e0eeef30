"""Our copies over HTTP: only for people of the shop, by our own type, and nothing in them runs."""

import io

import pytest
from rows import FreshClient, add, add_inbox, add_media, add_operator
from samples import HTML, JPEG, MP4, PDF

from pilito.database import transaction
from pilito.lifecycle import MediaKind, MediaState, Role
from pilito.models import Shop

pytestmark = pytest.mark.sqlite_only


@pytest.fixture
def browser(app):
    with transaction():
        session_id = add_operator(Role.VIEWER).get_id()
    client = FreshClient(app)
    with client.session_transaction() as session:
        session.update({"_user_id": session_id, "_fresh": True})
    return client


@pytest.fixture
def keep(app):
    """Put a file into the store; return its path."""

    def make(body, mime_type, kind=MediaKind.IMAGE, **values):
        with transaction():
            sha256 = values.pop("sha256", "a" * 64)
            media = add_media(add_inbox().id, kind, mime_type, sha256=sha256, **values)
            media.size_bytes = len(body)
            path, key = f"/media/{media.id}", media.key
        app.extensions["pilito_media_store"].put(key, io.BytesIO(body), len(body), mime_type)
        return path

    return make


def test_a_picture_is_shown_in_its_place(browser, keep):
    answer = browser.get(keep(JPEG, "image/jpeg"))

    assert answer.data == JPEG
    assert answer.mimetype == "image/jpeg"
    assert answer.headers["Content-Disposition"].startswith("inline; filename=image-")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert "script-src" not in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"] == "private, no-cache"


@pytest.mark.parametrize(
    "mime_type", ["application/pdf", "application/octet-stream", "text/html", "image/svg+xml", None]
)
def test_whatever_a_browser_might_run_is_a_download(browser, keep, mime_type):
    answer = browser.get(keep(PDF if mime_type == "application/pdf" else HTML, mime_type, MediaKind.FILE))

    assert answer.headers["Content-Disposition"].startswith("attachment; ")
    assert "sandbox" in answer.headers["Content-Security-Policy"]


def test_a_player_gets_the_part_it_asks_for(browser, keep):
    path = keep(MP4, "video/mp4", MediaKind.VIDEO)

    part = browser.get(path, headers={"Range": "bytes=100-199"})
    rest = browser.get(path, headers={"Range": "bytes=5000-"})

    assert (part.status_code, part.data) == (206, MP4[100:200])
    assert part.headers["Content-Range"] == f"bytes 100-199/{len(MP4)}"
    assert (rest.status_code, rest.data) == (206, MP4[5000:])
    assert browser.get(path).headers["Accept-Ranges"] == "bytes"


def test_a_film_opened_by_itself_may_ask_for_itself_again_and_still_runs_nothing(browser, keep):
    policy = browser.get(keep(MP4, "video/mp4", MediaKind.VIDEO)).headers["Content-Security-Policy"]

    assert policy.endswith("sandbox allow-same-origin")
    assert policy.startswith("default-src 'none'")
    assert "script" not in policy


def test_a_part_beyond_the_end_is_refused(browser, keep):
    answer = browser.get(keep(MP4, "video/mp4"), headers={"Range": f"bytes={len(MP4)}-"})

    assert answer.status_code == 416


def test_a_browser_that_has_it_gets_it_not_again(browser, keep):
    path = keep(JPEG, "image/jpeg")
    tag = browser.get(path).headers["ETag"]

    again = browser.get(path, headers={"If-None-Match": tag})

    assert (again.status_code, again.data) == (304, b"")


def test_nobody_else_sees_it(app, keep):
    answer = FreshClient(app).get(keep(JPEG, "image/jpeg"))

    assert answer.status_code == 302
    assert "/login" in answer.headers["Location"]
    assert JPEG not in answer.data


def test_nor_does_an_admin_who_has_to_set_up_the_second_step_first(browser, app, keep):
    with transaction():
        add(Shop(id=1, admins_need_codes=True))
        key = add_operator(Role.ADMIN).get_id()
    admin, path = FreshClient(app), keep(JPEG, "image/jpeg")
    with admin.session_transaction() as session:
        session.update({"_user_id": key, "_fresh": True})

    assert admin.get(path).location == "/settings/security"
    assert browser.get(path).data == JPEG  # a viewer needs none


@pytest.mark.parametrize("state", [MediaState.PENDING, MediaState.FAILED, MediaState.SKIPPED, MediaState.DROPPED])
def test_what_is_not_stored_is_not_found(browser, app, state):
    with transaction():
        media = add_media(add_inbox().id, MediaKind.IMAGE, state=state, key="00/00/x", size_bytes=3)

    assert browser.get(f"/media/{media.id}").status_code == 404


def test_a_file_that_the_store_lost_is_not_found(browser, app):
    with transaction():
        media = add_media(add_inbox().id, MediaKind.IMAGE, "image/jpeg")

    assert browser.get(f"/media/{media.id}").status_code == 404


def test_a_name_in_the_table_that_leads_out_of_the_store_leads_nowhere(browser, app):
    with transaction():
        media = add_media(add_inbox().id, MediaKind.FILE, "text/plain")
        media.key = "../../../../etc/passwd"

    assert browser.get(f"/media/{media.id}").status_code == 404
