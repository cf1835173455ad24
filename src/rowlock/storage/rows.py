"""Rows into values, one function for each type; column order is that of the statements."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from rowlock.model import json_text
from rowlock.model.definitions import Definition, DefinitionStatus
from rowlock.model.ends import Standing
from rowlock.model.failures import failure_from_text
from rowlock.model.queues import Queue
from rowlock.model.states import TaskState
from rowlock.model.tasks import Attempt, Claim, LogLine, NewTask, Task
from rowlock.model.tickers import Ticker
from rowlock.plan import Row
from rowlock.storage.values import (
    EPOCH,
    ColumnValues,
    defaults_from_text,
    options_from_text,
    policy_from_text,
)


def shown_state(state: str, attempt: int, expires_at: datetime | None, now: datetime) -> TaskState:
    """Return the state as readers see it.

    A waiting task past its lifetime is expired before upkeep moves it, and a scheduled one
    that ran before is retrying.
    """
    if state in {"scheduled", "queued", "paused"} and expires_at and expires_at <= now:
        return TaskState.EXPIRED
    if state == TaskState.SCHEDULED and attempt > 0:
        return TaskState.RETRYING
    return TaskState(state)


def task_from_row(row: Row, values: ColumnValues) -> Task:
    """Return the task in a row of `get_task` or `list_tasks`."""
    (
        task_id, namespace, queue, definition, state, priority, payload, tags, unique_key,
        run_at, attempt, max_attempts, crashes, max_crashes, options, worker, cancel_requested,
        progress, progress_message, created_at, started_at, finished_at, lease_until,
        expires_at, deleted_at, result, error, reason, now,
    ) = row  # fmt: skip
    own = options_from_text(options)
    paused = state == TaskState.PAUSED
    expires = values.optional_time(expires_at)
    return Task(
        id=values.read_id(task_id),
        namespace=namespace,
        queue=queue,
        definition=definition,
        state=shown_state(state, attempt, expires, values.read_time(now)),
        priority=-priority,
        payload=json_text.decode_shown(payload),
        tags=tuple(json_text.decode_shown(tags)) if tags else (),
        unique_key=unique_key,
        run_at=values.read_time(run_at),
        attempt=attempt,
        max_attempts=max_attempts,
        crashes=crashes,
        max_crashes=max_crashes,
        timeout=own.timeout,
        retry=own.retry,
        paused_until=own.paused_until if paused else None,
        pause_reason=own.pause_reason if paused else None,
        worker=worker,
        cancel_requested=bool(cancel_requested),
        progress=progress,
        progress_message=progress_message,
        created_at=values.read_time(created_at),
        started_at=values.optional_time(started_at),
        finished_at=values.optional_time(finished_at),
        lease_until=values.optional_time(lease_until),
        expires_at=expires,
        deleted_at=values.optional_time(deleted_at),
        result=None if result is None else json_text.decode_shown(result),
        error=failure_from_text(error),
        reason=reason,
    )


class Inserted(NamedTuple):
    """What only the database could say of a task that went in.

    Attributes:
        alias: As its definition is spelled; None if no definition is stored.
    """

    state: TaskState
    run_at: datetime
    expires_at: datetime | None
    created_at: datetime
    alias: str | None


def inserted_from_row(row: Row, values: ColumnValues) -> Inserted:
    """Return what a row of `insert_task` says."""
    state, run_at, expires_at, created_at, alias, *_ = row  # and what sending a hint returned
    return Inserted(
        state=TaskState(state),
        run_at=values.read_time(run_at),
        expires_at=values.optional_time(expires_at),
        created_at=values.read_time(created_at),
        alias=alias,
    )


def inserted_task(new: NewTask, namespace: str, inserted: Inserted) -> Task:
    """Return a task as it went in."""
    terms = new.terms
    own = options_from_text(terms.options)
    return Task(
        id=new.id,
        namespace=namespace,
        queue=terms.queue,
        definition=terms.definition if inserted.alias is None else inserted.alias,
        state=inserted.state,
        priority=terms.priority,
        payload=json_text.decode(new.payload),
        tags=tuple(json_text.decode_shown(terms.tags)) if terms.tags else (),
        unique_key=new.unique_key,
        run_at=inserted.run_at,
        attempt=0,
        max_attempts=terms.max_attempts,
        crashes=0,
        max_crashes=terms.max_crashes,
        timeout=own.timeout,
        retry=own.retry,
        created_at=inserted.created_at,
        expires_at=inserted.expires_at,
    )


def claim_from_row(row: Row, token: UUID, values: ColumnValues) -> Claim:
    """Return the claim in a row of `claim_tasks` or `read_claimed`."""
    (
        task_id, queue, definition, payload, attempt, crashes, max_attempts, max_crashes,
        priority, run_at, created_at, started_at, lease_until, expires_at, cancel_requested,
        unique_key, tags, options,
    ) = row  # fmt: skip
    return Claim(
        values.read_id(task_id),
        token,
        queue,
        definition,
        payload,
        attempt,
        crashes,
        max_attempts,
        max_crashes,
        priority,
        values.read_time(run_at),
        values.read_time(created_at),
        values.read_time(started_at),
        values.read_time(lease_until),
        values.optional_time(expires_at),
        bool(cancel_requested),
        unique_key,
        tags,
        options,
    )


def standing_from_row(row: Row, tokens: Mapping[UUID, UUID], values: ColumnValues) -> Standing:
    """Return the standing in a row of `read_standings`, which was asked for with these tokens."""
    found, held, state, queue, definition, attempt, *facts, run_at, started_at, now = row
    task_id = values.read_id(found)
    # Nothing that was started expires.
    shown = shown_state(state, attempt, None, EPOCH)
    own = task_id, tokens[task_id], bool(held), shown, queue, definition, attempt, *facts
    times = values.read_time(run_at), values.optional_time(started_at), values.read_time(now)
    return Standing._make((*own, *times))


def attempt_from_row(row: Row, values: ColumnValues) -> Attempt:
    """Return the attempt in a row of `list_attempts`."""
    task_id, attempt, worker, started_at, finished_at, outcome, error = row
    return Attempt(
        task_id=values.read_id(task_id),
        attempt=attempt,
        worker=worker,
        started_at=values.optional_time(started_at),
        finished_at=values.optional_time(finished_at),
        outcome=outcome,
        error=failure_from_text(error),
    )


def log_from_row(row: Row) -> list[LogLine]:
    """Return the lines in a row of `read_log`: `[["<ISO time>", level, message], …]`."""
    return [
        LogLine(at=datetime.fromisoformat(at), level=level, message=message, attempt=row[2])
        for at, level, message in json_text.decode_shown(row[1])
    ]


def queue_from_row(row: Row, values: ColumnValues) -> Queue:
    """Return the queue in a row of `list_queues`."""
    namespace, name, paused, policy, created_at, paused_until, pause_reason = row
    return Queue(
        namespace=namespace,
        name=name,
        paused=bool(paused),
        policy=policy_from_text(policy),
        created_at=values.read_time(created_at),
        paused_until=values.optional_time(paused_until) if paused else None,
        pause_reason=pause_reason if paused else None,
    )


def definition_from_row(row: Row, values: ColumnValues) -> Definition:
    """Return the definition in a row of `get_definition`."""
    (
        definition_id, alias, key, title, description, memo, status, queue, defaults,
        created_at, updated_at, deleted_at,
    ) = row  # fmt: skip
    return Definition(
        alias=alias,
        key=key,
        title=title,
        description=description,
        id=values.read_id(definition_id),
        memo=memo,
        status=DefinitionStatus(status),
        queue=queue,
        created_at=values.read_time(created_at),
        updated_at=values.read_time(updated_at),
        deleted_at=values.optional_time(deleted_at),
        **defaults_from_text(defaults),
    )


def ticker_from_row(row: Row, values: ColumnValues) -> Ticker:
    """Return the ticker in a row of `get_ticker`."""
    (
        namespace, name, ticker_id, interval, payload, queue, last_tick_at, next_tick_at,
        last_task_at, next_task_at, due_at, token, missed, attempt, created_at, updated_at,
    ) = row  # fmt: skip
    return Ticker(
        namespace=namespace,
        name=name,
        id=values.read_id(ticker_id),
        interval=None if interval is None else timedelta(microseconds=interval),
        payload=json_text.decode_shown(payload),
        queue=queue,
        last_tick_at=values.optional_time(last_tick_at),
        next_tick_at=values.optional_time(next_tick_at),
        last_task_at=values.optional_time(last_task_at),
        next_task_at=values.optional_time(next_task_at),
        held_until=None if token is None else values.optional_time(due_at),
        missed=missed,
        attempt=attempt,
        created_at=values.read_time(created_at),
        updated_at=values.read_time(updated_at),
    )
