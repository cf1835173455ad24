"""What schedules fire, for both facades."""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypeAlias
from uuid import UUID

from rowlock.app import occurrence_flows, schedule_flows
from rowlock.app.running import AsyncRunning, Running
from rowlock.app.schedule_flows import OnBackfill
from rowlock.definitions.definition import TaskDefinition
from rowlock.model.changes import checked_by
from rowlock.model.schedules import Backfill, Firing, Schedule
from rowlock.model.tasks import Task
from rowlock.recurrence.recurrence import Occurrence

AnyDefinition: TypeAlias = TaskDefinition[..., Any] | str
AnySchedule: TypeAlias = Schedule | UUID | str


class FiringMethods(Running):
    """What schedules fire."""

    def pause_schedule(
        self,
        schedule: AnySchedule,
        /,
        *,
        actor: str | None = None,
        reason: str | None = None,
    ) -> Schedule:
        """Let a schedule fire no more until it is resumed; what comes meanwhile is not made up for.

        Args:
            schedule: Its name or id.
            actor: Who asks for it, for the audit.
            reason: Why, for the audit.

        Raises:
            ScheduleNotFoundError: There is none of that name or id, or it is deleted.
            InvalidValueError: It is completed or canceled.
        """
        return self._run(
            schedule_flows.pause_schedule(self.core, schedule, checked_by(actor, reason))
        )

    def resume_schedule(
        self,
        schedule: AnySchedule,
        /,
        *,
        actor: str | None = None,
        reason: str | None = None,
    ) -> Schedule:
        """Let a schedule fire from now on, whatever it was.

        Args:
            schedule: Its name or id.
            actor: Who asks for it, for the audit.
            reason: Why, for the audit.

        Raises:
            ScheduleNotFoundError: There is none of that name or id, or it is deleted.
            InvalidValueError: It has no occurrence left.
        """
        return self._run(
            schedule_flows.resume_schedule(self.core, schedule, checked_by(actor, reason))
        )

    def run_schedule(
        self,
        schedule: AnySchedule,
        /,
        *,
        actor: str | None = None,
        reason: str | None = None,
    ) -> Task:
        """Enqueue one task of a schedule now, whatever its status; it goes on as planned.

        Args:
            schedule: Its name or id.
            actor: Who asks for it, for the audit.
            reason: Why, for the audit.

        Raises:
            ScheduleNotFoundError: There is none of that name or id, or it is deleted.
            DefinitionError: Its definition is not there, or takes no new tasks.
            DuplicateTaskError: A live task holds its unique key.
        """
        return self._run(
            schedule_flows.run_schedule(self.core, schedule, checked_by(actor, reason))
        )

    def backfill_schedule(
        self,
        schedule: AnySchedule,
        start: datetime,
        end: datetime,
        /,
        *,
        actor: str | None = None,
        reason: str | None = None,
        dry_run: bool = False,
        on_progress: OnBackfill | None = None,
    ) -> Backfill:
        """Enqueue a task for each occurrence of a range that was neither fired nor skipped.

        In batches of 100, each one transaction: when it was interrupted, asking again goes on
        where it stopped. Neither overlap nor `max_runs` apply.

        Args:
            schedule: Its name or id.
            start: A moment with a time zone; an occurrence at it counts.
            end: A moment with a time zone, not in the future; an occurrence at it does not count.
            actor: Who asks for it, for the audit.
            reason: Why, for the audit.
            dry_run: Only count what would be enqueued.
            on_progress: Called after each batch.

        Raises:
            ScheduleNotFoundError: There is none of that name or id, or it is deleted.
            DefinitionError: Its definition is not there, or takes no new tasks.
            InvalidValueError: The range is empty, in the future, or so old that it is not known
                any more what was fired.
        """
        return self._run(
            schedule_flows.backfill_schedule(
                self.core,
                schedule,
                start,
                end,
                by=checked_by(actor, reason),
                dry_run=dry_run,
                on_progress=on_progress,
            )
        )

    def simulate_schedule(
        self,
        schedule: AnySchedule,
        /,
        *,
        start: datetime | None = None,
        end: datetime | None = None,
        limit: int = 1000,
    ) -> list[Occurrence]:
        """Return what a schedule would fire in a range, with local times and changes of clocks.

        Nothing is fired, and it need not be active.

        Args:
            schedule: Its name or id.
            start: A moment with a time zone; now if not given.
            end: A moment with a time zone; a year after the start if not given.
            limit: At most this many, up to 100,000.

        Raises:
            ScheduleNotFoundError: There is none of that name or id, or it is deleted.
            InvalidValueError: A value is refused.
        """
        return self._run(
            occurrence_flows.simulate_schedule(self.core, schedule, start, end, limit=limit)
        )

    def list_firings(
        self,
        schedule: AnySchedule,
        /,
        *,
        limit: int = 100,
        before: datetime | None = None,
    ) -> list[Firing]:
        """Return what became of a schedule's occurrences, the last ones first; for 90 days.

        Args:
            schedule: Its name or id.
            limit: At most this many, up to 1,000.
            before: Only occurrences before this moment, such as that of the last one of a page.

        Raises:
            ScheduleNotFoundError: There is none of that name or id, or it is deleted.
            InvalidValueError: A value is refused.
        """
        return self._run(
            schedule_flows.list_firings(self.core, schedule, limit=limit, before=before)
        )


