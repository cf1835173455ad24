"""`AsyncRowlock`: the app for async code."""

from __future__ import annotations

from typing import Self, Unpack

from rowlock.app import flows
from rowlock.app.bulk_methods import AsyncBulkMethods
from rowlock.app.core import Settings
from rowlock.app.definition_methods import AsyncDefinitionMethods
from rowlock.app.enqueue_methods import AsyncEnqueueing
from rowlock.app.firing_methods import AsyncFiringMethods
from rowlock.app.holding_methods import AsyncHoldingMethods
from rowlock.app.listing_methods import AsyncListingMethods
from rowlock.app.measuring_methods import AsyncMeasuringMethods
from rowlock.app.operating_methods import AsyncOperatingMethods
from rowlock.app.queue_methods import AsyncQueueMethods
from rowlock.app.schedule_methods import AsyncScheduleMethods
from rowlock.app.task_methods import AsyncTaskMethods
from rowlock.app.ticker_methods import AsyncTickerMethods
from rowlock.app.waiting_methods import AsyncWaitingMethods


class AsyncRowlock(
    AsyncEnqueueing,
    AsyncTaskMethods,
    AsyncQueueMethods,
    AsyncDefinitionMethods,
    AsyncListingMethods,
    AsyncHoldingMethods,
    AsyncWaitingMethods,
    AsyncMeasuringMethods,
    AsyncOperatingMethods,
    AsyncBulkMethods,
    AsyncScheduleMethods,
    AsyncFiringMethods,
    AsyncTickerMethods,
):
    """A task queue in a database, for async code. See `Rowlock` for each method."""

    def __init__(self, url: str, /, **settings: Unpack[Settings]) -> None:
        """Name the database; nothing is connected yet. See `Rowlock`."""
        super().__init__(url, **settings)

    async def __aenter__(self) -> Self:
        """Return the app; it is closed at the end of the block."""
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        """Close the app."""
        await self.close()

    async def close(self) -> None:
        """Close every connection and thread of this app. See `Rowlock.close`."""
        import asyncio  # start-up time of sync programs

        await asyncio.to_thread(self.core.close)

    async def migrate(self) -> list[str]:
        """Bring the schema up to date; returns the names of the migrations applied.

        See `Rowlock.migrate`.
        """
        import asyncio

        applied = await asyncio.to_thread(flows.migrate, self.core)
        return [f"{one.version:04} {one.name}" for one in applied]
