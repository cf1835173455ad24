"""What `rowlock doctor` looks at; each check says what is so and, if need be, what to do."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from rowlock.app import flows
from rowlock.app.condition_flows import Condition, condition
from rowlock.app.flow import run_flow
from rowlock.app.listing_flows import list_tasks
from rowlock.app.opened import Opened
from rowlock.cli.findings import CONNECTION, Finding, Verdict
from rowlock.cli.output import duration_text
from rowlock.errors import StorageError
from rowlock.model.states import TaskState
from rowlock.model.tasks import QueueCounts, Task, TaskFilter
from rowlock.storage.url import shown_url

SKEW_WARNING = timedelta(seconds=2)
HINT_SECONDS = 2.0
DOCTOR_QUEUE = "doctor"
EXPIRED_LEASE_GRACE = timedelta(seconds=60)
OLD_WAIT = timedelta(minutes=10)
LOOK_AT = 1_000
RUNNING = TaskFilter(states=(TaskState.RUNNING.value,))


def findings(opened: Opened) -> Iterator[Finding]:
    """Yield what each check of a database found; those that need a working one come last.

    Raises:
        StorageUnavailableError: The database cannot be reached.
    """
    found = run_flow(opened, condition(opened))
    yield Finding(CONNECTION, Verdict.OK, shown_url(opened.storage.url))
    yield engine_finding(found)
    yield clock_finding(found.now - datetime.now(UTC), "this host's")
    schema = list(schema_findings(found))
    yield from schema
    if any(one.verdict is Verdict.FAIL for one in schema):
        return
    yield from _wake_ups(opened)
    yield from queue_findings(run_flow(opened, flows.stats(opened)))
    running = run_flow(opened, list_tasks(opened, RUNNING, limit=LOOK_AT))
    yield lease_finding(running, found.now)


def engine_finding(found: Condition) -> Finding:
    """Judge the engine's version."""
    shown = f"{found.engine} {found.version}"
    if found.advised is None:
        return Finding("engine", Verdict.OK, shown)
    return Finding(
        "engine",
        Verdict.WARN,
        f"{shown}: versions before {found.advised} can corrupt the file, very rarely",
        f"use a Python whose library is {found.advised} or newer, and keep backups",
    )


def clock_finding(skew: timedelta, whose: str, check: str = "clock") -> Finding:
    """Judge by how much the database's clock is ahead of another one."""
    found = f"the database's clock is {duration_text(abs(skew))} {ahead(skew)} {whose}"
    if abs(skew) < SKEW_WARNING:
        return Finding(check, Verdict.OK, found)
    advice = "the database's decides what is due; let both synchronise their clocks"
    return Finding(check, Verdict.WARN, found, advice)


def ahead(skew: timedelta) -> str:
    """Return on which side of another a clock is."""
    return "ahead of" if skew > timedelta(0) else "behind"


def schema_findings(found: Condition) -> Iterator[Finding]:
    """Judge the tables' version, and the migrations that made them."""
    if found.wrong is not None:
        wrong, _, advice = found.wrong.partition(": ")
        yield Finding("schema", Verdict.FAIL, wrong, advice or None)
        return
    yield Finding("schema", Verdict.OK, f"version {found.schema}")
    if found.changed:
        yield Finding(
            "checksums",
            Verdict.FAIL,
            f"applied from another text than this version ships: {', '.join(found.changed)}",
            "compare the tables with 'rowlock db sql', and find out who changed which",
        )
    else:
        yield Finding("checksums", Verdict.OK, "every migration is as shipped")


def _wake_ups(opened: Opened) -> Iterator[Finding]:
    """Send a hint and wait for it; a pooler in transaction mode lets none through."""
    storage, namespace = opened.storage, opened.namespace
    announce: Callable[[], object] = lambda: storage.runner.run(  # noqa: E731
        storage.wakeups.announce, namespace, [DOCTOR_QUEUE], coalesce=False
    )
    if not any(True for _ in storage.wakeups.announce(namespace, [DOCTOR_QUEUE], coalesce=False)):
        return
    listening, heard = threading.Event(), threading.Event()

    def hear(_: str | None, queue: str | None) -> None:
        (heard if queue == DOCTOR_QUEUE else listening).set()

    unsubscribe = storage.wakeups.subscribe(hear)
    try:
        listening.wait(HINT_SECONDS)
        with suppress(StorageError):
            announce()
        arrived = heard.wait(HINT_SECONDS)
    finally:
        unsubscribe()
    if arrived:
        yield Finding("wake-ups", Verdict.OK, "NOTIFY arrives")
        return
    yield Finding(
        "wake-ups",
        Verdict.WARN,
        "NOTIFY does not arrive: the URL may be that of a pooler such as PgBouncer",
        "give the app listen_url= with a direct URL, or listen_url='' to poll instead",
    )


def queue_findings(stats: Sequence[QueueCounts]) -> Iterator[Finding]:
    """Judge how long tasks wait."""
    for one in stats:
        waiting = one.counts.get(TaskState.QUEUED, 0)
        if one.paused and waiting:
            yield Finding(
                f"queue {one.queue}",
                Verdict.WARN,
                f"paused with {waiting:,} tasks waiting",
                f"rowlock queues resume {one.queue}",
            )
        elif one.oldest_wait is not None and one.oldest_wait > OLD_WAIT:
            yield Finding(
                f"queue {one.queue}",
                Verdict.WARN,
                f"{waiting:,} tasks wait, the oldest for {duration_text(one.oldest_wait)}",
                f"start workers, or more of them: rowlock worker module:app --queue {one.queue}",
            )
    waiting = sum(one.counts.get(TaskState.QUEUED, 0) for one in stats)
    yield Finding("queues", Verdict.OK, f"{len(stats)} queues, {waiting:,} tasks waiting")


def lease_finding(running: Sequence[Task], now: datetime) -> Finding:
    """Judge whether running tasks have their workers."""
    lost = [
        task
        for task in running
        if task.lease_until is not None and task.lease_until < now - EXPIRED_LEASE_GRACE
    ]
    if not lost:
        return Finding(
            "leases", Verdict.OK, f"{len(running):,} tasks run, none has lost its worker"
        )
    return Finding(
        "leases",
        Verdict.FAIL,
        f"{len(lost):,} tasks run without a worker for over a minute, such as {lost[-1].id}",
        "start a worker, of any app on this database: every worker takes such tasks back",
    )
