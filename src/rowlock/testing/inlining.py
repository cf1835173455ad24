"""Running tasks where they are enqueued, for programs that are tested as a whole."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TypeVar
from uuid import UUID

from rowlock.app.core import Application, Core
from rowlock.app.flow import Flow, Run
from rowlock.errors import TaskFailedError
from rowlock.model.states import TaskState
from rowlock.model.tasks import Task
from rowlock.ops.tasks import get_task
from rowlock.testing.attempts import (
    WithErrors,
    attempt,
    checked_with_errors,
    claimed,
)

A = TypeVar("A", bound=Application)

MAX_DEPTH = 50


class _Inline:
    """Runs what was just enqueued, before `enqueue` returns."""

    def __init__(self, core: Core, with_errors: WithErrors) -> None:
        self._core = core
        self._with_errors: WithErrors = with_errors
        self._depth = 0

    def __call__(self, ids: Sequence[UUID]) -> Flow[None]:
        """Run the tasks that can start now, in order."""
        if self._depth == MAX_DEPTH:
            raise TaskFailedError(ids[0], "Limit", f"is enqueued {MAX_DEPTH} handlers deep")
        self._depth += 1
        try:
            for task_id in ids:
                yield from self._run(task_id)
        finally:
            self._depth -= 1

    def _run(self, task_id: UUID) -> Flow[None]:
        core = self._core
        task: Task = yield Run(partial(get_task, core.storage, core.namespace, task_id), reads=True)
        known = task.definition is not None and core.registry.get(task.definition) is not None
        if known and task.state is TaskState.QUEUED:
            claim = yield from claimed(core, task_id)
            yield from attempt(core, claim, with_errors=self._with_errors)


@contextmanager
def inline(app: A, *, with_errors: WithErrors = "raise") -> Generator[A]:
    """Run each task once at the moment it is enqueued; `enqueue` returns it as it is then.

    What waits is not run: a task with a delay, the next attempt of one that failed, a task of a
    definition that this app does not have, one that was enqueued with `transaction=`. `drain`
    runs those. Queues' limits and order mean nothing here.

    Args:
        app: A `Rowlock` or an `AsyncRowlock`; on memory or in a transaction of the test's own,
            so that no worker takes the task first.
        with_errors: `raise` what a handler raises out of `enqueue`, once it is recorded; or
            `record` it only.

    Raises:
        InvalidValueError: A bad `with_errors`.
    """
    checked_with_errors(with_errors)
    core = app.core
    before = core.on_enqueued
    core.on_enqueued = _Inline(core, with_errors)
    try:
        yield app
    finally:
        core.on_enqueued = before
