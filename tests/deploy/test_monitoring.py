"""The dashboard and the alerts are about metrics and labels that there are."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from rowlock.errors import StorageUnavailableError
from rowlock.http.exposition import exposition
from rowlock.http.observing import Tallies, Trace
from rowlock.model.figures import Figures
from rowlock.model.measures import Run as LastRun
from rowlock.model.measures import Running, durations_of
from rowlock.model.states import TaskState
from rowlock.model.tallies import Counted, Tally, TallyKey
from rowlock.model.tasks import QueueCounts
from rowlock.wire.routes import ROUTES
from tests.docs.pages import DOCS, ROOT

DASHBOARD = ROOT / "deploy" / "grafana" / "rowlock.json"
RULES = ROOT / "deploy" / "prometheus" / "rules.yml"
RULE_TESTS = Path(__file__).with_name("rules.test.yml")
PROMTOOL = shutil.which("promtool")
needs_promtool = pytest.mark.skipif(
    PROMTOOL is None and os.environ.get("CI") != "true", reason="needs promtool"
)
WORDS = {
    "by", "on", "unless", "sum", "max", "rate", "increase", "absent", "histogram_quantile",
}  # fmt: skip
OF_PROMETHEUS = {"up": {"job", "instance"}}


def known() -> dict[str, set[str]]:
    """The labels of every sample that there can be, by its name."""
    second = timedelta(seconds=1)
    figures = Figures(
        namespace="n",
        counts=[QueueCounts(queue="q", paused=False)],
        running=[Running("q", "w", 1, second, 0)],
        ended={"q": {}},
        durations=durations_of([LastRun("d", TaskState.FAILED, second, second)], capped=False),
        schedule_lag=second,
        tallies={TallyKey("n", "q", "d", Counted.ENQUEUED): Tally(1)},
    )
    tallies = Tallies()
    tallies.count(Trace("n", ROUTES[0].name), 200, 0.1)
    tallies.fail(Trace("n"), StorageUnavailableError("gone"))
    text = exposition([figures], lambda: tallies.collect(None), namespaces_left_out=0).decode()
    found: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(text):
        assert family.samples, f"{family.name} has no sample here"
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    return found | OF_PROMETHEUS


KNOWN = known()


def dashboard() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(DASHBOARD.read_text("utf-8"))
    return document


def panels() -> list[dict[str, Any]]:
    return [one for one in dashboard()["panels"] if one["type"] != "row"]


def shown() -> Iterator[tuple[str, str]]:
    """Every expression of the dashboard, and what its lines are called."""
    for panel in panels():
        for target in panel["targets"]:
            yield target["expr"], target["legendFormat"]


def alerts() -> Iterator[str]:
    """Every expression of the rules; whoever reads YAML here would need it for this alone."""
    text = RULES.read_text("utf-8")
    found = re.findall(r"^ {8}expr: (?:\|\n((?: {10}.*\n)+)|(.+)\n)", text, re.MULTILINE)
    assert len(found) == text.count("- alert:")
    yield from (folded or plain for folded, plain in found)


def checked(expression: str) -> set[str]:
    """Check the names in an expression; returns the labels that its result may have."""
    bare = re.sub(r"\[[^\]]*\]", "", expression)
    labels: set[str] = set()
    for name, selector in re.findall(r"(\w+)\{([^}]*)\}", bare):
        assert name in KNOWN, name
        used = set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", selector))
        assert used <= KNOWN[name], (name, used)
    bare = re.sub(r"\{[^}]*\}", "", bare)
    grouped = re.findall(r"\b(?:by|on)\s*\(([^)]*)\)", bare)
    bare = re.sub(r"\b(?:by|on)\s*\([^)]*\)", "", bare)
    names = set(re.findall(r"\b[a-z_]\w*", bare)) - WORDS
    assert names, expression
    assert names <= set(KNOWN), names - set(KNOWN)
    labels = set.union(*(KNOWN[name] for name in names)) | {"instance"}
    for group in grouped:
        wanted = {one.strip() for one in group.split(",")}
        assert wanted <= labels, (expression, wanted)
    return labels


def test_the_dashboard_shows_only_metrics_and_labels_that_there_are():
    for expression, legend in shown():
        labels = checked(expression)
        assert set(re.findall(r"{{(\w+)}}", legend)) <= labels, (expression, legend)


def test_what_is_shown_of_a_line_is_kept_by_its_expression():
    for expression, legend in shown():
        told = set(re.findall(r"{{(\w+)}}", legend))
        first = re.search(r"\bby\s*\(([^)]*)\)", expression)
        kept = set() if first is None else {one.strip() for one in first[1].split(",")}
        assert told <= kept, (expression, legend)


def test_every_metric_is_on_the_dashboard_and_in_the_guide():
    families = {re.sub(r"_(bucket|count|sum)$", "", name) for name in KNOWN} - set(OF_PROMETHEUS)
    text = " ".join(expression for expression, _ in shown())
    guide = (DOCS / "guides" / "monitoring.md").read_text("utf-8")
    assert {name for name in families if name not in text} == set()
    assert {name for name in families if f"`{name}`" not in guide} == set()


def test_alerts_are_about_metrics_and_labels_that_there_are():
    for expression in alerts():
        checked(expression)


def test_a_wrong_name_would_be_found():
    for wrong in (
        "sum(rowlock_nothing)", 'queue_tasks{state="queued"}', "sum by (state) (queue_tasks)",
        "rowlock_nothing{}",
    ):  # fmt: skip
        with pytest.raises(AssertionError):
            checked(wrong)


def test_panels_have_their_own_place_and_number():
    document = dashboard()
    numbers = [panel["id"] for panel in document["panels"]]
    assert len(set(numbers)) == len(numbers)
    cells: set[tuple[int, int]] = set()
    for panel in document["panels"]:
        at = panel["gridPos"]
        assert 0 <= at["x"] <= at["x"] + at["w"] <= 24
        own = {(at["x"] + dx, at["y"] + dy) for dx in range(at["w"]) for dy in range(at["h"])}
        assert not own & cells, panel["title"]
        cells |= own
    variables = {one["name"] for one in document["templating"]["list"]}
    used = set(re.findall(r"\$\{?(\w+)", DASHBOARD.read_text("utf-8")))
    assert used - {"__rate_interval", "__all"} == variables
    for one in document["templating"]["list"]:
        if one["type"] == "query":
            name, label = re.fullmatch(
                r"label_values\((\w+).*, (\w+)\)", one["definition"]
            ).groups()  # type: ignore[union-attr] # checked: it matches
            assert label in KNOWN[name]


def promtool(*words: str) -> None:
    done = subprocess.run(
        [PROMTOOL or "promtool", *words], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr


@needs_promtool
def test_promtool_takes_the_rules_and_they_fire_when_they_should():
    promtool("check", "rules", str(RULES))
    promtool("test", "rules", str(RULE_TESTS))


def test_every_alert_is_seen_firing_and_not_firing():
    names = set(re.findall(r"- alert: (\w+)", RULES.read_text("utf-8")))
    tests = RULE_TESTS.read_text("utf-8")
    silent = set(re.findall(r"^ +- \{eval_time: \w+, alertname: (\w+)\}", tests, re.MULTILINE))
    firing = set(re.findall(r"^ +alertname: (\w+)\n +exp_alerts:", tests, re.MULTILINE))
    assert names == silent == firing


@needs_promtool
def test_promtool_understands_what_the_dashboard_asks(tmp_path: Path):
    rules = [
        {"record": f"panel:{number}", "expr": re.sub(r"\$__rate_interval", "5m", expression)}
        for number, (expression, _) in enumerate(shown())
    ]
    path = tmp_path / "rules.yml"
    path.write_text(json.dumps({"groups": [{"name": "panels", "rules": rules}]}), "utf-8")
    promtool("check", "rules", str(path))
