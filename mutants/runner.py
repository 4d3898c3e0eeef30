"""Runs the tests once, noting who runs through which line, and then a fork for every mutant."""

import ast
import contextlib
import functools
import gc
import hashlib
import json
import os
import resource
import sys
import threading
import time
import traceback
import types
from collections import defaultdict
from collections.abc import Callable
from itertools import accumulate
from pathlib import Path
from typing import Any

import pytest
from _pytest.fixtures import FixtureDef
from _pytest.runner import runtestprotocol

from mutants.changes import Mutant

# Fixtures of the session whose values live on in a fork; the others have threads, which do not, and begin anew.
KEPT = {
    "redis_address",
    "redis_url",
    "redis_client",
    "database_template",
    "shared_app",
    "media_root",
    "tmp_path_factory",
    "database_kind",
}
IN_FORCE = {"_nothing_outside"}  # by itself, and still in a fork
# So much CPU one test may take beyond ten times its usual time: a mutant may loop for ever. Not seconds of the clock:
# the machine may be busy.
PATIENCE_SECONDS = 5
# The tests of a line that are asked: the quickest ones. What only the slowest would kill lives, and is looked at.
MOST_SECONDS = 5
QUICKEST_SECONDS = 0.01  # no test is nearer to nothing than that: the clock of the CPU counts hundredths
LONG_SECONDS = 20  # of the clock: on a busy machine, or where the run was held, a time-out of a test may be over
SLOW_SECONDS = 0.5  # what takes so long may have a time-out of its own, or be asked how long it takes
KEEP_EVERY = 25  # mutants: a run that is ended loses no more


