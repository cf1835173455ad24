"""How each engine finds tickers among thousands, all of them due, with statistics or without."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from rowlock.model.ids import new_token
from rowlock.model.tickers import Ticker
from rowlock.ops import tickers as ops
from rowlock.plan import BEGIN, Plan
from rowlock.storage.storage import Storage
from rowlock.storage.url import open_storage
from tests.plans import test_mariadb_plans as mariadb
from tests.plans import test_postgres_plans as postgres
from tests.plans import test_sqlite_plans as sqlite
from tests.plans.explaining import driver_of, explained
from tests.support.backends import migrate, sql_plan
from tests.support.databases import fresh_database

pytestmark = pytest.mark.plans

COUNT = 5_000
ANALYZE = {"sqlite": "ANALYZE", "postgres": "ANALYZE", "mariadb": "ANALYZE TABLE rowlock_ticker"}
WHOLE_TABLE = re.compile(
    r"Seq Scan on rowlock_ticker|SCAN (rowlock_ticker|t)\b(?! USING INDEX)"
    r"|^\S+ \S+ (rowlock_ticker|t) ALL ",
    re.MULTILINE,
)
SORTED = re.compile(r"Sort Key: (?!t\.due_at)|TEMP B-TREE FOR ORDER BY|filesort")

OPERATIONS: dict[str, Callable[[Storage], Plan[Any]]] = {
    "look at tasks": lambda on: on.tickers.upcoming_tasks(limit=50),
    "make a task": lambda on: ops.make_tasks(on, [("default", "t77"), ("default", "t78")]),
    "look at any ticks": lambda on: on.tickers.upcoming_ticks("default", None, limit=10),
    "look at ticks": lambda on: on.tickers.upcoming_ticks("default", ["t5", "none"], limit=2),
    "take a tick": lambda on: on.tickers.take_tick("default", "t77", token=new_token()),
    "renew": lambda on: on.tickers.renew_tick(
        "default", "t77", token=new_token(), lease=timedelta(seconds=1)
    ),
    "confirm": lambda on: on.tickers.confirm_tick("default", "t77", token=new_token()),
    "get": lambda on: on.tickers.get_ticker("default", "t77"),
    "page": lambda on: on.tickers.list_tickers("default", limit=10),
}
INDEXES = {"look at tasks": "ix_rowlock_ticker_task", "look at any ticks": "ix_rowlock_ticker_due"}


@pytest.fixture(scope="module", params=["sqlite", "postgres", "mariadb"])
def engine(request: pytest.FixtureRequest) -> str:
    """Which engine."""
    engine: str = request.param
    return engine


@pytest.fixture(scope="module")
def storage(
    request: pytest.FixtureRequest, engine: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Storage]:
    """A database of this module alone."""
    if engine == "sqlite":
        path: Path = tmp_path_factory.mktemp("tickers") / "rowlock.db"
        with closing(migrate(open_storage(f"sqlite:///{path}"))) as storage:
            yield storage
        return
    with (
        fresh_database(request.getfixturevalue(f"{engine}_server")) as dsn,
        closing(migrate(open_storage(dsn, pool_size=1))) as storage,
    ):
        yield storage


@pytest.fixture(scope="module", params=["unknown", "analyzed"])
def statistics(request: pytest.FixtureRequest) -> str:
    """What the planner knows."""
    statistics: str = request.param
    return statistics


@pytest.fixture(scope="module")
def filled(statistics: str, engine: str, storage: Storage) -> Storage:
    """Thousands of tickers, of which the planner knows nothing or all that ANALYZE finds."""
    storage.runner.run(sql_plan, "DELETE FROM rowlock_ticker")
    storage.runner.run(_fill, storage)
    if statistics == "analyzed":
        storage.runner.run(sql_plan, ANALYZE[engine])
    return storage


def _fill(storage: Storage) -> Plan[None]:
    yield BEGIN
    for number in range(COUNT):
        ticker = Ticker(name=f"t{number}", queue="mail")
        yield from storage.tickers.insert_ticker("default", ticker)


def plans_of(name: str, engine: str, storage: Storage) -> dict[str, str]:
    explain: Any = {"sqlite": sqlite.explain, "postgres": postgres.explain}.get(engine)
    driver = driver_of(storage)
    if explain is None:
        explain = partial(mariadb.explain, driver)
    return explained(driver, explain, lambda: OPERATIONS[name](storage))


@pytest.mark.parametrize("name", OPERATIONS)
def test_no_operation_reads_all_tickers(filled, engine, name):
    plans = plans_of(name, engine, filled)
    assert plans
    assert {step: plan for step, plan in plans.items() if WHOLE_TABLE.search(plan)} == {}


# Without them PostgreSQL expects that a namespace has few tickers, and sorts them all.
@pytest.mark.parametrize("statistics", ["analyzed"], indirect=True)
@pytest.mark.parametrize("name", INDEXES)
def test_what_is_due_first_is_read_from_its_index_in_order(filled, engine, name):
    [plan] = plans_of(name, engine, filled).values()
    assert INDEXES[name] in plan
    assert not SORTED.search(plan), plan
