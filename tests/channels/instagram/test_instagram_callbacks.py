"""What Meta signs is read, and nothing else is."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime

import pytest
from rows import NOON

from pilito.channels.instagram import callbacks
from pilito.channels.instagram.callbacks import read, sign

SECRET = "the Instagram app's secret"
OTHER = "the app's own secret"
SAID = {"algorithm": "HMAC-SHA256", "issued_at": 1795000000, "user_id": "27841400000000001"}


def by_hand(said, secret=SECRET, over_the_decoded=False):
    """As Meta's page describes it, written down once more, independently of the code."""
    raw = said if isinstance(said, bytes) else json.dumps(said).encode()
    payload = base64.urlsafe_b64encode(raw).rstrip(b"=")
    signature = hmac.new(secret.encode(), raw if over_the_decoded else payload, hashlib.sha256).digest()
    return f"{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}.{payload.decode()}"


@pytest.mark.parametrize("secrets", [[SECRET], [OTHER, SECRET], [SECRET, OTHER]])
def test_a_request_signed_with_any_of_our_secrets_is_read(secrets):
    callback = read(by_hand(SAID), secrets, NOON)

    assert callback.user_id == "27841400000000001"
    assert callback.issued_at == datetime.fromtimestamp(1795000000, UTC)


def test_what_we_sign_ourselves_is_what_meta_signs():
    assert sign(SAID, SECRET) == by_hand(json.dumps(SAID, separators=(",", ":")).encode())


def test_an_id_may_be_a_number_and_the_time_may_be_missing():
    callback = read(by_hand({"algorithm": "HMAC-SHA256", "user_id": 5, "expires": 0}), [SECRET], NOON)

    assert (callback.user_id, callback.issued_at) == ("5", None)


@pytest.mark.parametrize("position", range(0, 43, 6))
def test_a_changed_letter_of_the_signature_is_refused(position):
    signed = by_hand(SAID)
    other = "A" if signed[position] != "A" else "B"

    assert read(signed[:position] + other + signed[position + 1 :], [SECRET], NOON) is None


def test_a_changed_payload_is_refused():
    signature, payload = by_hand(SAID).split(".")
    other = by_hand({**SAID, "user_id": "1"}).split(".")[1]

    assert read(f"{signature}.{other}", [SECRET], NOON) is None
    assert read(f"{payload}.{signature}", [SECRET], NOON) is None


@pytest.mark.parametrize(
    "signed",
    [
        by_hand(SAID, OTHER),
        by_hand(SAID, over_the_decoded=True),
        by_hand({**SAID, "algorithm": "HMAC-SHA1"}),
        by_hand({**SAID, "algorithm": "none"}),
        by_hand({**SAID, "algorithm": None}),
        by_hand({"user_id": "1"}),
        by_hand({"algorithm": "HMAC-SHA256"}),
        by_hand({**SAID, "user_id": ""}),
        by_hand({**SAID, "user_id": ["1"]}),
        by_hand({**SAID, "user_id": "1" * 200}),
        by_hand({**SAID, "expires": 1000000000}),
        by_hand(b"no JSON"),
        by_hand(b"[" * 3000),
        by_hand(b'"HMAC-SHA256"'),
        by_hand(b"\xff\xfe"),
        "",
        ".",
        "a.b",
        "a.b.c",
        by_hand(SAID) + "\n",
        by_hand(SAID).replace(".", ".."),
        "é" * 43 + ".e30",
        "A" * 9000,
        by_hand({**SAID, "more": "x" * 9000}),
    ],
)
def test_everything_else_is_refused(signed):
    assert read(signed, [SECRET], NOON) is None


@pytest.mark.parametrize("secrets", [[], [""], ["  "]])
def test_without_a_secret_nothing_is_ever_accepted(secrets):
    assert read(by_hand(SAID, ""), secrets, NOON) is None


def test_the_comparison_takes_the_same_time_for_every_secret(monkeypatch):
    compared = []
    real = hmac.compare_digest
    monkeypatch.setattr(callbacks.hmac, "compare_digest", lambda a, b: (compared.append(a), real(a, b))[1])

    read(by_hand(SAID), [SECRET, OTHER, "a third one"], NOON)

    assert len(compared) == 3
