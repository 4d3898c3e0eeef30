"""What `make run` does before it starts anything."""

import socket
import tempfile
import time
from pathlib import Path

import pytest
from rows import NOON, add_operator

from pilito import launch
from pilito.database import transaction
from pilito.launch import _stop_left_over
from pilito.lifecycle import Role
from pilito.people import profile, set_up, team


def test_a_server_that_stopped_by_itself_is_not_waited_for():
    """Its socket file is still there after a stop; redis-py's own retries would ask it for five seconds."""
    with tempfile.TemporaryDirectory(prefix="plt") as folder:
        address, configuration = Path(folder) / "redis.sock", Path(folder) / "redis.conf"
        configuration.write_text('requirepass "of yesterday"\n')
        with socket.socket(socket.AF_UNIX) as dead:
            dead.bind(str(address))
        began = time.monotonic()

        _stop_left_over(configuration, address)

        assert time.monotonic() - began < 4


def test_in_production_a_link_makes_the_owner_and_nobody_is_made_before(app, make_settings, monkeypatch, tmp_path):
    monkeypatch.setattr(launch, "SET_UP_FILE", tmp_path / "set-up-link.txt")
    monkeypatch.delenv("PUBLIC_URL", raising=False)
    strong = {"secret_key": "s" * 40, "instagram_verify_token": "v" * 40, "public_url": "https://inbox.example.com"}

    launch._let_somebody_in(make_settings(pilito_env="production", **strong))

    assert launch.SET_UP_FILE.read_text().startswith("https://inbox.example.com/set-up/")
    assert launch.SET_UP_FILE.stat().st_mode & 0o077 == 0
    assert set_up.has_nobody()


@pytest.fixture
def first_operator(app, settings, monkeypatch, tmp_path):
    """The owner of a first start, with the file that tells how they log in."""
    for name in ("SET_UP_FILE", "FIRST_OPERATOR_FILE"):
        monkeypatch.setattr(launch, name, tmp_path / name)
    launch._let_somebody_in(settings)
    return launch.FIRST_OPERATOR_FILE


def test_the_first_log_in_is_told_at_every_start_while_it_opens(first_operator, settings, capsys):
    email, password = first_operator.read_text().split()

    launch._let_somebody_in(settings)
    launch._say_where(settings)

    assert f"Log in  {email}  {password}\n" in capsys.readouterr().out


@pytest.mark.sqlite_only
@pytest.mark.parametrize("change", ["password", "e-mail", "deactivated"])
def test_and_no_more_once_it_is_another(first_operator, settings, capsys, change):
    email, password = first_operator.read_text().split()
    owner = team.get_by_email(email).id
    if change == "password":
        team.change_password(owner, password, "a long sentence of my own", None, NOON)
    elif change == "e-mail":
        profile.change_email(owner, "sara@shop.test", password, None, NOON)
    else:
        with transaction():
            other = add_operator(Role.OWNER).id
        team.deactivate(owner, other, NOON)

    launch._let_somebody_in(settings)
    launch._say_where(settings)

    assert not first_operator.exists()
    assert "Log in" not in capsys.readouterr().out


def test_in_production_the_password_is_not_printed(first_operator, make_settings, capsys):
    strong = {"secret_key": "s" * 40, "instagram_verify_token": "v" * 40, "public_url": "https://inbox.example.com"}

    launch._say_where(make_settings(pilito_env="production", **strong))

    said = capsys.readouterr().out
    assert str(first_operator) in said
    assert first_operator.read_text().split()[1] not in said


def test_once_somebody_owns_the_shop_the_link_is_gone(app, settings, monkeypatch, tmp_path):
    monkeypatch.setattr(launch, "SET_UP_FILE", tmp_path / "set-up-link.txt")
    launch.SET_UP_FILE.write_text("an old link")
    with transaction():
        add_operator(Role.OWNER)

    launch._let_somebody_in(settings)

    assert not launch.SET_UP_FILE.exists()


@pytest.mark.parametrize(
    ("said", "may_be"),
    [({}, True), ({"pilito_demo": True}, True), ({"pilito_demo": False}, False), ({"pilito_env": "production"}, False)],
)
def test_the_demo_is_there_unless_somebody_said_no(make_settings, said, may_be):
    strong = {"secret_key": "s" * 40, "instagram_verify_token": "v" * 40, "public_url": "https://inbox.example.com"}

    assert launch._may_be_demo(make_settings(**strong, **said)) is may_be


@pytest.mark.parametrize(("said", "is_told"), [("1", True), ("false", False)])
def test_the_demo_is_told_of_where_it_is_served(settings, monkeypatch, capsys, said, is_told):
    monkeypatch.setenv("PILITO_DEMO", said)

    launch._say_where(settings)

    assert ("/demo" in capsys.readouterr().out) is is_told
