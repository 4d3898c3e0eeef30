"""The version before goes on working while this one is installed: its tables, and its jobs on their way."""

import importlib
import inspect
import json
import re
import runpy
import subprocess
from contextlib import suppress
from functools import cache
from io import StringIO
from pathlib import Path
from types import SimpleNamespace

import pytest
import sqlalchemy as sa
from alembic import op
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.util import CommandError
from shop import text as typed

from pilito.clock import utc_now
from pilito.lifecycle import ConversationState, EventOutcome, HandOverReason, MessageType
from pilito.models import Conversation, Event, Message, db
from pilito.models.types import Growing

ROOT = Path(__file__).parents[1]
MIGRATIONS = sorted((ROOT / "migrations" / "versions").glob("[0-9]*.py"))
SIGNATURES = ROOT / "tests" / "jobs" / "signatures.json"
# Nobody runs what was there before this one: 0.1.0 is the first version.
FIRST_RELEASED = "0015"
UNDERSTOOD = re.compile(r'^UNDERSTOOD = "\d+\.\d+: .{10,}"', re.MULTILINE)
MARK = re.compile(r'^CONTRACT = "\d+\.\d+: .{10,}"', re.MULTILINE)


class Bind:
    """What `op.get_bind()` gives a step: nothing is asked, and what is said is written down with the rest."""

    def __init__(self, impl):
        self.impl, self.dialect = impl, impl.dialect
        self.connection = SimpleNamespace(driver_connection=None)

    def execute(self, statement, *_):
        self.impl._exec(statement)
        return SimpleNamespace(rowcount=0)

    def exec_driver_sql(self, *_):
        return SimpleNamespace(rowcount=1, scalar_one=lambda: 0, scalars=lambda: SimpleNamespace(all=list))


def said_by(upgrade, dialect="postgresql"):
    """The statements that a step would give the database, each on one line: helpers and loops are all in them."""
    paper = StringIO()
    context = MigrationContext.configure(dialect_name=dialect, opts={"as_sql": True, "output_buffer": paper})
    context.impl.connection = Bind(context.impl)
    # A table that SQLite has to copy cannot be written down; the same step is read on PostgreSQL.
    unwritable = (CommandError, NotImplementedError) if dialect == "sqlite" else ()
    with Operations.context(context), suppress(*unwritable):
        upgrade()
    lines = (re.sub(r"\s+", " ", statement).strip() for statement in paper.getvalue().replace('"', "").split(";\n"))
    return [line for line in lines if line]


@cache
def said_in(path, dialect="postgresql"):
    return said_by(runpy.run_path(str(path))["upgrade"], dialect)


def contracting_steps(said, before=()):
    """What of these statements an older version could stumble over; `before` are those that made what is there."""
    made = set(re.findall(r"^CREATE TABLE (\w+)", "\n".join(said), re.MULTILINE))
    found = []
    for place, line in enumerate(said):
        table = re.search(r"^ALTER TABLE (\w+)|^CREATE .*?INDEX .*? ON (\w+)", line)
        if table and (table[1] or table[2]) in made:
            continue
        is_alone = re.search(r"\bDROP\b(?! NOT NULL)|\bRENAME\b| SET NOT NULL$| ALTER COLUMN \w+ TYPE ", line)
        if (is_alone and not is_made_again(line, said[place:])) or narrows(line, said, before):
            found.append(line)
    return found


def is_made_again(line, later):
    """Whether what goes comes back by the same name, so that only what it is then counts."""
    gone = re.search(r"\bDROP (?:INDEX|CONSTRAINT|TRIGGER|TABLE)(?: CONCURRENTLY)?(?: IF EXISTS)? (\w+)", line)
    again = r"(?:CREATE .*(?:INDEX|TRIGGER|VIRTUAL TABLE)(?: CONCURRENTLY)?|ADD CONSTRAINT) {}\b"
    return gone is not None and any(re.search(again.format(gone[1]), one) for one in later)


