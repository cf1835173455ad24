"""Statistics from a moment when the tables were empty must not change how a batch finds its rows.

After ANALYZE on a table of one row, SQLite reads the whole table, however large it has become,
and searches the batch for each of its rows: nothing could be settled any more.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing

import pytest

from rowlock.model.ids import new_token
from rowlock.model.states import TaskState
from rowlock.model.tasks import Finish
from rowlock.storage.contract import ClaimRequest
from rowlock.storage.storage import Storage
from rowlock.storage.url import open_storage
from tests.contract.steps import LEASE, T0, new
from tests.plans.conftest import fill
from tests.plans.explaining import OPERATIONS, Filled, driver_of, explained
from tests.plans.test_sqlite_plans import explain
from tests.support.backends import migrate, sql_plan

pytestmark = pytest.mark.plans

WHOLE_TABLE = re.compile(r"SCAN (rowlock_(task|history|attempt)|t|h|a)$", re.MULTILINE)
BATCHES = (
    "edit contents",
    "finish",
    "finish lost",
    "read standings",
    "release",
    "renew",
    "renew lost",
    "report",
)


def see_one_of_each(storage: Storage) -> None:
    storage.runner.run(
        storage.enqueue.insert_tasks, [new(), new(), new()], namespace="default", now=T0
    )
    request = ClaimRequest("default", "default", "w", new_token(), 2, LEASE)
    held, done = storage.runner.run(storage.claims.claim_tasks, request, now=T0)
    ends = [Finish(done.id, done.token, TaskState.SUCCEEDED)]
    storage.runner.run(storage.claims.finish_tasks, ends, now=T0)
    assert held.id != done.id
    storage.runner.run(sql_plan, "ANALYZE")


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    """Tables that were analyzed when they had a row or two, and are full now."""
    path = tmp_path_factory.mktemp("statistics") / "rowlock.db"
    with closing(migrate(open_storage(f"sqlite:///{path}"))) as storage:
        see_one_of_each(storage)
        filled = fill(storage, 10_000)
    # Statistics are read when a file is opened.
    with closing(open_storage(f"sqlite:///{path}")) as storage:
        yield filled._replace(storage=storage)


@pytest.mark.parametrize("name", BATCHES)
def test_a_batch_finds_its_rows_by_their_ids(filled, name):
    plans = explained(driver_of(filled.storage), explain, lambda: OPERATIONS[name](filled))
    whole = {step: plan for step, plan in plans.items() if WHOLE_TABLE.search(plan)}
    assert plans
    assert whole == {}
