"""`rowlock doctor`: what is wrong is found, and said with what to do."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from rowlock import Rowlock
from rowlock.cli.checks import clock_finding, findings
from rowlock.cli.findings import Verdict
from tests.cli.commands import cli, cli_json


def execute(path: Path, sql: str, *values: object) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(sql, values)


def verdicts(url: str, *options: str) -> dict[str, str]:
    return {one["check"]: one["verdict"] for one in cli_json("doctor", *options, url=url)}


def test_a_healthy_database_is_ok(seeded):
    found = verdicts(seeded.url)
    assert found.pop("engine") in {"ok", "warn"}  # the library of this Python may be old
    assert set(found.values()) == {"ok"}
    assert {"connection", "clock", "schema", "checksums", "queues", "leases"} == set(found)


def test_each_line_says_what_is_so(seeded):
    lines = cli("doctor", url=seeded.url).stdout.splitlines()
    assert lines[0] == f"ok    connection   {seeded.url}"
    assert "ok    queues       2 queues, 1 tasks waiting" in lines


def test_a_missing_schema_fails_with_what_to_do(folder):
    (folder / "new.db").touch()
    result = cli("doctor", url=f"sqlite:///{folder}/new.db")
    assert result.exit_code == 6
    assert "fail  schema       the database has no Rowlock tables" in result.stdout
    assert "run 'rowlock db migrate'" in result.stdout


def test_a_changed_migration_fails(seeded, folder):
    execute(folder / "tasks.db", "UPDATE rowlock_migration SET checksum = 'x'")
    result = cli("doctor", "--json", url=seeded.url)
    assert result.exit_code == 6
    assert '"check": "checksums",\n    "verdict": "fail"' in result.stdout


def test_a_paused_queue_with_waiting_tasks_is_a_warning(seeded):
    cli("queues", "pause", "default", url=seeded.url)
    result = cli("doctor", url=seeded.url)
    assert result.exit_code == 0
    assert "warn  queue default paused with 1 tasks waiting" in result.stdout
    assert "rowlock queues resume default" in result.stdout


def test_tasks_that_wait_long_are_a_warning(seeded, folder):
    hour_ago = int((datetime.now(UTC) - timedelta(hours=1)).timestamp() * 1e6)
    update = "UPDATE rowlock_task SET run_at = ? WHERE state = 'queued'"
    execute(folder / "tasks.db", update, hour_ago)
    assert verdicts(seeded.url)["queue default"] == "warn"


def test_a_task_without_a_worker_is_a_failure(seeded, folder):
    execute(
        folder / "tasks.db",
        "UPDATE rowlock_task SET state = 'running', token = 'x', lease_until = 1, attempt = 1,"
        " started_at = 1 WHERE id = ?",
        seeded["queued"],
    )
    result = cli("doctor", url=seeded.url)
    assert result.exit_code == 6
    assert "fail  leases       1 tasks run without a worker for over a minute" in result.stdout
    assert seeded["queued"] in result.stdout


def test_a_library_below_the_advised_version_is_a_warning(seeded):
    with closing(Rowlock(seeded.url)) as app:
        app.core.storage.advised_version = (99, 1)
        [engine] = [one for one in findings(app.core) if one.check == "engine"]
        app.core.storage.advised_version = (3, 1)
        [fine] = [one for one in findings(app.core) if one.check == "engine"]
    assert engine.verdict is Verdict.WARN
    assert "versions before 99.1 can corrupt" in engine.found
    assert fine.verdict is Verdict.OK


@pytest.mark.parametrize("shift", [timedelta(minutes=5), timedelta(minutes=-5)])
def test_clocks_that_disagree_are_a_warning(shift):
    found = clock_finding(shift, "this host's")
    assert found.verdict is Verdict.WARN
    assert ("ahead of" if shift > timedelta(0) else "behind") in found.found


def test_notifications_that_arrive_are_ok(postgres_dsn):
    options = ["--prefix", "doctor_"]
    cli("db", "migrate", *options, url=postgres_dsn)
    assert verdicts(postgres_dsn, *options)["wake-ups"] == "ok"


def test_notifications_that_do_not_arrive_are_a_warning(postgres_dsn, monkeypatch):
    monkeypatch.setattr("rowlock.cli.checks.HINT_SECONDS", 0.1)
    with closing(Rowlock(postgres_dsn, prefix="doctor_", migrate=True)) as app:
        app.core.open()
        app.core.storage.wakeups.subscribe = lambda _: lambda: None  # type: ignore[assignment] # deaf
        [wake_ups] = [one for one in findings(app.core) if one.check == "wake-ups"]
    assert wake_ups.verdict is Verdict.WARN
    assert "listen_url" in (wake_ups.advice or "")


def test_an_unreachable_database_exits_with_3(url):
    assert cli("doctor", url=url).exit_code == 3
    assert cli("doctor", url="postgresql://127.0.0.1:1/x").exit_code == 3
