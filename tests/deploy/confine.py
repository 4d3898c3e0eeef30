"""Run a program under the system call filter of a unit, which systemd would put on it: `confine.py UNIT PROGRAM…`.

Which calls a group like @system-service holds, systemd-analyze says; the kernel is told by libseccomp, which systemd
itself uses. Where a machine lacks one of them, `can_confine` says so.
"""

import ctypes
import errno
import os
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

LIBRARY = "libseccomp.so.2"
ALLOW, REFUSE, KILL = 0x7FFF0000, 0x00050000, 0x80000000
UNKNOWN = -1  # a call that this kernel or machine does not have


def can_confine():
    try:
        ctypes.CDLL(LIBRARY)
    except OSError:
        return False
    return shutil.which("systemd-analyze") is not None


def confined(unit, words):
    """The words that run these under the unit's filter."""
    return [sys.executable, __file__, str(unit), *words]


def allowed_calls(unit):
    """As systemd reads the lines: the first one says what is allowed, a `~` takes away, another line adds."""
    allowed = set()
    for line in re.findall(r"^SystemCallFilter=(.+)$", unit.read_text(), re.MULTILINE):
        calls = {call for word in line.removeprefix("~").split() for call in _calls(word)}
        allowed = allowed - calls if line.startswith("~") else allowed | calls
    return allowed


def _calls(word):
    if not word.startswith("@"):
        return {word}
    return {call for member in _groups()[word] for call in _calls(member)}


@cache
def _groups():
    said = subprocess.run(
        ["systemd-analyze", "--no-pager", "syscall-filter"], capture_output=True, text=True, check=True
    )
    groups, members = {}, set()
    for line in said.stdout.splitlines():
        if line.startswith("@"):
            members = groups[line.strip()] = set()
        elif re.fullmatch(r"\s+@?\w[\w-]*", line):
            members.add(line.strip())
    return groups


def confine(unit):
    """Let this process, and what it becomes, ask the kernel for no more than the unit allows."""
    named = re.search(r"^SystemCallErrorNumber=(\w+)$", unit.read_text(), re.MULTILINE)
    refusal = REFUSE | getattr(errno, named[1]) if named else KILL
    library = ctypes.CDLL(LIBRARY)
    library.seccomp_init.restype = ctypes.c_void_p
    filter_ = ctypes.c_void_p(library.seccomp_init(ctypes.c_uint32(refusal)))
    for call in allowed_calls(unit):
        number = library.seccomp_syscall_resolve_name(call.encode())
        if number != UNKNOWN:
            library.seccomp_rule_add_array(filter_, ctypes.c_uint32(ALLOW), number, 0, None)
    if library.seccomp_load(filter_) != 0:
        sys.exit("The kernel does not take the filter.")


if __name__ == "__main__":
    confine(Path(sys.argv[1]))
    os.execvp(sys.argv[2], sys.argv[2:])  # noqa: S606
