"""The app for `flask` and gunicorn: the only module that builds one when it is imported."""

import gc
import sys

# Nothing that an import makes is garbage. Without the collector a program starts a quarter faster (1.4 s of CPU, 1.1),
# and what is frozen then is left out of every later collection.
gc.disable()

from pilito import create_app  # noqa: E402
from pilito.config import SECRETS_FILE, VAR  # noqa: E402
from pilito.errors import ConfigError  # noqa: E402
from pilito.rights import act_as_owner_of  # noqa: E402

try:
    act_as_owner_of(VAR, unless=SECRETS_FILE)
    app = create_app()
except ConfigError as error:
    sys.exit(f"Pilito cannot start. {error}")

gc.freeze()
gc.enable()
