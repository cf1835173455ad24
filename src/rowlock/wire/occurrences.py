"""Occurrences of recurring times as plain dicts for JSON."""

from __future__ import annotations

from rowlock.recurrence.recurrence import Occurrence
from rowlock.wire.values import Wire, time_to_wire


def occurrence_to_wire(occurrence: Occurrence) -> Wire:
    """Return an occurrence; `local` has the offset of its zone, `change` is usually null."""
    return {
        "at": time_to_wire(occurrence.at),
        "local": occurrence.local.isoformat(),
        "change": None if occurrence.change is None else occurrence.change.value,
    }
