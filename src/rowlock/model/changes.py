"""What people and programs change about tasks, and the record of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from rowlock.errors import InvalidValueError
from rowlock.model.moments import checked_moment

MAX_ACTOR_LENGTH = 200
MAX_REASON_LENGTH = 2_000


class Action(StrEnum):
    """What can be done to tasks, one or many."""

    CANCEL = "cancel"
    RETRY = "retry"
    REQUEUE = "requeue"
    EDIT = "edit"
    PAUSE = "pause"
    RESUME = "resume"
    DELETE = "delete"
    RESTORE = "restore"
    PURGE = "purge"


class By(NamedTuple):
    """Who asks for a change, and why."""

    actor: str | None = None
    reason: str | None = None


NOBODY = By()


class Edits(NamedTuple):
    """What an edit sets; None leaves it. `run_at` and `delay` are never both given.

    Attributes:
        priority: Higher first.
        delay: Until it may start, from the database's clock.
        max_attempts: Runs in all, those so far included.
        tags: All of them; none removes them.
    """

    priority: int | None = None
    run_at: datetime | None = None
    delay: timedelta | None = None
    max_attempts: int | None = None
    tags: tuple[str, ...] | None = None


class Change(NamedTuple):
    """One change, as it is made to each of the tasks.

    Attributes:
        force: Also to tasks that run: what they still do is not recorded.
        attempts: How many more runs a retry gives; None for the queue's `max_attempts`.
        until: When a pause ends by itself.
        edits: What an edit or a requeue sets.
        arguments: Arguments that an edit or a requeue of many sets in each; the others stay.
    """

    action: Action
    force: bool = False
    attempts: int | None = None
    until: datetime | None = None
    edits: Edits = Edits()
    arguments: Mapping[str, Any] | None = None


class NewAudit(NamedTuple):
    """What is recorded of a change; `detail` is any JSON."""

    action: str
    kind: str
    target: str
    detail: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One administrative change, as it was recorded together with it.

    Attributes:
        actor: Who asked for it, if they said.
        action: What was done, such as `retry` or `pause`.
        kind: What it was done to: `task`, `queue`, `definition`, `operation`, `token` or
            `history`.
        target: The id of the task, operation or token, the name of the queue, the alias, or
            the namespace.
        reason: Why, if they said.
        detail: What was set; any JSON.
    """

    id: UUID
    at: datetime
    actor: str | None
    action: str
    kind: str
    target: str
    reason: str | None
    detail: Any = None


class OperationState(StrEnum):
    """Where a change to many tasks stands."""

    PLANNED = "planned"
    RUNNING = "running"
    DONE = "done"


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """A change to every task that passes a filter, made in batches.

    Attributes:
        state: `planned` for a dry run; `running` until its end, also if it was interrupted:
            then `resume_operation` goes on where it stopped.
        filter: What was asked for, without what was left open.
        matched: How many tasks passed the filter in a dry run; else None.
        done: How many tasks were changed.
        refused: How many were left as they are, by reason: their state, `changed` if that
            was no longer what the filter saw, `duplicate` if another task holds the unique key;
            for new arguments also `no_arguments`, `invalid_arguments`, `unknown_definition`,
            and `unknown_unique_key` if only other code knows what the key is made from.
    """

    id: UUID
    action: Action
    state: OperationState
    filter: dict[str, Any]
    matched: int | None = None
    done: int = 0
    refused: dict[str, int] = field(default_factory=dict[str, int])
    actor: str | None = None
    reason: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None

    @property
    def seen(self) -> int:
        """How many tasks were looked at."""
        return self.done + sum(self.refused.values())


def checked_note(field: str, value: object, longest: int) -> str | None:
    """Return what an audit row may say, trimmed; None for an empty text.

    Raises:
        InvalidValueError: Not text, or too long.
    """
    if value is None:
        return None
    if not isinstance(value, str) or "\x00" in value:
        raise InvalidValueError(field, "must be text without NUL characters")
    text = value.strip()
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise InvalidValueError(field, "has a lone surrogate, which is not text") from error
    if len(text) > longest:
        raise InvalidValueError(field, f"is longer than {longest:,} characters")
    return text or None


def checked_by(actor: object, reason: object) -> By:
    """Return who and why, trimmed; empty texts are not given.

    Raises:
        InvalidValueError: Not text, or too long.
    """
    return By(
        checked_note("actor", actor, MAX_ACTOR_LENGTH),
        checked_note("reason", reason, MAX_REASON_LENGTH),
    )


def checked_until(value: object) -> datetime | None:
    """Return when a pause ends, in UTC.

    Raises:
        InvalidValueError: It is no datetime with a time zone.
    """
    return None if value is None else checked_moment("until", value)


def checked_action(value: object) -> Action:
    """Return what a word says to do.

    Raises:
        InvalidValueError: It is none of the actions.
    """
    if not isinstance(value, str) or value not in set(Action):
        raise InvalidValueError("action", f"{value!r} is none of {', '.join(Action)}")
    return Action(value)
