"""How gunicorn serves Pilito: greenlets, so that an open panel costs no thread."""

import os

# From the environment, where the image and the units have them; `make run` gives both on the command line.
bind = f"{os.environ.get('HOST', '127.0.0.1')}:{os.environ.get('PORT', '8000')}"
workers = int(os.environ.get("WEB_PROCESSES") or 2)
worker_class = "gevent"
worker_connections = 2000
keepalive = 30
timeout = 60
graceful_timeout = 8
max_requests = 0
accesslog = None
loglevel = "warning"
proc_name = "pilito-web"
# A header is never a megabyte.
limit_request_line = 8190
limit_request_fields = 100


def post_worker_init(worker) -> None:
    """Set up what a web process is, in the worker: its master must import nothing that gevent is still to patch."""
    import logging

    from pilito import patience
    from pilito.config import load_settings
    from pilito.logs import set_up_logs
    from pilito.reporting import instrument, set_up_reporting

    patience.hurry()
    _refuse_unsettled(worker.wsgi)
    settings = load_settings()
    set_up_logs(settings)
    set_up_reporting(settings, "web")
    worker.wsgi = instrument(worker.wsgi)
    if worker.age == 1:
        logging.getLogger("pilito.web").info("Ready: %s/", settings.public_url)
        _say_how_to_set_up(settings)


def _refuse_unsettled(app) -> None:
    """End the server, with a sentence, on a backup that came back by half: what it took, the next restore would drop.
    Whoever sent it is refused until then, and sends it again."""
    from gunicorn.errors import AppImportError
    from sqlalchemy.exc import SQLAlchemyError

    from pilito.queries.revision import RESTORE_AGAIN, is_unsettled

    if "pilito_settings" not in app.extensions:
        return  # the bench serves an app beside ours that has no database
    with app.app_context():
        try:
            stands = is_unsettled()
        except SQLAlchemyError:
            return  # the database is away, which a web process outlives
    if stands:
        raise AppImportError(RESTORE_AGAIN)


def _say_how_to_set_up(settings) -> None:
    """As long as nobody may log in, the log holds the link that makes the owner."""
    import logging

    from sqlalchemy.exc import SQLAlchemyError

    from pilito.people.set_up import has_nobody, set_up_token
    from wsgi import app

    with app.app_context():
        try:
            if has_nobody():
                address = f"{settings.public_url}/set-up/{set_up_token()}"
                logging.getLogger("pilito.web").warning("Nobody may log in yet. Become the owner: %s", address)
        except SQLAlchemyError:
            pass  # no tables yet: `flask set-up-link` prints it, once there are


def when_ready(_server: object) -> None:
    from pilito.parent import end_with_parent

    end_with_parent()
