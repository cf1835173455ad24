"""Firing schedules: each occurrence once, with its task in the same transaction.

The locked rows only keep processes out of each other's way. What makes an occurrence happen once
is the primary key of its firing, and the version that every write of a schedule carries.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol
from uuid import UUID

from rowlock.errors import RowlockError, StorageConflictError, StorageError
from rowlock.model.ids import derived_task_id
from rowlock.model.schedules import (
    Firing,
    FiringReason,
    Outcome,
    RunOverlap,
    Schedule,
)
from rowlock.model.slices import slices
from rowlock.model.tasks import NewTask
from rowlock.ops.occurrences import (
    LOOK_AGAIN,
    Look,
    Passing,
    awaiting,
    look,
    next_occurrence,
)
from rowlock.plan import Plan
from rowlock.storage.schedule_contract import Moment
from rowlock.storage.storage import Storage

TRY_AGAIN = timedelta(minutes=1)
"""When a schedule that could not fire is tried again."""

ENOUGH_FIRED = 1_000
"""A pass that fires so many occurrences leaves further schedules to the next: others write too."""

RUNS_LOOKED_AT = 100
"""Of so many occurrences the tasks count for overlap, the last ones."""


class Pattern(Protocol):
    """Says what the tasks of a schedule look like."""

    def __call__(self, storage: Storage, schedule: Schedule, /) -> Plan[NewTask]:
        """Return the task of any occurrence, under an id that is not used.

        Raises:
            DefinitionError: The definition is not there, or takes no new tasks.
            InvalidValueError: The arguments or an option do not fit any more.
        """
        ...


class Fired(NamedTuple):
    """What became of one schedule that was due.

    Attributes:
        schedule: As it is now.
        queue: Where its tasks went; None if there are none.
        tasks: Those that were enqueued, oldest occurrence first.
        error: Why it could not fire; it is tried again a little later.
    """

    schedule: Schedule
    queue: str | None = None
    tasks: tuple[UUID, ...] = ()
    error: Exception | None = None


@dataclass(slots=True)
class _Turn:
    """One schedule's turn: what it was, what is to happen, and what did."""

    schedule: Schedule
    look: Look
    task: NewTask
    fired: list[Firing] = field(default_factory=list[Firing])
    skipped: list[Firing] = field(default_factory=list[Firing])


def fire_due(
    storage: Storage,
    pattern: Pattern,
    *,
    limit: int,
    taken: list[Schedule] | None = None,
    now: datetime | None = None,
) -> Plan[list[Fired]]:
    """Fire schedules that are due, of all namespaces.

    Args:
        storage: Where.
        pattern: Says what their tasks look like.
        limit: How many schedules at most.
        taken: Gets those that were due, so that they are known should the database refuse one.
        now: Instead of the database's clock; for tests.

    Returns:
        What became of those that were due; there may be more unless it is empty.
    """
    due = yield from storage.firings.lock_due_schedules(limit=limit, now=now)
    if taken is not None:
        taken[:] = due
    if not due:
        return []
    clock = yield from storage.firings.read_clock(now=now)
    turns, done = yield from _turns(storage, pattern, due, clock)
    yield from _record(storage, turns, clock, now)
    for turn in turns:
        tasks = tuple(one.task for one in turn.fired if one.task is not None)
        queue = turn.task.terms.queue if tasks else None
        done.append(Fired(_moved(turn, clock), queue, tasks))
    moved = yield from storage.firings.move_schedules([one.schedule for one in done])
    if moved != len(done):
        raise StorageConflictError("a schedule was changed while it was being fired")
    yield from announce(storage, done)
    return done


def _turns(
    storage: Storage, pattern: Pattern, due: Sequence[Schedule], clock: datetime
) -> Plan[tuple[list[_Turn], list[Fired]]]:
    """Return the turns of schedules, up to enough, and those of them that cannot fire."""
    turns: list[_Turn] = []
    failed: list[Fired] = []
    fired = 0
    for schedule in due:
        if fired >= ENOUGH_FIRED:
            break
        try:
            task = yield from pattern(storage, schedule)
            busy = yield from _busy(storage, schedule)
            seen = look(schedule, clock, busy=busy)
            turns.append(_Turn(schedule, seen, task))
            fired += len(seen.fired)
        except StorageError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the others fire
            again = _tried_again(schedule, clock, _problem_of(error))
            failed.append(Fired(again, error=error))
    return turns, failed


def _busy(storage: Storage, schedule: Schedule) -> Plan[bool]:
    """Return whether a task of the schedule is unfinished, if that matters."""
    if schedule.overlap is RunOverlap.ALLOW or schedule.last_task is None:
        return False
    return (yield from storage.firings.has_live_run(schedule.id, last=RUNS_LOOKED_AT))


