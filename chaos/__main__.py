"""`make chaos`: traffic, and everything that can die dying; in the end a verdict per invariant.

SEED=7 repeats a run's plan and blows, EVENTS=10000 makes it long, RATE=16 events come in a second (33), for a machine
that has other things to do; DATABASE=postgresql takes the other database (both where it is installed), PLANT=name
plants a bug that the judge has to find. Exit status 1: something was violated. PLANT=all plants each bug in a small run
of its own, with up to three seeds; then exit status 1 says that one was not found.
"""

import argparse
import json
import os
import random
import signal
import sys
import time
import zipfile
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from bench import proc
from bench.processes import POSTGRES_BINARIES, ROOT
from chaos import ledger
from chaos.checker import INVARIANTS, Violation, answers, judge
from chaos.doubts import doubts
from chaos.drain import Drain, drain
from chaos.history import Accepted, History, Posted
from chaos.house import House
from chaos.interruptions import Interruptions
from chaos.model import Model
from chaos.nemesis import SCRIPT_LENGTH, Nemesis, make_blows, make_failures, struck
from chaos.plan import Sizes, make_plan
from chaos.plants import PLANTS
from chaos.terms import EVENTS, Terms, terms
from chaos.traffic import Panels, Phone, Traffic, wait_until
from pilito.demo.payloads import BESIDE

ALL = "all"
PLANTED_EVENTS = 100
PLANTED_TRIES = 3  # seeds, until the bug shows
PANELS = 12
MOSTLY = 0.9  # of the traffic's time: a blow of its last moments may come too late
QUIET_MAX_SECONDS = 120.0  # the cap of a burst lets a message into the next answer, by design
RESULTS = ROOT / "var" / "chaos"
Report = dict[str, object]


def main() -> int:
    arguments = _arguments()
    if not proc.PROC.is_dir():
        sys.exit("make chaos finds the processes of a server in /proc, which only Linux has.")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what we started is ended
    seed = arguments.seed if arguments.seed is not None else random.SystemRandom().randrange(10**6)
    if arguments.plant == ALL:
        return 1 if try_plants(seed, arguments.events or PLANTED_EVENTS, _databases(arguments.database)[0]) else 0
    events = arguments.events or (PLANTED_EVENTS if arguments.plant else EVENTS)
    bad = 0
    for database in _databases(arguments.database):
        history, report = run(seed, events, database, arguments.plant, arguments.calm, arguments.rate)
        violations, refused = judge(history), list(doubts(history))
        _say(report, violations, refused)
        _keep(history, report, violations, refused)
        bad += len(violations) + len(refused)
    return 1 if bad else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--events", type=int, help=f"default {EVENTS}, of a planted run {PLANTED_EVENTS}")
    parser.add_argument("--rate", type=float, default=Sizes.events_per_second, help="events a second")
    parser.add_argument("--database", choices=("sqlite", "postgresql"))
    parser.add_argument("--plant", default="", choices=("", ALL, *PLANTS), help="a bug that the judge has to find")
    parser.add_argument(
        "--calm", action="store_true", help="nothing dies and nobody fails: what the traffic alone does"
    )
    return parser.parse_args()


def _databases(wanted: str | None) -> list[str]:
    if wanted:
        return [wanted]
    return ["sqlite", "postgresql"] if POSTGRES_BINARIES else ["sqlite"]


