"""What PostgreSQL does in another shape than the shared plans: COPY for many fresh tasks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any, Self
from uuid import UUID
from zoneinfo import ZoneInfo

from rowlock.model.tasks import NewTask
from rowlock.plan import BEGIN, Plan, Statement
from rowlock.storage.postgres.copying import TaskLines, payload_lines
from rowlock.storage.rows import Inserted, inserted_from_row
from rowlock.storage.sql.enqueue import EnqueuePlans, is_inline
from rowlock.storage.values import ColumnValues
from rowlock.storage.wakeups import Hint

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


class ArrayText(str):
    """The text of an array, which spares the driver its own slower walk through the values.

    Attributes:
        values: What it is the text of.
    """

    __slots__ = ("values",)

    values: list[Any]

    @classmethod
    def of(cls, values: list[Any], element: Callable[[Any], str]) -> Self:
        """Write the values, each as the function says."""
        texts = ["NULL" if one is None else element(one) for one in values]
        text = cls(f"{{{','.join(texts)}}}")
        text.values = values
        return text


def _array(values: list[Any]) -> list[Any] | ArrayText | None:
    """Return a column as a driver takes it; `unnest` fills up one that is missing."""
    known: object = next((value for value in values if value is not None), None)
    element = _ELEMENTS.get(type(known))
    if element is not None:
        return ArrayText.of(values, element)
    return values if known is not None or not values else None


def _quoted(text: str) -> str:
    if "\\" in text or '"' in text:
        text = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + text + '"'  # formatted, a member of an enum would tell its name


_ELEMENTS: Mapping[type, Callable[[Any], str]] = {
    UUID: attrgetter("hex"),
    datetime: datetime.isoformat,
    int: str,
    str: _quoted,
}
"""How values stand in the text of an array."""


class PostgresEnqueuePlans(EnqueuePlans):
    """`EnqueuePlans` with COPY for fresh tasks, and all in one statement for a few."""

    def _insert_and_read(
        self,
        tasks: Sequence[NewTask],
        namespace: str,
        hints: Sequence[Hint],
        now: datetime | None,
    ) -> Plan[list[tuple[NewTask, Inserted]]]:
        if not all(map(is_inline, tasks)):
            yield BEGIN
        result = yield self._insertion(tasks, namespace, now, hints)
        rows = {row[0]: row[1:] for row in result.rows}
        return [
            (new, inserted_from_row(rows.pop(new.id), self._values))
            for new in tasks
            if new.id in rows
        ]

    def _insertion(
        self,
        tasks: Sequence[NewTask],
        namespace: str,
        now: datetime | None,
        hints: Sequence[Hint] = (),
    ) -> Statement:
        return self._sql.bind(
            "insert_tasks",
            namespace=namespace,
            now=now,
            channel=hints[0].channel if hints else None,
            hints=[hint.payload for hint in hints] or None,
            **self._columns(tasks),
        )

    def _insert_alike(self, tasks: Iterator[NewTask], common: Mapping[str, Any]) -> Plan[None]:
        lines = TaskLines(tasks, common)
        while not lines.ended:
            yield self._sql.bind_copy("copy_tasks", lines)
            if lines.large:
                yield self._sql.bind_copy("copy_payloads", payload_lines(lines.large))
                lines.large.clear()
