"""Make static/vendor/emoji/emoji.json: which emoji the panel offers, and the words that find them in two languages.

    npm pack emojibase-data@17.0.0 cldr-annotations-full@48.2.0, unpack both, then
    python deploy/make_emoji.py EMOJIBASE/package CLDR/package > pilito/static/vendor/emoji/emoji.json

Flags, skin tones, families and professions are left out: nobody in a shop looks for them, and they are two thirds.
"""

import json
import sys
from pathlib import Path
from typing import Any

GROUPS = {
    0: "smileys",
    1: "people",
    3: "nature",
    4: "food",
    5: "travel",
    6: "activities",
    7: "objects",
    8: "symbols",
}
NEWEST = 15  # version of the standard: what telephones of the last years show
JOINED = ("❤️‍🔥", "❤️‍🩹")


def main(emojibase: Path, cldr: Path) -> None:
    known = json.loads((emojibase / "en" / "data.json").read_text())
    persian = json.loads((cldr / "annotations" / "fa" / "annotations.json").read_text())["annotations"]["annotations"]
    groups: dict[str, list[list[str]]] = {name: [] for name in GROUPS.values()}
    for one in sorted(known, key=lambda one: one.get("order", sys.maxsize)):
        if is_offered(one):
            groups[GROUPS[one["group"]]].append(entry(one, persian))
    json.dump(groups, sys.stdout, ensure_ascii=False, separators=(",", ":"))


def is_offered(one: dict[str, Any]) -> bool:
    sign = one["emoji"]
    return one.get("group") in GROUPS and one["version"] <= NEWEST and ("\u200d" not in sign or sign in JOINED)


def entry(one: dict[str, Any], persian: dict[str, Any]) -> list[str]:
    """The sign, all words that find it, its name in English, its name in Persian."""
    sign = one["emoji"]
    told = persian.get(sign.replace("\ufe0f", "")) or persian.get(sign) or {}
    named = told.get("tts", [one["label"]])[:1]
    words = " ".join([one["label"], *one.get("tags", [])[:6], *told.get("default", [])[:8], *named]).split()
    return [sign, " ".join(dict.fromkeys(words)), one["label"], named[0]]


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
