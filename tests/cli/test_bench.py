"""`rowlock bench`: measures, asks first, and leaves nothing behind."""

from __future__ import annotations

import signal
from contextlib import closing

import pytest

from rowlock import Rowlock
from tests.cli.commands import PROCESS_SECONDS, cli, cli_json, start
from tests.cli.served import served
from tests.support.backends import Backend

TABLES = (
    *("task", "history", "attempt", "payload", "log"),
    *("queue", "definition", "audit", "operation", "pause"),
)


def rows(backend: Backend) -> dict[str, int]:
    """How many rows each table has."""
    counts = {}
    for table in TABLES:
        result = backend.execute(f"SELECT count(*) FROM rowlock_{table}")  # noqa: S608 - ours
        counts[table] = int(result.rows[0][0])
    return counts


def test_a_benchmark_measures_each_step_and_leaves_nothing(backend):
    measured = cli_json("bench", "--tasks", "100", url=backend.url)
    assert set(measured) == {"engine", "tasks", "enqueue_single", "enqueue_bulk", "run", "latency"}
    tasks = {name: measured[name]["tasks"] for name in ("enqueue_single", "enqueue_bulk", "run")}
    assert tasks == {"enqueue_single": 10, "enqueue_bulk": 90, "run": 100}
    assert all(measured[name]["per_second"] > 0 for name in tasks)
    latency = measured["latency"]
    assert latency["tasks"] == 100
    assert 0 < latency["p50_ms"] <= latency["p99_ms"] <= latency["max_ms"]
    if backend.durable:
        assert rows(backend) == dict.fromkeys(TABLES, 0)


def test_a_person_reads_a_table(url):
    shown = cli("bench", "--tasks", "100", url=url, env={"FORCE_COLOR": "1"})
    assert shown.exit_code == 0
    assert "PER SECOND" in shown.stdout
    assert "p99" in shown.stdout
    assert "removing the tasks" in shown.stderr


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_beside_other_tasks_it_runs_only_when_told_to(backend):
    with Rowlock(backend.url, namespace="shop") as app:
        mine = app.enqueue(None, "mine")
        before = rows(backend)
        refused = cli("bench", "--tasks", "100", url=backend.url)
        assert refused.exit_code == 2
        assert "The database has tasks (1 or more)." in refused.stderr
        cli_json("bench", "--tasks", "100", "--yes", url=backend.url)
        assert rows(backend) == before
        assert app.get_task(mine) == mine


@pytest.mark.parametrize("backend", ["sqlite", "postgres"], indirect=True)
def test_a_benchmark_of_a_server_leaves_nothing_but_its_trace_in_the_audit(backend):
    with closing(Rowlock(backend.url)) as app, served(backend.url) as server:
        app.enqueue(None, "mine", queue="shop")
        scopes = ("enqueue", "work", "write")
        env = server.at(*(f"tasks:{one}" for one in scopes), "queues:write", "definitions:write")
        refused = cli("bench", "--tasks", "100", env=env)
        assert refused.exit_code == 2
        assert "Others may use the server." in refused.stderr
        before = rows(backend)
        measured = cli_json("bench", "--tasks", "100", "--yes", env=env)
        assert (measured["engine"], measured["run"]["tasks"]) == (None, 100)
        assert measured["latency"]["tasks"] == 100
        assert {**rows(backend), "audit": before["audit"]} == before
        assert {(one.kind, one.action) for one in app.audit(limit=4)} == {
            ("queue", "create"), ("queue", "delete"), ("definition", "create"),
            ("definition", "purge"),
        }  # fmt: skip


def test_a_token_that_may_not_is_told_before_anything_is_made(url):
    with closing(Rowlock(url)) as app, served(url) as server:
        told = cli("bench", "--yes", env=server.at("tasks:enqueue", "tasks:work"))
        assert told.exit_code == 7
        assert "lacks the scope tasks:write" in told.stderr
        assert app.list_queues() == []


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        (["--tasks", "99"], "must be 100 to 1,000,000"),
        (["--tasks", "1000001"], "must be 1 to 1,000,000"),
        (["--tasks", "many"], "tasks"),
        (["--namespace", "shop"], "a benchmark makes one of its own"),
    ],
)
def test_absurd_input_is_refused(url, folder, given, problem):
    refused = cli("bench", *given, url=url)
    assert refused.exit_code == 2
    assert problem in refused.stderr
    assert not (folder / "tasks.db").exists()


@pytest.mark.processes
@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
@pytest.mark.parametrize("step", ["enqueue single", "run"])
def test_an_interrupted_benchmark_leaves_nothing_either(backend, step):
    running = start("bench", "--tasks", "3000", "--url", backend.url)
    assert running.stderr is not None
    for line in running.stderr:
        if line.startswith(step):
            break
    running.send_signal(signal.SIGINT)
    _, told = running.communicate(timeout=PROCESS_SECONDS)
    assert running.returncode == 130, told
    assert "removing the tasks" in told
    assert rows(backend) == dict.fromkeys(TABLES, 0)
