"""What makes each process of a test run quick, before anything else is imported."""

import gc
import sys

# Kept also where PYTHONDONTWRITEBYTECODE asks for none: pytest rewrites every assert, and Pilito, started by a test,
# compiles itself. Without kept bytecode each process does that anew, some five seconds of CPU every time.
sys.dont_write_bytecode = False
gc.disable()  # until the tests are collected: what is imported and collected stays to the end of the run


def pytest_collection_finish():
    """Begin to collect garbage, and never look at what was there before the first test."""
    gc.freeze()
    gc.set_threshold(20_000)  # a test leaves little behind: to look after every 700 new objects finds the same later
    gc.enable()


def pytest_sessionfinish():
    """Let pytest's own last look find nothing to go through: the process ends."""
    gc.freeze()
