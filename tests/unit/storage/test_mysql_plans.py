"""How MariaDB finds rows: by the index meant for it, and never by reading a whole table."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest

from rowlock.model.ids import new_task_id, new_token
from rowlock.plan import Statement, drive
from rowlock.storage.contract import ClaimRequest
from rowlock.storage.mysql.parameters import rendered
from rowlock.storage.storage import Storage
from rowlock.storage.url import open_storage
from tests.contract.steps import LEASE, T0, new
from tests.plans.conftest import fill
from tests.plans.explaining import (
    CLAIM,
    DUE,
    EXPIRY,
    FINISHED,
    OPERATIONS,
    Filled,
    driver_of,
    explained,
)
from tests.support.backends import migrate, sql_plan
from tests.support.databases import fresh_database

pytestmark = pytest.mark.plans

PRIMARY = "PRIMARY"
INDEXES = {
    "claim": {CLAIM, PRIMARY},
    "claim some definitions": {CLAIM, PRIMARY},
    "peek": {CLAIM},
    "renew": {PRIMARY},
    "read claimed": {DUE},
    "finish": {PRIMARY},
    "finish lost": {PRIMARY},
    "release": {PRIMARY},
    "promote": {DUE, PRIMARY},
    "next due": {DUE},
    "rescue": {DUE, PRIMARY},
    "expire": {EXPIRY},
    "prune": {FINISHED, PRIMARY},
    "get": {PRIMARY},
    "list": {PRIMARY},
    "next page": {PRIMARY},
    "enqueue": {PRIMARY},
    "enqueue many": set(),
    "find by prefix": {PRIMARY},
    "waiting definitions": {CLAIM},
}
# Alias, access and index of a step.
STEP = re.compile(r"(\S+) (\S+) (\S+)")
SMALL = {"q", "d", "rowlock_queue", "rowlock_definition", "rowlock_duty"}


def explain(connection: Any, statement: Statement) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {rendered(statement.sql, statement.params)}")
        return "\n".join(f"{row[2]} {row[3]} {row[5]}" for row in cursor.fetchall())


@pytest.fixture(scope="module")
def filled(mariadb_server) -> Iterator[Filled]:
    with fresh_database(mariadb_server) as dsn, closing(migrate(open_storage(dsn))) as storage:
        filled = fill(storage, 10_000)
        storage.runner.run(sql_plan, "ANALYZE TABLE rowlock_task, rowlock_history")
        yield filled


@pytest.mark.parametrize("name", INDEXES)
def test_every_statement_uses_the_index_that_is_meant_for_it(filled, name):
    plans = explained(driver_of(filled.storage), explain, lambda: OPERATIONS[name](filled))
    steps = STEP.findall("\n".join(plans.values()))
    used = {index for table, _, index in steps if table not in SMALL and table[0] != "<"}
    assert used - {"None"} == INDEXES[name], plans


@pytest.mark.parametrize("count", [1, 500, 5_000])
def test_a_batch_of_any_size_is_found_by_primary_key(filled, count):
    """A list of a thousand and more ids in the statement itself would be a scan."""
    storage = filled.storage
    batch = storage.claims._batch(
        ids=[new_task_id() for _ in range(count)],
        tokens=[new_token() for _ in range(count)],
        leases=[LEASE] * count,
    )
    driver = driver_of(storage)
    with closing(driver.connect()) as connection:
        for name in (
            "lock_held",
            "lock_held_unlocked",
            "bury_held",
            "delete_tasks",
            "extend_leases",
        ):
            statement = storage.catalog.bind(name, now=None, **batch)
            assert "t eq_ref PRIMARY" in explain(connection, statement), name


def test_a_unique_key_is_found_by_its_index(filled):
    storage = filled.storage
    [key] = storage.runner.run(
        sql_plan, "SELECT unique_key FROM rowlock_task WHERE unique_key IS NOT NULL LIMIT 1"
    ).rows[0]
    find = storage.enqueue.find_unique_holder
    plans = explained(driver_of(storage), explain, lambda: find("default", key.decode()))
    assert plans == {"find_unique_holder": "rowlock_task const ix_rowlock_task_unique"}


def rows_read(storage: Storage, operation) -> int:
    """How many rows the server's tables gave for an operation that is rolled back."""
    driver = driver_of(storage)
    counted: list[int] = []
    with closing(driver.connect()) as connection:

        def execute(statement: Statement):
            if statement.name in {"begin", "after_commit"}:
                return None
            with connection.cursor() as cursor:
                cursor.execute("FLUSH STATUS")
                result = driver.execute(connection, statement)
                cursor.execute("SHOW SESSION STATUS LIKE 'Handler_read%'")
                counted.append(sum(int(value) for _, value in cursor.fetchall()))
            return result

        driver.begin(connection)
        drive(operation(), execute)
        driver.rollback(connection)
    return sum(counted)


def test_claiming_reads_about_as_many_rows_as_it_takes(filled):
    storage = filled.storage
    request = ClaimRequest("default", "default", "w", new_token(), 50, LEASE)
    later = T0 + timedelta(seconds=1)
    read = rows_read(storage, lambda: storage.claims.claim_tasks(request, now=later))
    assert read < 50 * 6


def test_promoting_nothing_reads_nothing(filled):
    storage = filled.storage
    assert rows_read(storage, lambda: storage.upkeep.promote_tasks(limit=50, now=T0)) < 5


def test_enqueueing_reads_no_more_with_many_tasks(filled):
    storage = filled.storage
    tasks = [new() for _ in range(10)]
    insert = storage.enqueue.insert_tasks
    assert rows_read(storage, lambda: insert(tasks, namespace="default")) < 50
