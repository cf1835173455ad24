"""`rowlock.app.schedule_flows`, asked of a server."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from rowlock.app.listing_flows import checked_limit
from rowlock.app.schedule_flows import OnBackfill
from rowlock.app.schedule_values import checked_range, name_or_id
from rowlock.cli.remote.reading import model, models, with_queue
from rowlock.cli.remote.saying import cleared, said
from rowlock.client import Client
from rowlock.definitions.scheduling import Rule, check_known, said_of
from rowlock.errors import InvalidValueError
from rowlock.model.changes import NOBODY, By
from rowlock.model.moments import checked_moment
from rowlock.model.schedules import Backfill, Firing, Schedule, checked_schedule_name
from rowlock.model.tasks import Task
from rowlock.wire.routes.table import MAX_PAGE


def create_schedule(
    client: Client,
    name: str,
    rule: Rule,
    definition: Any,
    given: Mapping[str, Any],
    *,
    by: By = NOBODY,
) -> Schedule:
    """Create a schedule."""
    own_name = checked_schedule_name(name)
    said_of(own_name, rule, given, None)
    values: dict[str, Any] = {"name": own_name, "rule": rule, "definition": definition}
    values |= {**said({"reason": by.reason}), **cleared(given)}
    made = with_queue(client, given.get("queue"), lambda: client.create_schedule(**values))
    return model(Schedule, made)


def get_schedule(client: Client, schedule: object) -> Schedule:
    """Show a schedule."""
    return model(Schedule, client.get_schedule(_name(schedule)))


def update_schedule(
    client: Client,
    schedule: object,
    rule: Rule | None,
    definition: Any,
    given: Mapping[str, Any],
    *,
    set_arguments: Mapping[str, Any] | None = None,
    by: By = NOBODY,
) -> Schedule:
    """Change what is given of a schedule."""
    if rule is None and definition is None and not given and not set_arguments:
        raise InvalidValueError("schedule", "nothing is given to change")
    check_known(given)
    wanted = _name(schedule)
    more = {"rule": rule, "definition": definition, "set_arguments": set_arguments}
    values = {**said({**more, "reason": by.reason}), **cleared(given)}
    changed = with_queue(
        client, given.get("queue"), lambda: client.update_schedule(wanted, **values)
    )
    return model(Schedule, changed)


def pause_schedule(client: Client, schedule: object, by: By) -> Schedule:
    """Let a schedule fire no more."""
    return model(Schedule, client.pause_schedule(_name(schedule), reason=by.reason))


def resume_schedule(client: Client, schedule: object, by: By) -> Schedule:
    """Let a schedule fire again."""
    return model(Schedule, client.resume_schedule(_name(schedule), reason=by.reason))


def restore_schedule(client: Client, schedule: object, by: By) -> Schedule:
    """Bring a deleted schedule back."""
    return model(Schedule, client.restore_schedule(_name(schedule), reason=by.reason))


def delete_schedule(client: Client, schedule: object, *, soft: bool, by: By) -> Schedule:
    """Hide a schedule, or remove it."""
    gone = client.delete_schedule(_name(schedule), hard=not soft, reason=by.reason)
    return model(Schedule, gone)


def run_schedule(client: Client, schedule: object, by: By) -> Task:
    """Store one task of a schedule."""
    return model(Task, client.run_schedule(_name(schedule), reason=by.reason))


def backfill_schedule(
    client: Client,
    schedule: object,
    start: datetime,
    end: datetime,
    *,
    by: By,
    dry_run: bool,
    on_progress: OnBackfill | None = None,
) -> Backfill:
    """Store tasks for occurrences that have passed, to the end of the range."""
    first, last = checked_moment("start", start), checked_moment("end", end)
    checked_range(first, last)
    done = Backfill(next_at=first)
    while done.next_at is not None:
        answer = client.backfill_schedule(
            _name(schedule), start=done.next_at, end=last, dry_run=dry_run, reason=by.reason
        )
        part = model(Backfill, answer)
        done = replace(part, fired=done.fired + part.fired, known=done.known + part.known)
        if on_progress is not None:
            on_progress(done)
    return done


def list_firings(
    client: Client, schedule: object, *, limit: int, before: datetime | None
) -> list[Firing]:
    """List what became of a schedule's occurrences, the last ones first."""
    left, place = checked_limit(limit), before
    if place is not None:
        place = checked_moment("before", place)
    found: list[Firing] = []
    while left > 0:
        size = min(left, MAX_PAGE)
        page = client.list_firings(_name(schedule), before=place, limit=size)
        found += models(Firing, page.body)
        if page.next is None:
            break
        left, place = left - size, datetime.fromisoformat(page.next)
    return found


def _name(schedule: object) -> str:
    return str(name_or_id(schedule))
