"""The rules of the house: who may import whom, and what must never be forgotten."""

import ast
import functools
import importlib
import re
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy.sql import Executable

from pilito import keys, lifecycle
from pilito.blueprints.origins import UNASKED
from pilito.channels import CHANNELS
from pilito.extensions import csrf
from pilito.jobs import deliveries, facts, inbound, mail, media, periodic, replies, shares, signals, upkeep
from pilito.jobs.worker import SHORT_QUEUES, _seats

ROOT = Path(__file__).parents[1]
HOUSE = ROOT / "pilito"

# Each room with what it may import of Pilito. A room that is not here may not exist.
BASICS = {"config", "errors", "failpoints", "keys", "lifecycle", "clock", "money", "spelling", "stems", "patience"}
STORES = {
    "extensions",
    "models",
    "database",
    "postgres",
    "refusals",
    "hints",
    "realtime",
    "presence",
    "queries",
    "passwords",
    "tokens",
    "media",
    "outside",
    "trace",
    "reporting",
    "mail",
    "search",
    "audit",
    "writers",
}
RIM = {"blueprints", "cli", "doctor", "demo", "factory", "logs", "parent", "launch", "embedded_redis", "rights"}
MAY_IMPORT = {
    **dict.fromkeys(BASICS, BASICS),
    **dict.fromkeys(STORES, BASICS | STORES),
    "channels": BASICS | {"channels"},
    "assistant": BASICS | {"assistant"},
    "knowledge": BASICS | STORES | {"knowledge"},  # facts know no customer and no channel
    "people": BASICS | STORES | {"people"},  # people of the shop know no customer
    "conversations": BASICS | STORES | {"channels", "assistant", "knowledge", "people", "conversations"},
    "backup": BASICS | STORES | {"conversations", "knowledge", "people", "backup"},
    "jobs": BASICS | STORES | {"channels", "assistant", "knowledge", "people", "conversations", "backup", "jobs"},
    **dict.fromkeys(
        RIM, BASICS | STORES | RIM | {"channels", "assistant", "knowledge", "people", "conversations", "backup", "jobs"}
    ),
}
PURE = ("channels", "assistant")  # no Flask, no tables: functions of plain data
STORE_LIBRARIES = {"flask", "flask_sqlalchemy", "sqlalchemy", "rq", "rq_scheduler", "redis", "flask_socketio"}

# Routes that anybody may call, each with the reason.
PUBLIC = {
    "static": "files of the pages",
    "webhooks.shake_hands": "the provider's question, answered by a token",
    "webhooks.take_event": "signed over the raw body",
    "health.healthz": "says that the process lives, and nothing else",
    "health.readyz": "names parts of Pilito, no address and no secret",
    "health.show_metrics": "this machine, or a bearer token",
    "auth.show_login": "the door itself",
    "auth.log_in": "the door itself",
    "auth.log_out": "ends a session, and there is none",
    "auth.show_code": "shows a form to who gave the right password, else leads to the door",
    "auth.take_code": "who gave the right password, by the signed cookie; codes are counted",
    "doors.show_set_up": "says where the link is, and only while nobody may log in",
    "doors.show_set_up_form": "whoever has the link, and only while nobody may log in",
    "doors.create_owner": "whoever has the link, and only while nobody may log in",
    "doors.show_invitation": "whoever has the link, which nobody can guess, and which works once",
    "doors.accept_invitation": "whoever has the link, which nobody can guess, and which works once",
    "doors.show_new_password": "whoever has the link, which nobody can guess, and which works once",
    "doors.choose_password": "whoever has the link, which nobody can guess, and which works once",
    "doors.show_forgotten": "a form",
    "doors.mail_password": "says the same of everybody; counted like log-ins",
    "sent_files.show": "an address that we signed for one file and one hour, and gave to the provider alone",
    "api.describe": "what the API is, is no secret",
    "meta_callbacks.take_leave": "signed by the provider in the form itself, else 400",
    "meta_callbacks.take_deletion": "signed by the provider in the form itself, else 400",
    "meta_callbacks.show_deletion": "whoever has the code sees a state and two times, and nothing of whom they are",
}
# What asks for no CSRF token, each with what it asks for instead.
WITHOUT_CSRF = {
    "webhooks": "the provider's signature over the body",
    "api": "a bearer token; cookies count for nothing there",
    "meta_callbacks": "the provider's signature over the form's one field",
}


def sources():
    return sorted(path for path in HOUSE.rglob("*.py"))


def room_of(path: Path) -> str:
    part = path.relative_to(HOUSE).parts[0]
    return part.removesuffix(".py")


@functools.cache
def nodes_of(path: Path) -> list[ast.AST]:
    return list(ast.walk(ast.parse(path.read_text())))


@functools.cache
def imports_of(path: Path) -> set[str]:
    names = set()
    for node in nodes_of(path):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
            if node.module == "pilito":
                names |= {f"pilito.{alias.name}" for alias in node.names}
    return names


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_room_imports_only_what_it_may(path):
    room = room_of(path)
    if room == "__init__":
        return
    used = {name.split(".")[1] for name in imports_of(path) if name.startswith("pilito.")} - {"create_app"}

    assert used <= MAY_IMPORT[room], f"{path.name} reaches into {used - MAY_IMPORT[room]}"


