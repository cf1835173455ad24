"""Values as the HTTP service answers them: ours, and beside them the names of its forerunner."""

from __future__ import annotations

from rowlock.model.changes import Operation
from rowlock.model.claimed import ClaimedTask
from rowlock.model.progress import TaskProgress
from rowlock.model.queues import Queue
from rowlock.model.tasks import Attempt, LogLine, Task
from rowlock.wire.changes import operation_to_wire
from rowlock.wire.queues import queue_to_wire
from rowlock.wire.tasks import attempt_to_wire, claim_to_wire, log_line_to_wire, task_to_wire
from rowlock.wire.values import (
    Wire,
)

SECRET_FIELDS = ("payload", "result", "error")
"""What of a task is shown only to those who may read payloads."""
ALREADY_PROCESSING = "ALREADY_PROCESSING"


def queue_document(queue: Queue) -> Wire:
    """Return a `QueueDocument`."""
    shown = queue_to_wire(queue)
    return {
        **shown,
        "queue": queue.name,
        "ttl": shown["lifetime_seconds"],
        "retries": queue.max_attempts,
        "retry_delay": queue.retry.base.total_seconds(),
    }


def task_document(task: Task, *, reveal: bool) -> Wire:
    """Return a `TaskDocument`; what is secret is null unless it may be revealed."""
    shown = task_to_wire(task)
    later = task.run_at > task.created_at
    document = {
        **shown,
        "status": shown["state"],
        "retries": max(task.max_attempts - (task.attempt - task.crashes), 0),
        "delayed_at": shown["run_at"] if later else None,
        "dies_at": shown["expires_at"],
    }
    return document if reveal else without(document, *SECRET_FIELDS)


def progress_document(progress: TaskProgress) -> Wire:
    """Return a `ProgressDocument`."""
    return {
        "task_id": str(progress.task_id),
        "state": progress.state.value,
        "status": progress.state.value,
        "progress": progress.percent,
        "message": progress.message,
        "active": not progress.state.is_final,
    }


def enqueued_document(task: Wire, *, created: bool, shown: bool) -> Wire:
    """Return an `EnqueuedDocument` about a `TaskDocument`, which is in it if it may be shown."""
    return {
        "id": task["id"],
        "created": created,
        "status": task["state"].upper() if created else ALREADY_PROCESSING,
        "task": task if created or shown else None,
    }


def attempt_document(attempt: Attempt, *, reveal: bool) -> Wire:
    """Return an `AttemptDocument`; its error is null unless it may be revealed."""
    shown = attempt_to_wire(attempt)
    return shown if reveal else without(shown, "error")


def log_line_document(line: LogLine, *, reveal: bool) -> Wire:
    """Return a `LogLineDocument`; its text, which may show a payload, as with payloads."""
    shown = log_line_to_wire(line)
    return shown if reveal else without(shown, "message")


def operation_document(operation: Operation, *, reveal: bool, capped: bool | None = None) -> Wire:
    """Return an `OperationDocument`; what its filter asks of payloads is hidden as they are.

    Args:
        operation: What is shown.
        reveal: Whether payloads may be shown.
        capped: Of a dry run: whether there are more than were counted.
    """
    shown = operation_to_wire(operation)
    if capped is not None:
        shown["matched_capped"] = capped
    secrets = [name for name in ("arguments", "error") if name in operation.filter]
    if secrets and not reveal:
        shown["filter"] = {**operation.filter, **dict.fromkeys(secrets)}
        shown["hidden"] = [f"filter.{name}" for name in secrets]
    return shown


def without(document: Wire, *secrets: str) -> Wire:
    """Return a document whose secrets are null, and that says so."""
    return {**document, **dict.fromkeys(secrets), "hidden": list(secrets)}


def claim_document(claim: ClaimedTask, *, namespace: str, worker: str) -> Wire:
    """Return a `ClaimDocument`."""
    return {
        **claim_to_wire(claim),
        "namespace": namespace,
        "worker": worker,
        "retries": max(claim.max_attempts - (claim.attempt - claim.crashes), 0),
    }
