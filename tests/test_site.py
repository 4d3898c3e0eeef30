"""The documents make a site in which every link leads somewhere."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
BUILDER = ROOT / "docs" / "site" / "build.py"


@pytest.fixture(scope="module")
def build():
    spec = importlib.util.spec_from_file_location("build_site", BUILDER)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.skipif(not importlib.util.find_spec("zensical"), reason="zensical is not installed here: `make docs`.")
def test_the_site_is_built_and_every_link_leads_somewhere():
    done = subprocess.run([sys.executable, BUILDER], capture_output=True, text=True, timeout=100, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "every link leads somewhere" in done.stdout


def listed(nav):
    for entry in nav:
        for value in entry.values():
            yield from listed(value) if isinstance(value, list) else [value]


def test_every_document_is_in_the_sites_contents():
    nav = set(listed(yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))["nav"]))
    pages = {path.name for path in (ROOT / "docs").glob("*.md")}

    assert nav == pages | {"index.md", "CHANGELOG.md"}


def test_a_link_that_leads_nowhere_is_found(build, tmp_path):
    (tmp_path / "a.html").write_text('<h1 id="top">A</h1><a href="b.html#here">b</a><a href="https://x.test">x</a>')
    (tmp_path / "b.html").write_text('<p id="here"></p><a href="c.html">c</a><a href="a.html#gone">a</a>')

    assert list(build.broken_links(tmp_path)) == ["b.html: c.html", "b.html: a.html#gone"]


def test_links_that_leave_the_documents_keep_their_words(build):
    page = build.with_site_links(ROOT / "docs" / "deployment.en.md", Path("deployment.en.md"))

    assert "(../.env.example)" not in page
    assert ".env.example" in page
    assert "(backup.md)" in page
