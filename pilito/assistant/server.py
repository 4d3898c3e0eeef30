"""A model's server: where it is, how it is spoken to, and what it has turned out not to understand.

All speak the OpenAI API, and none speaks the same: some know no JSON schema, some no JSON mode, some call the longest
answer by another name, some models have no system role. What a server refuses is left out, now and later.
"""

import threading
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pilito.assistant.answer import SCHEMA
from pilito.config import Settings

if TYPE_CHECKING:
    import openai

Messages = list[dict[str, str]]

OPENAI_HOST = "api.openai.com"

# From the strictest to none. A server that knows a schema cannot leave the form of the answer.
FORMS: tuple[dict[str, Any], ...] = (
    {
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "answer", "strict": True, "schema": SCHEMA},
        }
    },
    {"response_format": {"type": "json_object"}},
    {},
)
# OpenAI's newer models refuse the first name, older servers the second.
LIMITS = ("max_tokens", "max_completion_tokens", "")
ABOUT_FORM = ("response_format", "json_schema", "json_object", "json mode", "structured output", "grammar", "guided")
ABOUT_LIMIT = ("max_tokens", "max_completion_tokens")
ABOUT_SYSTEM = ("system role", "role system", "system message", "roles must alternate", "only user and assistant")


@dataclass(frozen=True)
class Endpoint:
    """A model at a server. `api_version` is for servers spoken to as Azure's are."""

    base_url: str
    api_key: str = field(repr=False)
    model: str
    api_version: str = ""


@dataclass(frozen=True)
class Shape:
    """What a request may hold: positions in FORMS and LIMITS, and whether the rules may stand in a system message."""

    form: int = 0
    limit: int = 0
    has_system: bool = True

    def request(self, messages: Messages, max_tokens: int) -> tuple[Messages, dict[str, Any]]:
        extras = dict(FORMS[self.form])
        if max_tokens and LIMITS[self.limit]:
            extras[LIMITS[self.limit]] = max_tokens
        return messages if self.has_system else _joined(messages), extras

    def without(self, complaint: str) -> "Shape | None":
        """The shape that leaves out what the server complains of; None when that is nothing we can leave out."""
        said = complaint.lower()
        if any(word in said for word in ABOUT_LIMIT) and self.limit < len(LIMITS) - 1:
            return replace(self, limit=self.limit + 1)
        if any(word in said for word in ABOUT_FORM) and self.form < len(FORMS) - 1:
            return replace(self, form=self.form + 1)
        if any(word in said for word in ABOUT_SYSTEM) and self.has_system:
            return replace(self, has_system=False)
        return None


@dataclass
class Server:
    """A model's server as this process knows it, shared by its threads."""

    client: "openai.OpenAI"
    shape: Shape = Shape()

    def learn(self, used: Shape, better: Shape) -> None:
        """Keep what was learnt, unless another thread has learnt from the same complaint meanwhile."""
        with _lock:
            if self.shape == used:
                self.shape = better


_servers: dict[Endpoint, Server] = {}
_lock = threading.Lock()


def endpoints(settings: Settings) -> tuple[Endpoint, ...]:
    """The model of the settings, and the one that is asked when it fails."""
    first = Endpoint(
        settings.openai_base_url, settings.openai_api_key, settings.openai_model, settings.openai_api_version
    )
    if not settings.openai_fallback_model:
        return (first,)
    if not settings.openai_fallback_base_url:
        key = settings.openai_fallback_api_key or first.api_key
        return first, replace(first, model=settings.openai_fallback_model, api_key=key)
    # A key belongs to its server: the first one's is never shown to another.
    second = Endpoint(
        settings.openai_fallback_base_url,
        settings.openai_fallback_api_key,
        settings.openai_fallback_model,
        settings.openai_fallback_api_version,
    )
    return first, second


def server(endpoint: Endpoint) -> Server:
    """Return this process's one connection pool for an endpoint."""
    with _lock:
        if endpoint not in _servers:
            _servers[endpoint] = Server(_client(endpoint))
        return _servers[endpoint]


def keeping_nothing(base_url: str) -> dict[str, Any]:
    """What asks OpenAI's own servers to keep nothing of a chat: an account may have them keep everything.

    To no other server: it may refuse what it does not know.
    """
    host = urlsplit(base_url).hostname or ""
    is_openai = host == OPENAI_HOST or host.endswith(f".{OPENAI_HOST}")  # eu.api.openai.com
    return {"store": False} if is_openai else {}


def _client(endpoint: Endpoint) -> "openai.OpenAI":
    import openai

    # Servers at home have no keys, but the client insists on one. Its own retries know of no total budget.
    common: dict[str, Any] = {"api_key": endpoint.api_key or "none", "max_retries": 0}
    if not endpoint.api_version:
        return openai.OpenAI(base_url=endpoint.base_url, **common)
    # An address that ends in its deployment is taken as it is; to a bare one the client adds the model's deployment.
    if "/openai" in endpoint.base_url:
        return openai.AzureOpenAI(base_url=endpoint.base_url, api_version=endpoint.api_version, **common)
    return openai.AzureOpenAI(azure_endpoint=endpoint.base_url, api_version=endpoint.api_version, **common)


def _joined(messages: Messages) -> Messages:
    """The rules at the head of the first question: models without a system role read them there."""
    rules = "\n\n".join(message["content"] for message in messages if message["role"] == "system")
    rest = [message for message in messages if message["role"] != "system"]
    if not rules or not rest:
        return messages
    return [{**rest[0], "content": f"{rules}\n\n{rest[0]['content']}"}, *rest[1:]]
