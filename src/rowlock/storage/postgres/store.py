"""What PostgreSQL does in another shape than the shared plans: COPY for many fresh tasks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from rowlock.model.tasks import NewTask
from rowlock.plan import Plan
from rowlock.storage.postgres.copying import TaskLines, payload_lines
from rowlock.storage.sql.enqueue import EnqueuePlans
from rowlock.storage.values import ColumnValues

# Zones of connections that are UTC under another name; converting from them changes nothing.
_UTC_ZONES = frozenset({UTC, *(ZoneInfo(key) for key in ("UTC", "Etc/UTC"))})


def _utc(value: datetime) -> datetime:
    return value if value.tzinfo in _UTC_ZONES else value.astimezone(UTC)


def _same(value: UUID) -> UUID:
    return value


POSTGRES_VALUES = ColumnValues(read_id=_same, read_time=_utc)


def arrays(**columns: list[Any]) -> Mapping[str, Any]:
    """A batch is one array for each column, joined by `unnest`."""
    return {name: _array(values) for name, values in columns.items()}


def _array(values: list[Any]) -> list[Any] | str | None:
    """Return a column as psycopg takes it, spared the walk through its values where possible.

    `unnest` fills up a column that is missing, and some values need no quoting in the text of an
    array.
    """
    known = next((value for value in values if value is not None), None)
    if type(known) in _UNQUOTED:
        return f"{{{','.join(map(_unquoted, values))}}}"
    return values if known is not None or not values else None


_UNQUOTED = frozenset({UUID, datetime, int})


def _unquoted(value: UUID | datetime | int | None) -> str:
    if value is None:
        return "NULL"
    return value.isoformat() if isinstance(value, datetime) else str(value)


class PostgresEnqueuePlans(EnqueuePlans):
    """`EnqueuePlans` with COPY for fresh tasks."""

    def _insert_alike(self, tasks: Iterator[NewTask], common: Mapping[str, Any]) -> Plan[None]:
        lines = TaskLines(tasks, common)
        while not lines.ended:
            yield self._sql.bind_copy("copy_tasks", lines)
            if lines.large:
                yield self._sql.bind_copy("copy_payloads", payload_lines(lines.large))
                lines.large.clear()
