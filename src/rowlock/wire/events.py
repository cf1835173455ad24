"""Events as JSON documents."""

from __future__ import annotations

from rowlock.model.events import TaskEvent
from rowlock.wire.values import Wire, time_to_wire


def event_to_wire(event: TaskEvent) -> Wire:
    """Return what became of a task; of several tasks, how many and what they are now."""
    common = {
        "at": time_to_wire(event.at),
        "namespace": event.namespace,
        "queue": event.queue,
        "definition": event.definition,
        "state": event.state.value,
        "deleted": event.deleted,
    }
    if event.task is None:
        return {**common, "tasks": event.tasks}
    return {
        "id": str(event.task),
        **common,
        "attempt": event.attempt,
        "cancel_requested": event.cancel_requested,
        "progress": event.progress,
        "progress_message": event.progress_message,
        "reason": event.reason,
    }
