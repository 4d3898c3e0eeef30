"""Behind HTTPS each door's form comes back with the Referer that a browser sends, and is taken."""

import re
from urllib.parse import urlsplit

import pytest
from rows import FreshClient, add_operator

from pilito.clock import utc_now
from pilito.database import transaction
from pilito.lifecycle import Role
from pilito.passwords import hash_password
from pilito.people import links, set_up

SITE = "https://panel.test"
PASSWORD = "a long enough password"
EMAIL = "owner@shop.test"


def no_letter(_path):
    return "", ""


def set_up_door():
    return f"/set-up/{set_up.set_up_token()}", {"email": EMAIL, "name": "Niloofar", "password": PASSWORD}


def invitation_door():
    token, _ = links.invite("sara@shop.test", Role.AGENT, owner().id, no_letter, utc_now())
    return f"/join/{token}", {"name": "Sara", "password": PASSWORD}


def password_door():
    token, _ = links.offer_password(owner().id, None, no_letter, utc_now())
    return f"/new-password/{token}", {"password": PASSWORD}


def log_in_door():
    owner()
    return "/login", {"email": EMAIL, "password": PASSWORD}


def owner():
    with transaction():
        return add_operator(Role.OWNER, email=EMAIL, password_hash=hash_password(PASSWORD))


def sent_by_a_browser(policy, url):
    """The Referer of a form that is posted to its own site (w3.org/TR/referrer-policy)."""
    origin = "{0.scheme}://{0.netloc}/".format(urlsplit(url))
    return {"no-referrer": None, "same-origin": url, "strict-origin": origin}[policy]


@pytest.mark.sqlite_only
@pytest.mark.parametrize("door", [set_up_door, invitation_door, password_door, log_in_door])
def test_a_form_comes_back(app, door):
    path, fields = door()
    browser = FreshClient(app)
    page = browser.get(path, base_url=SITE)
    token = re.search(r'name="csrf_token" value="([^"]+)"', page.text)[1]
    referer = sent_by_a_browser(page.headers["Referrer-Policy"], SITE + path)

    answer = browser.post(
        path, base_url=SITE, data={"csrf_token": token, **fields}, headers={"Referer": referer} if referer else {}
    )

    assert answer.status_code == 302
    assert referer == f"{SITE}/" or path == "/login", "the address of a door is a key"


@pytest.mark.sqlite_only
def test_a_form_that_comes_from_elsewhere_does_not(app):
    path, fields = set_up_door()
    browser = FreshClient(app)
    token = re.search(r'name="csrf_token" value="([^"]+)"', browser.get(path, base_url=SITE).text)[1]

    answer = browser.post(
        path, base_url=SITE, data={"csrf_token": token, **fields}, headers={"Referer": "https://evil.test/"}
    )

    assert answer.status_code == 400
    assert set_up.has_nobody()
