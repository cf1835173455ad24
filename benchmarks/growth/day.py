"""Twenty-four hours of work within minutes: each statement is told what time it is.

Each hour brings tasks, some of them for the next hour; schedules fire; one attempt in twenty
fails and is tried again; what finished more than four hours ago is pruned, and the server
vacuums, as it would have within that hour. From the fifth hour on as much leaves as comes.
"""

from __future__ import annotations

import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

from benchmarks.growth.accounts import MEGABYTE, room
from benchmarks.growth.filling import analyze, statement
from benchmarks.growth.scale import Empty, Row, Scale
from benchmarks.workload import SLOTS, make_app
from rowlock.app.schedule_pattern import StoredPattern
from rowlock.model.ids import new_task_id, new_token
from rowlock.model.schedules import Schedule
from rowlock.model.states import TaskState
from rowlock.model.tasks import Finish, NewTask, Outcome, Release, TaskTerms
from rowlock.ops.claim import promote_due
from rowlock.ops.firing import fire_due
from rowlock.plan import BEGIN, Plan
from rowlock.recurrence import parse
from rowlock.storage.contract import ClaimRequest
from rowlock.storage.schedule_rows import schedule_columns
from rowlock.storage.storage import Storage
from rowlock.worker.scheduling import FIRE_LIMIT, PRUNE_LIMIT

KEPT_HOURS = 4
HOUR = timedelta(hours=1)
LEASE = timedelta(seconds=30)
FAILING = 20
DELAYED = 10
SCHEDULES = 100
ERROR = '{"message":"boom","type":"ValueError"}'
NOW_TERMS = TaskTerms("default", "noop", max_attempts=4, max_crashes=3)
NEXT_HOUR_TERMS = NOW_TERMS._replace(delay=HOUR)


def measure(empty: Empty, scale: Scale) -> list[Row]:
    """Return a row for each hour: how fast its work was, and what the tables take afterwards."""
    rows: list[Row] = []
    with empty() as url, closing(make_app(url)) as app:
        app.enqueue("noop")
        storage = app.core.storage
        start = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
        storage.patient_runner.run(_schedule, storage, start)
        for hour in range(scale.hours):
            now = start + hour * HOUR
            began = time.perf_counter()
            done = _hour_of_work(storage, now, scale.hourly)
            rate = done / (time.perf_counter() - began)
            analyze(storage, url)
            taken = _room(storage, url)
            rows.append({"of": "day", "at": hour + 1, "per_second": rate} | taken)
    return rows


def _schedule(storage: Storage, start: datetime) -> Plan[None]:
    yield BEGIN
    rule = parse("0 * * * *", zone="UTC").to_json()
    for number in range(SCHEDULES):
        name = f"hourly{number}"
        one = Schedule(
            name=name, key=name, rule=rule, definition="noop", next_at=start, due_at=start
        )
        yield storage.catalog.bind("insert_schedule", now=None, **schedule_columns(one))


def _hour_of_work(storage: Storage, now: datetime, tasks: int) -> int:
    run = storage.runner.run
    new = [
        NewTask(new_task_id(), "{}", NOW_TERMS if number % DELAYED else NEXT_HOUR_TERMS)
        for number in range(tasks)
    ]
    for first in range(0, tasks, SLOTS):
        batch = new[first : first + SLOTS]
        run(storage.enqueue.insert_tasks, batch, namespace="default", now=now)
    while run(fire_due, storage, StoredPattern(), limit=FIRE_LIMIT, now=now):
        pass
    while run(promote_due, storage, now=now):
        pass
    done = 0
    while settled := _batch(storage, now):
        done += settled
    _prune(storage, now)
    return done


def _prune(storage: Storage, now: datetime) -> None:
    run = storage.runner.run
    kept: dict[str, Any] = {"older_than": KEPT_HOURS * HOUR, "limit": PRUNE_LIMIT, "now": now}
    while run(storage.upkeep.prune_history, "default", "default", **kept):
        pass
    # What became of occurrences is kept for longer than a day, so that its curve would only rise.
    while run(storage.firings.prune_firings, **kept):
        pass


def _batch(storage: Storage, now: datetime) -> int:
    run, claims = storage.runner.run, storage.claims
    request = ClaimRequest("default", "default", "day", new_token(), SLOTS, LEASE)
    claimed = run(claims.claim_tasks, request, now=now)
    failed = [one for one in claimed[::FAILING] if one.attempt < one.max_attempts]
    ids = {one.id for one in failed}
    ended = [Finish(one.id, one.token, TaskState.SUCCEEDED) for one in claimed if one.id not in ids]
    again = [Release(one.id, one.token, Outcome.FAILED, HOUR, ERROR) for one in failed]
    if ended:
        run(claims.finish_tasks, ended, now=now)
    if again:
        run(claims.release_tasks, again, now=now)
    return len(claimed)


def _room(storage: Storage, url: str) -> dict[str, float]:
    if not url.startswith("sqlite"):
        return room(url)
    # Of the whole file, as it is once its log is written back.
    asked = "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
    size = storage.runner.run(statement, asked).rows[0][0]
    return {"tables_mb": size / MEGABYTE, "indexes_mb": 0.0}
