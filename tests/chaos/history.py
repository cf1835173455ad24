"""What the journal of a chaos run and its database say together, for the checker."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

from rowlock.storage.storage import Storage
from tests.chaos.checker import Answer, Asked, AttemptRow, Claimed, History, Ran, TaskRow
from tests.chaos.journal import microseconds, read_events
from tests.support.backends import sql_plan

_TASKS = """
    SELECT id, state, attempt, crashes, max_attempts, token, reason, 1 AS final
    FROM rowlock_history
    UNION ALL
    SELECT id, state, attempt, crashes, max_attempts, token, NULL, 0 FROM rowlock_task"""
_ATTEMPTS = "SELECT task, token, attempt, outcome, started_at FROM rowlock_attempt"


def history_from(path: Path, storage: Storage, acknowledged: list[UUID]) -> History:
    """Return what the journal and the database say together.

    Args:
        path: The journal.
        storage: The database, after everything has ended.
        acknowledged: The tasks whose enqueue returned.
    """
    history = History(acknowledged=[str(one) for one in acknowledged])
    readers = {
        "claimed": (history.claims, Claimed),
        "started": (history.starts, Ran),
        "ended": (history.ends, Ran),
        "asked": (history.asked, Asked),
        "answered": (history.answers, Answer),
    }
    for event in read_events(path):
        if event["kind"] in readers:
            found, kind = readers[event["kind"]]
            found.append(kind(**{name: event[name] for name in kind._fields}))  # type: ignore[attr-defined] # a tuple
    dump(history, storage)
    return history


def dump(history: History, storage: Storage) -> None:
    """Add the tasks and the attempts that the database holds."""
    rows = storage.runner.read(sql_plan, _TASKS).rows
    history.tasks = [
        TaskRow(
            task=str(_id(task)),
            state=state,
            attempt=attempt,
            crashes=crashes,
            max_attempts=max_attempts,
            token=None if token is None else str(_id(token)),
            reason=reason,
            final=bool(final),
        )
        for task, state, attempt, crashes, max_attempts, token, reason, final in rows
    ]
    read_time = storage.claims._values.read_time  # type: ignore[attr-defined] # our own plans
    rows = storage.runner.read(sql_plan, _ATTEMPTS).rows
    history.attempts = [
        AttemptRow(
            str(_id(task)), str(_id(token)), attempt, outcome, microseconds(read_time(started_at))
        )
        for task, token, attempt, outcome, started_at in rows
    ]


def _id(value: Any) -> UUID:
    if isinstance(value, UUID):
        return value
    return UUID(bytes=value) if isinstance(value, bytes) else UUID(value)
