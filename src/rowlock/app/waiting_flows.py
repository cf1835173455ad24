"""Waiting for tasks to finish, and asking how far one is, as flows."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any
from uuid import UUID

from rowlock.app.flow import Do, Flow, Run
from rowlock.app.flows import checked_id
from rowlock.app.flows import get_task as look
from rowlock.app.listing_flows import checked_filter
from rowlock.app.opened import Opened
from rowlock.errors import InvalidValueError, WaitTimeoutError
from rowlock.model.durations import duration_from
from rowlock.model.progress import TaskProgress
from rowlock.model.states import TaskState
from rowlock.model.tasks import Task, TaskFilter
from rowlock.ops.tasks import get_task

# For tasks that end in other processes. Of quick ones it is told at once; for slow ones a read
# a second costs nothing.
FIRST_PAUSE_SECONDS = 0.01
LONGEST_PAUSE_SECONDS = 1.0
PAUSE_GROWTH = 1.3
UNFINISHED = (TaskState.SCHEDULED, TaskState.RETRYING, TaskState.QUEUED, TaskState.PAUSED)


def wait(core: Opened, task: UUID | str | Task, *, timeout: object) -> Flow[Task]:
    """Return a task once it is finished."""
    [finished] = yield from wait_all(core, [task], timeout=timeout)
    return finished


def wait_or_look(core: Opened, task: UUID | str | Task, *, timeout: object) -> Flow[Task]:
    """Return a task once it is finished, or as it is when the time is up."""
    try:
        return (yield from wait(core, task, timeout=timeout))
    except WaitTimeoutError:
        return (yield from look(core, task))


def wait_all(
    core: Opened, tasks: Iterable[UUID | str | Task], *, timeout: object
) -> Flow[list[Task]]:
    """Return tasks once every one is finished.

    One after the other: while the first is waited for the rest go on, and need one read each.
    """
    ids = [checked_id(task) for task in tasks]
    until = None
    if timeout is not None:
        until = time.monotonic() + duration_from("timeout", timeout).total_seconds()
    finished: list[Task] = []
    for task_id in ids:
        finished.append((yield from _wait_until(core, task_id, until)))  # noqa: PERF401 - comprehensions cannot yield
    return finished


def _wait_until(core: Opened, task_id: UUID, until: float | None) -> Flow[Task]:
    operation = partial(get_task, core.storage, core.namespace, task_id)
    pause = FIRST_PAUSE_SECONDS
    with core.storage.endings.bell(task_id) as bell:
        while True:
            bell.silence()
            task: Task = yield Run(operation, reads=True)
            if task.state.is_final:
                return task
            left = pause if until is None else until - time.monotonic()
            if left <= 0:
                raise WaitTimeoutError(task_id, task.state)
            seconds = min(pause, left)
            yield Do(partial(bell.wait, seconds), partial(bell.await_ring, seconds))
            pause = min(pause * PAUSE_GROWTH, LONGEST_PAUSE_SECONDS)


def get_task_progress(
    core: Opened, definition: str, arguments: Mapping[str, Any] | None
) -> Flow[TaskProgress | None]:
    """Return how far the unfinished task of a definition with these arguments is."""
    if definition is None:  # pyright: ignore[reportUnnecessaryComparison] - callers may be untyped
        raise InvalidValueError("alias", "must be text, not None")
    given = arguments or None
    wanted = checked_filter(TaskFilter(definition=definition, arguments=given))
    for states in ((TaskState.RUNNING,), UNFINISHED):
        operation = partial(
            core.storage.reads.list_tasks,
            core.namespace,
            wanted._replace(states=states),
            limit=1,
        )
        found: list[Task] = yield Run(operation, reads=True)
        if found:
            [task] = found
            return TaskProgress(
                task_id=task.id,
                state=task.state,
                percent=task.progress,
                message=task.progress_message,
            )
    return None
