"""A database that accepts and does not answer: a worker still ends in time, and loses nothing."""

from __future__ import annotations

import asyncio
import re
import time
from functools import partial

import pytest

from rowlock.cli.exits import ExitCode
from tests.cli.commands import run
from tests.worker.places import Place, stopped, wait_for
from tests.worker.steps import until

CLAIM = b"state = 'running', "
SETTLE = b"INSERT INTO rowlock_history"
SCHEMA = b"rowlock_migration"
STALL_SECONDS = 30.0
# What a stop takes at most besides the grace time, on a machine that is busy: two seconds for
# what was asked, one for handlers, five for outcomes, two for threads, and the process's own.
BOUND_SECONDS = 15.0


def test_an_idle_worker_ends(place: Place):
    process = place.worker()
    place.proxy.stall()
    time.sleep(1)
    code, seconds = stopped(process)
    assert code == ExitCode.OK
    assert seconds < BOUND_SECONDS


def test_a_worker_that_is_starting_ends(place: Place):
    place.proxy.stall_at(SCHEMA)
    process = place.starting()
    assert place.proxy.stalled.wait(STALL_SECONDS)
    code, seconds = stopped(process)
    assert code == ExitCode.UNREACHABLE
    assert seconds < BOUND_SECONDS


@pytest.mark.parametrize("mark", [CLAIM, SETTLE], ids=["claim", "settle"])
def test_a_worker_that_waits_for_an_answer_ends_and_says_what_it_left(place: Place, mark: bytes):
    process = place.worker("--grace", "1s")
    place.proxy.stall_at(mark)
    place.nap()
    assert place.proxy.stalled.wait(STALL_SECONDS)
    code, seconds = stopped(process)
    assert code == ExitCode.FAILED
    assert seconds < 1 + BOUND_SECONDS


def test_a_second_signal_does_not_wait_for_what_runs(place: Place):
    process = place.worker("--grace", "10m")
    place.nap(600)
    wait_for(process, "napping", process.stdout)
    place.proxy.stall()
    code, seconds = stopped(process, signals=2)
    assert code == ExitCode.FAILED
    assert seconds < BOUND_SECONDS


@pytest.mark.parametrize("mark", [CLAIM, SETTLE], ids=["claim", "settle"])
async def test_when_the_stall_ends_the_worker_goes_on_and_nothing_is_lost(
    place: Place, mark: bytes
):
    """Though the statement was given up meanwhile, and whether or not it took effect."""
    process = place.worker(timeout="1s")
    place.proxy.stall_at(mark)
    ids = [place.nap() for _ in range(3)]
    assert place.proxy.stalled.wait(STALL_SECONDS)
    await asyncio.sleep(3)
    place.proxy.go_on()
    for one in ids:
        await until(partial(lambda task: place.app.get_task(task).state.is_final, one), 30)
        task = place.app.get_task(one)
        assert (task.state, task.attempt, task.crashes) == ("succeeded", 1, 0)
    assert stopped(process)[0] == ExitCode.OK


def test_a_command_gives_the_database_up(place: Place):
    place.proxy.stall_at(SCHEMA)
    began = time.monotonic()
    done = run("tasks", "--url", f"{place.url}?statement_timeout=1s", cwd=place.folder)
    assert done.returncode == ExitCode.UNREACHABLE
    assert re.search("not answered for 1 s|timed out|timeout expired", done.stderr)
    assert time.monotonic() - began < BOUND_SECONDS
