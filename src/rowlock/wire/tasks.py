"""Tasks, their attempts and their log as plain dicts for JSON."""

from __future__ import annotations

from rowlock.model.claimed import ClaimedTask
from rowlock.model.tasks import Attempt, LogLine, Task, TaskFailure
from rowlock.wire.values import (
    Wire,
    optional_time_to_wire,
    retry_to_wire,
    seconds_to_wire,
    time_to_wire,
)


def failure_to_wire(failure: TaskFailure) -> Wire:
    """Return why an attempt ended badly."""
    return {
        "type": failure.type,
        "message": failure.message,
        "traceback": failure.traceback,
        "detail": failure.detail,
    }


def task_to_wire(task: Task) -> Wire:
    """Return a task; every field is always there."""
    return {
        "id": str(task.id),
        "namespace": task.namespace,
        "queue": task.queue,
        "definition": task.definition,
        "state": task.state.value,
        "priority": task.priority,
        "payload": task.payload,
        "tags": list(task.tags),
        "unique_key": task.unique_key,
        "attempt": task.attempt,
        "max_attempts": task.max_attempts,
        "crashes": task.crashes,
        "max_crashes": task.max_crashes,
        "timeout_seconds": seconds_to_wire(task.timeout),
        "retry": None if task.retry is None else retry_to_wire(task.retry),
        "paused_until": optional_time_to_wire(task.paused_until),
        "pause_reason": task.pause_reason,
        "worker": task.worker,
        "cancel_requested": task.cancel_requested,
        "progress": task.progress,
        "progress_message": task.progress_message,
        "created_at": time_to_wire(task.created_at),
        "run_at": time_to_wire(task.run_at),
        "started_at": optional_time_to_wire(task.started_at),
        "finished_at": optional_time_to_wire(task.finished_at),
        "lease_until": optional_time_to_wire(task.lease_until),
        "expires_at": optional_time_to_wire(task.expires_at),
        "deleted_at": optional_time_to_wire(task.deleted_at),
        "result": task.result,
        "error": None if task.error is None else failure_to_wire(task.error),
        "reason": task.reason,
    }


def attempt_to_wire(attempt: Attempt) -> Wire:
    """Return one run of a task; whose it was is said around it."""
    return {
        "attempt": attempt.attempt,
        "outcome": attempt.outcome,
        "worker": attempt.worker,
        "started_at": optional_time_to_wire(attempt.started_at),
        "finished_at": optional_time_to_wire(attempt.finished_at),
        "error": None if attempt.error is None else failure_to_wire(attempt.error),
    }


def log_line_to_wire(line: LogLine) -> Wire:
    """Return one line that a handler logged."""
    return {
        "at": time_to_wire(line.at),
        "level": line.level,
        "message": line.message,
        "attempt": line.attempt,
    }


def claim_to_wire(claim: ClaimedTask) -> Wire:
    """Return a task in the hands of a worker, for whoever took it."""
    return {
        "id": str(claim.id),
        "token": str(claim.token),
        "queue": claim.queue,
        "definition": claim.definition,
        "payload": claim.payload,
        "attempt": claim.attempt,
        "max_attempts": claim.max_attempts,
        "crashes": claim.crashes,
        "max_crashes": claim.max_crashes,
        "priority": claim.priority,
        "tags": list(claim.tags),
        "unique_key": claim.unique_key,
        "timeout_seconds": seconds_to_wire(claim.timeout),
        "retry": None if claim.retry is None else retry_to_wire(claim.retry),
        "created_at": time_to_wire(claim.created_at),
        "run_at": time_to_wire(claim.run_at),
        "started_at": time_to_wire(claim.started_at),
        "expires_at": optional_time_to_wire(claim.expires_at),
        "lease_seconds": seconds_to_wire(claim.lease),
        "lease_until": time_to_wire(claim.lease_until),
        "cancel_requested": claim.cancel_requested,
    }
