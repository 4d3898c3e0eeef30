"""The app for `flask` and gunicorn: the only module that builds one when it is imported."""

from pilito import create_app

app = create_app()
