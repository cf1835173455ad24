"""Retry policies: how long a failed task waits before its next attempt. Pure."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any, assert_never

from rowlock.errors import InvalidValueError


class Backoff(StrEnum):
    """How the delay grows with the number of failures."""

    NONE = "none"
    IMMEDIATE = "immediate"
    FIXED = "fixed"
    LINEAR = "linear"
    QUADRATIC = "quadratic"
    EXPONENTIAL = "exponential"


def _is_delay(value: object) -> bool:
    return isinstance(value, timedelta) and value >= timedelta(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """What happens after a failed attempt.

    With `n` failures so far, including the one just made, the delay is `base` (fixed),
    `base * n` (linear), `base * n**2` (quadratic) or `base * 2**(n - 1)` (exponential), at
    most `cap`. `none` never retries, `immediate` does not wait. With `jitter` the delay is
    drawn evenly between zero and that value ("full jitter", Marc Brooker, AWS Architecture
    Blog, 2015), so that tasks that failed together do not come back together.

    Attributes:
        backoff: How the delay grows.
        base: The first delay.
        cap: No delay is longer.
        jitter: Whether the delay is drawn at random below its value.

    Example:
        >>> RetryPolicy(backoff="quadratic", base=timedelta(minutes=2), jitter=False).delay(3)
        datetime.timedelta(seconds=1080)
    """

    backoff: Backoff = Backoff.EXPONENTIAL
    base: timedelta = timedelta(seconds=10)
    cap: timedelta = timedelta(hours=1)
    jitter: bool = True

    def __post_init__(self) -> None:
        """Refuse what cannot be computed.

        Raises:
            InvalidValueError: Unknown backoff, or a negative base or cap.
        """
        try:
            object.__setattr__(self, "backoff", Backoff(self.backoff))
        except ValueError as error:
            known = ", ".join(Backoff)
            raise InvalidValueError("retry", f"{self.backoff!r} is not one of {known}") from error
        for field, value in (("base", self.base), ("cap", self.cap)):
            if not _is_delay(value):
                raise InvalidValueError("retry", f"{field} must be a timedelta, zero or more")

    @property
    def retries(self) -> bool:
        """Whether a failure is followed by another attempt at all."""
        return self.backoff is not Backoff.NONE

    def ceiling(self, failures: int) -> timedelta:
        """Return the delay after that many failures, before jitter."""
        match self.backoff:
            case Backoff.NONE | Backoff.IMMEDIATE:
                factor = 0
            case Backoff.FIXED:
                factor = 1
            case Backoff.LINEAR:
                factor = failures
            case Backoff.QUADRATIC:
                factor = failures * failures
            case Backoff.EXPONENTIAL:
                # 2**62 times any base is over any cap that a timedelta can hold.
                factor = 1 << min(max(failures - 1, 0), 62)
            case _:
                assert_never(self.backoff)
        if self.base and factor > self.cap / self.base:
            return self.cap
        return min(self.base * factor, self.cap)

    def delay(self, failures: int, draw: Callable[[], float] = random.random) -> timedelta:
        """Return how long to wait after the `failures`-th failure (1 is the first).

        Args:
            failures: Failures so far, including the one just made.
            draw: A number in [0, 1) for the jitter; tests pass their own.
        """
        ceiling = self.ceiling(failures)
        return ceiling * draw() if self.jitter else ceiling


DEFAULT_RETRY = RetryPolicy()


def retry_to_data(retry: RetryPolicy) -> dict[str, Any]:
    """Return a retry policy as plain data; durations in seconds."""
    return {
        "backoff": retry.backoff.value,
        "base": retry.base.total_seconds(),
        "cap": retry.cap.total_seconds(),
        "jitter": retry.jitter,
    }


def retry_from_data(data: dict[str, Any]) -> RetryPolicy:
    """Return the retry policy that `retry_to_data` wrote."""
    return RetryPolicy(
        backoff=data["backoff"],
        base=timedelta(seconds=data["base"]),
        cap=timedelta(seconds=data["cap"]),
        jitter=data["jitter"],
    )
