"""Changing tasks from the command line: one, or many by a filter; the audit."""

from __future__ import annotations

import json
import signal
import subprocess
from contextlib import closing
from typing import Any

import pytest

from rowlock import Rowlock
from tests.cli.commands import PROCESS_SECONDS, cli, cli_json, start


def state_of(seeded: Any, name: str) -> str:
    state: str = cli_json("task", seeded[name], url=seeded.url)["state"]
    return state


def many(url: str, number: int, *, cancel: bool = False) -> None:
    with closing(Rowlock(url)) as app:
        app.enqueue_many(None, range(number), queue="many")
        if cancel:
            app.bulk("cancel", queue="many")


def test_a_task_is_paused_and_resumed(seeded):
    result = cli("pause", seeded["queued"], "--reason", "look first", url=seeded.url)
    assert result.stdout == f"{seeded['queued']}\tpaused\n"
    shown = cli("task", seeded["queued"], url=seeded.url).stdout
    assert "Pause reason  look first" in shown
    assert "Paused until" not in shown
    until = "2040-01-01T00:00:00Z"
    cli(
        "pause",
        "--queue",
        "default",
        "--state",
        "paused",
        "--until",
        until,
        "--yes",
        url=seeded.url,
    )
    assert (
        "Paused until  2040-01-01 00:00:00Z" in cli("task", seeded["queued"], url=seeded.url).stdout
    )
    resumed_task = cli_json("resume", seeded["queued"], url=seeded.url)
    assert (resumed_task["state"], resumed_task["paused_until"]) == ("queued", None)
    [resumed, _, paused] = cli_json("audit", url=seeded.url)
    assert (paused["action"], paused["reason"], resumed["action"]) == (
        "pause", "look first", "resume",
    )  # fmt: skip


def test_a_queue_is_paused_until_a_time_for_a_reason(seeded):
    until = "2040-01-01T00:00:00Z"
    cli("queues", "pause", "later", "--until", until, "--reason", "deploy", url=seeded.url)
    queue = cli_json("queues", url=seeded.url)[1]
    assert (queue["paused"], queue["pause_reason"]) == (True, "deploy")
    assert queue["paused_until"] == "2040-01-01T00:00:00.000000Z"
    assert "\tuntil 2040-01-01 00:00:00Z\t" in cli("queues", url=seeded.url).stdout


def test_a_requeue_changes_single_arguments(seeded):
    task = cli_json("requeue", seeded["succeeded"], "b:=7", "--priority", "3", url=seeded.url)
    assert (task["payload"], task["priority"], task["queue"]) == ({"a": 1, "b": 7}, 3, "default")
    assert task["id"] != seeded["succeeded"]
    assert state_of(seeded, "succeeded") == "succeeded"


def test_an_edit_changes_single_arguments(seeded):
    task = cli_json(
        *("edit", seeded["scheduled"], "b:=9", "--delay", "0", "--set-tag", "red"),
        url=seeded.url,
    )
    assert (task["payload"], task["state"], task["tags"]) == ({"a": 3, "b": 9}, "queued", ["red"])


@pytest.mark.parametrize("name", ["edit", "pause", "resume"])
def test_what_is_finished_is_refused(seeded, name):
    given = ["--priority", "1"] if name == "edit" else []
    result = cli(name, seeded["failed"], *given, url=seeded.url)
    assert result.exit_code == 7
    assert "is failed, must be" in result.stderr
    assert cli_json("audit", url=seeded.url) == []


def test_a_task_is_deleted_restored_and_purged(seeded):
    failed = seeded["failed"]
    assert cli("delete", failed, url=seeded.url).stdout == f"{failed}\tfailed\n"
    assert cli("task", failed, url=seeded.url).exit_code == 5
    assert cli("restore", failed, url=seeded.url).exit_code == 0
    assert cli("purge", failed, url=seeded.url).stdout == f"{failed}\tpurged\n"
    assert cli("task", failed, url=seeded.url).exit_code == 5


def test_several_tasks_are_named_at_once(seeded):
    names = (seeded["queued"], seeded["scheduled"])
    documents = cli_json("cancel", *names, url=seeded.url)
    assert [one["outcome"] for one in documents] == ["canceled", "canceled"]


def test_no_task_is_changed_if_one_of_the_ids_fits_none(seeded):
    result = cli("cancel", seeded["queued"], "0000", url=seeded.url)
    assert result.exit_code == 5
    assert state_of(seeded, "queued") == "queued"


def test_an_ambiguous_prefix_changes_nothing(seeded):
    result = cli("cancel", seeded["queued"][:4], url=seeded.url)
    assert result.exit_code == 2
    assert "fits more than one task" in result.stderr
    assert state_of(seeded, "queued") == "queued"


