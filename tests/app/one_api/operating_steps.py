"""Changing tasks, one and many, and who did that."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from rowlock.model.ids import new_task_id
from tests.app.one_api.journal import START, Journal, StoppedError

NO_ZONE = datetime(2031, 1, 1)  # noqa: DTZ001 - what is refused
QUEUE = "changes"


def stored(call: Journal, payload: Any = 1, **options: Any) -> Any:
    """A task of the queue that these steps have for themselves."""
    return call("enqueue", None, payload, queue=QUEUE, **options)


def steering(call: Journal) -> None:
    """Cancelling and retrying."""
    [waiting] = call("list_tasks", states=("scheduled",))
    call("cancel", waiting, actor="ann", reason="not any more")
    call("cancel", waiting)
    call("cancel", new_task_id(), force=True)
    [failed] = call("list_tasks", states=("failed",))
    call("retry", failed, attempts=1)
    call("retry", failed)
    call("retry", waiting, attempts=0)


def editing(call: Journal) -> None:
    """What may change of a task that waits, and another one like it."""
    task = stored(call, tags=["a"], priority=1, lifetime="1h")
    call("edit", task, priority=9, tags=["c", "b"], actor="ann", reason="hurry")
    call("edit", task, run_at=START + timedelta(days=2), max_attempts=2)
    call("edit", task, delay=0, arguments={"long": "ü" * 5_000})
    call("edit", task, arguments=[1, None, 2.5])
    call("edit", task)
    call("edit", task, queue="other")
    call("edit", task, run_at=NO_ZONE)
    call("edit", new_task_id(), priority=1)
    unique, _ = call("enqueue_if_not_exists", "work", {"kind": "u"}, queue=QUEUE)
    call("enqueue_if_not_exists", "work", {"kind": "v"}, queue=QUEUE)
    call("edit", unique, arguments={"kind": "v"})
    call("edit", unique, arguments={"kind": []})
    call("edit", unique, arguments={"kind": "w"})
    call("requeue", unique)
    call("requeue", unique, {"kind": "z"}, delay="1h", tags=["again"], actor="bob")
    call("requeue", task, priority=2)
    call("requeue", unique, {"colour": "red"})
    call("requeue", task, id=new_task_id())
    call("requeue", new_task_id())


def hiding(call: Journal) -> None:
    """Pausing, deleting and removing, and the way back."""
    task = stored(call, delay="1h", unique="hidden")
    call("pause", task, until=START + timedelta(days=1), reason="look first")
    call("pause", task)
    call("pause", task, until=NO_ZONE)
    call("pause", task, until=START + timedelta(days=2), reason=' "why" \\ ü🎉 ')
    call("get_task", task)
    call("list_tasks", queue=QUEUE, states=("paused",))
    call("pause", task, reason="again")
    call("pause", task)
    call("resume", task)
    call("resume", task)
    call("purge", task)
    call("restore", task)
    call("delete", task, actor="ann")
    call("delete", task)
    call("pause", task)
    call("get_task", task)
    call("list_tasks", queue=QUEUE, unique_key="hidden", include_deleted=True)
    stored(call, unique="hidden")
    call("restore", task)
    call("retry", task)
    call("purge", task)
    for method in ("pause", "resume", "delete", "restore", "purge", "retry"):
        call(method, task)
    [running] = call("claim", "w1", QUEUE)
    for method in ("pause", "resume", "delete", "restore", "purge"):
        call(method, running.id)
    call("delete", running.id, force=True)
    call("complete", running, running.token)
    call("attempts", running.id)
    call("restore", running.id)


def cleaning(call: Journal) -> None:
    """Removing what finished long ago."""
    call("list_tasks", states=("canceled",), queue=QUEUE)
    call.time.advance("1h1s")
    call("cancel", stored(call))
    call("cleanup", "1h1s", queue=QUEUE)
    call("cleanup", "1h", queue=QUEUE, states=("failed",))
    call("cleanup", "1h", queue=QUEUE, states=("canceled",), actor="ann", reason="full")
    call("cleanup", 0, queue=QUEUE)
    call.time.advance("1ms")
    call("cleanup", 0, queue=QUEUE)
    call("cleanup", "soon")
    call("cleanup", "1h", states=("queued",))
    call("cleanup", "1h", queue="nowhere")
    call("count", queue=QUEUE)


def changing_many(call: Journal) -> None:
    """Every action on all the tasks of a filter."""
    call("enqueue_many", None, range(4), queue=QUEUE, tags=["many"])
    by = {"actor": "ann", "reason": "too many"}

    def told(operation: Any) -> None:
        call.note("on_progress", operation)

    call("bulk", "cancel", queue=QUEUE, dry_run=True, **by)
    until = START + timedelta(days=3)
    for action, given in (
        ("edit", {"tags": ["many"], "changes": {"priority": 7, "tags": ["Many", "ü"]}}),
        ("requeue", {"tags": ["Many"], "changes": {"delay": "1h"}}),
        ("edit", {"queue": QUEUE, "set_arguments": {"ü": [1, None, "a\\"], "long": "x" * 3000}}),
        ("edit", {"tags": ["ü"], "set_arguments": {"n": 2}, "changes": {"priority": 2}}),
        ("requeue", {"unique_key": "hidden", "set_arguments": {"kind": "new"}}),
        ("edit", {"queue": QUEUE, "set_arguments": {"n": 2**64}}),
        ("edit", {"queue": QUEUE, "set_arguments": {}}),
        ("edit", {"queue": QUEUE, "set_arguments": {1: 2}}),
        ("edit", {"queue": QUEUE, "set_arguments": [1]}),
        ("cancel", {"queue": QUEUE, "set_arguments": {"a": 1}}),
        ("cancel", {"states": []}),
        ("cancel", {"states": "queued"}),
        ("pause", {"states": ("queued",), "until": until}),
        ("cancel", {"arguments": {"kind": "z"}}),
        ("resume", {"states": ("paused",)}),
        ("cancel", {"created_after": START, "force": True}),
        ("retry", {"attempts": 2}),
        ("delete", {}),
        ("restore", {}),
        ("delete", {"states": ("canceled",)}),
        ("purge", {"states": ("deleted",)}),
    ):
        call("bulk", action, **{"queue": QUEUE, **given}, on_progress=told, **by)
        call("list_tasks", queue=QUEUE, include_deleted=True)
        call("stats")
    call("bulk", "cancel")
    call("bulk", "explode", queue=QUEUE)
    call("bulk", "retry", queue=QUEUE, attempts=0)
    call("bulk", "edit", queue=QUEUE)
    call("bulk", "pause", queue=QUEUE, changes={"priority": 1})


def resuming_operations(call: Journal) -> None:
    """An operation that was stopped goes on; those that are done stay."""

    def stop(_: Any) -> None:
        # As if the process were killed.
        raise StoppedError

    stored(call)
    try:
        call("bulk", "pause", queue=QUEUE, on_progress=stop)
    except StoppedError:
        call.note("stopped", call("stats"))
    [newest, *_] = call("list_operations")
    call("list_operations", limit=0)
    call("get_operation", newest)
    call("resume_operation", newest.id, on_progress=lambda one: call.note("on_progress", one))
    call("resume_operation", newest)
    call("get_operation", str(newest.id))
    call("resume_operation", new_task_id())
    call("get_operation", new_task_id())
    call("get_operation", "no id")


def auditing(call: Journal) -> None:
    """Who changed what in all the steps before."""
    entries = call("audit", limit=1_000)
    call("audit", limit=3)
    call("audit", limit=2, before=entries[2].id)
    call("audit", actor="ann", limit=4)
    call("audit", actor="ANN")
    call("audit", action="purge")
    call("audit", action="explode")
    call("audit", target="mail")
    call("audit", target=entries[-1].target)
    call("audit", limit=0)
    call("audit", before="no id")
    for wrong in ("a\x00b", "\ud800", 5):
        call("audit", actor=wrong)
        call("audit", target=wrong)
