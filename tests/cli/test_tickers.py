"""The commands of tickers."""

from __future__ import annotations

import json
import signal
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from rowlock import Rowlock, Worker
from tests.cli.commands import cli, cli_json, error_of, run, start

PATIENCE_SECONDS = 30


@pytest.fixture
def known(url: str) -> str:
    """The URL of a database with three tickers, one of which does not tick."""
    with closing(Rowlock(url)) as app:
        app.create_ticker("beat", interval="1h30m", payload={"a": "ü\tx"}, queue="mail")
        app.create_ticker("stopped", interval=None)
        app.create_ticker("plain")
    return url


def test_tickers_are_listed_as_fields(known):
    lines = [line.split("\t") for line in cli("tickers", url=known).stdout.splitlines()]
    assert [line[:4] for line in lines] == [
        ["beat", "1h30m", "mail", "-"],
        ["plain", "1m", "-", "-"],
        ["stopped", "never", "-", "-"],
    ]
    assert lines[2][4] == "-"
    assert lines[0][4].endswith("Z")


def test_a_terminal_gets_a_table_that_says_how_many_there_are(known):
    result = cli("tickers", "--limit", "2", url=known, env={"FORCE_COLOR": "1"})
    assert "TICKER" in result.stdout
    assert "3 in all; more: --offset 2" in result.stderr


def test_tickers_are_paged(known):
    found = cli_json("tickers", "--limit", "1", "--offset", "1", url=known)
    assert [one["name"] for one in found] == ["plain"]
    for wrong in (("--limit", "0"), ("--limit", "x"), ("--offset", "-1")):
        assert cli("tickers", *wrong, url=known).exit_code == 2


def test_no_tickers_are_no_error(url):
    cli("db", "migrate", url=url)
    result = cli("tickers", url=url)
    assert (result.exit_code, result.stdout) == (0, "")
    assert "no tickers" in result.stderr
    assert cli_json("tickers", url=url) == []


def test_a_ticker_is_created_with_what_is_given(url):
    made = cli_json(
        *("create-ticker", "Beat", "--interval", "1h30m"),
        *("--payload", '{"a": [1, null]}', "--queue", "mail"),
        url=url,
    )
    assert made["name"] == "beat"
    assert (made["interval_seconds"], made["queue"]) == (5400.0, "mail")
    assert made["payload"] == {"a": [1, None]}
    assert made["next_tick_at"] == made["next_task_at"] == made["created_at"]
    assert cli_json("ticker", "BEAT", url=url) == made
    assert cli_json("create-ticker", "plain", url=url)["interval_seconds"] == 60.0


def test_a_ticker_is_shown_to_people(known):
    shown = cli("ticker", "beat", url=known).stdout
    assert "1h30m" in shown
    assert '{"a": "ü\\tx"}' in shown
    assert "Next task" in shown
    assert "never" in cli("ticker", "stopped", url=known).stdout


def test_a_name_that_is_taken_is_refused(known):
    result = cli("create-ticker", "beat", "--json", url=known)
    assert result.exit_code == 7
    assert error_of(result.stderr)["type"] == "DuplicateTickerError"


@pytest.mark.parametrize(
    "wrong",
    [
        ("create-ticker", "1x"),
        ("create-ticker", "new", "--interval", "0"),
        ("create-ticker", "new", "--interval", "often"),
        ("create-ticker", "new", "--interval", "2y"),
        ("create-ticker", "new", "--payload", "{a"),
        ("create-ticker", "new", "--payload", '{"a":1,"a":2}'),
        ("create-ticker", "new", "--queue", "no name"),
        ("update-ticker", "beat"),
        ("update-ticker", "beat", "--queue", "a", "--no-queue"),
        ("next-ticker", "1x"),
    ],
)
def test_what_is_misused_changes_nothing(known, wrong):
    before = cli_json("tickers", url=known)
    result = cli(*wrong, "--json", url=known)
    assert result.exit_code == 2
    assert error_of(result.stderr)["code"] == 2
    assert cli_json("tickers", url=known) == before


@pytest.mark.parametrize(
    "command", [("ticker",), ("update-ticker", "--interval", "1h"), ("delete-ticker",)]
)
def test_a_ticker_that_is_not_there_is_not_found(known, command):
    name, *options = command
    result = cli(name, "nothing", *options, "--json", url=known)
    assert result.exit_code == 5
    assert error_of(result.stderr)["detail"] == {"ticker": "nothing"}


def test_only_what_is_given_is_updated_and_recorded(known):
    changed = cli_json("update-ticker", "beat", "--interval", "never", "--actor", "ann", url=known)
    assert changed["interval_seconds"] is None
    assert changed["payload"] == {"a": "ü\tx"}
    changed = cli_json("update-ticker", "beat", "--interval", "5m", "--no-queue", url=known)
    assert (changed["interval_seconds"], changed["queue"]) == (300.0, None)
    [_, stopped, *_] = cli_json("audit", url=known)
    assert (stopped["actor"], stopped["kind"], stopped["target"]) == ("ann", "ticker", "beat")
    assert stopped["detail"] == {"interval": None}


def test_a_ticker_is_deleted(known):
    assert cli("delete-ticker", "beat", url=known).stdout == "beat\tdeleted\n"
    assert cli_json("delete-ticker", "plain", url=known)["name"] == "plain"
    assert [one["name"] for one in cli_json("tickers", url=known)] == ["stopped"]


