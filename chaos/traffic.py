"""Does what the plan says, as customers' phones and the shop's people do it: over HTTP only."""

import contextlib
import re
import threading
import time
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from html import unescape
from typing import Any

import requests

from chaos.checker import PERSON
from chaos.history import Acted, Changed, Said
from chaos.house import House
from chaos.plan import EVENTS, Do, Step
from chaos.prepare import EMAIL, PASSWORD

PATIENCE_SECONDS = 90.0  # a person presses again for so long while the server is away
OPERATORS_AT_ONCE = 16
FIRST_CUSTOMER = 700_000_000_000_000
QUESTION = "این {word} چقدره؟"
CORRECTION = "ببخشید، {word} منظورم بود"
CAPTION = "پیراهن {word}\nبرای قیمت پیام بدهید"
ITEM = re.compile(r'(?=<li class="(?:item|activity)\b)')
KEY = re.compile(r' id="([a-z]\w*)"')
TAG = re.compile(r"<[^>]+>")
DAY = re.compile(r'<li class="day".*?</li>', re.DOTALL)  # between two messages, and of neither


def customer_id(number: int) -> str:
    return str(FIRST_CUSTOMER + number)


def number_of(customer: str) -> int:
    return int(customer) - FIRST_CUSTOMER


def now_ms() -> int:
    return time.time_ns() // 1_000_000


class Phone:
    """The customers of one account, at the fake provider's controls."""

    def __init__(self, port: int) -> None:
        self._url = f"http://127.0.0.1:{port}/instagram/control"
        self._session = requests.Session()

    def call(self, path: str, **values: Any) -> dict[str, Any]:
        answer = self._session.post(f"{self._url}/{path}", json=values, timeout=30)
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found

    def pending(self) -> int:
        found: int = self._session.get(f"{self._url}/state", timeout=30).json()["pending"]
        return found

    def log(self) -> Iterable[dict[str, Any]]:
        after = 0
        while True:
            page = self._session.get(f"{self._url}/log", params={"after": after, "limit": 1000}, timeout=30).json()
            yield from page["data"]
            if page["next"] is None:
                return
            after = page["next"]


@dataclass
class Deeds:
    """What was done so far; several threads write into it."""

    said: list[Said] = field(default_factory=list)
    changed: list[Changed] = field(default_factory=list)
    acted: list[Acted] = field(default_factory=list)
    given_up: list[str] = field(default_factory=list)  # what a person could not do, however often
    to_be_changed: set[str] = field(default_factory=set)  # the messages that the plan takes back or corrects


