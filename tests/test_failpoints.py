"""PILITO_FAILPOINT: what it may say, that a process really dies of it, and that no commit and no call is without."""

import ast
import functools
import signal
import subprocess
import sys

import pytest

from pilito import failpoints
from pilito.database import transaction
from pilito.errors import ConfigError
from pilito.failpoints import DOORS, HOUSE, POINTS


@pytest.fixture(autouse=True)
def _nothing_planted():
    yield
    failpoints.arm("")


def test_what_is_planted_happens_there_and_nowhere_else():
    failpoints.arm("p6_before:raise")

    with pytest.raises(failpoints.PlantedError), failpoints.around("p6"):
        pytest.fail("It was raised too late.")
    with failpoints.around("p5"):
        pass


def test_several_are_planted_at_once_and_all_are_gone_with_the_next_word():
    failpoints.arm("p5_after:raise, p6_before:raise")
    with pytest.raises(failpoints.PlantedError), failpoints.around("p5"):
        pass

    failpoints.arm("")

    with failpoints.around("p5"), failpoints.around("p6"):
        pass


def test_it_sleeps_as_long_as_it_says(monkeypatch):
    slept = []
    monkeypatch.setattr(failpoints.time, "sleep", slept.append)
    failpoints.arm("p8_before:sleep30")

    with failpoints.around("p8"):
        assert slept == [30]


def test_a_process_dies_of_it():
    program = "from pilito import failpoints; failpoints.arm('p2_after:kill')\nwith failpoints.around('p2'): print('in')\nprint('on')"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)

    assert done.returncode == -signal.SIGKILL
    assert "on" not in done.stdout


@pytest.mark.parametrize(
    "word",
    [
        "p6_before",
        "p6:kill",
        "p99_before:kill",
        "p6_before:explode",
        "p6_before:sleep",
        "conversations.expire.nobody_before:kill",
        "nowhere.expire_before:kill",
    ],
)
def test_a_word_that_says_nothing_stops_the_start(word):
    with pytest.raises(ConfigError, match="PILITO_FAILPOINT"):
        failpoints.arm(word)


def test_production_takes_none():
    with pytest.raises(ConfigError, match="nothing in production"):
        failpoints.arm("p6_before:kill", in_production=True)


# --- none is without -------------------------------------------------------------------------------------------------


def test_a_commit_without_a_name_has_that_of_its_verb(app):
    failpoints.arm("conversations.expire.expire_due_before:raise, post_before:raise")

    from pilito.clock import utc_now
    from pilito.conversations.expire import expire_due

    with pytest.raises(failpoints.PlantedError):
        expire_due(utc_now())
    with transaction():  # here, and so of another name
        pass


@functools.cache
def tree_of(path):
    return ast.parse(path.read_text(encoding="utf-8"))


def sources():
    """All of the house but the demo, which plays the others."""
    return [path for path in sorted(HOUSE.rglob("*.py")) if "demo" not in path.relative_to(HOUSE).parts]


def name_of(path):
    return ".".join(path.relative_to(HOUSE).with_suffix("").parts)


@functools.cache
def nodes_of(path):
    return list(ast.walk(tree_of(path)))


@functools.cache
def calls_of(path):
    return [node for node in nodes_of(path) if isinstance(node, ast.Call)]


# What ends a transaction past `transaction()`, each with the reason why a crash there is none of ours.
COMMITS_APART = {
    "database": "`transaction()` itself, which has the points",
    "assistant.search.index": "an index in the memory of one process, made again from rows",
}


def test_every_commit_goes_through_the_one_transaction_and_so_has_its_points():
    apart = set()
    for path in sources():
        for call in calls_of(path):
            words = ast.unparse(call.func)
            if words.endswith((".commit", "engine.begin", "connection.begin", "session.begin")):
                apart.add(name_of(path))

    assert apart == set(COMMITS_APART)


