"""The states of a task, and every word that names one in a filter."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

from rowlock.errors import InvalidValueError


class TaskState(StrEnum):
    """Where a task stands.

    `retrying` is `scheduled` after at least one attempt: the row says `scheduled`, every
    reader says `retrying`.
    """

    SCHEDULED = "scheduled"
    RETRYING = "retrying"
    QUEUED = "queued"
    RUNNING = "running"
    PAUSED = "paused"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"
    EXPIRED = "expired"

    @property
    def is_final(self) -> bool:
        """Whether nothing more happens by itself."""
        return self in FINAL_STATES


LIVE_STATES = (
    TaskState.SCHEDULED,
    TaskState.RETRYING,
    TaskState.QUEUED,
    TaskState.RUNNING,
    TaskState.PAUSED,
)
WAITING_STATES = (TaskState.SCHEDULED, TaskState.RETRYING, TaskState.QUEUED, TaskState.PAUSED)
FINAL_STATES = (TaskState.SUCCEEDED, TaskState.FAILED, TaskState.CANCELED, TaskState.EXPIRED)


class StateFilter(NamedTuple):
    """Which tasks a list shows, as one predicate over state, attempt and deletion stamp.

    Attributes:
        states: The states as readers see them.
        first_run: True: only tasks that never ran; False: only those that did; None: both.
        deleted: True: only stamped ones; False: only others.
    """

    states: tuple[TaskState, ...] = tuple(TaskState)
    first_run: bool | None = None
    deleted: bool = False


_WAITING = (TaskState.SCHEDULED, TaskState.RETRYING, TaskState.QUEUED)

# The spellings of the five systems that Rowlock replaces, folded by `_folded`.
_WORDS: dict[str, StateFilter] = {
    **{state.value: StateFilter(states=(state,)) for state in TaskState},
    "pending": StateFilter(states=_WAITING),
    "new": StateFilter(states=(TaskState.SCHEDULED, TaskState.QUEUED), first_run=True),
    "retry": StateFilter(states=(TaskState.RETRYING, TaskState.QUEUED), first_run=False),
    "inprogress": StateFilter(states=(TaskState.RUNNING,)),
    "alreadyprocessing": StateFilter(states=(*_WAITING, TaskState.RUNNING)),
    "retained": StateFilter(states=(TaskState.RUNNING,)),
    "success": StateFilter(states=(TaskState.SUCCEEDED,)),
    "successful": StateFilter(states=(TaskState.SUCCEEDED,)),
    "completed": StateFilter(states=(TaskState.SUCCEEDED,)),
    "released": StateFilter(states=(TaskState.SUCCEEDED,)),
    "done": StateFilter(states=(TaskState.SUCCEEDED,)),
    "cancelled": StateFilter(states=(TaskState.CANCELED,)),
    "deleted": StateFilter(deleted=True),
}


def _folded(word: str) -> str:
    return word.strip().lower().replace("_", "").replace("-", "").replace(" ", "")


def state_filter(word: object) -> StateFilter:
    """Return the filter that a state's name asks for, in any system's spelling and case.

    Raises:
        InvalidValueError: No system calls a state that.
    """
    found = _WORDS.get(_folded(word)) if isinstance(word, str) else None
    if found is None:
        known = ", ".join(TaskState)
        raise InvalidValueError("state", f"{word!r} is none of {known}")
    return found


def state_filters(words: Iterable[str]) -> tuple[StateFilter, ...]:
    """Return the filters for several words; a task that passes any of them is shown."""
    return tuple(state_filter(word) for word in words)
