"""One attempt: from a claim to its end."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import partial
from typing import Any, TypeAlias

from rowlock.backoff import Backoff, RetryPolicy
from rowlock.definitions.context import Context, TaskCanceledError, TaskInfo
from rowlock.definitions.definition import TaskDefinition
from rowlock.definitions.options import PROCESS
from rowlock.definitions.transaction import Settling
from rowlock.errors import UnknownDefinitionError
from rowlock.model import json_text
from rowlock.model.failures import ElsewhereError
from rowlock.model.states import TaskState
from rowlock.model.tasks import Claim, Finish, TaskFailure
from rowlock.runtime.calling import Call, Calls
from rowlock.runtime.ends import (
    End,
    end_of_cancel,
    end_of_failure,
    end_of_giving_up,
    end_of_return,
    failure_from,
)
from rowlock.runtime.late import AfterSettling
from rowlock.runtime.processes.pool import ProcessPool
from rowlock.runtime.processes.process import NotBegunError
from rowlock.runtime.threads import Threads
from rowlock.runtime.timeouts import TaskTimeoutError, within

log = logging.getLogger(__name__)

TimeoutOf: TypeAlias = Callable[[Claim, TaskDefinition[..., Any] | None], timedelta | None]
RetryOf: TypeAlias = Callable[
    [Claim, TaskDefinition[..., Any] | None, BaseException | None], RetryPolicy
]

# How long a process that was asked to stop may go on before it is killed.
CANCEL_SECONDS = 5.0
GIVE_UP_SECONDS = 0.5


class StopReason(StrEnum):
    """Why a running attempt was told to stop."""

    CANCELED = "canceled"
    LOST = "lost"
    STOPPING = "stopping"


class RunningAttempt:
    """A claim that is being run, and what is needed to stop or renew it.

    Attributes:
        lease: How long each renewal holds.
        renew_after: Monotonic time of the next renewal.
        lost_after: Monotonic time at which the lease has run out unless it was renewed.
        error: What the handler, or what is around it, raised.
        stop_reason: Why it was told to stop, once it was.
        begun: Whether the attempt's coroutine has taken its first step.
        began: When it did, by `time.monotonic`.
        took: For how many seconds it ran, once it has ended.
        runner: The asyncio task that runs it.
        thread: What the thread of a sync handler will deliver.
    """

    __slots__ = (
        "began",
        "begun",
        "claim",
        "context",
        "error",
        "lease",
        "lost_after",
        "renew_after",
        "runner",
        "stop_reason",
        "thread",
        "took",
    )

    def __init__(self, claim: Claim, context: Context, lease: timedelta, claimed: float) -> None:
        """Count the lease from the moment at which the claim was sent."""
        self.claim = claim
        self.context = context
        self.lease = lease
        self.stop_reason: StopReason | None = None
        self.error: BaseException | None = None
        self.begun = False
        self.began = self.took = 0.0
        self.runner: asyncio.Task[None] | None = None
        self.thread: asyncio.Future[Any] | None = None
        self.renewed(claimed)

    def renewed(self, sent: float) -> None:
        """Count the lease from the moment at which its renewal was sent."""
        seconds = self.lease.total_seconds()
        self.renew_after = sent + seconds / 3
        self.lost_after = sent + seconds

    def end(self) -> None:
        """Note for how long it ran."""
        self.took = time.monotonic() - self.began if self.begun else 0.0

    def stop(self, reason: StopReason) -> None:
        """Tell the handler to stop. On the event loop only.

        An async one is cancelled. A thread cannot be: it is told by its context, and waited
        for until the worker itself has no more time.
        """
        if self.stop_reason is not None and reason is not StopReason.STOPPING:
            return
        if reason is StopReason.LOST and self.context.settled:
            return  # its handler has settled it, so there is nothing to hold any more
        self.stop_reason = self.stop_reason or reason
        self.context.request_cancel()
        # Cancelled before its first step, a coroutine would end without a trace: one that has
        # not begun looks at the reason itself.
        stoppable = self.thread is None or reason is StopReason.STOPPING
        if self.runner is not None and self.begun and stoppable:
            self.runner.cancel()

    def patience(self) -> float:
        """Return how many seconds a process may go on that was asked to stop.

        None after a timeout. A task that somebody else runs next must not run twice for long.
        """
        if self.stop_reason is None:
            return 0.0
        return CANCEL_SECONDS if self.stop_reason is StopReason.CANCELED else GIVE_UP_SECONDS


def context_for(
    claim: Claim,
    alias: str | None,
    namespace: str,
    worker: str,
    settling: Callable[[Claim], Settling] | None = None,
) -> Context:
    """Return the context of a claim's attempt, without its deadline yet."""
    return Context(
        partial(_task_info, claim, alias, namespace, worker),
        settling=None if settling is None else partial(settling, claim),
    )


def _task_info(claim: Claim, alias: str | None, namespace: str, worker: str) -> TaskInfo:
    return TaskInfo(
        id=claim.id,
        queue=claim.queue,
        definition=alias,
        namespace=namespace,
        attempt=claim.attempt,
        max_attempts=claim.max_attempts,
        tags=tuple(json_text.decode(claim.tags)) if claim.tags else (),
        created_at=claim.created_at,
        run_at=claim.run_at,
        worker=worker,
    )


