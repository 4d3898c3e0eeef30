"""Migrates the database of a bench's system and connects its shop: `python -m bench.prepare`, in the system's own
environment."""

from flask_migrate import upgrade

from bench.webhooks import ACCOUNT
from pilito import create_app
from pilito.clock import utc_now
from pilito.config import ROOT
from pilito.conversations.connect import connect
from pilito.lifecycle import AssistantMode


def main() -> None:
    with create_app().app_context():
        upgrade(directory=str(ROOT / "migrations"))
        connect("instagram", "گالری نیلوفر", ACCOUNT, "a-token", {}, AssistantMode.AUTO, utc_now())


if __name__ == "__main__":
    main()
