"""What `make run` does before it starts anything."""

import socket
import tempfile
import time
from pathlib import Path

from pilito.launch import _stop_left_over


def test_a_server_that_stopped_by_itself_is_not_waited_for():
    """Its socket file is still there after a stop; redis-py's own retries would ask it for five seconds."""
    with tempfile.TemporaryDirectory(prefix="plt") as folder:
        address, configuration = Path(folder) / "redis.sock", Path(folder) / "redis.conf"
        configuration.write_text('requirepass "of yesterday"\n')
        with socket.socket(socket.AF_UNIX) as dead:
            dead.bind(str(address))
        began = time.monotonic()

        _stop_left_over(configuration, address)

        assert time.monotonic() - began < 4
