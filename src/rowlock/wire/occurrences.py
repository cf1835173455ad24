"""Occurrences of recurring times as plain dicts for JSON."""

from __future__ import annotations

from collections.abc import Iterable

from rowlock.recurrence.recurrence import Occurrence, Recurrence
from rowlock.wire.values import Wire, time_to_wire


def occurrence_to_wire(occurrence: Occurrence) -> Wire:
    """Return an occurrence; `local` has the offset of its zone, `change` is usually null."""
    return {
        "at": time_to_wire(occurrence.at),
        "local": occurrence.local.isoformat(),
        "change": None if occurrence.change is None else occurrence.change.value,
    }


def explained_to_wire(recurrence: Recurrence, occurrences: Iterable[Occurrence]) -> Wire:
    """Return what a rule means, and when it happens."""
    return {
        "rule": recurrence.to_json(),
        "explanation": recurrence.explain(),
        "occurrences": [occurrence_to_wire(one) for one in occurrences],
    }