async def run_attempt(
    running: RunningAttempt,
    definition: TaskDefinition[..., Any] | None,
    *,
    timeout_of: TimeoutOf,
    retry_of: RetryOf,
    threads: Threads,
    processes: ProcessPool | None,
    calls: Calls,
) -> End | None:
    """Run the handler and return the attempt's end; None if there is nothing to record.

    Args:
        running: The claim.
        definition: What to run; None fails the attempt.
        timeout_of: Gives how long it may run.
        retry_of: Gives the retry policy, asked for only when the attempt fails.
        threads: Where sync handlers run.
        processes: Where handlers run whose definition says so; None runs them here.
        calls: Puts around the handler what belongs there.
    """
    claim = running.claim
    running.begun, running.began = True, time.monotonic()
    try:
        timeout = timeout_of(claim, definition)
        if definition is not None and processes and definition.defaults.executor == PROCESS:
            calls.check_elsewhere(definition)
            value = await _called_in_process(definition, running, timeout, processes)
        else:
            with AfterSettling(running.claim, running.context) as late:
                late.value = await _called(definition, running, timeout, threads, calls)
            value = late.value
    except ElsewhereError as error:
        retry = _retry(retry_of, claim, definition, error)
        return end_of_failure(claim, retry, error.failure, reason=error.reason)
    except BaseException as error:  # noqa: BLE001 - whatever a handler raises is its failure
        running.error = error
        return _end_of_error(running, error, retry_of, definition)
    if running.context.settled is not None:
        return None
    if value is None:
        return Finish(claim.id, claim.token, TaskState.SUCCEEDED)
    retry = _retry(retry_of, claim, definition)
    return end_of_return(claim, value, retry, max_bytes=calls.max_result_bytes)


def _end_of_error(
    running: RunningAttempt,
    error: BaseException,
    retry_of: RetryOf,
    definition: TaskDefinition[..., Any] | None,
) -> End | None:
    claim, reason = running.claim, None
    if isinstance(error, (asyncio.CancelledError, TaskCanceledError)) and running.stop_reason:
        return _end_of_stop(running.stop_reason, claim)
    failure = failure_from(error)
    if isinstance(error, TaskTimeoutError):
        failure, reason = TaskFailure(type="Timeout", message=str(error)), "timeout"
    retry = _retry(retry_of, claim, definition, error)
    return end_of_failure(claim, retry, failure, reason=reason)


def _retry(
    retry_of: RetryOf,
    claim: Claim,
    definition: TaskDefinition[..., Any] | None,
    error: BaseException | None = None,
) -> RetryPolicy:
    try:
        return retry_of(claim, definition, error)
    except ValueError:
        log.exception("task %s: its options cannot be read, it is not tried again", claim.id)
        return RetryPolicy(backoff=Backoff.NONE)


async def _called(
    definition: TaskDefinition[..., Any] | None,
    running: RunningAttempt,
    timeout: timedelta | None,
    threads: Threads,
    calls: Calls,
) -> Any:
    if running.stop_reason is not None:
        raise TaskCanceledError(running.claim.id)
    if definition is None:
        raise UnknownDefinitionError(running.context.task.definition or "")
    arguments = definition.signature.decode(running.claim.payload)
    arguments.update(definition.signature.inject(running.context))
    call = calls.bind(definition, arguments, running.context)
    if not definition.is_async:
        running.thread = threads.submit(call)
        running.thread.add_done_callback(_retrieved)
    if timeout is None:
        return await _result(call, running)
    running.context.deadline = datetime.now(UTC) + timeout
    async with within(timeout, running.context.request_cancel):
        return await _result(call, running)


async def _called_in_process(
    definition: TaskDefinition[..., Any],
    running: RunningAttempt,
    timeout: timedelta | None,
    processes: ProcessPool,
) -> Any:
    """Run the handler in a child; its time begins when one is ready, with the code loaded."""
    if running.stop_reason is not None:
        raise TaskCanceledError(running.claim.id)
    while True:
        child = await processes.take()
        if timeout is not None:
            running.context.deadline = datetime.now(UTC) + timeout
        try:
            async with within(timeout, running.context.request_cancel):
                payload, patience = running.claim.payload, running.patience
                return await child.run(definition, payload, running.context, patience)
        except NotBegunError as error:
            if running.stop_reason is not None:
                raise TaskCanceledError(running.claim.id) from error
            log.warning(
                "task %s: an idle process died, taking another: %s", running.claim.id, error
            )
        finally:
            processes.give_back(child)


def _result(call: Call, running: RunningAttempt) -> Awaitable[Any]:
    if running.thread is None:
        awaitable: Awaitable[Any] = call()
        return awaitable
    # Giving up on a thread does not end it; its slot stays taken until it does.
    return asyncio.shield(running.thread)


def _retrieved(thread: asyncio.Future[Any]) -> None:
    """Look at what a thread raised, so that asyncio does not report it once more."""
    if not thread.cancelled():
        thread.exception()


def _end_of_stop(reason: StopReason, claim: Claim) -> End | None:
    match reason:
        case StopReason.CANCELED:
            return end_of_cancel(claim)
        case StopReason.STOPPING:
            return end_of_giving_up(claim)
        case StopReason.LOST:
            return None


def monotonic() -> float:
    """Return seconds on a clock that nobody sets and that goes on while the host sleeps."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if clock is None else time.clock_gettime(clock)