class AsyncFiringMethods(AsyncRunning):
    """What schedules fire. See `FiringMethods`."""

    async def pause_schedule(
        self,
        schedule: AnySchedule,
        /,
        *,
        actor: str | None = None,
        reason: str | None = None,
    ) -> Schedule:
        """Let a schedule fire no more until it is resumed; what comes meanwhile is not made up for.

        See `Rowlock.pause_schedule`.
        """
        return await self._run(
            schedule_flows.pause_schedule(self.core, schedule, checked_by(actor, reason))
        )

    async def resume_schedule(
        self,
        schedule: AnySchedule,
        /,
        *,
        actor: str | None = None,
        reason: str | None = None,
    ) -> Schedule:
        """Let a schedule fire from now on, whatever it was. See `Rowlock.resume_schedule`."""
        return await self._run(
            schedule_flows.resume_schedule(self.core, schedule, checked_by(actor, reason))
        )

    async def run_schedule(
        self,
        schedule: AnySchedule,
        /,
        *,
        actor: str | None = None,
        reason: str | None = None,
    ) -> Task:
        """Enqueue one task of a schedule now, whatever its status; it goes on as planned.

        See `Rowlock.run_schedule`.
        """
        return await self._run(
            schedule_flows.run_schedule(self.core, schedule, checked_by(actor, reason))
        )

    async def backfill_schedule(
        self,
        schedule: AnySchedule,
        start: datetime,
        end: datetime,
        /,
        *,
        actor: str | None = None,
        reason: str | None = None,
        dry_run: bool = False,
        on_progress: OnBackfill | None = None,
    ) -> Backfill:
        """Enqueue a task for each occurrence of a range that was neither fired nor skipped.

        See `Rowlock.backfill_schedule`.
        """
        return await self._run(
            schedule_flows.backfill_schedule(
                self.core,
                schedule,
                start,
                end,
                by=checked_by(actor, reason),
                dry_run=dry_run,
                on_progress=on_progress,
            )
        )

    async def simulate_schedule(
        self,
        schedule: AnySchedule,
        /,
        *,
        start: datetime | None = None,
        end: datetime | None = None,
        limit: int = 1000,
    ) -> list[Occurrence]:
        """Return what a schedule would fire in a range, with local times and changes of clocks.

        See `Rowlock.simulate_schedule`.
        """
        return await self._run(
            occurrence_flows.simulate_schedule(self.core, schedule, start, end, limit=limit)
        )

    async def list_firings(
        self,
        schedule: AnySchedule,
        /,
        *,
        limit: int = 100,
        before: datetime | None = None,
    ) -> list[Firing]:
        """Return what became of a schedule's occurrences, the last ones first; for 90 days.

        See `Rowlock.list_firings`.
        """
        return await self._run(
            schedule_flows.list_firings(self.core, schedule, limit=limit, before=before)
        )
