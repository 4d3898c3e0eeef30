"""People in a real browser: whoever is shut out is out at once, and leaves nothing behind for the next one."""

from chromium_page import EMAIL, PASSWORD, needs_chromium, talk
from playwright.sync_api import expect
from rows import FreshClient, add_operator

from pilito.clock import utc_now
from pilito.database import transaction
from pilito.lifecycle import Role
from pilito.models import OperatorSession, db
from pilito.passwords import hash_password
from pilito.people import team

pytestmark = needs_chromium


def test_a_deactivated_persons_open_page_leads_to_the_log_in(open_page, operator):
    page = open_page("/conversations/")

    team.deactivate(operator.id, None, utc_now())

    page.wait_for_url("**/login?next=*", timeout=10_000)
    expect(page.locator("[name=password]")).to_be_visible()
    expect(page.get_by_role("status")).to_have_text("Your session has ended. Log in again.")


def test_a_new_role_brings_the_line_back_by_itself(open_page, operator):
    page = open_page("/conversations/")

    team.change_role(operator.id, Role.VIEWER, None, utc_now())

    expect(page.locator("#line[data-state=live]")).to_be_attached(timeout=10_000)
    assert "/conversations/" in page.url


# --- what the browser keeps ------------------------------------------------------------------------------------------

SECRET = "kanarienvogel"


def write_and_search(page):
    """A reply that is half written, and a search: both stay in the browser."""
    page.fill("#composer-text", f"{SECRET} reply")
    page.evaluate(f"localStorage.setItem('recent-' + document.body.dataset.operator, '[\"{SECRET}\"]')")
    assert SECRET in kept(page)


def kept(page):
    return page.evaluate("JSON.stringify(localStorage)")


def test_whoever_logs_out_anywhere_leaves_no_word_in_the_browser(shop, open_page):
    page = open_page(talk(shop, 2))
    write_and_search(page)
    page.goto("/settings/notifications")

    page.locator("details.account summary").click()
    page.get_by_role("button", name="Log out").click()

    page.wait_for_url("**/login*")
    assert SECRET not in kept(page)


def test_a_draft_outlives_a_session_that_ended_for_its_writer_and_for_nobody_else(shop, open_page):
    path = talk(shop, 2)
    page = open_page(path)
    write_and_search(page)
    page.goto("about:blank")  # a page that is open leaves by itself, maybe in the very moment in which it is left
    with transaction():
        db.session.execute(db.delete(OperatorSession))
    page.goto(path)

    fill_in(page, EMAIL)
    expect(page.locator("#composer-text")).to_have_value(f"{SECRET} reply")

    page.goto("about:blank")
    with transaction():
        db.session.execute(db.delete(OperatorSession))
        add_operator(Role.AGENT, language="en", email="omid@shop.test", password_hash=hash_password(PASSWORD))
    page.goto(path)
    fill_in(page, "omid@shop.test")
    expect(page.locator("#composer-text")).to_have_value("")
    assert SECRET not in kept(page)


def fill_in(page, email):
    page.fill("[name=email]", email)
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    expect(page.locator("#line[data-state=live]")).to_be_attached(timeout=10_000)


def test_a_page_that_slept_through_a_change_of_person_becomes_the_next_persons(shop, server, open_page):
    page = open_page(talk(shop, 2))
    write_and_search(page)
    page.context.set_offline(True)  # as a tab that a phone has frozen
    omid = let_omid_in(page, shop, server)

    page.context.set_offline(False)
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")

    expect(page.locator("body")).to_have_attribute("data-operator", str(omid))
    expect(page.locator("#composer-text")).to_have_value("")
    assert SECRET not in kept(page)


def test_it_does_so_before_any_answer_has_come(shop, server, open_page):
    page = open_page(talk(shop, 2))
    write_and_search(page)
    page.route("**/*", lambda route: route.fallback() if route.request.is_navigation_request() else None)
    other_tab = page.context.new_page()
    omid = let_omid_in(page, shop, server)

    other_tab.goto("/settings/notifications")

    expect(page.locator("body")).to_have_attribute("data-operator", str(omid))
    expect(page.locator("#composer-text")).to_have_value("")


def let_omid_in(page, shop, server):
    """Sara's session is over and Omid logs in, in her browser; return his number."""
    with transaction():
        db.session.execute(db.delete(OperatorSession))
        omid = add_operator(Role.AGENT, language="en", email="omid@shop.test", password_hash="!")
    client = FreshClient(shop.app)
    with client.session_transaction() as session:
        session.update({"_user_id": omid.get_id(), "_fresh": True})
    cookie = {"name": "pilito", "value": client.get_cookie("pilito").value}
    page.context.add_cookies([{**cookie, "url": f"http://127.0.0.1:{server.port}"}])
    return omid.id
