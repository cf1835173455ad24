"""The programs that need nothing installed, run as the benchmarks run them, with few tasks."""

from __future__ import annotations

import os
import time
from dataclasses import replace

import pytest

from benchmarks.peers import runs
from benchmarks.peers.environments import command_of
from benchmarks.peers.runs import RunFailedError, run_once
from benchmarks.peers.table import PEERS
from benchmarks.peers.workloads import WORKLOADS
from tests.support.databases import fresh_database

pytestmark = pytest.mark.processes

BY_NAME = {peer.name: peer for peer in PEERS}
WORKLOAD = {workload.name: replace(workload, quick=20) for workload in WORKLOADS}


def run(peer: str, workload: str, url: str) -> dict[str, float]:
    chosen = BY_NAME[peer]
    return run_once(command_of(chosen), chosen, WORKLOAD[workload], url, quick=True)


@pytest.mark.parametrize(
    "workload", ["bulk", "single-100", "single-blocking", "drain-10kb", "drain-threads", "flow-2"]
)
def test_rowlock_does_every_task_of_a_workload(workload, tmp_path):
    figures = run("rowlock-sqlite", workload, f"sqlite:///{tmp_path / 'bench.db'}")
    assert figures["per_second"] > 0


def test_a_loaded_worker_starts_what_is_measured_and_what_is_not(tmp_path):
    figures = run("rowlock-sqlite", "loaded", f"sqlite:///{tmp_path / 'bench.db'}")
    assert 0 < figures["p50_ms"] <= figures["p99_ms"]


def test_the_floor_on_sqlite_does_every_task(tmp_path):
    assert run("sqlite3", "drain", f"sqlite:///{tmp_path / 'bench.db'}")["per_second"] > 0


@pytest.mark.parametrize("workload", ["drain-10", "single-blocking"])
def test_the_floor_on_postgres_does_every_task(workload, postgres_server):
    with fresh_database(postgres_server) as url:
        assert run("bare-sql", workload, url)["per_second"] > 0


def test_a_program_that_does_not_end_is_killed_with_its_processes(monkeypatch):
    monkeypatch.setattr(runs, "RUN_SECONDS", 1)
    started = time.monotonic()
    # The shell's own child keeps its output open.
    with pytest.raises(RunFailedError, match="not done within 1 s"):
        runs._said(["sh", "-c", "sleep 60 & sleep 60"], dict(os.environ))
    assert time.monotonic() - started < 30


def test_a_program_that_fails_says_why():
    with pytest.raises(RunFailedError, match="unable to open database file"):
        run("sqlite3", "drain", "sqlite:////nowhere/bench.db")