@pytest.mark.parametrize("room", PURE)
def test_channels_and_the_assistant_know_no_store(room):
    for path in (HOUSE / room).rglob("*.py"):
        used = {name.split(".")[0] for name in imports_of(path)}

        assert not used & STORE_LIBRARIES, path


def test_no_channel_imports_another():
    for channel in CHANNELS:
        for path in (HOUSE / "channels" / channel.name).rglob("*.py"):
            others = {
                name
                for name in imports_of(path)
                if re.match(r"pilito\.channels\.(?!base\b)", name)
                and not name.startswith(f"pilito.channels.{channel.name}")
            }
            assert not others, path


def test_the_core_never_says_a_channels_name():
    names = re.compile("|".join(channel.name for channel in CHANNELS), re.IGNORECASE)
    for room in ("conversations", "knowledge", "jobs", "assistant", "models", "queries"):
        for path in (HOUSE / room).rglob("*.py"):
            for node in nodes_of(path):
                if isinstance(node, ast.Compare | ast.Call):
                    words = [
                        one.value
                        for one in ast.walk(node)
                        if isinstance(one, ast.Constant) and isinstance(one.value, str)
                    ]
                    assert not any(names.fullmatch(word) for word in words), f"{path}:{node.lineno}"


def test_one_place_asks_what_time_it_is():
    """So a test that plays hours in seconds has every clock in its hand."""
    for path in sources():
        asked = {ast.unparse(node.func) for node in nodes_of(path) if isinstance(node, ast.Call)}
        is_clock = path == HOUSE / "clock.py"
        assert is_clock or not asked & {"datetime.now", "datetime.utcnow", "datetime.today", "date.today"}, path


def test_files_of_the_store_are_dropped_in_one_place_which_looks_first_whose_they_are():
    dropping = {
        path.relative_to(HOUSE).as_posix()
        for path in sources()
        for node in nodes_of(path)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "media_store.drop"
    }

    assert dropping == {"conversations/media_mark.py"}


def test_the_demo_is_imported_in_demo_mode_only():
    for path in sources():
        if room_of(path) in ("demo", "launch", "blueprints"):
            continue
        assert not any(name.startswith("pilito.demo") for name in imports_of(path)), path


def test_every_queue_has_a_worker_and_every_job_exists(settings):
    assert set(_seats(settings)) == set(keys.QUEUES)
    assert all(count > 0 for count in _seats(settings).values())
    assert set(SHORT_QUEUES) < set(keys.QUEUES)
    found = {
        f"{module.__name__}.{name}"
        for module in (deliveries, facts, inbound, mail, media, replies, shares, signals, upkeep)
        for name in vars(module)
    }
    assert {keys.RECEIVE_JOB, keys.ANSWER_JOB, keys.DELIVER_JOB, keys.SHARE_TIMEOUT_JOB} <= found
    assert keys.TRIAL_JOB in found
    assert {keys.RETAKE_JOB, keys.SIGNAL_JOB, keys.MEDIA_JOB, keys.DROP_MEDIA_JOB, keys.READ_JOB} <= found
    assert {keys.MATCH_JOB, keys.SEARCH_JOB, keys.TALLY_JOB, keys.ZONE_JOB} <= found
    assert {keys.RETAKE_JOB, keys.SIGNAL_JOB, keys.UPKEEP_JOB, keys.LOOK_JOB, keys.PRIVATE_REPLY_JOB} <= found
    assert {keys.FACTS_JOB, keys.POST_JOB, keys.MAIL_JOB} <= found
    assert [one.name for one in periodic.PERIODIC] == [
        "sweep",
        "upkeep",
        "facts",
        "embedding",
        "posts",
        "tallies",
        "search",
        "tokens",
        "token_ends",
        "subscriptions",
        "deletions",
        "backup",
        "media",
        "retention",
        "mail",
        "digests",
        "people",
        "audit",
    ]


def test_every_state_has_its_moves():
    tables = {name: table for name, table in vars(lifecycle).items() if name.endswith("_MOVES")}

    assert len(tables) == 12
    for name, table in tables.items():
        states = type(next(iter(table)))
        assert set(table) == set(states), name
        assert all(set(targets) <= set(states) for targets in table.values()), name


def test_final_states_never_reopen():
    for table, finals in (
        (lifecycle.DELIVERY_MOVES, (lifecycle.DeliveryState.SENT, lifecycle.DeliveryState.FAILED)),
        (
            lifecycle.TURN_MOVES,
            (
                lifecycle.TurnState.ANSWERED,
                lifecycle.TurnState.DRAFTED,
                lifecycle.TurnState.HANDED_OVER,
                lifecycle.TurnState.DROPPED,
            ),
        ),
    ):
        assert all(not table[state] for state in finals)


