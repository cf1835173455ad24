"""How PostgreSQL finds rows, whatever the tables' sizes and whatever it knows of them."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

import psycopg
import pytest

from rowlock.model.ids import new_token
from rowlock.model.states import TaskState
from rowlock.model.tasks import Finish, Held
from rowlock.plan import Statement
from rowlock.storage.contract import ClaimRequest
from rowlock.storage.postgres.planning import LASTING, SMALL
from rowlock.storage.storage import Storage
from tests.contract.steps import LEASE, T0, new
from tests.plans.conftest import analyze, fill, storage_of_its_own
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
from tests.support.backends import empty_tables, sql_plan, table_names

pytestmark = pytest.mark.plans

TASK, HISTORY = "rowlock_task_pkey", "rowlock_history_pkey"
INDEXES = {
    "claim": {CLAIM, TASK},
    "claim some definitions": {CLAIM, TASK},
    "claim from several queues": {CLAIM, TASK},
    "waiting queues": {CLAIM},
    "peek": {CLAIM},
    "renew": {TASK},
    "finish": {TASK},
    "finish lost": {TASK, HISTORY},
    "release": {TASK},
    "promote": {DUE, TASK},
    "next due": {DUE},
    "rescue": {LEASES, TASK},
    "expire": {EXPIRY, TASK},
    "prune": {FINISHED, HISTORY},
    "delete what is finished of a queue": {FINISHED, HISTORY},
    "get": {TASK, HISTORY},
    "read standings": {TASK, HISTORY},
    "read token": {TASK},
    "retry": {HISTORY},
    "find unique holder": {"ix_rowlock_task_unique"},
    "find by prefix": {TASK, HISTORY},
    "waiting definitions": {CLAIM},
}
# Without statistics PostgreSQL expects that few tasks pass the filter, and sorts them all.
LISTS = {"list", "next page"}
WALK = "delete what waits in a queue"
SLOW_SECONDS = 2.0
WHOLE_TABLE = re.compile(r"Seq Scan on rowlock_(task|history)")


def explain(connection: psycopg.Connection, statement: Statement) -> str:
    text, names = statement.sql.dollar
    with psycopg.RawCursor(connection) as cursor:
        cursor.execute(f"EXPLAIN {text}".encode(), [statement.params[name] for name in names])
        return "\n".join(row[0] for row in cursor.fetchall())


@pytest.fixture(scope="module")
def storage(postgres_server: str) -> Iterator[Storage]:
    """A database of this module alone: its statistics are part of the test."""
    with storage_of_its_own(postgres_server) as storage:
        yield storage


@pytest.fixture(scope="module", params=["unknown", "analyzed"])
def statistics(request: pytest.FixtureRequest) -> str:
    """What the planner knows."""
    statistics: str = request.param
    return statistics


@pytest.fixture(scope="module")
def filled(storage: Storage, size: int, statistics: str) -> Filled:
    """Tables of a size, of which the planner knows what `statistics` says."""
    names = table_names(storage)
    for name in names:
        storage.runner.run(sql_plan, f"TRUNCATE {name}")
    filled = fill(storage, size)
    if statistics == "analyzed":
        analyze(storage)
    return filled


def plans_of(name: str, filled: Filled) -> dict[str, str]:
    return explained(driver_of(filled.storage), explain, lambda: OPERATIONS[name](filled))


@pytest.mark.parametrize("name", sorted(OPERATIONS.keys() - LISTS - {WALK}))
def test_no_operation_reads_a_whole_table(filled, name):
    plans = plans_of(name, filled)
    whole = {step: plan for step, plan in plans.items() if WHOLE_TABLE.search(plan)}
    assert plans
    assert whole == {}


@pytest.mark.parametrize("name", INDEXES)
def test_an_operation_uses_its_indexes(filled, name):
    plan = "\n".join(plans_of(name, filled).values())
    assert {index for index in INDEXES[name] if index in plan} == INDEXES[name], plan


@pytest.mark.parametrize("statistics", ["analyzed"], indirect=True)
@pytest.mark.parametrize("name", sorted(LISTS))
def test_a_list_reads_no_more_than_its_page(filled, name):
    [plan] = plans_of(name, filled).values()
    assert f"Index Scan Backward using {TASK}" in plan
    assert f"Index Scan Backward using {HISTORY}" in plan
    assert "Sort  (" not in plan


@pytest.mark.parametrize("statistics", ["analyzed"], indirect=True)
def test_a_queue_is_emptied_along_the_primary_key(filled):
    plan = plans_of(WALK, filled)["lock_doomed_live"]
    assert f"Index Scan using {TASK}" in plan
    assert "Sort  (" not in plan


def test_only_plans_that_cannot_go_bad_are_kept_on_our_connections(storage):
    empty_tables(storage)
    for _ in range(10):
        tasks = [new()]
        storage.runner.run(storage.enqueue.insert_tasks, tasks, namespace="default", now=T0)
        work_off(storage, 1)
        storage.runner.run(storage.upkeep.rescue_tasks, grace=LEASE, limit=1)
        storage.runner.read(storage.reads.get_task, "default", tasks[0].id)
    prepared = "SELECT statement, generic_plans > 0, custom_plans > 0 FROM pg_prepared_statements"
    names = {storage.catalog.text(name).dollar.text: name for name in storage.catalog.names}
    seen = set()
    for text, kept, made in storage.runner.run(sql_plan, prepared).rows:
        # Not what has no plan, was sent by tests, or may have a plan of either kind.
        if text in names and names[text] not in SMALL:
            lasts = names[text] in LASTING
            seen.add(lasts)
            assert (kept, made) == (lasts, not lasts), names[text]
    assert seen == {True, False}


def work_off(storage: Storage, limit: int) -> int:
    """Claim, renew and finish on the pool's only connection."""
    token = new_token()
    request = ClaimRequest("default", "default", "w", token, limit, LEASE)
    claims = storage.runner.run(storage.claims.claim_tasks, request, now=T0)
    held = [Held(one.id, token, LEASE) for one in claims]
    ends = [Finish(one.id, token, TaskState.SUCCEEDED) for one in claims]
    storage.runner.run(storage.claims.renew_leases, held, now=T0)
    return len(storage.runner.run(storage.claims.finish_tasks, ends, now=T0))


def test_a_connection_that_knew_empty_tables_is_fast_on_full_ones(storage):
    for name in table_names(storage):
        storage.runner.run(sql_plan, f"TRUNCATE {name}")
        storage.runner.run(sql_plan, f"VACUUM ANALYZE {name}")
    for _ in range(6):
        work_off(storage, 500)
    tasks = [new() for _ in range(100_000)]
    storage.runner.run(storage.enqueue.insert_fresh_tasks, tasks, namespace="default", now=T0)
    begun = time.perf_counter()
    assert work_off(storage, 500) == 500
    assert time.perf_counter() - begun < SLOW_SECONDS