def _record(
    storage: Storage, turns: Sequence[_Turn], clock: datetime, now: datetime | None
) -> Plan[None]:
    """Enqueue the tasks of every turn, and write down what became of each occurrence."""
    moments = [
        Moment(turn.schedule.id, one.occurrence)
        for turn in turns
        for one in (*turn.look.fired, *turn.look.skipped)
    ]
    if not moments:
        return
    # A backfill may have been faster.
    known = yield from storage.firings.read_firings(moments)
    for namespace in sorted({turn.schedule.namespace for turn in turns}):
        mine = [turn for turn in turns if turn.schedule.namespace == namespace]
        for turn in mine:
            turn.fired = _firings(turn.schedule.id, turn.look.fired, known, clock, fired=True)
            turn.skipped = _firings(turn.schedule.id, turn.look.skipped, known, clock)
        yield from _enqueue(storage, namespace, mine, now)
    firings = [one for turn in turns for one in (*turn.fired, *turn.skipped)]
    if firings:
        yield from storage.firings.insert_firings(firings)


def _firings(
    schedule: UUID,
    passings: Iterable[Passing],
    known: set[Moment],
    at: datetime,
    *,
    fired: bool = False,
) -> list[Firing]:
    return [
        Firing(
            schedule=schedule,
            occurrence=one.occurrence,
            outcome=Outcome.FIRED if fired else Outcome.SKIPPED,
            at=at,
            task=derived_task_id(schedule, one.occurrence) if fired else None,
            reason=one.reason,
            passed=one.passed,
        )
        for one in passings
        if Moment(schedule, one.occurrence) not in known
    ]


def _enqueue(
    storage: Storage, namespace: str, turns: Sequence[_Turn], now: datetime | None
) -> Plan[None]:
    """Insert the tasks; an occurrence whose unique key is held is skipped instead."""
    tasks = [turn.task._replace(id=one.task) for turn in turns for one in turn.fired if one.task]
    stored = yield from stored_tasks(storage, namespace, tasks, now=now)
    for turn in turns:
        lost = [one for one in turn.fired if one.task not in stored]
        turn.fired = [one for one in turn.fired if one.task in stored]
        turn.skipped += [
            replace(one, outcome=Outcome.SKIPPED, task=None, reason=FiringReason.DUPLICATE)
            for one in lost
        ]


def stored_tasks(
    storage: Storage, namespace: str, tasks: Sequence[NewTask], *, now: datetime | None = None
) -> Plan[set[UUID]]:
    """Insert tasks whose ids tell their occurrences; returns which of them are there.

    One that is there already is that of the same occurrence, fired before its firing was
    forgotten. Missing are those whose unique key another live task holds.
    """
    inserted: set[UUID] = set()
    for part in slices(tasks):
        inserted |= yield from storage.enqueue.insert_tasks(
            part, namespace=namespace, replayed=True, now=now
        )
    others = [task.id for task in tasks if task.id not in inserted]
    if others:
        inserted |= (yield from storage.enqueue.read_identities(others)).keys()
    return inserted


def _moved(turn: _Turn, clock: datetime) -> Schedule:
    """Return a schedule after its turn."""
    seen, schedule = turn.look, turn.schedule
    after = replace(
        schedule,
        runs=schedule.runs + len(turn.fired),
        missed=schedule.missed + seen.missed,
        problem=None,
    )
    if turn.fired:
        after = replace(after, last_run_at=clock, last_task=turn.fired[-1].task)
    if after.max_runs is not None and after.runs >= after.max_runs:
        return awaiting(after, None)
    if seen.waiting is not None:
        return replace(after, next_at=seen.waiting, due_at=clock + LOOK_AGAIN, waits=True)
    if seen.seen is not None:
        return awaiting(after, next_occurrence(after, seen.seen))
    # Its rule moved, as when its zone's rules changed: nothing was due after all.
    start = clock if after.next_at is None else after.next_at
    return awaiting(after, next_occurrence(after, start, inclusive=True))


def announce(storage: Storage, fired: Iterable[Fired]) -> Plan[None]:
    """Hint workers at the new tasks, with the transaction."""
    places = {(one.schedule.namespace, one.queue) for one in fired if one.queue is not None}
    for namespace in sorted({namespace for namespace, _ in places}):
        queues = sorted(queue for space, queue in places if space == namespace)
        yield from storage.wakeups.announce(namespace, queues, coalesce=True)


def _problem_of(error: Exception) -> str:
    """Return what people read of an error; one that nobody foresaw says what it is."""
    return str(error) if isinstance(error, RowlockError) else f"{type(error).__name__}: {error}"


def postpone(
    storage: Storage, schedule: Schedule, problem: str, *, now: datetime | None = None
) -> Plan[bool]:
    """Let a schedule that cannot be fired wait; False if somebody else has changed it."""
    clock = yield from storage.firings.read_clock(now=now)
    again = _tried_again(schedule, clock, problem)
    return (yield from storage.firings.move_schedules([again])) == 1


def _tried_again(schedule: Schedule, clock: datetime, problem: str) -> Schedule:
    return replace(schedule, due_at=clock + TRY_AGAIN, problem=problem)
