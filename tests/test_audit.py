"""The audit log is a chain: what is changed afterwards shows, and what must be forgotten can be."""

import threading

import pytest
from rows import NOON, add, add_conversation, add_operator
from sqlalchemy import event, text

from pilito import audit
from pilito.database import is_writing, transaction
from pilito.lifecycle import Role
from pilito.models import Audit, AuditSeal, db


@pytest.fixture
def chain(app):
    """Three sealed rows; the ids of the rows."""
    with transaction():
        operator, conversation = add_operator(Role.ADMIN), add_conversation()
        details = {"from": "agent", "to": "admin", "نام": "سارا", "n": 1.5, "none": None}
        rows = [
            Audit(at=NOON, action="logged_in", operator_id=operator.id, address="203.0.113.7"),
            Audit(at=NOON, action="role_changed", operator_id=operator.id, details=details),
            Audit(at=NOON, action="closed", operator_id=operator.id, conversation_id=conversation.id),
        ]
        ids = [add(row).id for row in rows]
    assert audit.seal(NOON) == 3
    return ids


def tamper(statement, **values):
    """As somebody does who has the database in their hands."""
    with transaction():
        db.session.execute(text(statement), values)
    db.session.rollback()


def problems(expected=""):
    return audit.verify(expected).problems


def test_a_chain_that_nobody_touched_holds(chain):
    report = audit.verify()

    assert (report.problems, report.sealed, report.forgotten, report.unsealed) == ([], 3, 0, 0)


def test_an_empty_log_holds_too(app):
    assert audit.verify().problems == []


@pytest.mark.parametrize(
    "change",
    [
        "action = 'logged_out'",
        "operator_id = NULL",
        "at = '2026-11-01 00:00:00+00:00'",
        'details = \'{"to": "viewer"}\'',
        "details = '{}'",
        "address = '198.51.100.1'",
        "position = 77",
    ],
)
def test_a_changed_row_shows(chain, change):
    tamper(f"UPDATE audit SET {change} WHERE id = :id", id=chain[1])

    assert any(f"Row {chain[1]} " in problem for problem in problems())


def test_so_does_one_that_was_moved_to_another_conversation(chain):
    with transaction():
        other = add_conversation().id
    tamper("UPDATE audit SET conversation_id = :other WHERE id = :id", other=other, id=chain[2])

    assert "another conversation" in problems()[0]


def test_so_does_one_that_was_deleted(chain):
    tamper("DELETE FROM audit_seal WHERE audit_id = :id", id=chain[1])
    tamper("DELETE FROM audit WHERE id = :id", id=chain[1])

    assert problems()[0] == "Positions 2 to 2 are missing."


def test_so_does_a_seal_that_was_made_to_fit(chain):
    tamper("UPDATE audit_seal SET seal = :seal WHERE id = 2", seal="f" * 64)

    assert len(problems()) == 2  # its own row, and the next, which was sealed onto it


def test_so_does_a_row_whose_seal_was_taken_away(chain):
    tamper("DELETE FROM audit_seal WHERE id = 3")

    assert problems() == [f"Row {chain[2]} has lost its seal."]


def test_rows_cut_off_at_the_end_show_to_whoever_kept_the_head(chain):
    head = audit.verify().head
    tamper("DELETE FROM audit_seal WHERE id = 3")
    tamper("DELETE FROM audit WHERE id = :id", id=chain[2])

    assert problems() == []  # the chain alone cannot know
    assert "nowhere in the chain" in problems(head)[0]


def test_an_older_head_is_still_there_when_the_chain_has_grown(chain):
    head = audit.verify().head
    with transaction():
        add(Audit(at=NOON, action="logged_out"))
    audit.seal(NOON)

    assert problems(head) == []


# --- the command -----------------------------------------------------------------------------------------------------


@pytest.fixture
def verify(app):
    """`flask audit verify`, with these words behind it."""

    def run(*words):
        result = app.test_cli_runner().invoke(args=["audit", "verify", *words])
        db.session.remove()
        return result

    return run


