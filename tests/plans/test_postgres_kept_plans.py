"""The plans that PostgreSQL may keep: the same whatever the tables hold and it knows of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from typing import Any

import psycopg
import pytest

from rowlock.model.ids import new_task_id, new_token
from rowlock.plan import Statement
from rowlock.storage.postgres import planning
from rowlock.storage.storage import Storage
from tests.plans.conftest import analyze, fill, storage_of_its_own
from tests.plans.explaining import OPERATIONS, Filled, driver_of, explained

pytestmark = pytest.mark.plans

WHOLE_TABLE = re.compile(r"Seq Scan on rowlock_")


@pytest.fixture(scope="module")
def storage(postgres_server: str) -> Iterator[Storage]:
    with storage_of_its_own(postgres_server) as storage:
        yield storage


def explain_kept(connection: psycopg.Connection[Any], statement: Statement) -> str:
    """The plan that a prepared statement keeps, without what it is thought to cost."""
    if statement.name not in planning.LASTING:
        return ""
    text, names = statement.sql.dollar
    given = [psycopg.sql.Literal(statement.params[name]).as_string(None) for name in names]
    with psycopg.RawCursor(connection) as cursor:
        cursor.execute(planning.KEEP_PLANS)
        cursor.execute(f"PREPARE kept AS {text}".encode())
        cursor.execute(f"EXPLAIN EXECUTE kept({', '.join(given)})".encode())
        lines = [re.sub(r"\s*\(cost=.*", "", row[0]) for row in cursor.fetchall()]
        cursor.execute(b"DEALLOCATE kept")
    return "\n".join(lines)


def kept_plans(filled: Filled) -> dict[str, str]:
    plans: dict[str, str] = {}
    for operation in OPERATIONS.values():
        shown = explained(driver_of(filled.storage), explain_kept, partial(operation, filled))
        plans |= {name: plan for name, plan in shown.items() if name in planning.LASTING}
    return plans


def test_a_plan_that_is_kept_is_the_same_for_empty_and_full_tables(storage):
    empty = kept_plans(Filled(storage, new_task_id(), new_token()))
    assert empty.keys() == planning.LASTING
    assert not [plan for plan in empty.values() if WHOLE_TABLE.search(plan)]
    filled = fill(storage, 10_000)
    assert kept_plans(filled) == empty
    analyze(storage)
    assert kept_plans(filled) == empty
