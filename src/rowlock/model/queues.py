"""Queues and the policies that tasks inherit from them."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import NamedTuple

from rowlock.backoff import DEFAULT_RETRY, Backoff, RetryPolicy
from rowlock.errors import InvalidValueError
from rowlock.model.durations import MAX_DURATION, duration_from, positive_duration_from

DEFAULT_MAX_ATTEMPTS = 4
DEFAULT_MAX_CRASHES = 3
DEFAULT_LEASE = timedelta(seconds=30)
DEFAULT_RETENTION = timedelta(days=7)
MIN_LEASE = timedelta(milliseconds=500)
MAX_ATTEMPTS_LIMIT = 1_000_000


def checked_count(
    field: str, value: object, *, least: int = 1, most: int = MAX_ATTEMPTS_LIMIT
) -> int:
    """Return a count of attempts or the like.

    Raises:
        InvalidValueError: Not an integer, or outside `least` to `most`.
    """
    if isinstance(value, bool) or not isinstance(value, int):
        raise InvalidValueError(field, f"must be an integer, not {value!r}")
    if not least <= value <= most:
        raise InvalidValueError(field, f"is {value}; it must be {least} to {most:,}")
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuePolicy:
    """What was set for a queue; None means that the built-in value applies.

    Attributes:
        lifetime: From enqueue or `run_at` to the first start; later the task expires. None:
            no limit.
        max_attempts: Runs in all; 1 runs once.
        max_crashes: Worker deaths under a task before it is failed as `crash_loop`.
        retry: How long a failed attempt waits.
        lease: How long a claim holds without a heartbeat.
        timeout: How long an attempt may run. None: no limit.
        retention: How long finished tasks are kept.
    """

    lifetime: timedelta | None = None
    max_attempts: int | None = None
    max_crashes: int | None = None
    retry: RetryPolicy | None = None
    lease: timedelta | None = None
    timeout: timedelta | None = None
    retention: timedelta | None = None

    def updated(self, given: QueuePolicy) -> QueuePolicy:
        """Return this policy with the values that `given` sets in place of its own."""
        names = [field.name for field in fields(self)]
        return QueuePolicy(
            **{
                name: getattr(self, name) if getattr(given, name) is None else getattr(given, name)
                for name in names
            }
        )


def queue_policy(
    *,
    lifetime: object = None,
    max_attempts: int | None = None,
    max_crashes: int | None = None,
    retry: RetryPolicy | None = None,
    lease: object = None,
    timeout: object = None,
    retention: object = None,
) -> QueuePolicy:
    """Return a checked policy; durations may be text such as `"30s"`.

    Raises:
        InvalidValueError: A value is out of range; the error names the field.
    """
    checked_lease = None if lease is None else positive_duration_from("lease", lease)
    if checked_lease is not None and checked_lease < MIN_LEASE:
        raise InvalidValueError("lease", f"must be at least {MIN_LEASE.total_seconds()} s")
    return QueuePolicy(
        lifetime=None if lifetime is None else positive_duration_from("lifetime", lifetime),
        max_attempts=None if max_attempts is None else checked_count("max_attempts", max_attempts),
        max_crashes=None if max_crashes is None else checked_count("max_crashes", max_crashes),
        retry=checked_retry(retry),
        lease=checked_lease,
        timeout=None if timeout is None else positive_duration_from("timeout", timeout),
        retention=None if retention is None else duration_from("retention", retention),
    )


def checked_retry(value: object) -> RetryPolicy | None:
    """Return the retry policy; the name of a backoff stands for its defaults."""
    if value is None or isinstance(value, RetryPolicy):
        return value
    if isinstance(value, str):
        return RetryPolicy(backoff=value)  # type: ignore[arg-type] # it takes names too
    raise InvalidValueError("retry", f"must be a RetryPolicy or a backoff's name, not {value!r}")


def growing_retry(field: str, base: object) -> RetryPolicy:
    """Return a quadratic policy without jitter and cap, as the service's forerunner retries.

    Args:
        field: What an error should call the first delay.
        base: The first delay; a duration.
    """
    delay = duration_from(field, base)
    return RetryPolicy(backoff=Backoff.QUADRATIC, base=delay, cap=MAX_DURATION, jitter=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """A named line of tasks with its policy, built-in values filled in.

    Attributes:
        paused: Whether claims skip it; running tasks are not touched.
        policy: What was set; the properties give what applies.
        paused_until: When the pause ends by itself, if it does.
        pause_reason: Why it is paused, if somebody said.
    """

    namespace: str
    name: str
    paused: bool = False
    policy: QueuePolicy = QueuePolicy()
    created_at: datetime | None = None
    paused_until: datetime | None = None
    pause_reason: str | None = None

    @property
    def lifetime(self) -> timedelta | None:
        """From enqueue or `run_at` to the first start, or None for no limit."""
        return self.policy.lifetime

    @property
    def max_attempts(self) -> int:
        """Runs in all."""
        return self.policy.max_attempts or DEFAULT_MAX_ATTEMPTS

    @property
    def max_crashes(self) -> int:
        """Worker deaths under a task before it is failed."""
        return self.policy.max_crashes or DEFAULT_MAX_CRASHES

    @property
    def retry(self) -> RetryPolicy:
        """How long a failed attempt waits."""
        return self.policy.retry or DEFAULT_RETRY

    @property
    def lease(self) -> timedelta:
        """How long a claim holds without a heartbeat."""
        return self.policy.lease or DEFAULT_LEASE

    @property
    def timeout(self) -> timedelta | None:
        """How long an attempt may run, or None for no limit."""
        return self.policy.timeout

    @property
    def retention(self) -> timedelta:
        """How long finished tasks are kept."""
        return DEFAULT_RETENTION if self.policy.retention is None else self.policy.retention


class Share(NamedTuple):
    """How many tasks of a queue are wanted at most, where several are asked at once."""

    queue: str
    limit: int
