"""Several processes that claim from one database: every task once, and nobody fails."""

from __future__ import annotations

from itertools import chain

import pytest

from tests.chaos.conftest import FULL
from tests.contract.steps import ids, insert, listed, new
from tests.processes.programs import go, start
from tests.support.backends import DURABLE

pytestmark = [
    pytest.mark.processes,
    pytest.mark.parametrize("backend", DURABLE, indirect=True),
]

CLAIMER = "tests.processes.claimer"


def test_of_20_processes_that_claim_one_task_exactly_one_gets_it(backend, started):
    """C7."""
    task = new()
    insert(backend, task, now=None)
    taken = go([start(started, CLAIMER, backend, "1") for _ in range(20)])
    assert list(chain(*taken)) == [str(task.id)]


def test_8_processes_run_every_task_exactly_once(backend, started):
    """C148, C97."""
    tasks = [new() for _ in range(10_000 if FULL else 2_000)]
    insert(backend, *tasks, now=None)
    taken = go([start(started, CLAIMER, backend, "5", "drain") for _ in range(8)])
    assert sorted(chain(*taken)) == sorted(map(str, ids(tasks)))
    assert len(listed(backend, limit=20_000, states=("succeeded",))) == len(tasks)


def test_20_processes_that_open_a_database_at_once_do_not_fail(backend, started):
    assert go([start(started, CLAIMER, backend, "9") for _ in range(20)]) == [[]] * 20