def test_the_command_says_that_a_chain_holds_and_where_it_ends(chain, verify):
    with transaction():
        audit.forget(chain[1:2])

    result = verify()

    assert result.exit_code == 0
    assert "Rows sealed: 3; with words forgotten: 1; not yet: 0." in result.output
    assert f"Head: {audit.verify().head}" in result.output
    assert verify("--expect", audit.verify().head).exit_code == 0


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("UPDATE audit SET action = 'logged_out' WHERE id = :id", "Row {id} (position 2) does not fit its seal"),
        ("UPDATE audit SET details = '{}' WHERE id = :id", "Row {id} (position 2) has other details"),
        ("DELETE FROM audit_seal WHERE audit_id = :id", "Positions 2 to 2 are missing."),
    ],
    ids=["another deed", "other words", "no seal"],
)
def test_the_command_fails_where_the_log_was_changed_and_says_which_row(chain, verify, change, said):
    tamper(change, id=chain[1])

    result = verify()

    assert result.exit_code == 1
    assert said.format(id=chain[1]) in result.output


@pytest.mark.sqlite_only
def test_the_command_fails_where_an_expected_head_is_nowhere(chain, verify):
    result = verify("--expect", "f" * 64)

    assert result.exit_code == 1
    assert "nowhere in the chain" in result.output


# --- forgetting ------------------------------------------------------------------------------------------------------


def test_what_must_be_forgotten_can_be_and_the_chain_holds(chain):
    with transaction():
        audit.forget(chain[1:])
        audit.forget_addresses(chain[:1])

    report = audit.verify()

    assert (report.problems, report.forgotten) == ([], 2)
    assert db.session.get_one(Audit, chain[1]).details == {}


def test_what_was_forgotten_cannot_be_filled_with_something_else(chain):
    with transaction():
        audit.forget(chain[1:2])
    tamper('UPDATE audit SET details = \'{"to": "viewer"}\' WHERE id = :id', id=chain[1])

    assert "other details" in problems()[0]


def test_who_and_when_stay_sealed_even_then(chain):
    with transaction():
        audit.forget(chain[1:2])
    tamper("UPDATE audit SET operator_id = NULL WHERE id = :id", id=chain[1])

    assert "does not fit its seal" in problems()[0]


def test_a_conversation_that_was_erased_leaves_the_chain_whole(chain):
    tamper("UPDATE audit SET conversation_id = NULL WHERE id = :id", id=chain[2])

    assert problems() == []


# --- writing ---------------------------------------------------------------------------------------------------------


def test_rows_are_sealed_in_the_order_in_which_they_are_found_and_once(chain):
    assert audit.seal(NOON) == 0
    assert [row.position for row in db.session.scalars(db.select(Audit).order_by(Audit.id))] == [1, 2, 3]


def test_a_long_log_is_sealed_in_small_steps_that_let_others_write(app, monkeypatch):
    monkeypatch.setattr(audit, "STEPS", 3)
    monkeypatch.setattr(audit, "STEP", 10)
    steps = []
    monkeypatch.setattr(audit.time, "sleep", lambda _seconds: steps.append(is_writing()))
    with transaction():
        db.session.add_all([Audit(at=NOON, action="closed", details={"n": number}) for number in range(45)])

    first, second = audit.seal(NOON), audit.seal(NOON)

    assert (first, second) == (30, 15)
    assert steps == [False, False, False]  # two rests in the first run, one in the second
    assert audit.verify().problems == []


def test_sealing_asks_the_database_a_few_times_and_not_once_a_row(app):
    with transaction():
        db.session.add_all([Audit(at=NOON, action="closed") for _ in range(audit.STEP)])
    asked = []

    def note(_connection, _cursor, statement, *_):
        asked.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    audit.seal(NOON)
    event.remove(db.engine, "before_cursor_execute", note)

    assert len(asked) < 12


def test_many_who_seal_at_once_make_one_chain(app):
    with transaction():
        db.session.add_all([Audit(at=NOON, action=f"deed_{number}") for number in range(40)])
    barrier = threading.Barrier(3)

    def seal():
        with app.app_context():
            barrier.wait()
            audit.seal(NOON)
            db.session.remove()

    threads = [threading.Thread(target=seal) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    db.session.rollback()
    audit.seal(NOON)

    assert audit.verify().problems == []
    assert db.session.scalar(db.select(db.func.count()).select_from(AuditSeal)) == 40


def test_the_code_adds_rows_and_changes_none(chain):
    with pytest.raises(RuntimeError, match="added only"), transaction():
        db.session.get_one(Audit, chain[0]).action = "another"


def test_a_persons_address_is_kept_and_a_customers_is_not(app):
    with app.test_request_context("/", environ_base={"REMOTE_ADDR": "203.0.113.7"}), transaction():
        operator = add_operator(Role.AGENT)
        by_person = add(Audit(at=NOON, action="closed", operator_id=operator.id))
        by_nobody = add(Audit(at=NOON, action="reopened"))

    assert (by_person.address, by_nobody.address) == ("203.0.113.7", None)