class Runner:
    """A plugin of pytest that takes the place of its loop. `known` gets what became of each mutant."""

    def __init__(
        self,
        root: Path,
        trees: dict[str, ast.Module],
        mutants: list[Mutant],
        known: dict[str, str],
        keep: Callable[[], None],
        minutes: float,
    ) -> None:
        self.root, self.trees, self.mutants, self.known, self.minutes = root, trees, mutants, known, minutes
        self.keep = keep
        self.files = {str(root / path): path for path in trees}
        self.through: dict[tuple[str, int], set[int]] = defaultdict(set)
        self.seconds: dict[int, float] = {}
        self.kills: dict[int | tuple[str, int], int] = defaultdict(int)  # by a test: of all, and of one function
        self.sound: set[int] = set()
        self.unsound: set[int] = set()
        self.number = 0
        self.is_fork = False

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        self.say = session.config.pluginmanager.getplugin("terminalreporter").write_line
        self._run_all(session.items)
        self._get_ready(session)
        some = sorted(self.seconds, key=self.seconds.__getitem__)[:: len(self.seconds) // 20 + 1]
        until = time.monotonic() + self.minutes * 60
        for begin in range(0, len(self.mutants) + 1, KEEP_EVERY):
            if time.monotonic() > until:
                break
            found = {}
            for mutant in self.mutants[begin : begin + KEEP_EVERY]:
                found[mutant.text] = outcome = self._try(mutant, session)
                if outcome != "killed":
                    self.say(f"{outcome}: {mutant.text}")
            # After them, and once where there are none: a server of the tests may have gone, and then all fails.
            if self._killer(None, session, [number for number in some if number not in self.unsound]) is not None:
                raise RuntimeError("A fork without any mutant fails: what was said of the last ones means nothing.")
            self.known |= found
            self.keep()
            self.say(f"{begin + len(found)} of {len(self.mutants)} tried")
        return True

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> pytest.TestReport | None:
        """In a fork, only that it failed: to say how takes longer than most tests."""
        if not self.is_fork or not call.excinfo or isinstance(call.excinfo.value, pytest.skip.Exception):
            return None
        return pytest.TestReport(item.nodeid, item.location, {}, "failed", None, call.when)

    # --- once, as it is ----------------------------------------------------------------------------------------------

    def _run_all(self, items: list[pytest.Item]) -> None:
        """Run every test, or remember what it ran through, where neither its file nor ours changed since."""
        kept = self.root / "var" / "mutants" / f"through-{_stamp(*map(Path, self.files))}.json"
        remembered = json.loads(kept.read_text()) if kept.exists() else {}
        threading.settrace(self._call)
        notes = {}
        self.names = [item.path.stem for item in items]
        for self.number, item in enumerate(items):
            key = f"{item.nodeid} {_stamp(item.path)}"
            notes[key] = remembered.get(key) or self._run(item, items[(self.number + 1) % len(items)])
            self.seconds[self.number] = notes[key]["seconds"]
            for path, line in notes[key]["lines"]:
                self.through[path, line].add(self.number)
        threading.settrace(None)  # type: ignore[arg-type]
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps(notes))
        self.say(f"{len(items)} tests, {sum(self.seconds.values()):.0f} s")

    def _run(self, item: pytest.Item, following: pytest.Item) -> dict[str, Any]:
        item.session._setupstate.teardown_exact(item)
        began = _cpu_seconds()
        self.lines: set[tuple[str, int]] = set()
        sys.settrace(self._call)
        reports = runtestprotocol(item, log=False, nextitem=following)
        sys.settrace(None)
        if any(report.failed for report in reports):
            self.say(f"fails without any mutant, and is not asked: {item.nodeid}")
            self.lines = set()
        return {"seconds": _cpu_seconds() - began, "lines": sorted(self.lines)}

    def _call(self, frame: types.FrameType, _event: str, _arg: Any) -> Any:
        return self._line if frame.f_code.co_filename in self.files else None

    def _line(self, frame: types.FrameType, _event: str, _arg: Any) -> Any:
        self.lines.add((self.files[frame.f_code.co_filename], frame.f_lineno))
        return self._line

    def _get_ready(self, session: pytest.Session) -> None:
        """Find the functions as they are in memory, and let go of what two processes must not share."""
        from pilito.models import db

        # Also where all was remembered, so that a fork finds the app and its database.
        warm = next(item for item in session.items if "shared_app" in item.fixturenames)
        self._run(warm, next(item for item in session.items if item is not warm))
        gc.unfreeze()  # conftest.py put what was imported out of sight
        alive = gc.get_objects()
        here = [one for one in alive if type(one) is types.FunctionType and one.__code__.co_filename in self.files]
        self.functions = defaultdict(list)
        for one in here:
            self.functions[self.files[one.__code__.co_filename], one.__code__.co_qualname].append(one)
        # Only now: what a function remembers of the tests before would hide its mutant.
        caches = [one for one in alive if isinstance(one, functools._lru_cache_wrapper)]
        self.caches = [one for one in caches if _filename(one.__wrapped__) in self.files]
        self.naming: dict[str, set[tuple[str, int]]] = defaultdict(set)  # where each name stands
        self.uses: dict[str, set[str]] = defaultdict(set)  # the names in each function
        self.asking: dict[str, set[int]] = defaultdict(set)  # the tests that name it themselves
        for number, item in enumerate(session.items):
            for name in item.function.__code__.co_names if isinstance(item, pytest.Function) else ():
                self.asking[name].add(number)
        for path, tree in self.trees.items():
            for node in ast.walk(tree):
                self.naming[_named(node)].add((path, getattr(node, "lineno", 0)))
                if isinstance(node, ast.FunctionDef):
                    self.uses[node.name] |= {_named(each) for each in ast.walk(node)} - {""}
        self.modules = {path: sys.modules[path.removesuffix(".py").replace("/", ".")] for path in self.trees}
        self.fixtures = [one for one in alive if isinstance(one, FixtureDef) and one.scope == "session"]
        self.renewed = [one for one in self.fixtures if one.argname not in KEPT]
        app = next(one for one in self.fixtures if one.argname == "shared_app")
        with app.cached_result[0].app_context():
            db.engine.dispose()
        gc.freeze()

    # --- one mutant --------------------------------------------------------------------------------------------------

    def _try(self, mutant: Mutant, session: pytest.Session) -> str:
        while numbers := [number for number in self._tests_of(mutant) if number not in self.unsound]:
            began = time.monotonic()
            killer = self._killer(mutant, session, numbers)
            if killer is not None and time.monotonic() - began > LONG_SECONDS:
                killer = self._killer(mutant, session, numbers)  # a test that had waited too long killed nothing
            if killer is None:
                return "lived"
            if self._is_sound(killer, session):
                self.kills[killer] += 1
                self.kills[mutant.place, killer] += 1
                return "killed"
            self.unsound.add(killer)
            self.say(f"fails in a fork without any mutant, and is not asked: {session.items[killer].nodeid}")
        return "no test"

    def _is_sound(self, killer: int, session: pytest.Session) -> bool:
        """Whether the test passes in a fork without any mutant: asked once, and each time of one that is slow."""
        if killer not in self.sound or self.seconds[killer] > SLOW_SECONDS:
            if self._killer(None, session, [killer]) is not None:
                return False
            self.sound.add(killer)
        return True

    def _killer(self, mutant: Mutant | None, session: pytest.Session, numbers: list[int]) -> int | None:
        """The first of these tests that fails in a fork with the mutant, or without any."""
        reading, writing = os.pipe()
        process = os.fork()
        if not process:
            os._exit(self._survive(mutant, session, numbers, writing))
        os.close(writing)
        passed = 0
        while os.read(reading, 1):  # a byte for each test that passed, then its end
            passed += 1
        os.close(reading)
        _, status = os.waitpid(process, 0)
        return numbers[min(passed, len(numbers) - 1)] if status else None

    def _tests_of(self, mutant: Mutant) -> list[int]:
        """Those that run through its lines; for a constant, those that run through a line that names it."""
        lines = {(mutant.path, line) for line in mutant.lines} if mutant.is_inside else self.naming[mutant.place]
        names = {name for _, name in self._made_from(mutant)} | {mutant.name}
        remembering = self._remembering(names)
        asked = names - {mutant.name} | remembering
        lines = lines.union(*(self.naming[name] for name in asked))
        numbers = {number for line in lines for number in self.through.get(line, ())}
        numbers = numbers.union(*(self.asking[name] for name in remembering))
        if not mutant.is_inside:  # others may have it by another name
            numbers = numbers or set(self.seconds)
        most = MOST_SECONDS * (48 if mutant.text in self.known else 1)  # who lived meets all of them
        ordered = sorted(numbers, key=lambda number: self._price(mutant, number))
        spent = accumulate(self.seconds[number] for number in ordered)
        return [number for number, seconds in zip(ordered, spent, strict=True) if seconds <= most] or ordered[:1]

    def _price(self, mutant: Mutant, number: int) -> float:
        """Less for a test that has killed, most of all in this function, and for those of the file itself."""
        kills = 3 * self.kills[number] + 30 * self.kills[mutant.place, number]
        kills += 4 * self.names[number].endswith(f"_{Path(mutant.path).stem}")
        return (self.seconds[number] + QUICKEST_SECONDS) / (1 + kills)

    def _made_from(self, mutant: Mutant) -> list[tuple[str, str]]:
        """The constants that are made from what is mutated: from a constant, or by a function when it is imported."""
        return _resting_on(self.trees, mutant.path, mutant.name)[mutant.is_inside :]

    def _remembering(self, names: set[str]) -> set[str]:
        """The functions that rest on these and remember what they returned: only the first test ran through them."""
        above = set(names)
        while more := {name for name, used in self.uses.items() if used & above} - above:
            above |= more
        return above & {cache.__wrapped__.__name__ for cache in self.caches}

    def _survive(self, mutant: Mutant | None, session: pytest.Session, numbers: list[int], writing: int) -> int:
        """In the fork: be the mutant. Returns 0 when no test says anything."""
        try:
            self.is_fork = bool(mutant)
            for one in self.fixtures:
                one._finalizers.clear()  # a fork must not end what is the parent's: the server of Redis, say
            for one in self.renewed:
                one.cached_result = None
            if mutant:
                quiet = os.open(os.devnull, os.O_WRONLY)
                os.dup2(quiet, 1), os.dup2(quiet, 2)
                mutant.apply()
                self._exchange(mutant)
            for cache in self.caches:
                cache.cache_clear()
            items = [session.items[number] for number in numbers]
            set_up = [item for item in items if not _is_plain(item)]  # what is set up is kept for the one that follows
            following = dict(zip(set_up, set_up[1:] + set_up[:1], strict=True))
            if set_up:  # with nothing to follow, the session's own servers would be ended, which are the parent's too
                session._setupstate.teardown_exact(set_up[0])
            for number, item in zip(numbers, items, strict=True):
                _allow(PATIENCE_SECONDS + 10 * self.seconds[number])
                if item not in following:
                    with contextlib.suppress(pytest.skip.Exception):
                        item.obj(**_values_of(item))
                elif any(report.failed for report in runtestprotocol(item, log=False, nextitem=following[item])):
                    return 1
                os.write(writing, b".")
        except BaseException:
            if not mutant:
                traceback.print_exc()
            return 1
        return 0

    def _exchange(self, mutant: Mutant) -> None:
        if mutant.is_inside:
            code = _code_of(self._compiled(mutant.path, self.trees[mutant.path].body), mutant.place)
            for (path, place), functions in self.functions.items():
                # Also those that it made when its module was imported.
                if path == mutant.path and f"{place}.<locals>".startswith(f"{mutant.place}.<locals>"):
                    for function in functions if "<lambda>" not in place else ():
                        function.__code__ = _code_of(code, place)
        self._make_anew(self._made_from(mutant))

    def _compiled(self, path: str, body: list[ast.stmt]) -> types.CodeType:
        filename = next(name for name, other in self.files.items() if other == path)
        return compile(ast.Module(body, []), filename, "exec")

    def _make_anew(self, constants: list[tuple[str, str]]) -> None:
        """Compute them again, in their order, and give each to everybody who has it."""
        for path, name in constants:
            module = self.modules[path]
            values = dict(vars(module))
            statements = [one for one in self.trees[path].body if _assigned(one) == name]
            exec(self._compiled(path, statements), values)  # noqa: S102
            trees = [(self.modules[other], tree) for other, tree in self.trees.items() if other != path]
            namesakes = [other for other, tree in trees if any(_assigned(one) == name for one in tree.body)]
            _hand_out(name, getattr(module, name), values[name], namesakes)


