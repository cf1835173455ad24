"""What a handler gets besides its arguments."""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Callable, Generator
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

from rowlock.definitions.reports import TakenReport, TaskReports
from rowlock.definitions.task_log import TASK_LOGGER, TaskLog
from rowlock.definitions.transaction import Settling, TaskTransaction
from rowlock.errors import InvalidValueError, TaskError
from rowlock.model.ids import new_task_id
from rowlock.model.names import DEFAULT_NAMESPACE, DEFAULT_QUEUE

FULL = 100.0


class TaskCanceledError(TaskError):
    """The running task should stop: canceled, its claim lost, or its worker gives up."""

    def __str__(self) -> str:
        return f"task {self.task_id}: asked to stop"


class TaskInfo(NamedTuple):
    """The task that a handler runs for, as it was claimed.

    Attributes:
        definition: The definition's alias, or None for a task of queue and payload alone.
        attempt: The number of this run; 1 is the first.
    """

    id: UUID
    queue: str
    definition: str | None
    namespace: str
    attempt: int
    max_attempts: int
    tags: tuple[str, ...]
    created_at: datetime
    run_at: datetime
    worker: str | None


class Recorded:
    """What `Context.progress` returns: awaiting it does nothing, not awaiting it neither."""

    __slots__ = ()

    def __await__(self) -> Generator[None, None, None]:
        """Return at once."""
        yield from ()


_RECORDED = Recorded()


