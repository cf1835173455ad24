"""How MariaDB finds rows, whatever the tables' sizes and whatever it knows of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from rowlock.plan import Statement
from rowlock.sql_text import SqlText
from rowlock.storage.storage import Storage
from tests.plans.conftest import fill, storage_of_its_own
from tests.plans.explaining import OPERATIONS, Filled, driver_of, explained
from tests.support.backends import sql_plan, table_names

pytestmark = pytest.mark.plans

WHOLE_TABLE = re.compile(r"^\S+ \S+ (rowlock_(task|history)|t|h) ALL ", re.MULTILINE)


def explain(driver: Any, connection: Any, statement: Statement) -> str:
    text = SqlText(f"EXPLAIN {statement.sql.text}")
    result = driver.execute(connection, Statement("explain", text, statement.params))
    return "\n".join(" ".join(map(str, row)) for row in result.rows)


@pytest.fixture(
    scope="module", params=[10_000, pytest.param(100_000, marks=pytest.mark.acceptance)]
)
def size(request: pytest.FixtureRequest) -> int:
    """Smaller than elsewhere: filling takes MariaDB long."""
    size: int = request.param
    return size


@pytest.fixture(scope="module")
def storage(mariadb_server: str) -> Iterator[Storage]:
    """A database of this module alone: its statistics are part of the test."""
    with storage_of_its_own(mariadb_server) as storage:
        yield storage


@pytest.fixture(scope="module", params=["unknown", "analyzed"])
def filled(request: pytest.FixtureRequest, storage: Storage, size: int) -> Filled:
    """Tables of a size, of which the planner knows what InnoDB samples or what ANALYZE finds."""
    for name in table_names(storage):
        storage.runner.run(sql_plan, f"TRUNCATE {name}")
    filled = fill(storage, size)
    if request.param == "analyzed":
        for name in table_names(storage):
            storage.runner.run(sql_plan, f"ANALYZE TABLE {name}")
    return filled


@pytest.mark.parametrize("name", OPERATIONS)
def test_no_operation_reads_a_whole_table(filled, name):
    driver = driver_of(filled.storage)
    plans = explained(
        driver,
        lambda connection, statement: explain(driver, connection, statement),
        lambda: OPERATIONS[name](filled),
    )
    whole = {step: plan for step, plan in plans.items() if WHOLE_TABLE.search(plan)}
    assert plans
    assert whole == {}


def test_a_claim_reads_its_index_in_order_from_either_end(filled):
    plans = explained(
        driver_of(filled.storage),
        lambda connection, statement: explain(driver_of(filled.storage), connection, statement),
        lambda: OPERATIONS["claim from a place"](filled),
    )
    for step in ("is_any_above", "lock_claimable"):
        assert " ix_rowlock_task_claim " in plans[step]
        assert "filesort" not in plans[step]


def test_a_claim_from_several_queues_reads_each_line_in_order(filled):
    plans = explained(
        driver_of(filled.storage),
        lambda connection, statement: explain(driver_of(filled.storage), connection, statement),
        lambda: OPERATIONS["claim from several queues"](filled),
    )
    listed, walked, _paused = plans["lock_claimable_of_several"].splitlines()
    assert " v ALL " in listed
    assert " t ref ix_rowlock_task_claim " in walked
    for unordered in ("filesort", "temporary", "join buffer", "Rowid-ordered"):
        assert unordered not in plans["lock_claimable_of_several"]
