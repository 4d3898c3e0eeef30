"""How what is on no event's way is tried with a fault at each of its places.

A way is done once without a fault, which shows at what places it comes by. Then it is done anew for each place and each
fault, and after the fault comes what comes by itself: the clock, the sweep, a person who presses again. In the end all
is as without the fault.
"""

import ast
import json
from contextlib import contextmanager, suppress

from desk import Desk
from emptying import empty
from kept import Kept
from shop import Shop

from pilito import failpoints
from pilito.errors import Refused
from pilito.failpoints import HOUSE, POINTS, PlantedError
from pilito.models import Audit, db

KILL, RAISE, PAUSE = DEEDS = ("kill", "raise", "pause")


class Killed(BaseException):
    """The process is gone."""


class Way:
    """What is done (`go`), what comes afterwards by itself (`again`), and what there is in the end (`state`).

    `fill` makes what lies in the database, in Redis and in the provider's log before: once, by a way of its own, and put
    back for each fault. `prepare` does what is to be done anew for each.
    """

    servers = ()  # what it reaches: fixtures, by their names
    settings: dict = {}
    deeds = DEEDS
    may_end = ()  # how it may end after a fault, besides as without one
    doubtful = None  # the only faults, (point, deed), after which it may; None: any

    def __init__(self, shop, servers):
        self.desk, self.graph, self.model = Desk(shop), shop.graph, shop.model
        for name, server in servers.items():
            setattr(self, name, server)
        self.graph.sent.clear()
        self.graph.script = []
        self.graph.readable = {}

    @classmethod
    def settings_with(cls, servers):
        return cls.settings

    def fill(self): ...

    def prepare(self): ...

    def go(self):
        raise NotImplementedError

    def again(self):
        self.go()

    def state(self):
        raise NotImplementedError

    def call(self, verb, *args):
        return self.desk.call(verb, *args)

    def press(self, verb, *args):
        """As a person does, who is told when somebody was first."""
        with suppress(Refused):
            return self.call(verb, *args)

    def rows(self, table, **values):
        return self.desk.rows(table, **values)

    def lines(self):
        """What the audit log says, with no word on when."""
        return sorted((line.action, json.dumps(line.details, sort_keys=True)) for line in self.rows(Audit))


class Steps(dict):
    """In the place of what is planted: notes where one comes by, and strikes at one of these steps."""

    def __init__(self, number=-1, deed=None):
        super().__init__()
        self.seen, self._number, self._deed = [], number, deed

    def __bool__(self):
        return True

    def __contains__(self, point):
        self.seen.append(point)
        return len(self.seen) - 1 == self._number

    def __getitem__(self, _point):
        return self._deed


@contextmanager
def planted(steps):
    before, failpoints._armed = failpoints._armed, steps
    try:
        yield steps
    finally:
        failpoints._armed = before


class Course:
    """Follows ways: `make_shop` and `server` (a fixture by its name) are pytest's."""

    def __init__(self, make_shop, server):
        self._make_shop, self._server, self._begun = make_shop, server, {}

    def make(self, kind):
        servers = {name: self._server(name) for name in kind.servers}
        if kind not in self._begun:
            self._begun[kind] = self._begin(kind, servers)
        shop, kept = self._begun[kind]
        way = kind(shop, servers)
        kept.put_back(self._server("redis_client"), [shop.graph, shop.model])
        way.prepare()
        return way

    def _begin(self, kind, servers):
        """A shop with what the way finds, and that as it is kept."""
        if self._begun:
            db.session.remove()  # of the way before, which may have been left reading
        shop = self._make_shop(**kind.settings_with(servers))
        with db.engine.begin() as connection:
            empty(connection)
        shop = Shop(shop.app, shop.graph, shop.model, shop.secret)
        kind(shop, servers).fill()
        return shop, Kept(self._server("redis_client"), [shop.graph, shop.model])

    def follow(self, way, number=-1, deed=None):
        """Do it, and say at what places it came by."""
        with planted(Steps(number, deed)) as steps, suppress(Killed, PlantedError):
            way.go()
        return steps.seen

    def try_every_place(self, kind):
        way = self.make(kind)
        seen = self.follow(way)
        assert any(is_of_a_commit(point) for point in seen)
        way.again()
        expected = way.state()

        for number, point, deed in cells(kind, seen):
            way = self.make(kind)
            fault = {KILL: kill, RAISE: failpoints._raise, PAUSE: lambda way=way: pause(way)}[deed]
            came_by = self.follow(way, number, fault)
            assert came_by[: number + 1] == seen[: number + 1], f"step {number} {point}, {deed}: it came by {came_by}"
            way.again()
            found = way.state()
            may = kind.may_end if kind.doubtful is None or (point, deed) in kind.doubtful else ()
            assert found == expected or found in may, f"step {number} {point}, {deed}: {found}, not {expected}"

    def expect_passed(self, kinds, rooms, doors=()):
        """Every commit of these rooms, and these doors, lie on one of the ways."""
        passed = set()
        for kind in kinds:
            way = self.make(kind)
            with planted(Steps()) as steps:
                way.go()
                way.again()
            passed |= {point.rpartition("_")[0] for point in steps.seen}

        for room in rooms:
            wanted = set(commits_of(room))
            assert wanted, f"{room}: there is no commit"
            assert wanted <= passed, f"{room}: nobody comes by {wanted - passed}"
        assert set(doors) <= passed


def kill():
    raise Killed


def pause(way):
    """Somebody else does meanwhile what comes by itself."""
    with planted({}):
        way.again()


def is_of_a_commit(point):
    """By its name: that of a verb, or one on the way of an event."""
    name = point.rpartition("_")[0]
    return "." in name or POINTS.get(name, "").startswith("commit")


def cells(kind, seen):
    """A pause before a commit is none: the row's lock, or SQLite's, keeps everybody else out. A place that one comes by
    again and again, as erasing does for each table, is tried the first time and the last."""
    last = {point: number for number, point in enumerate(seen)}
    for number, point in enumerate(seen):
        for deed in kind.deeds if number in (seen.index(point), last[point]) else ():
            is_locked = deed == PAUSE and is_of_a_commit(point) and point.endswith("_before")
            is_as_a_kill = deed == RAISE and is_of_a_commit(point) and point.endswith("_after")  # nobody catches it
            if not is_locked and not is_as_a_kill:
                yield number, point, deed


def commits_of(room):
    """The names of the commits in a module, `conversations.expire`; one of them names itself."""
    path = HOUSE / f"{room.replace('.', '/')}.py"
    if not path.exists():
        yield room
        return
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef) and "transaction()" in ast.unparse(function):
            yield f"{room}.{function.name}"
