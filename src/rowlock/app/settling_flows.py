"""Ending attempts of tasks that were claimed by hand, as flows."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any
from uuid import UUID

from rowlock.app.flow import Flow, Run
from rowlock.app.holding_flows import HeldTask, fresh_policies, held_id, standings_of
from rowlock.app.intake import Intake
from rowlock.app.rounds import rounds
from rowlock.backoff import RetryPolicy
from rowlock.definitions.definition import TaskDefinition
from rowlock.definitions.signature import Signature
from rowlock.errors import InvalidValueError, StorageDataError
from rowlock.model import json_text
from rowlock.model.durations import positive_duration_from
from rowlock.model.ends import ClaimKey, Ending, Standing, ToldEnd
from rowlock.model.ids import checked_token
from rowlock.model.states import TaskState
from rowlock.model.tasks import Task, TaskFailure
from rowlock.ops import holding
from rowlock.ops.holding import Verdict
from rowlock.ops.tasks import get_task
from rowlock.runtime.ends import MAX_MESSAGE_LENGTH, MAX_TRACEBACK_LENGTH, failure_from
from rowlock.storage.values import options_from_text

MAX_TYPE_LENGTH = 200
# For the words that say how much a worker has left out.
ROOM = 100


def served_token(core: Intake, task: HeldTask) -> Flow[UUID]:
    """Return the token under which a task runs that the HTTP service claimed.

    Raises:
        TaskNotFoundError: The namespace has none of that id.
        NotRunningError: It does not run.
        LeaseLostError: Somebody else claimed it, or a claim was lost before this one.
    """
    operation = partial(holding.served_token, core.storage, core.namespace, held_id(task))
    token: UUID = yield Run(operation, reads=True)
    return token


def complete(core: Intake, task: HeldTask, token: object, result: Any) -> Flow[Task]:
    """Record that a claimed task succeeded."""
    encoded = Signature.encode_result(result)
    end = ToldEnd(held_id(task), checked_token(token), Ending.SUCCEEDED, encoded)
    return (yield from settle(core, end))


def fail(
    core: Intake, task: HeldTask, token: object, error: str | BaseException, *, detail: Any
) -> Flow[Task]:
    """Record that an attempt of a claimed task failed."""
    task_id, checked = held_id(task), checked_token(token)
    end = ToldEnd(task_id, checked, Ending.FAILED, failure=_failure(error, detail))
    return (yield from settle(core, end))


def release(core: Intake, task: HeldTask, token: object, *, delay: object) -> Flow[Task]:
    """Give a claimed task back."""
    wait = None if delay is None else positive_duration_from("delay", delay)
    ending = Ending.SNOOZED if wait else Ending.HANDED_BACK
    end = ToldEnd(held_id(task), checked_token(token), ending, delay=wait)
    return (yield from settle(core, end))


def _failure(error: str | BaseException, detail: Any) -> TaskFailure:
    if isinstance(error, BaseException):
        found = failure_from(error)
        return told_failure(found.type, found.message, found.traceback, detail)
    if not isinstance(error, str):  # pyright: ignore[reportUnnecessaryIsInstance] - callers may be untyped
        raise InvalidValueError("error", f"must be text or an exception, not {error!r}")
    return told_failure("Failed", error, None, detail)


def told_failure(kind: str, message: str, traceback: str | None, detail: Any) -> TaskFailure:
    """Return why an attempt failed, bounded; `detail` is any JSON.

    Raises:
        InvalidValueError: The detail is no JSON.
    """
    if detail is not None:
        json_text.encode("detail", detail)
    return TaskFailure(
        type=kind[:MAX_TYPE_LENGTH],
        message=message[: MAX_MESSAGE_LENGTH + ROOM],
        traceback=None if traceback is None else traceback[-MAX_TRACEBACK_LENGTH - ROOM :],
        detail=detail,
    )


def settle(core: Intake, end: ToldEnd) -> Flow[Task]:
    """Record how the attempt of a claimed task ended; returns the task as it is then."""
    [verdict] = yield from settle_many(core, [end])
    if isinstance(verdict, Exception):
        raise verdict
    task: Task = yield Run(partial(get_task, core.storage, core.namespace, end.id), reads=True)
    return task


def settle_many(core: Intake, ends: Sequence[ToldEnd]) -> Flow[list[Verdict]]:
    """Record how attempts ended; returns how each task stands then, or why it was refused."""
    if any(end.ending is Ending.FAILED and end.retry and end.delay is None for end in ends):
        standings = yield from standings_of(core, [ClaimKey(end.id, end.token) for end in ends])
        yield from fresh_policies(core, standings.values())
    verdicts: dict[int, Verdict] = {}
    for part in rounds(ends):
        told = yield from _settle_part(core, list(part.values()))
        verdicts |= {place: told[end.id] for place, end in part.items()}
    settled = [one for one in verdicts.values() if isinstance(one, Standing)]
    core.storage.endings.tell(one.id for one in settled)
    if any(one.state is not TaskState.SUCCEEDED for one in settled):
        core.storage.wakeups.wake_here(core.namespace, None)
    return [verdicts[place] for place in range(len(ends))]


def _settle_part(core: Intake, ends: Sequence[ToldEnd]) -> Flow[dict[UUID, Verdict]]:
    """Record ends together; what the database refuses is halved until the culprit is alone."""

    def retry_of(found: Standing) -> RetryPolicy:
        code = core.code_of(core.named(found.definition))
        own = code.defaults.retry if isinstance(code, TaskDefinition) else None
        return (
            options_from_text(found.options).retry or own or core.policies.queue(found.queue).retry
        )

    operation = partial(holding.settle, core.storage, core.namespace, ends, retry_of)
    try:
        told: dict[UUID, Verdict] = yield Run(operation)
    except StorageDataError as error:
        if len(ends) == 1:
            return {ends[0].id: error}
    else:
        return told
    middle = len(ends) // 2
    first = yield from _settle_part(core, ends[:middle])
    return first | (yield from _settle_part(core, ends[middle:]))
