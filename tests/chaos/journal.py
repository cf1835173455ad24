"""The journal that every process of a chaos run appends to.

An event is one JSON line, written by one call on a descriptor in append mode: it outlives
`kill -9`. A line begins and ends with a line break, so one that was torn spoils no other.
"""

from __future__ import annotations

import json
import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Journal:
    """Appends events to the file that all processes of a run share."""

    def __init__(self, path: str | Path) -> None:
        self._descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)

    def write(self, kind: str, **facts: Any) -> None:
        """Append one event; CLOCK_MONOTONIC is the same for all processes of a host."""
        event = {"kind": kind, "at": time.monotonic_ns(), "pid": os.getpid(), **facts}
        os.write(self._descriptor, f"\n{json.dumps(event)}\n".encode())

    def close(self) -> None:
        os.close(self._descriptor)


def read_events(path: str | Path) -> list[dict[str, Any]]:
    """Return every event that was written whole, in the order of the file."""
    events = []
    for line in Path(path).read_bytes().splitlines():
        try:
            events.append(json.loads(line))
        except ValueError:
            continue  # blank, or torn by a kill
    return events


def events_of(path: str | Path, kind: str) -> list[dict[str, Any]]:
    """Return the events of one kind; none while the file is not there yet."""
    if not Path(path).exists():
        return []
    return [event for event in read_events(path) if event["kind"] == kind]


def microseconds(moment: datetime) -> int:
    """Return a time as exact microseconds since 1970."""
    return (moment - EPOCH) // timedelta(microseconds=1)