def test_every_transaction_is_opened_by_a_verb_so_that_its_points_have_a_name():
    """In a function, not at the top of a file nor in a lambda."""
    for path in sources():
        verbs = {
            id(call): function.name
            for function in nodes_of(path)
            if isinstance(function, ast.FunctionDef)
            for call in ast.walk(function)
            if isinstance(call, ast.Call)
        }
        for call in calls_of(path):
            if ast.unparse(call.func) == "transaction":
                assert failpoints._exists(f"{name_of(path)}.{verbs[id(call)]}"), f"{path}: line {call.lineno}"


# Libraries by which a process reaches others. A module that imports one has these points, or stands below with a reason.
LIBRARIES = {
    "requests", "urllib3", "smtplib", "minio", "openai", "httpx2", "http.client", "socket", "subprocess", "socketio",
    "redis", "rq", "rq_scheduler", "aiohttp", "httpx", "ftplib", "imaplib", "asyncio", "ssl", "multiprocessing",
}  # fmt: skip
WITH_POINTS = {
    "channels.instagram.client": {"graph"},
    "channels.instagram.oauth": {"graph"},
    "assistant.model": {"model"},
    "assistant.reader": {"model"},
    "assistant.embedder": {"model"},
    "outside": {"outside"},
    "mail": {"post"},
    "media.bucket": {"store"},
    "hints": {"p3"},
    "realtime": {"p10", "lines"},
}
BESIDE = {  # what reaches another process or the disk and imports nothing for it
    "media.folder": {"store"},
    "backup.make": {"dump"},
    "blueprints.webhooks": {"p1"},
    "conversations.answer": {"p5"},
    "conversations.deliver": {"p8"},
}
A_LOOK = "looks, and changes nothing anywhere"
A_HINT = "Redis only hints: what is lost there is missed by nobody"
ERRORS_ONLY = "imports the errors, to outlive them"
WITHOUT = {
    "assistant.server": "makes the clients; the calls are in model, reader and embedder",
    "backup.databases": "what `dump` stands around; a restore is begun by a person, with everything stopped",
    "blueprints.health": "looks, and tries a write that changes nothing",
    "blueprints.metrics": A_LOOK,
    "blueprints.panel.health": A_LOOK,
    "blueprints.panel.presence": A_HINT,
    "blueprints.panel.sockets": "cuts the socket of a line that nobody joined; nothing rests on it",
    "blueprints.jobs_dashboard": "rq-dashboard, by which an admin moves jobs, which only hint",
    "blueprints.throttle": "counts tries, in its own process where Redis does not",
    "cli": "a person types it, and sees what came of it",
    "channels.instagram.line": "ends the lines of the client's calls, which have the points",
    "conversations.check_inbox": A_LOOK,
    "conversations.forget_trials": A_HINT,
    "conversations.media_mark": "since when the bucket has its mark is a hint; the mark itself goes by the store",
    "conversations.pace": A_HINT,
    "conversations.pending_share": A_HINT,
    "conversations.receive": ERRORS_ONLY,
    "conversations.retention": "how far it came is a hint: without it, it looks once more",
    "conversations.signals": "what a customer sees while a reply is written; nothing rests on it",
    "conversations.trials": "a trial is a person's who looks at it, and asks again",
    "doctor": A_LOOK,
    "doctor.machine": A_LOOK,
    "doctor.processes": A_LOOK,
    "doctor.stores": A_LOOK,
    "embedded_redis": "asks a program its version, before anything is there",
    "extensions": "names what the factory makes",
    "factory": "makes the connections",
    "jobs.scheduler": A_HINT,
    "jobs.worker": A_HINT,
    "knowledge.passages": "a parser of our own, in a process of its own, which reaches nobody",
    "launch": "starts the processes, before anything is there",
    "presence": A_HINT,
    "search.wipe": A_HINT,
}


def imported(path):
    for node in nodes_of(path):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            if node.module == "pilito.extensions" and any(alias.name == "redis" for alias in node.names):
                yield "redis"


