"""What an answer's headers say of an account's calls; headers are written by others too."""

import json

import pytest

from pilito.channels.base import Usage
from pilito.channels.instagram.usage import retry_after_seconds, usage_of


def business(*limits):
    return {"X-Business-Use-Case-Usage": json.dumps({"17841400000000001": list(limits)})}


@pytest.mark.parametrize(
    ("headers", "usage"),
    [
        ({}, Usage()),
        ({"X-App-Usage": '{"call_count": 28, "total_time": 25, "total_cputime": 79}'}, Usage(79)),
        (business({"type": "instagram", "call_count": 80}), Usage(80)),
        (business({"call_count": 5}, {"total_time": 100, "estimated_time_to_regain_access": 7}), Usage(100, 420)),
        (business({"call_count": 10, "estimated_time_to_regain_access": 1}), Usage(10, 60)),
        ({"X-App-Usage": '{"call_count": 90}', **business({"call_count": 30})}, Usage(90)),
        (business({"call_count": 10**9, "estimated_time_to_regain_access": 10**9}), Usage(1000, 86_400)),
    ],
)
def test_the_fullest_limit_counts(headers, usage):
    assert usage_of(headers) == usage


@pytest.mark.parametrize(
    "value", ["", "{", "[]", "null", '"x"', '{"a": 1}', '{"a": [null, 1]}', '{"call_count": "ninety"}', "[" * 3000]
)
@pytest.mark.parametrize("name", ["X-App-Usage", "X-Business-Use-Case-Usage"])
def test_a_header_that_is_none_says_nothing(name, value):
    assert usage_of({name: value}) == Usage()
    assert retry_after_seconds({name: value}) == 0


def test_the_longer_wait_counts():
    headers = business({"estimated_time_to_regain_access": 2})

    assert retry_after_seconds({**headers, "Retry-After": "30"}) == 120
    assert retry_after_seconds({**headers, "Retry-After": "600"}) == 600
