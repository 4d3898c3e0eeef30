"""Builds the documents' site and checks every link in it: `make docs`."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

ROOT = Path(__file__).resolve().parents[2]
DOCS, WORK, SITE = ROOT / "docs", ROOT / "var" / "docs", ROOT / "site"
# Documents of the root that are pages too, by their names there.
PAGES = {"README.md": "index.md", "CHANGELOG.md": "CHANGELOG.md"}
LINK = re.compile(r"\[([^\]]*)\]\(([^)\s]+)\)")


def main() -> int:
    gather()
    done = subprocess.run(  # noqa: S603  (a program of this environment)
        [str(Path(sys.executable).with_name("zensical")), "build", "--clean", "--strict"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        print(done.stdout + done.stderr, file=sys.stderr)
        return done.returncode
    broken = list(broken_links(SITE))
    print("\n".join(broken) or f"{len(list(SITE.rglob('*.html')))} pages in {SITE}; every link leads somewhere.")
    return 1 if broken else 0


def gather() -> None:
    """Copy the documents, with their links as a site needs them."""
    shutil.rmtree(WORK, ignore_errors=True)
    shutil.copytree(DOCS, WORK, ignore=shutil.ignore_patterns("build.py", "__pycache__"))
    for page in WORK.rglob("*.md"):
        original = DOCS / page.relative_to(WORK)
        page.write_text(with_site_links(original, page.relative_to(WORK)), encoding="utf-8")
    for name, page_name in PAGES.items():
        (WORK / page_name).write_text(with_site_links(ROOT / name, Path(page_name)), encoding="utf-8")


def with_site_links(original: Path, place: Path) -> str:
    """The text of a document, each link turned to where its target is in the site; what is no page keeps its name."""

    def turn(found: re.Match[str]) -> str:
        link = found[2]
        path, mark, anchor = link.partition("#")
        if not path or urlsplit(link).scheme:
            return found[0]
        target = (original.parent / path).resolve()
        address = _address(target, place)
        return f"[{found[1]}]({address}{mark}{anchor})" if address else found[1]

    text = original.read_text(encoding="utf-8")
    # Markdown inside a block of another direction; GitHub does it unasked.
    return LINK.sub(turn, text).replace('<div dir="rtl">', '<div dir="rtl" markdown>')


def _address(target: Path, place: Path) -> str | None:
    up = "../" * (len(place.parts) - 1)
    if target.parent == ROOT and target.name in PAGES:
        return up + PAGES[target.name]
    if target.is_relative_to(DOCS) and target.is_file():
        return up + target.relative_to(DOCS).as_posix()
    return None


class _Page(HTMLParser):
    """What a page links to, and the anchors it has."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.anchors: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.anchors |= {value for name in ("id", "name") if (value := given.get(name))}
        link = given.get("href") if tag in ("a", "link") else given.get("src")
        if link:
            self.links.append(link)


def broken_links(site: Path) -> Iterator[str]:
    """Every link inside the site that leads nowhere, as "page: link"."""
    pages = {}
    for path in site.rglob("*.html"):
        pages[path] = page = _Page()
        page.feed(path.read_text(encoding="utf-8"))
    for path, page in pages.items():
        if path.name == "404.html":
            continue  # shown at any address, so its links are the site's root's
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            target = target / "index.html" if target.is_dir() else target
            anchor = unquote(parts.fragment)
            known = pages[target].anchors if target in pages else set()
            if not target.exists() or (anchor and target in pages and anchor not in known | {"__skip"}):
                yield f"{path.relative_to(site)}: {link}"


if __name__ == "__main__":
    raise SystemExit(main())
