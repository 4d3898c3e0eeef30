"""A release in one command: `make release VERSION=1.2.3`, or with DRY_RUN=1 what it would do.

Version and date go into VERSION and CHANGELOG.md, all tests run, then a commit, a tag, the bill of materials
(SBOM, CycloneDX) in dist/, and the image where Docker is there. It pushes nothing: the last line says what to push.
"""

import argparse
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
VERSION = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)")
UNRELEASED = re.compile(r"^## (?:(\d+\.\d+\.\d+) \(unreleased\)|Unreleased)$", re.MULTILINE)


class Stop(Exception):
    """Why no release is made, in one sentence."""


@dataclass(frozen=True)
class Step:
    says: str
    does: Callable[[], None]


def main(words: list[str] | None = None, root: Path = ROOT, today: date | None = None) -> int:
    parser = argparse.ArgumentParser(prog="make release")
    parser.add_argument("version", nargs="?", default="", help="as 1.2.3")
    parser.add_argument("--dry-run", action="store_true")
    given = parser.parse_args(words)
    try:
        steps = plan(root, given.version, today or datetime.now(UTC).date())
        for step in steps:
            print(("would " if given.dry_run else "") + step.says, flush=True)
            if not given.dry_run:
                step.does()
    except (Stop, subprocess.CalledProcessError) as error:
        print(f"No release: {error}", file=sys.stderr)
        return 1
    print(f"Then: git push origin HEAD v{given.version}")
    return 0


def plan(root: Path, version: str, today: date) -> list[Step]:
    """Look whether a release can be made at all, and return what it takes. Raises Stop."""
    if not VERSION.fullmatch(version):
        raise Stop(f"VERSION is to be three numbers as 1.2.3, but it is {version!r}.")
    if _git(root, "status", "--porcelain"):
        raise Stop("there are changes that are not committed; commit or stash them first.")
    if _git(root, "tag", "--list", f"v{version}"):
        raise Stop(f"there is a v{version} already.")
    tags = [tag.removeprefix("v") for tag in _git(root, "tag", "--list", "v*").split()]
    newest = max((_numbers(tag) for tag in tags if VERSION.fullmatch(tag)), default=(0, 0, 0))
    if _numbers(version) <= newest:
        raise Stop(f"{version} is not above {'.'.join(map(str, newest))}.")
    unrecorded = unrecorded_jobs(root)
    if unrecorded:
        raise Stop(f"tests/jobs/signatures.json does not know {', '.join(unrecorded)}: the next version must.")
    changelog = dated((root / "CHANGELOG.md").read_text(encoding="utf-8"), version, today)
    files = {root / "VERSION": f"{version}\n", root / "CHANGELOG.md": changelog}
    sbom = root / "dist" / f"pilito-{version}.cdx.json"
    image = f"pilito:{version}"
    steps = [
        Step("run all tests", lambda: _run(root, str(BIN / "python"), "-m", "pytest")),
        Step(f"write {version} into VERSION and CHANGELOG.md", lambda: _write(files)),
        Step(f"commit and tag v{version}", lambda: _commit(root, version)),
        Step(f"write the bill of materials to dist/{sbom.name}", lambda: make_sbom(root, sbom)),
    ]
    if has_docker():
        words = ("docker", "build", "--tag", image, "--label", f"org.opencontainers.image.version={version}", ".")
        steps.append(Step(f"build the image {image}", lambda: _run(root, *words)))
    else:
        steps.append(Step("leave out the image, for no docker answers here", lambda: None))
    return steps


def has_docker() -> bool:
    """Whether Docker is here and its daemon answers: a client alone builds nothing."""
    client = shutil.which("docker")
    return client is not None and subprocess.run([client, "info"], capture_output=True, check=False).returncode == 0  # noqa: S603


def unrecorded_jobs(root: Path) -> list[str]:
    """Jobs that this version makes and that nobody wrote down for the next one (docs/upgrading.md)."""
    made = re.findall(r'^\w+_JOB = "([^"]+)"$', (root / "pilito" / "keys.py").read_text(encoding="utf-8"), re.MULTILINE)
    recorded = json.loads((root / "tests" / "jobs" / "signatures.json").read_text(encoding="utf-8"))
    return sorted(set(made) - set(recorded))


def dated(changelog: str, version: str, today: date) -> str:
    """The changelog with its unreleased part as this version, of today. Raises Stop where there is nothing in it."""
    found = UNRELEASED.search(changelog)
    if not found:
        raise Stop("CHANGELOG.md has no part called unreleased: what is new for the people who use it?")
    if found[1] not in (None, version):
        raise Stop(f"CHANGELOG.md calls the next version {found[1]}, not {version}.")
    rest = changelog[found.end() :]
    if not re.split(r"^## ", rest, maxsplit=1, flags=re.MULTILINE)[0].strip():
        raise Stop("the unreleased part of CHANGELOG.md is empty.")
    return f"{changelog[: found.start()]}## {version} ({today:%Y-%m-%d}){rest}"


def make_sbom(root: Path, target: Path) -> None:
    """What is installed for running Pilito: a fresh environment, for this one has the tests' tools too."""
    target.parent.mkdir(exist_ok=True)
    clean = root / "var" / "release-venv"
    shutil.rmtree(clean, ignore_errors=True)
    _run(root, sys.executable, "-m", "venv", str(clean))
    pip = (str(clean / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    _run(root, *pip, "--require-hashes", "--only-binary=:all:", "--no-binary=crontab", "-r", "requirements.lock")
    options = ("--output-reproducible", "--of", "JSON", "-o", str(target), str(clean / "bin" / "python"))
    _run(root, str(root / ".venv-release" / "bin" / "cyclonedx-py"), "environment", *options)
    shutil.rmtree(clean, ignore_errors=True)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def _write(files: dict[Path, str]) -> None:
    for path, text in files.items():
        path.write_text(text, encoding="utf-8")


def _commit(root: Path, version: str) -> None:
    _run(root, "git", "commit", "--quiet", "--message", f"release: Make version {version}.", "VERSION", "CHANGELOG.md")
    _run(root, "git", "tag", "--annotate", "--message", f"Pilito {version}", f"v{version}")


def _git(root: Path, *words: str) -> str:
    return subprocess.run(  # noqa: S603
        ["git", *words],  # noqa: S607
        cwd=root, capture_output=True, text=True, check=True,
    ).stdout.strip()  # fmt: skip


def _run(root: Path, *words: str) -> None:
    subprocess.run(words, cwd=root, check=True)  # noqa: S603


if __name__ == "__main__":
    raise SystemExit(main())
