"""Firing schedules: how many in a second, and what ten thousand cost a worker that is idle."""

from __future__ import annotations

import time
from contextlib import closing
from datetime import UTC, datetime, timedelta

from benchmarks import idle
from rowlock.app.schedule_pattern import StoredPattern
from rowlock.model.definitions import Definition
from rowlock.model.schedules import Schedule
from rowlock.ops.firing import fire_due
from rowlock.plan import BEGIN, Plan
from rowlock.recurrence import parse
from rowlock.storage.schedule_rows import schedule_columns
from rowlock.storage.storage import Storage
from rowlock.storage.url import open_storage
from rowlock.worker.scheduling import FIRE_LIMIT

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def measure(url: str, *, schedules: int, seconds: int) -> dict[str, float]:
    """Return how many schedules one process fires in a second, and an idle worker's figures.

    All of them are due at first; afterwards the next one is due in a month or more.
    """
    with closing(open_storage(url)) as storage:
        storage.patient_runner.run(storage.migrations.apply)
        storage.patient_runner.run(_fill, storage, schedules)
        began = time.perf_counter()
        while len(storage.runner.run(fire_due, storage, StoredPattern(), limit=FIRE_LIMIT)):
            pass
        spent = time.perf_counter() - began
    quiet = idle.measure(url, seconds=seconds)
    return {
        "schedules_fired_per_s": schedules / spent,
        "schedules_idle_cpu_percent": quiet["idle_cpu_percent"],
        "schedules_idle_max_rss_mb": quiet["idle_max_rss_mb"],
    }


def _fill(storage: Storage, count: int) -> Plan[None]:
    yield BEGIN
    definition = Definition(alias="elsewhere", key="elsewhere", queue="elsewhere")
    yield from storage.definitions.insert_definition("default", definition)
    # In the first night of a month at least a month away, so that none is due while it is idle.
    month = (datetime.now(UTC) + timedelta(days=62)).month
    rule = parse(f"0 3 1 {month} *", zone="Europe/Berlin").to_json()
    for number in range(count):
        name = f"s{number}"
        one = Schedule(
            name=name, key=name, rule=rule, definition="elsewhere",
            next_at=LONG_AGO, due_at=LONG_AGO,
        )  # fmt: skip
        yield storage.catalog.bind("insert_schedule", now=None, **schedule_columns(one))
