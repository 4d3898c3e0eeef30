"""What one look found."""

from dataclasses import dataclass

FINE = "ok"


@dataclass(frozen=True)
class Finding:
    """`text` is "ok" or a few words; where something is wrong, it says what, and what to do."""

    name: str
    ok: bool
    text: str = FINE
