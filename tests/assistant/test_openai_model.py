"""The client of the model, over real HTTP against a local server that misbehaves as told."""

import ast
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

import pilito.assistant
from pilito.assistant.model import OpenAIModel
from pilito.assistant.server import FORMS, Shape, endpoints, server
from pilito.config import Settings, load_settings
from pilito.errors import ModelError

KEY = "sk-planted-canary-0123456789"
MESSAGES = [{"role": "user", "content": "این لباس چقدره؟"}]
Step = Callable[["Handler"], None]


class Handler(BaseHTTPRequestHandler):
    server: "FakeOpenAI"
    protocol_version = "HTTP/1.1"
    wbufsize = 65536  # head and body in one packet

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked.append({"path": self.path, "headers": self.headers, "body": json.loads(body)})
        self.server.next_step()(self)

    def log_message(self, *args: object) -> None: ...


class FakeOpenAI(ThreadingHTTPServer):
    """Answers each request by the next of its `steps`; the last one stays."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.begin()

    def begin(self) -> None:
        self.steps: list[Step] = []
        self.asked: list[dict] = []
        self.over = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"

    def next_step(self) -> Step:
        return self.steps.pop(0) if len(self.steps) > 1 else self.steps[0]

    def handle_error(self, *args: object) -> None:
        """A client that hung up is what some tests want."""


@pytest.fixture(scope="module")
def running() -> Iterator[FakeOpenAI]:
    fake = FakeOpenAI()
    thread = threading.Thread(target=fake.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield fake
    fake.shutdown()
    fake.server_close()
    thread.join()


@pytest.fixture
def fake(running) -> Iterator[FakeOpenAI]:
    running.begin()
    server(endpoints(settings_for(running.url))[0]).shape = Shape()
    yield running
    running.over.set()


def send(status: int, body: object, headers: dict[str, str] | None = None) -> Step:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()

    def step(handler: Handler) -> None:
        handler.send_response(status)
        for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)

    return step


def completion(content: object = "سلام", finish_reason: str = "stop", **fields: object) -> dict:
    choice = {"index": 0, "message": {"role": "assistant", "content": content}, "finish_reason": finish_reason}
    usage = {"prompt_tokens": 12, "completion_tokens": 3, "total_tokens": 15}
    return {"id": "1", "object": "chat.completion", "model": "small-1", "choices": [choice], "usage": usage, **fields}


def refusal(message: str = "no", code: str | None = None, **fields: object) -> dict:
    return {"error": {"message": message, "code": code, **fields}}


def hang(handler: Handler) -> None:
    handler.server.over.wait(10)


def drip(handler: Handler) -> None:
    """Keep the connection alive with a space now and then, for ever."""
    handler.send_response(200)
    handler.send_header("Content-Type", "application/json")
    handler.end_headers()
    while not handler.server.over.wait(0.05):
        handler.wfile.write(b" ")
        handler.wfile.flush()


def reset(handler: Handler) -> None:
    handler.close_connection = True
    handler.connection.shutdown(socket.SHUT_RDWR)


def cut_off(handler: Handler) -> None:
    """Promise more bytes than come."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b'{"choices": [')
    handler.close_connection = True


def settings_for(url: str, timeout: float = 5, key: str = KEY) -> Settings:
    return load_settings(
        _env_file=None,
        openai_base_url=url,
        openai_api_key=key,
        openai_model="small",
        openai_timeout_seconds=timeout,
    )


def ask(fake: FakeOpenAI, *steps: Step, timeout: float = 5, pauses: list[float] | None = None):
    fake.steps = list(steps)
    return OpenAIModel(settings_for(fake.url, timeout), sleep=(pauses if pauses is not None else []).append).complete(
        MESSAGES
    )


def test_an_answer_comes_with_its_cost(fake):
    answered = ask(fake, send(200, completion("۱۸۵۰ تومان")))

    assert answered.text == "۱۸۵۰ تومان"
    assert (answered.model, answered.input_tokens, answered.output_tokens) == ("small-1", 12, 3)
    assert 0 <= answered.milliseconds < 5000


