"""The tools of the bench say what they measured, and every row runs; the figures themselves are no business of a test."""

import json
import math
import os
import subprocess
import sys
import textwrap
import time

import pytest

from bench import __main__ as bench
from bench import load, proc
from bench.figures import Figure, Reference, Row, at_least, at_most, per, percentile, ratio
from bench.processes import ROOT, clean_environment
from bench.rows import ROWS, b8_start
from bench.size import TINY
from bench.stand import Stand


@pytest.mark.parametrize(
    ("values", "percent", "expected"),
    [([5], 99, 5), ([3, 1, 2], 50, 2), (range(1, 101), 99, 99), (range(1, 101), 50, 50), ([1, 2], 99, 2), ([1], 0, 1)],
)
def test_a_percentile_is_a_value_that_was_measured(values, percent, expected):
    assert percentile(list(values), percent) == expected


def test_nothing_measured_is_no_figure_and_reaches_no_goal():
    nothing = percentile([], 99)

    assert math.isnan(nothing)
    assert math.isnan(ratio(1, 0))
    assert math.isnan(per(1.0, 0))
    assert not at_most(10).is_reached(nothing)
    assert not at_least(0).is_reached(nothing)


def test_ratios_and_costs():
    assert ratio(50, 200) == 0.25
    assert per(1.5, 1000) == 1.5
    assert at_least(0.2).is_reached(0.2)
    assert not at_most(5).is_reached(5.1)
    assert str(at_most(1.9)) == "≤ 1.9"


def test_the_cpu_of_a_tree_holds_the_work_of_children_that_are_gone_and_that_live():
    child = "import time\nend = time.process_time() + {}\nwhile time.process_time() < end: pass\n"
    parent = f"""
        import subprocess, sys, time
        subprocess.run([sys.executable, "-c", {child.format(0.25)!r}])
        living = subprocess.Popen([sys.executable, "-c", {(child.format(0.25) + "print(1, flush=True); time.sleep(60)")!r}],
                                  stdout=subprocess.PIPE)
        living.stdout.readline()
        print("worked", flush=True)
        time.sleep(60)
    """
    process = subprocess.Popen([sys.executable, "-c", textwrap.dedent(parent)], stdout=subprocess.PIPE)
    process.stdout.readline()

    family, seconds, memory = proc.tree(process.pid), proc.cpu_seconds(process.pid), proc.pss_megabytes([process.pid])

    for pid in sorted(family, reverse=True):
        subprocess.run(["kill", "-9", str(pid)], check=False)
    process.wait(10)
    assert len(family) == 2
    assert 0.4 <= seconds < 3
    assert 2 < memory < 200
    assert proc.cpu_seconds(process.pid) == 0
    assert proc.pss_megabytes([process.pid]) == 0


def test_a_meter_tells_the_parts_apart():
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait(10)

    with proc.metered({"us": os.getpid(), "gone": gone.pid}) as spent:
        end = time.process_time() + 0.1
        while time.process_time() < end:
            pass

    assert spent.of("us") >= 0.08
    assert spent.of("gone", "never there") == 0
    assert spent.total == spent.of("us")


def test_every_row_has_goals_and_every_goal_a_bound():
    assert len({row.name for row in ROWS}) == len(ROWS)
    for row in ROWS:
        assert row.goals, row.name
        assert all(goal.bound >= 0 for goal in row.goals.values())


def test_a_goal_that_a_row_does_not_have_is_a_mistake():
    row = Row("X", "", {"fast": at_most(1)}, lambda _stand, _size: [])

    assert row.goal_of(Figure("explains", 1, "s")) is None
    with pytest.raises(KeyError):
        row.goal_of(Figure("slow", 1, "s", "slow"))


def test_a_row_by_a_wrong_name_is_refused_with_the_names_there_are():
    with pytest.raises(SystemExit, match="there is no row B99; there are B1 B2"):
        bench._selected(["B99"])

    assert [row.name for row in bench._selected(["B2", "B1"])] == ["B1", "B2"]


