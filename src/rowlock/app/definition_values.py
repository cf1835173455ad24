"""What people may say about stored definitions, checked at the door."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypedDict
from uuid import UUID

from rowlock.definitions.options import checked_priority, checked_text
from rowlock.errors import InvalidValueError
from rowlock.model.definitions import (
    MAX_TITLE_LENGTH,
    Definition,
    DefinitionFilter,
    DefinitionOrder,
    DefinitionStatus,
)
from rowlock.model.durations import Duration, positive_duration_from
from rowlock.model.moments import checked_moment
from rowlock.model.names import checked_alias, checked_queue, definition_key
from rowlock.model.queues import checked_count
from rowlock.ops.definitions import AliasOrId

MAX_TEXT_LENGTH = 10_000

_STATUS_WORDS: Mapping[str, DefinitionStatus] = {
    "active": DefinitionStatus.ACTIVE,
    "canceled": DefinitionStatus.CANCELED,
    "cancelled": DefinitionStatus.CANCELED,
    "inactive": DefinitionStatus.CANCELED,
}


class GivenDefinition(TypedDict, total=False):
    """What can be said of a stored definition; None puts the built-in value back."""

    title: str | None
    description: str | None
    memo: str | None
    status: str | None
    queue: str | None
    priority: int | None
    max_attempts: int | None
    max_crashes: int | None
    lifetime: Duration | None


class WantedDefinitions(TypedDict, total=False):
    """What a list of definitions can be asked for. See `DefinitionFilter`."""

    alias: str | None
    status: str | None
    created_after: datetime | None
    created_before: datetime | None
    include_deleted: bool


def checked_status(value: object) -> DefinitionStatus:
    """Return the status that a word means, in any case.

    Raises:
        InvalidValueError: It means none.
    """
    found = _STATUS_WORDS.get(value.strip().lower()) if isinstance(value, str) else None
    if found is None:
        raise InvalidValueError("status", f"must be active or canceled, not {value!r}")
    return found


def _text(field: str, limit: int) -> Callable[[object], str]:
    def checked(value: object) -> str:
        return checked_text(field, value, limit)

    return checked


_CHECKS: Mapping[str, Callable[[object], object]] = {
    "title": _text("title", MAX_TITLE_LENGTH),
    "description": _text("description", MAX_TEXT_LENGTH),
    "memo": _text("memo", MAX_TEXT_LENGTH),
    "status": checked_status,
    "queue": checked_queue,
    "priority": checked_priority,
    "max_attempts": lambda value: checked_count("max_attempts", value),
    "max_crashes": lambda value: checked_count("max_crashes", value),
    "lifetime": lambda value: positive_duration_from("lifetime", value),
}

_BUILT_IN = Definition(alias="x", key="x")


def checked_values(given: Mapping[str, object]) -> dict[str, Any]:
    """Return fields of a `Definition`; what is None gets its built-in value.

    Raises:
        InvalidValueError: A value is refused, or there is no such field.
    """
    for name in given:
        if name not in _CHECKS:
            raise InvalidValueError(name, f"cannot be set; there are {', '.join(_CHECKS)}")
    return {
        name: getattr(_BUILT_IN, name) if value is None else _CHECKS[name](value)
        for name, value in given.items()
    }


def checked_filter(wanted: Mapping[str, Any]) -> DefinitionFilter:
    """Return what a list is asked for.

    Raises:
        InvalidValueError: A value is refused, or there is no such filter.
    """
    for name in wanted:
        if name not in DefinitionFilter._fields:
            known = ", ".join(DefinitionFilter._fields)
            raise InvalidValueError(name, f"is not a filter; there are {known}")
    asked = DefinitionFilter(**wanted)
    if asked.created_after is not None:
        after = checked_moment("created_after", asked.created_after)
        asked = asked._replace(created_after=after)
    if asked.created_before is not None:
        before = checked_moment("created_before", asked.created_before)
        asked = asked._replace(created_before=before)
    if asked.alias is not None:
        asked = asked._replace(alias=definition_key(checked_alias(asked.alias)))
    if asked.status is not None:
        asked = asked._replace(status=checked_status(asked.status))
    return asked._replace(include_deleted=bool(asked.include_deleted))


def checked_order(value: str) -> DefinitionOrder:
    """Return the order that a word means.

    Raises:
        InvalidValueError: It means none.
    """
    try:
        return DefinitionOrder(value)
    except ValueError as error:
        known = ", ".join(DefinitionOrder)
        raise InvalidValueError("order", f"must be one of {known}, not {value!r}") from error


def alias_or_id(definition: object) -> AliasOrId:
    """Return what a caller named as a stored definition.

    Raises:
        InvalidValueError: Neither an alias, an id nor a definition.
    """
    if isinstance(definition, UUID):
        return definition
    if isinstance(definition, Definition):
        return definition.id
    return checked_alias(getattr(definition, "alias", definition))
