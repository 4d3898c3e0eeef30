"""What is near in meaning: every vector is compared, which is exact and for 20,000 of them a matter of milliseconds.

numpy is loaded with this module, which is why only a process with an embedding model set imports it.
"""

from collections import Counter
from collections.abc import Mapping

import numpy as np

# Of the best one's nearness: how near is near differs from model to model, how much nearer the best is does not.
NEAR_ENOUGH = 0.85


class Vectors:
    """Vectors of length 1, by reference. Built once and never changed."""

    def __init__(self, vectors: Mapping[str, bytes]) -> None:
        """Those of another length than most are of another model by the same name: they are left out."""
        lengths = Counter(len(vector) for vector in vectors.values() if vector)
        self._length = lengths.most_common(1)[0][0] if lengths else 0
        kept = {reference: vector for reference, vector in vectors.items() if vector and len(vector) == self._length}
        self._references = list(kept)
        self._matrix = np.frombuffer(b"".join(kept.values()), dtype="<f4").reshape(len(kept), -1) if kept else None

    def __len__(self) -> int:
        return len(self._references)

    def near(self, vector: bytes, limit: int) -> list[str]:
        """Return the references nearest to a vector, the nearest first."""
        if self._matrix is None or len(vector) != self._length:
            return []
        nearness = self._matrix @ np.frombuffer(vector, dtype="<f4")
        best = np.argsort(-nearness, kind="stable")[:limit]
        enough = nearness[best[0]] * NEAR_ENOUGH
        return [self._references[number] for number in best if nearness[number] > 0 and nearness[number] >= enough]
