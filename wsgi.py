"""The app for `flask` and gunicorn: the only module that builds one when it is imported."""

import sys

from pilito import create_app
from pilito.errors import ConfigError

try:
    app = create_app()
except ConfigError as error:
    sys.exit(f"Pilito cannot start. {error}")
