"""Texts as vectors, by any server that speaks the OpenAI API and has an embeddings endpoint."""

import json
import math
import struct
import time
from collections.abc import Sequence
from typing import Any

from pilito import failpoints
from pilito.assistant.model import Failure, failure, read_body
from pilito.assistant.server import Endpoint, server
from pilito.config import Settings
from pilito.errors import ModelError

LONGEST_BODY = 64 * 1024 * 1024  # bytes: 64 vectors of 4,096 numbers, written out
LONGEST_VECTOR = 8192
CONNECT_SECONDS = 2.0


def embedding_endpoint(settings: Settings) -> Endpoint | None:
    """Where texts become vectors; None where that is switched off."""
    model, base_url = settings.openai_embedding_model, settings.openai_embedding_base_url
    if not model:
        return None
    if base_url and base_url != settings.openai_base_url:  # the key of one server is never shown to another
        return Endpoint(base_url, settings.openai_embedding_api_key, model)
    key = settings.openai_embedding_api_key or settings.openai_api_key
    return Endpoint(settings.openai_base_url, key, model, settings.openai_api_version)


def embed(endpoint: Endpoint, texts: Sequence[str], seconds: float) -> list[bytes]:
    """Return the vector of each text, of length 1, as little-endian 32-bit floats. One try.

    Raises ModelError; its text never holds the key nor anything the server wrote.
    """
    outcome = _tried(endpoint, texts, seconds)
    if isinstance(outcome, Failure):
        raise ModelError(outcome.reason, outcome.message)
    return _vectors(outcome, len(texts))


def _tried(endpoint: Endpoint, texts: Sequence[str], seconds: float) -> bytes | Failure:
    import httpx2
    import openai

    ends = time.monotonic() + seconds
    timeout = openai.Timeout(seconds, connect=min(seconds, CONNECT_SECONDS))
    try:
        asked = server(endpoint).client.embeddings.with_streaming_response.create(
            model=endpoint.model, input=list(texts), encoding_format="float", timeout=timeout
        )
        with failpoints.around("model"), asked as response:
            return read_body(response.http_response, ends, LONGEST_BODY)
    except (openai.OpenAIError, httpx2.HTTPError, OSError, ValueError) as error:
        return failure(error)


def _vectors(body: bytes, count: int) -> list[bytes]:
    try:
        rows = sorted(json.loads(body)["data"], key=lambda row: int(row["index"]))
        found = [_packed(row["embedding"]) for row in rows]
    except (ValueError, KeyError, TypeError, RecursionError, OverflowError, struct.error):
        found = []
    if len(found) != count or len({len(vector) for vector in found}) != 1:
        raise ModelError("model_broken_answer", f"expected {count} vectors of one length")
    return found


def _packed(numbers: Any) -> bytes:
    """Scaled to length 1, so that the nearness of two is their product."""
    values = [float(number) for number in numbers]
    length = math.sqrt(sum(value * value for value in values))
    if not 0 < len(values) <= LONGEST_VECTOR or not math.isfinite(length) or length == 0:
        raise ValueError("no vector")
    return struct.pack(f"<{len(values)}f", *(value / length for value in values))
