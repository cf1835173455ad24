"""The routes about schedules, as methods of a client.

Written by `python -m tests.docs.client_routes`; do not edit.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from msgspec import UNSET, UnsetType

from rowlock.client.calls import Call, fields, moment_of, path_with, queries
from rowlock.client.sending import Sender, linked_pages, numbered_pages
from rowlock.wire.bodies.common import Duration, Moment, RetryBody
from rowlock.wire.bodies.schedules import DeclaredScheduleBody
from rowlock.wire.documents.schedules import (
    BackfillDocument,
    ExplanationDocument,
    FiringDocument,
    FiringList,
    OccurrenceList,
    ScheduleDocument,
    ScheduleList,
    SyncDocument,
)
from rowlock.wire.documents.tasks import TaskDocument

# fmt: off


class SchedulesRoutes(Sender):
    """The routes about schedules, as methods of a client."""

    def list_schedules(
        self, *, name: str | None = None, status: str | None = None, definition: str | None = None,
        queue: str | None = None, declared: bool | None = None, include_deleted: bool | None = None,
        order: str | None = None, offset: int | None = None, limit: int | None = None,
    ) -> ScheduleList:
        """List schedules.

        `GET /api/v1/schedule`.

        Raises:
            InvalidValueError: A value was refused at the door; nothing was stored.
        """
        return self._send(Call(
            method="GET",
            path="/api/v1/schedule",
            answer=ScheduleList,
            queries=queries(
                name=name, status=status, definition=definition, queue=queue, declared=declared,
                include_deleted=include_deleted, order=order, offset=offset, limit=limit,
            ),
        ))

    def iter_schedules(
        self, *, name: str | None = None, status: str | None = None, definition: str | None = None,
        queue: str | None = None, declared: bool | None = None, include_deleted: bool | None = None,
        order: str | None = None, limit: int | None = None,
    ) -> Iterator[ScheduleDocument]:
        """Yield what `list_schedules` lists, page after page.

        `limit` is the size of a page.
        """
        return numbered_pages(lambda page: self.list_schedules(
            name=name, status=status, definition=definition, queue=queue, declared=declared,
            include_deleted=include_deleted, order=order, limit=limit, offset=page,
        ))

    def create_schedule(
        self, *, name: str, rule: str | dict[str, Any], definition: str,
        zone: str | UnsetType | None = UNSET, gap: str | UnsetType | None = UNSET,
        repeated: str | UnsetType | None = UNSET, starts_at: Moment | UnsetType | None = UNSET,
        description: str | UnsetType | None = UNSET,
        arguments: dict[str, Any] | UnsetType | None = UNSET,
        ends_at: Moment | UnsetType | None = UNSET, max_runs: int | UnsetType | None = UNSET,
        catch_up: str | UnsetType | None = UNSET, catch_up_limit: int | UnsetType | None = UNSET,
        overlap: str | UnsetType | None = UNSET, jitter: Duration | UnsetType | None = UNSET,
        status: str | UnsetType | None = UNSET, queue: str | UnsetType | None = UNSET,
        priority: int | UnsetType | None = UNSET, max_attempts: int | UnsetType | None = UNSET,
        max_crashes: int | UnsetType | None = UNSET, lifetime: Duration | UnsetType | None = UNSET,
        timeout: Duration | UnsetType | None = UNSET,
        retry: str | RetryBody | UnsetType | None = UNSET,
        tags: list[str] | UnsetType | None = UNSET,
        unique: str | bool | list[str] | UnsetType | None = UNSET, reason: str | None = None,
    ) -> ScheduleDocument:
        """Create a schedule.

        `POST /api/v1/schedule`, whose body is a `NewScheduleBody`.

        Raises:
            InvalidValueError: A value was refused at the door; nothing was stored.
            DuplicateScheduleError: Two schedules whose names are equal ignoring case, `-` and `_`.
            PayloadError: Arguments, a payload or a result cannot be stored, or do not fit the
                signature.
            QueueNotFoundError: The namespace has no queue of that name.
            UnknownDefinitionError: Nothing is known under that alias, neither in this process nor
                in the database.
            DefinitionClosedError: The definition takes no new tasks.
        """
        return self._send(Call(
            method="POST",
            path="/api/v1/schedule",
            answer=ScheduleDocument,
            body=fields(
                zone=zone, gap=gap, repeated=repeated, starts_at=starts_at, description=description,
                arguments=arguments, ends_at=ends_at, max_runs=max_runs, catch_up=catch_up,
                catch_up_limit=catch_up_limit, overlap=overlap, jitter=jitter, status=status,
                queue=queue, priority=priority, max_attempts=max_attempts, max_crashes=max_crashes,
                lifetime=lifetime, timeout=timeout, retry=retry, tags=tags, unique=unique,
                name=name, rule=rule, definition=definition, reason=reason,
            ),
        ))

    def get_schedule(self, schedule: str) -> ScheduleDocument:
        """Show a schedule.

        `GET /api/v1/schedule/{schedule}`.

        Raises:
            InvalidValueError: A value was refused at the door; nothing was stored.
            ScheduleNotFoundError: The namespace has no schedule of that name or id; `name` is what
                was asked for.
        """
        return self._send(Call(
            method="GET",
            path=path_with("/api/v1/schedule/{schedule}", schedule=schedule),
            answer=ScheduleDocument,
        ))

    def update_schedule(
        self, schedule: str, *, zone: str | UnsetType | None = UNSET,
        gap: str | UnsetType | None = UNSET, repeated: str | UnsetType | None = UNSET,
        starts_at: Moment | UnsetType | None = UNSET, description: str | UnsetType | None = UNSET,
        arguments: dict[str, Any] | UnsetType | None = UNSET,
        ends_at: Moment | UnsetType | None = UNSET, max_runs: int | UnsetType | None = UNSET,
        catch_up: str | UnsetType | None = UNSET, catch_up_limit: int | UnsetType | None = UNSET,
        overlap: str | UnsetType | None = UNSET, jitter: Duration | UnsetType | None = UNSET,
        status: str | UnsetType | None = UNSET, queue: str | UnsetType | None = UNSET,
        priority: int | UnsetType | None = UNSET, max_attempts: int | UnsetType | None = UNSET,
        max_crashes: int | UnsetType | None = UNSET, lifetime: Duration | UnsetType | None = UNSET,
        timeout: Duration | UnsetType | None = UNSET,
        retry: str | RetryBody | UnsetType | None = UNSET,
        tags: list[str] | UnsetType | None = UNSET,
        unique: str | bool | list[str] | UnsetType | None = UNSET,
        rule: str | dict[str, Any] | None = None, definition: str | None = None,
        set_arguments: dict[str, Any] | None = None, reason: str | None = None,
    ) -> ScheduleDocument:
        """Change what is given of a schedule; a new rule counts from now on.

        `PATCH /api/v1/schedule/{schedule}`, whose body is a `ScheduleBody`.

        Raises:
            InvalidValueError: A value was refused at the door; nothing was stored.
            ScheduleNotFoundError: The namespace has no schedule of that name or id; `name` is what
                was asked for.
            PayloadError: Arguments, a payload or a result cannot be stored, or do not fit the
                signature.
            QueueNotFoundError: The namespace has no queue of that name.
            UnknownDefinitionError: Nothing is known under that alias, neither in this process nor
                in the database.
            DefinitionClosedError: The definition takes no new tasks.
        """
        return self._send(Call(
            method="PATCH",
            path=path_with("/api/v1/schedule/{schedule}", schedule=schedule),
            answer=ScheduleDocument,
            body=fields(
                zone=zone, gap=gap, repeated=repeated, starts_at=starts_at, description=description,
                arguments=arguments, ends_at=ends_at, max_runs=max_runs, catch_up=catch_up,
                catch_up_limit=catch_up_limit, overlap=overlap, jitter=jitter, status=status,
                queue=queue, priority=priority, max_attempts=max_attempts, max_crashes=max_crashes,
                lifetime=lifetime, timeout=timeout, retry=retry, tags=tags, unique=unique,
                rule=rule, definition=definition, set_arguments=set_arguments, reason=reason,
            ),
        ))

    def delete_schedule(
        self, schedule: str, *, hard: bool | None = None, reason: str | None = None,
    ) -> ScheduleDocument:
        """Delete a schedule; its tasks are left alone. Answers with it as it was.

        `DELETE /api/v1/schedule/{schedule}`.

        Raises:
            InvalidValueError: A value was refused at the door; nothing was stored.
            ScheduleNotFoundError: The namespace has no schedule of that name or id; `name` is what
                was asked for.
        """
        return self._send(Call(
            method="DELETE",
            path=path_with("/api/v1/schedule/{schedule}", schedule=schedule),
            answer=ScheduleDocument,
            queries=queries(hard=hard, reason=reason),
        ))

    def restore_schedule(self, schedule: str, *, reason: str | None = None) -> ScheduleDocument:
        """Bring a deleted schedule back; one that was active is paused.

        `POST /api/v1/schedule/{schedule}/restore`, whose body is a `ReasonBody`.

        Raises:
            InvalidValueError: A value was refused at the door; nothing was stored.
            ScheduleNotFoundError: The namespace has no schedule of that name or id; `name` is what
                was asked for.
        """
        return self._send(Call(
            method="POST",
            path=path_with("/api/v1/schedule/{schedule}/restore", schedule=schedule),
            answer=ScheduleDocument,
            body=fields(reason=reason),
        ))

    def pause_schedule(self, schedule: str, *, reason: str | None = None) -> ScheduleDocument:
        """Let a schedule fire no more until it is resumed.

        `POST /api/v1/schedule/{schedule}/pause`, whose body is a `ReasonBody`.

        Raises:
            InvalidValueError: A value was refused at the door; nothing was stored.
            ScheduleNotFoundError: The namespace has no schedule of that name or id; `name` is what
                was asked for.
        """
        return self._send(Call(
            method="POST",
            path=path_with("/api/v1/schedule/{schedule}/pause", schedule=schedule),
            answer=ScheduleDocument,
            body=fields(reason=reason),
        ))

    def resume_schedule(self, schedule: str, *, reason: str | None = None) -> ScheduleDocument:
        """Let a schedule fire from now on.

        `POST /api/v1/schedule/{schedule}/resume`, whose body is a `ReasonBody`.

        Raises:
            InvalidValueError: A value was refused at the door; nothing was stored.
            ScheduleNotFoundError: The namespace has no schedule of that name or id; `name` is what
                was asked for.
        """
        return self._send(Call(
            method="POST",
            path=path_with("/api/v1/schedule/{schedule}/resume", schedule=schedule),
            answer=ScheduleDocument,
            body=fields(reason=reason),
        ))

    def run_schedule(self, schedule: str, *, reason: str | None = None) -> TaskDocument:
        """Store one task of a schedule now; it goes on as planned.

        `POST /api/v1/schedule/{schedule}/run`, whose body is a `ReasonBody`.

        Raises:
            InvalidValueError: A value was refused at the door; nothing was stored.
            ScheduleNotFoundError: The namespace has no schedule of that name or id; `name` is what
                was asked for.
            UnknownDefinitionError: Nothing is known under that alias, neither in this process nor
                in the database.
            DefinitionClosedError: The definition takes no new tasks.
            DuplicateTaskError: A live task already holds the unique key; `task_id` is the holder's.
        """
        return self._send(Call(
            method="POST",
            path=path_with("/api/v1/schedule/{schedule}/run", schedule=schedule),
            answer=TaskDocument,
            body=fields(reason=reason),
        ))

    def backfill_schedule(
        self, schedule: str, *, start: Moment, end: Moment, dry_run: bool = False,
        reason: str | None = None,
    ) -> BackfillDocument:
        """Store tasks for the first 1,000 occurrences of a past range that were not fired.

        `POST /api/v1/schedule/{schedule}/backfill`, whose body is a `BackfillBody`.

        Raises:
            InvalidValueError: A value was refused at the door; nothing was stored.
            ScheduleNotFoundError: The namespace has no schedule of that name or id; `name` is what
                was asked for.
            UnknownDefinitionError: Nothing is known under that alias, neither in this process nor
                in the database.
            DefinitionClosedError: The definition takes no new tasks.
        """
        return self._send(Call(
            method="POST",
            path=path_with("/api/v1/schedule/{schedule}/backfill", schedule=schedule),
            answer=BackfillDocument,
            body=fields(start=start, end=end, dry_run=dry_run, reason=reason),
        ))

    def simulate_schedule(
        self, schedule: str, *, start: datetime | None = None, end: datetime | None = None,
        limit: int | None = None,
    ) -> OccurrenceList:
        """List what a schedule would fire, without firing it.

        `GET /api/v1/schedule/{schedule}/occurrence`.

        Raises:
            InvalidValueError: A value was refused at the door; nothing was stored.
            ScheduleNotFoundError: The namespace has no schedule of that name or id; `name` is what
                was asked for.
        """
        return self._send(Call(
            method="GET",
            path=path_with("/api/v1/schedule/{schedule}/occurrence", schedule=schedule),
            answer=OccurrenceList,
            queries=queries(start=start, end=end, limit=limit),
        ))

    def list_firings(
        self, schedule: str, *, before: datetime | None = None, limit: int | None = None,
    ) -> FiringList:
        """List what became of a schedule's occurrences, the last ones first.

        `GET /api/v1/schedule/{schedule}/firing`.

        Raises:
            InvalidValueError: A value was refused at the door; nothing was stored.
            ScheduleNotFoundError: The namespace has no schedule of that name or id; `name` is what
                was asked for.
        """
        return self._send(Call(
            method="GET",
            path=path_with("/api/v1/schedule/{schedule}/firing", schedule=schedule),
            answer=FiringList,
            queries=queries(before=before, limit=limit),
        ))

    def iter_firings(self, schedule: str, *, limit: int | None = None) -> Iterator[FiringDocument]:
        """Yield what `list_firings` lists, page after page.

        `limit` is the size of a page.
        """
        return linked_pages(lambda page: self.list_firings(
            schedule, limit=limit, before=moment_of(page),
        ))

    def declare_schedules(
        self, *, schedules: list[DeclaredScheduleBody], prune: list[str] | UnsetType = UNSET,
        reason: str | None = None,
    ) -> SyncDocument:
        """Store what code declares now and did not the last time.

        `POST /api/v1/declaration`, whose body is a `DeclarationsBody`.

        Raises:
            InvalidValueError: A value was refused at the door; nothing was stored.
        """
        return self._send(Call(
            method="POST",
            path="/api/v1/declaration",
            answer=SyncDocument,
            body=fields(schedules=schedules, prune=prune, reason=reason),
        ))

    def explain_rule(
        self, *, rule: str | dict[str, Any], zone: str | UnsetType | None = UNSET,
        gap: str | UnsetType | None = UNSET, repeated: str | UnsetType | None = UNSET,
        starts_at: Moment | UnsetType | None = UNSET, name: str = "-", start: Moment | None = None,
        end: Moment | None = None, limit: int = 10,
    ) -> ExplanationDocument:
        """Say what a rule means and when it happens; nothing is stored.

        `POST /api/v1/recurrence`, whose body is a `ExplainBody`.

        Raises:
            InvalidValueError: A value was refused at the door; nothing was stored.
        """
        return self._send(Call(
            method="POST",
            path="/api/v1/recurrence",
            answer=ExplanationDocument,
            body=fields(
                zone=zone, gap=gap, repeated=repeated, starts_at=starts_at, rule=rule, name=name,
                start=start, end=end, limit=limit,
            ),
        ))
