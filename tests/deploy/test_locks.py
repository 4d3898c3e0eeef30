"""What is installed is what was locked: every package, what it brings, and the sum of every file."""

import re

import pytest

from pilito.config import ROOT

LOCKS = ("requirements.lock", "requirements-dev.lock")
PIN = re.compile(r"^([A-Za-z0-9_.-]+)(?:\[[\w,]+\])?==([^\s;\\]+)", re.MULTILINE)


def read(name):
    return (ROOT / name).read_text(encoding="utf-8")


def pins(name):
    """The packages that a file names, and those of the files that it includes."""
    words = read(name)
    found = {package.lower().replace("_", "-"): version for package, version in PIN.findall(words)}
    for other in re.findall(r"^-r (\S+)", words, re.MULTILINE):
        found |= pins(other)
    return found


@pytest.mark.parametrize(("asked", "lock"), [("requirements.txt", LOCKS[0]), ("requirements-dev.txt", LOCKS[1])])
def test_the_lock_holds_what_is_asked_for(asked, lock):
    """`make lock` was forgotten where this fails."""
    missing = {name: version for name, version in pins(asked).items() if pins(lock).get(name) != version}

    assert not missing


@pytest.mark.parametrize("lock", LOCKS)
def test_every_package_of_the_lock_has_sums(lock):
    entries = re.split(r"^(?=[A-Za-z0-9])", read(lock), flags=re.MULTILINE)[1:]

    assert len(entries) > 50
    assert all("--hash=sha256:" in entry for entry in entries)


def test_tests_run_on_what_is_run():
    ours, tried = pins(LOCKS[0]), pins(LOCKS[1])

    assert {name: tried[name] for name in ours} == ours


def test_nothing_is_installed_past_the_lock():
    for name in ("Makefile", "Dockerfile", "deploy/release.py", "docs/deployment.en.md", "docs/deployment.fa.md"):
        assert not re.search(r"(?:-r|--requirement)[\s\",]+\S*requirements(?:-dev)?\.txt", read(name)), name
