"""Faults of the Send API, scripted one send ahead: what Meta's API does on its bad days."""

import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from pilito.demo.meta_errors import NAMED

HANG_LIMIT_SECONDS = 300.0
FAULTS_LIMIT = 10_000
ECHOES = ("", "none", "before", "late", "held")
RESETS = ("", "before", "after")


@dataclass(frozen=True)
class Fault:
    """How one send goes wrong.

    It is accepted unless `error`, `code`, `http_status`, `refuse` or reset `before` is set.
    """

    error: str = ""  # one of Meta's errors by its name (meta_errors.py)
    code: int = 0  # error code in Meta's error body
    subcode: int = 0
    http_status: int = 0  # of the error; alone: an answer without Meta's error body
    message: str = ""
    hang: float = 0.0  # seconds of silence before anything is decided
    accept_then_hang: float = 0.0  # seconds of silence after the message was delivered
    accept_then_500: bool = False
    accept_then_broken_json: bool = False
    reset: str = ""  # the connection is reset before or after the message was accepted
    refuse: bool = False  # the connection is closed without a word, nothing accepted
    drip: float = 0.0  # seconds between two bytes of an answer to a send that was accepted
    app_usage: int = 0  # percents in the headers of the answer, which may be a good one
    business_usage: int = 0
    regain_minutes: int = 0  # until calls are taken again, in the header of the account's usage
    retry_after: int = 0  # seconds, in the header of that name
    echo: str = ""  # none, before the answer, late, or held until released
    echo_delay_seconds: float = 60.0

    @property
    def is_error(self) -> bool:
        return bool(self.code or self.http_status)

    def shown(self) -> dict[str, Any]:
        """Only what differs from a send that goes well."""
        plain = asdict(NO_FAULT)
        return {name: value for name, value in asdict(self).items() if value != plain[name]}


NO_FAULT = Fault()
_TYPES = {field.name: type(getattr(NO_FAULT, field.name)) for field in fields(Fault)}


def parse_faults(data: Any) -> list[Fault]:
    """Read `{…}`, `{"faults": […]}` or `[…]`; each may say `times`. Raises ValueError with what was expected."""
    if isinstance(data, Mapping) and "faults" in data:
        data = data["faults"]
    scripts = data if isinstance(data, list) else [data]
    faults = [fault for script in scripts for fault in _repeat(script)]
    if not faults:
        raise ValueError("expected at least one fault")
    return faults


def _repeat(script: Any) -> list[Fault]:
    if not isinstance(script, Mapping):
        raise ValueError("expected a fault as an object")
    times = script.get("times", 1)
    if not isinstance(times, int) or not 1 <= times <= FAULTS_LIMIT:
        raise ValueError(f"times: expected a number from 1 to {FAULTS_LIMIT}")
    return [_fault({name: value for name, value in script.items() if name != "times"})] * times


def _fault(script: Mapping[str, Any]) -> Fault:
    unknown = sorted(set(script) - set(_TYPES))
    if unknown:
        raise ValueError(f"expected {', '.join(_TYPES)} or times, but found {', '.join(unknown)}")
    values = {name: _value(name, value) for name, value in script.items()}
    return Fault(**{**_named(values.get("error", "")), **values})


def _named(name: str) -> dict[str, Any]:
    if not name:
        return {}
    if name not in NAMED:
        raise ValueError(f"error: expected one of {', '.join(NAMED)}, but it is {name[:40]!r}")
    return NAMED[name]._asdict()


def _value(name: str, value: Any) -> Any:
    if name == "reset" and isinstance(value, bool):
        return "before" if value else ""
    if _TYPES[name] is float:
        return _seconds(name, value)
    if not isinstance(value, _TYPES[name]) or (isinstance(value, bool) and _TYPES[name] is int):
        raise ValueError(f"{name}: expected {_TYPES[name].__name__}, but found {type(value).__name__}")
    if (name == "echo" and value not in ECHOES) or (name == "reset" and value not in RESETS):
        raise ValueError(f"{name}: {value!r} is none of its values")
    return value


def _seconds(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= HANG_LIMIT_SECONDS:
        raise ValueError(f"{name}: expected seconds from 0 to {HANG_LIMIT_SECONDS:.0f}")
    return float(value)


class Faults:
    """The script; each send takes the next one. In memory: a fault must not surprise after a restart."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._next: deque[Fault] = deque()

    def add(self, faults: list[Fault]) -> int:
        with self._lock:
            if len(self._next) + len(faults) > FAULTS_LIMIT:
                raise ValueError(f"at most {FAULTS_LIMIT} faults")
            self._next.extend(faults)
            return len(self._next)

    def take(self) -> Fault:
        with self._lock:
            return self._next.popleft() if self._next else NO_FAULT

    def clear(self) -> None:
        with self._lock:
            self._next.clear()

    def waiting(self) -> list[dict[str, Any]]:
        with self._lock:
            return [fault.shown() for fault in self._next]
