"""Schedules as callers describe them, resolved against their definitions. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from rowlock.app.orders import Order, Target
from rowlock.definitions.scheduling import options_of
from rowlock.errors import InvalidValueError
from rowlock.model import json_text
from rowlock.model.queues import Queue
from rowlock.model.schedules import Schedule, checked_schedule_name


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


def checked_range(start: datetime, end: datetime) -> None:
    """Refuse a range that is empty or turned around.

    Raises:
        InvalidValueError: The end is not after the start.
    """
    if end <= start:
        raise InvalidValueError("end", "must be after start")
