"""The jobs of RQ: each looks at one row and calls one verb. The chain on one screen:

    webhook rows --receive-->  inbound.receive_webhook()                     conversations/take_turns.py, receive.py
    turn rows    --replies-->  replies.answer_turn(turn_id)                  conversations/take_turns.py, answer.py, …
    a trial      --replies-->  replies.run_trial(name)                       conversations/trials.py
    reply row    --deliveries-->  deliveries.deliver_reply(message_id)       conversations/deliver.py
    customer     --profiles--> profiles.fetch_customer_profile(...)          conversations/fetch_profile.py
    comment      --deliveries-->  deliveries.send_private_reply(comment_id)  conversations/comments.py
    unknown send --looks-->    upkeep.look_for_sends(inbox_id)               conversations/upkeep.py
    inbox        --upkeep-->   upkeep.keep_up(inbox_id)                      conversations/upkeep.py
    a moment     --signals-->  signals.show_signals(conversation_id, …)      conversations/signals.py
    media row    --media-->    media.fetch_media_file(media_id)              conversations/fetch_media.py
    source row   --facts-->    facts.read_facts(source_id)                   knowledge/read.py
    new facts    --facts-->    facts.embed_facts()                           conversations/embed_facts.py
    mail row     --mail-->     mail.send_mail(mail_id)                       mail.py
    old rows     --upkeep-->   upkeep.fill_search()                          search/fill.py
    erased words --upkeep-->   upkeep.wipe_words()                           search/wipe.py
    share row    --shares-->   shares.process_pending_share_timeout(...)     conversations/expire.py

A job carries ids only and may run twice, late or never; `periodic.py` lists what runs by the clock, first of all the
sweep, which finds the rows whose job was lost. Who writes a reply sends it (docs/decisions/0014); `deliver_reply` is
for replies of people and for what could not leave at once.
"""

import functools
import logging
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from pilito import reporting, trace
from pilito.database import DATABASE_AWAY
from pilito.extensions import settings
from pilito.models import db

log = logging.getLogger(__name__)

Params = ParamSpec("Params")
Result = TypeVar("Result")


def following(find: Callable[Params, str]) -> Callable[[Callable[Params, Result]], Callable[Params, Result]]:
    """Let the log lines of a job carry the id of the webhook it goes back to, where somebody collects them."""

    def decorate(job: Callable[Params, Result]) -> Callable[Params, Result]:
        @functools.wraps(job)
        def run(*args: Params.args, **kwargs: Params.kwargs) -> Result:
            with trace.traced(find(*args, **kwargs) if is_collected() else ""), reporting.span(job.__name__):
                return job(*args, **kwargs)

        return run

    return decorate


def is_collected() -> bool:
    """Whether somebody will search for the id; else it is not worth its question to the database."""
    return settings.log_format == "json" or bool(settings.sentry_dsn or settings.otel_exporter_otlp_endpoint)


def patient(job: Callable[Params, None]) -> Callable[Params, None]:
    """Leave the row to the sweep when the database is away, instead of failing the job; give the session back."""

    @functools.wraps(job)
    def run(*args: Params.args, **kwargs: Params.kwargs) -> None:
        try:
            job(*args, **kwargs)
        except DATABASE_AWAY as error:
            log.warning("%s%r: the database is away (%s); the sweep will come back.", job.__name__, args, error)
        finally:
            db.session.remove()

    return run
