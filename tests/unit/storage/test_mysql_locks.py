"""Locks, counts of rows and conflicts, between two connections."""

from __future__ import annotations

import math
import threading
from contextlib import closing
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest

from rowlock.errors import (
    StorageConflictError,
)
from rowlock.model.ids import new_token
from rowlock.model.queues import Share
from rowlock.plan import BEGIN, NOTHING, Plan, Result, Statement, drive
from rowlock.sql_text import SqlText
from rowlock.storage.contract import FIRST_PRIORITY, LAST_PRIORITY, ClaimRequest, Lane
from rowlock.storage.mysql.connection import MySQLDriver
from rowlock.storage.mysql.opening import address_from
from rowlock.storage.pool import PooledRunner
from tests.contract.steps import (
    T0,
    after,
    claim,
    claimed,
    done,
    finish,
    get,
    held,
    insert,
    new,
    renew,
    rescue,
    together,
)

pytestmark = pytest.mark.parametrize("backend", ["mariadb"], indirect=True)


@pytest.fixture(autouse=True)
def nobody_watches(backend) -> None:
    """Plans that are driven by hand do not ask, however slow the machine is."""
    backend.storage.claims.events._known_until = math.inf


@pytest.fixture
def driver(backend) -> MySQLDriver:
    return MySQLDriver(address_from(backend.url))


def ask(driver: MySQLDriver, connection, sql: str, **params: Any) -> list[tuple[Any, ...]]:
    return driver.execute(connection, Statement("test", SqlText(sql), params)).rows


def test_a_lock_wait_timeout_undoes_the_whole_transaction(backend, driver):
    """The server undoes only the statement that waited; what came before must go too."""
    first, second = new(), new()
    insert(backend, first, second)

    def change(one: bytes, other: bytes) -> Plan[None]:
        sql = SqlText("UPDATE rowlock_task SET progress = progress + 1 WHERE id = :id")
        yield BEGIN
        yield Statement("wait", SqlText("SET innodb_lock_wait_timeout = 1"), {})
        yield Statement("test", sql, {"id": one})
        yield Statement("test", sql, {"id": other})

    runner = PooledRunner(driver, size=1)
    with closing(runner), closing(driver.connect()) as holder:
        driver.begin(holder)
        ask(driver, holder, "SELECT 1 FROM rowlock_task WHERE id = :id FOR UPDATE", id=second.id)
        with pytest.raises(StorageConflictError, match="1205"):
            runner._run_once(change(first.id.bytes, second.id.bytes))
        driver.rollback(holder)
        runner.run(change, second.id.bytes, second.id.bytes)
    assert get(backend, first.id).progress == 0
    assert get(backend, second.id).progress == 2


