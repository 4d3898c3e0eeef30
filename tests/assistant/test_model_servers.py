"""Servers that speak the OpenAI API, each in its own way: local fakes that behave as the real ones were seen to.

What a fake imitates, and where that is told:
- OpenAI's newer models: `max_tokens` is refused with 400 unsupported_parameter (github.com/griptape-ai/ComfyUI-Griptape
  issue 312); `retry-after-ms` beside Retry-After (openai-python, _base_client).
- Azure OpenAI: /openai/deployments/NAME, `api-version` in the query, the key in the header `api-key` and no
  Authorization (Azure's REST reference; openai-python, lib/azure).
- Gemini's compatible endpoint: errors are a list of one object, the wait stands in the body as RetryInfo
  (github.com/n4ze3m/page-assist issue 406; Google's API error model, google.rpc.RetryInfo).
- vLLM: errors at the top of the body with a number as code; templates without a system role answer 400 "System role
  not supported" (github.com/vllm-project/vllm pull 2964).
- llama.cpp: 503 "Loading model" with a number as code while it starts; 400 "failed to parse grammar" for a schema it
  cannot turn into a grammar (llama.cpp, tools/server).
- Ollama: 404 for a model that was not pulled; no usage in some versions (Ollama, openai compatibility).
"""

import time
from collections.abc import Iterator
from email.utils import formatdate

import pytest
from test_openai_model import MESSAGES, FakeOpenAI, Step, completion, hang, refusal, reset, send

from pilito.assistant.model import OpenAIModel
from pilito.assistant.server import Endpoint, endpoints, keeping_nothing, server
from pilito.config import Settings, load_settings
from pilito.errors import ModelError

RULED = [{"role": "system", "content": "RULES"}, *MESSAGES]


class Threaded:
    """A fake with its thread, and the settings that lead to it."""

    def __init__(self, fake: FakeOpenAI) -> None:
        self.fake = fake
        self.pauses: list[float] = []

    def ask(self, *steps: Step, messages: list[dict] | None = None, **settings: object):
        self.fake.steps = list(steps)
        return OpenAIModel(self.settings(**settings), sleep=self.pauses.append).complete(messages or MESSAGES)

    def settings(self, **given: object) -> Settings:
        common = {"openai_base_url": self.fake.url, "openai_api_key": "main-key", "openai_model": "small"}
        return load_settings(**{"_env_file": None, "openai_timeout_seconds": 5, **common, **given})

    @property
    def bodies(self) -> list[dict]:
        return [request["body"] for request in self.fake.asked]


@pytest.fixture
def started() -> Iterator[list[FakeOpenAI]]:
    fakes: list[FakeOpenAI] = []
    yield fakes
    for fake in fakes:
        fake.over.set()
        fake.shutdown()
        fake.server_close()


