"""The ways in: each blueprint turns HTTP into a call of one verb or one query. No logic."""

from flask import Flask

from pilito.config import Settings
from pilito.extensions import csrf


def register(app: Flask, settings: Settings) -> None:
    """Add every blueprint; demo mode adds the phone."""
    from pilito.blueprints import (
        api,
        auth,
        doors,
        headers,
        health,
        i18n,
        jobs_dashboard,
        media,
        meta_callbacks,
        numbers,
        origins,
        panel,
        rates,
        sent_files,
        webhooks,
    )
    from pilito.blueprints.panel import errors

    origins.init_app(app)
    numbers.init_app(app)
    i18n.init_app(app)
    rates.init_app(app)
    headers.init_app(app)
    errors.init_app(app)
    for blueprint in (
        webhooks.bp,
        meta_callbacks.bp,
        api.bp,
        health.bp,
        auth.bp,
        doors.bp,
        panel.bp,
        media.bp,
        sent_files.bp,
    ):
        app.register_blueprint(blueprint)
    csrf.exempt(webhooks.bp)  # Meta signs instead
    csrf.exempt(meta_callbacks.bp)  # signed too, in another way
    jobs_dashboard.init_app(app)
    if settings.demo:
        from pilito.demo import phone

        app.register_blueprint(phone.bp)
        app.config["PILITO_DEMO"] = True
