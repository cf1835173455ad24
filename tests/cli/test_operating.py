"""`rowlock cancel`, `retry`, `queues set|pause|resume` and `watch`."""

from __future__ import annotations

import json
import threading
import time
from contextlib import closing

import pytest

from rowlock import Rowlock, Worker
from tests.cli.commands import PROCESS_SECONDS, cli, cli_json, start


def test_cancel_ends_a_waiting_task_at_once(seeded):
    result = cli("cancel", seeded["queued"], url=seeded.url)
    assert result.stdout == f"{seeded['queued']}\tcanceled\n"
    assert cli_json("task", seeded["queued"], url=seeded.url)["state"] == "canceled"


def test_a_finished_task_cannot_be_canceled(seeded):
    result = cli("cancel", seeded["failed"], url=seeded.url)
    assert result.exit_code == 7
    assert "is failed, must be unfinished" in result.stderr


def test_cancel_asks_a_running_task_and_force_does_not_wait(url):
    started, release = threading.Event(), threading.Event()
    with closing(Rowlock(url)) as app:

        @app.task
        def hold() -> None:
            started.set()
            release.wait(30)

        task = hold.enqueue()
        thread = threading.Thread(target=Worker(app).run_once)
        thread.start()
        try:
            assert started.wait(10)
            asked = cli("cancel", str(task.id), url=url)
            forced = cli_json("cancel", str(task.id), "--force", url=url)
        finally:
            release.set()
            thread.join(30)
    assert asked.stdout == f"{task.id}\trequested\n"
    assert "was asked to stop" in asked.stderr
    assert forced == {"id": str(task.id), "outcome": "canceled"}


def test_retry_runs_a_finished_task_again_under_its_id(seeded):
    task = cli_json("retry", seeded["failed"], "--attempts", "2", url=seeded.url)
    assert (task["id"], task["state"]) == (seeded["failed"], "queued")
    assert task["max_attempts"] == task["attempt"] + 2
    assert cli("retry", seeded["succeeded"], url=seeded.url).stdout == (
        f"{seeded['succeeded']}\tqueued\n"
    )


def test_a_waiting_task_cannot_be_retried(seeded):
    assert cli("retry", seeded["queued"], url=seeded.url).exit_code == 7
    assert cli("retry", "0000", url=seeded.url).exit_code == 5


@pytest.mark.parametrize("attempts", ["0", "-1", "x"])
def test_attempts_must_be_a_count(attempts, seeded):
    result = cli("retry", seeded["failed"], "--attempts", attempts, url=seeded.url)
    assert result.exit_code == 2
    assert result.stderr.startswith("rowlock: attempts: ")


def test_a_queue_is_set_before_its_first_task(url):
    queue = cli_json(
        *("queues", "set", "Mail", "--lease", "1m", "--max-attempts", "9", "--retry", "fixed"),
        *("--timeout", "10s", "--lifetime", "2d", "--retention", "30d", "--max-crashes", "5"),
        url=url,
    )
    assert queue["name"] == "mail"
    assert (queue["lease_seconds"], queue["timeout_seconds"]) == (60, 10)
    assert (queue["lifetime_seconds"], queue["retention_seconds"]) == (172_800, 2_592_000)
    assert (queue["max_attempts"], queue["max_crashes"]) == (9, 5)


def test_setting_a_queue_changes_only_what_is_given(url):
    cli("queues", "set", "mail", "--lease", "1m", url=url)
    result = cli("queues", "set", "mail", "--max-attempts", "2", url=url)
    assert result.stdout == "mail\t-\t2\texponential\t1m\t-\t-\t7d\n"


@pytest.mark.parametrize(
    ("args", "field"),
    [
        (["mail", "--lease", "0"], "lease"),
        (["mail", "--lease", "1ms"], "lease"),
        (["mail", "--max-attempts", "0"], "max_attempts"),
        (["mail", "--retry", "often"], "retry"),
        (["", "--lease", "1m"], "queue"),
        (["no spaces", "--lease", "1m"], "queue"),
    ],
)
def test_a_bad_policy_is_refused_by_name(args, field, url):
    result = cli("queues", "set", *args, url=url)
    assert result.exit_code == 2
    assert result.stderr.startswith(f"rowlock: {field}: ")


def test_a_queue_is_paused_and_resumed(seeded):
    assert cli("queues", "pause", "Later", url=seeded.url).stdout == "later\tpaused\n"
    assert cli_json("queues", url=seeded.url)[1]["paused"] is True
    assert cli("stats", url=seeded.url).stdout.splitlines()[1].startswith("later (paused)\t")
    assert cli_json("queues", "resume", "later", url=seeded.url) == {
        "name": "later",
        "paused": False,
    }


def test_an_unknown_queue_cannot_be_paused(seeded):
    result = cli("queues", "pause", "nothing", url=seeded.url)
    assert result.exit_code == 5
    assert result.stderr == "rowlock: queue 'nothing': not found\n"


def test_watching_a_finished_task_tells_its_end(seeded):
    succeeded = cli("watch", seeded["succeeded"], url=seeded.url)
    assert succeeded.exit_code == 0
    log, state, result = succeeded.stdout.splitlines()
    assert log.endswith("INFO    adding 1 and 2")
    assert state.startswith(f"{seeded['succeeded']} succeeded after ")
    assert result == "3"
    failed = cli("watch", seeded["failed"], url=seeded.url)
    assert failed.exit_code == 1
    assert "Traceback" in failed.stdout


def test_watching_as_json_is_an_object_a_line(seeded):
    result = cli("watch", seeded["succeeded"], "--json", url=seeded.url)
    log, end = map(json.loads, result.stdout.splitlines())
    assert (log["event"], log["line"]["message"]) == ("log", "adding 1 and 2")
    assert (end["event"], end["task"]["state"]) == ("task", "succeeded")


def test_watch_follows_a_task_to_its_end(url):
    with closing(Rowlock(url)) as app:

        @app.task
        def add(a: int) -> int:
            return a + 1

        task = add.options(delay="2s").enqueue(1)
        process = start("watch", str(task.id), "--json", "--url", url)
        assert process.stdout is not None
        first = json.loads(process.stdout.readline())
        end = time.monotonic() + PROCESS_SECONDS
        while not Worker(app).run_once():
            assert time.monotonic() < end
        rest, _ = process.communicate(timeout=PROCESS_SECONDS)
    last = json.loads(rest.splitlines()[-1])
    assert (first["task"]["state"], last["task"]["state"]) == ("scheduled", "succeeded")
    assert process.returncode == 0


def test_enqueue_and_wait_ends_with_the_outcome(url):
    task = cli_json("enqueue", "add", "a:=1", "--app", "jobs:app", url=url)
    cli("cancel", task["id"], url=url)
    canceled = cli(
        "enqueue", "add", "a:=1", "--id", task["id"], "--wait", "--app", "jobs:app", url=url
    )
    assert canceled.exit_code == 1
    assert "canceled" in canceled.stdout
