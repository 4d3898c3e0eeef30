"""What one can do in the panel by keyboard or by name: one list for the keys, their sheet and the command bar.

The scripts bind what each does (static/panel/commands.js). A key is named by its place (`KeyboardEvent.code`), so that
it is the same on a Persian, an Arabic and a Latin layout.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from flask_babel import LazyString
from flask_babel import lazy_gettext as _

from pilito.blueprints.panel import bp


class CommandGroup(StrEnum):
    """Where a command stands in the sheet of keys."""

    MOVE = "move"
    CONVERSATION = "conversation"
    WRITE = "write"
    HELP = "help"


COMMAND_GROUPS: dict[CommandGroup, LazyString] = {
    CommandGroup.MOVE: _("Moving about"),
    CommandGroup.CONVERSATION: _("The open conversation"),
    CommandGroup.WRITE: _("Writing"),
    CommandGroup.HELP: _("Help"),
}


@dataclass(frozen=True)
class Command:
    """`keys` are pressed one after the other: `KeyG KeyN`. None: by its name only. `also` are words to find it by."""

    name: str
    title: LazyString
    group: CommandGroup
    keys: str = ""
    also: str = ""  # in both languages, whatever the panel speaks


COMMANDS: Sequence[Command] = (
    Command("take_over", _("Take over"), CommandGroup.CONVERSATION, "KeyT", "take over تحویل گرفتن"),
    Command("give_back", _("Give back to the assistant"), CommandGroup.CONVERSATION, "KeyB", "give back سپردن دستیار"),
    Command("close", _("Close"), CommandGroup.CONVERSATION, "KeyE", "close done بستن تمام"),
    Command("aside", _("About the customer"), CommandGroup.CONVERSATION, "KeyI", "customer details مشتری مشخصات"),
    Command("reply", _("Write a reply"), CommandGroup.WRITE, "KeyR", "reply write پاسخ نوشتن"),
    Command("note", _("Write a note"), CommandGroup.WRITE, "KeyN", "note team یادداشت نوشتن"),
)


@bp.app_context_processor
def command_list() -> dict[str, Any]:
    return {"commands": COMMANDS, "command_groups": COMMAND_GROUPS}
