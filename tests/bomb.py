"""A pickle that goes off: whoever reads it makes a file."""

import pickle
from pathlib import Path


class Bomb:
    """Makes a file when it is unpickled; `packed` is what to plant."""

    def __init__(self, folder):
        self.canary = folder / "canary"
        self.packed = pickle.dumps(self)

    def __reduce__(self):
        return Path.touch, (self.canary,)

    @property
    def went_off(self):
        return self.canary.exists()

    def would_go_off(self):
        """Read it after all: where this is not so a test has shown nothing."""
        pickle.loads(self.packed)
        return self.went_off
