"""Migrates the database of a run, connects its two shops and lets a person in: `python -m chaos.prepare`."""

from flask_migrate import upgrade

from pilito import create_app
from pilito.clock import utc_now
from pilito.config import ROOT
from pilito.conversations.connect import connect
from pilito.lifecycle import AssistantMode, Role
from pilito.people.team import add_operator

ACCOUNTS = ("17841400000000001", "17841400000000002")
TOKENS = ("token-of-the-first-account", "token-of-the-second-account")
EMAIL, PASSWORD = "watcher@pilito.local", "a password of the fault run"  # noqa: S105 -- of a throw-away system


def main() -> None:
    now = utc_now()
    with create_app().app_context():
        upgrade(directory=str(ROOT / "migrations"))
        connect("instagram", "گالری نیلوفر", ACCOUNTS[0], TOKENS[0], {}, AssistantMode.AUTO, now)
        connect("instagram", "گالری مینا", ACCOUNTS[1], TOKENS[1], {"login": "facebook"}, AssistantMode.AUTO, now)
        add_operator(EMAIL, "Watcher", Role.OWNER, PASSWORD, "en", now)


if __name__ == "__main__":
    main()
