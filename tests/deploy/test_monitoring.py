"""Dashboard and alerts look at metrics that exist, with the four of the share feature first; counters never step back."""

import json
import re
import shutil
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families
from rows import NOON, FreshClient, add, add_answer, add_conversation, add_inbox, add_share, add_turn, add_webhook

from pilito import keys
from pilito.database import transaction
from pilito.lifecycle import EventOutcome, ShareState, TurnState, WebhookState
from pilito.models import Backup, Share, db

ROOT = Path(__file__).parents[2]
DASHBOARD = ROOT / "deploy" / "grafana" / "pilito.json"
ALERTS = ROOT / "deploy" / "prometheus" / "alerts.yml"
FOUR = (
    "pilito_share_messages_total",
    "pilito_share_timeouts_total",
    "pilito_share_combined_total",
    "pilito_pending_share_cache_hits_total",
)
METRIC = re.compile(r"\bpilito_[a-z_]+")
LABELS = re.compile(r"\b(pilito_[a-z_]+)\{([^}]*)\}")

pytestmark = pytest.mark.sqlite_only


def panels():
    return [panel for panel in json.loads(DASHBOARD.read_text())["panels"] if panel["type"] != "row"]


def rules():
    return [rule for group in yaml.safe_load(ALERTS.read_text())["groups"] for rule in group["rules"]]


def expressions():
    return [target["expr"] for panel in panels() for target in panel["targets"]] + [rule["expr"] for rule in rules()]


def scrape(app):
    text = FreshClient(app).get("/metrics").text
    return [sample for family in text_string_to_metric_families(text) for sample in family.samples]


@pytest.fixture
def full(app):
    """A shop in which every metric has something to say."""
    with transaction():
        inbox = add_inbox(token_expires_at=NOON + timedelta(days=30), last_webhook_at=NOON)
        conversation = add_conversation(inbox)
        add_share(conversation, ShareState.EXPIRED)
        add_turn(conversation, TurnState.HANDED_OVER, ended_why="model_failed")
        add_answer(conversation, 4.0)
        add_webhook(WebhookState.READ, (EventOutcome.FAILED,))
        add(Backup(name="b", began_at=NOON, finished_at=NOON, is_encrypted=False))
    app.extensions["pilito_redis"].hset(keys.SIGNALS_COUNT, "typing:sent", 1)
    return app


def test_every_metric_of_dashboard_and_alerts_exists(full):
    there = {sample.name for sample in scrape(full)} | families(full)
    used = {name for expression in expressions() for name in METRIC.findall(expression)}

    assert len(used) > 15
    assert used <= there


def families(app):
    """Also those without a sample yet, by their TYPE line."""
    text = FreshClient(app).get("/metrics").text
    return {
        f"{name}_total" if kind == "counter" and not name.endswith("_total") else name
        for name, kind in re.findall(r"^# TYPE (\S+) (\w+)$", text, re.MULTILINE)
    }


def test_every_label_of_dashboard_and_alerts_exists(full):
    labels = {}
    for sample in scrape(full):
        labels.setdefault(sample.name, set()).update(sample.labels)

    for expression in expressions():
        for name, inside in LABELS.findall(expression):
            assert set(re.findall(r"(\w+)=", inside)) <= labels[name] | {"job"}, expression


def test_the_four_of_the_share_feature_come_first():
    first = [panel["targets"][0]["expr"] for panel in panels()[:4]]

    assert [name for name, expression in zip(FOUR, first, strict=True) if name in expression] == list(FOUR)
    assert [group["name"] for group in yaml.safe_load(ALERTS.read_text())["groups"]][0] == "shares"


def test_panels_do_not_lie_on_each_other_and_have_ids_of_their_own():
    places = [panel["gridPos"] for panel in json.loads(DASHBOARD.read_text())["panels"]]
    cells = [(x, y) for p in places for x in range(p["x"], p["x"] + p["w"]) for y in range(p["y"], p["y"] + p["h"])]

    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) < 24


def test_every_alert_says_what_to_do_and_has_a_name_of_its_own():
    names = [rule["alert"] for rule in rules()]

    assert len(names) == len(set(names)) > 15
    for rule in rules():
        assert rule["annotations"]["summary"].endswith("."), rule["alert"]
        assert rule["annotations"]["action"], rule["alert"]
        assert rule["labels"]["severity"] in ("info", "warning", "critical")


@pytest.mark.skipif(not shutil.which("promtool"), reason="promtool (Prometheus) is not installed here.")
def test_prometheus_takes_the_files():
    for words in (("check", "rules", ALERTS), ("check", "config", ALERTS.with_name("prometheus.yml"))):
        done = subprocess.run(["promtool", *words], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


# --- counters never step back ----------------------------------------------------------------------------------------


def value(app, name):
    return next(sample.value for sample in scrape(app) if sample.name == name)


def test_a_late_question_does_not_make_the_timeouts_step_back(full):
    before = value(full, "pilito_share_timeouts_total")
    with transaction():
        db.session.scalars(db.select(Share)).one().state = ShareState.COMBINED
    after = value(full, "pilito_share_timeouts_total")
    with transaction():
        add_share(add_conversation(), ShareState.EXPIRED)
    later = value(full, "pilito_share_timeouts_total")

    assert (before, after, later) == (1, 1, 2)
    assert value(full, "pilito_share_combined_total") == 1


def test_an_erased_customer_does_not_make_the_counters_step_back(full):
    messages, took = value(full, "pilito_share_messages_total"), value(full, "pilito_reply_seconds_count")
    from pilito.conversations.erase import erase_customer
    from pilito.models import Customer

    erase_customer(db.session.scalars(db.select(Customer.id)).first(), NOON)

    assert value(full, "pilito_share_messages_total") == messages == 1
    assert value(full, "pilito_reply_seconds_count") == took == 1


def test_an_older_scrape_that_comes_last_adds_nothing(full):
    from prometheus_client.metrics_core import CounterMetricFamily

    from pilito.blueprints import metrics

    def show(count, scrape):
        (family,) = metrics._steady([CounterMetricFamily("pilito_x", "x", value=count)], scrape)
        return family.samples[0].value

    full.extensions["pilito_redis"].delete("pilito:metrics")
    shown = [show(10, 2), show(9, 1), show(11, 3), show(4, 4), show(5, 5)]

    assert shown == [10, 10, 11, 11, 12]
