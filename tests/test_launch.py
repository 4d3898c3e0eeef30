"""What `make run` does before it starts anything."""

import socket
import tempfile
import time
from pathlib import Path

from rows import add_operator

from pilito import launch
from pilito.database import transaction
from pilito.launch import _stop_left_over
from pilito.lifecycle import Role
from pilito.people import set_up


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


def test_once_somebody_owns_the_shop_the_link_is_gone(app, settings, monkeypatch, tmp_path):
    monkeypatch.setattr(launch, "SET_UP_FILE", tmp_path / "set-up-link.txt")
    launch.SET_UP_FILE.write_text("an old link")
    with transaction():
        add_operator(Role.OWNER)

    launch._let_somebody_in(settings)

    assert not launch.SET_UP_FILE.exists()
