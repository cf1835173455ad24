"""How SQLite finds rows, whatever the tables' sizes and whatever it knows of them."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from rowlock.plan import Statement
from rowlock.storage.sqlite.connection import bound
from rowlock.storage.url import open_storage
from tests.plans.conftest import fill
from tests.plans.explaining import (
    CLAIM,
    DUE,
    EXPIRY,
    FINISHED,
    LEASES,
    OPERATIONS,
    Filled,
    driver_of,
    explained,
)
from tests.support.backends import migrate, sql_plan

pytestmark = pytest.mark.plans

# The tables are WITHOUT ROWID: their primary key is the table itself.
TASK = r"SEARCH (rowlock_task|t) USING PRIMARY KEY \(id[=<>]"
HISTORY = r"SEARCH (rowlock_history|h) USING PRIMARY KEY \(id[=<>]"
INDEXES = {
    "claim": {CLAIM, TASK},
    "claim some definitions": {CLAIM, TASK},
    "peek": {CLAIM},
    "renew": {TASK},
    "finish": {TASK},
    "finish lost": {TASK, HISTORY},
    "release": {TASK},
    "promote": {DUE, TASK},
    "next due": {DUE},
    "rescue": {LEASES},
    "expire": {EXPIRY},
    "prune": {FINISHED, HISTORY},
    "delete what waits in a queue": {TASK},
    "delete what is finished of a queue": {FINISHED, HISTORY},
    "get": {TASK, HISTORY},
    "read standings": {TASK, HISTORY},
    "read token": {TASK},
    "list": {TASK, HISTORY},
    "next page": {TASK, HISTORY},
    "retry": {HISTORY},
    "find unique holder": {"ix_rowlock_task_unique"},
    "find by prefix": {TASK, HISTORY},
    "waiting definitions": {CLAIM},
}
WHOLE_TABLE = re.compile(r"SCAN rowlock_(task|history)\b(?! USING)")


def explain(connection: sqlite3.Connection, statement: Statement) -> str:
    rows = connection.execute(f"EXPLAIN QUERY PLAN {statement.sql.text}", bound(statement.params))
    return "\n".join(row[3] for row in rows)


@pytest.fixture(scope="module", params=["unknown", "analyzed"])
def filled(
    request: pytest.FixtureRequest, size: int, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Filled]:
    """Tables of a size, of which the planner knows nothing or all that ANALYZE finds."""
    path = tmp_path_factory.mktemp("plans") / "rowlock.db"
    with closing(migrate(open_storage(f"sqlite:///{path}"))) as storage:
        filled = fill(storage, size)
        if request.param == "analyzed":
            storage.runner.run(sql_plan, "ANALYZE")
        yield filled


def plans_of(name: str, filled: Filled) -> dict[str, str]:
    return explained(driver_of(filled.storage), explain, lambda: OPERATIONS[name](filled))


@pytest.mark.parametrize("name", OPERATIONS)
def test_no_operation_reads_a_whole_table(filled, name):
    plans = plans_of(name, filled)
    whole = {step: plan for step, plan in plans.items() if WHOLE_TABLE.search(plan)}
    assert plans
    assert whole == {}


@pytest.mark.parametrize("name", INDEXES)
def test_an_operation_uses_its_indexes(filled, name):
    plan = "\n".join(plans_of(name, filled).values())
    assert {index for index in INDEXES[name] if re.search(index, plan)} == INDEXES[name], plan
