"""A model that says which questions it was asked, over the API that all models speak; now and then it fails."""

import contextlib
import json
import random
import re
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from chaos.checker import ASSISTANT, END, REST
from chaos.plan import LETTERS, WORD_LETTERS
from pilito.assistant.prompt import read_blocks

WORD = re.compile(rf"\b[{LETTERS}]{{{WORD_LETTERS}}}\b")
FAILURES = ("refused", "overloaded", "broken", "empty", "garbage", "slow", "reset")
SLOW_SECONDS = 3.0
UNKNOWN = f" اطلاعی ندارم؛ در همین پست {END}"
FILLING = f" در همین پست {END}"
# Instagram takes a thousand bytes; what fills the first part to the brim leaves no room for the second (split.py).
FIRST_PART_BYTES, LONGEST_HEAD_BYTES, EVERY_LONG = 980, 700, 6
SOON = 12  # of so many calls one fails for certain


class Model:
    """`share` of the calls fail, each in one of the ways of FAILURES; each takes `seconds`."""

    def __init__(self, seed: int, share: float, seconds: float = 0.0) -> None:
        self.share, self.seconds = share, seconds
        self.when_asked: Callable[[list[str]], None] | None = None  # is told the words of the questions
        self._random = random.Random(seed)  # noqa: S311 -- to be repeated
        self._lock = threading.Lock()
        self.calls = 0
        self.failed = 0

    def next_failure(self) -> str:
        with self._lock:
            self.calls += 1
            is_overdue = self.share > 0 and self.calls == SOON and not self.failed
            if self._random.random() >= self.share and not is_overdue:
                return ""
            self.failed += 1
            return self._random.choice(FAILURES)

    @contextmanager
    def serving(self) -> Iterator[str]:
        """Serve on 127.0.0.1; give the base URL."""
        handler = type("Handler", (_Handler,), {"model": self})
        server = _Server(("127.0.0.1", 0), handler)
        thread = threading.Thread(target=server.serve_forever, args=(0.1,), name="model", daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/v1"
        finally:
            server.shutdown()
            server.server_close()


def answer_to(messages: list[dict[str, Any]]) -> str:
    """Name every word of the questions, the captions of their shares included, and nothing else.

    As what is not known of: only there may a reply say the customer's own words (pilito/assistant/wording.py). Now and
    then at such length that it leaves in two parts; the second names them too.
    """
    asked = words_asked(messages)
    names = " و ".join(asked)
    first = f"{ASSISTANT}{names}{UNKNOWN}"
    if not is_long(asked) or len(first.encode()) > LONGEST_HEAD_BYTES:
        return first
    while len(first.encode()) + len(FILLING.encode()) <= FIRST_PART_BYTES:
        first += FILLING
    return f"{first}\n\n{REST}{names}{UNKNOWN}"


def is_long(asked: Sequence[str]) -> bool:
    """Whether these are answered at length: one in EVERY_LONG, always the same ones."""
    return bool(asked) and sum(map(ord, asked[0])) % EVERY_LONG == 0


def words_asked(messages: list[dict[str, Any]]) -> list[str]:
    text = "\n".join(str(message["content"]) for message in messages)
    questions = [block.text for block in read_blocks(text) if block.kind == "question"]
    return list(dict.fromkeys(word for question in questions for word in WORD.findall(question)))


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """Who asked died in the middle of it: that is what a run is for."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    model: Model
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:  # noqa: N802 -- the library's name
        length = int(self.headers.get("Content-Length", 0))
        asked = self.rfile.read(length)
        if len(asked) < length:
            raise ConnectionResetError("Who asked died while asking.")
        body = json.loads(asked)
        failure = self.model.next_failure()
        if self.model.when_asked is not None:
            self.model.when_asked(words_asked(body["messages"]))
        time.sleep(self.model.seconds)
        if failure == "reset":
            self.close_connection = True
            return
        if failure == "slow":
            time.sleep(SLOW_SECONDS)
        status = {"refused": 500, "overloaded": 429}.get(failure, 200)
        with contextlib.suppress(ConnectionError):  # who asked has died meanwhile
            self._write(status, self._body(body["messages"], failure))

    def _body(self, messages: list[dict[str, Any]], failure: str) -> bytes:
        reply = {"reply": answer_to(messages), "hand_over": False, "reason": ""}
        content = {"empty": "", "garbage": "{]<<<"}.get(failure, json.dumps(reply, ensure_ascii=False))
        choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": content}}
        usage = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
        whole = {"id": "x", "object": "chat.completion", "created": 1, "model": "chaos", "choices": [choice]}
        data = json.dumps({**whole, "usage": usage}).encode()
        return data[: len(data) // 2] if failure == "broken" else data

    def _write(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        """Nothing: the run has a log of its own."""
