"""A password of a megabyte, of characters that fold, of NUL, of halves of characters: refused or taken, at no price.

Nothing longer than a person's password reaches Argon2id or the counting of guesses, and who asks hears the same of
somebody who is there and of somebody who is not.
"""

import re
import time
import tracemalloc

import pytest
from rows import FreshClient, add_operator

from pilito import passwords
from pilito.clock import utc_now
from pilito.database import transaction
from pilito.lifecycle import Role
from pilito.models import Operator, db
from pilito.passwords import MAXIMUM_LENGTH, check_password, find_weakness, hash_password
from pilito.people import links, set_up

pytestmark = pytest.mark.sqlite_only

PASSWORD = "a long enough password"
HALF = "\ud83d"  # of 🌸, as a terminal or a program may pass it on; a form cannot
# About as much as a form takes (a mebibyte, each character as %XX), and a million characters, which is more.
MONSTERS = {
    "a megabyte": "x" * 1_000_000,
    "folds": "ﬃ" * 110_000,
    "folds, a million": "ﷺ" * 1_000_000,
    "NUL": "\0" * 300_000,
    "NUL, a million": "\0" * 1_000_000,
    "just too long": "x" * (MAXIMUM_LENGTH + 1),
}
LONGEST_SECONDS = 5.0  # of this process's own time; a right log-in takes some tens of milliseconds
LONGEST_BYTES = 4 * MAXIMUM_LENGTH


class Watching(passwords.PasswordHasher):
    """Argon2id, cheap here, with everything that it was given."""

    def __init__(self):
        super().__init__(time_cost=1, memory_cost=64, parallelism=1)
        self.given = []

    def hash(self, password, **more):
        self.given.append(password)
        return super().hash(password, **more)

    def verify(self, hash, password):
        self.given.append(password)
        return super().verify(hash, password)


@pytest.fixture(autouse=True)
def hasher(monkeypatch):
    """Whatever comes: nothing long reaches it."""
    watching = Watching()
    monkeypatch.setattr(passwords, "_hasher", watching)
    passwords._nobody.cache_clear()
    yield watching
    passwords._nobody.cache_clear()
    assert max(map(len, watching.given), default=0) <= LONGEST_BYTES


@pytest.fixture
def sara(app):
    with transaction():
        values = {"email": "sara@shop.test", "language": "en", "password_hash": hash_password(PASSWORD)}
        return add_operator(Role.OWNER, **values)


def send(browser, page, path, **fields):
    """Fill the form of a page in, in a bounded time; return the answer."""
    found = browser.get(page).text
    token = re.search(r'name="csrf[_-]token" (?:value|content)="([^"]+)"', found)[1]
    began = time.process_time()
    answer = browser.post(path, data={"csrf_token": token, **fields})
    assert time.process_time() - began < LONGEST_SECONDS
    return answer


def without_what_differs(answer):
    return answer.status_code, re.sub(r'(csrf[_-]token" (?:value|content)|value)="[^"]*"', "", answer.text)


def log_in(app, email, password):
    return send(FreshClient(app), "/login?lang=en", "/login", email=email, password=password)


@pytest.mark.parametrize("monster", MONSTERS.values(), ids=MONSTERS)
def test_the_log_in_refuses_it_and_says_the_same_of_everybody(app, sara, hasher, monster):
    known, unknown = (log_in(app, email, monster) for email in ("sara@shop.test", "nobody@shop.test"))

    assert known.status_code in (401, 413)
    assert without_what_differs(known) == without_what_differs(unknown)
    checked = hasher.given[1:]  # after the one of the fixture
    assert len(checked) in (0, 2, 3)  # nobody's hash is made once
    assert log_in(app, "sara@shop.test", PASSWORD).status_code == 302


@pytest.mark.parametrize("monster", MONSTERS.values(), ids=MONSTERS)
def test_whoever_sets_the_shop_up_with_it_is_refused(app, monster):
    link = f"/set-up/{set_up.set_up_token()}"

    answer = send(FreshClient(app), link, link, email="owner@shop.test", name="Owner", password=monster)

    assert answer.status_code in (400, 413)
    assert db.session.scalar(db.select(Operator)) is None


@pytest.mark.parametrize("monster", MONSTERS.values(), ids=MONSTERS)
def test_whoever_joins_or_chooses_a_new_one_with_it_is_refused_and_the_link_opens_still(app, sara, monster):
    letter = lambda token: ("x", token)  # noqa: E731
    joining, _ = links.invite("ali@shop.test", Role.AGENT, sara.id, letter, utc_now())
    choosing, _ = links.offer_password(sara.id, None, letter, utc_now())

    for path, more in ((f"/join/{joining}", {"name": "Ali"}), (f"/new-password/{choosing}", {})):
        assert send(FreshClient(app), path, path, password=monster, **more).status_code in (400, 413)
        assert send(FreshClient(app), path, path, password="another long password 7", **more).status_code == 302


@pytest.mark.parametrize("monster", MONSTERS.values(), ids=MONSTERS)
def test_whoever_changes_theirs_to_it_or_claims_it_was_theirs_is_refused(app, sara, monster):
    browser = FreshClient(app)
    assert send(browser, "/login?lang=en", "/login", email="sara@shop.test", password=PASSWORD).status_code == 302
    change = ("/settings/security", "/settings/password")

    for fields in ({"old_password": PASSWORD, "password": monster}, {"old_password": monster, "password": PASSWORD}):
        assert send(browser, *change, **fields).status_code in (302, 413)  # back to the page, which says why

    db.session.rollback()
    stored = db.session.get_one(Operator, sara.id, populate_existing=True).password_hash
    assert check_password(stored, PASSWORD)


@pytest.mark.parametrize("word", [f"{HALF} a long enough password", "a long\0enough password", "ﬃ" * MAXIMUM_LENGTH])
def test_an_odd_one_of_a_usual_length_is_taken_and_opens(word):
    stored = hash_password(word)

    assert check_password(stored, word)
    assert not check_password(stored, word + "x")
    assert not check_password(None, word)


def test_a_form_makes_letters_of_what_is_none_and_they_open_nothing(app, sara):
    """Bytes that are no UTF-8: half a surrogate pair, written as %ED%A0%BD."""
    browser = FreshClient(app)
    token = re.search(r'name="csrf_token" value="([^"]+)"', browser.get("/login?lang=en").text)[1]

    body = f"csrf_token={token}&email=sara%40shop.test&password={'%ED%A0%BD' * 12}"
    answer = browser.post("/login", data=body, content_type="application/x-www-form-urlencoded")

    assert answer.status_code == 401


@pytest.mark.parametrize("monster", [*MONSTERS.values(), HALF * 1_000_000], ids=[*MONSTERS, "halves"])
def test_looking_at_it_takes_no_memory(monster):
    stored = hash_password(PASSWORD)
    tracemalloc.start()
    try:
        assert find_weakness(monster, "sara@shop.test") == "long_password"
        assert not check_password(stored, monster)
        assert tracemalloc.get_traced_memory()[1] < 200_000
    finally:
        tracemalloc.stop()