def test_a_deadlock_is_tried_again(backend, driver):
    first, second = new(), new()
    insert(backend, first, second)
    met = threading.Barrier(2, timeout=30)
    runs: list[object] = []

    def change(ids) -> Plan[None]:
        sql = SqlText("UPDATE rowlock_task SET progress = progress + 1 WHERE id = :id")
        yield BEGIN
        runs.append(ids)
        yield Statement("test", sql, {"id": ids[0]})
        if len(runs) <= 2:
            met.wait()
        yield Statement("test", sql, {"id": ids[1]})

    pair = [first.id, second.id]
    threads = [threading.Thread(target=backend.run, args=(change, p)) for p in (pair, pair[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(runs) == 3
    assert [get(backend, one).progress for one in pair] == [2, 2]


def test_an_update_counts_rows_it_changed_and_an_insert_rows_it_stored(backend):
    """What plans rely on: `Result.count` of duties and of retried tasks."""
    make = "INSERT INTO rowlock_duty (name, next_at) VALUES ('n', '2030-01-01') "
    make += "ON DUPLICATE KEY UPDATE name = rowlock_duty.name"
    assert [backend.execute(make).count for _ in range(3)] == [1, 0, 0]
    move = "UPDATE rowlock_duty SET next_at = '2031-01-01' WHERE name = 'n'"
    assert [backend.execute(move).count for _ in range(2)] == [1, 0]


def test_a_duty_is_taken_by_one_of_many_at_once(backend):
    take = backend.storage.upkeep.take_duty
    for name in ("a", "b", "c"):
        one = partial(backend.run, take, name, every=timedelta(seconds=60))
        assert sorted(together(*[one] * 6)) == [False] * 5 + [True]


def test_a_request_to_cancel_can_be_repeated(backend):
    insert(backend, new())
    [one] = claim(backend)
    request = backend.storage.operate.request_cancel
    assert [backend.run(request, "default", one.id) for _ in range(3)] == [True] * 3
    assert get(backend, one.id).cancel_requested


def test_a_heartbeat_that_changes_nothing_still_holds(backend):
    """Time stands still, so the lease is written as it was: no row changes."""
    insert(backend, new())
    [one] = claim(backend)
    for _ in range(2):
        [pulse] = renew(backend, held(one))
        assert pulse.held


def test_settling_locks_what_it_copies(backend, driver):
    """Else a rescue could take the row between the copy to history and the deletion."""
    one = claimed(backend)
    plan = backend.storage.claims.finish_tasks([done(one)], now=T0)
    with closing(driver.connect()) as settling:
        assert next(plan) is BEGIN
        driver.begin(settling)
        statement = plan.send(Result([], 0))
        assert statement.name == "bury_held"
        plan.send(driver.execute(settling, statement))
        lost = after(3600)
        assert rescue(backend, now=lost) == []
        [pulse] = renew(backend, held(one))
        assert pulse.held
        driver.rollback(settling)
    assert [task.id for task in rescue(backend, now=lost)] == [one.id]


def test_rescuing_locks_only_what_is_lost(backend, driver):
    lost, alive = claimed(backend), claimed(backend, now=after(3600))
    sweep = backend.storage.upkeep.rescue_tasks
    plan = sweep(grace=timedelta(0), limit=10, now=after(3600))
    with closing(driver.connect()) as sweeping:
        next(plan)
        driver.begin(sweeping)
        statement = plan.send(Result([], 0))
        assert statement.name == "lock_lost"
        plan.send(driver.execute(sweeping, statement))
        assert finish(backend, done(alive)) == {alive.id}
        [pulse] = renew(backend, held(lost))
        assert pulse.held
        assert rescue(backend, now=after(3600)) == []
        driver.rollback(sweeping)
    assert len(rescue(backend, now=after(3600))) == 1


def test_two_sweeps_share_what_is_lost(backend, driver):
    """The look for lost tasks itself takes no locks: a limited sweep leaves the rest alone."""
    for _ in range(3):
        claimed(backend)
    plan = backend.storage.upkeep.rescue_tasks(grace=timedelta(0), limit=1, now=after(3600))
    with closing(driver.connect()) as sweeping:
        next(plan)
        driver.begin(sweeping)
        plan.send(driver.execute(sweeping, plan.send(Result([], 0))))
        assert len(rescue(backend, now=after(3600))) == 2
        driver.rollback(sweeping)


@pytest.mark.parametrize("shares", [(), (Share("empty", 2), Share("default", 2))])
def test_two_claims_share_the_line(backend, driver, shares):
    tasks = [new() for _ in range(4)]
    insert(backend, *tasks)
    lease = timedelta(seconds=30)
    request = ClaimRequest("default", "default", "w", new_token(), 2, lease, shares=shares)
    plan = backend.storage.claims.claim_tasks(request, now=T0)
    with closing(driver.connect()) as claiming:
        next(plan)
        driver.begin(claiming)
        locked = driver.execute(claiming, plan.send(Result([], 0)))
        assert [row[0] for row in locked.rows] == [task.id.bytes for task in tasks[:2]]
        assert [one.id for one in claim(backend, limit=9)] == [task.id for task in tasks[2:]]
        driver.rollback(claiming)
    assert [one.id for one in claim(backend, limit=9)] == [task.id for task in tasks[:2]]


def test_a_claim_looks_above_its_place_only_if_something_is_there(backend, driver):
    usual, urgent = new(), new(priority=5)
    insert(backend, usual)
    lanes = (Lane(FIRST_PRIORITY, -1), Lane(0, LAST_PRIORITY, T0, UUID(int=0)))

    def looks(limit: int) -> tuple[list[str], list[UUID]]:
        names: list[str] = []

        def execute(statement: Statement) -> Result:
            if statement is BEGIN or statement.then is not None:
                return NOTHING
            names.append(statement.name)
            result: Result = driver.execute(connection, statement)
            return result

        request = ClaimRequest(
            "default", "default", "w", new_token(), limit, timedelta(seconds=30), lanes=lanes
        )
        with closing(driver.connect()) as connection:
            driver.begin(connection)
            claims = drive(backend.storage.claims.claim_tasks(request, now=after(1)), execute)
            driver.rollback(connection)
        return names, [one.id for one in claims]

    above, line, mark = "is_any_above", "lock_claimable", "mark_claimed"
    assert looks(2) == ([above, line, mark], [usual.id])
    insert(backend, urgent)
    assert looks(2) == ([above, line, line, mark], [urgent.id, usual.id])
    assert looks(1) == ([above, line, mark], [urgent.id])