def reaches_others(path):
    return any(map(is_of_library, imported(path)))


def points_of(path):
    return {
        argument.value
        for call in calls_of(path)
        if ast.unparse(call.func) == "failpoints.around"
        for argument in call.args
        if isinstance(argument, ast.Constant)
    }


def test_every_module_that_reaches_others_has_its_points_or_a_reason():
    reaching = {name_of(path).removesuffix(".__init__") for path in sources() if reaches_others(path)}

    assert reaching == set(WITH_POINTS) | set(WITHOUT)
    assert not set(WITH_POINTS) & set(WITHOUT)
    found = {name_of(path): points_of(path) for path in sources() if points_of(path)}
    assert found == WITH_POINTS | BESIDE
    assert all(WITHOUT.values())


# What sends, or does what is done outside, in each module. Those on the way of an event are held by test_crash_cells.py.
SENDS = {
    "channels.instagram.client": {"request"},
    "channels.instagram.oauth": {"request"},
    "assistant.model": {"read_body"},
    "assistant.reader": {"read_body"},
    "assistant.embedder": {"read_body"},
    "outside": {"request", "getresponse"},
    "mail": {"send_message", "noop"},
    "media.bucket": {"put_object", "get_object", "remove_object", "list_objects", "read"},
    "media.folder": {"copyfileobj", "unlink"},
    "backup.make": {"dump"},
    "hints": {"enqueue_call", "enqueue_at"},
    "realtime": {"emit", "close_room"},
}
BLOCKS = ("failpoints.around", "_told(")  # the bucket's own, which has the points in it


def path_of(module):
    return HOUSE / f"{module.replace('.', '/')}.py"


@functools.cache
def within_points(path):
    """By id, all that stands between points."""
    return {
        id(node)
        for block in nodes_of(path)
        if isinstance(block, ast.With) and any(word in ast.unparse(block.items[0]) for word in BLOCKS)
        for node in ast.walk(block)
    }


@pytest.mark.parametrize("module", sorted(SENDS))
def test_what_sends_stands_between_its_points(module):
    path = path_of(module)
    within = within_points(path)
    seen = set()
    for call in calls_of(path):
        name, _, word = ast.unparse(call.func).rpartition(".")
        if word in SENDS[module] and (module, name) not in KEPT_APART:
            assert id(call) in within, f"{module}, line {call.lineno}: {ast.unparse(call.func)}"
            seen.add(word)
    assert seen == SENDS[module]


KEPT_APART = {
    ("media.bucket", "file"),  # the doctor reads back what it wrote
    ("backup.make", "json"),
}


# By what these modules reach others, besides what they import of a library and what they make of that.
HANDLES = {
    "channels.instagram.client": {"_session"},
    "channels.instagram.oauth": {"client._session"},
    "assistant.model": {"server"},
    "assistant.reader": {"client", "_client"},
    "assistant.embedder": {"server"},
    "outside": {"connection", "self.sock", "line"},
    "mail": {"_connect"},
    "media.folder": {"os", "shutil", "path"},
    "backup.make": {"databases"},
    "hints": {"queue", "scheduler", "pipe"},
    "realtime": {"_emitter", "self.server"},
}
# What is called on those outside of the points all the same.
APART = {
    "channels.instagram.client": {  # the one session is made
        "requests.Session", "session.mount", "session.cookies.set_policy",
        "session.headers.update",
        "response.raw.read1",  # `_body`, which is called between the points
    },
    "assistant.model": {
        "openai.Timeout", "server(endpoint).learn", "shape.request", "shape.without",
        "completions.create",  # asks when its block begins, which is between the points
    },
    "assistant.reader": {
        "openai.OpenAI", "client.chat.completions.with_streaming_response.create",  # as above
        "client.audio.transcriptions.with_streaming_response.create",
    },
    "assistant.embedder": {"openai.Timeout", "server(endpoint).client.embeddings.with_streaming_response.create"},
    "outside": {  # within its request, called by http.client; and a name is looked up
        "socket.create_connection", "self.sock.settimeout", "line.do_handshake", "ssl.create_default_context",
        "HTTPConnection", "line.shutdown", "socket.getaddrinfo",
    },
    "mail": {  # `_connect`, which is entered between the points
        "ssl.create_default_context", "smtplib.SMTP_SSL", "smtplib.SMTP", "server.ehlo", "server.has_extn",
        "server.starttls", "server.login", "smtplib.SMTPNotSupportedError", "server.quit",
    },
    "media.bucket": {
        "Minio", "urllib3.Timeout", "urllib3.Retry", "self._answer.close",
        "self._answer.release_conn",
    },
    "media.folder": {  # a look; and `_sync`, which is called between the points
        "path.stat", "path.relative_to", "path.relative_to(self._root).as_posix", "shutil.disk_usage", "os.open", "os.fsync", "os.close",
    },
    "hints": {
        "Queue", "Scheduler", "redis._get_current_object", "line.get_job_ids", "pipe.hset", "pipe.expire",
        "timer.connection.zrem", "timer.connection.delete",  # takes a hint back
    },
    "realtime": {"RedisManager", "self.server.disconnect"},  # a line of this process, which it was told to close
}  # fmt: skip


