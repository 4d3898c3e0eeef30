"""Customers who write on, or correct what they asked, while the model thinks about it.

No plan can time that: how late the model is asked is the machine's business. So the model itself says that it was
asked, and is not done before what the customer then writes is among the messages, or has had long enough for it.
"""

import random
import threading
from collections.abc import Iterable

from chaos import ledger
from chaos.history import Changed, Said
from chaos.house import House
from chaos.plan import word_of
from chaos.traffic import CORRECTION, QUESTION, Deeds, Phone, now_ms, number_of, wait_until

AT_MOST = 12  # in a run
CORRECTED = 0.4  # of them


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
            asked = self._what_is_interrupted(set(words))
            if asked is None:
                return
            self._interrupted.add(asked.customer)
            self._number += 1
            word = word_of(self._number)
            is_corrected = asked.mid not in self._deeds.to_be_changed and self._chance.random() < CORRECTED
        if is_corrected:
            self._correct(asked, word)
        else:
            mid = self._write(asked.customer, word)
            wait_until(lambda: ledger.is_stored(self._database, mid), self._patience_seconds, 0.1)

    def _correct(self, asked: Said, word: str) -> None:
        """Once it is surely read, an answer to the old words is void: the model has not said it yet."""
        at_ms = self._change(asked, word)
        is_known = wait_until(lambda: ledger.says(self._database, asked.mid, word), self._patience_seconds, 0.1)
        known_ms = 0 if is_known is None else now_ms()
        self._deeds.changed.append(Changed(asked.mid, asked.customer, "edit", word, at_ms, known_ms))

    def _what_is_interrupted(self, words: set[str]) -> Said | None:
        """What was asked, now and then; once of each customer, and of nobody who has just shared a post, whose question
        is planned."""
        asked = [one for one in self._deeds.said if one.word in words]
        if not asked or len(self._interrupted) >= AT_MOST or self._chance.random() >= self._share:
            return None
        newest = asked[-1]
        last = [one for one in self._deeds.said if one.customer == newest.customer][-1]
        is_spared = last.kind == "share" or newest.kind == "share" or newest.customer in self._interrupted
        return None if is_spared else newest

    def _phone(self, customer: str) -> Phone:
        ports = self._house.provider_ports
        return Phone(ports[number_of(customer) % len(ports)])

    def _change(self, asked: Said, word: str) -> int:
        text = CORRECTION.format(word=word)
        self._phone(asked.customer).call("event", customer=asked.customer, kind="edit", mid=asked.mid, text=text)
        return now_ms()

    def _write(self, customer: str, word: str) -> str:
        at_ms, phone = now_ms(), self._phone(customer)
        sent = phone.call("send", customer=customer, text=QUESTION.format(word=word), timestamp_ms=at_ms)
        self._deeds.said.append(Said(sent["mid"], customer, "question", word, at_ms))
        mid: str = sent["mid"]
        return mid
