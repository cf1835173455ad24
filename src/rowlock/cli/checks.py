"""What `rowlock doctor` looks at; each check says what is so and, if need be, what to do."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from rowlock.app import flows
from rowlock.app.flow import run_flow
from rowlock.app.listing_flows import list_tasks
from rowlock.app.opened import Opened
from rowlock.cli.output import duration_text
from rowlock.errors import SchemaError, StorageError
from rowlock.model.states import TaskState
from rowlock.model.tasks import TaskFilter
from rowlock.storage.contract import ServerFacts
from rowlock.storage.storage import Storage
from rowlock.storage.url import shown_url

SKEW_WARNING = timedelta(seconds=2)
HINT_SECONDS = 2.0
DOCTOR_QUEUE = "doctor"
EXPIRED_LEASE_GRACE = timedelta(seconds=60)
OLD_WAIT = timedelta(minutes=10)
LOOK_AT = 1_000


class Verdict(StrEnum):
    """How a check ended."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


class Finding(NamedTuple):
    """One line of the diagnosis; `advice` says what to do where something is to be done."""

    check: str
    verdict: Verdict
    found: str
    advice: str | None = None


def findings(opened: Opened) -> Iterator[Finding]:
    """Yield what each check found; those that need a working database come last.

    Raises:
        StorageUnavailableError: The database cannot be reached.
    """
    storage = opened.storage
    facts = storage.runner.read(storage.reads.server_facts)
    yield Finding("connection", Verdict.OK, shown_url(storage.url))
    yield _engine(storage, facts)
    yield _clock(facts)
    schema = list(_schema(storage))
    yield from schema
    if any(one.verdict is Verdict.FAIL for one in schema):
        return
    yield from _wake_ups(opened)
    yield from _queues(opened)
    yield _leases(opened, facts.now)


def _engine(storage: Storage, facts: ServerFacts) -> Finding:
    found = f"{storage.engine} {facts.version}"
    advised = storage.advised_version
    if advised is None or _numbers(facts.version) >= advised:
        return Finding("engine", Verdict.OK, found)
    wanted = ".".join(map(str, advised))
    return Finding(
        "engine",
        Verdict.WARN,
        f"{found}: versions before {wanted} can corrupt the file, very rarely",
        f"use a Python whose library is {wanted} or newer, and keep backups",
    )


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:3])


def _clock(facts: ServerFacts) -> Finding:
    skew = facts.now - datetime.now(UTC)
    found = f"the database's clock is {duration_text(abs(skew))} {_ahead(skew)} this host's"
    if abs(skew) < SKEW_WARNING:
        return Finding("clock", Verdict.OK, found)
    return Finding(
        "clock",
        Verdict.WARN,
        found,
        "the database's decides what is due; let both synchronise their clocks",
    )


def _ahead(skew: timedelta) -> str:
    return "ahead of" if skew > timedelta(0) else "behind"


def _schema(storage: Storage) -> Iterator[Finding]:
    migrations = storage.migrations
    applied = storage.runner.read(migrations.applied)
    error: SchemaError | None = migrations.mismatch(applied)
    if error is not None:
        found, _, advice = str(error).partition(": ")
        yield Finding("schema", Verdict.FAIL, found, advice or None)
        return
    yield Finding("schema", Verdict.OK, f"version {applied[-1].version}")
    changed = ", ".join(f"{one.version:04} {one.name}" for one in migrations.changed(applied))
    if changed:
        yield Finding(
            "checksums",
            Verdict.FAIL,
            f"applied from another text than this version ships: {changed}",
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


def _queues(opened: Opened) -> Iterator[Finding]:
    stats = run_flow(opened, flows.stats(opened))
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


def _leases(opened: Opened, now: datetime) -> Finding:
    wanted = TaskFilter(states=(TaskState.RUNNING.value,))
    running = run_flow(opened, list_tasks(opened, wanted, limit=LOOK_AT))
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
