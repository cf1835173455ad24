"""What every group of plans is built on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias
from uuid import UUID

from rowlock.storage.catalog import Catalog
from rowlock.storage.values import ColumnValues

Batch: TypeAlias = Callable[..., Mapping[str, Any]]
"""Columns of equal length → the parameters with which this engine's statements take a batch."""


class Plans:
    """A group of plans over one engine's catalogue."""

    def __init__(self, catalog: Catalog, values: ColumnValues, batch: Batch) -> None:
        self._sql = catalog
        self._values = values
        self._batch = batch

    def _ids(self, rows: Sequence[tuple[Any, ...]]) -> set[UUID]:
        return {self._values.read_id(row[0]) for row in rows}
