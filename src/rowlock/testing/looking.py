"""What was enqueued: lists and assertions."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import partial
from typing import Any, TypedDict, Unpack

from rowlock.app.core import Application, Core
from rowlock.app.flow import Flow, Run, run_flow, run_flow_async
from rowlock.definitions.definition import TaskDefinition
from rowlock.model.durations import Duration
from rowlock.model.tasks import Task, TaskFilter
from rowlock.testing.matching import Wanted, wanted_task

PAGE = 1_000


class Sought(TypedDict, total=False):
    """What an enqueued task is looked for by; everything given must hold.

    Attributes:
        queue: The queue's name.
        tags: Tags that the task carries, maybe among others.
        priority: Higher first.
        run_at: When it is due, give or take `within`.
        within: How far from `run_at`; 1 s.
        states: Words for states, in any spelling; any of them. All states if not given.
    """

    queue: str
    tags: Iterable[str]
    priority: int
    run_at: datetime
    within: Duration
    states: Iterable[str]


def all_enqueued(
    app: Application,
    definition: TaskDefinition[..., Any] | str | None = None,
    arguments: Any = None,
    /,
    **sought: Unpack[Sought],
) -> list[Task]:
    """Return the tasks that match, in the order in which they were enqueued, also finished ones.

    Args:
        app: A `Rowlock` or an `AsyncRowlock`.
        definition: A definition, or an alias in any spelling; any if None.
        arguments: Some of the arguments by name, objects in them likewise some of their keys; of
            a task without definition the payload.
        **sought: See `Sought`.

    Raises:
        InvalidValueError: A value that no task could have.
    """
    return run_flow(app.core, _found(app.core, wanted_task(definition, arguments, sought)))


async def aall_enqueued(
    app: Application,
    definition: TaskDefinition[..., Any] | str | None = None,
    arguments: Any = None,
    /,
    **sought: Unpack[Sought],
) -> list[Task]:
    """Return the tasks that match. See `all_enqueued`."""
    wanted = wanted_task(definition, arguments, sought)
    return await run_flow_async(app.core, _found(app.core, wanted))


def assert_enqueued(
    app: Application,
    definition: TaskDefinition[..., Any] | str | None = None,
    arguments: Any = None,
    /,
    *,
    count: int | None = None,
    **sought: Unpack[Sought],
) -> list[Task]:
    """Fail unless a matching task was enqueued, and say what was instead.

    Args:
        app: A `Rowlock` or an `AsyncRowlock`.
        definition: As in `all_enqueued`.
        arguments: As in `all_enqueued`.
        count: How many there must be, exactly; one or more if not given.
        **sought: See `Sought`.

    Returns:
        The tasks that match.

    Raises:
        AssertionError: There is none, or not that many.
        InvalidValueError: A value that no task could have.
    """
    wanted = wanted_task(definition, arguments, sought)
    return run_flow(app.core, _asserted(app.core, wanted, count))


async def aassert_enqueued(
    app: Application,
    definition: TaskDefinition[..., Any] | str | None = None,
    arguments: Any = None,
    /,
    *,
    count: int | None = None,
    **sought: Unpack[Sought],
) -> list[Task]:
    """Fail unless a matching task was enqueued. See `assert_enqueued`."""
    wanted = wanted_task(definition, arguments, sought)
    return await run_flow_async(app.core, _asserted(app.core, wanted, count))


def refute_enqueued(
    app: Application,
    definition: TaskDefinition[..., Any] | str | None = None,
    arguments: Any = None,
    /,
    **sought: Unpack[Sought],
) -> None:
    """Fail if a matching task was enqueued.

    Args:
        app: A `Rowlock` or an `AsyncRowlock`.
        definition: As in `all_enqueued`.
        arguments: As in `all_enqueued`.
        **sought: See `Sought`.

    Raises:
        AssertionError: There is one.
        InvalidValueError: A value that no task could have.
    """
    wanted = wanted_task(definition, arguments, sought)
    run_flow(app.core, _asserted(app.core, wanted, 0))


async def arefute_enqueued(
    app: Application,
    definition: TaskDefinition[..., Any] | str | None = None,
    arguments: Any = None,
    /,
    **sought: Unpack[Sought],
) -> None:
    """Fail if a matching task was enqueued. See `refute_enqueued`."""
    wanted = wanted_task(definition, arguments, sought)
    await run_flow_async(app.core, _asserted(app.core, wanted, 0))


def _asserted(core: Core, wanted: Wanted, count: int | None) -> Flow[list[Task]]:
    there = yield from _all(core)
    found = [task for task in there if wanted.matches(task)]
    if bool(found) if count is None else len(found) == count:
        return found
    raise AssertionError(wanted.complaint(there, found, count))


def _found(core: Core, wanted: Wanted) -> Flow[list[Task]]:
    return [task for task in (yield from _all(core)) if wanted.matches(task)]


def _all(core: Core) -> Flow[list[Task]]:
    """Return every task of the namespace, in the order of their ids."""
    tasks: list[Task] = []
    page: list[Task] | None = None
    while page is None or len(page) == PAGE:
        before = tasks[-1].id if tasks else None
        look = partial(core.storage.reads.list_tasks, limit=PAGE, before=before)
        page = yield Run(partial(look, core.namespace, TaskFilter()), reads=True)
        tasks += page or []
    return tasks[::-1]
