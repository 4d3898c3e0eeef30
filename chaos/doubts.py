"""Why a verdict is worth nothing: what was to be tried was not. No violation of anything, but no proof either."""

from collections.abc import Iterable

from chaos.history import History

SPARED_AT_MOST = 7 / 8  # of the blows at the workers, which may find them not at work yet


def doubts(history: History) -> Iterable[str]:
    """Each reason for which nobody may say that all invariants hold."""
    if history.nemesis_error:
        yield f"what breaks things broke itself ({history.nemesis_error})"
    for what, (planned, times) in sorted(history.blows.items()):
        if planned and not times:
            yield f"{what} was to die {planned} times and never did"
        elif what == "worker" and times < (1 - SPARED_AT_MOST) * planned:
            yield f"only {times} of {planned} blows met a worker at its work"
    if history.is_calm:
        return
    if not history.met:
        yield "no send met a fault of the provider"
    if not history.model_failures:
        yield "no call of the model failed"