def run(
    seed: int,
    events: int,
    database: str,
    plant: str = "",
    calm: bool = False,
    rate: float = Sizes.events_per_second,
) -> tuple[History, Report]:
    """Play one run; return what is known of it, and its counts."""
    given = terms(events, rate, plant, calm)
    plan = make_plan(seed, events, given.sizes)
    seconds = max(step.at for step in plan)
    began, loads = time.monotonic(), [os.getloadavg()[0]]
    with ExitStack() as stack:
        model = Model(seed, given.failures, given.model_seconds)
        base_url = stack.enter_context(model.serving())
        house = House(database, {**_settings(given), "OPENAI_BASE_URL": base_url}, plant)
        stack.callback(house.stop)
        blows = [] if given.is_calm else make_blows(seed, seconds)
        failures = make_failures(seed, given.failures, SCRIPT_LENGTH if given.is_calm else events, given.sends)
        traffic = Traffic(house, plan, house.issue_token())
        model.when_asked = Interruptions(
            seed, given.interruptions, given.model_timeout_seconds / 2, house, traffic.deeds, len(plan)
        )
        panels, nemesis = Panels(house, PANELS), Nemesis(house, blows, failures)
        print(f"seed {seed} · {events} events · {database} · about {seconds:.0f} s and the drain", flush=True)
        panels.start()
        nemesis.start()
        traffic.play()
        nemesis.stop()
        loads.append(os.getloadavg()[0])
        drained = drain(house, given.patience_seconds)
        panels.stop()
        history = _history(seed, given.sizes, house, traffic, panels, drained.seconds)
        history.blows, history.nemesis_error = struck(blows, house.deaths, MOSTLY * seconds), nemesis.error
        history.is_calm, history.model_failures = given.is_calm, model.failed
        report = _report(house, traffic, model, history, drained, time.monotonic() - began)
        report["spared"] = nemesis.spared
        _keep_logs(house, _stem(seed, events, database, plant))
        report["machine"] = f"{os.cpu_count()} cores, load {' '.join(f'{load:.0f}' for load in loads)}"
        return history, {"database": database, "events": events, "plant": plant, **report}


def _settings(given: Terms) -> dict[str, str]:
    sizes = given.sizes
    return {
        "SHARE_WAIT_SECONDS": f"{sizes.wait_seconds:g}",
        "SHARE_LOOKBACK_SECONDS": f"{sizes.lookback_seconds:g}",
        "REPLY_QUIET_SECONDS": "0.5",
        "REPLY_QUIET_MAX_SECONDS": f"{QUIET_MAX_SECONDS:g}",
        "OPENAI_TIMEOUT_SECONDS": f"{given.model_timeout_seconds:g}",
        "WORKER_CONCURRENCY": "8",
    }


def _history(seed: int, sizes: Sizes, house: House, traffic: Traffic, panels: Panels, drained: float | None) -> History:
    history = History(
        seed,
        round(sizes.wait_seconds * 1000),
        round(sizes.lookback_seconds * 1000),
        round(QUIET_MAX_SECONDS * 1000),
        traffic.said(),
        traffic.deeds.changed,
        traffic.deeds.acted,
        drained_seconds=drained,
        panels=PANELS,
    )
    for port in house.provider_ports:
        for row in Phone(port).log():
            detail = row["detail"]
            if row["kind"] == "webhook_posted":
                history.posted += _posted(row)
            elif row["kind"] == "fault":
                history.met.append(row["customer"])
            elif row["kind"] == "send_accepted":
                history.accepted.append(Accepted(row["mid"], row["customer"], detail["text"] or "", row["at_ms"]))
    ledger.read_into(history, ledger.open_database(house.database_url))
    wait_until(house.is_ready, 60)
    panels.look()  # what an open panel does when its line is back
    history.seen, history.shown = panels.seen(), panels.shown_anew()
    return history


def _posted(row: dict[str, Any]) -> list[Posted]:
    """What one try to post tells of each message in it."""
    detail, at_ms = row["detail"], row["at_ms"]
    began_ms = at_ms - detail["milliseconds"]
    return [
        Posted(mid, row["customer"], detail["event"], detail["status"], at_ms, began_ms)
        for mid in row["mid"].split(BESIDE)
    ]


