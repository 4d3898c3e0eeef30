"""`flask doctor`: look at everything Pilito needs, say what is wrong and what to do about it."""

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict

import click
import requests
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from pilito.doctor import accounts, machine, processes, stores
from pilito.doctor.finding import Finding
from pilito.models import db

LOOKS: tuple[Callable[[], Iterator[Finding]], ...] = (
    machine.look_at_settings,
    stores.look_at_parts,
    stores.look_at_redis_keys,
    processes.look_at_queues,
    processes.look_at_schedulers,
    processes.try_a_share_expiry,
    accounts.look_at_team,
    accounts.look_at_address,
    accounts.look_at_inboxes,
    accounts.look_at_deletions,
    accounts.look_at_sources,
    accounts.look_at_ledger,
    accounts.look_at_mail,
    accounts.ask_the_model,
    accounts.look_at_the_budget,
    machine.compare_clocks,
    machine.look_at_disks,
    stores.try_the_media_store,
    stores.look_at_the_mark,
    stores.look_at_backups,
)


def examine() -> list[Finding]:
    """Take every look; one that breaks is a finding too."""
    return [finding for look in LOOKS for finding in _take(look)]


def _take(look: Callable[[], Iterator[Finding]]) -> list[Finding]:
    try:
        return list(look())
    except (RedisError, SQLAlchemyError, requests.RequestException, OSError) as error:
        name = look.__name__.partition("_")[2].removeprefix("at_").removeprefix("the_").replace("_", " ")
        return [Finding(name, False, f"It could not be looked at ({type(error).__name__}); see what is wrong above.")]
    finally:
        db.session.rollback()


def print_findings(findings: list[Finding], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps([asdict(finding) for finding in findings], ensure_ascii=False))
        return
    width = max(len(finding.name) for finding in findings)
    for finding in findings:
        mark = click.style("ok   ", fg="green") if finding.ok else click.style("WRONG", fg="red")
        click.echo(f"{mark} {finding.name:<{width}}  {finding.text}")
    wrong = [finding.name for finding in findings if not finding.ok]
    are = "is" if len(wrong) == 1 else "are"
    verdict = f"{len(wrong)} of {len(findings)} {are} wrong: {', '.join(wrong)}." if wrong else "All is well."
    click.echo(f"\n{verdict}")
