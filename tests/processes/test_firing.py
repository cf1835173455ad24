"""Several processes that fire schedules of one database: every occurrence once."""

from __future__ import annotations

import random
import signal
import time
from datetime import UTC, datetime, timedelta

import pytest

from rowlock.model.definitions import Definition
from rowlock.model.ids import derived_task_id
from rowlock.model.schedules import CatchUp, Schedule, ScheduleStatus
from rowlock.plan import BEGIN, Plan
from rowlock.storage.schedule_contract import Moment
from rowlock.storage.schedule_rows import schedule_columns
from tests.chaos.conftest import FULL
from tests.processes.programs import begin, go, start
from tests.support.backends import DURABLE, Backend

pytestmark = [
    pytest.mark.processes,
    pytest.mark.parametrize("backend", DURABLE, indirect=True),
]

PROCESSES = 16 if FULL else 8
OCCURRENCES = 10_000 if FULL else 1_000
# Half of them one for each schedule, half of them many for each.
MANY = 50
KILLS = 100 if FULL else 6
FIRER = "tests.processes.firer"
LEFT = "rowlock_schedule WHERE due_at IS NOT NULL"
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
EVERY_SECOND = {"cron": "@every 1s", "zone": "UTC", "gap": "end", "overlap": "first"}


def schedule(number: int, occurrences: int) -> Schedule:
    """A schedule whose occurrences are all past and due."""
    end = BEGAN + timedelta(seconds=occurrences - 1)
    return Schedule(
        name=f"s{number}", key=f"s{number}", rule=EVERY_SECOND, definition="ping",
        catch_up=CatchUp.ALL, catch_up_limit=1000, ends_at=end, next_at=BEGAN, due_at=BEGAN,
    )  # fmt: skip


@pytest.fixture
def schedules(backend: Backend) -> list[Schedule]:
    """Schedules that come to `OCCURRENCES` tasks."""
    half = OCCURRENCES // 2
    single = [schedule(number, 1) for number in range(half)]
    many = [schedule(half + number, MANY) for number in range(half // MANY)]

    def plan() -> Plan[None]:
        yield BEGIN
        definition = Definition(alias="ping", key="ping")
        yield from backend.storage.definitions.insert_definition("default", definition)
        for one in (*single, *many):
            columns = schedule_columns(one)
            yield backend.storage.catalog.bind("insert_schedule", now=None, **columns)

    backend.run(plan)
    return [*single, *many]


def check(backend: Backend, schedules: list[Schedule]) -> None:
    """Every occurrence has one firing and one task; every schedule is completed."""
    moments = [
        Moment(one.id, BEGAN + timedelta(seconds=number))
        for one in schedules
        for number in range(1 if int(one.name[1:]) < OCCURRENCES // 2 else MANY)
    ]
    ids = {derived_task_id(*moment) for moment in moments}
    assert len(ids) == OCCURRENCES
    assert count(backend, "rowlock_task") == count(backend, "rowlock_firing") == OCCURRENCES
    matched = "rowlock_firing AS f JOIN rowlock_task AS t ON t.id = f.task"
    assert count(backend, matched) == OCCURRENCES
    assert backend.read(backend.storage.firings.read_firings, moments) == set(moments)
    rows = backend.execute("SELECT status, runs, missed, version FROM rowlock_schedule").rows
    assert {(row[0], row[2], row[3]) for row in rows} == {(ScheduleStatus.COMPLETED.value, 0, 2)}
    assert sum(row[1] for row in rows) == OCCURRENCES


def count(backend: Backend, table: str) -> int:
    found: int = backend.execute(f"SELECT count(*) FROM {table}").rows[0][0]  # noqa: S608 - ours
    return found


def test_many_processes_fire_every_occurrence_once(backend, started, schedules):
    """F74."""
    limits = [1, 5, 50, 7] * (PROCESSES // 4)
    fired = go([start(started, FIRER, backend, str(limit)) for limit in limits])
    check(backend, schedules)
    assert sum(fired) == OCCURRENCES


def test_processes_that_are_killed_fire_every_occurrence_once(backend, started, schedules):
    """F75."""
    draw = random.Random(7)
    running = [start(started, FIRER, backend, "1") for _ in range(PROCESSES)]
    for process in running:
        begin(process)
    left = count(backend, LEFT)
    for number in range(KILLS):
        # At evenly spread moments of the work, not of the clock.
        goal = left * (KILLS - number) // (KILLS + 1)
        until = time.monotonic() + 60
        while count(backend, LEFT) > goal and time.monotonic() < until:
            time.sleep(0.005)
        victim = running.pop(draw.randrange(len(running)))
        victim.send_signal(signal.SIGKILL)
        fresh = start(started, FIRER, backend, draw.choice("113"))
        begin(fresh)
        running.append(fresh)
    for process in running:
        assert process.wait(timeout=120) == 0, process.stderr and process.stderr.read()
    check(backend, schedules)
