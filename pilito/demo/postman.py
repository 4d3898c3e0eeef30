"""Posts the fake's webhooks to Pilito as Meta does: signed, retried, late when told so.

One webhook per customer is under way at a time, so that "released swapped" means swapped on arrival too; different
customers do not wait for each other.
"""

import logging
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import requests

from pilito.demo import payloads
from pilito.demo.store import DELIVERED, FAILED, WAITING, Store, Webhook, now_ms

logger = logging.getLogger(__name__)

# Meta: at once, then ever more rarely. Bounded to a few minutes: long enough for a restart of Pilito.
RETRY_SECONDS = (0.0, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0, 60.0, 60.0)
ANSWER_SECONDS = 10.0
WORKERS = 16
DUE_AT_ONCE = 500
IDLE_SECONDS = 0.5


class Postman:
    def __init__(
        self, store: Store, webhook_url: str, app_secret: str, retry_seconds: Sequence[float] = RETRY_SECONDS
    ) -> None:
        self._store = store
        self._webhook_url = webhook_url
        self._app_secret = app_secret
        self._retry_seconds = tuple(retry_seconds)
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._busy: set[str] = set()  # customers with a webhook under way
        self._resting = False
        self._settled = threading.Condition(self._lock)
        self._pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="webhook")
        self._thread = threading.Thread(target=self._run, name="postman", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Finish what is under way; the rest stays in the store for the next start."""
        self._stopping.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(ANSWER_SECONDS)
        self._pool.shutdown(wait=True, cancel_futures=True)

    def wake(self) -> None:
        """Look for due webhooks now."""
        self._wake.set()

    @contextmanager
    def at_rest(self) -> Iterator[None]:
        """Take nothing new to post, and begin when what is under way has arrived or was given up."""
        with self._settled:
            self._resting = True
            try:
                self._settled.wait_for(lambda: not self._busy, ANSWER_SECONDS)
                yield
            finally:
                self._resting = False
        self._wake.set()

    def post(self, webhook: Webhook) -> None:
        """Post once, on the caller's thread, and note how it went."""
        began = time.monotonic()
        status, error = self._try(webhook.body)
        milliseconds = round((time.monotonic() - began) * 1000)
        state, due_ms = self._next(webhook, status)
        detail = {"attempt": webhook.attempts + 1, "milliseconds": milliseconds, "state": state, "error": error}
        self._store.finish_attempt(webhook, state, due_ms, status, detail)

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._wake.clear()
            try:
                for webhook in self._claim():
                    self._pool.submit(self._deliver, webhook)
                wait_seconds = self._idle_seconds()
            except Exception:  # one bad row must not silence every later webhook
                logger.exception("The fake Instagram could not look for due webhooks; it tries again.")
                wait_seconds = IDLE_SECONDS
            self._wake.wait(wait_seconds)

    def _claim(self) -> list[Webhook]:
        """The first due webhook of each customer that has none under way."""
        claimed = []
        with self._lock:  # looked up inside: what `at_rest` removes must not be posted from an older list
            if self._resting:
                return []
            for webhook in self._store.due_webhooks(now_ms(), DUE_AT_ONCE):
                if webhook.customer_id not in self._busy:
                    self._busy.add(webhook.customer_id)
                    claimed.append(webhook)
        return claimed

    def _idle_seconds(self) -> float:
        due_ms = self._store.next_due_ms()
        if due_ms is None:
            return IDLE_SECONDS
        return min(max((due_ms - now_ms()) / 1000, 0.005), IDLE_SECONDS)

    def _deliver(self, webhook: Webhook) -> None:
        try:
            self.post(webhook)
        except Exception:
            logger.exception("The fake Instagram could not note a webhook; it will be posted again.")
            time.sleep(IDLE_SECONDS)
        finally:
            with self._settled:
                self._busy.discard(webhook.customer_id)
                self._settled.notify_all()
            self._wake.set()

    def _try(self, body: bytes) -> tuple[int | None, str]:
        """The status of the answer, or None and why there was none."""
        headers = {
            "Content-Type": "application/json",
            "X-Hub-Signature-256": payloads.signature(self._app_secret, body),
            "User-Agent": "pilito-demo-instagram/1.0",
        }
        try:
            with requests.Session() as session:
                session.trust_env = False  # a proxy of the machine must not see a demo on 127.0.0.1
                answer = session.post(
                    self._webhook_url, data=body, headers=headers, timeout=ANSWER_SECONDS, allow_redirects=False
                )
        except requests.RequestException as error:
            return None, type(error).__name__
        return answer.status_code, ""

    def _next(self, webhook: Webhook, status: int | None) -> tuple[str, int]:
        if status is not None and 200 <= status < 300:
            return DELIVERED, webhook.due_ms
        if webhook.attempts >= len(self._retry_seconds):
            return FAILED, webhook.due_ms
        return WAITING, now_ms() + round(self._retry_seconds[webhook.attempts] * 1000)
