"""All pages of the panel that one goes to by name: navigations, settings and the command bar read this list."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from flask_babel import LazyString
from flask_babel import lazy_gettext as _
from flask_login import current_user

from pilito.blueprints.panel import bp
from pilito.lifecycle import Role


class Group(StrEnum):
    """Where a page stands."""

    MAIN = "main"  # in the rail, and on top of every page
    YOU = "you"  # in the settings
    SHOP = "shop"
    SYSTEM = "system"


GROUPS: dict[Group, LazyString] = {Group.YOU: _("You"), Group.SHOP: _("The shop"), Group.SYSTEM: _("The system")}


@dataclass(frozen=True)
class Page:
    """`name` is what the page's template calls itself in `here`; `role` is the least that may open it."""

    name: str
    endpoint: str
    icon: str
    title: LazyString
    group: Group = Group.MAIN
    role: Role = Role.VIEWER
    about: LazyString | str = ""  # one line in the settings


PAGES: Sequence[Page] = (
    Page("conversations", "panel.show_list", "chat", _("Conversations")),
    Page("comments", "panel.show_comments", "comment", _("Comments")),
    Page("posts", "panel.show_posts", "post", _("Posts")),
    Page("catalogue", "panel.show_catalogue", "product", _("Catalogue")),
    Page("knowledge", "panel.show_knowledge", "question", _("Knowledge")),
    Page("analytics", "panel.show_analytics", "chart", _("Analytics")),
    Page("settings", "panel.show_settings", "settings", _("Settings")),
    Page(
        "profile",
        "panel.show_profile",
        "person",
        _("Profile"),
        Group.YOU,
        about=_("Name, e-mail, language, look, calendar, digits."),
    ),
    Page(
        "security",
        "panel.show_security",
        "phone",
        _("Security"),
        Group.YOU,
        about=_("Password, second step, and where you are logged in."),
    ),
    Page(
        "notifications",
        "panel.show_notification_settings",
        "bell",
        _("Notifications"),
        Group.YOU,
        about=_("Browser, sound, quiet hours, mail."),
    ),
    Page(
        "first_steps",
        "panel.show_first_steps",
        "check",
        _("First steps"),
        Group.SHOP,
        Role.ADMIN,
        _("Connect, bring your catalogue, try the assistant, switch it on, invite."),
    ),
    Page(
        "accounts",
        "panel.show_inboxes",
        "link",
        _("Accounts"),
        Group.SHOP,
        Role.ADMIN,
        _("Connect and check accounts; the assistant of each, its instructions and its playground."),
    ),
    Page(
        "team",
        "panel.show_team",
        "team",
        _("Team"),
        Group.SHOP,
        Role.ADMIN,
        _("Who may log in, and as what: invite, change roles, deactivate."),
    ),
    Page(
        "canned",
        "panel.show_canned",
        "stroke",
        _("Canned replies"),
        Group.SHOP,
        Role.AGENT,
        _("What you write again and again, under a short word: type / in a reply."),
    ),
    Page(
        "labels",
        "panel.show_labels",
        "label",
        _("Labels"),
        Group.SHOP,
        Role.ADMIN,
        _("Words on conversations: named, coloured, merged, deleted."),
    ),
    Page(
        "tokens",
        "panel.show_tokens",
        "key",
        _("API tokens"),
        Group.SYSTEM,
        Role.ADMIN,
        _("By which other programs read and answer conversations."),
    ),
    Page(
        "audit",
        "panel.show_audit",
        "log",
        _("Audit log"),
        Group.SYSTEM,
        Role.ADMIN,
        _("Who did what, when, and from where."),
    ),
    Page(
        "health",
        "panel.show_health",
        "pulse",
        _("Health"),
        Group.SYSTEM,
        Role.ADMIN,
        _("Processes and queues, what could not be read, replies whose fate nobody knows, cost."),
    ),
    Page(
        "jobs",
        "rq_dashboard.queues_overview",
        "clock",
        _("Jobs"),
        Group.SYSTEM,
        Role.ADMIN,
        _("Every queue and its jobs, one by one."),
    ),
)


@bp.app_context_processor
def page_list() -> dict[str, Any]:
    return {"pages_of": pages_of, "page_groups": GROUPS, "settings_pages": settings_pages}


def pages_of(group: str) -> list[Page]:
    """The pages of a group that this person may open."""
    return [page for page in PAGES if page.group == group and current_user.may(page.role)]


def settings_pages() -> set[str]:
    """The names of the pages that stand under Settings."""
    return {page.name for page in PAGES if page.group is not Group.MAIN} | {"settings"}