def narrows(line, said, before):
    """Whether it refuses what the older version writes: a column that it does not fill, or a rule that it does not know."""
    column = re.search(r"^ALTER TABLE \w+ ADD COLUMN (?:IF NOT EXISTS )?\w+ (.*)", line)
    if column:
        return "NOT NULL" in column[1] and "DEFAULT" not in column[1]
    rule = re.search(
        r" ADD (?:CONSTRAINT (\w+) )?(UNIQUE|CHECK|FOREIGN KEY|EXCLUDE)\b(.*)|^CREATE UNIQUE INDEX (.*)", line
    )
    if not rule:
        return False
    name, kind, words, index = rule.groups()
    added = [re.search(r" ADD COLUMN (?:IF NOT EXISTS )?(\w+) (.*)", one) for one in said]
    # An older version leaves them empty; of what is the same in every row there may be one alone.
    new = {one[1] for one in added if one and (kind == "CHECK" or "NOT NULL" not in one[2])}
    if new & set(re.findall(r"\w+", index or words)):
        return False
    allowed = values_of(name, before)
    return kind != "CHECK" or not allowed or not allowed <= set(re.findall(r"'(\w*)'", words))


def values_of(name, before):
    """What the check of this name allowed, as the last step that made it wrote it."""
    for line in reversed(before):
        found = re.search(rf"CONSTRAINT {name} CHECK \((.*?\))\)", line)
        if found:
            return set(re.findall(r"'(\w*)'", found[1]))
    return set()


RELEASED = [path for path in MIGRATIONS if path.name[:4] > FIRST_RELEASED]


@pytest.mark.parametrize("path", RELEASED, ids=lambda path: path.stem)
def test_a_migration_only_adds_or_is_marked_as_a_contraction(path):
    before = [line for older in MIGRATIONS[: MIGRATIONS.index(path)] for line in said_in(older)]
    steps = contracting_steps(said_in(path), before) + contracting_steps(said_in(path, "sqlite"), before)

    marked = MARK.search(path.read_text(encoding="utf-8"))
    assert not steps or marked, f'{path.name}: {steps}; say CONTRACT = "0.2: why nobody needs it any more"'


FIRST = ["CREATE TABLE t ( c VARCHAR(9) NOT NULL, CONSTRAINT ck_t CHECK (c IN ('open', 'done')), d BIGINT )"]
HARMLESS = [
    'op.add_column("t", sa.Column("e", sa.Text(), nullable=True))',
    'op.add_column("t", sa.Column("e", sa.Text(), nullable=False, server_default=""))',
    'op.alter_column("t", "c", nullable=True)',
    'op.create_index("ix", "t", ["c"])',
    'op.drop_index("ix", "t"); op.create_index("ix", "t", ["c"])',
    'op.add_column("t", sa.Column("e", sa.Text())); op.create_index("uq", "t", ["c", "e"], unique=True)',
    'op.add_column("t", sa.Column("e", sa.BigInteger(), sa.ForeignKey("u.id")))',
    'op.create_table("n", sa.Column("e", sa.Text(), nullable=False)); op.create_index("uq", "n", ["e"], unique=True)',
    """op.drop_constraint("ck_t", "t"); op.create_check_constraint("ck_t", "t", "c IN ('open', 'done', 'new')")""",
]
CONTRACTIONS = [
    'op.add_column("t", sa.Column("e", sa.Text(), nullable=False))',
    'for e in (sa.Column("e", sa.Text(), nullable=False),):\n        op.add_column("t", e)',
    'op.drop_column("t", "c")',
    'tidy("t", "c")',
    'op.rename_table("t", "u")',
    'op.alter_column("t", "c", nullable=False)',
    'op.alter_column("t", "c", new_column_name="e")',
    'op.alter_column("t", "c", type_=sa.String(3))',
    'op.alter_column("t", "c", server_default=None)',
    'op.execute("ALTER TABLE t DROP COLUMN c")',
    'op.get_bind().execute(sa.text("ALTER TABLE t DROP COLUMN c"))',
    'with op.batch_alter_table("t") as batch:\n        batch.drop_column("c")',
    'op.drop_index("ix", "t")',
    'op.create_index("uq", "t", ["c"], unique=True)',
    'op.add_column("t", sa.Column("e", sa.Text(), nullable=False, server_default=""))'
    '; op.create_index("uq", "t", ["e"], unique=True)',
    'op.create_unique_constraint("uq", "t", ["c"])',
    'op.create_foreign_key("fk", "t", "u", ["d"], ["id"])',
    """op.create_check_constraint("ck", "t", "c <> ''")""",
    """op.drop_constraint("ck_t", "t"); op.create_check_constraint("ck_t", "t", "c IN ('open', 'new')")""",
]


