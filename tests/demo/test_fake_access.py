"""The demo's Instagram lets apps in as the real one does, and can be told to go wrong."""

import pytest
import requests
from fake_instagram_tools import SECRET, TOKEN, Webhook, running, running_fake

from pilito.channels.instagram import callbacks
from pilito.clock import utc_now
from pilito.demo.access import APP_ID


@pytest.fixture(scope="module")
def hook():
    return Webhook()


@pytest.fixture(scope="module")
def server(tmp_path_factory, hook):
    app = hook.app()
    app.add_url_rule("/meta/<kind>", "meta", lambda kind: take(kind), methods=["POST"])
    with (
        running(app) as url,
        running_fake(tmp_path_factory.mktemp("access") / "state.sqlite3", f"{url}/webhooks/instagram") as fake,
    ):
        yield fake


@pytest.fixture
def fake(server, hook):
    server.control("access", restore=True)
    taken.clear()
    hook.got.clear()
    return server


taken = []


def take(kind):
    from flask import request

    taken.append((kind, callbacks.read(request.form["signed_request"], [SECRET], utc_now())))
    return {"url": "https://x.test/1", "confirmation_code": "1"}


def authorize(fake, **changes):
    asked = {"client_id": APP_ID, "response_type": "code", "scope": "instagram_business_basic,<b>", **changes}
    return requests.get(f"{fake.url}/oauth/authorize", params=asked, timeout=20)


def test_the_page_says_that_it_is_the_demo_and_what_is_asked(fake):
    page = authorize(fake, state='"><script>')

    assert "Demo, not Instagram" in page.text
    assert "see its profile" in page.text
    assert "<script>" not in page.text
    assert "<b>" not in page.text


@pytest.mark.parametrize("changes", [{"client_id": "1"}, {"response_type": "token"}, {"scope": ""}])
def test_an_app_it_does_not_know_sees_no_page(fake, changes):
    assert authorize(fake, **changes).status_code == 400


@pytest.mark.parametrize("address", ["https://evil.test/", "//evil.test", "javascript:alert(1)", ""])
def test_it_sends_nobody_to_another_machine(fake, address):
    answer = requests.post(
        f"{fake.url}/oauth/authorize",
        data={"redirect_uri": address, "answer": "allow"},
        timeout=20,
        allow_redirects=False,
    )

    assert answer.status_code == 400


def test_tokens_end_when_told_and_new_ones_are_good(fake):
    fake.control("access", expire_tokens=True)

    error = fake.get("v25.0/me").json()["error"]

    assert (error["code"], error["error_subcode"]) == (190, 463)
    fake.control("access", restore=True)
    assert fake.get("v25.0/me").status_code == 200


def test_without_a_subscription_nothing_is_posted(fake, hook):
    fake.control("access", drop_subscription=True)
    customer = fake.customer()

    assert fake.control("send", customer=customer, text="سلام")["webhooks"] == []

    requests.post(
        f"{fake.url}/v25.0/me/subscribed_apps",
        params={"subscribed_fields": "messages"},
        headers={"Authorization": f"Bearer {TOKEN}"},
        timeout=20,
    )
    fake.control("send", customer=customer, text="سلام")
    hook.wait_for(1)
    assert len(hook.got) == 1


@pytest.mark.parametrize("kind", ["deauthorize", "data-deletion"])
def test_it_tells_pilito_what_meta_tells(fake, kind):
    answer = fake.control("callback", kind=kind)

    assert answer["status"] == 200
    ((path, callback),) = taken
    assert path == kind
    assert callback.user_id == "2" + "7841400000000001"


@pytest.mark.parametrize(
    "script", [{"nonsense": True}, {"revoke": "yes"}, {"answer": "xml"}, {"drop_fields": "messages"}]
)
def test_a_script_without_sense_is_refused(fake, script):
    answer = requests.post(f"{fake.url}/control/access", json=script, timeout=20)

    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "bad_request"
