"""The line of a call is cut once its answer has taken too long, wherever in it that is.

A read has a time of its own, and a server that sends a byte now and then keeps within it: the headers of one answer
could last for days, and with them the thread, and the message that is "sending".
"""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, ProxyManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.response import HTTPResponse

_calls = threading.local()


class Watch:
    """Waits from the moment in which a request is out: until then the library's own time-outs are for the whole."""

    def __init__(self, seconds: float) -> None:
        self._seconds, self._is_over = seconds, False
        self._timer: threading.Timer | None = None

    def begin(self, line: socket.socket) -> None:
        self._timer = threading.Timer(self._seconds, self._cut, (line,))
        self._timer.daemon = True
        self._timer.start()

    def end(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def check(self) -> None:
        """Raises TimeoutError once the line was cut: an answer of unknown length looks as if it had ended there."""
        if self._is_over:
            raise TimeoutError("The answer took too long.")

    def _cut(self, line: socket.socket) -> None:
        self._is_over = True
        with suppress(OSError):
            # Not the method of a TLS socket, which would have the rest read as if it were in the clear.
            socket.socket.shutdown(getattr(line, "socket", line), socket.SHUT_RDWR)  # of TLS in TLS the outer one


@contextmanager
def cut_after(seconds: float) -> Iterator[Watch]:
    """Cut the line of the one call that this thread makes in the block, when its answer has lasted for so long."""
    _calls.watch = watch = Watch(seconds)
    try:
        yield watch
    finally:
        _calls.watch = None
        watch.end()


class Adapter(HTTPAdapter):
    """Makes connections that are watched, where somebody watches."""

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = POOLS

    def proxy_manager_for(self, *args: Any, **options: Any) -> Any:
        manager = super().proxy_manager_for(*args, **options)
        if type(manager) is ProxyManager:  # SOCKS has connections of its own, which are not watched
            manager.pool_classes_by_scheme = POOLS
        return manager


class _Watched(HTTPConnection):
    def getresponse(self) -> HTTPResponse:  # type: ignore[override]  # as the library's own
        watch: Watch | None = getattr(_calls, "watch", None)
        if watch is not None:
            watch.begin(self.sock)
        return super().getresponse()


class _WatchedByTls(_Watched, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Watched


class _PoolByTls(HTTPSConnectionPool):
    ConnectionCls = _WatchedByTls


POOLS = {"http": _Pool, "https": _PoolByTls}
