"""The few errors that cross a border between rooms."""

import traceback
from collections.abc import Iterator
from enum import StrEnum


class PilitoError(Exception):
    """Anything Pilito raises on purpose."""


class ConfigError(PilitoError):
    """A setting that stops the start; the text is one sentence that names it."""


class Remedy(StrEnum):
    """What to do about a failed call to a channel."""

    RETRY = "retry"  # certainly not sent: try again later
    STOP_INBOX = "stop_inbox"  # nothing of this inbox can be sent until somebody reconnects it
    PERSON = "person"  # a person must decide
    DROP = "drop"  # it can never be sent
    UNKNOWN = "unknown"  # it may have been sent: never again in silence


# Reasons which say that an account's token is of no use any more.
TOKEN_ENDED = frozenset({"token_dead", "token_expired", "app_removed", "password_changed", "checkpoint", "role_lost"})


class ChannelError(PilitoError):
    """A channel refused a call, or did not answer.

    `reason` is a slug that the panel translates (`window_closed`), `code` what the provider said (`10/2534022`).
    """

    def __init__(
        self, remedy: Remedy, reason: str, code: str = "", message: str = "", retry_after_seconds: float = 0
    ) -> None:
        super().__init__(f"{reason} ({code}): {message}" if code else f"{reason}: {message}")
        self.remedy = remedy
        self.reason = reason
        self.code = code
        self.message = message
        self.retry_after_seconds = retry_after_seconds

    @property
    def slug(self) -> str:
        """What may stand in a log: what the provider says may quote what was to be sent."""
        return f"{self.reason} ({self.code})" if self.code else self.reason

    @property
    def permanent(self) -> bool:
        return self.remedy in (Remedy.STOP_INBOX, Remedy.PERSON, Remedy.DROP)


class ModelError(PilitoError):
    """The model did not give a usable answer within its budget; `reason` is a slug for the panel."""

    def __init__(self, reason: str, message: str = "") -> None:
        super().__init__(f"{reason}: {message}")
        self.reason = reason
        self.message = message


class MediaError(PilitoError):
    """A file could not be fetched, or is not what we keep; `reason` is a slug for the panel.

    `sentence` is for whoever reads it in a terminal, without the slug, which stands before it in a log; `may_pass` says
    whether a later try may do better.
    """

    def __init__(self, reason: str, message: str, may_pass: bool = False) -> None:
        super().__init__(f"{reason}: {message}")
        self.reason = reason
        self.sentence = message
        self.may_pass = may_pass


class BackupError(PilitoError):
    """A backup could not be made or put back; the text is one sentence that says why and what to do."""


class SourceError(PilitoError):
    """A source of facts could not be read; `reason` is a slug for the panel, `detail` what the other side said.

    `may_pass` says whether a later try may do better without anybody's doing.
    """

    def __init__(self, reason: str, detail: str = "", may_pass: bool = False) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail
        self.may_pass = may_pass


class Refused(PilitoError):
    """What an operator asked for cannot be done now; `reason` is a slug the panel and the API put into a sentence."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class Busy(Refused):
    """Too many ask for the same at this moment: nothing was looked at or done, and it may be asked again soon."""

    retry_after_seconds = 5


class Unsendable(Refused):
    """What was asked for breaks a rule of the channel: it can never be sent as it is."""


def kinds_of(error: BaseException) -> str:
    """An exception as kinds and lines of code, without its words, unless they are ours: a library's may quote what a
    customer wrote (`could not convert string to float: '…'`), and a database's whole rows."""
    return "".join(_told(error)).rstrip("\n")


def _told(error: BaseException) -> Iterator[str]:
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before is not None:
        yield from _told(before)
        yield "\nThen, because of it or while it was dealt with:\n\n"
    yield "Traceback (most recent call last):\n"
    yield from traceback.format_tb(error.__traceback__)
    kind = type(error)
    words = f": {error}" if kind.__module__ == __name__ else ""
    yield f"{kind.__module__}.{kind.__qualname__}{words}\n"