@pytest.fixture
def make(started):
    """Start a server on a port of its own: what one has learnt of another server is not known of this one."""
    import threading

    def start() -> Threaded:
        fake = FakeOpenAI()
        threading.Thread(target=fake.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        started.append(fake)
        return Threaded(fake)

    return start


@pytest.fixture
def at(make) -> Threaded:
    return make()


# --- OpenAI ----------------------------------------------------------------------------------------------------------

NOT_MAX_TOKENS = refusal(
    "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
    "unsupported_parameter",
)


def test_a_new_model_gets_the_limit_by_its_new_name_now_and_later(at):
    at.ask(send(400, NOT_MAX_TOKENS), send(200, completion()), openai_max_tokens=700)
    at.ask(send(200, completion()), openai_max_tokens=700)

    assert [body.get("max_tokens") for body in at.bodies] == [700, None, None]
    assert [body.get("max_completion_tokens") for body in at.bodies] == [None, 700, 700]
    assert all(body["response_format"]["type"] == "json_schema" for body in at.bodies)  # only the limit gave way


@pytest.mark.parametrize(
    ("base_url", "expected"),
    [
        ("https://api.openai.com/v1", {"store": False}),
        ("https://eu.api.openai.com/v1", {"store": False}),
        ("https://api.openai.com.example.org/v1", {}),
        ("https://shop.openai.azure.com/openai", {}),
        ("http://127.0.0.1:11434/v1", {}),
        ("", {}),
    ],
)
def test_openai_is_asked_to_keep_nothing_and_nobody_else_is_asked_what_they_may_not_know(base_url, expected):
    assert keeping_nothing(base_url) == expected


def test_what_openai_is_asked_to_keep_is_nothing_however_the_request_gives_way(at, monkeypatch):
    at.ask(send(200, completion()))
    monkeypatch.setattr("pilito.assistant.server.OPENAI_HOST", "127.0.0.1")

    at.ask(send(400, NOT_MAX_TOKENS), send(200, completion()), openai_max_tokens=700)

    assert [body.get("store") for body in at.bodies] == [None, False, False]


def test_an_old_model_without_schemas_is_asked_for_an_object(at):
    said = "Invalid parameter: 'response_format' of type 'json_schema' is not supported with this model."

    at.ask(send(400, refusal(said)), send(200, completion()))

    assert [body["response_format"]["type"] for body in at.bodies] == ["json_schema", "json_object"]


@pytest.mark.parametrize(
    ("headers", "low", "high"),
    [
        ({"retry-after-ms": "1500", "Retry-After": "2"}, 1.5, 1.5),
        ({"Retry-After": "2"}, 2, 2),
        ({"Retry-After": "garbage"}, 0.4, 0.8),
        ({"Retry-After": "Wed, 21 Oct 2015 07:28:00"}, 0.4, 0.8),
    ],
)
def test_the_wait_that_was_asked_for_is_waited(at, headers, low, high):
    at.ask(send(429, refusal(), headers), send(200, completion()))

    assert low <= at.pauses[0] <= high


def test_a_wait_until_a_time_of_day_is_waited(at):
    at.ask(send(503, refusal(), {"Retry-After": formatdate(time.time() + 4, usegmt=True)}), send(200, completion()))

    assert 2 < at.pauses[0] <= 4


# --- Azure -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["", "/openai/deployments/small"])
def test_azure_is_asked_at_the_deployment_with_its_own_header(at, path):
    address = at.fake.url.removesuffix("/v1") + path

    at.ask(send(200, completion()), openai_base_url=address, openai_api_version="2024-10-21")

    asked = at.fake.asked[0]
    assert asked["path"] == "/openai/deployments/small/chat/completions?api-version=2024-10-21"
    assert asked["headers"]["api-key"] == "main-key"
    assert asked["headers"]["Authorization"] is None


# --- Gemini ----------------------------------------------------------------------------------------------------------


def test_gemini_tells_in_the_body_how_long_to_wait(at):
    detail = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "3.5s"}
    busy = [{"error": {"code": 429, "message": "Quota", "status": "RESOURCE_EXHAUSTED", "details": [detail]}}]

    answered = at.ask(send(429, busy), send(200, completion()), openai_base_url=f"{at.fake.url}beta/openai")

    assert answered.text == "سلام"
    assert at.pauses == [3.5]
    assert at.fake.asked[0]["path"] == "/v1beta/openai/chat/completions"


def test_gemini_refuses_a_schema_in_a_list(at):
    refused = [{"error": {"code": 400, "message": "Invalid JSON payload: response_format.json_schema", "status": "X"}}]

    assert at.ask(send(400, refused), send(200, completion())).text == "سلام"


# --- vLLM ------------------------------------------------------------------------------------------------------------


def vllm_error(message: str) -> dict:
    return {"object": "error", "message": message, "type": "BadRequestError", "param": None, "code": 400}


def test_a_template_without_a_system_role_gets_the_rules_with_the_question(at):
    at.ask(send(400, vllm_error("System role not supported")), send(200, completion()), messages=RULED)

    assert at.bodies[1]["messages"] == [{"role": "user", "content": f"RULES\n\n{MESSAGES[0]['content']}"}]


def test_a_correction_keeps_its_turns_without_a_system_role(at):
    said = [*RULED, {"role": "assistant", "content": "wrong"}, {"role": "user", "content": "again"}]

    at.ask(send(500, vllm_error("System role not supported")), send(200, completion()), messages=said)

    assert [message["role"] for message in at.bodies[1]["messages"]] == ["user", "assistant", "user"]