def _is_plain(item: pytest.Item) -> bool:
    """Whether a test asks for its own values alone: then it is called, which takes a tenth of all that pytest does."""
    marks = ("skip", "skipif", "xfail")
    if not isinstance(item, pytest.Function) or any(item.get_closest_marker(mark) for mark in marks):
        return False
    given = {name for name in _values_of(item) if not item.session._fixturemanager.getfixturedefs(name, item)}
    return set(item.fixturenames) <= given | IN_FORCE


def _values_of(item: pytest.Function) -> dict[str, Any]:
    given = item.callspec.params if hasattr(item, "callspec") else {}
    return {name: value for name, value in given.items() if name in item._fixtureinfo.argnames}


def _filename(function: Any) -> str:
    return function.__code__.co_filename if isinstance(function, types.FunctionType) else ""


def _cpu_seconds() -> float:
    """What this process and those that it started took: on a busy machine the clock says nothing of a test."""
    return sum(os.times()[:4])


def _allow(seconds: float) -> None:
    """End this process when it takes more CPU than that from now on."""
    limit = int(time.process_time() + seconds) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.RLIM_INFINITY))


@functools.cache
def _stamp(*paths: Path) -> str:
    return hashlib.sha256(b"".join(path.read_bytes() for path in paths)).hexdigest()[:12]


