"""What can be said about a task besides its arguments, checked at the door."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple, TypeAlias, TypedDict, Unpack
from uuid import UUID

from rowlock.backoff import Backoff, RetryPolicy
from rowlock.errors import InvalidValueError, MiddlewareError
from rowlock.model import json_text
from rowlock.model.durations import Duration, duration_from, positive_duration_from
from rowlock.model.failures import ElsewhereError, kind_name
from rowlock.model.ids import task_id_from_text
from rowlock.model.moments import LATEST_START, checked_moment
from rowlock.model.names import DEFAULT_QUEUE, checked_queue, checked_tags, checked_unique_key
from rowlock.model.queues import checked_count, checked_retry

MAX_PRIORITY = 32_767

PROCESS = "process"
"""The executor that runs handlers in child processes."""

Tags: TypeAlias = Collection[str]

Unique: TypeAlias = str | bool | Sequence[str]
"""A key, True for all arguments, or the names of some; False is not unique after all."""

CheckedUnique: TypeAlias = str | bool | tuple[str, ...]


RetryFor: TypeAlias = Mapping[type[BaseException], RetryPolicy | Backoff | str | None]
"""Retry policies by exception class; None does not retry. The most specific class decides."""


class GivenTerms(TypedDict, total=False):
    """What a definition may say for all its tasks, and a caller of one task."""

    queue: str | None
    priority: int | None
    max_attempts: int | None
    max_crashes: int | None
    lifetime: Duration | None
    timeout: Duration | None
    retry: RetryPolicy | Backoff | str | None
    tags: Tags | None
    unique: Unique | None


class GivenDefaults(GivenTerms, total=False):
    """What a definition may say for all its tasks."""

    retry_for: RetryFor | None
    capture_logs: bool | str | int | None
    executor: str | None


class GivenOptions(GivenTerms, total=False):
    """What may be said of one task."""

    delay: Duration | None
    run_at: datetime | None
    id: UUID | str | None
    transaction: object


class TaskDefaults(NamedTuple):
    """What a definition says for all its tasks; None leaves it to the queue.

    Attributes:
        priority: Higher first.
        max_attempts: Runs in all; 1 runs once.
        unique: A key, True for all arguments, or the names of some.
        retry_for: Retry policies by exception class; they go over `retry`.
        capture_logs: From which level on everything that the handler logs is kept with the
            task; `NO_CAPTURE` for nothing but `ctx.log`, None leaves it to the app.
        executor: `process` runs each of its tasks in a child process.
    """

    queue: str = DEFAULT_QUEUE
    priority: int = 0
    max_attempts: int | None = None
    max_crashes: int | None = None
    lifetime: timedelta | None = None
    timeout: timedelta | None = None
    retry: RetryPolicy | None = None
    tags: tuple[str, ...] = ()
    unique: CheckedUnique | None = None
    retry_for: Mapping[type[BaseException], RetryPolicy] | None = None
    capture_logs: int | None = None
    executor: str | None = None


class TaskOptions(NamedTuple):
    """What was said of one task; None leaves it to the definition.

    Attributes:
        delay: Until it may start, from the database's clock.
        run_at: When it may start, in UTC; never together with `delay`.
        unique: False if the task is not unique although its definition says so.
        transaction: The caller's open transaction, in which the task is stored.
    """

    queue: str | None = None
    delay: timedelta | None = None
    run_at: datetime | None = None
    priority: int | None = None
    max_attempts: int | None = None
    max_crashes: int | None = None
    timeout: timedelta | None = None
    lifetime: timedelta | None = None
    retry: RetryPolicy | None = None
    tags: tuple[str, ...] | None = None
    unique: CheckedUnique | None = None
    id: UUID | None = None
    transaction: object = None


NO_OPTIONS = TaskOptions()

NO_CAPTURE = 1_000
"""Higher than any level of a log line."""


def checked_text(field: str, value: object, limit: int | None = None) -> str:
    """Return text as every engine stores it, up to so many characters.

    Raises:
        InvalidValueError: It is not text, or too long.
    """
    if not isinstance(value, str):
        raise InvalidValueError(field, f"must be text, not {type(value).__name__}")
    text = json_text.printable(value.strip())
    if limit is not None and len(text) > limit:
        raise InvalidValueError(field, f"is longer than {limit:,} characters")
    return text


def checked_priority(value: object) -> int:
    """Return a priority, -32767 to 32767, higher first.

    Raises:
        InvalidValueError: Not an integer, or out of range.
    """
    if isinstance(value, bool) or not isinstance(value, int):
        raise InvalidValueError("priority", f"must be an integer, not {value!r}")
    if not -MAX_PRIORITY <= value <= MAX_PRIORITY:
        limits = f"-{MAX_PRIORITY} to {MAX_PRIORITY}"
        raise InvalidValueError("priority", f"is {value}; it must be {limits}")
    return value


def checked_run_at(value: object) -> datetime:
    """Return when a task may start, in UTC.

    Raises:
        InvalidValueError: Not a datetime, one without a time zone, or after the year 9899: a
            lifetime of a century has to fit behind it.
    """
    if isinstance(value, datetime) and value.utcoffset() is None:
        raise InvalidValueError(
            "run_at", "has no time zone: use datetime.now(UTC) or add tzinfo=, or use delay="
        )
    moment = checked_moment("run_at", value)
    if moment > LATEST_START:
        raise InvalidValueError("run_at", f"is {moment}; it must be before {LATEST_START}")
    return moment


def checked_unique(value: object) -> CheckedUnique:
    """Return a key trimmed, a bool as it is, or argument names sorted.

    Raises:
        InvalidValueError: None of these, or no names at all.
    """
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        return checked_unique_key(value)
    if not isinstance(value, (list, tuple, set, frozenset)):
        raise InvalidValueError("unique", f"must be a key, True or argument names, not {value!r}")
    names: list[object] = list(value)  # pyright: ignore[reportUnknownArgumentType] - checked next
    texts = sorted({name for name in names if isinstance(name, str) and name.isidentifier()})
    if not texts or len(texts) < len(names):
        raise InvalidValueError("unique", f"must list argument names, each once, not {value!r}")
    return tuple(texts)


def _checked_delay(value: object) -> timedelta:
    return duration_from("delay", value)


def _checked_timeout(value: object) -> timedelta:
    return positive_duration_from("timeout", value)


def _checked_lifetime(value: object) -> timedelta:
    return positive_duration_from("lifetime", value)


def _checked_max_attempts(value: object) -> int:
    return checked_count("max_attempts", value)


def _checked_max_crashes(value: object) -> int:
    return checked_count("max_crashes", value)


def _checked_executor(value: object) -> str:
    if value != PROCESS:
        raise InvalidValueError("executor", f"must be {PROCESS!r}, or left out, not {value!r}")
    return PROCESS


def _unchecked(value: object) -> object:
    return value


def _checked_retry_for(value: object) -> Mapping[type[BaseException], RetryPolicy]:
    if not isinstance(value, Mapping):
        raise InvalidValueError("retry_for", f"must map exceptions to policies, not {value!r}")
    given: Mapping[object, object] = value  # pyright: ignore[reportUnknownVariableType] - checked next
    found: dict[type[BaseException], RetryPolicy] = {}
    for kind, policy in given.items():
        if not (isinstance(kind, type) and issubclass(kind, BaseException)):
            raise InvalidValueError("retry_for", f"{kind!r} is not an exception class")
        found[kind] = checked_retry(policy) or RetryPolicy(backoff=Backoff.NONE)
    return found


def policy_for(
    policies: Mapping[type[BaseException], RetryPolicy], error: BaseException
) -> RetryPolicy | None:
    """Return the policy of the most specific class of an exception; None if it has none.

    What a middleware raised counts as what it is, not as a `MiddlewareError`.
    """
    if isinstance(error, MiddlewareError) and error.__cause__ is not None:
        error = error.__cause__
    if isinstance(error, ElsewhereError):
        named = {kind_name(kind): policy for kind, policy in policies.items()}
        return next((named[kind] for kind in error.kinds if kind in named), None)
    return next((policies[kind] for kind in type(error).__mro__ if kind in policies), None)


def checked_capture(value: object) -> int:
    """Return the level from which on log lines are captured; `NO_CAPTURE` for none.

    Raises:
        InvalidValueError: Neither a bool nor a level's number or name.
    """
    if isinstance(value, bool):
        return 0 if value else NO_CAPTURE
    if isinstance(value, int) and value >= 0:
        return value
    import logging  # start-up time of programs that never say a level's name

    levels = logging.getLevelNamesMapping()
    level = levels.get(value.strip().upper()) if isinstance(value, str) else None
    if level is None:
        raise InvalidValueError("capture_logs", f"must be a bool or a log level, not {value!r}")
    return level


def _checked_id(value: object) -> UUID:
    if isinstance(value, UUID):
        return value
    if isinstance(value, str):
        return task_id_from_text(value)
    raise InvalidValueError("id", f"must be a UUID, not {value!r}")


_CHECKS: Mapping[str, Callable[[object], object]] = {
    "queue": checked_queue,
    "delay": _checked_delay,
    "run_at": checked_run_at,
    "priority": checked_priority,
    "max_attempts": _checked_max_attempts,
    "max_crashes": _checked_max_crashes,
    "timeout": _checked_timeout,
    "lifetime": _checked_lifetime,
    "retry": checked_retry,
    "tags": checked_tags,
    "unique": checked_unique,
    "id": _checked_id,
    "transaction": _unchecked,
    "retry_for": _checked_retry_for,
    "capture_logs": checked_capture,
    "executor": _checked_executor,
}


def _checked(given: Mapping[str, object], known: Collection[str]) -> dict[str, Any]:
    for name in given:
        if name not in known:
            raise InvalidValueError(name, f"is not an option; there are {', '.join(known)}")
    return {name: _CHECKS[name](value) for name, value in given.items() if value is not None}


def task_options(**given: Unpack[GivenOptions]) -> TaskOptions:
    """Return checked options; durations may be text such as `"30s"`.

    Raises:
        InvalidValueError: A value is refused, or `delay` and `run_at` are both given; the
            error names the option.
    """
    if not given:
        return NO_OPTIONS
    options = TaskOptions(**_checked(given, TaskOptions._fields))
    if options.delay is not None and options.run_at is not None:
        raise InvalidValueError("run_at", "is given together with delay: one of them is enough")
    return options


def task_defaults(**given: Unpack[GivenDefaults]) -> TaskDefaults:
    """Return checked defaults; durations may be text such as `"30s"`.

    Raises:
        InvalidValueError: A value is refused; the error names the option.
    """
    return TaskDefaults(**_checked(given, TaskDefaults._fields))


def unique_key_for(
    definition_key: str,
    unique: CheckedUnique | None,
    payload_arguments: Mapping[str, Any],
    *,
    known: Collection[str] = (),
) -> str | None:
    """Return the key that only one live task may hold, or None.

    Args:
        definition_key: What the definition is matched by.
        unique: As checked by `checked_unique`.
        payload_arguments: The plain arguments that are stored. One that was left to its
            default is not among them and counts as not given.
        known: Names of arguments that may be left to their defaults.

    Raises:
        InvalidValueError: `unique` names what is no argument.
    """
    if unique is None or unique is False:
        return None
    if isinstance(unique, str):
        return unique
    chosen = payload_arguments if unique is True else _chosen(unique, payload_arguments, known)
    text = json_text.encode("unique", dict(chosen))
    from hashlib import sha256  # start-up time: few tasks are unique by their arguments

    return f"{definition_key}:{sha256(text.encode()).hexdigest()}"


def _chosen(
    names: Sequence[str], arguments: Mapping[str, Any], known: Collection[str]
) -> dict[str, Any]:
    for name in names:
        if name not in arguments and name not in known:
            raise InvalidValueError("unique", f"{name!r} is not an argument")
    return {name: arguments[name] for name in names if name in arguments}
