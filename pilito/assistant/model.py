"""The model behind any server that speaks the OpenAI API.

The client library costs most of a second and many megabytes to import, so it is imported by the first question: a
process that only serves pages never pays for it.
"""

import json
import random
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

from pilito.assistant.types import Completion
from pilito.config import Settings
from pilito.errors import ModelError

if TYPE_CHECKING:
    import httpx2
    import openai

TRIES = 2
LONGEST_TOTAL_SECONDS = 60.0  # a customer who waited longer is better served by a person
PAUSE_SECONDS = (0.4, 0.8)  # between tries, by chance: workers refused together must not come back together
CONNECT_SECONDS = 5.0
LONGEST_BODY = 1024 * 1024  # bytes; an answer has a few thousand
JSON_MODE = {"response_format": {"type": "json_object"}}
# A body that broke off: `length` is the model's limit, `content_filter` the provider's censor.
CUT_SHORT = {"length", "content_filter"}

# What an HTTP status means for the shop. Others: model_failed.
REASONS = {
    401: "model_refused_key",
    403: "model_refused_key",
    408: "model_timeout",
    429: "model_overloaded",
    503: "model_overloaded",
    504: "model_timeout",
    529: "model_overloaded",
}
# Codes that come with 429 and do not pass by waiting.
LASTING = {"insufficient_quota", "billing_hard_limit_reached", "billing_not_active"}


@dataclass(frozen=True)
class Failure:
    """A try that gave no answer.

    `pause_seconds` is the wait before the next try; None means that a next one would end the same.
    """

    reason: str
    message: str
    pause_seconds: float | None = None


@dataclass
class Server:
    """A model's server as this process knows it, shared by its threads."""

    client: "openai.OpenAI"
    knows_json_mode: bool = True


_servers: dict[tuple[str, str, str], Server] = {}
_servers_lock = threading.Lock()


class OpenAIModel:
    """Keeps the Model protocol. Cheap to make and safe to share: the connections belong to the process."""

    def __init__(self, settings: Settings, sleep: Callable[[float], None] = time.sleep) -> None:
        self._settings = settings
        self._sleep = sleep

    def complete(self, messages: list[dict[str, str]]) -> Completion:
        """Ask the model, twice at most, and return what it said.

        Raises ModelError when there is no answer within twice `openai_timeout_seconds` or 60 seconds, whichever is
        less. Its text never holds the key nor anything the server wrote, which may repeat the key.
        """
        started = time.monotonic()
        outcome = self._tried(messages, ends=started + self._budget_seconds)
        if isinstance(outcome, Failure):
            # Raised here and not where it was caught: the client's error, which knows the key, is not chained to it.
            raise ModelError(outcome.reason, outcome.message)
        return read_completion(outcome, self._settings.openai_model, _milliseconds_since(started))

    def _tried(self, messages: list[dict[str, str]], ends: float) -> bytes | Failure:
        outcome = self._try(messages, ends)
        for _ in range(TRIES - 1):
            if not self._may_repeat(outcome, ends):
                break
            self._sleep(cast(Failure, outcome).pause_seconds or 0)
            outcome = self._try(messages, ends)
        return outcome

    @staticmethod
    def _may_repeat(outcome: bytes | Failure, ends: float) -> bool:
        """A pause that would outlast the budget is not begun: the person can be told now."""
        if not isinstance(outcome, Failure) or outcome.pause_seconds is None:
            return False
        return time.monotonic() + outcome.pause_seconds < ends

    def _try(self, messages: list[dict[str, str]], ends: float) -> bytes | Failure:
        import httpx2
        import openai

        try:
            return self._post(messages, min(ends, time.monotonic() + self._settings.openai_timeout_seconds))
        except (openai.OpenAIError, httpx2.HTTPError, OSError, ValueError) as error:
            # ValueError: a key that cannot be written into a header.
            return failure(error)

    def _post(self, messages: list[dict[str, str]], ends: float) -> bytes | Failure:
        """Ask for a JSON object where the server knows how to; one that does not is asked plainly, now and later."""
        import openai

        if self._server.knows_json_mode:
            try:
                return self._send(messages, ends, JSON_MODE)
            except (openai.BadRequestError, openai.UnprocessableEntityError) as error:
                if not _is_about_json_mode(error):
                    raise
                self._server.knows_json_mode = False
        return self._send(messages, ends, {})

    def _send(self, messages: list[dict[str, str]], ends: float, extras: dict[str, Any]) -> bytes | Failure:
        # `store` is not sent: servers other than OpenAI's refuse what they do not know, and its default is false.
        completions = self._server.client.chat.completions.with_streaming_response
        with completions.create(
            model=self._settings.openai_model,
            messages=cast(Any, messages),
            extra_body=extras,
            timeout=_timeout(max(ends - time.monotonic(), 0.001)),
        ) as response:
            return read_body(response.http_response, ends)

    @cached_property
    def _server(self) -> Server:
        return server(self._settings)

    @property
    def _budget_seconds(self) -> float:
        return min(LONGEST_TOTAL_SECONDS, TRIES * self._settings.openai_timeout_seconds)