def _hand_out(name: str, old: Any, new: Any, namesakes: list[types.ModuleType]) -> None:
    """Give it to everybody who has the old one; a number of the same name in another file is that file's own."""
    modules = [module for key, module in sys.modules.items() if key.startswith("pilito") and module not in namesakes]
    classes = [one for module in modules for one in vars(module).values() if isinstance(one, type)]
    for holder in [*modules, *classes]:
        for key, value in list(vars(holder).items()):
            if value is old and (key == name or not isinstance(old, str | int | float | None)):
                setattr(holder, key, new)


def _assigned(statement: ast.stmt) -> str | None:
    target = statement.targets[0] if isinstance(statement, ast.Assign) else getattr(statement, "target", None)
    return target.id if isinstance(target, ast.Name) else None


def _named(node: ast.AST) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _resting_on(trees: dict[str, ast.Module], path: str, name: str) -> list[tuple[str, str]]:
    """The constant, and those of these files that name it or one of those; in an order in which they can be made."""
    found = [(path, name)]
    for other, tree in [(path, trees[path]), *trees.items()]:
        for statement in tree.body:
            assigned = _assigned(statement)
            names = {_named(node) for node in ast.walk(statement) if not _is_target(node)}
            if assigned and (other, assigned) not in found and names & {each for _, each in found}:
                found.append((other, assigned))
    return found


def _is_target(node: ast.AST) -> bool:
    """Whether it is what is assigned to: the same name at the top of two files is two constants."""
    return isinstance(getattr(node, "ctx", None), ast.Store)


def _code_of(code: types.CodeType, place: str) -> types.CodeType:
    if code.co_qualname == place:
        return code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType) and f"{place}.".startswith(f"{constant.co_qualname}."):
            return _code_of(constant, place)
    raise LookupError(place)
