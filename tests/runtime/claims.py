"""Claims and attempts for the tests of the runtime."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from rowlock.model.ids import new_task_id, new_token
from rowlock.model.tasks import Claim
from rowlock.runtime.attempt import RunningAttempt, context_for, monotonic

NOW = datetime(2030, 1, 1, tzinfo=UTC)


def claim(**given: Any) -> Claim:
    """A claim of the first attempt at a task."""
    values: dict[str, Any] = {
        "id": new_task_id(),
        "token": new_token(),
        "queue": "default",
        "definition": "work",
        "payload": "{}",
        "attempt": 1,
        "crashes": 0,
        "max_attempts": 3,
        "max_crashes": 3,
        "priority": 0,
        "run_at": NOW,
        "created_at": NOW,
        "started_at": NOW,
        "lease_until": NOW,
        "expires_at": None,
        "cancel_requested": False,
        "unique_key": None,
        "tags": None,
        "options": None,
    }
    return Claim(**{**values, **given})


def attempt(*, lease: float = 30.0, claimed_ago: float = 0.0, **given: Any) -> RunningAttempt:
    """An attempt whose claim was sent some seconds ago."""
    one = claim(**given)
    context = context_for(one, "work", "default", "me")
    return RunningAttempt(one, context, timedelta(seconds=lease), monotonic() - claimed_ago)
