"""The table of peers and its arithmetic; nothing is installed or started."""

from __future__ import annotations

import ast
import json
import re
import sys
from dataclasses import fields, replace
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

from benchmarks.peers import environments, report
from benchmarks.peers.__main__ import parser
from benchmarks.peers.runs import (
    NO_TURN,
    Outcome,
    RunFailedError,
    asked,
    figures_from,
    round_robin,
)
from benchmarks.peers.table import PEERS, baseline_of
from benchmarks.peers.workloads import WORKLOADS
from rowlock.storage import postgres
from rowlock.storage.catalog import Catalog

ROOT = Path(__file__).parents[2]
BY_NAME = {peer.name: peer for peer in PEERS}
WORKLOAD = {workload.name: workload for workload in WORKLOADS}
DRAIN, BULK = WORKLOAD["drain"], WORKLOAD["bulk"]
PAIR = [BY_NAME["rowlock-postgresql"], BY_NAME["pgqueuer-10"]]
NEVER = lambda: False  # noqa: E731 - shorter than what it says


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (["--peers", "huey-redis,nonsense"], "'nonsense' is none of"),
        (["--peers", ""], "names nothing"),
        (["--workloads", "sleep"], "'sleep' is none of drain, bulk, single, latency"),
        (["--rounds", "0"], "0 is less than 1"),
        (["--minutes", "soon"], "invalid positive value"),
    ],
)
def test_bad_options_are_refused(options, problem, capsys):
    with pytest.raises(SystemExit) as ended:
        parser().parse_args(options)
    assert ended.value.code == 2
    assert problem in capsys.readouterr().err


def test_every_peer_has_its_files_and_a_baseline():
    assert len(BY_NAME) == len(PEERS)
    for peer in PEERS:
        assert (environments.PROGRAMS / peer.program).exists()
        assert baseline_of(peer) in BY_NAME
        assert peer.gives_up
        pinned = Path(environments.HERE)
        if peer.is_npm:
            lock = json.loads((pinned / "npm" / peer.pins / "package-lock.json").read_text())
            assert f"node_modules/{peer.pins}" in lock["packages"]
        elif peer.pins:
            lines = (pinned / "pins" / f"{peer.pins}.txt").read_text().split()
            assert all("==" in line for line in lines)
            assert any(line.startswith(f"{peer.pins}==") for line in lines)


def test_every_peer_does_known_workloads_and_rowlock_all_of_them():
    for peer in PEERS:
        assert set(peer.workloads) <= set(WORKLOAD)
        assert len(set(peer.workloads)) == len(peer.workloads)
    assert set(BY_NAME["rowlock-postgresql"].workloads) == set(WORKLOAD)


def test_no_pinned_file_names_a_place_to_install_from():
    here = environments.HERE
    for pins in (here / "pins").glob("*.txt"):
        assert "/" not in pins.read_text("utf-8")
    for lock in (here / "npm").glob("*/package-lock.json"):
        packages = json.loads(lock.read_text("utf-8"))["packages"]
        assert all("resolved" not in package for package in packages.values())
        assert all("integrity" in packages[name] for name in packages if name)


def test_nothing_is_pinned_or_programmed_that_the_table_lacks():
    here = environments.HERE
    pinned = {path.stem for path in (here / "pins").glob("*.txt")}
    pinned |= {path.name for path in (here / "npm").iterdir()}
    assert pinned == {peer.pins for peer in PEERS if peer.pins}
    programs = {path.name for path in environments.PROGRAMS.glob("with_*")}
    assert programs == {peer.program for peer in PEERS}