class Context:
    """A handler's view of its own task; one for each attempt, usable from any thread.

    Example:
        >>> def greet(ctx: Context, name: str) -> None:
        ...     ctx.log.info("greeting %s", name)
        ...     ctx.progress(50)
    """

    __slots__ = (
        "_asked_to_stop",
        "_log",
        "_reports",
        "_settling",
        "_stopping",
        "_stored",
        "_task",
        "deadline",
        "is_settling",
        "settled",
    )

    def __init__(
        self,
        task: TaskInfo | Callable[[], TaskInfo],
        *,
        deadline: datetime | None = None,
        stopping: threading.Event | None = None,
        stored: bool = True,
        settling: Callable[[], Settling] | None = None,
    ) -> None:
        """Make the context of one attempt.

        Args:
            task: The task as claimed, or what tells it: most handlers never ask.
            deadline: When the attempt times out, in UTC.
            stopping: Set when every handler that shares it should stop.
            stored: Whether log lines are collected for `take_report`.
            settling: How the attempt can end within a transaction, asked for when it is to.
        """
        self._task = task
        self.deadline = deadline
        # Not an event of its own: making one takes longer than all the rest, and nobody waits
        # for it.
        self._asked_to_stop = False
        self._stopping = stopping
        self._reports: TaskReports | None = None
        self._log: TaskLog | None = None
        self._stored = stored
        self._settling = settling
        # For the runtime: whether the end was recorded or lost in a transaction already.
        self.settled: bool | None = None
        self.is_settling = False

    @classmethod
    def detached(cls, alias: str | None = None) -> Context:
        """Return a context without a stored task, for a handler that is called directly.

        It logs to the standard library only and keeps its progress in memory.
        """
        return cls(_detached_task(alias), stored=False)

    @property
    def task(self) -> TaskInfo:
        """The task as claimed."""
        if not isinstance(self._task, TaskInfo):
            self._task = self._task()
        return self._task

    @property
    def has_task(self) -> bool:
        """Whether there is a stored task; False when a handler is run by hand."""
        return self._stored

    @property
    def attempt(self) -> int:
        """The number of this run; 1 is the first."""
        return self.task.attempt

    @property
    def canceled(self) -> bool:
        """Whether to stop: canceled, the claim lost, or the worker gives up."""
        return self._asked_to_stop or (self._stopping is not None and self._stopping.is_set())

    @property
    def percent(self) -> float:
        """The progress reported last, 0 to 100."""
        return 0.0 if self._reports is None else self._reports.percent

    @property
    def message(self) -> str | None:
        """The message reported last with the progress."""
        return None if self._reports is None else self._reports.message

    @property
    def log(self) -> TaskLog:
        """The task's logger; its lines are kept with the task."""
        if self._log is None:
            self._log = self._new_log()
        return self._log

    def raise_if_canceled(self) -> None:
        """Stop here if the task should stop.

        Raises:
            TaskCanceledError: `canceled` is true.
        """
        if self.canceled:
            raise TaskCanceledError(self.task.id)

    def progress(self, percent: float, message: str | None = None) -> Recorded:
        """Record how far the task is; `await` it in an async handler or not, as you like.

        Args:
            percent: 0 to 100; what lies outside is moved to the nearer end.
            message: What is being done; without one the last one stands.

        Raises:
            InvalidValueError: Not a number, or a message that is not text.
        """
        if isinstance(percent, bool) or not isinstance(percent, (int, float)):  # pyright: ignore[reportUnnecessaryIsInstance] - callers may be untyped
            raise InvalidValueError("percent", f"must be a number, not {type(percent).__name__}")
        clamped = float(min(max(percent, 0), FULL))
        if math.isnan(clamped):
            raise InvalidValueError("percent", "must be a number from 0 to 100, not NaN")
        if message is not None and not isinstance(message, str):  # pyright: ignore[reportUnnecessaryIsInstance] - as above
            raise InvalidValueError("message", f"must be text, not {type(message).__name__}")
        if clamped != percent:
            self.log.warning("progress %s is not within 0 to 100", percent, stacklevel=2)
        self._own_reports().set_progress(clamped, message)
        return _RECORDED

    def transaction(self, given: object = None, /) -> TaskTransaction:
        """Settle the task together with your own rows: one commit, or nothing of either.

        At the block's end the task has succeeded, with `result` as its result, in the same
        transaction. What the handler returns or raises after it is logged, not recorded. Tasks
        that are enqueued in the block join it. Keep it short: it holds locks, on SQLite the
        only write lock.

        Args:
            given: A connection of yours to the queue's database, or SQLAlchemy's session,
                connection or engine; by default one of Rowlock's own.

        Raises:
            InvalidValueError: There is no stored task, as when the handler is called directly.

        Example:
            >>> def pay(ctx: Context, order: int) -> None:
            ...     with ctx.transaction() as tx:
            ...         tx.connection.execute(f"INSERT INTO payment VALUES ({order:d})")
            ...         tx.result = {"paid": order}
        """
        if self._settling is None:
            problem = "no stored task is run here, so none can be settled: let a worker run it"
            raise InvalidValueError("transaction", problem)
        return TaskTransaction(self, self._settling(), given)

    @property
    def has_reported(self) -> bool:
        """Whether the handler has reported or logged anything so far; for the runtime."""
        return self._reports is not None

    def take_report(self) -> TakenReport | None:
        """Return progress and log lines since the last take; for the runtime."""
        return None if self._reports is None else self._reports.take()

    def keep_line(self, level: str, text: str) -> None:
        """Keep a log line with the task; for the runtime, from any thread."""
        self._own_reports().add_line(level, text)

    def absorb_report(self, report: TakenReport) -> None:
        """Take over what was reported elsewhere; for the runtime."""
        self._own_reports().absorb(report)

    def request_cancel(self) -> None:
        """Ask the handler to stop; for the runtime, from any thread."""
        self._asked_to_stop = True

    def _own_reports(self) -> TaskReports:
        """Return the buffer of reports; most tasks never report, so it is made when needed."""
        if self._reports is None:
            self._reports = TaskReports()
        return self._reports

    def _new_log(self) -> TaskLog:
        task = self.task
        name = f"{TASK_LOGGER}.{task.definition}" if task.definition else TASK_LOGGER
        extra = {"task_id": str(task.id), "queue": task.queue, "attempt": task.attempt}
        return TaskLog(
            logging.getLogger(name), extra, self._own_reports() if self._stored else None
        )


class InjectedContext(Context):
    """The default that marks a parameter as injected; see `context`."""

    __slots__ = ()


def context() -> Context:
    """Mark a parameter, wherever it stands, as the one that gets the context.

    A handler that is called without the definition around it gets a detached context.

    Example:
        >>> def greet(name: str, ctx: Context = context()) -> None: ...
    """
    return InjectedContext(_detached_task(None), stored=False)


def _detached_task(alias: str | None) -> TaskInfo:
    now = datetime.now(UTC)
    return TaskInfo(
        id=new_task_id(),
        queue=DEFAULT_QUEUE,
        definition=alias,
        namespace=DEFAULT_NAMESPACE,
        attempt=1,
        max_attempts=1,
        tags=(),
        created_at=now,
        run_at=now,
        worker=None,
    )
