"""How a worker and the scheduler hear that they shall end, whatever their threads are at.

Python calls the handler of a signal in the main thread, between two of its steps. One that sets an Event waits for
ever if the main thread was just beginning to wait for that event, for then it holds the event's lock itself; no second
signal helps, only SIGKILL. And where the system gave the signal to another thread, nobody wakes a main thread that
waits for a lock. So it waits for a byte, which Python writes at once, in whatever thread the signal came.
"""

import os
import select
import signal

SIGNALS = frozenset({signal.SIGTERM, signal.SIGINT})


class Ending:
    """Whether SIGTERM or SIGINT came; made and asked in the main thread. The second of them changes nothing."""

    def __init__(self) -> None:
        self._is_asked = False
        self._bytes, writes = os.pipe()
        os.set_blocking(writes, False)
        signal.set_wakeup_fd(writes, warn_on_full_buffer=False)
        for number in SIGNALS:
            signal.signal(number, _do_nothing)  # without a handler of Python's there would be no byte

    def is_set(self) -> bool:
        return self.wait(0)

    def wait(self, seconds: float | None = None) -> bool:
        """Return at once when it came, else after so many seconds; None waits for it."""
        while not self._is_asked and select.select([self._bytes], [], [], seconds)[0]:
            self._is_asked = not SIGNALS.isdisjoint(os.read(self._bytes, 64))  # a byte is a signal's number
        return self._is_asked


def _do_nothing(*_: object) -> None: ...