def test_the_request_holds_what_every_server_knows_and_nothing_else(fake):
    ask(fake, send(200, completion()))

    request = fake.asked[0]
    assert request["path"] == "/v1/chat/completions"
    assert request["headers"]["Authorization"] == f"Bearer {KEY}"
    assert request["body"] == {
        "model": "small",
        "messages": MESSAGES,
        **FORMS[0],
    }


def test_an_answer_without_usage_or_name_is_taken(fake):
    body = completion()
    del body["usage"], body["model"]

    answered = ask(fake, send(200, body))

    assert (answered.model, answered.input_tokens, answered.output_tokens) == ("small", None, None)


def test_a_server_that_refuses_json_mode_is_asked_plainly_now_and_later(fake):
    about_format = refusal("'response_format.type' must be 'json_schema' or 'text'")

    first = ask(fake, send(400, about_format), send(400, about_format), send(200, completion()))
    second = ask(fake, send(200, completion()))

    assert first.text == second.text == "سلام"
    asked = [request["body"].get("response_format", {}).get("type") for request in fake.asked]
    assert asked == ["json_schema", "json_object", None, None]


def test_another_bad_request_is_not_asked_again(fake):
    with pytest.raises(ModelError) as error:
        ask(fake, send(400, refusal("context length exceeded", "context_length_exceeded")))

    assert error.value.reason == "model_failed"
    assert "context_length_exceeded" in str(error.value)
    assert len(fake.asked) == 1


def test_retry_after_is_honoured(fake):
    pauses: list[float] = []

    answered = ask(fake, send(429, refusal(), {"Retry-After": "3"}), send(200, completion()), pauses=pauses)

    assert answered.text == "سلام"
    assert pauses == [3.0]


def test_a_retry_after_beyond_the_budget_is_not_waited_for(fake):
    pauses: list[float] = []

    with pytest.raises(ModelError) as error:
        ask(fake, send(429, refusal(), {"Retry-After": "30"}), pauses=pauses)

    assert error.value.reason == "model_overloaded"
    assert pauses == []
    assert len(fake.asked) == 1


def test_a_used_up_account_is_not_asked_again(fake):
    with pytest.raises(ModelError, match="insufficient_quota"):
        ask(fake, send(429, refusal("You exceeded your quota", "insufficient_quota")))

    assert len(fake.asked) == 1


@pytest.mark.parametrize("trouble", [send(500, refusal()), send(503, b"<html>busy</html>"), reset, cut_off])
def test_a_passing_trouble_is_tried_once_more(fake, trouble):
    pauses: list[float] = []

    answered = ask(fake, trouble, send(200, completion()), pauses=pauses)

    assert answered.text == "سلام"
    assert len(pauses) == 1
    assert 0.4 <= pauses[0] <= 0.8


@pytest.mark.parametrize(
    ("trouble", "reason"),
    [
        (send(500, refusal()), "model_failed"),
        (send(503, refusal()), "model_overloaded"),
        (send(529, refusal()), "model_overloaded"),
        (send(429, refusal()), "model_overloaded"),
        (send(504, b""), "model_timeout"),
        (reset, "model_unreachable"),
        (cut_off, "model_unreachable"),
    ],
)
def test_c9_a_lasting_trouble_ends_after_two_tries(fake, trouble, reason):
    with pytest.raises(ModelError) as error:
        ask(fake, trouble)

    assert error.value.reason == reason
    assert len(fake.asked) == 2


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_key_is_not_tried_again_and_not_told(fake, status):
    with pytest.raises(ModelError) as error:
        ask(fake, send(status, refusal(f"Incorrect API key provided: {KEY}", KEY, type="invalid_request_error")))

    assert error.value.reason == "model_refused_key"
    assert len(fake.asked) == 1
    assert KEY not in str(error.value)
    assert error.value.__cause__ is None
    assert error.value.__context__ is None


