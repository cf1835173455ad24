"""Schedules as they are stored, for both facades."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias, Unpack
from uuid import UUID

from rowlock.app import declared_schedules, schedule_flows, schedule_listing
from rowlock.app.running import AsyncRunning, Running
from rowlock.app.schedule_listing import WantedSchedules
from rowlock.definitions.definition import TaskDefinition
from rowlock.definitions.scheduling import GivenSchedule, Rule
from rowlock.model.changes import checked_by
from rowlock.model.schedules import Schedule, ScheduleSync

AnyDefinition: TypeAlias = TaskDefinition[..., Any] | str
AnySchedule: TypeAlias = Schedule | UUID | str


class ScheduleMethods(Running):
    """Schedules as they are stored."""

    def create_schedule(
        self,
        name: str,
        rule: Rule,
        definition: AnyDefinition,
        /,
        *,
        actor: str | None = None,
        reason: str | None = None,
        **given: Unpack[GivenSchedule],
    ) -> Schedule:
        """Store a schedule; workers of this database enqueue its tasks from then on.

        Args:
            name: At most 100 characters; matched ignoring case, `-` and `_`. That of a deleted
                one is free.
            rule: A cron expression, an interval such as `"1h30m"`, an RRULE, a rule of seven
                keys, or a `Recurrence`.
            definition: Its alias, or the code of it.
            actor: Who asks for it, for the audit.
            reason: Why, for the audit.
            **given: `arguments`, `zone`, `catch_up`, `overlap` and more; see `GivenSchedule`.

        Raises:
            DuplicateScheduleError: The name is taken.
            UnknownDefinitionError: The definition is known neither here nor to the database.
            DefinitionClosedError: It is canceled or deleted.
            InvalidValueError: A value is refused, or nothing would ever fire; nothing was stored.
        """
        return self._run(
            schedule_flows.create_schedule(
                self.core, name, rule, definition, given, by=checked_by(actor, reason)
            )
        )

    def get_schedule(self, schedule: AnySchedule, /) -> Schedule:
        """Return a schedule as it is stored.

        Args:
            schedule: Its name or id.

        Raises:
            ScheduleNotFoundError: There is none of that name or id, or it is deleted.
        """
        return self._run(schedule_flows.get_schedule(self.core, schedule))

    def list_schedules(
        self,
        *,
        limit: int = 100,
        offset: int = 0,
        order: str = "name",
        **wanted: Unpack[WantedSchedules],
    ) -> list[Schedule]:
        """Return schedules in an order.

        Args:
            limit: At most this many, up to 1,000.
            offset: Leave out this many first.
            order: `name` or `created`, with a minus in front the last comes first; or `next`.
            **wanted: `name` (a part of it), `status`, `definition`, `queue`, `declared` (whether
                code declares it), `include_deleted`.

        Raises:
            InvalidValueError: A value is refused.
        """
        return self._run(
            schedule_listing.list_schedules(
                self.core, wanted, limit=limit, offset=offset, order=order
            )
        )

    def count_schedules(self, **wanted: Unpack[WantedSchedules]) -> int:
        """Return how many schedules there are.

        Args:
            **wanted: As for `list_schedules`.

        Raises:
            InvalidValueError: A value is refused.
        """
        return self._run(schedule_listing.count_schedules(self.core, wanted))

    def update_schedule(
        self,
        schedule: AnySchedule,
        /,
        *,
        rule: Rule | None = None,
        definition: AnyDefinition | None = None,
        set_arguments: Mapping[str, Any] | None = None,
        actor: str | None = None,
        reason: str | None = None,
        **given: Unpack[GivenSchedule],
    ) -> Schedule:
        """Change what is given of a schedule.

        A new rule counts from now on. What is changed of a schedule that code declares stays
        until the code says something else.

        Args:
            schedule: Its name or id.
            rule: As for `create_schedule`.
            definition: Its alias, or the code of it.
            set_arguments: Arguments to set; the others stay.
            actor: Who asks for it, for the audit.
            reason: Why, for the audit.
            **given: See `GivenSchedule`; None puts the built-in value back. `status` may also be
                `paused` or `canceled`.

        Raises:
            ScheduleNotFoundError: There is none of that name or id, or it is deleted.
            UnknownDefinitionError: The definition is known neither here nor to the database.
            InvalidValueError: A value is refused, or nothing would ever fire; nothing changed.
        """
        return self._run(
            schedule_flows.update_schedule(
                self.core,
                schedule,
                rule,
                definition,
                given,
                set_arguments=set_arguments,
                by=checked_by(actor, reason),
            )
        )

    def delete_schedule(
        self,
        schedule: AnySchedule,
        /,
        *,
        soft: bool = True,
        actor: str | None = None,
        reason: str | None = None,
    ) -> Schedule:
        """Delete a schedule; its name is free again, and its tasks are left alone.

        Args:
            schedule: Its name or id.
            soft: Hide it, for `restore_schedule`; False removes it for good. One that code still
                declares stays hidden, but comes back at the next worker start if it was removed.
            actor: Who asks for it, for the audit.
            reason: Why, for the audit.

        Returns:
            The schedule as it was.

        Raises:
            ScheduleNotFoundError: There is none of that name or id, or it is deleted.
        """
        return self._run(
            schedule_flows.delete_schedule(
                self.core, schedule, soft=soft, by=checked_by(actor, reason)
            )
        )

    def restore_schedule(
        self,
        schedule: AnySchedule,
        /,
        *,
        actor: str | None = None,
        reason: str | None = None,
    ) -> Schedule:
        """Bring a schedule back that was deleted softly; an active one is paused.

        Args:
            schedule: Its name or id.
            actor: Who asks for it, for the audit.
            reason: Why, for the audit.

        Raises:
            ScheduleNotFoundError: None of that name or id is deleted.
        """
        return self._run(
            schedule_flows.restore_schedule(self.core, schedule, checked_by(actor, reason))
        )

    def sync_schedules(
        self,
        *,
        prune: bool = False,
        actor: str | None = None,
        reason: str | None = None,
    ) -> ScheduleSync:
        """Store what code says of its schedules; workers do so when they start.

        Only what the code changed since the last time is written: a pause or an edit of an
        operator stays.

        Args:
            prune: Delete the schedules that code no longer declares.
            actor: Who asks for it, for the audit.
            reason: Why, for the audit.

        Returns:
            What was done, and which schedules are no longer declared.
        """
        return self._run(
            declared_schedules.sync_schedules(self.core, prune=prune, by=checked_by(actor, reason))
        )


class AsyncScheduleMethods(AsyncRunning):
    """Schedules as they are stored. See `ScheduleMethods`."""

    async def create_schedule(
        self,
        name: str,
        rule: Rule,
        definition: AnyDefinition,
        /,
        *,
        actor: str | None = None,
        reason: str | None = None,
        **given: Unpack[GivenSchedule],
    ) -> Schedule:
        """Store a schedule; workers of this database enqueue its tasks from then on.

        See `Rowlock.create_schedule`.
        """
        return await self._run(
            schedule_flows.create_schedule(
                self.core, name, rule, definition, given, by=checked_by(actor, reason)
            )
        )

    async def get_schedule(self, schedule: AnySchedule, /) -> Schedule:
        """Return a schedule as it is stored. See `Rowlock.get_schedule`."""
        return await self._run(schedule_flows.get_schedule(self.core, schedule))

    async def list_schedules(
        self,
        *,
        limit: int = 100,
        offset: int = 0,
        order: str = "name",
        **wanted: Unpack[WantedSchedules],
    ) -> list[Schedule]:
        """Return schedules in an order. See `Rowlock.list_schedules`."""
        return await self._run(
            schedule_listing.list_schedules(
                self.core, wanted, limit=limit, offset=offset, order=order
            )
        )

    async def count_schedules(self, **wanted: Unpack[WantedSchedules]) -> int:
        """Return how many schedules there are. See `Rowlock.count_schedules`."""
        return await self._run(schedule_listing.count_schedules(self.core, wanted))

    async def update_schedule(
        self,
        schedule: AnySchedule,
        /,
        *,
        rule: Rule | None = None,
        definition: AnyDefinition | None = None,
        set_arguments: Mapping[str, Any] | None = None,
        actor: str | None = None,
        reason: str | None = None,
        **given: Unpack[GivenSchedule],
    ) -> Schedule:
        """Change what is given of a schedule. See `Rowlock.update_schedule`."""
        return await self._run(
            schedule_flows.update_schedule(
                self.core,
                schedule,
                rule,
                definition,
                given,
                set_arguments=set_arguments,
                by=checked_by(actor, reason),
            )
        )

    async def delete_schedule(
        self,
        schedule: AnySchedule,
        /,
        *,
        soft: bool = True,
        actor: str | None = None,
        reason: str | None = None,
    ) -> Schedule:
        """Delete a schedule; its name is free again, and its tasks are left alone.

        See `Rowlock.delete_schedule`.
        """
        return await self._run(
            schedule_flows.delete_schedule(
                self.core, schedule, soft=soft, by=checked_by(actor, reason)
            )
        )

    async def restore_schedule(
        self,
        schedule: AnySchedule,
        /,
        *,
        actor: str | None = None,
        reason: str | None = None,
    ) -> Schedule:
        """Bring a schedule back that was deleted softly; an active one is paused.

        See `Rowlock.restore_schedule`.
        """
        return await self._run(
            schedule_flows.restore_schedule(self.core, schedule, checked_by(actor, reason))
        )

    async def sync_schedules(
        self,
        *,
        prune: bool = False,
        actor: str | None = None,
        reason: str | None = None,
    ) -> ScheduleSync:
        """Store what code says of its schedules; workers do so when they start.

        See `Rowlock.sync_schedules`.
        """
        return await self._run(
            declared_schedules.sync_schedules(self.core, prune=prune, by=checked_by(actor, reason))
        )