def test_what_takes_long_is_measured_by_its_name_only():
    assert "B7" not in {row.name for row in bench._selected([])}
    assert [row.name for row in bench._selected(["B7", "B1"])] == ["B1", "B7"]


def test_a_line_of_the_table_says_what_was_measured_beside_what_and_whether_it_is_enough():
    row = Row("X", "", {"share": at_least(0.5)}, lambda _stand, _size: [])

    line = bench._line(row, Figure("of the bare route", 0.25, "×", "share", Reference("bare route", 1)))
    lost = bench._line(row, Figure("lateness", math.inf, "s"))

    assert json.loads(json.dumps(line)) == {
        "label": "of the bare route",
        "value": 0.25,
        "unit": "×",
        "reference": {"what": "bare route", "value": 1},
        "goal": "≥ 0.5",
        "reached": False,
    }
    shown = bench._columns(line, 0.3)
    assert [word in shown for word in ("0.25 ×", "1 ×  bare route", "≥ 0.5", "NO", "0.30 ×")] == [True] * 5
    assert lost["value"] is None
    assert "–" in bench._columns(lost, None)


def test_the_surroundings_do_not_reach_the_measured_system(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "a real key")
    monkeypatch.setenv("DATABASE_URL", "a real database")

    environment = clean_environment(DATABASE_URL="its own")

    assert "OPENAI_API_KEY" not in environment
    assert environment["DATABASE_URL"] == "its own"


class OneSystem(Stand):
    """One system for all rows: a start takes longer than a tiny measurement."""

    databases = ("sqlite",)
    the_one = None

    def system(self, *_where, **_settings):
        self.the_one = self.the_one or super().system(WORKER_CONCURRENCY="4")
        return self.the_one


@pytest.mark.bench
def test_every_row_measures_all_its_goals_and_a_refusal_is_never_taken_for_an_ack():
    """One test, so that the system is started once, whatever runs side by side."""
    unsigned = b"POST /webhooks/instagram HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}"

    with OneSystem() as stand:
        refused = load.drive(stand.system().port, [unsigned] * 6, 2)
        measured = [(row, row.measure(stand, TINY)) for row in ROWS if row is not b8_start.ROW]

    assert (refused.refused, refused.said, refused.rate, refused.latencies) == (6, "6 × 401", 0, [])
    for row, figures in measured:
        assert {figure.goal for figure in figures} - {""} == set(row.goals), row.name
        assert all(figure.value >= 0 for figure in figures), figures
        assert not any(figure.value for figure in figures if figure.goal in ("refused", "unanswered")), figures


LAUNCH = """
import http.server, os
class Ready(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers()
http.server.HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Ready).serve_forever()
"""


def test_the_row_of_the_start_measures_whatever_it_starts():
    """A stand-in for `make run`, whose real start is in test_run.py."""
    stand = Stand()
    stand.launch_command = (sys.executable, "-c", LAUNCH)

    figures = b8_start.ROW.measure(stand, TINY)

    assert {figure.goal for figure in figures} == set(b8_start.ROW.goals)
    assert all(figure.value > 0 and figure.reference.value > 0 for figure in figures)


def test_kept_results_are_results(tmp_path, monkeypatch):
    line = {"label": "acks", "value": 600}
    for day, value in (("2026-11-21", 500), ("2026-11-22", 600)):
        kept = {"rows": [{"row": "B1", "figures": [{**line, "value": value}]}]}
        (tmp_path / f"{day}-abc.json").write_text(json.dumps(kept))
    monkeypatch.setattr(bench, "HISTORY", tmp_path)

    assert bench._last_kept() == {("B1", "acks"): 600}


def test_the_run_is_described():
    run = bench.describe_run()

    assert run["machine"]["cores"] >= 1
    assert run["versions"]["flask"]
    assert time.strptime(run["at"][:10], "%Y-%m-%d")
    assert (ROOT / "bench" / ".gitignore").read_text() == "results.json\n"
