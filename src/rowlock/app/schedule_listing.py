"""Choosing schedules: lists, counts, and what a filter may ask for, as flows."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, TypedDict

from rowlock.app.flow import Flow, Run
from rowlock.app.listing_flows import checked_limit
from rowlock.app.opened import Opened
from rowlock.errors import InvalidValueError
from rowlock.model.names import checked_alias, checked_queue, definition_key
from rowlock.model.queues import checked_count
from rowlock.model.schedules import (
    Schedule,
    ScheduleFilter,
    ScheduleOrder,
    checked_schedule_name,
    checked_status,
)


class WantedSchedules(TypedDict, total=False):
    """What a list of schedules can be asked for. See `ScheduleFilter`."""

    name: str | None
    status: str | None
    definition: str | None
    queue: str | None
    declared: bool | None
    include_deleted: bool


def list_schedules(
    core: Opened, wanted: Mapping[str, Any], *, limit: int, offset: int, order: str
) -> Flow[list[Schedule]]:
    """Return schedules in an order."""
    operation = partial(
        core.storage.schedules.list_schedules,
        core.namespace,
        checked_filter(wanted),
        limit=checked_limit(limit),
        offset=checked_count("offset", offset, least=0),
        order=checked_order(order),
    )
    found: list[Schedule] = yield Run(operation, reads=True)
    return found


def count_schedules(core: Opened, wanted: Mapping[str, Any]) -> Flow[int]:
    """Return how many schedules there are."""
    asked = checked_filter(wanted)
    operation = partial(core.storage.schedules.count_schedules, core.namespace, asked)
    count: int = yield Run(operation, reads=True)
    return count


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
