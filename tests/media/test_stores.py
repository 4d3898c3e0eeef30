"""Both stores keep the same promise: all of a file or nothing, read in parts, dropped for good."""

import hashlib
import io
import sys
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from pilito.config import load_settings
from pilito.errors import ConfigError, MediaError
from pilito.media import open_store
from pilito.media.folder import Folder
from pilito.media.store import name_of

BODY = bytes(range(256)) * 40
NAME = name_of(hashlib.sha256(BODY).hexdigest(), 7)


@pytest.fixture
def folder(tmp_path):
    return open_store(load_settings(_env_file=None, media_url=f"file://{tmp_path}/our%20files"))


@pytest.fixture
def bucket(bucket_server):
    return open_bucket(bucket_server)


def open_bucket(server):
    return open_store(load_settings(_env_file=None, **server.settings))


@pytest.fixture(params=["folder", "bucket"])
def store(request):
    return request.getfixturevalue(request.param)


def put(store, body=BODY):
    store.put(NAME, io.BytesIO(body), len(body), "image/jpeg")


def test_a_file_comes_back_as_it_was(store):
    put(store)

    with store.open(NAME, len(BODY)) as file:
        assert file.read() == BODY


def test_a_part_of_it_can_be_read(store):
    put(store)

    with store.open(NAME, len(BODY)) as file:
        file.seek(5000)
        assert file.tell() == 5000
        assert file.read(100) == BODY[5000:5100]
        file.seek(-10, io.SEEK_END)
        assert file.read() == BODY[-10:]
        assert file.read() == b""


def test_the_same_name_again_replaces_it(store):
    put(store, b"x" * len(BODY))
    put(store)

    with store.open(NAME, len(BODY)) as file:
        assert file.read() == BODY


def test_a_dropped_file_is_gone_and_may_be_dropped_again(store):
    put(store)

    store.drop(NAME)
    store.drop(NAME)

    with pytest.raises(MediaError, match="missing"):
        store.open(NAME, len(BODY))


def test_old_objects_are_listed_by_the_beginning_of_their_names(store):
    put(store)

    assert store.names(NAME[:2], datetime.now(UTC) + timedelta(minutes=1)) == [NAME]
    assert store.names(NAME[:2], datetime(2026, 1, 1, tzinfo=UTC)) == []
    assert store.names("zz", datetime.now(UTC) + timedelta(minutes=1)) == []


def test_what_others_keep_in_the_same_bucket_is_not_listed_as_ours(bucket, bucket_server):
    """A site in Persian has a folder `fa`: what is listed and has no row is dropped (conversations/tidy_media.py)."""
    put(bucket)
    for name in ("fa/index.html", "fa/ir/logo.png", f"{NAME[:2]}/report.pdf", f"{NAME}.bak", f"old/{NAME}"):
        bucket_server.objects[f"/shop/copies/{name}"] = BODY

    late = datetime.now(UTC) + timedelta(minutes=1)
    assert (bucket.names("fa", late), bucket.names(NAME[:2], late)) == ([], [NAME])


def test_the_doctor_writes_reads_and_drops(store):
    assert "writable" in store.check()


# --- the folder ------------------------------------------------------------------------------------------------------


def test_the_folder_is_for_our_own_user_alone(folder, tmp_path):
    put(folder)

    paths = [tmp_path / "our files", *(tmp_path / "our files").rglob("*")]
    modes = {path.relative_to(tmp_path).as_posix(): path.stat().st_mode & 0o777 for path in paths}
    assert modes[f"our files/{NAME}"] == 0o600
    assert {mode for path, mode in modes.items() if not path.endswith(".7")} == {0o700}


def test_a_file_that_could_not_be_written_whole_is_not_there(folder, tmp_path):
    class Broken(io.BytesIO):
        def read(self, *_):
            raise OSError(28, "No space left on device")

    with pytest.raises(MediaError, match="store_failed") as failed:
        folder.put(NAME, Broken(BODY), len(BODY), "image/jpeg")

    assert failed.value.may_pass
    with pytest.raises(MediaError, match="missing"):
        folder.open(NAME, len(BODY))
    put(folder)  # and what was left does not stand in the way


@pytest.mark.parametrize("name", ["../x", "/etc/passwd", "aa/bb/../../x", "", ".unfinished/x", "aa/bb/cc\n"])
def test_a_name_that_is_none_of_ours_leads_nowhere(folder, name):
    with pytest.raises(MediaError, match="missing"):
        folder.open(name, 1)


def test_a_folder_that_cannot_be_made_is_said(tmp_path):
    (tmp_path / "file").write_text("")

    with pytest.raises(MediaError, match="store_failed"):
        Folder(tmp_path / "file" / "media").check()


def test_a_full_disk_is_said(folder, monkeypatch):
    put(folder)
    monkeypatch.setattr("pilito.media.folder.shutil.disk_usage", lambda _: type("Usage", (), {"free": 1024}))

    with pytest.raises(MediaError, match="make room"):
        folder.check()


# --- the bucket ------------------------------------------------------------------------------------------------------


def test_the_bucket_gets_type_prefix_and_a_signed_request(bucket, bucket_server):
    put(bucket)

    method, path, headers = bucket_server.asked[-1]
    assert (method, urlsplit(path).path) == ("PUT", f"/shop/copies/{NAME}")
    assert headers["Content-Type"] == "image/jpeg"
    assert headers["Authorization"].startswith("AWS4-HMAC-SHA256 Credential=the-key/")
    assert not parse_qs(urlsplit(path).query)