def server(settings: Settings) -> Server:
    """Return this process's one connection pool for the model of the settings."""
    key = (settings.openai_base_url, settings.openai_api_key, settings.openai_model)
    with _servers_lock:
        if key not in _servers:
            _servers[key] = Server(_client(settings))
        return _servers[key]


def _client(settings: Settings) -> "openai.OpenAI":
    import openai

    return openai.OpenAI(
        base_url=settings.openai_base_url,
        # Servers at home have no keys, but the client insists on one.
        api_key=settings.openai_api_key or "none",
        timeout=settings.openai_timeout_seconds,
        max_retries=0,  # its own retries know of no total budget
    )


def _timeout(seconds: float) -> "httpx2.Timeout":
    """Connecting has its own, short limit: added to the wait for an answer it would double the time of a try."""
    import openai

    return openai.Timeout(seconds, connect=min(seconds, CONNECT_SECONDS))


def read_body(response: "httpx2.Response", ends: float) -> bytes | Failure:
    """Read an answer's bytes until `ends` (monotonic seconds).

    The client's time-out is per read: a server that drips a byte now and then, as gateways do to keep a connection
    alive, would never run into it.
    """
    body = bytearray()
    for chunk in response.iter_bytes():
        body += chunk
        if len(body) > LONGEST_BODY:
            return Failure("model_broken_answer", f"more than {LONGEST_BODY} bytes")
        if time.monotonic() > ends:
            return Failure("model_timeout", "the answer did not end in time", _pause_seconds())
    return bytes(body)


def read_completion(body: bytes, model: str, milliseconds: int) -> Completion:
    """Read a chat completion; `model` is the name in case the server gives none.

    Raises ModelError: model_broken_answer for another shape, model_cut_short, model_empty.
    """
    value = _parsed(body)
    choice = _first_choice(value)
    if choice.get("finish_reason") in CUT_SHORT:
        raise ModelError("model_cut_short", f"finish_reason is {choice['finish_reason']}")
    return Completion(
        text=_content(choice),
        model=str(value.get("model") or model),
        milliseconds=milliseconds,
        input_tokens=_count(value, "prompt_tokens"),
        output_tokens=_count(value, "completion_tokens"),
    )


def _parsed(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict) or not isinstance(value.get("choices"), list):
        raise ModelError("model_broken_answer", f"expected a chat completion, but {len(body)} other bytes came")
    return value


def _first_choice(value: dict[str, Any]) -> dict[str, Any]:
    first = value["choices"][0] if value["choices"] else None
    if not isinstance(first, dict):
        raise ModelError("model_empty", "no choice in the answer")
    return first


def _content(choice: dict[str, Any]) -> str:
    message = choice.get("message")
    content = message.get("content") if isinstance(message, dict) else None
    if not isinstance(content, str) or not content.strip():
        raise ModelError("model_empty", "no text in the answer")
    return content


def _count(value: dict[str, Any], name: str) -> int | None:
    usage = value.get("usage")
    count = usage.get(name) if isinstance(usage, dict) else None
    return count if isinstance(count, int) else None


def failure(error: Exception) -> Failure:
    """Tell what an error of the client means for the shop, in words that are ours."""
    import httpx2
    import openai

    if isinstance(error, openai.APIStatusError):
        return _status_failure(error)
    if isinstance(error, (openai.APITimeoutError, httpx2.TimeoutException)):
        return Failure("model_timeout", "no answer in time", _pause_seconds())
    if isinstance(error, httpx2.DecodingError):
        return Failure("model_broken_answer", type(error).__name__)
    if isinstance(error, (openai.APIConnectionError, httpx2.RequestError, OSError)):
        return Failure("model_unreachable", type(error.__cause__ or error).__name__, _pause_seconds())
    return Failure("model_failed", type(error).__name__)


def _status_failure(error: "openai.APIStatusError") -> Failure:
    status, code = error.status_code, _slug(error.code or error.type)
    passes = (status in (408, 409, 429) or status >= 500) and code not in LASTING
    pause = _asked_pause_seconds(error.response) if passes else None
    return Failure(REASONS.get(status, "model_failed"), f"HTTP {status} {code}".rstrip(), pause)


def _slug(code: str | None) -> str:
    """Return a code such as `rate_limit_exceeded`, or nothing for whatever else a server puts into its place."""
    return code if code and re.fullmatch(r"[a-z_]{1,60}", code) else ""


def _asked_pause_seconds(response: "httpx2.Response") -> float:
    """Return the seconds of a Retry-After header, or a pause of our own; its rare form as a date counts as none."""
    value = response.headers.get("retry-after", "")
    return float(value) if re.fullmatch(r"\d{1,6}(\.\d+)?", value) else _pause_seconds()


def _pause_seconds() -> float:
    return random.uniform(*PAUSE_SECONDS)  # noqa: S311 -- spreads load, guards no secret


def _is_about_json_mode(error: "openai.APIStatusError") -> bool:
    said = f"{error} {error.body}".lower()
    return any(word in said for word in ("response_format", "json_object", "json mode"))


def _milliseconds_since(started: float) -> int:
    return round((time.monotonic() - started) * 1000)