def test_cleanup_says_how_many_are_gone(seeded):
    result = cli("cleanup", "--older-than", "0", "--state", "failed", url=seeded.url)
    assert result.stdout == "removed\t1\n"
    assert cli_json("cleanup", "--older-than", "0", url=seeded.url) == {"removed": 1}
    assert cli("cleanup", "--older-than", "soon", url=seeded.url).exit_code == 2


def test_many_are_changed_by_a_filter(seeded):
    result = cli("retry", "--state", "failed", "--yes", url=seeded.url)
    assert (result.exit_code, result.stdout.split("\t")[1:]) == (0, ["done", "1\n"])
    assert state_of(seeded, "failed") == "queued"
    done = cli_json("cancel", "--all", "--yes", "--actor", "ann", url=seeded.url)
    assert (done["done"], done["refused"], done["actor"]) == (3, {"succeeded": 1}, "ann")
    [listed, _] = cli_json("operations", url=seeded.url)
    assert listed == done
    assert cli("operations", url=seeded.url).stdout.startswith(f"{done['id']}\tcancel\tdone\t3\t1")


def test_a_dry_run_counts(seeded):
    assert cli("retry", "--state", "failed", "--dry-run", url=seeded.url).stdout == "matched\t1\n"
    assert cli_json("delete", "--all", "--dry-run", url=seeded.url)["matched"] == 4
    assert cli_json("operations", url=seeded.url) == []


@pytest.mark.parametrize(
    ("args", "text"),
    [
        ([], "which tasks?"),
        (["--yes"], "which tasks?"),
        (["0199b2f0", "--queue", "default"], "either ids or options"),
        (["0199b2f0", "--all"], "either ids or options"),
        (["--state", "odd", "--yes"], "is none of"),
    ],
)
@pytest.mark.parametrize("name", ["cancel", "retry", "requeue"])
def test_it_must_be_clear_which_tasks(seeded, name, args, text):
    result = cli(name, *args, url=seeded.url)
    assert (result.exit_code, text in result.stderr) == (2, True)
    assert cli_json("audit", url=seeded.url) == []


def test_arguments_of_many_are_set_and_the_others_stay(seeded):
    done = cli_json("edit", "b:=9", "--definition", "add", "--yes", url=seeded.url)
    assert (done["done"], done["refused"]) == (2, {"succeeded": 1})
    payloads = [task["payload"] for task in cli_json("tasks", "--limit", "2", url=seeded.url)]
    assert payloads == [{"a": 3, "b": 9}, {"a": 2, "b": 9}]
    done = cli_json("requeue", "text=again", "--state", "failed", "--yes", url=seeded.url)
    assert done["done"] == 1
    [again] = cli_json("tasks", "--limit", "1", url=seeded.url)
    assert (again["definition"], again["payload"]) == ("boom", {"text": "again"})


def test_tasks_are_chosen_by_all_of_several_tags(seeded):
    cli("edit", seeded["queued"], "--set-tag", "a", "--set-tag", "b", url=seeded.url)
    cli("edit", seeded["scheduled"], "--set-tag", "a", url=seeded.url)
    both = ("--tag", "b", "--tag", "a")
    assert [task["id"] for task in cli_json("tasks", *both, url=seeded.url)] == [seeded["queued"]]
    assert cli("pause", *both, "--dry-run", url=seeded.url).stdout == "matched\t1\n"


def test_the_actor_is_who_is_logged_in_or_who_the_environment_says(seeded):
    cli("pause", seeded["queued"], url=seeded.url)
    cli("resume", seeded["queued"], url=seeded.url, env={"ROWLOCK_ACTOR": "robot"})
    [second, first] = cli_json("audit", url=seeded.url)
    assert second["actor"] == "robot"
    assert first["actor"] != "robot"
    assert cli("audit", "--actor", "robot", url=seeded.url).stdout.count("\n") == 1


def test_an_unknown_operation_is_not_found(seeded):
    result = cli("operations", "resume", seeded["queued"], url=seeded.url)
    assert result.exit_code == 5


def test_what_is_interrupted_says_how_to_go_on(url):
    many(url, 4_000, cancel=True)
    process = start("retry", "--queue", "many", "--yes", "--url", url)
    try:
        with closing(Rowlock(url)) as app:
            wait_for_a_batch(app, process)
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=PROCESS_SECONDS)
    finally:
        process.kill()
    assert process.returncode == 130
    *_, command = stderr.strip().splitlines()
    assert command.strip().startswith("rowlock operations resume ")
    done = cli_json(*command.split()[1:], url=url)
    assert (done["state"], done["done"]) == ("done", 4_000)


def wait_for_a_batch(app: Rowlock, process: subprocess.Popen[str]) -> None:
    import time

    end = time.monotonic() + PROCESS_SECONDS
    while time.monotonic() < end and process.poll() is None:
        newest = app.list_operations(limit=1)
        if newest and newest[0].action == "retry" and newest[0].done:
            return
        time.sleep(0.02)
    raise AssertionError(json.dumps([process.returncode, process.communicate()]))