def test_a_missing_file_is_not_made_by_looking(url):
    for command in (("tickers",), ("ticker", "x"), ("next-ticker", "--once")):
        assert cli(*command, url=url).exit_code == 3
    assert not Path(url.removeprefix("sqlite:///")).exists()


SYSTEM = ("--namespace", "rowlock")


def test_operators_see_the_clean_up_and_set_its_interval(url):
    with closing(Rowlock(url)) as app:
        Worker(app).run_once()
    [found] = cli_json("tickers", *SYSTEM, url=url)
    assert (found["name"], found["interval_seconds"]) == ("cleanup", 60.0)
    assert found["last_tick_at"] is not None
    changed = cli_json("update-ticker", "cleanup", "--interval", "10m", *SYSTEM, url=url)
    assert changed["interval_seconds"] == 600.0
    assert cli_json("ticker", "cleanup", *SYSTEM, url=url) == changed
    [entry] = cli_json("audit", *SYSTEM, url=url)
    assert entry["detail"] == {"interval": 600.0}


def test_the_interval_of_the_clean_up_can_be_set_before_the_first_worker(url):
    cli("db", "migrate", url=url)
    changed = cli_json("update-ticker", "cleanup", "--interval", "1h", *SYSTEM, url=url)
    assert changed["interval_seconds"] == 3600.0


@pytest.mark.parametrize(
    "command",
    [
        ("create-ticker", "mine"),
        ("delete-ticker", "cleanup"),
        ("update-ticker", "cleanup", "--payload", "1"),
        ("update-ticker", "cleanup", "--interval", "1h", "--queue", "a"),
        ("update-ticker", "other", "--interval", "1h"),
        ("next-ticker", "--once"),
    ],
)
def test_nothing_else_of_the_system_can_be_changed(known, command):
    result = cli(*command, *SYSTEM, url=known)
    assert result.exit_code == 2
    assert "only the interval of its ticker 'cleanup' can be changed" in result.stderr


@pytest.mark.parametrize("command", ["tasks", "queues", "stats"])
def test_other_commands_refuse_the_system_s_namespace(known, command):
    result = cli(command, *SYSTEM, url=known)
    assert result.exit_code == 2
    assert "reserved" in result.stderr


def test_one_tick_is_printed_and_confirmed(known):
    shown = cli("next-ticker", "beat", "--once", url=known).stdout.split("\t")
    assert shown[0] == "beat"
    assert shown[2:] == ['{"a": "ü\\tx"}', "0\n"]
    found = cli_json("ticker", "beat", url=known)
    assert (found["attempt"], found["held_until"]) == (1, None)
    tick = cli_json("next-ticker", "plain", "beat", "--once", url=known)
    assert (tick["name"], tick["missed"], tick["attempt"]) == ("plain", 0, 1)
    assert set(tick) == {"name", "at", "payload", "missed", "attempt"}


def lines_of(process: Any, count: int) -> list[dict[str, Any]]:
    return [json.loads(process.stdout.readline()) for _ in range(count)]


@pytest.mark.parametrize("by", [signal.SIGINT])
def test_ticks_are_printed_as_they_come_until_ctrl_c(known, folder, by):
    cli("create-ticker", "fast", "--interval", "100ms", url=known)
    process = start("next-ticker", "fast", "--json", cwd=folder, ROWLOCK_URL=known)
    with process:
        ticks = lines_of(process, 3)
        process.send_signal(by)
        rest, errors = process.communicate(timeout=PATIENCE_SECONDS)
    assert (process.returncode, errors) == (0, "")
    ticks += [json.loads(line) for line in rest.splitlines()]
    assert len({tick["at"] for tick in ticks}) == len(ticks)


def test_a_reader_that_has_enough_ends_it(known, folder):
    cli("create-ticker", "fast", "--interval", "50ms", url=known)
    process = start("next-ticker", "fast", "--json", cwd=folder, ROWLOCK_URL=known)
    with process:
        assert lines_of(process, 1)[0]["name"] == "fast"
        assert process.stdout is not None
        process.stdout.close()
        process.wait(timeout=PATIENCE_SECONDS)
        assert process.stderr is not None
        assert (process.returncode, process.stderr.read()) == (0, "")


def test_waiting_for_a_ticker_that_is_made_later_works(known, folder):
    process = start("next-ticker", "late", "--once", "--json", cwd=folder, ROWLOCK_URL=known)
    with process:
        time.sleep(0.5)
        cli("create-ticker", "late", url=known)
        [tick] = lines_of(process, 1)
        process.wait(timeout=PATIENCE_SECONDS)
    assert tick["name"] == "late"
    assert process.returncode == 0


def test_a_server_that_is_away_at_the_start_is_an_error(folder):
    url = "postgresql://postgres@127.0.0.1:1/none"
    result = run("next-ticker", "--once", cwd=folder, ROWLOCK_URL=url)
    assert result.returncode == 3


TICKING_APP = """
from rowlock import Rowlock

app = Rowlock("sqlite:///ticking.db")

@app.ticker("beat", every="1h")
def beat(tick):
    print("ticked", tick.name, flush=True)
"""


def test_a_worker_handles_the_ticks_of_an_app_without_tasks(folder):
    (folder / "ticking.py").write_text(TICKING_APP, encoding="utf-8")
    result = run("worker", "ticking:app", "--once", cwd=folder)
    assert result.returncode == 0
    assert "ticked beat" in result.stdout
    assert "no task definitions" not in result.stderr