def handles_of(path, known):
    """The words by which a module holds what reaches others: imported from a library, or made of such."""
    words = set(known)
    for node in nodes_of(path):
        if isinstance(node, ast.Import):
            words |= {alias.asname or alias.name for alias in node.names if is_of_library(alias.name)}
        elif isinstance(node, ast.ImportFrom) and is_of_library(node.module or ""):
            words |= {alias.asname or alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module == "pilito.extensions":
            words |= {"redis"} & {alias.name for alias in node.names}
    for _ in range(3):  # what is made of what was made
        for target, value in bound_in(path):
            if isinstance(target, ast.Name | ast.Attribute) and is_on(ast.unparse(value), words):
                words.add(ast.unparse(target))
    return words


def is_of_library(name):
    return any(name == library or name.startswith(f"{library}.") for library in LIBRARIES)


def bound_in(path):
    for node in nodes_of(path):
        if isinstance(node, ast.Assign):
            yield from ((target, node.value) for target in node.targets)
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            yield node.target, node.value
        elif isinstance(node, ast.withitem) and node.optional_vars is not None:
            yield node.optional_vars, node.context_expr


def is_on(words, handles):
    return any(words.startswith((f"{handle}.", f"{handle}(")) for handle in handles)


@pytest.mark.parametrize("module", sorted(SENDS))
def test_nothing_else_is_asked_of_what_reaches_others_outside_of_the_points(module):
    path = path_of(module)
    handles = handles_of(path, HANDLES.get(module, set()))

    apart = {
        ast.unparse(call.func)
        for call in calls_of(path)
        if id(call) not in within_points(path) and is_on(f"{ast.unparse(call.func)}(", handles)
    }

    assert apart - HANDLES.get(module, set()) == APART.get(module, set())


def test_every_door_is_used():
    used = set().union(*(points_of(path) for path in sources()))

    assert used == set(DOORS) | {name for name, what in POINTS.items() if what.startswith("call")}


# --- none is without a cell ------------------------------------------------------------------------------------------

CELLS = HOUSE.parent / "tests" / "conversations"
ON_THE_WAY = {f"conversations.{verb}" for verb in ("record", "receive", "answer", "deliver", "reply")}
PRESSED = (
    "a person presses, sees what came of it, and presses again; there is one commit, and nothing to finish after it"
)
A_NOTE = "notes what happened elsewhere; nothing rests on it"
# Modules whose commits no cell strikes, each with its reason. Those that cells do strike are named in ROOMS there.
WITHOUT_CELLS = {
    "backup.restore": "typed with everything stopped; who sees it break off begins it anew, and it is the same twice",
    "blueprints.auth": A_NOTE,
    "blueprints.health": "tries whether a write is taken, by one that changes nothing",
    "blueprints.jobs_dashboard": "the row, and then the deed of an admin who sees that nothing came of it, and presses again",
    "blueprints.panel.aside": A_NOTE,
    "blueprints.panel.health": A_NOTE,
    "blueprints.panel.settings": PRESSED,
    "conversations.approve": PRESSED,
    "conversations.assign": PRESSED,
    "conversations.block": PRESSED,
    "conversations.canned": PRESSED,
    "conversations.choose_mode": PRESSED,
    "conversations.close": PRESSED,
    "conversations.export": A_NOTE,
    "conversations.instructions": PRESSED,
    "conversations.label": PRESSED,
    "conversations.labels": PRESSED,
    "conversations.lease": "lengthens leases while the model answers; who does not loses the turn, as in a pause at p5",
    "conversations.mark_unread": PRESSED,
    "conversations.missed": PRESSED,
    "conversations.notes": PRESSED,
    "conversations.notify": PRESSED,
    "conversations.read": PRESSED,
    "conversations.read_again": PRESSED,
    "conversations.reopen": PRESSED,
    "conversations.retract": PRESSED,
    "conversations.settle": PRESSED,
    "conversations.settle_posts": PRESSED,
    "conversations.signals": PRESSED,
    "conversations.stop_all": PRESSED,
    "conversations.take_over": PRESSED,
    "conversations.tally": PRESSED,
    "conversations.trials": "a trial is a person's who looks at it, and asks again",
    "conversations.undo": PRESSED,
    "conversations.views": PRESSED,
    "conversations.voice": PRESSED,
    "knowledge.connect_feed": PRESSED,
    "knowledge.csv_import": PRESSED,
    "knowledge.pages": PRESSED,
    "knowledge.products": PRESSED,
    "knowledge.sources": PRESSED,
    "knowledge.texts": PRESSED,
    "people.first_steps": PRESSED,
    "people.links": PRESSED,
    "people.notices": PRESSED,
    "people.profile": PRESSED,
    "people.second_step": PRESSED,
    "people.sessions": PRESSED,
    "people.set_up": PRESSED,
    "people.team": PRESSED,
}


def named_in_cells(name):
    """What the files of the cells name in ROOMS, or in DOORS; that they come by it they hold themselves."""
    found = set()
    for path in sorted(CELLS.glob("test_crash*.py")):
        for node in tree_of(path).body:
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name:
                found |= set(ast.literal_eval(node.value))
    return found


def commits_of(path):
    """Each function that commits, and how often: a commit in a loop counts twice."""
    for function in nodes_of(path):
        if isinstance(function, ast.FunctionDef):
            count = sum(
                2 if _is_in_a_loop(function, call) else 1
                for call in ast.walk(function)
                if isinstance(call, ast.Call) and ast.unparse(call.func) == "transaction"
            )
            if count:
                yield function.name, count


def _is_in_a_loop(function, call):
    loops = [node for node in ast.walk(function) if isinstance(node, ast.For | ast.While)]
    return any(call is inner for loop in loops for inner in ast.walk(loop))


def test_every_commit_has_a_cell_or_its_module_a_reason():
    struck, left = ON_THE_WAY | named_in_cells("ROOMS"), {}
    for path in sources():
        module = name_of(path)
        if module not in struck:
            left[module] = {verb: count for verb, count in commits_of(path) if f"{module}.{verb}" not in struck}
    left = {module: verbs for module, verbs in left.items() if verbs}

    assert set(left) == set(WITHOUT_CELLS)
    for module, verbs in left.items():
        if WITHOUT_CELLS[module] in (PRESSED, A_NOTE):
            assert set(verbs.values()) == {1}, f"{module}: a crash between two commits of {verbs} needs a cell"
            assert module not in WITH_POINTS, f"{module}: a crash between its call and its commit needs a cell"


def test_every_door_has_a_cell():
    assert named_in_cells("DOORS") == set(DOORS)