class Traffic:
    def __init__(self, house: House, plan: list[Step], token: str) -> None:
        self._house, self._plan = house, plan
        self._phones = [Phone(port) for port in house.provider_ports]
        self._api = Api(house, token)
        self._mids: dict[int, str] = {}  # step -> message id
        self._batches: dict[int, list[Step]] = defaultdict(list)
        for step in plan:
            if step.batch is not None:
                self._batches[step.batch].append(step)
        self._to_be_changed = {step.of for step in plan}
        self._lock = threading.Lock()
        self.deeds = Deeds()

    def play(self) -> None:
        """Do every step at its time; returns when all customers have written and all people are done."""
        for customer in sorted({step.customer for step in self._plan}):
            identity = customer_id(customer)
            self._phone(customer).call("customers", id=identity, name=f"Customer {customer}")
        began = time.monotonic()
        with ThreadPoolExecutor(OPERATORS_AT_ONCE) as people:
            for step in self._plan:
                time.sleep(max(0.0, began + step.at - time.monotonic()))
                if step.do in EVENTS:
                    self._customers_step(step)
                elif step.do is Do.TAKE_OVER:
                    people.submit(self._be_a_person, step.customer, began)

    def _phone(self, customer: int) -> Phone:
        return self._phones[customer % len(self._phones)]

    def _customers_step(self, step: Step) -> None:
        customer, phone, at_ms = customer_id(step.customer), self._phone(step.customer), now_ms()
        if step.do in (Do.UNSEND, Do.EDIT):
            self._change(step, customer, phone)
            return
        weather = {"delay_seconds": step.delay_seconds, "twice": step.is_twice}
        if step.batch is None:
            sent = phone.call("send", **_words_of(step, customer, at_ms), **weather)
            self._note(step, customer, sent["mid"], at_ms)
        elif step is self._batches[step.batch][-1]:
            self._send_batch(self._batches[step.batch], customer, phone, at_ms, weather)

    def _send_batch(
        self, steps: list[Step], customer: str, phone: Phone, at_ms: int, weather: dict[str, object]
    ) -> None:
        """What was said before the last of it, a moment earlier each."""
        times = [at_ms - 100 * later for later in reversed(range(len(steps)))]
        messages = [_words_of(step, customer, at) for step, at in zip(steps, times, strict=True)]
        order = "swapped" if steps[0].is_swapped else "given"
        sent = phone.call("batch", customer=customer, messages=messages, order=order, **weather)
        for step, mid, at in zip(steps, sent["mids"], times, strict=True):
            self._note(step, customer, mid, at, batch=sent["mids"][0])

    def _note(self, step: Step, customer: str, mid: str, at_ms: int, batch: str = "") -> None:
        self._mids[step.number] = mid
        kind = "share" if step.do is Do.SHARE else "question"
        if step.number in self._to_be_changed:
            self.deeds.to_be_changed.add(mid)
        self.deeds.said.append(Said(mid, customer, kind, step.word, at_ms, step.lone, batch=batch))

    def said(self) -> list[Said]:
        """All that was said, each question with its share, which may have come after it."""
        steps = {self._mids[step.number]: step for step in self._plan if step.number in self._mids}
        return [self._with_shares(one, steps[one.mid]) if one.mid in steps else one for one in self.deeds.said]

    def _with_shares(self, said: Said, step: Step) -> Said:
        share, older = (self._mids[number] if number is not None else "" for number in (step.share, step.older))
        return replace(said, share_mid=share, older_mid=older)

    def _change(self, step: Step, customer: str, phone: Phone) -> None:
        assert step.of is not None
        mid, kind = self._mids[step.of], step.do.value
        if step.do is Do.UNSEND:
            phone.call("unsend", customer=customer, mid=mid)
        else:
            phone.call("event", customer=customer, kind="edit", mid=mid, text=CORRECTION.format(word=step.word))
        self.deeds.changed.append(Changed(mid, customer, kind, step.word, now_ms()))

    def _be_a_person(self, customer: int, began: float) -> None:
        """Do what a person does in this conversation: one thing after the other, each no earlier than its time."""
        try:
            conversation = self._api.get(customer_id(customer))
            for step in self._plan:
                if step.customer == customer and step.do not in EVENTS:
                    time.sleep(max(0.0, began + step.at - time.monotonic()))
                    self._operators_step(step, conversation)
        except TimeoutError as error:
            with self._lock:
                self.deeds.given_up.append(f"{customer_id(customer)}: {error}")

    def _operators_step(self, step: Step, conversation: int) -> None:
        asked_ms = now_ms()
        if step.do is Do.SAY:
            is_taken = self._api.reply(conversation, PERSON + step.word)
        else:
            is_taken = self._api.press(conversation, step.do.value.replace("_", "-"))
        acted = Acted(customer_id(step.customer), step.do.value, asked_ms, now_ms(), step.word, is_taken)
        with self._lock:
            self.deeds.acted.append(acted)


def _words_of(step: Step, customer: str, at_ms: int) -> dict[str, object]:
    about = {"customer": customer, "timestamp_ms": at_ms}
    if step.do is Do.SHARE:
        return {**about, "kind": "ig_post", "caption": CAPTION.format(word=step.word)}
    return {**about, "text": QUESTION.format(word=step.word)}