def test_a_large_file_goes_whole_in_one_request(bucket, bucket_server):
    """In pieces, those of a worker that was killed would lie there for ever: no list of the bucket shows them."""
    body = bytes(range(256)) * 4 * 1024 * 6

    put(bucket, body)

    assert [(method, urlsplit(path).query) for method, path, _ in bucket_server.asked] == [("PUT", "")]
    with bucket.open(NAME, len(body)) as file:
        assert file.read() == body


def test_a_large_file_may_take_longer_than_a_connection(bucket_server, monkeypatch):
    """The time-out is one of each part that is handed on: a socket takes its own for that of all it is given at once."""
    monkeypatch.setattr("pilito.media.bucket.CONNECT_SECONDS", 0.5)
    bucket_server.pause = 0.06

    put(open_bucket(bucket_server), bytes(6 * 1024 * 1024))

    assert [len(body) for body in bucket_server.objects.values()] == [6 * 1024 * 1024]


def rule(days="<NoncurrentDays>1</NoncurrentDays>", place="<Prefix></Prefix>", status="Enabled"):
    ends = f"<NoncurrentVersionExpiration>{days}</NoncurrentVersionExpiration>"
    return f"<Rule><ID>x</ID><Status>{status}</Status><Filter>{place}</Filter>{ends}</Rule>"


@pytest.mark.parametrize("status", ["Enabled", "Suspended"])
def test_a_bucket_that_keeps_versions_is_said_with_what_to_do(bucket, bucket_server, status):
    """Dropped there, a file stays in its older version: what was erased can still be read."""
    bucket_server.versions = status

    with pytest.raises(MediaError, match=r"keeps_versions: The bucket shop keeps .*: let a rule of its life cycle"):
        bucket.check()

    assert not bucket_server.objects


@pytest.mark.parametrize("place", ["<Prefix></Prefix>", "<Prefix>copies/</Prefix>"])
def test_a_rule_that_drops_older_versions_is_enough(bucket, bucket_server, place):
    bucket_server.versions, bucket_server.rules = "Enabled", rule(place=place)

    assert bucket.check() == "the bucket shop is writable"


@pytest.mark.parametrize(
    "other",
    [
        rule(status="Disabled"),
        rule(place="<Prefix>site/</Prefix>"),
        rule(place="<Tag><Key>a</Key><Value>b</Value></Tag>"),
        rule(days="<NoncurrentDays>365</NoncurrentDays>"),
        rule(days="<NoncurrentDays>1</NoncurrentDays><NewerNoncurrentVersions>1</NewerNoncurrentVersions>"),
        "<Rule><ID>x</ID><Status>Enabled</Status><Filter><Prefix></Prefix></Filter>"
        "<AbortIncompleteMultipartUpload><DaysAfterInitiation>1</DaysAfterInitiation></AbortIncompleteMultipartUpload>"
        "</Rule>",
    ],
)
def test_a_rule_that_leaves_ours_is_not(bucket, bucket_server, other):
    bucket_server.versions, bucket_server.rules = "Enabled", other

    with pytest.raises(MediaError, match="keeps_versions"):
        bucket.check()


def test_a_key_that_may_not_ask_about_versions_is_no_fault(bucket, bucket_server):
    bucket_server.versions, bucket_server.hushed = "Enabled", ("versioning", "lifecycle")

    assert bucket.check() == "the bucket shop is writable"


@pytest.mark.parametrize("rules", ["", "<Rule>what?</Rule>"])
def test_rules_that_cannot_be_read_are_a_word_to_look_oneself(bucket, bucket_server, rules):
    bucket_server.versions, bucket_server.rules = "Enabled", rules
    bucket_server.hushed = () if rules else ("lifecycle",)

    assert "it keeps versions: see that a rule of its life cycle" in bucket.check()


def test_a_bucket_that_refuses_is_said_without_the_key(bucket, bucket_server):
    bucket_server.refuse = 403

    with pytest.raises(MediaError, match="store_failed") as failed:
        put(bucket)

    assert failed.value.may_pass
    assert "the-secret" not in str(failed.value)


def test_a_bucket_that_is_away_is_said(bucket_server, free_port):
    settings = load_settings(
        _env_file=None,
        media_url="s3://shop",
        media_s3_endpoint=f"http://127.0.0.1:{free_port}",
        media_s3_region="eu-test-1",
        media_s3_access_key="k",
        media_s3_secret_key="s",
    )

    with pytest.raises(MediaError, match="store_failed"):
        open_store(settings).drop(NAME)


def test_its_library_is_loaded_only_for_a_bucket(tmp_path, monkeypatch):
    monkeypatch.delitem(sys.modules, "minio", raising=False)

    open_store(load_settings(_env_file=None, media_url=f"file://{tmp_path}"))

    assert "minio" not in sys.modules


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("ftp://x", "MEDIA_URL: expected an address that begins with file:/// or s3://"),
        ("file://relative/x", "MEDIA_URL: expected"),
        ("s3:///x", "MEDIA_URL: expected"),
        ("s3://bucket", "MEDIA_S3_ACCESS_KEY: MEDIA_URL names a bucket and expects a key"),
    ],
)
def test_a_wrong_setting_stops_the_start(url, sentence):
    with pytest.raises(ConfigError) as error:
        load_settings(_env_file=None, media_url=url)

    assert sentence in str(error.value)
