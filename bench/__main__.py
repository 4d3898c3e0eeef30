"""`make bench`: measure the rows, print one table, write bench/results.json.

ROWS="B1 B2" selects, also what takes long and is left out otherwise; `--keep` keeps the results in bench/history/, with
which later runs are compared.
"""

import argparse
import json
import math
import os
import platform
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from bench import proc
from bench.figures import Figure, Row
from bench.processes import ROOT
from bench.rows import ROWS
from bench.size import QUICK
from bench.stand import Stand

RESULTS = ROOT / "bench" / "results.json"
HISTORY = ROOT / "bench" / "history"
PACKAGES = ("flask", "sqlalchemy", "rq", "redis", "gunicorn", "gevent", "psycopg", "openai")
WIDTHS = (56, 11, 46, 9, 8, 11)
HEADINGS = ("figure (median of rounds)", "measured", "reference of the same run", "goal", "reached", "last kept")


def main() -> int:
    arguments = _arguments()
    rows = _selected(arguments.rows)
    if not proc.PROC.is_dir():
        sys.exit("make bench reads CPU time and memory from /proc, which only Linux has.")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what we started is ended
    kept, results = _last_kept(), {**describe_run(), "rows": []}
    print(_heading(results), flush=True)
    with Stand() as stand:
        for row in rows:
            results["rows"].append(_measured(row, stand, kept))
    RESULTS.write_text(_json(results))
    if arguments.keep:
        _keep(results)
    missed = [line["label"] for row in results["rows"] for line in row["figures"] if line["reached"] is False]
    print(f"\n{RESULTS.relative_to(ROOT)} is written; goals not reached: {len(missed)}.")
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("rows", nargs="*", help="names of rows; none: all")
    parser.add_argument("--keep", action="store_true", help="keep the results in bench/history/")
    return parser.parse_args()


def _selected(names: list[str]) -> list[Row]:
    known = {row.name: row for row in ROWS}
    wrong = [name for name in names if name not in known]
    if wrong:
        sys.exit(f"ROWS: there is no row {wrong[0]}; there are {' '.join(known)}.")
    return [row for row in ROWS if row.name in names or not (names or row.takes_long)]


def _measured(row: Row, stand: Stand, kept: dict[tuple[str, str], float]) -> dict[str, Any]:
    started = time.monotonic()
    print(f"\n{row.name}  {row.title}", flush=True)
    figures = [_line(row, figure) for figure in row.measure(stand, QUICK)]
    seconds = round(time.monotonic() - started, 1)
    for line in figures:
        print(_columns(line, kept.get((row.name, line["label"]))))
    load = round(os.getloadavg()[0], 2)
    print(f"  ({seconds:g} s, load {load:g})", flush=True)
    return {"row": row.name, "title": row.title, "seconds": seconds, "load": load, "figures": figures}


def _line(row: Row, figure: Figure) -> dict[str, Any]:
    goal = row.goal_of(figure)
    return {
        "label": figure.label,
        "value": _number(figure.value),
        "unit": figure.unit,
        "reference": figure.reference and {"what": figure.reference.what, "value": _number(figure.reference.value)},
        "goal": goal and str(goal),
        "reached": goal and goal.is_reached(figure.value),
    }


def _number(value: float) -> float | None:
    """JSON knows neither NaN nor infinity."""
    return round(value, 4) if math.isfinite(value) else None


# --- the table -------------------------------------------------------------------------------------------------------


def _heading(results: dict[str, Any]) -> str:
    machine, versions = results["machine"], results["versions"]
    where = f"{machine['cores']} cores ({machine['cpu']}), load {machine['load']}, Python {versions['python']}"
    return f"{results['at']}  commit {results['commit']}  {where}\n\n{_row(HEADINGS)}"


def _columns(line: dict[str, Any], kept: float | None) -> str:
    reference, reached = line["reference"], line["reached"]
    return _row(
        (
            line["label"],
            _shown(line["value"], line["unit"]),
            f"{_shown(reference['value'], line['unit'])}  {reference['what']}" if reference else "",
            line["goal"] or "",
            "" if reached is None else "yes" if reached else "NO",
            "" if kept is None else _shown(kept, line["unit"]),
        )
    )


def _row(cells: tuple[str, ...]) -> str:
    return "  " + " ".join(f"{cell:<{width}}" for cell, width in zip(cells, WIDTHS, strict=True)).rstrip()


def _shown(value: float | None, unit: str) -> str:
    if value is None:
        return "–"
    digits = 0 if value >= 100 or value == int(value) else 1 if value >= 10 else 2
    return f"{value:.{digits}f} {unit}".rstrip()


# --- the run ---------------------------------------------------------------------------------------------------------


def describe_run() -> dict[str, Any]:
    """Where and on what the figures were measured."""
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": _git("rev-parse", "--short", "HEAD"),
        "changed_since_commit": bool(_git("status", "--porcelain", "--", "pilito", "deploy")),
        "machine": {
            "cores": len(os.sched_getaffinity(0)),
            "cpu": _cpu_name(),
            "memory_mb": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20,
            "system": platform.platform(),
            "load": round(os.getloadavg()[0], 2),
        },
        "versions": {"python": platform.python_version(), **{name: version(name) for name in PACKAGES}},
    }


def _git(*words: str) -> str:
    try:
        command = ["git", *words]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()  # noqa: S603
    except OSError:
        return ""


def _cpu_name() -> str:
    lines = (proc.PROC / "cpuinfo").read_text().splitlines()
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.machine())


def _last_kept() -> dict[tuple[str, str], float]:
    """Each figure as it was last kept, of whichever run measured it last."""
    known = {}
    for path in sorted(HISTORY.glob("*.json")):
        for row in json.loads(path.read_text())["rows"]:
            known |= {(row["row"], line["label"]): line["value"] for line in row["figures"]}
    return known


def _keep(results: dict[str, Any]) -> Path:
    minute = results["at"][:16].replace(":", "")
    path = HISTORY / f"{minute}-{results['commit']}.json"
    path.write_text(_json(results))
    print(f"Kept as {path.relative_to(ROOT)}.")
    return path


def _json(results: dict[str, Any]) -> str:
    return json.dumps(results, ensure_ascii=False, indent=1) + "\n"


if __name__ == "__main__":
    sys.exit(main())
