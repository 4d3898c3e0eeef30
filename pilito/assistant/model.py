"""Asking the model, at any server that speaks the OpenAI API, and a second one when the first fails.

The client library costs most of a second and many megabytes to import, so it is imported by the first question: a
process that only serves pages never pays for it.
"""

import email.utils
import json
import random
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

from pilito import failpoints
from pilito.assistant.prices import cost_micros, read_prices
from pilito.assistant.server import Endpoint, Messages, Shape, endpoints, keeping_nothing, server
from pilito.assistant.types import Completion
from pilito.clock import utc_now
from pilito.config import Settings
from pilito.errors import ModelError

if TYPE_CHECKING:
    import httpx2
    import openai

TRIES = 2  # at each server
PAUSE_SECONDS = (0.4, 0.8)  # between tries, by chance: workers refused together must not come back together
LONGEST_PAUSE_BEFORE_FALLBACK = 3.0  # seconds; who asks to wait longer is left for the other model
CONNECT_SECONDS = 5.0
LONGEST_BODY = 1024 * 1024  # bytes; an answer has a few thousand
# A body that broke off: `length` is the model's limit, `content_filter` the provider's censor.
CUT_SHORT = {"length", "content_filter"}

# What an HTTP status means for the shop. Others: model_failed.
REASONS = {
    401: "model_refused_key",
    403: "model_refused_key",
    404: "model_not_there",
    408: "model_timeout",
    429: "model_overloaded",
    503: "model_overloaded",
    504: "model_timeout",
    529: "model_overloaded",
}
# Codes that come with 429 and do not pass by waiting.
LASTING = {"insufficient_quota", "billing_hard_limit_reached", "billing_not_active"}
# Google tells the wait in the body: {"@type": "…RetryInfo", "retryDelay": "17s"}.
RETRY_DELAY = re.compile(r"'retryDelay': '(\d{1,6}(?:\.\d+)?)s'")


@dataclass(frozen=True)
class Failure:
    """A try that gave no answer.

    `pause_seconds` is the wait before the next try; None means that a next one would end the same.
    """

    reason: str
    message: str
    pause_seconds: float | None = None


class OpenAIModel:
    """Keeps the Model protocol. Cheap to make and safe to share: the connections belong to the process."""

    def __init__(self, settings: Settings, sleep: Callable[[float], None] = time.sleep) -> None:
        self._settings = settings
        self._sleep = sleep

    def complete(self, messages: list[dict[str, str]]) -> Completion:
        """Ask the model, twice at most, then the fallback model if there is one, and return what was said.

        Raises ModelError when there is no answer within `openai_total_seconds` over all tries. Its text never holds a
        key nor anything a server wrote, which may repeat the key.
        """
        started = time.monotonic()
        failed = Failure("model_failed", "no model")
        asked = endpoints(self._settings)
        for number, endpoint in enumerate(asked, start=1):
            outcome = self._tried(endpoint, messages, self._ends(started, len(asked) - number), number < len(asked))
            if isinstance(outcome, Completion):
                cost = self._cost(outcome)
                return replace(outcome, milliseconds=_milliseconds_since(started), cost_micros=cost)
            failed = outcome
        # Raised here and not where it was caught: the client's error, which knows the key, is not chained to it.
        raise ModelError(failed.reason, failed.message)

    def _cost(self, answered: Completion) -> int | None:
        """By the name that the server gave: a deployment is called as one likes."""
        prices = read_prices(self._settings.model_prices)
        return cost_micros(prices, answered.model, answered.input_tokens, answered.output_tokens)

    def _ends(self, started: float, followers: int) -> float:
        """When a server's time is over. One with another behind it has half of what is left: the other needs the rest.

        Two time-outs are enough for two tries, whatever the whole budget is.
        """
        left = started + self._settings.openai_total_seconds - time.monotonic()
        return time.monotonic() + min(left / (1 + followers), TRIES * self._settings.openai_timeout_seconds)

    def _tried(self, endpoint: Endpoint, messages: Messages, ends: float, has_fallback: bool) -> Completion | Failure:
        outcome = self._try(endpoint, messages, ends)
        for _ in range(TRIES - 1):
            if isinstance(outcome, Completion) or not _may_repeat(outcome, ends, has_fallback):
                break
            self._sleep(outcome.pause_seconds or 0)
            outcome = self._try(endpoint, messages, ends)
        return outcome

    def _try(self, endpoint: Endpoint, messages: Messages, ends: float) -> Completion | Failure:
        import httpx2
        import openai

        try:
            body = self._post(endpoint, messages, min(ends, time.monotonic() + self._settings.openai_timeout_seconds))
            return body if isinstance(body, Failure) else read_completion(body, endpoint.model, 0)
        except ModelError as error:
            # The same question may well be answered the next time: some servers now and then say nothing.
            pause = _pause_seconds() if error.reason == "model_empty" else None
            return Failure(error.reason, error.message, pause)
        except (openai.OpenAIError, httpx2.HTTPError, OSError, ValueError) as error:
            # ValueError: a key that cannot be written into a header.
            return failure(error)

    def _post(self, endpoint: Endpoint, messages: Messages, ends: float) -> bytes | Failure:
        """Ask in the strictest form the server knows; what it refuses is left out, now and later."""
        import openai

        shape = server(endpoint).shape
        while True:  # ends: each turn leaves out something more
            try:
                return self._send(endpoint, messages, ends, shape)
            except (openai.BadRequestError, openai.UnprocessableEntityError, openai.InternalServerError) as error:
                narrower = shape.without(f"{error} {error.body}")
                if narrower is None:
                    raise
            server(endpoint).learn(shape, narrower)
            shape = narrower

    def _send(self, endpoint: Endpoint, messages: Messages, ends: float, shape: Shape) -> bytes | Failure:
        said, extras = shape.request(messages, self._settings.openai_max_tokens)
        completions = server(endpoint).client.chat.completions.with_streaming_response
        asked = completions.create(
            model=endpoint.model,
            messages=cast(Any, said),
            extra_body=extras | keeping_nothing(endpoint.base_url),
            timeout=_timeout(max(ends - time.monotonic(), 0.001)),
        )
        with failpoints.around("model"), asked as response:
            return read_body(response.http_response, ends)


