import hashlib
import hmac

import pytest

from pilito.channels.instagram import signature
from pilito.channels.instagram.signature import answer_handshake, is_signed

SECRET = "0123456789abcdef-secret"
# As Meta writes bodies: escaped, so that a body that was parsed and written again has another signature.
BODY = rb'{"object":"instagram","entry":[{"text":"\u0633\u0644\u0627\u0645 \u00e4\u00f6\u00e5 https:\/\/x"}]}'


def headers(body=BODY, secret=SECRET, name="X-Hub-Signature-256", algorithm="sha256"):
    digest = hmac.new(secret.encode(), body, getattr(hashlib, algorithm)).hexdigest()
    return {"Content-Type": "application/json", name: f"{algorithm}={digest}"}


@pytest.mark.parametrize("name", ["X-Hub-Signature-256", "x-hub-signature-256", "X-HUB-SIGNATURE-256"])
def test_a_signed_body_is_accepted(name):
    assert is_signed(BODY, headers(name=name), [SECRET])


@pytest.mark.parametrize("secrets", [[SECRET, "other"], ["other", SECRET], ["", SECRET]])
def test_each_secret_may_have_signed(secrets):
    assert is_signed(BODY, headers(), secrets)


def test_a_body_with_one_changed_byte_is_refused():
    for position in range(len(BODY)):
        forged = bytearray(BODY)
        forged[position] ^= 1

        assert not is_signed(bytes(forged), headers(), [SECRET])


def test_a_signature_with_one_changed_character_is_refused():
    value = headers()["X-Hub-Signature-256"]
    for position, character in enumerate(value):
        forged = value[:position] + ("0" if character != "0" else "1") + value[position + 1 :]

        assert not is_signed(BODY, {"X-Hub-Signature-256": forged}, [SECRET])


@pytest.mark.parametrize("value", ["", "sha256=", "sha256", "=", "é", "\ud800", "sha256=" + "0" * 64, "0" * 64])
def test_an_odd_signature_is_refused(value):
    assert not is_signed(BODY, {"X-Hub-Signature-256": value}, [SECRET])


def test_a_body_without_a_signature_is_refused():
    assert not is_signed(BODY, {}, [SECRET])


def test_the_old_signature_is_not_enough():
    assert not is_signed(BODY, headers(name="X-Hub-Signature", algorithm="sha1"), [SECRET])
    assert not is_signed(BODY, headers(algorithm="sha1"), [SECRET])


def test_upper_case_is_not_what_meta_writes():
    upper = headers()["X-Hub-Signature-256"].upper().replace("SHA256", "sha256")

    assert not is_signed(BODY, {"X-Hub-Signature-256": upper}, [SECRET])


def test_another_secret_is_refused():
    assert not is_signed(BODY, headers(secret="another"), [SECRET])


@pytest.mark.parametrize("secrets", [[], [""], [" "], ["", "\t"]])
@pytest.mark.parametrize("signed_with", ["", " "])
def test_an_empty_secret_accepts_nothing(secrets, signed_with):
    assert not is_signed(BODY, headers(secret=signed_with), secrets)


def test_signatures_are_compared_in_constant_time_and_every_secret_is_tried(monkeypatch):
    compared = []
    monkeypatch.setattr(signature.hmac, "compare_digest", lambda *pair: compared.append(pair) or True)

    is_signed(BODY, headers(), ["first", "second"])

    assert len(compared) == 2


# --- handshake --------------------------------------------------------------------------------------------------------

TOKEN = "a-verify-token-of-more-than-32-characters"
HELLO = {"hub.mode": "subscribe", "hub.verify_token": TOKEN, "hub.challenge": "1158201444"}


def test_who_knows_the_token_gets_the_challenge_back():
    assert answer_handshake(HELLO, TOKEN) == "1158201444"


@pytest.mark.parametrize(
    "changed",
    [
        {"hub.verify_token": "another"},
        {"hub.verify_token": ""},
        {"hub.verify_token": "\ud800é"},
        {"hub.mode": "unsubscribe"},
        {"hub.challenge": ""},
        {"hub.challenge": "<script>alert(1)</script>"},
        {"hub.challenge": "1\n2"},
        {"hub.challenge": "9" * 1000},
    ],
)
def test_who_does_not_is_refused(changed):
    assert answer_handshake({**HELLO, **changed}, TOKEN) is None


@pytest.mark.parametrize("missing", HELLO)
def test_who_leaves_something_out_is_refused(missing):
    assert answer_handshake({key: value for key, value in HELLO.items() if key != missing}, TOKEN) is None


def test_an_empty_token_opens_nothing():
    assert answer_handshake({**HELLO, "hub.verify_token": ""}, "") is None