def _report(house: House, traffic: Traffic, model: Model, history: History, drained: Drain, seconds: float) -> Report:
    said = Counter(one.kind for one in history.said)
    lone = sum(one.lone for one in history.said)
    taken = sum(one.is_taken for one in history.posted)
    return {
        "seconds": round(seconds, 1),
        "drained_seconds": drained.seconds,
        "finished_last": drained.ends(),
        "trail": drained.trail,
        "questions": said["question"],
        "shares": said["share"],
        "lone_shares": lone,
        "changes": len(history.changed),
        "webhooks_taken": taken,
        "webhooks_refused": len(history.posted) - taken,
        "answers": len(answers(history)),
        "sends_accepted": len(history.accepted),
        "handed_over": history.handed_over,
        "in_peoples_hands": sum(bool(row.waits_for) for row in history.rows if row.sender == "customer"),
        "people": dict(Counter(one.kind for one in history.acted)),
        "people_gave_up": traffic.deeds.given_up,
        "model_calls": model.calls,
        "model_failures": model.failed,
        "faults_met": len(history.met),
        "deaths": dict(sorted(house.deaths.items())),
        "panels": len(history.shown),
    }


def try_plants(seed: int, events: int, database: str) -> list[str]:
    """Plant each bug; print what the judge said of it, and return those that it did not find."""
    missed = [name for name in PLANTS if not _is_found(name, seed, events, database)]
    print(f"verdict: {len(PLANTS) - len(missed)} of {len(PLANTS)} planted bugs were found", flush=True)
    return missed


def _is_found(name: str, seed: int, events: int, database: str) -> bool:
    """Whether the judge finds it in a run that brings it about: not every seed makes a bug do anything."""
    invariant = PLANTS[name].invariant
    for tried in range(seed, seed + PLANTED_TRIES):
        began = time.monotonic()
        history, report = run(tried, events, database, name)
        violations = judge(history)
        _keep(history, report, violations, [])
        found = Counter(violation.invariant for violation in violations)
        said = " ".join(f"{each}:{found[each]}" for each in INVARIANTS if found[each]) or "nothing"
        how = "found" if found[invariant] else "NOT FOUND"
        print(f"  {name:36} {invariant}  {how:10} {said}  (seed {tried}, {time.monotonic() - began:.0f} s)", flush=True)
        if found[invariant]:
            return True
    return False


def _say(report: Report, violations: list[Violation], refused: list[str]) -> None:
    for name, value in report.items():
        if name == "trail":
            continue  # of the drain, in the file alone
        print(f"  {name:18} {value}")
    found = Counter(violation.invariant for violation in violations)
    for invariant in INVARIANTS:
        print(f"  {invariant}  {'holds' if not found[invariant] else f'VIOLATED {found[invariant]} times'}")
    for violation in violations[:20]:
        print(f"     {violation.invariant} customer {violation.customer or '-'}: {violation.what}")
    for doubt in refused:
        print(f"     not tried: {doubt}")
    if violations:
        print(f"verdict: {len(violations)} violations", flush=True)
    else:
        print(f"verdict: {'refused, for it proves nothing' if refused else 'all invariants hold'}", flush=True)


def _keep(history: History, report: Report, violations: list[Violation], refused: list[str]) -> None:
    """For a closer look: `chaos.history.load` reads a history, `chaos.checker.judge` judges it again."""
    stem = _stem(history.seed, *(report[name] for name in ("events", "database", "plant")))
    history.save(Path(f"{stem}.history.json"))
    summary = {**report, "seed": history.seed, "violations": [list(vars(one).values()) for one in violations]}
    summary["not_tried"] = refused
    Path(f"{stem}.json").write_text(json.dumps(summary, ensure_ascii=False, indent=2) + "\n")


def _keep_logs(house: House, stem: Path) -> None:
    """What the programs said, in one file; the fakes' is in the history."""
    with zipfile.ZipFile(f"{stem}.logs.zip", "w", zipfile.ZIP_DEFLATED) as kept:
        for log in house.log_files():
            kept.write(log, log.name)


def _stem(seed: object, events: object, database: object, plant: object) -> Path:
    """How the files of a run begin."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    return RESULTS / f"{database}-{seed}-{events}{plant and '-'}{plant}"


if __name__ == "__main__":
    sys.exit(main())
