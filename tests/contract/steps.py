"""What the contract tests say in one word each. Time stands still at `T0` unless they say so."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from rowlock.model.definitions import Definition
from rowlock.model.failures import failure_to_text
from rowlock.model.ids import new_task_id, new_token
from rowlock.model.states import TaskState
from rowlock.model.tasks import (
    Attempt,
    Claim,
    Finish,
    Held,
    NewTask,
    Outcome,
    Pulse,
    Release,
    Task,
    TaskFailure,
    TaskFilter,
    TaskTerms,
)
from rowlock.storage.contract import ClaimRequest
from rowlock.storage.upkeep_contract import ALL_LEASES, Rescued
from tests.support.backends import Backend

T0 = datetime(2030, 1, 1, 12, tzinfo=UTC)
LEASE = timedelta(seconds=30)
WAIT_SECONDS = 30.0
# Payloads that have a table of their own.
LARGE = '"' + "x" * 5000 + '"'
LARGER = '"' + "y" * 900_000 + '"'


def after(seconds: float) -> datetime:
    """The time so many seconds after `T0`."""
    return T0 + timedelta(seconds=seconds)


def seconds(number: float) -> timedelta:
    return timedelta(seconds=number)


def new(**given: Any) -> NewTask:
    """A task of definition `hello` in queue `default` that may start at once."""
    own: dict[str, Any] = {"id": new_task_id(), "payload": '{"a":1}', "unique_key": None}
    own |= {name: given.pop(name) for name in own.keys() & given.keys()}
    common: dict[str, Any] = {
        "queue": "default",
        "definition": "hello",
        "max_attempts": 3,
        "max_crashes": 3,
    }
    return NewTask(terms=TaskTerms(**{**common, **given}), **own)


def insert(
    backend: Backend, *tasks: NewTask, namespace: str = "default", now: datetime | None = T0,
    replayed: bool = False,
) -> set[UUID]:  # fmt: skip
    return backend.run(
        backend.storage.enqueue.insert_tasks,
        tasks,
        namespace=namespace,
        replayed=replayed,
        now=now,
    )


def claim(
    backend: Backend,
    *,
    limit: int = 1,
    now: datetime | None = T0,
    **asked: Any,
) -> list[Claim]:
    values = {
        "namespace": "default",
        "queue": "default",
        "worker": "w1",
        "token": new_token(),
        "limit": limit,
        "lease": LEASE,
    }
    request = ClaimRequest(**{**values, **asked})
    return backend.run(backend.storage.claims.claim_tasks, request, now=now)


def claimed(backend: Backend, *, now: datetime = T0, **given: Any) -> Claim:
    """Insert one task and claim it."""
    insert(backend, new(**given), now=now)
    [one] = claim(backend, now=now)
    return one


def done(one: Claim, **given: Any) -> Finish:
    """The end of a claim, succeeded unless said otherwise."""
    return Finish(one.id, one.token, **{"state": TaskState.SUCCEEDED, **given})


def back(one: Claim, outcome: Outcome = Outcome.FAILED, **given: Any) -> Release:
    """The end of a claim after which the task waits again."""
    return Release(one.id, one.token, outcome, **given)


def finish(backend: Backend, *ends: Finish, now: datetime | None = T0) -> set[UUID]:
    return backend.run(backend.storage.claims.finish_tasks, ends, now=now)


def release(backend: Backend, *ends: Release, now: datetime | None = T0) -> set[UUID]:
    return backend.run(backend.storage.claims.release_tasks, ends, now=now)


def renew(backend: Backend, *held: Held, now: datetime | None = T0) -> list[Pulse]:
    return backend.run(backend.storage.claims.renew_leases, held, now=now)


def held(one: Claim, lease: timedelta = LEASE) -> Held:
    return Held(one.id, one.token, lease)


def rescue(
    backend: Backend,
    *,
    now: datetime,
    grace: timedelta = timedelta(0),
    reach: timedelta = ALL_LEASES,
    limit: int = 100,
) -> list[Rescued]:
    rescue = backend.storage.upkeep.rescue_tasks
    return backend.run(rescue, grace=grace, reach=reach, limit=limit, now=now)


def promote(backend: Backend, *, now: datetime, limit: int = 100) -> list[tuple[str, str]]:
    ready = backend.run(backend.storage.upkeep.promote_tasks, limit=limit, now=now)
    return [(task.namespace, task.queue) for task in ready]


def expire(backend: Backend, *, now: datetime, limit: int = 100) -> int:
    return len(backend.run(backend.storage.upkeep.expire_tasks, limit=limit, now=now))


def cancel_waiting(backend: Backend, task_id: UUID, *, reason: str = "canceled") -> bool:
    operate = backend.storage.operate
    return backend.run(operate.cancel_waiting, "default", task_id, reason=reason, now=T0)


def cancel_running(backend: Backend, task_id: UUID, *, reason: str = "forced") -> bool:
    operate = backend.storage.operate
    return backend.run(operate.cancel_running, "default", task_id, reason=reason, now=T0)


def request_cancel(backend: Backend, task_id: UUID) -> bool:
    return backend.run(backend.storage.operate.request_cancel, "default", task_id)


def retry(backend: Backend, task_id: UUID, *, attempts: int = 3, now: datetime | None = T0) -> bool:
    operate = backend.storage.operate
    return backend.run(operate.retry_finished, "default", task_id, attempts=attempts, now=now)


def get(backend: Backend, task_id: UUID, *, now: datetime | None = T0) -> Task:
    """The task, which must be there."""
    task = backend.read(backend.storage.reads.get_task, "default", task_id, now=now)
    assert task is not None
    return task


def found(backend: Backend, task_id: UUID, *, namespace: str = "default") -> Task | None:
    return backend.read(backend.storage.reads.get_task, namespace, task_id, now=T0)


def state_of(backend: Backend, task_id: UUID, *, now: datetime | None = T0) -> TaskState:
    return get(backend, task_id, now=now).state


def listed(
    backend: Backend, *, limit: int = 1000, before: UUID | None = None,
    namespace: str = "default", now: datetime | None = T0, **wanted: Any,
) -> list[UUID]:  # fmt: skip
    reads = backend.storage.reads
    tasks = backend.read(
        reads.list_tasks, namespace, TaskFilter(**wanted), limit=limit, before=before, now=now
    )
    return [task.id for task in tasks]


def attempts(backend: Backend, task_id: UUID) -> list[Attempt]:
    return backend.read(backend.storage.reads.list_attempts, task_id)


def counts(backend: Backend, *, cap: int = 10_000, now=T0, namespace="default"):
    return backend.read(backend.storage.reads.count_tasks, namespace, cap=cap, now=now)


def define(backend: Backend, *definitions: Definition) -> None:
    backend.run(backend.storage.definitions.put_definitions, "default", definitions)


def failure(message: str = "boom") -> str:
    """An attempt's error as the database takes it."""
    return failure_to_text(TaskFailure(type="ValueError", message=message))


def ids(tasks: Sequence[Any]) -> list[UUID]:
    return [task.id for task in tasks]


def together(*calls: Callable[[], Any]) -> list[Any]:
    """Start every call at the same moment in a thread of its own; return what they returned."""
    barrier = threading.Barrier(len(calls), timeout=WAIT_SECONDS)

    def start(call: Callable[[], Any]) -> Any:
        barrier.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as threads:
        return list(threads.map(start, calls))


def end_leases(backend: Backend, worker: str, *, namespace: str = "default") -> int:
    """Say that a worker is dead."""
    return backend.run(backend.storage.upkeep.end_leases, namespace, worker, now=T0)
