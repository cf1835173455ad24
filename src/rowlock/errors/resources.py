"""Errors of queues, schedules, tickers and operations."""

from __future__ import annotations

from uuid import UUID

from rowlock.errors.base import RowlockError


class QueueNotFoundError(RowlockError):
    """The namespace has no queue of that name."""

    def __init__(self, queue: str) -> None:
        super().__init__(queue)
        self.queue = queue

    def __str__(self) -> str:
        return f"queue {self.queue!r}: not found"


class QueueBusyError(RowlockError):
    """Tasks of the queue run, so that it is not deleted; `running` is how many."""

    def __init__(self, queue: str, running: int) -> None:
        super().__init__(queue, running)
        self.queue = queue
        self.running = running

    def __str__(self) -> str:
        return f"queue {self.queue!r}: tasks of it run: {self.running}"


class ScheduleError(RowlockError):
    """Something is wrong with a schedule."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class ScheduleNotFoundError(ScheduleError):
    """The namespace has no schedule of that name or id; `name` is what was asked for."""

    def __str__(self) -> str:
        return f"schedule {self.name!r}: not found"


class DuplicateScheduleError(ScheduleError):
    """Two schedules whose names are equal ignoring case, `-` and `_`."""

    def __str__(self) -> str:
        return f"a schedule {self.name!r} already exists (case, '-' and '_' ignored)"


class TickerError(RowlockError):
    """Something is wrong with a ticker."""

    def __init__(self, ticker: str) -> None:
        super().__init__(ticker)
        self.ticker = ticker


class TickerNotFoundError(TickerError):
    """The namespace has no ticker of that name."""

    def __str__(self) -> str:
        return f"ticker {self.ticker!r}: not found"


class DuplicateTickerError(TickerError):
    """The namespace, or this app, has a ticker of that name already."""

    def __str__(self) -> str:
        return f"a ticker {self.ticker!r} already exists"


class TickLostError(TickerError):
    """A tick is no longer its taker's: it was not renewed in time, or its ticker was stopped."""

    def __str__(self) -> str:
        return f"ticker {self.ticker!r}: the tick is no longer ours; another may handle it too"


class OperationNotFoundError(RowlockError):
    """The namespace has no operation, a change to many tasks, of that id."""

    def __init__(self, operation_id: UUID) -> None:
        super().__init__(operation_id)
        self.operation_id = operation_id

    def __str__(self) -> str:
        return f"operation {self.operation_id}: not found"


class DuplicateQueueError(RowlockError):
    """The namespace has a queue of that name already."""

    def __init__(self, queue: str) -> None:
        super().__init__(queue)
        self.queue = queue

    def __str__(self) -> str:
        return f"a queue {self.queue!r} already exists"


class TokenNotFoundError(RowlockError):
    """There is no token of that id, or not in this namespace."""

    def __init__(self, token_id: UUID) -> None:
        super().__init__(token_id)
        self.token_id = token_id

    def __str__(self) -> str:
        return f"token {self.token_id}: not found"