def test_a_key_that_cannot_be_sent_is_not_told(fake):
    fake.steps = [send(200, completion())]

    with pytest.raises(ModelError) as error:
        OpenAIModel(settings_for(fake.url, key="کلید")).complete(MESSAGES)

    assert error.value.reason == "model_failed"
    assert "کلید" not in str(error.value)
    assert error.value.__context__ is None


@pytest.mark.parametrize("silence", [hang, drip])
def test_a_server_that_does_not_come_to_an_end_is_left(fake, silence):
    started = time.monotonic()

    with pytest.raises(ModelError) as error:
        ask(fake, silence, timeout=0.2)

    assert error.value.reason == "model_timeout"
    assert time.monotonic() - started < 5  # of the ten that it would take


def test_a_try_after_a_silence_has_only_what_is_left_of_the_budget(fake, monkeypatch):
    monkeypatch.setattr("pilito.assistant.model.PAUSE_SECONDS", (0.0, 0.0))
    fake.steps = [hang]
    settings = settings_for(fake.url, timeout=1.0).model_copy(update={"openai_total_seconds": 1.1})
    started = time.monotonic()

    with pytest.raises(ModelError):
        OpenAIModel(settings, sleep=lambda seconds: None).complete(MESSAGES)

    assert len(fake.asked) == 2
    # The whole second try would end at 2 s; between them there is room for a busy machine.
    assert 1.08 < time.monotonic() - started < 1.95


def test_a_server_that_is_not_there_is_unreachable():
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}/v1"

    with pytest.raises(ModelError) as error:
        OpenAIModel(settings_for(url), sleep=lambda seconds: None).complete(MESSAGES)

    assert error.value.reason == "model_unreachable"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"{not json", "model_broken_answer"),
        (b"<html>welcome</html>", "model_broken_answer"),
        (b"[]", "model_broken_answer"),
        (b"", "model_broken_answer"),
        (b"[" * 100_000, "model_broken_answer"),
        (b" " * 2_000_000, "model_broken_answer"),
        ({"choices": None}, "model_broken_answer"),
        (completion('{"reply": "سلام', "length"), "model_cut_short"),
        (completion("", "content_filter"), "model_cut_short"),
    ],
)
def test_an_answer_of_no_use_is_a_model_error(fake, body, reason):
    with pytest.raises(ModelError) as error:
        ask(fake, send(200, body))

    assert error.value.reason == reason
    assert len(fake.asked) == 1


@pytest.mark.parametrize(
    "body",
    [
        {"choices": []},
        {"choices": [None]},
        {"choices": [{"message": None}]},
        completion(None),
        completion(" \n"),
        completion([{"type": "text", "text": "hi"}]),
    ],
)
def test_an_empty_answer_is_asked_for_once_more(fake, body):
    with pytest.raises(ModelError) as error:
        ask(fake, send(200, body))

    assert error.value.reason == "model_empty"
    assert len(fake.asked) == 2
    assert ask(fake, send(200, body), send(200, completion())).text == "سلام"


def test_a_body_that_is_packed_wrongly_is_broken(fake):
    with pytest.raises(ModelError) as error:
        ask(fake, send(200, b"no gzip", {"Content-Encoding": "gzip"}))

    assert error.value.reason == "model_broken_answer"


def test_threads_share_one_client(fake):
    fake.steps = [send(200, completion())]
    settings = settings_for(fake.url)

    with ThreadPoolExecutor(8) as pool:
        servers = list(pool.map(lambda _: server(endpoints(settings)[0]), range(16)))
        answers = list(pool.map(lambda _: OpenAIModel(settings).complete(MESSAGES).text, range(16)))

    assert len({id(each) for each in servers}) == 1
    assert answers == ["سلام"] * 16


@pytest.mark.parametrize("path", Path(pilito.assistant.__file__).parent.glob("*.py"), ids=lambda path: path.name)
def test_the_client_is_imported_by_the_first_question_only(path):
    imported = [
        name
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for name in [getattr(node, "module", None), *(alias.name for alias in node.names)]
    ]

    assert not {"openai", "httpx2"} & {str(name).split(".")[0] for name in imported}
