"""A process of `make run` ends with its supervisor, also where that was killed and could stop nobody."""

import os
import signal
import threading

LOOK_SECONDS = 2.0
VARIABLE = "PILITO_SUPERVISOR"


def end_with_parent() -> None:
    """Watch the supervisor named in the environment, if any; send ourselves SIGTERM when it is gone."""
    supervisor = os.environ.get(VARIABLE)
    if supervisor and supervisor == str(os.getppid()):
        threading.Thread(target=_watch, args=(int(supervisor),), name="parent-watch", daemon=True).start()


def _watch(supervisor: int) -> None:
    never = threading.Event()
    while os.getppid() == supervisor:
        never.wait(LOOK_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)
