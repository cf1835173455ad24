"""Several processes that claim from one database: every task once, and nobody fails."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import chain
from pathlib import Path

import pytest

from tests.chaos.conftest import FULL
from tests.contract.steps import ids, insert, listed, new
from tests.support.backends import DURABLE, Backend

pytestmark = [
    pytest.mark.processes,
    pytest.mark.parametrize("backend", DURABLE, indirect=True),
]

ROOT = Path(__file__).parents[2]
TIMEOUT_SECONDS = 120


@pytest.fixture
def started() -> Iterator[ExitStack]:
    """Ends every process that a test started."""
    with ExitStack() as stack:
        yield stack


def start(started: ExitStack, backend: Backend, *arguments: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.processes.claimer", backend.url, *arguments],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    started.enter_context(process)
    started.callback(process.kill)
    return process


def go(processes: list[subprocess.Popen[str]]) -> list[list[str]]:
    """Let all begin at the same moment; return what each took."""
    ready = [process.stdout and process.stdout.readline() for process in processes]
    assert ready == ["ready\n"] * len(processes)
    for process in processes:
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()
    answers = [process.communicate(timeout=TIMEOUT_SECONDS) for process in processes]
    assert [errors for _, errors in answers] == [""] * len(processes)
    assert [process.returncode for process in processes] == [0] * len(processes)
    return [json.loads(output) for output, _ in answers]


def test_of_20_processes_that_claim_one_task_exactly_one_gets_it(backend, started):
    """C7."""
    task = new()
    insert(backend, task, now=None)
    taken = go([start(started, backend, "1") for _ in range(20)])
    assert list(chain(*taken)) == [str(task.id)]


def test_8_processes_run_every_task_exactly_once(backend, started):
    """C148, C97."""
    tasks = [new() for _ in range(10_000 if FULL else 2_000)]
    insert(backend, *tasks, now=None)
    taken = go([start(started, backend, "5", "drain") for _ in range(8)])
    assert sorted(chain(*taken)) == sorted(map(str, ids(tasks)))
    assert len(listed(backend, limit=20_000, states=("succeeded",))) == len(tasks)


def test_20_processes_that_open_a_database_at_once_do_not_fail(backend, started):
    assert go([start(started, backend, "9") for _ in range(20)]) == [[]] * 20