def _may_repeat(outcome: Failure, ends: float, has_fallback: bool) -> bool:
    """A pause that would outlast the budget is not begun: the person can be told now, or the other model asked."""
    if outcome.pause_seconds is None or (has_fallback and outcome.pause_seconds > LONGEST_PAUSE_BEFORE_FALLBACK):
        return False
    return time.monotonic() + outcome.pause_seconds < ends


def _timeout(seconds: float) -> "httpx2.Timeout":
    """Connecting has its own, short limit: added to the wait for an answer it would double the time of a try."""
    import openai

    return openai.Timeout(seconds, connect=min(seconds, CONNECT_SECONDS))


def read_body(response: "httpx2.Response", ends: float, longest: int = LONGEST_BODY) -> bytes | Failure:
    """Read an answer's bytes until `ends` (monotonic seconds).

    The client's time-out is per read: a server that drips a byte now and then, as gateways do to keep a connection
    alive, would never run into it.
    """
    body = bytearray()
    for chunk in response.iter_bytes():
        body += chunk
        if len(body) > longest:
            return Failure("model_broken_answer", f"more than {longest} bytes")
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
    status, code = error.status_code, _slug(error.code) or _slug(error.type)
    passes = (status in (408, 409, 429) or status >= 500) and code not in LASTING
    pause = _asked_pause_seconds(error) if passes else None
    return Failure(REASONS.get(status, "model_failed"), f"HTTP {status} {code}".rstrip(), pause)


def _slug(code: object) -> str:
    """Return a code such as `rate_limit_exceeded`, or nothing for whatever else a server puts into its place."""
    return code if isinstance(code, str) and re.fullmatch(r"[a-z_]{1,60}", code) else ""


def _asked_pause_seconds(error: "openai.APIStatusError") -> float:
    """Return the seconds that the server asks to wait, or a pause of our own."""
    headers = error.response.headers
    in_body = RETRY_DELAY.search(str(error.body)[:LONGEST_BODY])
    given = (
        _number(headers.get("retry-after-ms", ""), 1000),  # OpenAI's and Azure's, finer than the other
        _number(headers.get("retry-after", ""), 1),
        _until(headers.get("retry-after", "")),
        float(in_body[1]) if in_body else None,
    )
    return next((seconds for seconds in given if seconds is not None), _pause_seconds())


def _number(value: str, of_a_second: int) -> float | None:
    return float(value) / of_a_second if re.fullmatch(r"\d{1,9}(\.\d+)?", value) else None


def _until(value: str) -> float | None:
    """A Retry-After in its other form, as a date."""
    try:
        return max((email.utils.parsedate_to_datetime(value) - utc_now()).total_seconds(), 0.0)
    except (ValueError, TypeError):  # TypeError: a date without a zone
        return None


def _pause_seconds() -> float:
    return random.uniform(*PAUSE_SECONDS)  # noqa: S311 -- spreads load, guards no secret


def _milliseconds_since(started: float) -> int:
    return round((time.monotonic() - started) * 1000)
