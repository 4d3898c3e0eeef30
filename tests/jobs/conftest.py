"""The tests' own jobs count as jobs."""

import pytest

from pilito.hints import JsonJob


@pytest.fixture(autouse=True)
def _samples(monkeypatch):
    monkeypatch.setattr(JsonJob, "rooms", (*JsonJob.rooms, "job_samples"))
