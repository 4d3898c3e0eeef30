"""Cells of a CSV as no spreadsheet takes them for a formula: questions, captions and names are written by strangers."""

import re
from typing import Any

# Where a cell begins: at its own beginning; and for a spreadsheet whose lists are separated by another sign than our
# comma (`;` in German, French, Russian, Turkish) behind such a sign or a line's end too: our quotes hold nothing there.
FORMULA = re.compile(r"(?:^|(?<=[;\t\r\n]))(?=[=+\-@\t\r])")
# What a terminal would obey in which somebody looks at the file; a break of a line is none.
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def harmless(cell: Any) -> Any:
    return FORMULA.sub("'", CONTROL.sub(" ", cell)) if isinstance(cell, str) else cell
