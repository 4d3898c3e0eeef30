"""The units' own commands serve a shop, and every command of the guide runs there as it is printed."""

import functools
import json
import os
import re
import shutil
from pathlib import Path

import pytest
from installation import Installation

ROOT = Path(__file__).parents[2]
GUIDES = [ROOT / "docs" / "deployment.en.md", ROOT / "docs" / "deployment.fa.md"]
BLOCK = re.compile(r"(?:<!-- needs: ([\w-]+) -->\n)?```(sh|python)\n(.*?)\n```", re.DOTALL)
# What must be there, and is not started by us: read by test_files.py, and never run here.
READ_ONLY = {"docker", "systemd"}
# Programs that a machine may lack: those blocks run where they are.
PROGRAMS = {"redis-cli": "redis-cli", "psql": "psql"}
JSON_LIST = re.compile(r"^\[.*", re.MULTILINE | re.DOTALL)  # behind what the same block has printed before

pytestmark = [pytest.mark.timeout(240), pytest.mark.whole]


def blocks(guide):
    return [(needs, language, body) for needs, language, body in BLOCK.findall(guide.read_text(encoding="utf-8"))]


@pytest.fixture(scope="module")
def installed(tmp_path_factory, postgres_url):
    installation = Installation(tmp_path_factory.mktemp("installed"), postgres_url)
    with installation.running():
        installation.token = installation.flask("token", "add", "deployment").strip()
        yield installation


@pytest.fixture(scope="module")
def played(installed):
    """The guide's three scenarios."""
    asks, shares, greets = (installed.new_customer() for _ in range(3))
    for customer, kind, fields in (
        (asks, "ig_post", {"post_id": "dress"}),
        (asks, "text", {"text": "این لباس چقدره؟"}),
        (shares, "ig_reel", {"post_id": "bag"}),
        (greets, "text", {"text": "سلام"}),
    ):
        installed.control("send", customer=customer, kind=kind, **fields)
    installed.wait_for(lambda: installed.got(asks) and installed.got(greets))
    installed.wait_for(lambda: "⏰ Timeout for share" in installed.output())
    return {"asks": asks, "shares": shares, "greets": greets}


def lines(installed):
    """The JSON lines of all processes."""
    return [json.loads(line) for line in installed.output().splitlines() if line.startswith("{")]


def test_the_three_scenarios_end_as_the_guide_tells(installed, played):
    assert {who: len(installed.got(customer)) for who, customer in played.items()} == {
        "asks": 1,
        "shares": 0,
        "greets": 1,
    }
    said = "\n".join(line["message"] for line in lines(installed))
    for start in (
        "📱 Instagram share received from",
        "⏳ Instagram share detected",
        "✅ Combined share",
        "⏰ Timeout for",
    ):
        assert start in said
        assert start in GUIDES[0].read_text(encoding="utf-8")
    assert said.count("✅ Combined share + question for AI processing") == 1


@pytest.fixture(scope="module")
def run_block(installed, played):
    """`run_block(language, body)`: what came of the block, which runs once, after the scenarios."""

    @functools.cache
    def run(language, body):
        env = {"TOKEN": installed.token}
        if language == "python":
            return installed.run(["flask", "shell"], stdin=body + "\n", **env)
        # As a person types them, one after the other; a failure stops.
        return installed.run(["bash", "-e", "-o", "pipefail", "-c", body], **env)

    return run


# The Persian guide has the same commands (below), so they run once.
@pytest.mark.parametrize(
    ("needs", "language", "body"),
    [block for block in blocks(GUIDES[0]) if block[0] not in READ_ONLY],
    ids=lambda part: re.sub(r"\W+", "-", part)[:40] or "any",
)
def test_a_command_of_the_guide_runs(run_block, needs, language, body):
    program = PROGRAMS.get(needs)
    if program and not shutil.which(program):
        pytest.skip(f"{program} is not installed here.")

    done = run_block(language, body)

    assert done.returncode == 0, f"{body}\n{done.stdout}\n{done.stderr}"
    assert "Traceback" not in done.stdout + done.stderr


def test_what_the_commands_print_is_what_the_guide_says(run_block):
    doctor = json.loads(JSON_LIST.search(run_block(*guide_block("flask doctor --json")).stdout)[0])
    stats = json.loads(run_block(*guide_block("/api/v1/stats")).stdout)
    queues = run_block(*guide_block("rq info")).stdout
    query = run_block(*guide_block("Message.query.filter_by")).stdout

    assert [finding for finding in doctor if not finding["ok"]] == []
    assert (stats["shares"]["received"], stats["shares"]["combined"], stats["shares"]["expired"]) == (2, 1, 1)
    assert all(name in queues for name in ("receive", "replies", "deliveries", "shares"))
    assert "2" in query


def guide_block(word):
    return next((language, body) for needs, language, body in blocks(GUIDES[0]) if word in body and needs == "")


def test_one_id_leads_from_the_webhook_to_the_delivery(installed, played):
    """The share's question, its answer and its delivery carry the id of the webhook that brought the question."""
    combined = next(line for line in lines(installed) if line["message"].startswith("✅ Combined"))
    assert re.fullmatch(r"webhook-\d+", combined["trace"])

    def is_delivered():
        same = [line["message"] for line in lines(installed) if line.get("trace") == combined["trace"]]
        return any(re.fullmatch(r"Delivery \d+ was sent in conversation \d+\.", message) for message in same)

    installed.wait_for(is_delivered)  # the line is written after the customer has the answer


def test_a_restart_of_everything_keeps_the_waiting_share(installed, played):
    customer = installed.new_customer()
    installed.control("send", customer=customer, kind="ig_post", post_id="dress")
    installed.wait_for(lambda: '"waiting"' in json.dumps(stats_of(installed)) and stats_of(installed)["waiting"] == 1)

    installed.restart("worker", "scheduler")
    installed.wait_for(lambda: stats_of(installed)["waiting"] == 0)

    assert installed.got(customer) == []


def stats_of(installed):
    import requests

    headers = {"Authorization": f"Bearer {installed.token}"}
    return requests.get(f"{installed.base}/api/v1/stats", headers=headers, timeout=5).json()["shares"]


# --- the two languages -----------------------------------------------------------------------------------------------


def test_both_guides_have_the_same_commands_and_sections():
    english, persian = (guide.read_text(encoding="utf-8") for guide in GUIDES)

    assert blocks(GUIDES[0]) == blocks(GUIDES[1])
    assert len(blocks(GUIDES[0])) > 15
    for level in ("## ", "### ", "- [ ] ", "| "):
        count = [sum(line.startswith(level) for line in text.splitlines()) for text in (english, persian)]
        assert count[0] == count[1], level


def test_no_command_of_the_guide_is_left_out():
    for guide in GUIDES:
        fenced = re.findall(r"```(sh|python)\n", guide.read_text(encoding="utf-8"))
        assert len(fenced) == len(blocks(guide))
        assert {needs for needs, *_ in blocks(guide)} <= {"", *READ_ONLY, *PROGRAMS}
    assert os.access(ROOT / "docs" / "deployment.en.md", os.R_OK)
