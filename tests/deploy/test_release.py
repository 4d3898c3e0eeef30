"""A release is one command: it refuses what would make a bad one, and a dry run changes nothing."""

import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "deploy"))
import release  # noqa: E402

TODAY = date(2026, 11, 23)
CHANGELOG = "# Changelog\n\n## 0.2.0 (unreleased)\n\n- New.\n\n## 0.1.0 (2026-01-01)\n\n- First.\n"


def git(folder, *words):
    who = ("-c", "user.name=T", "-c", "user.email=t@example.com")
    return subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def repository(tmp_path):
    (tmp_path / "CHANGELOG.md").write_text(CHANGELOG)
    (tmp_path / "VERSION").write_text("0.1.0\n")
    (tmp_path / "pilito").mkdir()
    (tmp_path / "pilito" / "keys.py").write_text('SEND_JOB = "pilito.jobs.x.send"\n')
    (tmp_path / "tests" / "jobs").mkdir(parents=True)
    (tmp_path / "tests" / "jobs" / "signatures.json").write_text('{"pilito.jobs.x.send": [[1]]}')
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "config", "user.name", "T")
    git(tmp_path, "config", "user.email", "t@example.com")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "--message", "x")
    git(tmp_path, "tag", "v0.1.0")
    return tmp_path


def test_a_dry_run_says_every_step_and_changes_nothing(repository, capsys):
    before = git(repository, "log", "--oneline")

    status = release.main(["0.2.0", "--dry-run"], repository, TODAY)

    said = capsys.readouterr().out
    assert status == 0
    places = [
        said.index(word) for word in ("run all tests", "CHANGELOG.md", "tag v0.2.0", "bill of materials", "image")
    ]
    assert places == sorted(places)
    assert git(repository, "status", "--porcelain") == ""
    assert git(repository, "log", "--oneline") == before
    assert "v0.2.0" not in git(repository, "tag")


def test_a_release_dates_the_changelog_commits_and_tags(repository):
    steps = release.plan(repository, "0.2.0", TODAY)

    for step in steps[1:3]:  # the tests before and the SBOM after take minutes
        step.does()

    assert "## 0.2.0 (2026-11-23)\n\n- New." in (repository / "CHANGELOG.md").read_text()
    assert (repository / "VERSION").read_text() == "0.2.0\n"
    assert git(repository, "status", "--porcelain") == ""
    assert "release: Make version 0.2.0." in git(repository, "log", "-1", "--format=%s v0.2.0", "v0.2.0")


@pytest.mark.parametrize(
    ("version", "said"),
    [("1.2", "three numbers"), ("0.1.0", "already"), ("0.0.9", "not above 0.1.0"), ("0.3.0", "calls the next version")],
)
def test_a_wrong_version_is_refused_with_a_sentence(repository, capsys, version, said):
    assert release.main([version, "--dry-run"], repository, TODAY) == 1
    assert said in capsys.readouterr().err


def test_uncommitted_changes_are_refused(repository, capsys):
    (repository / "stray.txt").write_text("x")

    assert release.main(["0.2.0", "--dry-run"], repository, TODAY) == 1
    assert "not committed" in capsys.readouterr().err


@pytest.mark.parametrize(
    "text", ["# Changelog\n", "# Changelog\n\n## Unreleased\n\n## 0.1.0 (2026-01-01)\n\n- First.\n"]
)
def test_a_release_without_news_is_refused(text):
    with pytest.raises(release.Stop):
        release.dated(text, "0.2.0", TODAY)


def test_a_job_that_nobody_wrote_down_is_refused(repository, capsys):
    (repository / "tests" / "jobs" / "signatures.json").write_text("{}")
    git(repository, "commit", "--quiet", "--all", "--message", "y")

    assert release.main(["0.2.0", "--dry-run"], repository, TODAY) == 1
    assert "pilito.jobs.x.send" in capsys.readouterr().err


def test_our_own_changelog_can_be_released():
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    version = release.UNRELEASED.search(text)[1] or "9.9.9"

    assert f"## {version} (2026-11-23)" in release.dated(text, version, TODAY)
    assert release.VERSION.fullmatch((ROOT / "VERSION").read_text().strip())
