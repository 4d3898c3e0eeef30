"""Under what licence each package of requirements.lock stands, as it says itself: `make licences`.

Ends with an error where one says nothing, or names a licence that is not in ALLOWED: whoever adds it decides.
"""

import re
import sys
from collections.abc import Iterable
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

LOCK = Path(__file__).resolve().parents[1] / "requirements.lock"
NAME = re.compile(r"^([A-Za-z0-9_.-]+)==", re.MULTILINE)
# What may be run on one's own server and passed on beside Pilito; the last four ask for the source of themselves alone,
# and we change none of them.
ALLOWED = (
    "MIT", "MIT-0", "BSD", "BSD-2-Clause", "BSD-3-Clause", "0BSD", "Apache-2.0", "ISC", "PSF-2.0", "Zlib", "ZPL-2.1",
    "CC0-1.0", "Unlicense", "MPL-2.0", "LGPL", "LGPL-2.0", "LGPL-3.0",
)  # fmt: skip
# How classifiers and older fields call them.
SPELLINGS = {
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD",
    "BSD-derived (http://www.repoze.org/LICENSE.txt)": "BSD",
    "MIT License": "MIT",
    "Python Software Foundation License": "PSF-2.0",
    "ISC License (ISCL)": "ISC",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "GNU Library or Lesser General Public License (LGPL)": "LGPL",
    "GNU Lesser General Public License v2 (LGPLv2)": "LGPL-2.0",
    "GNU Lesser General Public License v3 (LGPLv3)": "LGPL-3.0",
    "LGPL-3.0-only": "LGPL-3.0",
}
# What says nothing in its metadata, and something in the file of its licence.
READ = {"pyrage": "MIT"}


def main() -> int:
    strange = 0
    for name, version, licence in listed():
        mark = "" if is_allowed(licence) else "   <- not among the licences of deploy/licences.py"
        strange += bool(mark)
        print(f"{name:<32}{version:<16}{licence or 'says nothing'}{mark}")
    return 1 if strange else 0


def listed(lock: str | None = None) -> Iterable[tuple[str, str, str]]:
    """Name, version and licence of every locked package that is for this machine."""
    for name in NAME.findall(lock if lock is not None else LOCK.read_text(encoding="utf-8")):
        try:
            package = distribution(name)
        except PackageNotFoundError:
            continue  # of another system
        yield name, package.version, licence_of(package) or READ.get(name, "")


def licence_of(package: Distribution) -> str:
    """As the package says it: in the new field, by its classifiers, or in the old one."""
    told = package.metadata
    if expression := told.get("License-Expression"):
        return _named(str(expression))
    classified = [one.rpartition(" :: ")[2] for one in told.get_all("Classifier", []) if one.startswith("License ::")]
    named = [_named(one) for one in classified if one != "OSI Approved"]
    return " OR ".join(named) or _named((told.get("License") or "").strip().partition("\n")[0])


def is_allowed(licence: str) -> bool:
    """Whether what is said is allowed: one of what may be chosen, all of what holds together."""
    choices = re.split(r"\s+OR\s+", licence.replace("(", "").replace(")", ""))
    return any(all(part in ALLOWED for part in re.split(r"\s+AND\s+", choice)) for choice in choices)


def _named(licence: str) -> str:
    return SPELLINGS.get(licence, licence)


if __name__ == "__main__":
    sys.exit(main())
