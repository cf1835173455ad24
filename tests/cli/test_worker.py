"""`rowlock worker`, as the process that it is."""

from __future__ import annotations

import json
import signal
import subprocess

import pytest

from tests.cli.commands import PROCESS_SECONDS, cli, cli_json, run, start


def enqueue(url: str, *args: str) -> str:
    task: str = cli_json("enqueue", *args, "--app", "jobs:app", url=url)["id"]
    return task


def state(url: str, task: str) -> str:
    found: str = cli_json("task", task, url=url)["state"]
    return found


def until_asleep(process: subprocess.Popen[str]) -> None:
    """Wait until the handler says that it runs."""
    assert process.stdout is not None
    assert process.stdout.readline() == "asleep\n"


def test_once_runs_what_is_there_and_ends(url, folder):
    ids = [enqueue(url, "add", f"a:={number}") for number in range(3)]
    result = run("worker", "jobs:app", "--once", "--url", url, "--json", cwd=folder)
    assert result.returncode == 0
    assert json.loads(result.stdout)["recorded"] == 3
    assert {state(url, one) for one in ids} == {"succeeded"}


BROKEN = """
import jobs
app = jobs.app

@app.on_start
def connect():
    raise ConnectionError("nobody there")
"""


@pytest.mark.parametrize("mode", [("--once",), ()])
def test_a_start_up_hook_that_fails_ends_the_worker_and_is_named(url, folder, mode):
    task = enqueue(url, "add", "a:=1")
    (folder / "broken.py").write_text(BROKEN)
    result = run("worker", "broken:app", *mode, "--url", url, cwd=folder)
    told = "rowlock: the worker cannot start: connect: ConnectionError: nobody there\n"
    assert (result.returncode, result.stderr.endswith(told)) == (1, True)
    assert state(url, task) == "queued"


def test_once_without_json_says_how_many(url, folder):
    enqueue(url, "add", "a:=1")
    result = run("worker", "jobs:app", "--once", "--url", url, cwd=folder)
    assert result.stdout == ""
    assert result.stderr.endswith("rowlock: attempts recorded: 1\n")


def test_what_a_handler_logs_says_whose_it_is(url, folder):
    task = enqueue(url, "add", "a:=1")
    result = run("worker", "jobs:app", "--once", "--url", url, cwd=folder)
    assert f"Z INFO    add {task}: adding 1 and 2\n" in result.stderr


def test_without_queues_it_works_on_those_of_the_definitions(url, folder):
    slow, other = enqueue(url, "sleep", "seconds:=0"), enqueue(url, "add", "a:=1", "--queue", "x")
    run("worker", "jobs:app", "--once", "--url", url, cwd=folder)
    assert (state(url, slow), state(url, other)) == ("succeeded", "queued")


def test_named_queues_are_the_only_ones(url, folder):
    first, second = enqueue(url, "add", "a:=1"), enqueue(url, "add", "a:=2", "--queue", "x")
    args = ("worker", "jobs:app", "--once", "--url", url, "--queue", "x=2", "--queue", "y")
    assert run(*args, cwd=folder).returncode == 0
    assert (state(url, first), state(url, second)) == ("queued", "succeeded")


def test_the_environment_goes_over_the_apps_own_database(url, folder):
    task = enqueue(url, "add", "a:=1")
    run("worker", "jobs:app", "--once", cwd=folder, ROWLOCK_URL=url)
    assert state(url, task) == "succeeded"
    assert not (folder / "own.db").exists()


def test_unknown_definitions_are_left_or_failed(url, folder):
    (folder / "more.py").write_text(
        "from jobs import app\n@app.task\ndef extra() -> None: '''More.'''\n"
    )
    task: str = cli_json("enqueue", "extra", "--max-attempts", "1", "--app", "more:app", url=url)[
        "id"
    ]
    run("worker", "jobs:app", "--once", "--url", url, cwd=folder)
    assert state(url, task) == "queued"
    run("worker", "jobs:app", "--once", "--unknown", "fail", "--url", url, cwd=folder)
    assert state(url, task) == "failed"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_first_signal_lets_running_tasks_finish(number, url, folder):
    task = enqueue(url, "sleep", "seconds:=0.3")
    process = start("worker", "jobs:app", "--url", url, "--json", cwd=folder)
    until_asleep(process)
    process.send_signal(number)
    out, _ = process.communicate(timeout=PROCESS_SECONDS)
    assert process.returncode == 0
    assert json.loads(out)["abandoned"] == 0
    assert state(url, task) == "succeeded"


def test_the_second_signal_hands_them_back_and_the_exit_code_says_so(url, folder):
    task = enqueue(url, "sleep", "seconds:=60")
    process = start("worker", "jobs:app", "--url", url, cwd=folder)
    until_asleep(process)
    process.send_signal(signal.SIGTERM)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=PROCESS_SECONDS)
    assert process.returncode == 1
    assert "rowlock: 1 tasks were given up" in err
    assert "Traceback" not in err
    assert (state(url, task), cli_json("task", task, url=url)["attempt"]) == ("queued", 0)


def test_the_grace_time_bounds_a_stop(url, folder):
    enqueue(url, "sleep", "seconds:=60")
    process = start("worker", "jobs:app", "--url", url, "--grace", "0.1s", cwd=folder)
    until_asleep(process)
    process.terminate()
    process.communicate(timeout=PROCESS_SECONDS)
    assert process.returncode == 1


def test_an_interrupted_once_exits_with_130(url, folder):
    task = enqueue(url, "sleep", "seconds:=60")
    process = start("worker", "jobs:app", "--once", "--url", url, cwd=folder)
    until_asleep(process)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=PROCESS_SECONDS)
    assert process.returncode == 130
    assert state(url, task) == "queued"


@pytest.mark.parametrize(
    ("args", "field"),
    [
        (["--queue", "no spaces"], "queue"),
        (["--queue", "x=0"], "queue"),
        (["--queue", "x=many"], "queue"),
        (["--queue", "x", "--queue", "X"], "queue"),
        (["--concurrency", "0"], "concurrency"),
        (["--grace", "soon"], "grace"),
        (["--unknown", "what"], "unknown"),
        (["--log-level", "loud"], "log_level"),
    ],
)
def test_bad_options_are_refused_by_name(args, field, url, folder):
    result = run("worker", "jobs:app", "--once", "--url", url, *args, cwd=folder)
    assert result.returncode == 2
    assert result.stderr.startswith(f"rowlock: {field}: ")


def test_an_app_without_definitions_is_worth_a_word(url, folder):
    (folder / "bare.py").write_text(
        "from rowlock import AsyncRowlock\napp = AsyncRowlock('memory://')\n"
    )
    result = run("worker", "bare", "--once", "--url", url, cwd=folder)
    assert result.returncode == 0
    assert "bare has no task definitions" in result.stderr


def test_a_schema_that_is_missing_stops_it_at_once(postgres_dsn, folder):
    args = ("worker", "jobs:app", "--url", postgres_dsn, "--prefix", "nowhere_")
    assert run(*args, cwd=folder).returncode == 4


def test_an_unreachable_database_stops_it_at_once(folder):
    result = run("worker", "jobs:app", "--url", "postgresql://127.0.0.1:1/x", cwd=folder)
    assert result.returncode == 3
    assert "Traceback" not in result.stderr


def test_the_module_is_found_here_only(url, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    result = run("worker", "jobs:app", "--url", url, cwd=elsewhere)
    assert result.returncode == 2
    assert "there is no module 'jobs'" in result.stderr
    assert cli("worker", "--help").exit_code == 0
