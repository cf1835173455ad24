"""Lists and counts of tasks, for both facades."""

from __future__ import annotations

from typing import Unpack
from uuid import UUID

from rowlock.app import listing_flows as flows
from rowlock.app.facade import Wanted
from rowlock.app.running import AsyncRunning, Running
from rowlock.model.listing import TaskCount
from rowlock.model.tasks import Task


class ListingMethods(Running):
    """Lists and counts of tasks."""

    def list_tasks(
        self,
        *,
        limit: int = 100,
        order: str = "id",
        before: UUID | str | Task | None = None,
        **wanted: Unpack[Wanted],
    ) -> list[Task]:
        """Return tasks, newest first or in another order.

        Args:
            limit: At most this many, up to 1,000.
            order: `id`: newest first. `finished_at`: the last to finish first, of final states
                only. `run_at`: the first to be due first, of waiting states only.
            before: Only those after this one in that order: the last one of a page gives the
                next page. Its id is enough, but costs another read unless the order is `id`.
            **wanted: `states` (words of any of the systems that Rowlock replaces), `queue`,
                `definition`, `tags`, `worker`, `unique_key`, `created_after`, `created_before`,
                `started_after`, `started_before`, `finished_after`, `finished_before`,
                `error` (text in the last error), `arguments` (values by key of the payload;
                needs a definition or a queue), `include_deleted`.

        Raises:
            InvalidValueError: An unknown state, a limit out of range, or a value that no
                task can have.
        """
        flow = flows.list_tasks(
            self.core, flows.filter_from(wanted), limit=limit, order=order, before=before
        )
        return self._run(flow)

    def count(self, **wanted: Unpack[Wanted]) -> TaskCount:
        """Return how many tasks there are, up to 10,000.

        Args:
            **wanted: As for `list_tasks`.

        Raises:
            InvalidValueError: As `list_tasks`.
        """
        return self._run(flows.count_tasks(self.core, flows.filter_from(wanted)))


class AsyncListingMethods(AsyncRunning):
    """Lists and counts of tasks, for async code. See `ListingMethods`."""

    async def list_tasks(
        self,
        *,
        limit: int = 100,
        order: str = "id",
        before: UUID | str | Task | None = None,
        **wanted: Unpack[Wanted],
    ) -> list[Task]:
        """Return tasks, newest first or in another order. See `Rowlock.list_tasks`."""
        flow = flows.list_tasks(
            self.core, flows.filter_from(wanted), limit=limit, order=order, before=before
        )
        return await self._run(flow)

    async def count(self, **wanted: Unpack[Wanted]) -> TaskCount:
        """Return how many tasks there are, up to 10,000. See `Rowlock.count`."""
        return await self._run(flows.count_tasks(self.core, flows.filter_from(wanted)))
