"""The benchmark under pressure: its arithmetic, and Rowlock's own programs for some seconds."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from benchmarks import plots
from benchmarks.peers.table import PEERS
from benchmarks.pressure import report
from benchmarks.pressure.__main__ import parser
from benchmarks.pressure.crew import Word
from benchmarks.pressure.scenarios import SCENARIOS
from benchmarks.pressure.systems import NAMES, System, installed
from benchmarks.pressure.trials import peak_of, put_under, quantile, recovery
from tests.support.servers import PostgresServer

BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}
RATE = 200.0
SECONDS = 4.0


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (["--systems", "celery"], "'celery' is none of rowlock-postgresql"),
        (["--scenarios", "calm,storm"], "'storm' is none of calm"),
        (["--seconds", "0"], "0 is less than 1"),
    ],
)
def test_bad_options_are_refused(options, problem, capsys):
    with pytest.raises(SystemExit) as ended:
        parser().parse_args(options)
    assert ended.value.code == 2
    assert problem in capsys.readouterr().err


def test_every_system_is_a_peer_on_postgres():
    engines = {peer.name: peer.engine for peer in PEERS}
    assert {engines[name] for name in NAMES} == {"postgresql"}


def test_a_quantile_counts_what_is_below_it():
    counts = {1.0: 50, 2.0: 49, 900.0: 1}
    assert quantile(counts, 0.5) == 1.0
    assert quantile(counts, 0.99) == 2.0
    assert quantile(counts, 1.0) == 900.0
    assert quantile({}, 0.5) is None


def words(*counts: tuple[float, int]) -> list[Word]:
    return [Word(at, {"started": count}) for at, count in counts]


def test_recovery_ends_with_the_first_second_that_keeps_up():
    said = words((10.0, 100), (11.0, 0), (12.0, 30), (13.0, 91), (14.0, 100))
    assert recovery(said, [10.2], rate=100.0) == pytest.approx(2.8)


def test_a_second_that_began_before_the_blow_is_no_recovery():
    assert recovery(words((10.0, 100), (11.0, 100)), [10.2], rate=100.0) is None
    assert recovery(words((10.0, 100)), [], rate=100.0) is None


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    """A server that can be crashed."""
    with PostgresServer() as server:
        yield server


@pytest.fixture(scope="module")
def rowlock() -> System:
    """Rowlock's own programs, which need nothing installed."""
    return installed("rowlock-postgresql")


@pytest.mark.processes
@pytest.mark.parametrize(
    "name",
    [
        "kills",
        "restart",
        *(
            pytest.param(name, marks=pytest.mark.acceptance)
            for name in ("calm", "idle-transaction", "readers")
        ),
    ],
)
def test_a_trial_has_every_figure(rowlock, server, name):
    found = put_under(rowlock, BY_NAME[name], server, RATE / BY_NAME[name].load, SECONDS)
    assert found["rate"] == pytest.approx(RATE)
    assert found["started"] > 0
    assert found["made_per_second"] > 0
    assert 0 < found["p50_ms"] <= found["p99_ms"]
    assert found["wal_bytes_per_task"] > 0
    assert found["left"] is not None
    assert (found["worker_starts"] > 1) == (name == "kills")
    document = json.loads(json.dumps({name: {"rowlock-postgresql": found}}))
    assert "rowlock-postgresql" in report.table({"rowlock-postgresql": 1.0}, document, {})
    [chart] = report.charts(document)
    assert plots.svg(chart).startswith("<svg")


@pytest.mark.acceptance
def test_a_peak_is_found(rowlock, server):
    assert peak_of(rowlock, server, seconds=2, halvings=1) > 0
