"""What a test looks for among the enqueued tasks, and what it is told when it is not there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast

from rowlock.definitions.conversion import stored_text
from rowlock.definitions.definition import TaskDefinition
from rowlock.errors import InvalidValueError
from rowlock.model import json_text
from rowlock.model.durations import duration_from
from rowlock.model.moments import checked_moment
from rowlock.model.names import checked_alias, checked_queue, definition_key
from rowlock.model.states import StateFilter, state_filters
from rowlock.model.tasks import Task

WITHIN = timedelta(seconds=1)
MAX_SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a task must be like; see `Sought` for what the fields mean."""

    definition: str | None = None
    arguments: Any = None
    queue: str | None = None
    tags: tuple[str, ...] = ()
    priority: int | None = None
    run_at: datetime | None = None
    within: timedelta = WITHIN
    states: tuple[StateFilter, ...] = ()
    words: tuple[str, ...] = field(default=())

    def matches(self, task: Task) -> bool:
        """Whether the task is as wanted."""
        return not any(self._differences(task))

    def complaint(self, there: list[Task], found: list[Task], count: int | None) -> str:
        """Return what to tell when there are not as many as wanted."""
        number = "a task" if count is None else f"{count} tasks" if count else "no task"
        lines = [f"expected {number} with {self}; {len(found)} of {len(there)} match"]
        lines += [f"  match: {shown(task)}" for task in found[:MAX_SHOWN]]
        others = [task for task in there if not self.matches(task)]
        nearest = sorted(others, key=lambda task: len(list(self._differences(task))))
        for task in nearest[:MAX_SHOWN] if count != 0 else []:
            lines += [f"  there is {shown(task)}"]
            lines += [f"      {difference}" for difference in self._differences(task)]
        left = len(others) - MAX_SHOWN
        if count != 0 and left > 0:
            lines += [f"  and {left} more"]
        return "\n".join(lines)

    def __str__(self) -> str:
        parts = {
            "definition": self.definition,
            "arguments": self.arguments,
            "queue": self.queue,
            "tags": self.tags or None,
            "priority": self.priority,
            "run_at": self.run_at and self.run_at.isoformat(),
            "states": self.words or None,
        }
        given = [f"{name}={value!r}" for name, value in parts.items() if value is not None]
        return ", ".join(given) or "anything"

    def _differences(self, task: Task) -> Iterator[str]:
        if self.definition is not None:
            own = None if task.definition is None else definition_key(task.definition)
            if own != definition_key(self.definition):
                yield f"definition is {task.definition!r}, not {self.definition!r}"
        if self.arguments is not None:
            yield from _missing("arguments", self.arguments, task.payload)
        yield from self._differences_of_place(task)
        lacking = [tag for tag in self.tags if tag not in task.tags]
        if lacking:
            yield f"tags are {list(task.tags)}, without {', '.join(lacking)}"
        if self.states and not any(_shows(one, task) for one in self.states):
            yield f"state is {task.state.value}, not {' or '.join(self.words)}"

    def _differences_of_place(self, task: Task) -> Iterator[str]:
        if self.queue is not None and task.queue != self.queue:
            yield f"queue is {task.queue!r}, not {self.queue!r}"
        if self.priority is not None and task.priority != self.priority:
            yield f"priority is {task.priority}, not {self.priority}"
        if self.run_at is not None and abs(task.run_at - self.run_at) > self.within:
            yield f"run_at is {task.run_at.isoformat()}, not {self.run_at.isoformat()}"


def _shows(one: StateFilter, task: Task) -> bool:
    ran = one.first_run is None or one.first_run == (task.attempt == 0)
    return ran and task.state in one.states and one.deleted == (task.deleted_at is not None)


def _missing(path: str, wanted: Any, there: Any) -> Iterator[str]:
    """Say what is not there; of objects, only the wanted keys must be."""
    if not isinstance(wanted, dict) or not isinstance(there, dict):
        if wanted != there or isinstance(wanted, bool) is not isinstance(there, bool):
            yield f"{path} is {there!r}, not {wanted!r}"
        return
    own = cast("dict[str, Any]", there)
    for name, value in cast("dict[str, Any]", wanted).items():
        if name in own:
            yield from _missing(f"{path}.{name}", value, own[name])
        else:
            yield f"{path} has no {name!r}"


def shown(task: Task) -> str:
    """Return a task on one line."""
    what = task.definition or "a task without definition"
    payload = json_text.encode_plain(task.payload)
    return f"{what} {payload} in {task.queue}, {task.state.value}, id {task.id}"


def wanted_task(
    definition: TaskDefinition[..., Any] | str | None, arguments: Any, sought: Mapping[str, Any]
) -> Wanted:
    """Return what is looked for, checked.

    Raises:
        InvalidValueError: A value that no task could have.
    """
    alias = definition.alias if isinstance(definition, TaskDefinition) else definition
    words = _words("states", sought.get("states", ()))
    queue, run_at = sought.get("queue"), sought.get("run_at")
    return Wanted(
        definition=None if alias is None else checked_alias(alias),
        arguments=_as_stored(definition, arguments),
        queue=None if queue is None else checked_queue(queue),
        tags=_words("tags", sought.get("tags", ())),
        priority=sought.get("priority"),
        run_at=None if run_at is None else checked_moment("run_at", run_at),
        within=duration_from("within", sought.get("within", WITHIN)),
        states=state_filters(words),
        words=words,
    )


def _words(name: str, value: object) -> tuple[str, ...]:
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise InvalidValueError(name, f"must be a list of texts, not {value!r}")
    return tuple(cast("Iterable[str]", value))


def _as_stored(definition: TaskDefinition[..., Any] | str | None, arguments: object) -> Any:
    """Return arguments as they are read from a stored task."""
    if arguments is None:
        return None
    stored: Any = json_text.decode(stored_text("arguments", arguments))
    if isinstance(definition, TaskDefinition) and isinstance(arguments, Mapping):
        names = definition.signature.names
        for name in cast("Mapping[str, object]", arguments):
            if name not in names:
                there = ", ".join(names) or "none"
                raise InvalidValueError("arguments", f"{name!r} is not one; there are {there}")
    return stored
