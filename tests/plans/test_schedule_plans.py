"""How the engines find schedules that are due, and what became of occurrences."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID

import psycopg
import pytest

from rowlock.model.ids import derived_task_id, new_task_id
from rowlock.model.schedules import Firing, Outcome, Schedule, ScheduleStatus
from rowlock.plan import BEGIN, Plan, Statement
from rowlock.storage.schedule_contract import Moment
from rowlock.storage.schedule_rows import schedule_columns
from rowlock.storage.storage import Storage
from rowlock.storage.url import open_storage
from tests.contract.steps import T0, after
from tests.plans import test_mariadb_plans, test_postgres_plans, test_sqlite_plans
from tests.plans.conftest import storage_of_its_own
from tests.plans.explaining import driver_of, explained
from tests.support.backends import DURABLE, migrate, sql_plan, table_names

pytestmark = pytest.mark.plans

SCHEDULES, FIRINGS = 3_000, 30_000
RULE = {"cron": "0 * * * *", "zone": "UTC", "gap": "end", "overlap": "first"}
ANALYZE = {"sqlite": "ANALYZE", "postgres": "ANALYZE {}", "mariadb": "ANALYZE TABLE {}"}

WHOLE_TABLE = re.compile(
    r"SCAN (rowlock_)?(schedule|firing|s|f)\b(?! USING)"
    r"|Seq Scan on rowlock_(schedule|firing)"
    r"|^\S+ \S+ (rowlock_(schedule|firing)|s|f) ALL ",
    re.MULTILINE,
)
DUE = "ix_rowlock_schedule_due"


class Full(NamedTuple):
    """A database with many schedules, two of which are due, and many firings."""

    engine: str
    storage: Storage
    schedules: list[Schedule]
    known: Moment


@pytest.fixture(scope="module", params=DURABLE)
def storage(request: pytest.FixtureRequest, tmp_path_factory: Any) -> Iterator[Storage]:
    """A database of this module alone: its statistics are part of the test."""
    engine: str = request.param
    if engine == "sqlite":
        path = tmp_path_factory.mktemp("plans") / "rowlock.db"
        with closing(migrate(open_storage(f"sqlite:///{path}"))) as storage:
            yield storage
        return
    server: str = request.getfixturevalue(f"{engine}_server")
    with storage_of_its_own(server) as storage:
        yield storage


@pytest.fixture(scope="module")
def filled(storage: Storage) -> Full:
    """Most schedules are paused or due later, as they are."""
    schedules = [_schedule(number) for number in range(SCHEDULES)]
    storage.runner.run(_inserted, storage, schedules)
    owner = schedules[0].id
    for part in range(0, FIRINGS, 5_000):
        firings = [_firing(owner, number) for number in range(part, part + 5_000)]
        storage.runner.run(storage.firings.insert_firings, firings)
    engine = {"SQLite": "sqlite", "PostgreSQL": "postgres"}.get(storage.engine, "mariadb")
    return Full(engine, storage, schedules, Moment(owner, after(60)))


def _schedule(number: int) -> Schedule:
    name = f"s{number}"
    due = after(-1) if number < 2 else after(60 + number)
    one = Schedule(name=name, key=name, rule=RULE, definition="x", next_at=due, due_at=due)
    if number % 3:
        return one
    return replace(one, status=ScheduleStatus.PAUSED, next_at=None, due_at=None)


def _firing(schedule: UUID, number: int) -> Firing:
    moment = after(60 * number)
    return Firing(
        schedule=schedule,
        occurrence=moment,
        outcome=Outcome.FIRED,
        at=moment,
        task=derived_task_id(schedule, moment),
    )


def _inserted(storage: Storage, schedules: list[Schedule]) -> Plan[None]:
    yield BEGIN
    for one in schedules:
        yield storage.catalog.bind("insert_schedule", now=T0, **schedule_columns(one))


OPERATIONS: dict[str, Callable[[Full], Plan[Any]]] = {
    "next": lambda on: on.storage.firings.seconds_to_next_schedule(now=T0),
    "due": lambda on: on.storage.firings.lock_due_schedules(limit=50, now=T0),
    "move": lambda on: on.storage.firings.move_schedules(on.schedules[:1]),
    "read firings": lambda on: on.storage.firings.read_firings([on.known]),
    "live runs": lambda on: on.storage.firings.has_live_run(on.known.schedule, last=100),
    "insert firings": lambda on: on.storage.firings.insert_firings([_firing(new_task_id(), 0)]),
    "list firings": lambda on: on.storage.schedules.list_firings(on.known.schedule, limit=50),
    "prune firings": lambda on: on.storage.firings.prune_firings(
        older_than=timedelta(hours=1), limit=50, now=after(7_200)
    ),
    "get": lambda on: on.storage.schedules.get_schedule("default", "s7"),
    "get by id": lambda on: on.storage.schedules.get_schedule_by_id("default", on.schedules[7].id),
    "page": lambda on: on.storage.firings.page_schedules(on.schedules[7].id, limit=50),
}


def plans_of(name: str, on: Full) -> dict[str, str]:
    driver = driver_of(on.storage)

    def explain(connection: Any, statement: Statement) -> str:
        if isinstance(connection, sqlite3.Connection):
            return test_sqlite_plans.explain(connection, statement)
        if isinstance(connection, psycopg.Connection):
            return test_postgres_plans.explain(connection, statement)
        return test_mariadb_plans.explain(driver, connection, statement)

    return explained(driver, explain, lambda: OPERATIONS[name](on))


@pytest.fixture(params=["unknown", "analyzed"])
def known(request: pytest.FixtureRequest, filled: Full) -> Full:
    """The planner knows nothing, or all that ANALYZE finds."""
    if request.param == "analyzed":
        for name in table_names(filled.storage):
            filled.storage.runner.run(sql_plan, ANALYZE[filled.engine].format(name))
    return filled


# Where half of a table is wanted, or it is taken for empty, reading all of it is no mistake: these
# run once for what fires, not for a look.
NEED_STATISTICS = {"move", "page"}


@pytest.mark.parametrize("name", sorted(OPERATIONS.keys() - NEED_STATISTICS))
def test_no_operation_reads_all_schedules_or_firings(known, name):
    plans = plans_of(name, known)
    assert plans
    assert {step: plan for step, plan in plans.items() if WHOLE_TABLE.search(plan)} == {}


@pytest.mark.parametrize("known", ["analyzed"], indirect=True)
@pytest.mark.parametrize("name", sorted(NEED_STATISTICS))
def test_schedules_are_reached_by_their_ids(known, name):
    plans = plans_of(name, known)
    assert {step: plan for step, plan in plans.items() if WHOLE_TABLE.search(plan)} == {}


@pytest.mark.parametrize("name", ["next", "due"])
def test_due_schedules_are_found_by_their_index(known, name):
    [plan] = plans_of(name, known).values()
    assert DUE in plan


@pytest.mark.parametrize("name", ["prune firings"])
def test_old_firings_are_found_by_their_index(known, name):
    plan = "\n".join(plans_of(name, known).values())
    assert "ix_rowlock_firing_at" in plan
