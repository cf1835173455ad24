"""`Rowlock`: the app for sync code."""

from __future__ import annotations

from typing import Self, Unpack

from rowlock.app import flows
from rowlock.app.bulk_methods import BulkMethods
from rowlock.app.core import Settings
from rowlock.app.definition_methods import DefinitionMethods
from rowlock.app.enqueue_methods import Enqueueing
from rowlock.app.firing_methods import FiringMethods
from rowlock.app.holding_methods import HoldingMethods
from rowlock.app.listing_methods import ListingMethods
from rowlock.app.measuring_methods import MeasuringMethods
from rowlock.app.operating_methods import OperatingMethods
from rowlock.app.queue_methods import QueueMethods
from rowlock.app.schedule_methods import ScheduleMethods
from rowlock.app.task_methods import TaskMethods
from rowlock.app.ticker_methods import TickerMethods
from rowlock.app.waiting_methods import WaitingMethods


class Rowlock(
    Enqueueing,
    TaskMethods,
    QueueMethods,
    DefinitionMethods,
    ListingMethods,
    HoldingMethods,
    WaitingMethods,
    MeasuringMethods,
    OperatingMethods,
    BulkMethods,
    ScheduleMethods,
    FiringMethods,
    TickerMethods,
):
    """A task queue in a database: definitions, enqueueing and everything about tasks.

    Methods block. `AsyncRowlock` has the same ones for async code; definitions of either have
    `enqueue` and `aenqueue`.

    Example:
        >>> app = Rowlock("memory://")
        >>> @app.task
        ... def add(a: int, b: int) -> int:
        ...     return a + b
        >>> add.enqueue(1, 2).state.value
        'queued'
    """

    def __init__(self, url: str, /, **settings: Unpack[Settings]) -> None:
        """Name the database; nothing is connected yet.

        Args:
            url: `sqlite:///path`, `memory://`, `postgresql://…`, `mysql://…`, `mariadb://…`.
            **settings: See `Settings`.

        Raises:
            ConfigError: The URL names no engine, or a setting does not fit it.
            InvalidValueError: The namespace's name is refused.
        """
        super().__init__(url, **settings)

    def __enter__(self) -> Self:
        """Return the app; it is closed at the end of the block."""
        return self

    def __exit__(self, *exc_info: object) -> None:
        """Close the app."""
        self.close()

    def close(self) -> None:
        """Close every connection and thread of this app."""
        self.core.close()

    def migrate(self) -> list[str]:
        """Bring the schema up to date; returns the names of the migrations applied.

        Raises:
            SchemaTooNewError: The schema belongs to a newer version of this package.
        """
        return [f"{one.version:04} {one.name}" for one in flows.migrate(self.core)]
