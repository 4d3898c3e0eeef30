"""Customers who write on while the model thinks about what they asked.

No plan can time that: how late the model is asked is the machine's business. So the model itself says that it was
asked, and is not done before what the customer then writes is among the messages, or has had long enough for it.
"""

import random
import threading
from collections.abc import Iterable

from chaos import ledger
from chaos.history import Said
from chaos.house import House
from chaos.plan import word_of
from chaos.traffic import QUESTION, Deeds, Phone, now_ms, number_of, wait_until

AT_MOST = 12  # in a run


class Interruptions:
    """Call it with the words of the questions that the model is asked about."""

    def __init__(
        self, seed: int, share: float, patience_seconds: float, house: House, deeds: Deeds, first_number: int
    ) -> None:
        self._house, self._deeds = house, deeds
        self._share, self._patience_seconds = share, patience_seconds
        self._chance = random.Random(seed)  # noqa: S311 -- to be repeated
        self._database = ledger.open_database(house.database_url)
        self._lock = threading.Lock()
        self._number = first_number  # of the next word, after those of the plan
        self._interrupted: set[str] = set()

    def __call__(self, words: Iterable[str]) -> None:
        with self._lock:
            customer = self._who_writes_on(set(words))
            if customer is None:
                return
            self._interrupted.add(customer)
            self._number += 1
            word = word_of(self._number)
        mid = self._write(customer, word)
        wait_until(lambda: ledger.is_stored(self._database, mid), self._patience_seconds, 0.1)

    def _who_writes_on(self, words: set[str]) -> str | None:
        """Who asked, now and then; once each, and nobody who has just shared a post, whose question is planned."""
        asked = [one for one in self._deeds.said if one.word in words]
        if not asked or len(self._interrupted) >= AT_MOST or self._chance.random() >= self._share:
            return None
        customer = asked[-1].customer
        last = [one for one in self._deeds.said if one.customer == customer][-1]
        return None if last.kind == "share" or customer in self._interrupted else customer

    def _write(self, customer: str, word: str) -> str:
        at_ms, ports = now_ms(), self._house.provider_ports
        phone = Phone(ports[number_of(customer) % len(ports)])
        sent = phone.call("send", customer=customer, text=QUESTION.format(word=word), timestamp_ms=at_ms)
        self._deeds.said.append(Said(sent["mid"], customer, "question", word, at_ms))
        mid: str = sent["mid"]
        return mid
