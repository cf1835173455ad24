"""Schedules as callers describe them, resolved against their definitions. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, TypedDict
from uuid import UUID

from rowlock.app.orders import Order, Target
from rowlock.definitions.scheduling import checked_schedule_name, checked_status, options_of
from rowlock.errors import InvalidValueError
from rowlock.model import json_text
from rowlock.model.names import checked_alias, checked_queue, definition_key
from rowlock.model.queues import Queue
from rowlock.model.schedules import Schedule, ScheduleFilter, ScheduleOrder


class WantedSchedules(TypedDict, total=False):
    """What a list of schedules can be asked for. See `ScheduleFilter`."""

    name: str | None
    status: str | None
    definition: str | None
    queue: str | None
    declared: bool | None
    include_deleted: bool


def with_tasks(schedule: Schedule, target: Target, arguments: Mapping[str, Any]) -> Schedule:
    """Return a schedule whose tasks are those of a definition, run with arguments.

    What the definition's code says of tags and uniqueness is kept with the schedule: whoever
    fires it may not have the code.

    Raises:
        PayloadError: The arguments do not fit the definition.
        InvalidValueError: `unique` names what is no argument.
    """
    options = dict(schedule.options)
    if target.tags:
        options.setdefault("tags", list(target.tags))
    if target.unique is not None:
        unique = target.unique
        options.setdefault("unique", list(unique) if isinstance(unique, tuple) else unique)
    schedule = replace(schedule, options=options)
    queue = Queue(namespace=schedule.namespace, name=schedule.queue or target.queue)
    order = Order(target, options_of(schedule), queue, unique_by_default=False)
    stored: dict[str, Any] = json_text.decode(order.task(arguments).payload)
    return replace(schedule, definition=target.key or "", arguments=stored)


def name_or_id(schedule: object) -> str | UUID:
    """Return what a caller named as a schedule.

    Raises:
        InvalidValueError: Neither a name, an id nor a schedule.
    """
    if isinstance(schedule, UUID):
        return schedule
    if isinstance(schedule, Schedule):
        return schedule.id
    return checked_schedule_name(schedule)


def checked_filter(wanted: Mapping[str, Any]) -> ScheduleFilter:
    """Return what a list is asked for.

    Raises:
        InvalidValueError: A value is refused, or there is no such filter.
    """
    for name in wanted:
        if name not in ScheduleFilter._fields:
            known = ", ".join(ScheduleFilter._fields)
            raise InvalidValueError(name, f"is not a filter; there are {known}")
    asked = ScheduleFilter(**wanted)
    if asked.name is not None:
        asked = asked._replace(name=definition_key(checked_schedule_name(asked.name)))
    if asked.status is not None:
        asked = asked._replace(status=checked_status(asked.status))
    if asked.definition is not None:
        alias = getattr(asked.definition, "alias", asked.definition)
        asked = asked._replace(definition=definition_key(checked_alias(alias)))
    if asked.queue is not None:
        asked = asked._replace(queue=checked_queue(asked.queue))
    declared = asked.declared if asked.declared is None else bool(asked.declared)
    return asked._replace(declared=declared, include_deleted=bool(asked.include_deleted))


def checked_order(value: object) -> ScheduleOrder:
    """Return the order that a word means.

    Raises:
        InvalidValueError: It means none.
    """
    if isinstance(value, str) and value in set(ScheduleOrder):
        return ScheduleOrder(value)
    known = ", ".join(ScheduleOrder)
    raise InvalidValueError("order", f"must be one of {known}, not {value!r}")


def checked_range(start: datetime, end: datetime) -> None:
    """Refuse a range that is empty or turned around.

    Raises:
        InvalidValueError: The end is not after the start.
    """
    if end <= start:
        raise InvalidValueError("end", "must be after start")
