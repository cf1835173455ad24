"""One attempt, as a worker makes it, from a claim to its recorded end."""

from __future__ import annotations

import asyncio
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, TypeAlias
from uuid import UUID

from rowlock.app.core import Core
from rowlock.app.flow import Do, Flow, Run
from rowlock.definitions.capture import LogCapture
from rowlock.definitions.definition import TaskDefinition
from rowlock.errors import InvalidValueError, TaskConflictError, TaskFailedError
from rowlock.model.ids import new_token
from rowlock.model.states import TaskState
from rowlock.model.tasks import Claim, Finish, Outcome, Task, TaskFailure
from rowlock.ops.tasks import get_task
from rowlock.plan import Plan
from rowlock.runtime.attempt import (
    RunningAttempt,
    context_for,
    monotonic,
    run_attempt,
)
from rowlock.runtime.calling import Calls
from rowlock.runtime.ends import End
from rowlock.runtime.settler import reports_of
from rowlock.runtime.threads import DaemonThreads, Threads
from rowlock.runtime.timeouts import TaskTimeoutError
from rowlock.storage.settling import ClaimSettling
from rowlock.storage.storage import Storage
from rowlock.testing.threads import CallersThread
from rowlock.worker.rules import Rules

WithErrors: TypeAlias = Literal["raise", "record"]

WORKER = "rowlock-testing"


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRun:
    """What one attempt did.

    Attributes:
        task: The task as it is after the attempt.
        outcome: `succeeded`, `failed`, `snoozed`, `canceled`, `handed_back`, or `lost` if
            somebody else took the task meanwhile. A failed attempt is tried again if
            `task.state` is not final.
        error: What the handler raised, or why else the attempt failed; None if it did not fail.
    """

    task: Task
    outcome: str
    error: BaseException | None = None

    @property
    def result(self) -> Any:
        """The result that was stored."""
        return self.task.result


def checked_with_errors(value: object) -> None:
    """Refuse what is neither `raise` nor `record`.

    Raises:
        InvalidValueError: It is another value.
    """
    if value not in {"raise", "record"}:
        raise InvalidValueError("with_errors", f"{value!r} is neither 'raise' nor 'record'")


def claimed(core: Core, task_id: UUID) -> Flow[Claim]:
    """Take one waiting task, due or not.

    Raises:
        TaskNotFoundError: The namespace has none of that id.
        TaskConflictError: It runs or is finished.
    """
    task: Task = yield Run(partial(get_task, core.storage, core.namespace, task_id), reads=True)
    yield Run(partial(core.prepare, (task.queue,), ()))
    take = partial(
        core.storage.claims.claim_task,
        core.namespace,
        task_id,
        worker=WORKER,
        token=new_token(),
        lease=core.policies.queue(task.queue).lease,
    )
    claim: Claim | None = yield Run(take)
    if claim is None:
        raise TaskConflictError(task_id, task.state, "waiting")
    return claim


def attempt(core: Core, claim: Claim, *, with_errors: WithErrors) -> Flow[TaskRun]:
    """Run a claim's handler, record the end, and say what happened."""
    definition = None if claim.definition is None else core.registry.get(claim.definition)
    call = _Call(core, claim, definition)
    end: End | None = yield Do(call.blocking, call.awaited)
    reports = reports_of([call.running])
    if reports:
        yield Run(partial(core.storage.claims.report, reports))
    recorded = end is not None and (yield Run(partial(settle, core.storage, end)))
    find = partial(core.storage.reads.get_task, core.namespace, claim.id)
    task: Task = yield Run(find, reads=True)
    if end is None and call.running.context.settled:
        return TaskRun(task=task, outcome=task.state.value)
    if end is None or not recorded:
        return TaskRun(task=task, outcome=Outcome.LOST.value)
    outcome = end.state.value if isinstance(end, Finish) else end.outcome.value
    if outcome != TaskState.FAILED:
        return TaskRun(task=task, outcome=outcome)
    error = call.raised or _without_exception(task)
    if with_errors == "raise" or not isinstance(error, Exception):
        error.add_note(f"in task {task.id} ({task.definition}), attempt {task.attempt}")
        raise error
    return TaskRun(task=task, outcome=outcome, error=error)


def _without_exception(task: Task) -> TaskFailedError:
    failure = task.error or TaskFailure(type="Unknown", message="no error is recorded")
    return TaskFailedError(task.id, failure.type, failure.message)


def settle(storage: Storage, end: End) -> Plan[bool]:
    """Record the end of an attempt; False if somebody else took the task meanwhile."""
    if isinstance(end, Finish):
        return bool((yield from storage.claims.finish_tasks([end])))
    return bool((yield from storage.claims.release_tasks([end])))


class _Call:
    """A handler on its way, from sync or from async code, with all that its app puts around it."""

    def __init__(
        self, core: Core, claim: Claim, definition: TaskDefinition[..., Any] | None
    ) -> None:
        self._core = core
        self._rules = Rules(core.policies, takes_unknown=True)
        self._definition = definition
        alias = claim.definition if definition is None else definition.alias
        # In a transaction of the test's nobody else sees the claim, to settle it there.
        settling = None if core.joined is not None else self._settling
        context = context_for(claim, alias, core.namespace, WORKER, settling)
        lease = core.policies.queue(claim.queue).lease
        self.running = RunningAttempt(claim, context, lease, monotonic())

    @property
    def raised(self) -> BaseException | None:
        """What the handler raised; None if the attempt was ended from outside."""
        error = self.running.error
        return None if isinstance(error, (asyncio.CancelledError, TaskTimeoutError)) else error

    def _settling(self, claim: Claim) -> ClaimSettling:
        return ClaimSettling(self._core.storage, claim.id, claim.token)

    async def _run(self, threads: Threads) -> End | None:
        capture = LogCapture()
        capture.install()
        try:
            return await run_attempt(
                self.running,
                self._definition,
                timeout_of=self._rules.timeout,
                retry_of=self._rules.retry,
                threads=threads,
                processes=None,  # a debugger, a fake and a coverage tool are in this process
                calls=Calls(self._core.extensions, asyncio.get_running_loop(), capture),
            )
        finally:
            capture.remove()

    def blocking(self) -> End | None:
        """Run it from sync code."""
        thread = CallersThread()
        return thread.wait_for(self._run(thread))

    async def awaited(self) -> End | None:
        """Run it from async code: an async handler on its loop."""
        with closing(DaemonThreads(1, name="testing")) as threads:
            return await self._run(threads)
