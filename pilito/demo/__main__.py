"""`python -m pilito.demo` starts the demo's own process."""

from pilito.demo.service import run

raise SystemExit(run())
