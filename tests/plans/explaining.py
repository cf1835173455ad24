"""A storage operation's statements, and how the database means to find their rows."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID

from rowlock.model.ends import ClaimKey
from rowlock.model.ids import TokenRange
from rowlock.model.queues import Share
from rowlock.model.states import TaskState
from rowlock.model.tasks import Finish, Held, Outcome, Release, Report, TaskFilter
from rowlock.plan import BEGIN, NOTHING, Plan, Result, Statement, drive
from rowlock.storage.change_contract import NewContent
from rowlock.storage.contract import FIRST_PRIORITY, LAST_PRIORITY, ClaimRequest, Lane
from rowlock.storage.deletion_contract import Deletion
from rowlock.storage.pool import Driver
from rowlock.storage.storage import Storage
from tests.contract.steps import LEASE, T0, new


class Filled(NamedTuple):
    """A storage with many tasks, and one of them that runs, in a queue of its own."""

    storage: Storage
    task_id: UUID
    token: UUID


Explain = Callable[[Any, Statement], str]

LATER = T0 + timedelta(days=1)


def driver_of(storage: Storage) -> Driver:
    """Return what the storage's runner opens its connections with."""
    runner: Any = storage.runner
    driver: Driver = getattr(runner, "writer", runner).driver
    return driver


def explained(
    driver: Driver, explain: Explain, operation: Callable[[], Plan[Any]]
) -> dict[str, str]:
    """Drive an operation that is rolled back; return each statement's plan by its name."""
    plans: dict[str, str] = {}
    with closing(driver.connect()) as connection:

        def execute(statement: Statement) -> Result:
            if statement is BEGIN or statement.then is not None:
                return NOTHING
            if statement.copied is None:
                plans[statement.name] = explain(connection, statement)
            return driver.execute(connection, statement)

        driver.begin(connection)
        drive(operation(), execute)
        driver.rollback(connection)
    return plans


def _request(on: Filled, **asked: Any) -> ClaimRequest:
    request = ClaimRequest("default", "default", "w", on.token, 50, LEASE)
    return request._replace(**asked)


def _held(on: Filled, *, lost: bool = False) -> list[Held]:
    return [Held(on.task_id, on.task_id if lost else on.token, LEASE)]


def _done(on: Filled, *, lost: bool = False) -> list[Finish]:
    return [Finish(on.task_id, on.task_id if lost else on.token, TaskState.SUCCEEDED)]


SOME = ("hello", "bye")
ABOVE = Lane(FIRST_PRIORITY, -1)
DAY = timedelta(days=1)

