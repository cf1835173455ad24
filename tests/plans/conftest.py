"""Databases of several sizes, before and after ANALYZE."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from uuid import UUID

import pytest

from rowlock.model.ids import new_task_id, new_token
from rowlock.model.states import TaskState
from rowlock.model.tasks import Finish, Outcome, Release, Report
from rowlock.storage.contract import ClaimRequest
from rowlock.storage.storage import Storage
from rowlock.storage.url import open_storage
from tests.contract.steps import LEASE, T0, new
from tests.plans.explaining import Filled
from tests.support.backends import migrate, sql_plan, table_names
from tests.support.databases import fresh_database

BATCH = 10_000
LARGE = [pytest.param(size, marks=pytest.mark.acceptance) for size in (100_000, 1_000_000)]
SIZES = [10_000, *LARGE]


@contextmanager
def storage_of_its_own(server: str) -> Iterator[Storage]:
    """Lend a migrated database for one module: its statistics are part of what is tested."""
    with (
        fresh_database(server) as dsn,
        closing(migrate(open_storage(dsn, pool_size=1))) as storage,
    ):
        yield storage


def analyze(storage: Storage) -> None:
    """Let PostgreSQL look at every table."""
    for name in table_names(storage):
        storage.runner.run(sql_plan, f"ANALYZE {name}")


def fill(storage: Storage, size: int) -> Filled:
    """Store about `size` live tasks in all states, and as many finished ones."""
    for _ in range(0, size, BATCH):
        _fill_batch(storage)
    task_id, token = new_task_id(), new_token()
    if size:
        _insert(storage, [new(id=task_id, queue="own")])
        _claim(storage, "own", token, 1)
    return Filled(storage, task_id, token)


def _fill_batch(storage: Storage) -> None:
    token = new_token()
    _insert(storage, [new(priority=9, max_crashes=9) for _ in range(BATCH)])
    claims = _claim(storage, "default", token, BATCH)
    ends = [Finish(one.id, token, TaskState.SUCCEEDED) for one in claims]
    storage.runner.run(storage.claims.report, [Report(e.id, token, log="[]") for e in ends[:500]])
    storage.runner.run(storage.claims.finish_tasks, ends, now=T0)
    waiting = [new(lifetime=timedelta(days=9) if n % 4 else None) for n in range(BATCH // 2)]
    unique = [new(unique_key=f"key{new_task_id()}") for _ in range(BATCH // 10)]
    later = [new(delay=timedelta(hours=1)) for _ in range(BATCH * 3 // 10)]
    _insert(storage, [*waiting, *unique, *later])
    running = [new(priority=9, queue="running") for _ in range(BATCH // 10)]
    _insert(storage, running)
    again = _claim(storage, "running", token, BATCH)[:300]
    released = [Release(one.id, token, Outcome.FAILED) for one in again]
    storage.runner.run(storage.claims.release_tasks, released, now=T0)


def _insert(storage: Storage, tasks) -> None:
    storage.runner.run(storage.enqueue.insert_tasks, tasks, namespace="default", now=T0)


def _claim(storage: Storage, queue: str, token: UUID, limit: int):
    request = ClaimRequest("default", queue, "w", token, limit, LEASE)
    return storage.runner.run(storage.claims.claim_tasks, request, now=T0)


@pytest.fixture(scope="module", params=SIZES)
def size(request: pytest.FixtureRequest) -> int:
    """How many live tasks there are, and how many finished ones."""
    size: int = request.param
    return size
