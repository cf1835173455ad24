"""Schedules: planning, looking ahead, looking back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Final, cast

from rowlock.app import declared_schedules, occurrence_flows, schedule_flows, schedule_listing
from rowlock.app.core import Core
from rowlock.app.flow import Flow
from rowlock.definitions.scheduling import GivenSchedule
from rowlock.http.answers import Answer
from rowlock.http.call import Call, Handlers
from rowlock.http.handlers.policies import given_of, policy_from
from rowlock.http.handlers.queues import MOST, page_of
from rowlock.http.handlers.tasks import known_queue
from rowlock.model.queues import checked_count
from rowlock.model.schedules import Schedule
from rowlock.wire.bodies.common import RetryBody
from rowlock.wire.bodies.schedules import (
    BackfillBody,
    DeclarationsBody,
    DeclaredScheduleBody,
    ExplainBody,
    NewScheduleBody,
    ScheduleBody,
    ScheduleTermsBody,
    ZoneBody,
)
from rowlock.wire.occurrences import explained_to_wire, occurrence_to_wire
from rowlock.wire.planned import schedule_document
from rowlock.wire.routes.schedules import MAX_OCCURRENCES
from rowlock.wire.routes.table import MAX_PAGE, PREFIX
from rowlock.wire.schedules import backfill_to_wire, firing_to_wire, sync_to_wire
from rowlock.wire.service import task_document
from rowlock.wire.values import Wire

BATCHES: Final = 10
"""How many hundreds of occurrences one request backfills at most."""

_PAGING = ("offset", "limit", "order")


def _given(core: Core, body: ScheduleTermsBody) -> Flow[GivenSchedule]:
    given = given_of(body, ScheduleTermsBody)
    if isinstance(given.get("retry"), RetryBody):
        given["retry"] = policy_from(given["retry"])
    if given.get("queue") is not None:
        yield from known_queue(core, given["queue"])
    return cast("GivenSchedule", given)


async def list_schedules(call: Call) -> Wire:
    """List schedules."""
    offset, limit = page_of(call)
    wanted = {name: value for name, value in call.query.items() if name not in _PAGING}
    order = call.query.get("order", "name")
    flow = schedule_listing.list_schedules(
        call.core, wanted, limit=limit, offset=offset, order=order
    )
    page = await call.run(flow)
    return {
        "count": await call.run(schedule_listing.count_schedules(call.core, wanted)),
        "body": [schedule_document(one, reveal=call.reveals) for one in page],
    }


async def create_schedule(call: Call) -> Answer:
    """Create a schedule."""
    body: NewScheduleBody = call.body
    given = await call.run(_given(call.core, body))
    flow = schedule_flows.create_schedule(
        call.core, body.name, body.rule, body.definition, given, by=call.by(body.reason)
    )
    made = await call.run(flow)
    address = f"{call.base}{PREFIX}/schedule/{made.id}"
    return Answer(schedule_document(made, reveal=call.reveals), {"Location": address})


async def get_schedule(call: Call) -> Wire:
    """Show a schedule."""
    return await _shown(call, schedule_flows.get_schedule(call.core, call.path["schedule"]))


async def update_schedule(call: Call) -> Wire:
    """Change a schedule."""
    body: ScheduleBody = call.body
    given = await call.run(_given(call.core, body))
    flow = schedule_flows.update_schedule(
        call.core,
        call.path["schedule"],
        body.rule,
        body.definition,
        given,
        set_arguments=body.set_arguments,
        by=call.by(body.reason),
    )
    return await _shown(call, flow)


async def delete_schedule(call: Call) -> Wire:
    """Delete a schedule."""
    soft = not call.query.get("hard", False)
    by = call.by(call.query.get("reason"))
    flow = schedule_flows.delete_schedule(call.core, call.path["schedule"], soft=soft, by=by)
    return await _shown(call, flow)


async def restore_schedule(call: Call) -> Wire:
    """Bring a deleted schedule back."""
    by = call.by(call.body.reason)
    return await _shown(call, schedule_flows.restore_schedule(call.core, call.path["schedule"], by))


async def pause_schedule(call: Call) -> Wire:
    """Let a schedule fire no more."""
    by = call.by(call.body.reason)
    return await _shown(call, schedule_flows.pause_schedule(call.core, call.path["schedule"], by))


async def resume_schedule(call: Call) -> Wire:
    """Let a schedule fire again."""
    by = call.by(call.body.reason)
    return await _shown(call, schedule_flows.resume_schedule(call.core, call.path["schedule"], by))


async def _shown(call: Call, flow: Flow[Schedule]) -> Wire:
    return schedule_document(await call.run(flow), reveal=call.reveals)


async def run_schedule(call: Call) -> Answer:
    """Store one task of a schedule."""
    by = call.by(call.body.reason)
    task = await call.run(schedule_flows.run_schedule(call.core, call.path["schedule"], by))
    address = f"{call.base}{PREFIX}/task/{task.id}"
    return Answer(task_document(task, reveal=call.reveals), {"Location": address})


async def backfill_schedule(call: Call) -> Wire:
    """Store tasks for occurrences that have passed."""
    body: BackfillBody = call.body
    flow = schedule_flows.backfill_schedule(
        call.core,
        call.path["schedule"],
        body.start,
        body.end,
        by=call.by(body.reason),
        dry_run=body.dry_run,
        batches=BATCHES,
    )
    return backfill_to_wire(await call.run(flow))


async def declare_schedules(call: Call) -> Wire:
    """Store what code declares, and delete what it no longer does where that is asked for."""
    body: DeclarationsBody = call.body
    declared = [(one.name, partial(_described, call.core, one)) for one in body.schedules]
    done = await call.run(declared_schedules.sync_described(call.core, declared))
    if body.prune:
        pruned = await call.run(_pruned(call, body, done.undeclared))
        done = replace(done, pruned=pruned)
    return sync_to_wire(done)


def _described(core: Core, body: DeclaredScheduleBody) -> Flow[Schedule]:
    given = yield from _given(core, body)
    described = schedule_flows.described(core, body.name, body.rule, body.definition, given)
    return (yield from described)


def _pruned(call: Call, body: DeclarationsBody, undeclared: Iterable[str]) -> Flow[tuple[str, ...]]:
    gone: list[Schedule] = []
    for name in undeclared:
        found = yield from schedule_flows.get_schedule(call.core, name)
        gone += [found] if str(found.id) in body.prune else []
    by = call.by(body.reason)
    return (yield from declared_schedules.prune_schedules(call.core, gone, by=by))


async def simulate_schedule(call: Call) -> Wire:
    """List what a schedule would fire."""
    limit = _occurrences(call.query.get("limit", MAX_PAGE))
    start: datetime | None = call.query.get("start")
    end: datetime | None = call.query.get("end")
    flow = occurrence_flows.simulate_schedule(
        call.core, call.path["schedule"], start, end, limit=limit
    )
    return {"body": [occurrence_to_wire(one) for one in await call.run(flow)]}


def _occurrences(value: object) -> int:
    """Return how many occurrences are wanted; more than 1,000 are 1,000."""
    return min(checked_count("limit", value, most=MOST), MAX_OCCURRENCES)


async def list_firings(call: Call) -> Wire:
    """List what became of a schedule's occurrences."""
    _, limit = page_of(call)
    before: datetime | None = call.query.get("before")
    flow = schedule_flows.list_firings(call.core, call.path["schedule"], limit=limit, before=before)
    page = [firing_to_wire(one) for one in await call.run(flow)]
    return {"body": page, "next": page[-1]["occurrence"] if len(page) == limit else None}


async def explain_rule(call: Call) -> Wire:
    """Say what a rule means."""
    body: ExplainBody = call.body
    flow = occurrence_flows.explained(
        body.name,
        body.rule,
        given_of(body, ZoneBody),
        body.start,
        body.end,
        limit=_occurrences(body.limit),
    )
    recurrence, found = await call.run(flow)
    return explained_to_wire(recurrence, found)


HANDLERS: Handlers = {
    "list_schedules": list_schedules,
    "create_schedule": create_schedule,
    "get_schedule": get_schedule,
    "update_schedule": update_schedule,
    "delete_schedule": delete_schedule,
    "restore_schedule": restore_schedule,
    "pause_schedule": pause_schedule,
    "resume_schedule": resume_schedule,
    "run_schedule": run_schedule,
    "backfill_schedule": backfill_schedule,
    "declare_schedules": declare_schedules,
    "simulate_schedule": simulate_schedule,
    "list_firings": list_firings,
    "explain_rule": explain_rule,
}
