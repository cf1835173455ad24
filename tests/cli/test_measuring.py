"""`stuck`, and what `stats` says of a time."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from tests.cli.commands import cli, cli_json, error_of


@pytest.fixture
def abandoned(seeded):
    """A running task whose lease ran out."""
    sql = (
        "UPDATE rowlock_task SET state = 'running', token = id, worker = 'box-1', attempt = 1, "
        "started_at = 0, lease_until = 1 WHERE id = ?"
    )
    path = seeded.url.removeprefix("sqlite:///")
    with closing(sqlite3.connect(path)) as connection, connection:
        assert connection.execute(sql, [seeded["queued"]]).rowcount == 1
    return seeded


def test_stuck_lists_what_its_worker_left_behind(abandoned):
    line = cli("stuck", url=abandoned.url).stdout.rstrip("\n").split("\t")
    assert line == [
        abandoned["queued"],
        "add",
        "default",
        "1/2",
        "1970-01-01 00:00:00Z",
        "1970-01-01 00:00:00Z",
        "box-1",
    ]
    table = cli("stuck", url=abandoned.url, env={"FORCE_COLOR": "1"}).stdout
    assert "ran out" in table
    [task] = cli_json("stuck", "--longer-than", "10m", url=abandoned.url)
    assert (task["id"], task["worker"]) == (abandoned["queued"], "box-1")


def test_nothing_is_stuck(seeded):
    result = cli("stuck", url=seeded.url)
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "nothing is stuck\n")


def test_stats_of_a_window_tell_rates_and_durations(seeded):
    document = cli_json("stats", "--window", "24h", url=seeded.url)
    assert [one["queue"] for one in document["queues"]] == ["default", "later"]
    [default, later] = document["throughput"]
    assert default["counts"] == {"succeeded": 1, "failed": 1, "canceled": 0, "expired": 0}
    assert default["per_second"] == pytest.approx(2 / 86_400)
    assert (later["per_second"], later["capped"]) == (0, False)
    assert {one["definition"]: one["failed"] for one in document["definitions"]} == {
        "add": 0,
        "boom": 1,
    }
    assert all(one["p50_seconds"] <= one["longest_seconds"] for one in document["definitions"])


def test_piped_stats_of_a_window_are_lines(seeded):
    queues, definitions = cli("stats", "--window", "1h", url=seeded.url).stdout.split("\n\n")
    assert [line.split("\t")[-1] for line in queues.splitlines()] == ["0.000556", "0"]
    assert [line.split("\t")[:3] for line in definitions.splitlines()] == [
        ["add", "1", "0"],
        ["boom", "1", "1"],
    ]
    table = cli("stats", "--window", "1h", url=seeded.url, env={"FORCE_COLOR": "1"}).stdout
    assert "DONE/S" in table
    assert "P95" in table


@pytest.mark.parametrize(
    ("args", "field"),
    [(["stuck", "--longer-than", "soon"], "longer_than"), (["stats", "--window", "0"], "window")],
)
def test_no_duration_is_refused(seeded, args, field):
    result = cli(*args, "--json", url=seeded.url)
    assert error_of(result.stderr)["detail"]["field"] == field
