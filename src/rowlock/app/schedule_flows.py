"""What the facades do with schedules, as flows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any, TypeAlias

from rowlock.app.enqueuing import prepared
from rowlock.app.flow import Flow, Run
from rowlock.app.intake import Intake
from rowlock.app.listing_flows import checked_limit
from rowlock.app.opened import Opened
from rowlock.app.orders import Target
from rowlock.app.schedule_pattern import StoredPattern
from rowlock.app.schedule_values import checked_range, name_or_id, with_tasks
from rowlock.definitions.options import TaskOptions
from rowlock.definitions.scheduling import (
    Rule,
    Said,
    said_of,
)
from rowlock.errors import InvalidValueError, StorageConflictError
from rowlock.model.changes import NOBODY, By
from rowlock.model.moments import checked_moment
from rowlock.model.names import definition_key
from rowlock.model.schedules import (
    Backfill,
    Firing,
    Schedule,
    ScheduleStatus,
    checked_schedule_name,
)
from rowlock.model.tasks import Task
from rowlock.ops import on_demand
from rowlock.ops import schedules as ops
from rowlock.storage.wakeups import TIMES

_TASK_FIELDS = {"queue", "priority"}


OnBackfill: TypeAlias = Callable[[Backfill], None]
"""Called after each batch."""


def create_schedule(
    core: Intake,
    name: str,
    rule: Rule,
    definition: Any,
    given: Mapping[str, Any],
    *,
    by: By = NOBODY,
) -> Flow[Schedule]:
    """Store a new schedule."""
    new = yield from described(core, name, rule, definition, given)
    created: Schedule = yield Run(partial(ops.create_schedule, core.storage, new, by=by))
    _wake(core)
    return created


def described(
    core: Intake, name: str, rule: Rule, definition: Any, given: Mapping[str, Any]
) -> Flow[Schedule]:
    """Return a new schedule as a caller describes it; its definition and queue are there."""
    own_name = checked_schedule_name(name)
    said = said_of(own_name, rule, given, None)
    if definition is None:
        raise InvalidValueError("definition", "must be given: a definition or its alias")
    target = yield from _target(core, definition, said.fields.get("queue"))
    new = Schedule(
        name=own_name,
        key=definition_key(own_name),
        namespace=core.namespace,
        rule=said.rule,
        definition=target.key or "",
        options=said.options,
        **said.fields,
    )
    return with_tasks(new, target, said.arguments or {})


def _target(core: Intake, definition: Any, queue: str | None) -> Flow[Target]:
    return (yield from prepared(core, definition, TaskOptions(queue=queue)))


def get_schedule(core: Opened, schedule: object) -> Flow[Schedule]:
    """Return a stored schedule."""
    wanted = name_or_id(schedule)
    operation = partial(ops.get_schedule, core.storage, core.namespace, wanted)
    found: Schedule = yield Run(operation, reads=True)
    return found


def update_schedule(
    core: Intake,
    schedule: object,
    rule: Rule | None,
    definition: Any,
    given: Mapping[str, Any],
    *,
    set_arguments: Mapping[str, Any] | None = None,
    by: By = NOBODY,
) -> Flow[Schedule]:
    """Change what is given of a schedule."""
    if rule is None and definition is None and not given and not set_arguments:
        raise InvalidValueError("schedule", "nothing is given to change")
    found = yield from get_schedule(core, schedule)
    said = said_of(found.name, rule, given, found)
    target = None
    if definition is not None or set_arguments or _touches_tasks(said, found):
        named = found.definition if definition is None else definition
        target = yield from _target(core, named, said.fields.get("queue", found.queue))

    def edit(stored: Schedule) -> dict[str, Any]:
        if definition is None and target is not None and stored.definition != found.definition:
            raise StorageConflictError(f"schedule {stored.name!r} was changed meanwhile")
        said = said_of(stored.name, rule, given, stored)
        after = replace(stored, **said.fields, rule=said.rule, options=said.options)
        if target is not None:
            arguments = stored.arguments if said.arguments is None else said.arguments
            after = with_tasks(after, target, {**arguments, **(set_arguments or {})})
        names = (*said.fields, "rule", "options", "definition", "arguments")
        return {name: getattr(after, name) for name in names}

    return (yield from _changed(core, found, edit, "edit", by))


def _touches_tasks(said: Said, stored: Schedule) -> bool:
    """Whether what its tasks look like is to be changed, which the definition has a say in."""
    return (
        said.arguments is not None
        or said.options != stored.options
        or not _TASK_FIELDS.isdisjoint(said.fields)
    )


def _changed(
    core: Opened, schedule: object, editor: ops.Editor, action: str, by: By
) -> Flow[Schedule]:
    operation = partial(
        ops.update_schedule,
        core.storage,
        core.namespace,
        name_or_id(schedule),
        editor,
        action=action,
        by=by,
    )
    changed: Schedule = yield Run(operation)
    _wake(core)
    return changed


def pause_schedule(core: Opened, schedule: object, by: By) -> Flow[Schedule]:
    """Let a schedule fire no more until it is resumed."""

    def edit(stored: Schedule) -> dict[str, Any]:
        if stored.status in {ScheduleStatus.COMPLETED, ScheduleStatus.CANCELED}:
            raise InvalidValueError("status", f"is {stored.status}: there is nothing to pause")
        return {"status": ScheduleStatus.PAUSED}

    return (yield from _changed(core, schedule, edit, "pause", by))


def resume_schedule(core: Opened, schedule: object, by: By) -> Flow[Schedule]:
    """Let a schedule fire from now on."""
    changes = {"status": ScheduleStatus.ACTIVE}
    return (yield from _changed(core, schedule, lambda _: changes, "resume", by))


def delete_schedule(core: Opened, schedule: object, *, soft: bool, by: By) -> Flow[Schedule]:
    """Hide a schedule, or remove it."""
    operation = partial(
        ops.delete_schedule, core.storage, core.namespace, name_or_id(schedule), soft=soft, by=by
    )
    deleted: Schedule = yield Run(operation)
    return deleted


def restore_schedule(core: Opened, schedule: object, by: By) -> Flow[Schedule]:
    """Bring a schedule back that was deleted."""
    operation = partial(
        ops.restore_schedule, core.storage, core.namespace, name_or_id(schedule), by=by
    )
    restored: Schedule = yield Run(operation)
    return restored


def run_schedule(core: Opened, schedule: object, by: By) -> Flow[Task]:
    """Enqueue one task of a schedule now."""
    wanted = name_or_id(schedule)

    def start() -> Any:
        pattern = StoredPattern()
        return on_demand.run_schedule(core.storage, core.namespace, wanted, pattern, by=by)

    task: Task = yield Run(start)
    core.storage.wakeups.wake_here(core.namespace, task.queue)
    return task


def backfill_schedule(
    core: Opened,
    schedule: object,
    start: datetime,
    end: datetime,
    *,
    by: By,
    dry_run: bool,
    on_progress: OnBackfill | None = None,
    batches: int | None = None,
) -> Flow[Backfill]:
    """Enqueue tasks for the occurrences of a range that were not fired.

    Args:
        core: Whose schedule.
        schedule: Its name or id.
        start: An occurrence at it counts.
        end: An occurrence at it does not count.
        by: Who asks for it, and why.
        dry_run: Only count.
        on_progress: Called after each batch.
        batches: At most so many; `next_at` says where the rest begins. None for all.
    """
    first, last = checked_moment("start", start), checked_moment("end", end)
    checked_range(first, last)
    found = yield from get_schedule(core, schedule)
    if not dry_run:
        record = partial(on_demand.record_backfill, core.storage, core.namespace, found.id)
        yield Run(partial(record, start=first, end=last, by=by))
    done, left = Backfill(next_at=first), batches
    while done.next_at is not None and left != 0:
        left = None if left is None else left - 1

        def batch(since: datetime = done.next_at) -> Any:
            pattern = StoredPattern()
            return on_demand.backfill_batch(
                core.storage,
                core.namespace,
                found.id,
                pattern,
                start=since,
                end=last,
                dry_run=dry_run,
            )

        part: on_demand.Backfilled = yield Run(batch, lingers=True)
        if not dry_run:
            core.storage.wakeups.wake_here(core.namespace, part.queue)
        done = Backfill(
            fired=done.fired + part.fired, known=done.known + part.known, next_at=part.next_at
        )
        if on_progress is not None:
            on_progress(done)
    return done


def list_firings(
    core: Opened, schedule: object, *, limit: int, before: datetime | None
) -> Flow[list[Firing]]:
    """Return what became of a schedule's occurrences, the last ones first."""
    most = checked_limit(limit)
    until = None if before is None else checked_moment("before", before)
    found = yield from get_schedule(core, schedule)
    operation = partial(core.storage.schedules.list_firings, found.id, limit=most, before=until)
    firings: list[Firing] = yield Run(operation, reads=True)
    return firings


def _wake(core: Opened) -> None:
    core.storage.wakeups.wake_here(core.namespace, TIMES)