def test_nothing_of_ours_pickles_or_evaluates():
    for path in sources():
        for node in nodes_of(path):
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = [alias.name for alias in node.names] + [getattr(node, "module", "") or ""]
                assert not any(name.split(".")[0] in ("pickle", "marshal", "shelve") for name in names), path
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                assert node.func.id not in ("eval", "exec"), path
            if isinstance(node, ast.keyword) and node.arg == "shell":
                assert getattr(node.value, "value", None) is False, path


def test_templates_never_switch_escaping_off():
    for path in (HOUSE / "templates").rglob("*.html"):
        page = path.read_text()
        assert "|safe" not in page.replace(" ", ""), path
        assert not re.search(r"<script(?![^>]*\bsrc=)", page), path
        assert not re.search(r"\son[a-z]+=", page), path
        assert not re.search(r"\sstyle=", page), path


# What makes elements of a text. DOMParser is none of them: a page of our own is read by it, and its scripts stay dead.
FROM_TEXT = re.compile(
    r"\.(innerHTML|outerHTML|srcdoc)\b|\b(insertAdjacentHTML|createContextualFragment|setHTMLUnsafe)\b"
    r"|\bdocument\.write|\beval\(|\bnew Function\b|\bset(Timeout|Interval)\(\s*[\"'`]"
)


def test_scripts_never_make_elements_of_text():
    ours = [path for path in (HOUSE / "static").rglob("*.js") if "vendor" not in path.parts]

    assert len(ours) > 50
    assert [str(path) for path in ours if FROM_TEXT.search(path.read_text())] == []


@pytest.mark.parametrize(
    ("line", "is_made"),
    [("one.innerHTML = words;", True), ("one.insertAdjacentHTML('beforeend', words)", True), ("setTimeout('act()')", True),
     ('morphStyle: "outerHTML",', False), ("one.textContent = words;", False), ("setTimeout(act, 5)", False)],
)  # fmt: skip
def test_what_makes_elements_of_text_is_known(line, is_made):
    assert bool(FROM_TEXT.search(line)) == is_made


def test_every_route_is_signed_behind_log_in_or_listed_as_public(app: Flask, client):
    app.config["WTF_CSRF_ENABLED"] = False  # or a missing token would hide a missing log-in
    for rule in app.url_map.iter_rules():
        if rule.endpoint in PUBLIC or rule.endpoint.startswith("demo."):
            continue
        url = re.sub(r"<[^>]+>", "1", rule.rule)
        for method in rule.methods - {"HEAD", "OPTIONS"}:
            answer = client.open(url, method=method)
            to_log_in = answer.status_code in (302, 303) and "/login" in answer.headers.get("Location", "")
            assert to_log_in or answer.status_code in (401, 403, 405), f"{method} {rule.rule}: {answer.status_code}"


def test_every_changing_route_asks_for_a_csrf_token_or_for_something_better(app: Flask, client):
    """Webhooks are signed and the API takes bearer tokens; everything else that changes something needs the token."""
    app.config["WTF_CSRF_ENABLED"] = True
    for rule in app.url_map.iter_rules():
        if rule.endpoint == "static" or rule.endpoint.startswith("demo."):
            continue
        url = re.sub(r"<[^>]+>", "1", rule.rule)
        for method in rule.methods - {"GET", "HEAD", "OPTIONS"}:
            expected = {401, 404} if rule.endpoint.split(".")[0] in ("webhooks", "api") else {400, 401, 302}
            answer = client.open(url, method=method)
            assert answer.status_code in expected, f"{method} {rule.rule}: {answer.status_code}"
            assert answer.status_code != 302 or "/login" in answer.headers["Location"]


@pytest.mark.usefixtures("app")
def test_only_what_is_listed_with_a_reason_goes_without_a_csrf_token():
    assert {blueprint.name for blueprint in csrf._exempt_blueprints} == set(WITHOUT_CSRF)
    assert not csrf._exempt_views
    assert set(WITHOUT_CSRF) == UNASKED  # nor do they have to come from a page of ours


def test_public_routes_are_real(app: Flask):
    endpoints = {rule.endpoint for rule in app.url_map.iter_rules()}

    assert set(PUBLIC) <= endpoints


def test_no_two_files_of_tests_have_one_name():
    """The tests are no packages: of two files of one name pytest reads one, and ends."""
    names = [path.name for path in (ROOT / "tests").rglob("test_*.py")]

    assert sorted(names) == sorted(set(names))


def test_what_is_asked_again_and_again_is_compiled_once():
    """A statement without a key is made into SQL anew at each call: a tenth of what reading webhooks cost."""
    names = [".".join(("pilito", *path.relative_to(HOUSE).with_suffix("").parts)) for path in HOUSE.rglob("*.py")]
    rooms = [
        name for name in names if name.split(".")[1] in ("conversations", "queries", "knowledge", "search", "people")
    ]
    statements = {
        f"{name}.{label}": value
        for name in rooms
        for label, value in vars(importlib.import_module(name)).items()
        if isinstance(value, Executable)
    }

    assert len(statements) > 30
    assert [name for name, one in statements.items() if one._generate_cache_key() is None] == []
