"""Who of two is first, forced: one stands still at a place while the other comes."""

import threading

from pilito import failpoints


def in_order(point, held, other, seconds=0.2, waits=None):
    """Do `held`, which stands still at this point while `other` comes: right before its commit, where the other must
    wait (for so long it is looked whether it does); or right after it, where the other does all of its own.
    Return what the other returned.
    """
    waits = point.endswith("_before") if waits is None else waits
    threads, returned = [], []

    def let_the_other_come():
        failpoints.arm("")
        thread = threading.Thread(target=lambda: returned.append(other()))
        thread.start()
        thread.join(seconds if waits else 20)
        assert thread.is_alive() is waits, "the lock keeps nobody out" if waits else "a lock keeps the other out"
        threads.append(thread)

    failpoints.plant(point, let_the_other_come)
    try:
        held()
    finally:
        failpoints.arm("")
    threads[0].join()
    assert len(returned) == 1, "the other broke"
    return returned[0]
