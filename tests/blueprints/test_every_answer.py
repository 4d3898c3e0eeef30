"""Every answer of every route, right or wrong: its headers, and what an error gives away."""

import re

import pytest

from pilito.config import ROOT
from pilito.lifecycle import Role

CANARY = "canary-SELECT-password-FROM-operator"
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
# The pages of rq-dashboard compile their templates in the browser; everything else of it has our own policy.
EASED = {f"rq_dashboard.{name}" for name in ("queues_overview", "workers_overview", "jobs_overview", "job_view")}

pytestmark = pytest.mark.sqlite_only


def addresses(app):
    """An address for every route; what it names is not there."""
    for rule in app.url_map.iter_rules():
        if not rule.endpoint.startswith("demo."):
            yield rule, re.sub(r"<[^>]+>", "7", rule.rule)


def assert_guarded(answer, rule):
    headers, policy = answer.headers, answer.headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff", rule
    assert headers["Referrer-Policy"] == "same-origin", rule
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin", rule
    assert headers["X-Frame-Options"] == "DENY", rule
    assert "default-src 'none'" in policy, rule
    assert "frame-ancestors 'none'" in policy, rule
    if rule.endpoint not in EASED or answer.status_code != 200:
        assert "script-src 'self';" in policy, rule
        assert "unsafe" not in policy, rule


@pytest.mark.parametrize("role", [None, Role.VIEWER, Role.OWNER])
def test_every_answer_carries_the_headers(app, client, log_in, role):
    browser = log_in(role) if role else client

    for rule, address in addresses(app):
        for method in METHODS:  # also those that the route does not know: 405 is an answer too
            assert_guarded(browser.open(address, method=method), rule)


def test_an_unknown_address_and_a_redirect_carry_them_too(app, client):
    rule = next(rule for rule in app.url_map.iter_rules() if rule.endpoint == "panel.show_list")

    for path in ("/no/such/page", "/", "/static/nothing.js", "/%00", "/..%2f..%2fetc/passwd"):
        assert_guarded(client.get(path), rule)


@pytest.fixture
def broken_app(app, monkeypatch):
    """Every view fails with words that nobody outside may read."""

    def fail(*_, **__):
        raise RuntimeError(f"{CANARY} {ROOT}/pilito/secret.py")

    for endpoint in app.view_functions:
        monkeypatch.setitem(app.view_functions, endpoint, fail)
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)
    monkeypatch.setitem(app.config, "TESTING", False)
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", False)
    return app


def test_a_failure_anywhere_tells_nothing_of_the_inside(broken_app, log_in):
    browser = log_in(Role.OWNER)

    failed = 0
    for rule, address in addresses(broken_app):
        for method in rule.methods - {"HEAD", "OPTIONS"}:
            answer = browser.open(address, method=method)
            failed += answer.status_code == 500
            text = answer.get_data(as_text=True)
            for secret in (CANARY, str(ROOT), "Traceback", "RuntimeError", "sqlalchemy"):
                assert secret not in text, f"{method} {rule.rule}"
            assert_guarded(answer, rule)

    assert failed > 60  # most of them got as far as their view


def test_a_failure_has_a_number_that_stands_in_the_log_too(broken_app, log_in, caplog):
    page = log_in(Role.OWNER).get("/conversations/", headers={"Accept": "text/html"}).text

    number = re.search(r"<code>([0-9a-f]{8})</code>", page)[1]
    assert f"Error {number}: GET panel.show_list failed" in caplog.text