def test_a_number_as_code_is_no_trouble(at):
    with pytest.raises(ModelError) as error:
        at.ask(send(400, vllm_error("maximum context length is 4096 tokens")))

    assert error.value.reason == "model_failed"
    assert len(at.bodies) == 1


# --- llama.cpp and Ollama --------------------------------------------------------------------------------------------


def test_llama_cpp_that_still_loads_is_asked_again(at):
    loading = {"error": {"message": "Loading model", "type": "unavailable_error", "code": 503}}

    assert at.ask(send(503, loading), send(200, completion())).text == "سلام"


def test_llama_cpp_that_cannot_make_a_grammar_is_asked_without(at):
    broken = {"error": {"code": 400, "message": "failed to parse grammar", "type": "invalid_request_error"}}

    at.ask(send(400, broken), send(200, completion()))

    assert at.bodies[1]["response_format"]["type"] == "json_object"


def test_ollama_without_the_model_says_so(at):
    with pytest.raises(ModelError) as error:
        at.ask(send(404, refusal('model "small" not found, try pulling it first', type="api_error")))

    assert error.value.reason == "model_not_there"


# --- the fallback ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "trouble",
    [
        send(500, refusal()),
        send(429, refusal(), {"Retry-After": "20"}),
        send(401, refusal()),
        send(404, refusal()),
        send(200, completion("")),
        send(200, b"<html>"),
        send(200, completion("سلا", "length")),
        reset,
    ],
)
def test_the_fallback_answers_whatever_the_first_fails_at(make, trouble):
    first, second = make(), make()
    second.fake.steps = [send(200, completion("از دومی", model="big-1"))]

    answered = first.ask(
        trouble,
        openai_fallback_model="big",
        openai_fallback_base_url=second.fake.url,
        openai_fallback_api_key="second-key",
    )

    assert (answered.text, answered.model) == ("از دومی", "big-1")
    assert second.bodies[0]["model"] == "big"
    assert second.fake.asked[0]["headers"]["Authorization"] == "Bearer second-key"
    assert sum(first.pauses) < 3  # twenty seconds are not waited for where another model stands ready


def test_a_silent_first_model_leaves_time_for_the_fallback(make):
    first, second = make(), make()
    second.fake.steps = [send(200, completion("از دومی"))]
    started = time.monotonic()

    answered = first.ask(
        hang,
        openai_timeout_seconds=5,
        openai_total_seconds=1,
        openai_fallback_model="big",
        openai_fallback_base_url=second.fake.url,
    )

    assert answered.text == "از دومی"
    assert answered.milliseconds >= 500
    assert time.monotonic() - started < 4  # and not the five that the first may take


def test_both_failing_ends_with_the_last_reason(make):
    first, second = make(), make()
    second.fake.steps = [send(200, completion(""))]

    with pytest.raises(ModelError) as error:
        first.ask(send(500, refusal()), openai_fallback_model="big", openai_fallback_base_url=second.fake.url)

    assert error.value.reason == "model_empty"


def test_the_fallback_is_left_alone_while_the_first_answers(make):
    first, second = make(), make()

    first.ask(send(200, completion()), openai_fallback_model="big", openai_fallback_base_url=second.fake.url)

    assert second.fake.asked == []


def test_a_key_is_never_shown_to_another_server(at):
    elsewhere = at.settings(openai_fallback_model="big", openai_fallback_base_url="http://other/v1")
    same = at.settings(openai_fallback_model="big")

    assert [one.api_key for one in endpoints(elsewhere)] == ["main-key", ""]
    assert [(one.model, one.api_key) for one in endpoints(same)] == [("small", "main-key"), ("big", "main-key")]
    assert "main-key" not in repr(endpoints(same))


def test_what_one_thread_has_learnt_is_not_learnt_twice(at):
    known = server(Endpoint(at.fake.url, "k", "m"))
    shape = known.shape
    better = shape.without("response_format is not supported")

    known.learn(shape, better)
    known.learn(shape, shape.without("system role not supported"))

    assert known.shape == better
