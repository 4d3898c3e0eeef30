"""What a file is, by its bytes alone."""

import io

import pytest
from samples import HTML, JPEG, MP4, PDF, SVG, WAV, png

from pilito.errors import MediaError
from pilito.lifecycle import MediaKind
from pilito.media.look import RULES, SHOWN_TYPES, look_at

GIF = b"GIF89a\x02\x00\x03\x00" + bytes(20)
ISOM = b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2mp41" + bytes(300)
OGG = b"OggS\0\x02" + bytes(300)


def look(kind, body):
    return look_at(kind, io.BytesIO(body))


@pytest.mark.parametrize(
    ("kind", "body", "mime_type"),
    [
        (MediaKind.IMAGE, JPEG, "image/jpeg"),
        (MediaKind.IMAGE, png(3, 2), "image/png"),
        (MediaKind.IMAGE, GIF, "image/gif"),
        (MediaKind.VIDEO, MP4, "video/mp4"),
        (MediaKind.VOICE, WAV, "audio/wav"),
        (MediaKind.VOICE, ISOM, "audio/mp4"),
        (MediaKind.VOICE, OGG, "audio/ogg"),
        (MediaKind.PREVIEW, MP4, "video/mp4"),
        (MediaKind.FILE, PDF, "application/pdf"),
        (MediaKind.FILE, JPEG, "image/jpeg"),
        (MediaKind.FILE, b"MZ\x90\x00" + bytes(100), "application/octet-stream"),
        (MediaKind.FILE, b"PK\x03\x04" + bytes(100), "application/octet-stream"),
        (MediaKind.AVATAR, JPEG, "image/jpeg"),
    ],
)
def test_the_bytes_say_what_it_is(kind, body, mime_type):
    assert look(kind, body).mime_type == mime_type


def test_a_picture_is_measured_without_being_unpacked():
    assert (look(MediaKind.IMAGE, png(4000, 3000)).width, look(MediaKind.IMAGE, png(4000, 3000)).height) == (4000, 3000)


@pytest.mark.parametrize(("width", "height"), [(50_000, 50_000), (30_000, 1), (10_000, 10_000), (0, 5)])
def test_a_picture_that_would_burst_a_browser_is_refused(width, height):
    with pytest.raises(MediaError, match="too_large"):
        look(MediaKind.IMAGE, png(width, height))


@pytest.mark.parametrize("body", [b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"RIFF\x10\0\0\0WEBPVP8 "])
def test_a_picture_that_ends_after_its_first_bytes_is_none(body):
    with pytest.raises(MediaError, match="wrong_type|too_large"):
        look(MediaKind.IMAGE, body)


@pytest.mark.parametrize("kind", list(MediaKind))
@pytest.mark.parametrize(
    "body",
    [
        SVG,
        HTML,
        b"\n\t <svg>",
        b"\xef\xbb\xbf<html>",
        b"\xff\xfe<\0s\0v\0g\0",
        b"\xfe\xff\0<\0s",
        b"<?xml version='1.0'?><svg/>",
        b"<!-- -->" + SVG,
        b"\0\0<script>",
    ],
)
def test_what_a_browser_would_run_is_refused_as_every_kind(kind, body):
    with pytest.raises(MediaError, match="wrong_type|refused_type"):
        look(kind, body)


def test_nothing_that_is_shown_in_place_can_run():
    assert all(shown.partition("/")[0] in ("image", "audio", "video") and "svg" not in shown for shown in SHOWN_TYPES)
    assert all(set(rule.types) <= SHOWN_TYPES for rule in RULES.values())


def test_every_kind_has_its_rule():
    assert set(RULES) == set(MediaKind)
