"""Every package that is installed with Pilito stands under a licence that was looked at."""

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "deploy"))
import licences  # noqa: E402


def test_every_locked_package_stands_under_a_licence_that_is_allowed():
    found = list(licences.listed())

    assert len(found) > 60
    assert [one for one in found if not licences.is_allowed(one[2])] == []


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("MIT", True),
        ("GPL-3.0 OR MIT", True),  # one may choose
        ("GPL-3.0 AND MIT", False),
        ("(MIT AND BSD-3-Clause)", True),
        ("GNU Affero General Public License v3", False),
        ("", False),
    ],
)
def test_one_of_what_may_be_chosen_and_all_of_what_holds_together(said, expected):
    assert licences.is_allowed(said) is expected


def test_what_is_strange_is_shown_and_fails(monkeypatch, capsys):
    monkeypatch.setattr(licences, "listed", lambda: [("good", "1.0", "MIT"), ("bad", "2.0", "AGPL-3.0")])

    assert licences.main() == 1
    assert "AGPL-3.0   <- not among" in capsys.readouterr().out
