"""Where the rows are measured: the fake provider, the bare route, and one system at a time."""

import contextlib
import sys
from types import TracebackType

from bench import load, webhooks
from bench.processes import (
    POSTGRES_BINARIES,
    System,
    clean_environment,
    free_port,
    gunicorn,
    is_ready,
    running,
    scratch,
    wait_for,
)

LAUNCH = (sys.executable, "-m", "pilito.launch")


class Stand:
    """A context; `system(...)` gives a running system with these settings, and ends the one before it."""

    launch_command: tuple[str, ...] = LAUNCH

    def __enter__(self) -> "Stand":
        self._stack = contextlib.ExitStack()
        self._current: tuple[object, System] | None = None
        with contextlib.ExitStack() as stack:
            self.folder = stack.enter_context(scratch())
            self.fakes_port, self.bare_port = free_port(), free_port()
            # gunicorn's configuration reads Pilito's settings for its logs; they are the defaults here.
            environment = clean_environment(PILITO_VAR=str(self.folder))
            fakes = [sys.executable, "-m", "bench.fakes", str(self.fakes_port)]
            self.fakes = stack.enter_context(running("fakes", fakes, self.folder, environment))
            bare = gunicorn("bench.bare:app", self.bare_port, 2)
            self.bare = stack.enter_context(running("bare", bare, self.folder, environment))
            wait_for(lambda: is_ready(self.bare_port), 30, [self.fakes, self.bare])
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop_system()
        self._stack.close()

    @property
    def databases(self) -> list[str]:
        return ["sqlite", "postgresql"] if POSTGRES_BINARIES else ["sqlite"]

    def system(self, database: str = "sqlite", has_workers: bool = True, **settings: str) -> System:
        wanted = (database, has_workers, tuple(sorted(settings.items())))
        if self._current and self._current[0] == wanted:
            return self._current[1]
        self.stop_system()
        system = System(database, self.fakes_port, settings, has_workers)
        self._current = (wanted, system)
        return system

    def stop_system(self) -> None:
        if self._current:
            self._current[1].stop()
            self._current = None

    def set_model_delay(self, seconds: float) -> None:
        load.drive(self.fakes_port, [webhooks.post("/delay", str(seconds).encode())], 1)
