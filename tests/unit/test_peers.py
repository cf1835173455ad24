"""The table of peers and its arithmetic; nothing is installed or started."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.peers import environments, report
from benchmarks.peers.__main__ import parser
from benchmarks.peers.runs import Outcome, RunFailedError, figures_from, round_robin
from benchmarks.peers.table import PEERS, WORKLOADS, baseline_of

BY_NAME = {peer.name: peer for peer in PEERS}
PAIR = [BY_NAME["rowlock-postgresql"], BY_NAME["pgqueuer-10"]]
NEVER = lambda: False  # noqa: E731 - shorter than what it says


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (["--peers", "huey-redis,nonsense"], "'nonsense' is none of"),
        (["--peers", ""], "names nothing"),
        (["--workloads", "sleep"], "'sleep' is none of bulk, single, drain, latency"),
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


def test_a_run_that_did_not_do_all_has_no_figure():
    said = {"seconds": 2.0, "done": 9, "left": 0}
    with pytest.raises(RunFailedError, match="9 of 10 tasks done"):
        figures_from("drain", 10, said)
    with pytest.raises(RunFailedError, match="1 left"):
        figures_from("drain", 10, said | {"done": 10, "left": 1})


def test_a_drain_counts_the_tasks_after_the_first():
    said = {"seconds": 2.0, "done": 11, "left": 0}
    assert figures_from("drain", 11, said) == {"per_second": 5.0}
    assert figures_from("bulk", 11, said) == {"per_second": 5.5}


def test_peers_take_turns_and_one_that_fails_is_left_out():
    turns = []

    def run(peer, workload):
        turns.append((workload, peer.name))
        if peer is PAIR[1] and workload == "drain":
            raise RunFailedError("lost one")
        return {"per_second": 1.0}

    outcomes = {peer.name: Outcome() for peer in PAIR}
    round_robin(PAIR, ["bulk", "drain"], 2, run, outcomes, NEVER)
    rowlock, other = (peer.name for peer in PAIR)
    first = [("bulk", rowlock), ("bulk", other), ("drain", rowlock), ("drain", other)]
    assert turns == [*first, *first[:3]]
    assert outcomes[other].errors == {"drain": "lost one"}
    assert len(outcomes[rowlock].figures["drain"]) == 2


def test_after_its_time_nothing_is_started():
    outcomes = {peer.name: Outcome() for peer in PAIR}

    def run(peer, workload):
        pytest.fail("started")

    round_robin(PAIR, ["bulk"], 1, run, outcomes, lambda: True)
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
            {"bulk": "not installed"},
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
    assert "failed" in text
    assert json.loads(json.dumps(found)) == found
