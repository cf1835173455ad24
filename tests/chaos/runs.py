"""What the runs of several chaos tests have in common."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from rowlock import Backoff, RetryPolicy, Rowlock
from rowlock.model.states import LIVE_STATES
from tests.chaos.checker import History, check, counts
from tests.chaos.conftest import Place
from tests.chaos.fleet import Fleet, wait_until
from tests.chaos.history import history_from
from tests.chaos.journal import events_of

DRAIN_SECONDS = 120.0
START_SECONDS = 60.0
QUICK_RETRY = RetryPolicy(backoff=Backoff.FIXED, base=timedelta(seconds=0.1), jitter=False)
MANY_CRASHES = 1_000


def is_drained(app: Rowlock) -> bool:
    """Whether nothing waits and nothing runs."""
    return not any(one.counts.get(state) for one in app.stats() for state in LIVE_STATES)


def wait_until_drained(place: Place, *, seconds: float = DRAIN_SECONDS) -> None:
    """Wait until every task is final."""
    wait_until(lambda: is_drained(place.app), seconds=seconds, what="every task is final")


def wait_for_events(place: Place, kind: str, number: int, **facts: Any) -> None:
    """Wait until so many events with these facts are in the journal."""

    def enough() -> bool:
        found = events_of(place.journal, kind)
        return sum(event.items() >= facts.items() for event in found) >= number

    wait_until(enough, seconds=START_SECONDS, what=f"{number} times {kind} {facts}")


def judged(place: Place, acknowledged: list[UUID]) -> History:
    """Return the history of a run in which no rule is broken."""
    history = history_from(place.journal, place.app.core.storage, acknowledged)
    assert check(history) == []
    return history


def show(name: str, fleet: Fleet, history: History, **more: object) -> None:
    """Print a run as one line, for the summary at the end."""
    found = {"kills": fleet.kills, "freezes": fleet.freezes, **counts(history), **more}
    line = " ".join(f"{key}={figure}" for key, figure in found.items())
    print(f"CHAOS {name}: {line}")  # noqa: T201 - the figures are what a run is for


def judged_so_far(place: Place, acknowledged: list[UUID]) -> History:
    """Return the history of a run that left tasks waiting; no other rule is broken."""
    history = history_from(place.journal, place.app.core.storage, acknowledged)
    assert {violation.rule for violation in check(history)} <= {"unfinished"}
    return history
