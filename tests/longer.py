"""How many examples a property is tried with: few in every run, `make fuzz` asks for more."""

import os


def examples(usual):
    return usual * int(os.environ.get("FUZZ_TIMES", "1"))
