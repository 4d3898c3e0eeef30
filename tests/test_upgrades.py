"""The version before goes on working while this one is installed: its tables, and its jobs on their way."""

import ast
import importlib
import inspect
import json
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MIGRATIONS = sorted((ROOT / "migrations" / "versions").glob("[0-9]*.py"))
SIGNATURES = ROOT / "tests" / "jobs" / "signatures.json"
# Nobody runs what was there before this one: 0.1.0 is the first version.
FIRST_RELEASED = "0015"
CONTRACTING = {"drop_table", "drop_column", "drop_index", "drop_constraint", "rename_table"}
MARK = re.compile(r'^CONTRACT = "\d+\.\d+: .{10,}"', re.MULTILINE)


def upgrade_of(source):
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef) and node.name == "upgrade":
            return node
    raise AssertionError("There is no upgrade().")


def contracting_steps(source):
    """What of `upgrade` an older version could stumble over."""
    found = []
    calls = [node for node in ast.walk(upgrade_of(source)) if isinstance(node, ast.Call)]
    for call in calls:
        name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        words = {keyword.arg: keyword.value for keyword in call.keywords}
        if name in CONTRACTING:
            found.append(name)
        if name == "alter_column" and is_narrowing(words):
            found.append("alter_column")
        if name == "add_column" and is_required_without_default(call):
            found.append("add_column without a default")
        if name == "execute" and re.search(r"\b(DROP|RENAME)\b", ast.unparse(call), re.IGNORECASE):
            found.append("execute")
    return found


def is_narrowing(words):
    required = isinstance(words.get("nullable"), ast.Constant) and words["nullable"].value is False
    return required or "new_column_name" in words


def is_required_without_default(call):
    column = next((one for one in ast.walk(call) if isinstance(one, ast.Call) and one is not call), None)
    words = {keyword.arg: keyword.value for keyword in column.keywords} if column else {}
    required = isinstance(words.get("nullable"), ast.Constant) and words["nullable"].value is False
    return required and "server_default" not in words


@pytest.mark.parametrize("path", [path for path in MIGRATIONS if path.name[:4] > FIRST_RELEASED], ids=lambda p: p.stem)
def test_a_migration_only_adds_or_is_marked_as_a_contraction(path):
    source = path.read_text(encoding="utf-8")
    steps = contracting_steps(source)

    assert not steps or MARK.search(source), f'{path.name}: {steps}; say CONTRACT = "0.2: why nobody needs it any more"'


@pytest.mark.parametrize(
    ("step", "found"),
    [
        ('op.add_column("t", sa.Column("c", sa.Text(), nullable=True))', []),
        ('op.add_column("t", sa.Column("c", sa.Text(), nullable=False, server_default=""))', []),
        ('op.add_column("t", sa.Column("c", sa.Text(), nullable=False))', ["add_column without a default"]),
        ('op.drop_column("t", "c")', ["drop_column"]),
        ('op.rename_table("t", "u")', ["rename_table"]),
        ('op.alter_column("t", "c", nullable=False)', ["alter_column"]),
        ('op.alter_column("t", "c", new_column_name="d")', ["alter_column"]),
        ('op.alter_column("t", "c", nullable=True)', []),
        ('op.execute("ALTER TABLE t DROP COLUMN c")', ["execute"]),
        ('with op.batch_alter_table("t") as batch:\n        batch.drop_column("c")', ["drop_column"]),
    ],
)
def test_the_rule_knows_a_contraction_when_it_sees_one(step, found):
    source = f"def upgrade():\n    {step}\n\n\ndef downgrade():\n    op.drop_table('t')\n"

    assert contracting_steps(source) == found


# --- jobs on their way -----------------------------------------------------------------------------------------------


def recorded():
    return json.loads(SIGNATURES.read_text(encoding="utf-8"))


def find_job(name):
    module, _, function = name.rpartition(".")
    return getattr(importlib.import_module(module), function)


@pytest.mark.parametrize(("name", "examples"), recorded().items())
def test_a_job_of_an_older_version_can_still_be_called(name, examples):
    signature = inspect.signature(find_job(name))

    for example in examples:
        signature.bind(*example)  # raises TypeError where the arguments no longer fit


# --- make upgrade ----------------------------------------------------------------------------------------------------


def steps_of(*words):
    done = subprocess.run(
        ["make", "--dry-run", "--always-make", "upgrade", *words], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return done.stdout


def test_an_upgrade_backs_up_installs_migrates_and_restarts_in_this_order():
    said = steps_of("RESTART=systemctl restart pilito.target")

    places = [said.index(word) for word in ("flask backup", "pip install", "flask db upgrade", "systemctl restart")]
    assert places == sorted(places)


def test_the_way_back_touches_no_table():
    said = steps_of("BACKUP=no", "MIGRATE=no")

    assert "flask db upgrade" not in said
    assert "flask backup" not in said
