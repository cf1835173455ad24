"""How much a worker takes, when it ends by itself, and when it replaces its child processes."""

from __future__ import annotations

from typing import NamedTuple, TypedDict, Unpack

from rowlock.model.durations import Duration, positive_duration_from
from rowlock.model.queues import checked_count
from rowlock.model.sizes import Size, size_from
from rowlock.runtime.processes.pool import ChildLimits


class GivenLimits(TypedDict, total=False):
    """What a worker can be told of its limits; None is as if it were not given.

    Attributes:
        prefetch: Hold so many tasks at most that wait for a slot; 0 if not given.
        max_tasks: Stop after starting so many tasks.
        max_memory: Stop once the worker itself holds more memory than this.
        max_tasks_per_child: Replace a child process after so many tasks.
        max_child_age: Replace a child process after the task during which it became so old.
        max_child_memory: Kill a child process that holds more memory than this, and fail its
            task; replace one that holds more than half of it after its task.
    """

    prefetch: int | None
    max_tasks: int | None
    max_memory: Size | None
    max_tasks_per_child: int | None
    max_child_age: Duration | None
    max_child_memory: Size | None


class Limits(NamedTuple):
    """The same, checked; memory in bytes."""

    prefetch: int
    max_tasks: int | None
    max_memory: int | None
    child: ChildLimits


def limits_from(**given: Unpack[GivenLimits]) -> Limits:
    """Return checked limits.

    Raises:
        InvalidValueError: A value is refused; the error names it.
    """
    tasks, child_tasks = given.get("max_tasks"), given.get("max_tasks_per_child")
    memory, child_memory = given.get("max_memory"), given.get("max_child_memory")
    age, prefetch = given.get("max_child_age"), given.get("prefetch")
    return Limits(
        prefetch=0 if prefetch is None else checked_count("prefetch", prefetch, least=0),
        max_tasks=None if tasks is None else checked_count("max_tasks", tasks),
        max_memory=None if memory is None else size_from("max_memory", memory),
        child=ChildLimits(
            max_tasks=(
                None if child_tasks is None else checked_count("max_tasks_per_child", child_tasks)
            ),
            max_age=None if age is None else positive_duration_from("max_child_age", age),
            max_memory=(
                None if child_memory is None else size_from("max_child_memory", child_memory)
            ),
        ),
    )
