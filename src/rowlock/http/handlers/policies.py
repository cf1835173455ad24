"""Values that have two names, and policies as bodies give them."""

from __future__ import annotations

from typing import Any

from msgspec import UNSET, Struct

from rowlock.backoff import RetryPolicy
from rowlock.errors import InvalidValueError
from rowlock.model.durations import duration_from
from rowlock.model.queues import growing_retry
from rowlock.wire.bodies.common import RetryBody
from rowlock.wire.bodies.queues import PolicyBody
from rowlock.wire.bodies.tasks import TermsBody


def one_of(body: Any, name: str, other: str) -> Any:
    """Return a value that has two names.

    Raises:
        InvalidValueError: Both are given.
    """
    first, second = getattr(body, name), getattr(body, other)
    if first is not None and second is not None:
        raise InvalidValueError(other, f"is another name of {name}: give one of them")
    return second if first is None else first


def given_of(body: Struct, terms: type[Struct]) -> dict[str, Any]:
    """Return the values that a body gives of those in `terms`, also those that are null."""
    given = {name: getattr(body, name) for name in terms.__struct_fields__}
    return {name: value for name, value in given.items() if value is not UNSET}


def retry_from(body: PolicyBody | TermsBody) -> RetryPolicy | str | None:
    """Return the retry policy that a body gives."""
    if body.retry_delay is not None:
        if body.retry is not None:
            raise InvalidValueError("retry_delay", "excludes retry: give one of them")
        return growing_retry("retry_delay", body.retry_delay)
    return policy_from(body.retry) if isinstance(body.retry, RetryBody) else body.retry


def policy_from(body: RetryBody) -> RetryPolicy:
    """Return a retry policy that is written out."""
    return RetryPolicy(
        backoff=body.backoff,  # type: ignore[arg-type] # pyright: ignore[reportArgumentType] - it takes names too
        base=duration_from("retry", body.base_seconds),
        cap=duration_from("retry", body.cap_seconds),
        jitter=body.jitter,
    )


def attempts_from(body: PolicyBody | TermsBody) -> int | None:
    """Return how many runs a body gives; the forerunner's 0 still gave one."""
    given: int | None = one_of(body, "max_attempts", "retries")
    return 1 if given == 0 and body.retries == 0 else given


def common_terms(body: PolicyBody | TermsBody) -> dict[str, Any]:
    """Return what queues and tasks may both say, without what is left out."""
    terms = {
        "lifetime": one_of(body, "lifetime", "ttl"),
        "max_attempts": attempts_from(body),
        "max_crashes": body.max_crashes,
        "retry": retry_from(body),
        "timeout": body.timeout,
    }
    return {name: value for name, value in terms.items() if value is not None}
