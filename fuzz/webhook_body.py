"""A webhook's body from the raw bytes to the items, by coverage-guided mutation (atheris).

What must hold for every body: only the right signature opens the door; reading never raises and never hangs, and gives
at least one item that the tables can hold; a person's id is gone from a body that was cleaned of them.

    python -m fuzz.webhook_body [libFuzzer's own options] [folders with seeds]
"""

import sys
from datetime import UTC, datetime
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["pilito.channels"]):
    from pilito.channels.instagram import inbound, redact, signature

SECRET = "fuzz-app-secret"  # noqa: S105
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
PERSON = "880000000000042"
WIDTHS = {"external_id": 512, "account_id": 128, "customer_id": 128}
SEEDS = Path(__file__).parents[1] / "tests" / "channels" / "instagram" / "payloads"


def try_body(data: bytes) -> None:
    signed = signature.signature(data, SECRET)
    assert signature.is_signed(data, {signature.HEADER: signed}, [SECRET])
    for wrong in (signed[:-1], signed.upper(), data[:80].decode("utf-8", "replace"), ""):
        assert not signature.is_signed(data, {signature.HEADER: wrong}, [SECRET])
    items = inbound.parse(data, NOW)
    assert items
    for item in items:
        for name, width in WIDTHS.items():
            value = getattr(item, name, None)
            assert value is None or (len(value) <= width and "\x00" not in value), (name, value)
    assert PERSON.encode() not in redact.without(data, PERSON)
    redact.items_about(data, PERSON)


def main() -> None:
    atheris.Setup(sys.argv, try_body)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