OPERATIONS: dict[str, Callable[[Filled], Plan[Any]]] = {
    "claim": lambda on: on.storage.claims.claim_tasks(_request(on), now=LATER),
    "claim some definitions": lambda on: on.storage.claims.claim_tasks(
        _request(on, definitions=SOME), now=LATER
    ),
    "claim from a place": lambda on: on.storage.claims.claim_tasks(
        _request(on, lanes=(ABOVE, Lane(0, LAST_PRIORITY, T0, on.task_id))), now=LATER
    ),
    "claim from several queues": lambda on: on.storage.claims.claim_tasks(
        _request(on, shares=(Share("default", 50), Share("own", 50))), now=LATER
    ),
    "waiting queues": lambda on: on.storage.claims.waiting_queues("default", ["default", "own"]),
    "peek": lambda on: on.storage.claims.peek_queue(_request(on, definitions=SOME)),
    "renew": lambda on: on.storage.claims.renew_leases(_held(on), now=LATER),
    "renew lost": lambda on: on.storage.claims.renew_leases(_held(on, lost=True), now=LATER),
    "read token": lambda on: on.storage.claims.read_token("default", on.task_id),
    "read standings": lambda on: on.storage.claims.read_standings(
        "default", [ClaimKey(on.task_id, on.token)]
    ),
    "read claimed": lambda on: on.storage.claims.read_claimed(on.token),
    "read tokens": lambda on: on.storage.claims.read_tokens(
        "default", "w", TokenRange(on.token, on.token)
    ),
    "finish": lambda on: on.storage.claims.finish_tasks(_done(on), now=LATER),
    "finish lost": lambda on: on.storage.claims.finish_tasks(_done(on, lost=True), now=LATER),
    "finish and claim": lambda on: on.storage.claims.finish_and_claim(
        _done(on), _request(on), now=LATER
    ),
    "release": lambda on: on.storage.claims.release_tasks(
        [Release(on.task_id, on.token, Outcome.FAILED)], now=LATER
    ),
    "report": lambda on: on.storage.claims.report(
        [Report(on.task_id, on.token, 5, "x", "[]")], now=LATER
    ),
    "promote": lambda on: on.storage.upkeep.promote_tasks(limit=50, now=LATER),
    "next due": lambda on: on.storage.upkeep.seconds_to_next_due(now=LATER),
    "rescue": lambda on: on.storage.upkeep.rescue_tasks(grace=DAY / 2, limit=50, now=LATER),
    "expire": lambda on: on.storage.upkeep.expire_tasks(limit=50, now=LATER),
    "end pauses": lambda on: on.storage.changes.end_pauses(limit=50, now=LATER),
    "prune": lambda on: on.storage.upkeep.prune_history(
        "default", "default", older_than=DAY / 2, limit=10, now=LATER
    ),
    "lock what runs of a queue": lambda on: on.storage.deletions.lock_running("default", "own"),
    "delete what waits in a queue": lambda on: on.storage.deletions.purge_waiting(
        Deletion("default", "default", LATER), after=None, limit=50
    ),
    "delete what is finished of a queue": lambda on: on.storage.deletions.purge_finished(
        Deletion("default", "default", LATER), limit=50
    ),
    "cancel waiting": lambda on: on.storage.operate.cancel_waiting(
        "default", on.task_id, reason="x"
    ),
    "request cancel": lambda on: on.storage.operate.request_cancel("default", on.task_id),
    "cancel running": lambda on: on.storage.operate.cancel_running(
        "default", on.task_id, reason="x"
    ),
    "retry": lambda on: on.storage.operate.retry_finished("default", on.task_id, attempts=1),
    "enqueue": lambda on: on.storage.enqueue.insert_task(new(), namespace="default"),
    "enqueue many": lambda on: on.storage.enqueue.insert_tasks([new()], namespace="default"),
    "enqueue again": lambda on: on.storage.enqueue.insert_tasks(
        [new()], namespace="default", replayed=True
    ),
    "read identities": lambda on: on.storage.enqueue.read_identities([on.task_id]),
    "find unique holder": lambda on: on.storage.enqueue.find_unique_holder("default", "key1"),
    "find unique holders": lambda on: on.storage.changes.find_unique_holders(
        "default", ["key1", "key2"]
    ),
    "read contents": lambda on: on.storage.changes.read_contents(
        [on.task_id, *(new().id for _ in range(20))]
    ),
    "edit contents": lambda on: on.storage.changes.edit_contents(
        {one: NewContent("{}", None) for one in (on.task_id, *(new().id for _ in range(20)))}
    ),
    "read counts": lambda on: on.storage.tallies.read_tallies("default"),
    "fold counts": lambda on: on.storage.tallies.fold_tallies("default", limit=50),
    "get": lambda on: on.storage.reads.get_task("default", on.task_id),
    "list": lambda on: on.storage.reads.list_tasks("default", TaskFilter(), limit=50),
    "next page": lambda on: on.storage.reads.list_tasks(
        "default", TaskFilter(), limit=50, before=on.task_id
    ),
    "find by prefix": lambda on: on.storage.reads.find_by_prefix("default", on.task_id, on.task_id),
    "attempts": lambda on: on.storage.reads.list_attempts(on.task_id),
    "log": lambda on: on.storage.reads.read_log(on.task_id),
    "waiting definitions": lambda on: on.storage.reads.waiting_definitions(
        "default", "default", limit=50
    ),
}
"""Every operation that must stay fast however many tasks there are."""

CLAIM, DUE, LEASES = "ix_rowlock_task_claim", "ix_rowlock_task_due", "ix_rowlock_task_lease"
EXPIRY, FINISHED = "ix_rowlock_task_expiry", "ix_rowlock_history_finished"
