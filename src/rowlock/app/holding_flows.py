"""Keeping what was claimed by hand: renewing leases, progress and log lines; as flows."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import TypeAlias
from uuid import UUID

from rowlock.app.flow import Flow, Run
from rowlock.app.flows import checked_id
from rowlock.app.intake import Intake
from rowlock.app.rounds import rounds
from rowlock.definitions.reports import TaskReports, progress_message
from rowlock.errors import InvalidValueError, RowlockError
from rowlock.model.claimed import ClaimedTask
from rowlock.model.durations import positive_duration_from
from rowlock.model.ends import ClaimKey, Standing
from rowlock.model.ids import checked_token
from rowlock.model.moments import checked_moment
from rowlock.model.queues import MIN_LEASE, Queue
from rowlock.model.tasks import Held, Report, Task
from rowlock.ops import holding

FULL = 100
LEVELS = ("DEBUG", "INFO", "SUCCESS", "WARNING", "ERROR", "CRITICAL")
HeldTask = UUID | str | Task | ClaimedTask

LogEntry: TypeAlias = tuple[str, str] | tuple[str, str, datetime | None]
"""Level, text, and when if that is known."""


def own_lease(queue: Queue) -> timedelta:
    """Return how long a claim from a queue holds, if nobody says otherwise."""
    return queue.lease


def held_id(task: HeldTask) -> UUID:
    """Return the id of what was claimed."""
    return task.id if isinstance(task, ClaimedTask) else checked_id(task)


def checked_lease(lease: object) -> timedelta:
    """Return how long a claim is to hold.

    Raises:
        InvalidValueError: It is no duration, or too short.
    """
    checked = positive_duration_from("lease", lease)
    if checked < MIN_LEASE:
        raise InvalidValueError("lease", f"must be at least {MIN_LEASE.total_seconds()} s")
    return checked


def heartbeat(
    core: Intake,
    task: HeldTask,
    token: object,
    *,
    lease: object,
    lease_of: Callable[[Queue], timedelta] = own_lease,
) -> Flow[bool]:
    """Extend a claim."""
    if lease is None and isinstance(task, ClaimedTask):
        lease = task.lease
    asked = [ClaimKey(held_id(task), checked_token(token))]
    [told] = yield from heartbeat_many(core, asked, lease=lease, lease_of=lease_of)
    if isinstance(told, RowlockError):
        raise told
    return told


def heartbeat_many(
    core: Intake,
    claims: Sequence[ClaimKey],
    *,
    lease: object,
    lease_of: Callable[[Queue], timedelta] = own_lease,
) -> Flow[list[bool | RowlockError]]:
    """Extend claims; returns of each whether its task is asked to be canceled, or a refusal."""
    given = None if lease is None else checked_lease(lease)
    pulses: dict[int, bool | RowlockError] = {}
    for part in rounds(claims):
        leases: dict[UUID, timedelta] = {}
        if given is None:
            standings = yield from standings_of(core, part.values())
            yield from fresh_policies(core, standings.values())
            leases = {
                one.id: lease_of(core.policies.queue(one.queue)) for one in standings.values()
            }
        held = [
            Held(one.id, one.token, given or leases.get(one.id, MIN_LEASE)) for one in part.values()
        ]
        operation = partial(holding.heartbeat, core.storage, core.namespace, held)
        told: dict[UUID, bool | RowlockError] = yield Run(operation)
        pulses |= {place: told[one.id] for place, one in part.items()}
    return [pulses[place] for place in range(len(claims))]


def standings_of(core: Intake, claims: Iterable[ClaimKey]) -> Flow[dict[UUID, Standing]]:
    """Return where the tasks of claims stand now."""
    look = core.storage.claims.read_standings
    found: dict[UUID, Standing] = yield Run(partial(look, core.namespace, list(claims)), reads=True)
    return found


def fresh_policies(core: Intake, standings: Iterable[Standing]) -> Flow[None]:
    """See that the policies of tasks' queues are at most a few seconds old."""
    for queue in {one.queue for one in standings}:
        if not core.policies.is_fresh(queue):
            yield Run(partial(core.policies.look, core.storage, queue), reads=True)


def update_progress(
    core: Intake, task: HeldTask, token: object, percent: float, message: str | None
) -> Flow[None]:
    """Record how far a claimed task is."""
    yield from _report(core, report_of(held_id(task), token, percent=percent, message=message))


def add_log(core: Intake, task: HeldTask, token: object, lines: Iterable[LogEntry]) -> Flow[None]:
    """Keep log lines with a claimed task: level and text of each."""
    report = report_of(held_id(task), token, lines=lines)
    if report.log is None:
        raise InvalidValueError("lines", "must be one or more")
    yield from _report(core, report)


def _report(core: Intake, report: Report) -> Flow[None]:
    [refused] = yield from report_many(core, [report])
    if refused is not None:
        raise refused


def report_many(core: Intake, reports: Sequence[Report]) -> Flow[list[RowlockError | None]]:
    """Record progress and log lines of claimed tasks; returns of each why it was refused."""
    refused: dict[int, RowlockError | None] = {}
    for part in rounds(reports):
        operation = partial(holding.report, core.storage, core.namespace, list(part.values()))
        told: dict[UUID, RowlockError] = yield Run(operation)
        refused |= {place: told.get(one.id) for place, one in part.items()}
    return [refused[place] for place in range(len(reports))]


def report_of(
    task_id: UUID,
    token: object,
    *,
    percent: float | None = None,
    message: str | None = None,
    lines: Iterable[LogEntry] = (),
) -> Report:
    """Return checked progress and log lines of a claimed task.

    Raises:
        InvalidValueError: `percent` is outside 0 to 100, a level is unknown, or a time is none.
    """
    reports = TaskReports()
    for level, text, *rest in lines:
        at = rest[0] if rest else None
        moment = None if at is None else checked_moment("at", at)
        reports.add_line(_checked_level(level), text, moment)
    taken = reports.take()
    return Report(
        task_id,
        checked_token(token),
        None if percent is None else _checked_percent(percent),
        None if message is None else progress_message(message),
        None if taken is None else taken.log,
    )


def _checked_percent(percent: object) -> float:
    if isinstance(percent, bool) or not isinstance(percent, (int, float)):
        raise InvalidValueError("percent", f"must be a number, not {type(percent).__name__}")
    if math.isnan(percent) or not 0 <= percent <= FULL:
        raise InvalidValueError("percent", f"is {percent}; it must be 0 to {FULL}")
    return float(percent)


def _checked_level(level: str) -> str:
    name = level.strip().upper()
    if name not in LEVELS:
        raise InvalidValueError("level", f"{level!r} is none of {', '.join(LEVELS)}")
    return name
