"""What can be said of a schedule, checked at the door."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple, TypeAlias, TypeVar, cast

from rowlock.backoff import RetryPolicy, retry_from_data, retry_to_data
from rowlock.definitions.options import (
    GivenTerms,
    TaskOptions,
    checked_priority,
    checked_text,
    task_options,
)
from rowlock.errors import InvalidValueError
from rowlock.model.durations import Duration, duration_from, optional_seconds
from rowlock.model.moments import checked_moment
from rowlock.model.names import checked_queue, definition_key
from rowlock.model.queues import checked_count
from rowlock.model.schedules import (
    MAX_CATCH_UP_LIMIT,
    MAX_JITTER,
    CatchUp,
    RunOverlap,
    Schedule,
    ScheduleStatus,
    checked_schedule_name,
    checked_status,
)
from rowlock.recurrence.recurrence import Recurrence

Rule: TypeAlias = Recurrence | str | Mapping[str, Any] | timedelta
"""A recurring time: cron, an RRULE, a rule of seven keys, or an interval such as `"1h30m"`."""

MAX_DESCRIPTION_LENGTH = 10_000
MAX_RUNS = 10**15

# `1h30m` and the like; a cron expression has spaces or begins with `@`.
_INTERVAL = re.compile(r"(?i)\s*(\d+(\.\d+)?\s*(ms|us|s|m|h|d|w)\s*)+")

_Choice = TypeVar("_Choice", bound=StrEnum)


class GivenSchedule(GivenTerms, total=False):
    """What can be said of a schedule besides name, rule and definition.

    Attributes:
        zone: Whose clock the rule goes by, such as `Europe/Berlin`; UTC if nothing says more.
        gap: What becomes of a local time that does not exist: `end`, `move` or `skip`.
        repeated: Which passes of a local time that happens twice count: `first`, `last`, `both`.
        arguments: What each task is run with.
        starts_at: Nothing fires before; also where intervals and RRULEs without DTSTART begin.
        ends_at: Nothing fires after.
        max_runs: After so many runs it is completed.
        catch_up: What becomes of occurrences that came while no worker ran: `skip`, `latest`
            or `all`.
        catch_up_limit: How many `all` fires at most, the last ones; 100.
        overlap: What happens while the task before is unfinished: `allow`, `skip`, `queue_one`.
        jitter: Each occurrence fires up to so much later, always the same for the same one, and
            before the next.
        status: `active`, or `draft` to let it wait for a `resume`.
    """

    zone: str | None
    gap: str | None
    repeated: str | None
    description: str | None
    arguments: Mapping[str, Any] | None
    starts_at: datetime | None
    ends_at: datetime | None
    max_runs: int | None
    catch_up: str | None
    catch_up_limit: int | None
    overlap: str | None
    jitter: Duration | None
    status: str | None


class Said(NamedTuple):
    """What was said of a schedule, checked.

    Attributes:
        fields: Of `Schedule`, by name, but for rule, arguments and options.
        options: What was said of its tasks; `queue` and `priority` are fields.
        arguments: As given; None if they were not.
    """

    fields: dict[str, Any]
    options: dict[str, Any]
    arguments: Mapping[str, Any] | None
    rule: dict[str, Any]


def _choice(field: str, kind: type[_Choice]) -> Callable[[object], _Choice]:
    def checked(value: object) -> _Choice:
        word = value.strip().lower().replace("-", "_") if isinstance(value, str) else value
        if isinstance(word, str) and word in set(kind):
            return kind(word)
        raise InvalidValueError(field, f"must be one of {', '.join(kind)}, not {value!r}")

    return checked


def _jitter(value: object) -> timedelta:
    jitter = duration_from("jitter", value)
    if jitter > MAX_JITTER:
        raise InvalidValueError("jitter", f"is {value!r}; it must be at most a day")
    return jitter


def _description(value: object) -> str:
    return checked_text("description", value, MAX_DESCRIPTION_LENGTH)


_CHECKS: Mapping[str, Callable[[object], object]] = {
    "description": _description,
    "status": checked_status,
    "queue": checked_queue,
    "priority": checked_priority,
    "starts_at": lambda value: checked_moment("starts_at", value),
    "ends_at": lambda value: checked_moment("ends_at", value),
    "max_runs": lambda value: checked_count("max_runs", value, most=MAX_RUNS),
    "catch_up": _choice("catch_up", CatchUp),
    "catch_up_limit": lambda value: checked_count("catch_up_limit", value, most=MAX_CATCH_UP_LIMIT),
    "overlap": _choice("overlap", RunOverlap),
    "jitter": _jitter,
}

_RULE_WORDS = {"zone": "zone", "gap": "gap", "repeated": "overlap"}

_TASK_WORDS = tuple(GivenTerms.__annotations__.keys() - _CHECKS.keys())

_BUILT_IN = Schedule(name="x", key="x", rule={}, definition="x")


def said_of(name: str, rule: Rule | None, given: Mapping[str, Any], old: Schedule | None) -> Said:
    """Return what was said of a schedule; of one that is there, only that.

    None puts the built-in value back.

    Args:
        name: The schedule's.
        rule: The recurring time; None leaves the old one.
        given: See `GivenSchedule`.
        old: What is changed; None for a new one.

    Raises:
        InvalidValueError: A value is refused; the error names it.
    """
    check_known(given)
    fields: dict[str, Any] = {
        field: getattr(_BUILT_IN, field) if given[field] is None else check(given[field])
        for field, check in _CHECKS.items()
        if field in given
    }
    arguments = given.get("arguments")
    if arguments is not None and not isinstance(arguments, Mapping):
        raise InvalidValueError("arguments", "must be a mapping of arguments")
    starts = fields.get("starts_at", None if old is None else old.starts_at)
    ends = fields.get("ends_at", None if old is None else old.ends_at)
    if starts is not None and ends is not None and ends < starts:
        raise InvalidValueError("ends_at", "is before starts_at")
    stored = {} if old is None else dict(old.options)
    return Said(
        fields,
        options=_options(stored, {word: given[word] for word in _TASK_WORDS if word in given}),
        arguments=({} if arguments is None else arguments) if "arguments" in given else None,
        rule=_rule(name, rule, given, starts, old),
    )


def check_known(given: Mapping[str, Any]) -> None:
    """Refuse what cannot be said of a schedule.

    Raises:
        InvalidValueError: A word means nothing.
    """
    known = (*_CHECKS, *_RULE_WORDS, *_TASK_WORDS, "arguments")
    for word in given:
        if word not in known:
            raise InvalidValueError(word, f"cannot be said; there are {', '.join(sorted(known))}")


def _rule(
    name: str,
    rule: Rule | None,
    given: Mapping[str, Any],
    starts_at: datetime | None,
    old: Schedule | None,
) -> dict[str, Any]:
    from rowlock.recurrence.parsing import parse  # start-up time of who declares none

    words = {own: given[word] for word, own in _RULE_WORDS.items() if given.get(word) is not None}
    if isinstance(rule, Recurrence):
        if words:
            raise InvalidValueError(next(iter(words)), "is given, but the recurrence has its own")
        return rule.to_json()
    if old is not None:
        if rule is None and not (words or "starts_at" in given):
            return dict(old.rule)
        before = parse(old.rule)
        words = {"zone": before.zone, "gap": before.gap, "overlap": before.overlap, **words}
        rule = before.text if rule is None else rule
        if isinstance(rule, str) and "TZID=" in rule.upper() and not given.get("zone"):
            del words["zone"]
    written = _notation(rule)
    if isinstance(written, str) and "DTSTART" in written.upper():
        starts_at = None  # it begins where it says, and fires where it may
    return parse(written, start=starts_at, key=name, **words).to_json()


def _notation(rule: Any) -> str | Mapping[str, Any]:
    """Return a recurring time as `parse` takes it; an interval becomes `@every`."""
    if isinstance(rule, timedelta) or (isinstance(rule, str) and _INTERVAL.fullmatch(rule)):
        seconds = duration_from("rule", rule).total_seconds()
        if seconds != int(seconds) or not seconds:
            raise InvalidValueError("rule", f"{rule!r} is not whole seconds; tickers take shorter")
        return f"@every {int(seconds)}s"
    if not isinstance(rule, (str, Mapping)):
        raise InvalidValueError("rule", f"must be a recurring time, not {rule!r}")
    return rule  # pyright: ignore[reportUnknownVariableType] - its keys are checked there


_SECONDS = ("lifetime", "timeout")


def _options(stored: dict[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return options as they are stored: plain data, durations in seconds."""
    checked = task_options(**given)
    for word in given:
        value = getattr(checked, word)
        stored.pop(word, None)
        if word in _SECONDS:
            value = optional_seconds(value)
        elif isinstance(value, RetryPolicy):
            value = retry_to_data(value)
        elif isinstance(value, tuple):
            value = list(cast("tuple[str, ...]", value))
        if value is not None:
            stored[word] = value
    return stored


