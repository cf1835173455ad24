"""Tasks as readers see them, and the carriers that move them between layers.

What a person reads is a frozen dataclass. What a worker makes thousands of in a second is a
`NamedTuple`, which is four times cheaper to build.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from rowlock.backoff import RetryPolicy
from rowlock.model.states import TaskState


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFailure:
    """Why an attempt ended badly.

    Attributes:
        type: The exception's class name, or our own word (`WorkerLost`, `Timeout`).
        message: Its text.
        traceback: The formatted traceback, or None.
        detail: Whatever an outside worker reported, any JSON.
    """

    type: str
    message: str
    traceback: str | None = None
    detail: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One stored request to run a definition.

    All times are aware and in UTC; `priority` is higher first.

    Attributes:
        definition: The definition's alias, or None for a task of queue and payload alone.
        payload: The arguments, or any JSON but null when there is no definition.
        attempt: Runs so far; the running one counts.
        max_attempts: Runs that may fail before the task has failed.
        crashes: Workers that died under it; not counted as failures.
        paused_until: When a paused task waits on by itself; None if somebody has to resume it.
        pause_reason: Why it is paused, if whoever did it said so.
        error: Why the last attempt failed; kept while the task waits for its next one.
        reason: Why it is final, where the state alone does not say (`crash_loop`, `deleted`).
    """

    id: UUID
    namespace: str
    queue: str
    definition: str | None
    state: TaskState
    priority: int
    payload: Any
    tags: tuple[str, ...] = ()
    unique_key: str | None = None
    run_at: datetime
    attempt: int
    max_attempts: int
    crashes: int
    max_crashes: int
    timeout: timedelta | None = None
    retry: RetryPolicy | None = None
    paused_until: datetime | None = None
    pause_reason: str | None = None
    worker: str | None = None
    cancel_requested: bool = False
    progress: float = 0.0
    progress_message: str | None = None
    created_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None
    lease_until: datetime | None = None
    expires_at: datetime | None = None
    deleted_at: datetime | None = None
    result: Any = None
    error: TaskFailure | None = None
    reason: str | None = None


class TaskTerms(NamedTuple):
    """What tasks that are enqueued together have in common; texts are JSON.

    `run_at` is absolute, `delay` counts from the database's clock; at most one is given.
    """

    queue: str
    definition: str | None
    max_attempts: int
    max_crashes: int
    priority: int = 0
    run_at: datetime | None = None
    delay: timedelta | None = None
    lifetime: timedelta | None = None
    tags: str | None = None
    options: str | None = None


class NewTask(NamedTuple):
    """A task on its way into the database; the payload is JSON."""

    id: UUID
    payload: str
    terms: TaskTerms
    unique_key: str | None = None


class Claim(NamedTuple):
    """A task that a worker holds for one attempt; texts are JSON."""

    id: UUID
    token: UUID
    queue: str
    definition: str | None
    payload: str
    attempt: int
    crashes: int
    max_attempts: int
    max_crashes: int
    priority: int
    run_at: datetime
    created_at: datetime
    started_at: datetime
    lease_until: datetime
    expires_at: datetime | None
    cancel_requested: bool
    unique_key: str | None
    tags: str | None
    options: str | None

    def place_in_line(self) -> tuple[int, datetime, int]:
        """Return what claims are sorted by; ids compare faster as integers."""
        return self.priority, self.run_at, self.id.int

    @property
    def failures(self) -> int:
        """Failed attempts, if the one that this claim is for fails too."""
        return self.attempt - self.crashes

    @property
    def is_last_attempt(self) -> bool:
        """Whether a failure of this attempt is final."""
        return self.failures >= self.max_attempts

    @property
    def is_last_chance(self) -> bool:
        """Whether one more crash of its worker is final."""
        return self.crashes > 0 and self.crashes + 1 >= self.max_crashes


class Held(NamedTuple):
    """One claim to renew."""

    id: UUID
    token: UUID
    lease: timedelta


class Pulse(NamedTuple):
    """What a heartbeat learned of one claim."""

    id: UUID
    held: bool
    cancel_requested: bool


class Finish(NamedTuple):
    """The end of an attempt that is the end of the task; texts are JSON."""

    id: UUID
    token: UUID
    state: TaskState
    result: str | None = None
    error: str | None = None
    reason: str | None = None


class Outcome(StrEnum):
    """How a claim ended that did not finish its task."""

    FAILED = "failed"
    SNOOZED = "snoozed"
    HANDED_BACK = "handed_back"
    LOST = "lost"
    RETRIED = "retried"


class Release(NamedTuple):
    """The end of an attempt after which the task waits again.

    Attributes:
        delay: How long; None keeps the task's place in the line.
        outcome: `failed` spends an attempt, `snoozed` and `handed_back` do not.
    """

    id: UUID
    token: UUID
    outcome: Outcome
    delay: timedelta | None = None
    error: str | None = None

    @property
    def charged(self) -> bool:
        """Whether the attempt counts."""
        return self.outcome is Outcome.FAILED


class Report(NamedTuple):
    """A running task's progress and log lines since the last report."""

    id: UUID
    token: UUID
    progress: float | None = None
    message: str | None = None
    log: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One run of a task, as the record shows it.

    Attributes:
        outcome: A final state, or one of `Outcome`; `running` for the one in progress.
    """

    task_id: UUID
    attempt: int
    worker: str | None
    started_at: datetime | None
    finished_at: datetime | None
    outcome: str
    error: TaskFailure | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLine:
    """One line that a handler logged.

    Attributes:
        attempt: The number of the run that logged it.
    """

    at: datetime
    level: str
    message: str
    attempt: int | None = None


class TaskFilter(NamedTuple):
    """What a list of tasks can be asked for; everything given must hold.

    Attributes:
        states: Words for states in any system's spelling; any of them.
        definition: An alias, in any spelling.
        tags: Tags that the task carries, all of them.
        created_after: Inclusive, as is every `…_after`.
        created_before: Exclusive, as is every `…_before`.
        worker: The worker that runs the task or was the last to do so.
        unique_key: The key that the task holds or held.
        error: Text in the last error's type or message; the case of a to z is ignored.
        arguments: Values that stand at these keys of the payload: texts, numbers, true,
            false or null.
    """

    states: Collection[str] = ()
    queue: str | None = None
    definition: str | None = None
    tags: Collection[str] = ()
    created_after: datetime | None = None
    created_before: datetime | None = None
    include_deleted: bool = False
    worker: str | None = None
    unique_key: str | None = None
    started_after: datetime | None = None
    started_before: datetime | None = None
    finished_after: datetime | None = None
    finished_before: datetime | None = None
    error: str | None = None
    arguments: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueCounts:
    """How many tasks of a queue are in each state; final ones are counted up to a cap."""

    queue: str
    paused: bool
    counts: dict[TaskState, int] = field(default_factory=dict[TaskState, int])
    oldest_wait: timedelta | None = None
    capped: bool = False
