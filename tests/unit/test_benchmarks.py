"""The benchmarks' own command line; their figures are looked at by people."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import live

ROOT = Path(__file__).parents[2]


def test_an_engine_that_is_none_is_refused_before_anything_is_measured():
    ended = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--engines", "sqlite,nonsense"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 2
    assert "'nonsense' is none of postgresql, sqlite, mariadb" in ended.stderr
    assert "measuring" not in ended.stderr


@pytest.mark.processes
def test_live_events_reach_every_reader(monkeypatch):
    monkeypatch.delenv("ROWLOCK_BENCH_POSTGRES", raising=False)
    found = live.run(streams=3, rate=100, seconds=0.5)
    assert found["events"] > 0
    assert found["received_least"] == found["received_most"] == found["events"]
    assert "live: streams" in live.table(found)
