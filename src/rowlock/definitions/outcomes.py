"""What a handler may return instead of a result."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from rowlock.model.durations import Duration, duration_from


@dataclass(frozen=True, slots=True)
class Snooze:
    """Run the task again later; the attempt does not count.

    Example:
        >>> Snooze("5m").delay
        datetime.timedelta(seconds=300)
    """

    after: Duration
    delay: timedelta = field(init=False)

    def __post_init__(self) -> None:
        """Read the duration.

        Raises:
            InvalidValueError: It is none.
        """
        object.__setattr__(self, "delay", duration_from("after", self.after))


@dataclass(frozen=True, slots=True)
class Retry:
    """Fail the attempt and try again, if any are left; else the task has failed.

    Attributes:
        after: How long to wait; None leaves it to the retry policy.
        reason: What the attempt's record says.

    Example:
        >>> Retry("30s", reason="rate limited").delay
        datetime.timedelta(seconds=30)
    """

    after: Duration | None = None
    reason: str = field(default="asked to be tried again", kw_only=True)
    delay: timedelta | None = field(init=False)

    def __post_init__(self) -> None:
        """Read the duration.

        Raises:
            InvalidValueError: It is none.
        """
        delay = None if self.after is None else duration_from("after", self.after)
        object.__setattr__(self, "delay", delay)


@dataclass(frozen=True, slots=True)
class Cancel:
    """End the task as canceled, with a reason."""

    reason: str = "canceled"


@dataclass(frozen=True, slots=True)
class Fail:
    """Fail the attempt with a message; with `retry=False` the task has failed for good."""

    message: str
    retry: bool = field(default=True, kw_only=True)


OUTCOMES = (Snooze, Retry, Cancel, Fail)
