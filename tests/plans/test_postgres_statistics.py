"""Statistics from a moment when the live table was empty must not change how rows are found.

A vacuum of an empty table that keeps its pages makes the planner take the refilled table for
empty. A batch that is joined then costs a scan of the table for each of its rows: 60,000 tasks
took six minutes instead of three seconds.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import psycopg
import pytest

from rowlock.model.ids import new_token
from rowlock.model.states import TaskState
from rowlock.model.tasks import Finish, Held, Outcome, Release, Report
from rowlock.plan import BEGIN, NOTHING, Result, Statement, drive
from rowlock.storage.contract import ClaimRequest
from rowlock.storage.storage import Storage
from rowlock.storage.url import open_storage
from tests.contract.steps import LEASE, T0, new
from tests.plans.explaining import driver_of
from tests.support.databases import fresh_database

pytestmark = pytest.mark.plans

TASKS = 20_000
BATCH = 500
# A row that is looked at by more than a handful of nodes for each row of the batch.
MOST_ROWS = 20 * BATCH


@pytest.fixture
def storage(postgres_server: str) -> Iterator[Storage]:
    """A database whose live table was vacuumed while it was empty, and is full now."""
    with fresh_database(postgres_server) as dsn:
        storage = open_storage(dsn)
        storage.runner.run(storage.migrations.apply)
        fill(storage)
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute("DELETE FROM rowlock_task")
            connection.execute("VACUUM (TRUNCATE false) rowlock_task")
            found = connection.execute(
                "SELECT reltuples, relpages FROM pg_class WHERE relname = 'rowlock_task'"
            ).fetchone()
        assert found is not None
        assert found[0] == 0
        assert found[1] > 0
        fill(storage)
        yield storage
        storage.close()


def fill(storage: Storage) -> None:
    tasks = [new() for _ in range(TASKS)]
    storage.runner.run(storage.enqueue.insert_fresh_tasks, tasks, namespace="default", now=T0)


def rows_looked_at(node: dict[str, object]) -> float:
    """Return how many rows a plan's nodes gave or filtered out, at most, in one node."""
    loops = float(str(node["Actual Loops"]))
    seen = ("Actual Rows", "Rows Removed by Filter", "Rows Removed by Join Filter")
    own = loops * sum(float(str(node.get(name, 0))) for name in seen)
    children = node.get("Plans", [])
    assert isinstance(children, list)
    return max([own, *(rows_looked_at(child) for child in children)])


def worst_of(storage: Storage, operation: str) -> float:
    """Run an operation on a claimed batch, explained; return the rows of its worst node."""
    token, driver = new_token(), driver_of(storage)
    request = ClaimRequest("default", "default", "w", token, BATCH, LEASE)
    claimed = storage.runner.run(storage.claims.claim_tasks, request)
    ids = [claim.id for claim in claimed]
    claims = storage.claims
    plan = {
        "claim": lambda: claims.claim_tasks(request._replace(token=new_token())),
        "renew": lambda: claims.renew_leases([Held(one, token, LEASE) for one in ids]),
        "finish": lambda: claims.finish_tasks(
            [Finish(one, token, TaskState.SUCCEEDED) for one in ids]
        ),
        "release": lambda: claims.release_tasks(
            [Release(one, token, Outcome.FAILED) for one in ids[:50]]
        ),
        "report": lambda: claims.report([Report(one, token, 50.0) for one in ids[:50]]),
    }[operation]()
    worst: list[float] = []
    connection = driver.connect()

    def execute(statement: Statement) -> Result:
        if statement is BEGIN or statement.then is not None:
            return NOTHING
        text, names = statement.sql.dollar
        values = [statement.params[name] for name in names]
        with psycopg.RawCursor(connection) as cursor:
            cursor.execute("BEGIN")
            cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {text}".encode(), values)
            row = cursor.fetchone()
            cursor.execute("ROLLBACK")
        assert row is not None
        explained = json.loads(row[0]) if isinstance(row[0], str) else row[0]
        worst.append(rows_looked_at(explained[0]["Plan"]))
        return driver.execute(connection, statement)

    drive(plan, execute)
    driver.close(connection)
    return max(worst)


@pytest.mark.parametrize("operation", ["claim", "renew", "finish", "release", "report"])
def test_a_batch_is_found_by_id_whatever_the_statistics_say(storage, operation):
    assert worst_of(storage, operation) <= MOST_ROWS
