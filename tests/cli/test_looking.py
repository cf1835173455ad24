"""`rowlock tasks`, `task`, `stats`, `queues`: looking changes nothing and shows everything."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import pytest

from rowlock import Rowlock
from tests.cli.commands import cli, cli_json


def test_tasks_piped_are_lines_of_fields_newest_first(seeded):
    rows = [line.split("\t") for line in cli("tasks", url=seeded.url).stdout.splitlines()]
    assert [row[0] for row in rows] == [
        seeded["scheduled"],
        seeded["queued"],
        seeded["failed"],
        seeded["succeeded"],
    ]
    assert {len(row) for row in rows} == {7}
    assert rows[3][1:5] == ["succeeded", "add", "default", "1/2"]
    assert rows[2][6].startswith("ValueError: no \\x1b[31mred")
    assert rows[0][6].startswith("due in ")


def test_tasks_as_json_have_every_field(seeded):
    tasks = cli_json("tasks", url=seeded.url)
    assert [task["state"] for task in tasks] == ["scheduled", "queued", "failed", "succeeded"]
    assert tasks[3]["result"] == 3
    assert tasks[2]["error"]["type"] == "ValueError"
    assert tasks[0]["created_at"].endswith("Z")


@pytest.mark.parametrize(
    ("args", "states"),
    [
        (["--state", "failed"], {"failed"}),
        (["--status", "FAILED"], {"failed"}),
        (["--state", "success", "--state", "queued"], {"succeeded", "queued"}),
        (["--state", "pending"], {"scheduled", "queued"}),
        (["--queue", "later"], {"scheduled"}),
        (["--definition", "Boom"], {"failed"}),
        (["--tag", "monthly"], {"queued"}),
        (["--limit", "1"], {"scheduled"}),
        (["--tag", "nothing"], set()),
    ],
)
def test_tasks_are_filtered(args, states, seeded):
    assert {task["state"] for task in cli_json("tasks", *args, url=seeded.url)} == states


def test_the_next_page_begins_before_the_last(seeded):
    page = cli_json("tasks", "--limit", "2", url=seeded.url)
    rest = cli_json("tasks", "--before", page[-1]["id"], url=seeded.url)
    assert [task["id"] for task in rest] == [seeded["failed"], seeded["succeeded"]]


def test_more_than_a_page_of_the_database_is_listed(url):
    with closing(Rowlock(url)) as app:

        @app.task
        def count(number: int) -> None:
            """Count."""

        count.enqueue_many({"number": number} for number in range(1500))
    lines = cli("tasks", "--limit", "1200", url=url).stdout.splitlines()
    assert len(lines) == len(set(lines)) == 1200


def test_no_tasks_is_said_on_stderr_only(seeded):
    result = cli("tasks", "--state", "canceled", url=seeded.url)
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "no tasks\n")


def test_a_word_that_is_no_state_is_refused(seeded):
    result = cli("tasks", "--state", "sleepy", url=seeded.url)
    assert result.exit_code == 2
    assert result.stderr.startswith("rowlock: state: 'sleepy' is none of scheduled")


def test_looking_does_not_make_a_database(url):
    for command in ("tasks", "stats", "queues", "doctor"):
        assert cli(command, url=url).exit_code == 3
    assert not Path(url.removeprefix("sqlite:///")).exists()


def test_task_shows_result_attempts_and_log(seeded):
    text = cli("task", seeded["succeeded"], url=seeded.url).stdout
    assert f"Task          {seeded['succeeded']}\n" in text
    assert "State         succeeded\n" in text
    assert 'Arguments\n  {\n    "a": 1\n  }\n' in text
    assert "Result\n  3\n" in text
    assert "INFO    adding 1 and 2" in text
    assert "  1  succeeded" in text


def test_task_shows_the_error_with_its_traceback_and_no_control_characters(seeded):
    text = cli("task", seeded["failed"], url=seeded.url).stdout
    assert "Traceback (most recent call last):" in text
    assert "  ValueError: no \\x1b[31mred\\x1b[0m\n  [bold]second line\n" in text
    assert "\x1b" not in text


def test_task_shows_what_was_set_for_it(url):
    cli(
        *("enqueue", "add", "a:=1", "--app", "jobs:app", "--unique", "k", "--tag", "t"),
        *("--timeout", "90", "--retry", "fixed", "--lifetime", "1d"),
        url=url,
    )
    [task] = cli_json("tasks", url=url)
    text = cli("task", task["id"], url=url).stdout
    for line in (
        "Unique key    k",
        "Tags          t",
        "Timeout       1m30s",
        "Retry         fixed",
    ):
        assert f"{line}\n" in text
    assert "Expires" in text


def test_task_as_json_has_attempts_and_log(seeded):
    task = cli_json("task", seeded["succeeded"], url=seeded.url)
    assert task["payload"] == {"a": 1}
    assert [one["outcome"] for one in task["attempts"]] == ["succeeded"]
    assert [line["message"] for line in task["log"]] == ["adding 1 and 2"]


def test_a_unique_beginning_of_an_id_is_enough(seeded):
    whole = seeded["succeeded"]
    beginning = next(
        whole[:end]
        for end in range(8, 37)
        if sum(str(one).startswith(whole[:end]) for one in seeded.ids.values()) == 1
    )
    assert cli_json("task", beginning, url=seeded.url)["id"] == whole


@pytest.mark.parametrize(
    ("text", "code"), [("0000", 5), ("01", 2), ("zzzz", 2), ("0" * 8 + "-" + "0" * 4, 5)]
)
def test_an_id_that_fits_no_task_is_told(text, code, seeded):
    assert cli("task", text, url=seeded.url).exit_code == code


def test_an_ambiguous_beginning_is_refused(seeded):
    result = cli("task", seeded["queued"][:6], url=seeded.url)
    assert result.exit_code == 2
    assert "more than one" in result.stderr


def test_stats_count_by_queue_and_state(seeded):
    assert cli("stats", url=seeded.url).stdout.splitlines()[1] == (
        "later\t1\t0\t0\t0\t0\t0\t0\t0\t-"
    )
    default, later = cli_json("stats", url=seeded.url)
    assert (default["queue"], later["queue"]) == ("default", "later")
    assert default["counts"] == {
        **dict.fromkeys(default["counts"], 0),
        "queued": 1,
        "succeeded": 1,
        "failed": 1,
    }
    assert default["oldest_wait_seconds"] >= 0


def test_queues_show_their_policy(seeded):
    [default, later] = cli_json("queues", url=seeded.url)
    assert default["name"] == "default"
    assert (default["max_attempts"], default["lease_seconds"]) == (4, 30)
    assert default["retry"]["backoff"] == "exponential"
    assert cli("queues", url=seeded.url).stdout.splitlines()[1] == (
        "later\t-\t4\texponential\t30s\t-\t-\t7d"
    )
    assert later["paused"] is False


def test_an_empty_database_has_no_queues(url):
    cli("db", "migrate", url=url)
    assert cli_json("queues", url=url) == []
    assert "no queues yet" in cli("queues", url=url).stderr
    assert "no queues yet" in cli("stats", url=url).stderr


def test_another_namespace_is_another_world(seeded):
    assert cli_json("tasks", "--namespace", "other", url=seeded.url) == []
    result = cli("task", seeded["queued"], "--namespace", "other", url=seeded.url)
    assert result.exit_code == 5


def test_another_prefix_is_another_set_of_tables(seeded):
    assert cli("tasks", "--prefix", "other_", url=seeded.url).exit_code == 4
    assert cli("db", "migrate", "--prefix", "other_", url=seeded.url).exit_code == 0
    assert cli_json("tasks", "--prefix", "other_", url=seeded.url) == []


def test_text_that_is_not_ascii_survives_an_ascii_terminal(url):
    cli("enqueue", "boom", "text=grün ☃", "--app", "jobs:app", url=url)
    result = cli("tasks", "--json", url=url, env={"PYTHONIOENCODING": "ascii"})
    assert json.loads(result.stdout)[0]["payload"] == {"text": "grün ☃"}
