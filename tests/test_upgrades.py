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


def test_to_what_is_checked_out_already_the_packages_come_first():
    """The backup is then made by code that the packages before may be too old for."""
    said = steps_of("RESTART=systemctl restart pilito.target")

    places = [said.index(word) for word in ("pip install", "flask backup", "flask db upgrade", "systemctl restart")]
    assert places == sorted(places)
    assert "git checkout" not in said


@pytest.fixture
def installed(tmp_path):
    """A place with two versions, of which the first is checked out; its programs write down which one they are of."""
    (tmp_path / ".venv/bin").mkdir(parents=True)
    for name in ("flask", "python"):
        program = tmp_path / ".venv/bin" / name
        program.write_text(f'#!/bin/sh\necho "{name} $* $(cat VERSION)" >> said\n', encoding="utf-8")
        program.chmod(0o755)
    git = ("git", "-c", "user.name=T", "-c", "user.email=t@example.com")
    subprocess.run([*git, "init", "--quiet"], cwd=tmp_path, check=True)
    (tmp_path / "Makefile").write_text((ROOT / "Makefile").read_text(encoding="utf-8"), encoding="utf-8")
    for version in ("1.2.2", "1.2.3"):
        (tmp_path / "VERSION").write_text(f"{version}\n", encoding="utf-8")
        for words in (("add", "Makefile", "VERSION"), ("commit", "--quiet", "--message", "x"), ("tag", f"v{version}")):
            subprocess.run([*git, *words], cwd=tmp_path, check=True)
    subprocess.run([*git, "checkout", "--quiet", "v1.2.2"], cwd=tmp_path, check=True)
    return tmp_path


def upgraded(installed, *words):
    """Run `make upgrade`; return what was run, of which version."""
    subprocess.run(["make", "--silent", "upgrade", *words], cwd=installed, capture_output=True, check=True)
    said = (installed / "said").read_text(encoding="utf-8").splitlines()
    return [re.sub(r"python -m (pip install) .*(?= )", r"\1", line) for line in said]


def test_an_upgrade_backs_up_with_the_version_that_runs_and_goes_on_with_the_new_one(installed):
    done = upgraded(installed, "VERSION=v1.2.3", 'RESTART=echo "restart of $$(cat VERSION)" >> said')

    assert done == ["flask backup 1.2.2", "pip install 1.2.3", "flask db upgrade 1.2.3", "restart of 1.2.3"]


def test_an_upgrade_whose_backup_fails_changes_nothing(installed):
    (installed / ".venv/bin/flask").write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")

    with pytest.raises(subprocess.CalledProcessError):
        upgraded(installed, "VERSION=v1.2.3")

    assert (installed / "VERSION").read_text(encoding="utf-8") == "1.2.2\n"
    assert not (installed / "said").exists()


def test_the_way_back_by_name_installs_and_touches_no_table(installed):
    subprocess.run(["git", "checkout", "--quiet", "v1.2.3"], cwd=installed, check=True)

    assert upgraded(installed, "VERSION=v1.2.2", "BACKUP=no", "MIGRATE=no") == ["pip install 1.2.2"]


def test_the_way_back_touches_no_table():
    said = steps_of("BACKUP=no", "MIGRATE=no")

    assert "flask db upgrade" not in said
    assert "flask backup" not in said