class Api:
    """A person behind the REST API, who presses again while the server is away."""

    def __init__(self, house: House, token: str) -> None:
        self._house = house
        self._headers = {"Authorization": f"Bearer {token}"}

    def get(self, customer: str) -> int:
        """The conversation with this customer, as soon as there is one: what they wrote may not be read yet."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            if (found := self._find(customer)) is not None:
                return found
            time.sleep(1.0)
        raise TimeoutError("no conversation")

    def _find(self, customer: str) -> int | None:
        cursor = ""
        while page := self._patiently("GET", f"conversations?limit=100{cursor}"):
            for row in page["data"]:
                if row["customer"]["external_id"] == customer:
                    found: int = row["id"]
                    return found
            if page["next"] is None:
                return None
            cursor = f"&cursor={page['next']}"
        return None

    def reply(self, conversation: int, text: str) -> bool:
        """Press twice, as an impatient hand does: it is one reply all the same. Return whether it was taken."""
        body = {"text": text, "client_id": str(uuid.uuid4())}
        answers = [self._patiently("POST", f"conversations/{conversation}/replies", body) for _ in range(2)]
        return any(answer is not None for answer in answers)

    def press(self, conversation: int, button: str) -> bool:
        return self._patiently("POST", f"conversations/{conversation}/{button}") is not None

    def _patiently(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any] | None:
        """Return the answer, None for a refusal (4xx); try again while there is none. Raises TimeoutError."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        said = ""
        while time.monotonic() < deadline:
            try:
                answer = requests.request(
                    method, f"{self._house.url}/api/v1/{path}", json=body, headers=self._headers, timeout=10
                )
            except requests.RequestException as error:
                said = type(error).__name__
            else:
                if answer.ok:
                    found: dict[str, Any] = answer.json()
                    return found
                if answer.status_code < 500:
                    return None
                said = str(answer.status_code)
            time.sleep(0.3)
        raise TimeoutError(said)


class Panels:
    """Panels that stay open on some conversations while everything dies: each fetches what it missed, as a browser."""

    PAUSE_SECONDS = 1.0

    def __init__(self, house: House, how_many: int) -> None:
        self._house, self._how_many = house, how_many
        self._session: requests.Session | None = None
        self._seqs: dict[int, int] = {}
        self._items: dict[int, dict[str, str]] = {}
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="panels", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping.wait(self.PAUSE_SECONDS):
            with contextlib.suppress(requests.RequestException, ValueError):
                self.look()

    def look(self) -> None:
        """Open a few conversations more, and catch up with those that are open."""
        if len(self._seqs) < self._how_many:
            page = self._get("/conversations/list?zone=open").text
            for found in dict.fromkeys(re.findall(r'data-conversation="(\d+)"', page)):
                if len(self._seqs) < self._how_many:
                    self._seqs.setdefault(int(found), 0)
        for conversation, seq in list(self._seqs.items()):
            self._catch_up(conversation, seq)

    def _catch_up(self, conversation: int, seq: int) -> None:
        page = self._get(f"/conversations/{conversation}/messages?after_seq={seq}").text
        self._items.setdefault(conversation, {}).update(items_of(page))
        self._seqs[conversation] = int(re.search(r'data-seq="(\d+)"', page)[1])  # type: ignore[index]
        if 'data-cut="1"' in page[:200]:
            self._catch_up(conversation, self._seqs[conversation])

    def seen(self) -> dict[str, list[str]]:
        """What each panel shows now."""
        return {str(conversation): sorted(items.values()) for conversation, items in self._items.items()}

    def shown_anew(self) -> dict[str, list[str]]:
        """What a panel shows that is opened now."""
        return {
            str(conversation): sorted(items_of(self._get(f"/conversations/{conversation}").text).values())
            for conversation in self._items
        }

    def _get(self, path: str) -> requests.Response:
        if self._session is None:
            self._session = self._log_in()
        answer = self._session.get(self._house.url + path, timeout=10)
        answer.raise_for_status()
        return answer

    def _log_in(self) -> requests.Session:
        session = requests.Session()
        page = session.get(f"{self._house.url}/login", timeout=10)
        page.raise_for_status()
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.text)
        form = {"email": EMAIL, "password": PASSWORD, "csrf_token": token[1] if token else ""}
        session.post(f"{self._house.url}/login", data=form, timeout=20).raise_for_status()
        return session


def items_of(page: str) -> dict[str, str]:
    """The messages on a page or a fragment: their key, and all words that stand in them."""
    found = {}
    for part in ITEM.split(DAY.sub("", page))[1:]:
        key = KEY.search(part)
        if key:
            part = part.split("</ol>")[0]
            found[key[1]] = " ".join(unescape(TAG.sub(" ", part)).split())
    return found


def wait_until(is_so: Callable[[], bool], seconds: float, pause: float = 0.5) -> float | None:
    """The seconds until it was so, None when it never was."""
    began = time.monotonic()
    while time.monotonic() - began < seconds:
        if is_so():
            return time.monotonic() - began
        time.sleep(pause)
    return None
