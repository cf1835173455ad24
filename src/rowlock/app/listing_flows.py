"""Choosing tasks: lists in three orders, counts, and what a filter may ask for, as flows."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import Any, cast
from uuid import UUID

from rowlock.app.flow import Flow, Run
from rowlock.app.flows import COUNT_CAP, checked_id
from rowlock.app.opened import Opened
from rowlock.errors import InvalidValueError, TaskNotFoundError
from rowlock.model import json_text
from rowlock.model.listing import TaskCount, TaskOrder
from rowlock.model.moments import checked_moment
from rowlock.model.names import (
    checked_alias,
    checked_name,
    checked_tags,
    checked_unique_key,
    checked_worker,
)
from rowlock.model.queues import checked_count
from rowlock.model.states import FINAL_STATES, WAITING_STATES, TaskState, state_filter
from rowlock.model.tasks import Task, TaskFilter
from rowlock.ops.tasks import get_task
from rowlock.storage.listing_contract import Position

MAX_LIMIT = 1_000
MAX_ERROR_LENGTH = 1_000
_RANGES = ("created", "started", "finished")


_STATES_OF_ORDER = {TaskOrder.FINISHED_AT: FINAL_STATES, TaskOrder.RUN_AT: WAITING_STATES}


def checked_limit(value: object) -> int:
    """Return how many rows a list may have.

    Raises:
        InvalidValueError: Not an integer from 1 to a thousand.
    """
    return checked_count("limit", value, most=MAX_LIMIT)


def _checked_error(text: object) -> str:
    if not isinstance(text, str) or not text:
        raise InvalidValueError("error", f"must be text, not {text!r}")
    if len(text) > MAX_ERROR_LENGTH:
        raise InvalidValueError("error", f"is longer than {MAX_ERROR_LENGTH:,} characters")
    json_text.encode("error", text)
    return text


def checked_values(given: object) -> dict[str, Any]:
    """Return the values by key that a payload is asked for.

    Raises:
        InvalidValueError: No mapping, an empty one, or a value that is a list or an object.
    """
    if not isinstance(given, Mapping) or not given:
        raise InvalidValueError("arguments", "must be values by key, at least one")
    arguments = dict(cast("Mapping[str, Any]", given))
    for name, value in arguments.items():
        if value is not None and not isinstance(value, (str, int, float)):
            raise InvalidValueError("arguments", f"{name!r} is neither text, number, bool nor None")
    json_text.encode("arguments", arguments)
    return arguments


def checked_states(given: object) -> tuple[str, ...]:
    """Return words for states, as a tuple.

    Raises:
        InvalidValueError: They are no list, or one of them names no state.
    """
    if isinstance(given, str) or not isinstance(given, Collection):
        raise InvalidValueError("states", f"must be a list of words, not {given!r}")
    words = tuple(cast("Collection[str]", given))
    for word in words:
        state_filter(word)
    return words


_MOMENTS = [f"{name}_{side}" for name in _RANGES for side in ("after", "before")]
_CHECKS: dict[str, Callable[[object], Any]] = {
    **{field: partial(checked_moment, field) for field in _MOMENTS},
    "states": checked_states,
    "tags": checked_tags,
    "queue": partial(checked_name, "queue"),
    "definition": checked_alias,
    "worker": checked_worker,
    "unique_key": checked_unique_key,
    "error": _checked_error,
    "arguments": checked_values,
}


def filter_from(given: Mapping[str, Any]) -> TaskFilter:
    """Return what a caller asks for by name, its values unchecked.

    Raises:
        InvalidValueError: There is no filter of that name.
    """
    for name in given:
        if name not in TaskFilter._fields:
            raise InvalidValueError(
                name, f"is no filter; there are {', '.join(TaskFilter._fields)}"
            )
    return TaskFilter(**given)


def checked_filter(wanted: TaskFilter) -> TaskFilter:
    """Return a filter whose values are all such that a task can have them.

    Raises:
        InvalidValueError: One is not; the error names the field.
    """
    checked = {
        field: check(value)
        for field, check in _CHECKS.items()
        if (value := getattr(wanted, field)) is not None
    }
    wanted = wanted._replace(**checked)
    if wanted.arguments is not None and wanted.definition is None and wanted.queue is None:
        raise InvalidValueError("arguments", "needs a definition or a queue besides")
    return wanted


def checked_order(order: str, states: Collection[str]) -> TaskOrder:
    """Return the order, which must fit the states asked for.

    Raises:
        InvalidValueError: There is no such order, or a state that it does not sort.
    """
    known = [one.value for one in TaskOrder]
    if order not in known:
        raise InvalidValueError("order", f"{order!r} is none of {', '.join(known)}")
    chosen = TaskOrder(order)
    sorted_states = _STATES_OF_ORDER.get(chosen, tuple(TaskState))
    for word in states:
        wanted = state_filter(word)
        if not wanted.deleted and not set(wanted.states) <= set(sorted_states):
            names = ", ".join(sorted_states)
            raise InvalidValueError("order", f"{chosen.value} is for {names}; not for {word!r}")
    return chosen


def list_tasks(
    core: Opened,
    wanted: TaskFilter,
    *,
    limit: int,
    order: str = TaskOrder.ID,
    before: UUID | str | Task | None = None,
) -> Flow[list[Task]]:
    """Return tasks in the order asked for."""
    wanted = checked_filter(wanted)
    chosen = checked_order(order, wanted.states)
    checked_limit(limit)
    reads = core.storage.reads
    if chosen is TaskOrder.ID:
        last = None if before is None else checked_id(before)
        operation = partial(reads.list_tasks, core.namespace, wanted, limit=limit, before=last)
    else:
        after = yield from _position(core, chosen, before)
        by_time = reads.list_finished if chosen is TaskOrder.FINISHED_AT else reads.list_waiting
        operation = partial(by_time, core.namespace, wanted, limit=limit, after=after)
    found: list[Task] = yield Run(operation, reads=True)
    return found


def _position(
    core: Opened, order: TaskOrder, before: UUID | str | Task | None
) -> Flow[Position | None]:
    """Return where the next page begins; given an id alone, the task has to be read."""
    if before is None:
        return None
    task = before
    if not isinstance(task, Task):
        operation = partial(get_task, core.storage, core.namespace, checked_id(before))
        try:
            task = yield Run(operation, reads=True)
        except TaskNotFoundError as error:
            raise InvalidValueError("before", f"there is no task {error.task_id}") from error
        assert isinstance(task, Task)  # noqa: S101 - what the operation returns
    at = task.finished_at if order is TaskOrder.FINISHED_AT else task.run_at
    if at is None:
        raise InvalidValueError("before", f"task {task.id} is {task.state}, it has no {order}")
    return Position(at, task.id)


def count_tasks(core: Opened, wanted: TaskFilter) -> Flow[TaskCount]:
    """Return how many tasks a filter chooses, up to a cap."""
    operation = partial(
        core.storage.reads.count_matching,
        core.namespace,
        checked_filter(wanted),
        cap=COUNT_CAP,
    )
    count: int = yield Run(operation, reads=True)
    return TaskCount(count=min(count, COUNT_CAP), capped=count > COUNT_CAP)
