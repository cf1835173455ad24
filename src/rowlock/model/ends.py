"""How an attempt ended as whoever ran it says, and what decides what that makes of its task."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from rowlock.model.states import TaskState
from rowlock.model.tasks import TaskFailure


class Ending(StrEnum):
    """The ways in which an attempt may end."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"
    SNOOZED = "snoozed"
    HANDED_BACK = "handed_back"


class ClaimKey(NamedTuple):
    """A claim by what whoever holds it shows: the task's id and the claim's token."""

    id: UUID
    token: UUID


class ToldEnd(NamedTuple):
    """The end of an attempt.

    Attributes:
        result: Of one that succeeded; JSON text.
        failure: Of one that failed: why.
        retry: Of one that failed: False if the task is not to be tried again.
        delay: How long the task waits: if snoozed, or before it is tried again; None leaves
            that to its retry policy.
        reason: What the task says if this is its end too.
    """

    id: UUID
    token: UUID
    ending: Ending
    result: str | None = None
    failure: TaskFailure | None = None
    retry: bool = True
    delay: timedelta | None = None
    reason: str | None = None


class Standing(NamedTuple):
    """Where the task of a claim stands; texts are JSON.

    Attributes:
        token: The claim's, whether it still holds the task or not.
        held: Whether the task still runs under this claim.
        definition: The definition's key.
        run_at: When it was due; later than it started if it was claimed before that.
        started_at: When the last attempt started, if one did.
        now: When it was looked at, by the database's clock.
    """

    id: UUID
    token: UUID
    held: bool
    state: TaskState
    queue: str
    definition: str | None
    attempt: int
    crashes: int
    max_attempts: int
    options: str | None
    run_at: datetime
    started_at: datetime | None
    now: datetime

    @property
    def failures(self) -> int:
        """Failed attempts, if the one that this claim is for fails too."""
        return self.attempt - self.crashes

    @property
    def is_last_attempt(self) -> bool:
        """Whether a failure of this attempt is final."""
        return self.failures >= self.max_attempts

    def agrees(self, ending: Ending) -> bool:
        """Whether the task is as an attempt leaves it that ended so."""
        final = {Ending.SUCCEEDED: TaskState.SUCCEEDED, Ending.CANCELED: TaskState.CANCELED}
        wanted = final.get(ending)
        return self.state is wanted if wanted else self.state is not TaskState.SUCCEEDED
