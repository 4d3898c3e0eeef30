"""What makes each process of a test run quick, before anything else is imported."""

import gc
import sys

# Kept also where PYTHONDONTWRITEBYTECODE asks for none: pytest rewrites every assert, and Pilito, started by a test,
# compiles itself. Without kept bytecode each process does that anew, some five seconds of CPU every time.
sys.dont_write_bytecode = False


def pytest_collection_finish():
    """Take thousands of collected tests out of the garbage collector's sight: none of them ends before the run does."""
    gc.collect()
    gc.freeze()