def options_of(schedule: Schedule) -> TaskOptions:
    """Return the options of a schedule's tasks, read back."""
    given = dict(schedule.options)
    if "retry" in given:
        given["retry"] = retry_from_data(given["retry"])
    return task_options(**given, queue=schedule.queue, priority=schedule.priority)


class Declaration(NamedTuple):
    """A schedule as code declares it.

    Attributes:
        name: None for the definition's alias.
    """

    name: str | None
    rule: Rule
    given: GivenSchedule


def declare(
    alias: str,
    others: Sequence[Declaration],
    name: str | None,
    rule: Rule,
    given: GivenSchedule,
) -> Declaration:
    """Return a declaration whose values are fit to be stored.

    Args:
        alias: The definition's.
        others: What it declares already.
        name: The schedule's; None for the alias.
        rule: When.
        given: What else is said.

    Raises:
        InvalidValueError: A value is refused, or another one has the name; the error says which.
    """
    own = None if name is None else checked_schedule_name(name)
    key = definition_key(own or alias)
    if any(definition_key(one.name or alias) == key for one in others):
        raise InvalidValueError("name", f"{own or alias!r} is taken: give each schedule a name")
    said_of(own or alias, rule, given, None)
    status = given.get("status")
    if status is not None and checked_status(status) not in _DECLARED:
        raise InvalidValueError("status", "is 'active' or 'draft' in code")
    return Declaration(own, rule, given)


_DECLARED = {ScheduleStatus.ACTIVE, ScheduleStatus.DRAFT}