def planted(step):
    words = f"""def tidy(table, column):
    op.drop_column(table, column)


def upgrade():
    {step}
"""
    names = {"op": op, "sa": sa}
    exec(words, names)  # noqa: S102  (a sentence of the lists above)
    return contracting_steps(said_by(names["upgrade"]), FIRST)


@pytest.mark.parametrize("step", HARMLESS)
def test_the_rule_lets_pass_what_only_adds(step):
    assert planted(step) == []


@pytest.mark.parametrize("step", CONTRACTIONS)
def test_the_rule_knows_a_contraction_when_it_sees_one(step):
    assert len(planted(step)) == 1


# --- values of a newer version ----------------------------------------------------------------------------------------


def read_as(column, value):
    """What a column of this type gives for what stands in the database."""
    return db.session.scalar(sa.select(sa.type_coerce(sa.literal(value, sa.String()), column.type)))


def test_a_reason_or_a_kind_that_only_a_newer_version_knows_is_read_as_one_that_says_no_more(app):
    assert read_as(Conversation.hand_over_reason, "of_tomorrow") is None
    assert read_as(Message.message_type, "of_tomorrow") is MessageType.OTHER
    assert read_as(Conversation.hand_over_reason, "law") is HandOverReason.LAW
    assert read_as(Message.message_type, "voice") is MessageType.VOICE


def test_a_state_that_is_not_known_is_no_other_state(app):
    with pytest.raises(LookupError):
        read_as(Conversation.state, "of_tomorrow")


@pytest.mark.sqlite_only
def test_who_was_handed_over_for_a_newer_reason_is_read_and_can_be_taken(shop):
    shop.receive(typed("سلام", utc_now()))
    with db.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA ignore_check_constraints=ON")
        connection.exec_driver_sql("UPDATE conversation SET state = 'handed_over', hand_over_reason = 'of_tomorrow'")
        connection.commit()
        connection.exec_driver_sql("PRAGMA ignore_check_constraints=OFF")

    read = shop.receive(typed("هستید؟", utc_now()))

    assert read.conversation.state is ConversationState.HANDED_OVER
    assert {event.outcome for event in db.session.scalars(db.select(Event))} == {EventOutcome.STORED}


def newly_allowed(said, before):
    """By the name of their kind, the values that a step lets be written into columns that were there."""
    found = {}
    for line in said:
        check = re.search(r"^ALTER TABLE (\w+) ADD CONSTRAINT (ck_\1_(\w+)) CHECK (.*)", line)
        old = values_of(check[2], before) if check else set()
        if old:
            found[check[3]] = set(re.findall(r"'(\w*)'", check[4])) - old
    return {kind: new for kind, new in found.items() if new}


def growing():
    """The kinds of which a value that is not known yet is read as another."""
    columns = [column for table in db.metadata.tables.values() for column in table.columns]
    return {column.type.states.__name__.lower() for column in columns if isinstance(column.type, Growing)}


@pytest.mark.parametrize("path", RELEASED, ids=lambda path: path.stem)
def test_a_value_that_a_step_lets_be_written_is_read_by_the_version_before(path):
    before = [line for older in MIGRATIONS[: MIGRATIONS.index(path)] for line in said_in(older)]
    new = {kind: values for kind, values in newly_allowed(said_in(path), before).items() if kind not in growing()}

    marked = UNDERSTOOD.search(path.read_text(encoding="utf-8"))
    assert not new or marked, f'{path.name}: {new}; say UNDERSTOOD = "0.2: which version reads it already, and how"'


def test_the_rule_knows_a_new_value_when_it_sees_one():
    wider = said_by(lambda: op.create_check_constraint("ck_t_c", "t", "c IN ('open', 'done', 'new')"))

    assert newly_allowed(wider, ["CREATE TABLE t ( CONSTRAINT ck_t_c CHECK (c IN ('open', 'done')) )"]) == {
        "c": {"new"}
    }
    assert newly_allowed(wider, ["CREATE TABLE t ( CONSTRAINT ck_t_c CHECK (c IN ('open', 'done', 'new')) )"]) == {}
    assert newly_allowed(wider, []) == {}
    assert growing() == {"handoverreason", "messagetype"}


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
