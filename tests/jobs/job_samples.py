"""Jobs for the tests of the worker, which finds them by name; what they did is in Redis."""

import time

from pilito.extensions import redis


def note(words):
    redis.rpush("pilito:noted", words)


def nap(seconds):
    """Sleep in small steps, so that a time-out reaches us as it reaches a job that works."""
    redis.rpush("pilito:noted", "began")
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(0.005)
    redis.rpush("pilito:noted", "ended")


def note_the_end(*_job):
    redis.rpush("pilito:noted", "the end")
