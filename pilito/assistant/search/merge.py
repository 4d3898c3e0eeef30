"""Rankings that were made in different ways, as one."""

from collections import defaultdict
from collections.abc import Sequence

# Of reciprocal rank fusion (Cormack, Clarke, Büttcher 2009): how slowly a rank loses its weight.
SLOWNESS = 60


def merge(rankings: Sequence[Sequence[str]]) -> list[str]:
    """Return all references, first what stands high in several rankings; scores of two kinds cannot be compared."""
    scores: dict[str, float] = defaultdict(float)
    for ranking in rankings:
        for rank, reference in enumerate(ranking, start=1):
            scores[reference] += 1 / (SLOWNESS + rank)
    return sorted(scores, key=lambda reference: -scores[reference])
