"""A fake Instagram on a free port, and a webhook that keeps what it got."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
from flask import Flask, request

from pilito.demo.instagram import close_fake_instagram, create_fake_instagram
from pilito.demo.service import serve

SECRET = "demo-secret-of-the-tests"
ACCOUNT = "17841400000000001"
TOKEN = "token-of-the-tests"
PATIENCE_SECONDS = 20.0  # of a busy machine; what is there at once is seen at once


@contextmanager
def running(app: Any) -> Iterator[str]:
    server = serve(app)
    thread = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.01), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def eventually(look: Callable[[], Any], seconds: float = PATIENCE_SECONDS) -> Any:
    """Look until there is something to see."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if seen := look():
            return seen
        time.sleep(0.01)
    raise AssertionError("nothing came")


@dataclass
class Delivery:
    body: bytes
    signature: str
    json: dict[str, Any]

    @property
    def item(self) -> dict[str, Any]:
        return self.json["entry"][0]["messaging"][0]

    @property
    def message(self) -> dict[str, Any]:
        return self.item["message"]


@dataclass
class Webhook:
    """Pilito's place in these tests."""

    answers: list[int] = field(default_factory=list)  # statuses to give first; afterwards always 200
    got: list[Delivery] = field(default_factory=list)
    url: str = ""
    slow_seconds: float = 0.0  # before a delivery is kept

    def app(self) -> Flask:
        app = Flask("webhook")
        app.add_url_rule("/webhooks/instagram", "hook", self._take, methods=["POST"])
        return app

    def _take(self) -> Any:
        time.sleep(self.slow_seconds)
        signature = request.headers.get("X-Hub-Signature-256", "")
        self.got.append(Delivery(request.get_data(), signature, request.get_json()))
        return "EVENT_RECEIVED", self.answers.pop(0) if self.answers else 200

    def wait_for(self, count: int) -> list[Delivery]:
        eventually(lambda: len(self.got) >= count)
        return self.got

    def echoes(self) -> list[Delivery]:
        return [each for each in self.got if each.message.get("is_echo")]


@dataclass
class Fake:
    """The fake, called over HTTP only."""

    url: str
    app: Flask

    def control(self, path: str, **data: Any) -> dict[str, Any]:
        answer = requests.post(f"{self.url}/control/{path}", json=data, timeout=20)
        assert answer.ok, answer.text
        return answer.json()

    def customer(self, **data: Any) -> str:
        return self.control("customers", **data)["customer"]["id"]

    def faults(self, **fault: Any) -> None:
        self.control("faults", **fault)

    def state(self, customer: str) -> dict[str, Any]:
        return requests.get(f"{self.url}/control/state", params={"customer": customer}, timeout=20).json()

    def log(self, kind: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        page: dict[str, Any] = {"next": 0}
        while page["next"] is not None:
            page = requests.get(f"{self.url}/control/log", params={"after": page["next"]}, timeout=20).json()
            rows += page["data"]
        return [row for row in rows if row["kind"] == kind]

    def reply(
        self, customer: str, text: str, token: str = TOKEN, timeout: float = 20, **more: Any
    ) -> requests.Response:
        data = {"recipient": {"id": customer}, "message": {"text": text}, **more}
        headers = {"Authorization": f"Bearer {token}"}
        return requests.post(f"{self.url}/v25.0/me/messages", json=data, headers=headers, timeout=timeout)

    def send(self, data: dict[str, Any], token: str = TOKEN, timeout: float = 20) -> requests.Response:
        """Post a whole body to the Send API."""
        headers = {"Authorization": f"Bearer {token}"}
        return requests.post(f"{self.url}/v25.0/me/messages", json=data, headers=headers, timeout=timeout)

    def get(self, path: str, **params: str) -> requests.Response:
        return requests.get(
            f"{self.url}/{path}", params=params, headers={"Authorization": f"Bearer {TOKEN}"}, timeout=20
        )


@contextmanager
def running_fake(state_path: Path, webhook_url: str, retry_seconds: tuple[float, ...] = (0.01, 0.02)) -> Iterator[Fake]:
    app = create_fake_instagram(str(state_path), SECRET, webhook_url, ACCOUNT, token=TOKEN, retry_seconds=retry_seconds)
    try:
        with running(app) as url:
            yield Fake(url, app)
    finally:
        close_fake_instagram(app)
