"""The benchmark of growth: what it fills tables with, and what it says of its figures."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from benchmarks import plots
from benchmarks.growth import report
from benchmarks.growth.__main__ import NAMES, measure, parser, scale_of
from benchmarks.growth.filling import KINDS, fill
from benchmarks.growth.scale import FULL, QUICK
from benchmarks.growth.sizes import claim_and_settle
from rowlock.model.states import TaskState
from rowlock.model.tasks import TaskFilter
from tests.support.backends import DURABLE

ROOT = Path(__file__).parents[2]
STATES = {
    "waiting": TaskState.QUEUED,
    "scheduled": TaskState.SCHEDULED,
    "finished": TaskState.SUCCEEDED,
}


@pytest.mark.parametrize("backend", DURABLE, indirect=True)
@pytest.mark.parametrize("kind", KINDS)
def test_a_filled_table_has_tasks_of_that_kind(backend, kind):
    fill(backend.storage, backend.url, kind, 3)
    fill(backend.storage, backend.url, kind, 7, since=3)
    found = backend.read(backend.storage.reads.list_tasks, "default", TaskFilter(), limit=50)
    assert [(one.state, one.queue, one.definition) for one in found] == [
        (STATES[kind], "default", "noop")
    ] * 7
    if kind == "waiting":
        claim_and_settle(backend.storage, 7)


@pytest.mark.parametrize("backend", DURABLE, indirect=True)
def test_waiting_tasks_are_spread_over_queues(backend):
    fill(backend.storage, backend.url, "waiting", 6, queues=3)
    counts = backend.read(backend.storage.reads.count_tasks, "default", cap=10)
    assert {one.queue: one.counts[TaskState.QUEUED] for one in counts} == dict.fromkeys(
        ("q0", "q1", "q2"), 2
    )


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (["--engines", "oracle"], "'oracle' is none of"),
        (["--parts", "sizes,nonsense"], "'nonsense' is none of sizes"),
        (["--sizes", "1000,0"], "does not ascend"),
        (["--pinned", "0"], "0 is less than 1"),
        (["--quick", "--full"], "not allowed with"),
    ],
)
def test_bad_options_are_refused(options, problem, capsys):
    with pytest.raises(SystemExit) as ended:
        parser().parse_args(options)
    assert ended.value.code == 2
    assert problem in capsys.readouterr().err


def test_options_change_the_sizes_of_a_length():
    scale = scale_of(parser().parse_args(["--full", "--sizes", "0,5", "--pinned", "7"]))
    assert (scale.sizes, scale.pinned_seconds) == ((0, 5), 7)
    assert scale.churn_seconds == FULL.churn_seconds


def test_what_is_not_flat_is_named():
    rows = [
        {"of": "waiting", "at": 0, "per_second_10": 100.0, "claim_ms_p50_10": 1.0},
        {"of": "waiting", "at": 1_000, "per_second_10": 81.0, "claim_ms_p50_10": 9.0},
        {"of": "waiting", "at": 2_000, "per_second_10": 79.0, "claim_ms_p50_10": 9.0},
        {"of": "finished", "at": 0, "per_second_10": 10.0},
        {"of": "finished", "at": 1_000, "per_second_10": 10.0},
    ]
    found = {"sqlite": {"sizes": rows}}
    assert report.not_flat(found) == ["sqlite, sizes: waiting 2,000, per_second_10: 79%"]
    assert "Less than 80 %" in report.table(found)


def test_a_quick_run_is_told_drawn_and_flat_or_not(tmp_path):
    results = measure(["sqlite"], ["queues", "day"], QUICK)
    queues, day = results["sqlite"]["queues"], results["sqlite"]["day"]
    assert [row["at"] for row in queues] == list(QUICK.queues)
    assert all(row["per_second"] > 0 for row in queues)
    assert [row["at"] for row in day] == list(range(1, QUICK.hours + 1))
    assert day[-1]["tables_mb"] > 0
    assert "sqlite: day" in report.table(results)
    room, speed, spread = report.charts(results)
    assert room["name"] == "growth-sqlite-day-room"
    assert [label for _, label in spread["ticks"]] == [str(at) for at in QUICK.queues]
    assert spread["series"]["sqlite"][0] == (0, 100.0)
    for chart in (room, speed):
        drawn = ET.fromstring(plots.svg(chart))  # noqa: S314 - ours
        assert len(drawn.findall("{*}circle")) == QUICK.hours


def test_speed_at_a_size_is_drawn_in_percent_of_that_at_the_first():
    figures = {"per_second_1000": 50.0, "claim_ms_p50_1000": 3.0, "settle_ms_p50_1000": 4.0}
    rows = [
        {"of": "waiting", "at": 0} | figures,
        {"of": "waiting", "at": 1_000} | figures | {"per_second_1000": 45.0},
    ]
    speed, latency = report.charts({"mariadb": {"sizes": rows}})
    assert speed["ticks"] == [[0, "0"], [1, "1,000"]]
    assert speed["series"] == {"waiting": [(0, 100.0), (1, 90.0)]}
    assert latency["series"] == {
        "claim, waiting": [(0, 3.0), (1, 3.0)],
        "settle, waiting": [(0, 4.0), (1, 4.0)],
    }


def test_files_of_figures_become_drawings(tmp_path):
    chart = {
        "name": "one",
        "title": "a < b",
        "x": "tasks",
        "y": "%",
        "ticks": [[0, "0"], [1, "10,000"]],
        "series": {"waiting": [[0, 100], [1, 97.5]]},
    }
    file = tmp_path / "figures.json"
    file.write_text(json.dumps({"charts": [chart]}))
    command = [sys.executable, "-m", "benchmarks.plots", str(file), "--into", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, timeout=60)
    drawn = ET.parse(tmp_path / "one.svg").getroot()  # noqa: S314 - ours
    texts = [one.text for one in drawn.findall("{*}text")]
    assert {"a < b", "10,000", "waiting", "0", "100"} <= set(texts)


@pytest.mark.parametrize(
    ("low", "high", "steps"),
    [
        (0, 97, [0, 20, 40, 60, 80, 100]),
        (0, 0, [0, 0.2, 0.4, 0.6, 0.8, 1]),
        (1, 24, [0, 5, 10, 15, 20, 25]),
    ],
)
def test_axes_have_round_steps(low, high, steps):
    assert plots.round_steps(low, high) == pytest.approx(steps)


@pytest.mark.acceptance
@pytest.mark.parametrize("engine", ["sqlite", "postgresql", "mariadb"])
def test_every_part_runs_on_every_engine(engine, tmp_path):
    file = tmp_path / "figures.json"
    command = [sys.executable, "-m", "benchmarks.growth", "--quick", "--engines", engine]
    subprocess.run([*command, "--json", str(file)], cwd=ROOT, check=True, timeout=600)
    found = json.loads(file.read_text())
    assert set(found["results"][engine]) == set(NAMES)
    assert found["charts"]