@pytest.mark.parametrize(
    "file", sorted(environments.PROGRAMS.glob("*.py")), ids=lambda one: one.name
)
def test_programs_of_peers_import_the_contract_the_standard_library_and_their_peer(file):
    ours = {path.stem for path in environments.PROGRAMS.glob("*.py")}
    imported = set()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            imported |= {name.name.split(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add(str(node.module).split(".")[0])
    others = imported - ours - set(sys.stdlib_module_names)
    pins = {peer.pins for peer in PEERS if peer.program == file.name}
    if not file.name.startswith("with_"):
        assert not others
    elif pins == {""}:
        assert others <= {"rowlock", "psycopg", "tests"}
    else:
        pinned = (environments.HERE / "pins" / f"{pins.pop()}.txt").read_text("utf-8").lower()
        names = pinned.replace("-", "_")
        assert all(f"{name}==" in names or name == "awa" for name in others)
        assert "rowlock" not in others


def _module(name: str):
    """Import one of the programs' modules, which lie beside each other."""
    sys.path.insert(0, str(environments.PROGRAMS))
    try:
        spec = spec_from_file_location(name, environments.PROGRAMS / f"{name}.py")
        assert spec is not None
        assert spec.loader is not None
        module = module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
        return module
    finally:
        sys.path.pop(0)


@pytest.fixture
def modules():
    """Imports the programs' own modules, which are forgotten afterwards: they have common names."""
    before = set(sys.modules)
    yield _module
    for name in set(sys.modules) - before:
        if str(environments.PROGRAMS) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


def test_programs_know_whatever_they_are_told(modules):
    known = {one.name for one in fields(modules("program").Given)}
    kinds = modules("measures").MEASURES
    javascript = "".join(path.read_text("utf-8") for path in environments.PROGRAMS.glob("*.mjs"))
    for workload in WORKLOADS:
        told = asked(BY_NAME["rowlock-postgresql"], workload, "url", quick=True)
        assert set(told) <= known
        assert workload.kind in kinds
        assert re.search(rf"MEASURES = \{{.*\b{workload.kind}\b", javascript)
        for option in {*told} - {"kind", "blocking"}:  # JavaScript has no threads to block
            assert re.search(rf"\b{option}\b", javascript), option


def test_a_slow_peer_has_fewer_tasks_and_one_with_few_threads_no_more_at_once():
    rq = BY_NAME["rq"]
    told = asked(rq, DRAIN, "redis://", quick=False)
    assert (told["tasks"], told["concurrency"]) == (round(DRAIN.tasks * rq.share), 1)
    slow = replace(BY_NAME["oban"], share=0.001)
    assert asked(slow, DRAIN, "postgresql://", quick=True)["tasks"] == 1_000  # of 100 at once
    assert asked(slow, BULK, "postgresql://", quick=True)["tasks"] == 10
    latency = WORKLOAD["latency"]
    assert asked(rq, latency, "redis://", quick=False)["tasks"] == latency.tasks


def test_heavy_workloads_have_fewer_rounds():
    once = WORKLOAD["drain-10kb"]
    turns = []
    outcomes = {PAIR[0].name: Outcome()}

    def run(_, workload):
        turns.append(workload)
        return {"per_second": 1.0}

    round_robin(PAIR[:1], [DRAIN, once], 2, run, outcomes, NEVER)
    assert turns == [DRAIN, once, DRAIN]


def test_a_peer_that_needs_a_later_python_says_so_where_there_is_none(monkeypatch):
    monkeypatch.setenv("ROWLOCK_BENCH_PYTHON", sys.executable)
    later = (sys.version_info[0], sys.version_info[1] + 1)
    with pytest.raises(environments.EnvironmentFailedError, match="ROWLOCK_BENCH_PYTHON"):
        environments._interpreter(later)
    python, version = environments._interpreter(sys.version_info[:2])
    assert (python, version) == (sys.executable, sys.version)


def test_the_floor_gives_pgbench_every_value_that_the_statements_take(modules):
    floor = modules("with_bare_sql")
    catalog = Catalog(Path(postgres.__file__).parent / "sql")
    given = floor.variables(100, "note")
    taken = {"now", *given}
    assert set(catalog.text("claim_tasks").dollar.names) <= taken
    assert set(catalog.text("finish_tasks").dollar.names) <= {*taken, "ids"}  # of what is claimed
    assert set(catalog.text("insert_task").dollar.names) == {
        *floor.INSERTED,
        "id",
        "definition",
        "payload",
    }
    script = floor.script()
    for name in ("claim_tasks", "finish_tasks"):
        assert catalog.text(name).text.splitlines()[-1] in script.replace(":claimed_ids", ":ids")
    assert script.count(":claimed_ids") == 1
    assert ":now" not in script


def test_the_page_on_performance_tells_of_every_peer_and_workload():
    page = (ROOT / "docs/explanation/performance.md").read_text("utf-8")
    for workload in WORKLOADS:
        assert workload.name in page
    for peer in PEERS:
        assert peer.name.split("-")[0] in page.lower()


def test_a_run_that_did_not_do_all_has_no_figure():
    said = {"seconds": 2.0, "done": 9, "left": 0}
    with pytest.raises(RunFailedError, match="9 of 10 tasks done"):
        figures_from(DRAIN, 10, said)
    with pytest.raises(RunFailedError, match="1 left"):
        figures_from(DRAIN, 10, said | {"done": 10, "left": 1})


def test_a_drain_counts_the_tasks_after_the_first():
    said = {"seconds": 2.0, "done": 11, "left": 0}
    assert figures_from(DRAIN, 11, said) == {"per_second": 5.0}
    assert figures_from(BULK, 11, said) == {"per_second": 5.5}


def test_peers_take_turns_and_one_that_fails_is_left_out():
    turns = []

    def run(peer, workload):
        turns.append((workload.name, peer.name))
        if peer is PAIR[1] and workload is DRAIN:
            raise RunFailedError("lost one")
        return {"per_second": 1.0}

    outcomes = {peer.name: Outcome() for peer in PAIR}
    round_robin(PAIR, [BULK, DRAIN], 2, run, outcomes, NEVER)
    rowlock, other = (peer.name for peer in PAIR)
    first = [("bulk", rowlock), ("bulk", other), ("drain", rowlock), ("drain", other)]
    assert turns == [*first, *first[:3]]
    assert outcomes[other].errors == {"drain": "lost one"}
    assert len(outcomes[rowlock].figures["drain"]) == 2


def test_after_its_time_nothing_is_started():
    outcomes = {peer.name: Outcome() for peer in PAIR}

    def run(peer, workload):
        pytest.fail("started")

    round_robin(PAIR, [BULK], 1, run, outcomes, lambda: True)
    assert all("the time was over" in one.errors["bulk"] for one in outcomes.values())


def test_ratios_say_how_much_faster_rowlock_is():
    outcomes = {
        PAIR[0].name: Outcome(
            {
                "drain": [{"per_second": value} for value in (100.0, 300.0, 200.0)],
                "latency": [{"p50_ms": 1.0, "p99_ms": 2.0}],
            }
        ),
        PAIR[1].name: Outcome(
            {"drain": [{"per_second": 50.0}], "latency": [{"p50_ms": 3.0, "p99_ms": 1.0}]},
            {"bulk": "not installed", "single": NO_TURN},
        ),
    }
    found = report.document(PAIR, outcomes, {"cpus": 2})
    assert found["peers"][PAIR[1].name]["rowlock_is_faster_by"] == {
        "drain": {"per_second": 4.0},
        "latency": {"p50_ms": 3.0, "p99_ms": 0.5},
    }
    text = report.table(found, WORKLOADS)
    assert "50 (4.00)" in text
    assert "pgqueuer-10, bulk: not installed" in text
    assert max(map(len, text.splitlines())) < 160
    assert text.count("failed") == text.count("no turn") == 1
    assert json.loads(json.dumps(found)) == found
    assert found["peers"][PAIR[1].name]["version"] == environments.pinned_version(PAIR[1])


def test_the_version_of_a_peer_is_the_pinned_one():
    for peer in PEERS:
        version = environments.pinned_version(peer)
        assert re.fullmatch(r"\d+(\.\d+)+", version) if peer.pins else version == ""
