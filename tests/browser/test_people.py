"""People in a real browser: whoever is shut out is out at once, while the page stands open."""

from chromium_page import needs_chromium
from playwright.sync_api import expect

from pilito.clock import utc_now
from pilito.lifecycle import Role
from pilito.people import team

pytestmark = needs_chromium


def test_a_deactivated_persons_open_page_leads_to_the_log_in(open_page, operator):
    page = open_page("/conversations/")

    team.deactivate(operator.id, None, utc_now())

    page.wait_for_url("**/login?next=*", timeout=10_000)
    expect(page.locator("[name=password]")).to_be_visible()


def test_a_new_role_brings_the_line_back_by_itself(open_page, operator):
    page = open_page("/conversations/")

    team.change_role(operator.id, Role.VIEWER, None, utc_now())

    expect(page.locator("#line[data-state=live]")).to_be_attached(timeout=10_000)
    assert "/conversations/" in page.url
