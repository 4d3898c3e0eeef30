"""What one can do in the panel by keyboard or by name: one list for the keys, their sheet and the command bar.

The scripts bind what each does (static/panel/commands.js). A key is named by its place (`KeyboardEvent.code`), so that
it is the same on a Persian, an Arabic and a Latin layout.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from flask_babel import LazyString, force_locale
from flask_babel import lazy_gettext as _

from pilito.blueprints.i18n import LANGUAGES
from pilito.blueprints.panel import bp
from pilito.queries.panel import Zone


class CommandGroup(StrEnum):
    """Where a command stands in the sheet of keys."""

    FIND = "find"
    MOVE = "move"
    CONVERSATION = "conversation"
    WRITE = "write"
    HELP = "help"


COMMAND_GROUPS: dict[CommandGroup, LazyString] = {
    CommandGroup.FIND: _("Finding"),
    CommandGroup.MOVE: _("Moving about"),
    CommandGroup.CONVERSATION: _("The open conversation"),
    CommandGroup.WRITE: _("Writing"),
    CommandGroup.HELP: _("Help"),
}


@dataclass(frozen=True)
class Command:
    """`keys` are pressed one after the other: `KeyG KeyN`; `Mod+` is Ctrl, or Cmd on a Mac. None: by its name only.
    `also` are words to find it by, beside its title in both languages."""

    name: str
    title: LazyString
    group: CommandGroup
    keys: str = ""
    also: str = ""


COMMANDS: Sequence[Command] = (
    Command("bar", _("Command bar"), CommandGroup.FIND, "Mod+KeyK", "palette go to نوار دستور فرمان برو"),
    Command("search", _("Search everything"), CommandGroup.FIND, "KeyF", "find search پیدا کردن گشتن"),
    Command("find", _("Search this conversation"), CommandGroup.FIND, "Slash", "find within پیدا کردن گشتن"),
    Command("next", _("Next conversation"), CommandGroup.MOVE, "KeyJ", "down بعدی پایین"),
    Command("previous", _("Previous conversation"), CommandGroup.MOVE, "KeyK", "up قبلی بالا"),
    Command("newest", _("To the newest message"), CommandGroup.MOVE, "Shift+KeyJ", "end bottom آخر تازه‌ترین"),
    Command("take_over", _("Take over"), CommandGroup.CONVERSATION, "KeyT", "take over تحویل گرفتن"),
    Command("give_back", _("Give back to the assistant"), CommandGroup.CONVERSATION, "KeyB", "give back سپردن دستیار"),
    Command("close", _("Close"), CommandGroup.CONVERSATION, "KeyE", "close done بستن تمام"),
    Command("aside", _("About the customer"), CommandGroup.CONVERSATION, "KeyI", "customer details مشتری مشخصات"),
    Command("snooze", _("Put off"), CommandGroup.CONVERSATION, "KeyZ", "snooze remind later عقب انداختن یادآوری بعدا"),
    Command("label", _("Label"), CommandGroup.CONVERSATION, "KeyL", "label tag برچسب"),
    Command("assign", _("Assign"), CommandGroup.CONVERSATION, "KeyA", "assign give to سپردن به همکار"),
    Command("unread", _("Mark as unread"), CommandGroup.CONVERSATION, "KeyU", "unread نخوانده"),
    Command("select", _("Choose the conversation"), CommandGroup.MOVE, "KeyX", "select choose انتخاب"),
    Command("reply", _("Write a reply"), CommandGroup.WRITE, "KeyR", "reply write پاسخ نوشتن"),
    Command(
        "retract", _("Take back what was just sent"), CommandGroup.WRITE, "Shift+KeyZ", "undo take back واگرد برگرداندن"
    ),
    Command("note", _("Write a note"), CommandGroup.WRITE, "KeyN", "note team یادداشت نوشتن"),
    Command("keys", _("Keyboard shortcuts"), CommandGroup.HELP, "Shift+Slash", "help keys keyboard کلید میانبر راهنما"),
)
# G and then a letter goes to a zone or a page.
ZONE_KEYS = {
    Zone.OPEN: "KeyG KeyO",
    Zone.NEEDS_YOU: "KeyG KeyN",
    Zone.ASSISTANT: "KeyG KeyA",
    Zone.WAITING: "KeyG KeyW",
    Zone.DONE: "KeyG KeyD",
}
PAGE_KEYS = {
    "conversations": "KeyG KeyG",
    "comments": "KeyG KeyC",
    "posts": "KeyG KeyP",
    "catalogue": "KeyG KeyT",
    "knowledge": "KeyG KeyK",
    "analytics": "KeyG KeyL",
    "settings": "KeyG KeyS",
    "accounts": "KeyG KeyI",
    "health": "KeyG KeyH",
}


@bp.app_context_processor
def command_list() -> dict[str, Any]:
    return {
        "commands": COMMANDS,
        "command_groups": COMMAND_GROUPS,
        "zone_keys": ZONE_KEYS,
        "page_keys": PAGE_KEYS,
        "in_both_languages": in_both_languages,
    }


def in_both_languages(title: LazyString, also: str = "") -> str:
    """What a thing is found by, whatever language the panel speaks: people switch keyboards in the middle of a day."""
    return " ".join([*_titles(title), also]).strip()


def _titles(title: LazyString) -> Sequence[str]:
    now = str(title)
    if now not in _said:
        _said[now] = tuple(_said_in(language, title) for language in LANGUAGES)
    return _said[now]


def _said_in(language: str, title: LazyString) -> str:
    with force_locale(language):
        return str(title)


_said: dict[str, Sequence[str]] = {}  # by what a title says in either of the languages
