"""What is installed is what was locked: every package, what it brings, and the sum of every file."""

import re
import subprocess

import pytest

from pilito.config import ROOT

LOCKS = ("requirements.lock", "requirements-dev.lock")
ASKED = sorted(path.name for path in ROOT.glob("requirements*.txt"))
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


def lock_of(asked):
    return asked.replace(".txt", ".lock")


@pytest.mark.parametrize("asked", ASKED)
def test_the_lock_holds_what_is_asked_for(asked):
    """`make lock` was forgotten where this fails."""
    lock = pins(lock_of(asked))
    missing = {name: version for name, version in pins(asked).items() if lock.get(name) != version}

    assert not missing


@pytest.mark.parametrize("asked", ASKED)
def test_every_package_of_the_lock_has_sums(asked):
    entries = re.split(r"^(?=[A-Za-z0-9])", read(lock_of(asked)), flags=re.MULTILINE)[1:]

    assert entries
    assert all("--hash=sha256:" in entry for entry in entries)


def test_tests_run_on_what_is_run():
    ours, tried = pins(LOCKS[0]), pins(LOCKS[1])

    assert {name: tried[name] for name in ours} == ours


@pytest.mark.parametrize("beside", ["requirements-watching.lock", "requirements-fuzz.lock", "requirements-docs.lock"])
def test_what_is_installed_beside_it_exchanges_nothing_of_it(beside):
    tried, more = pins(LOCKS[1]), pins(beside)

    assert {name: version for name, version in more.items() if tried.get(name, version) != version} == {}


@pytest.mark.parametrize(
    "name",
    [
        "Makefile",
        "Dockerfile",
        "deploy/release.py",
        "pilito/reporting.py",
        ".env.example",
        "docs/deployment.en.md",
        "docs/deployment.fa.md",
    ],
)
def test_nothing_is_installed_past_the_lock(name):
    assert not re.search(r"(?:-r|--requirement)[\s\",]+\S*requirements(?:-\w+)?\.txt", read(name))


def installing(target):
    """The lines by which `make` would install, on a machine that has nothing yet."""
    words = ["make", "--dry-run", "--always-make", target]
    said = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [line for line in said.splitlines() if "pip install" in line]


@pytest.mark.parametrize("target", ["run", "test", "lock", "audit", "fuzz", "docs", "release", "upgrade"])
def test_make_installs_by_sums_alone(target):
    lines = installing(target)

    assert lines
    assert [line for line in lines if "--require-hashes" not in line] == []


def test_asking_for_known_holes_touches_nothing_that_pilito_runs_from():
    """It runs from cron, as root, beside services that hold every account's token."""
    assert [line.split("/")[0] for line in installing("audit")] == [".venv-release"]
