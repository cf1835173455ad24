"""Workers fire schedules, on every engine."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from rowlock import AsyncRowlock, Rowlock, Worker
from rowlock.errors import RowlockError, StorageDataError, UnknownDefinitionError
from rowlock.model.definitions import Definition
from rowlock.model.schedules import Schedule
from rowlock.storage.storage import Storage
from rowlock.testing import clock
from rowlock.worker import scheduling
from rowlock.worker.scheduling import ScheduleRunner
from tests.app.firing_steps import NOON
from tests.support.backends import DURABLE, Backend, migrate, sql_plan
from tests.worker.steps import until, working

HOURLY = {"cron": "0 * * * *", "zone": "UTC", "gap": "end", "overlap": "first"}
DUE = "UPDATE odd_schedule SET next_at = :at, due_at = :at"
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def succeeded(app: Rowlock) -> int:
    return len(app.list_tasks(states=("succeeded",), limit=1000))


def planned(app: Rowlock, name: str) -> list[Any]:
    return [one.occurrence for one in app.list_firings(name, limit=1000)]


async def test_a_worker_stores_what_code_declares_and_fires_it(app):
    seen: list[str] = []

    @app.schedule("1s", arguments={"name": "ada"})
    @app.task
    async def greet(name: str) -> None:
        seen.append(name)

    async with working(app):
        await until(lambda: len(seen) >= 3)
    moments = planned(app, "greet")
    gaps = {later - earlier for later, earlier in pairwise(moments)}
    assert gaps == {timedelta(seconds=1)}
    assert app.get_schedule("greet").missed == 0


async def test_a_schedule_that_is_made_meanwhile_is_fired_at_once(app):
    @app.task
    async def ping() -> None: ...

    async with working(app):
        await asyncio.sleep(0.3)  # it sleeps until something changes
        app.create_schedule("soon", "1s", ping)
        await until(lambda: succeeded(app) >= 1, seconds=3)


@pytest.mark.parametrize("backend", ["postgres"], indirect=True)
async def test_a_schedule_that_another_process_makes_is_heard_of(app, opened):
    @app.task
    async def ping() -> None: ...

    async with working(app):
        await asyncio.sleep(0.5)
        opened().create_schedule("soon", "1s", "ping")
        await until(lambda: succeeded(app) >= 1, seconds=3)


@pytest.mark.parametrize("backend", DURABLE, indirect=True)
async def test_a_schedule_that_another_process_makes_is_found_by_looking(app, opened, monkeypatch):
    monkeypatch.setattr(scheduling, "POLL_SECONDS", 0.5)

    @app.task
    async def ping() -> None: ...

    async with working(app):
        opened().create_schedule("soon", "1s", "ping")
        await until(lambda: succeeded(app) >= 1)


async def test_several_workers_fire_each_occurrence_once(app):
    @app.schedule("1s")
    @app.task
    async def ping() -> None: ...

    async with working(app), working(app), working(app):
        await until(lambda: len(planned(app, "ping")) >= 4)
    moments = planned(app, "ping")
    assert len(set(moments)) == len(moments)
    assert len(app.list_tasks(limit=1000)) == len(moments)


def test_running_once_fires_what_is_due(app):
    app.migrate()
    ran: list[int] = []
    with clock(app, NOON) as time:

        @app.schedule("1h", catch_up="all")
        @app.task
        def ping() -> None:
            ran.append(1)

        assert Worker(app).run_once() == 1
        assert Worker(app).run_once() == 0
        time.advance("3h")
        assert Worker(app).run_once() == 3
    assert len(ran) == 4


async def test_a_schedule_that_cannot_fire_is_told_and_the_others_go_on(app, caplog):
    errors: list[tuple[Any, Any, RowlockError]] = []

    @app.on_error
    def told(queue: Any, task: Any, error: RowlockError) -> None:
        errors.append((queue, task, error))

    @app.schedule("1s")
    @app.task
    async def ping() -> None: ...

    app.create_definition("lost")
    app.create_schedule("broken", "1s", "lost", queue="odd")
    app.delete_definition("lost", soft=False)
    with caplog.at_level(logging.WARNING):
        async with working(app):
            await until(lambda: succeeded(app) >= 2)
            await until(lambda: errors)
    queue, task, error = errors[0]
    assert (queue, task, type(error)) == ("odd", None, UnknownDefinitionError)
    assert "schedule broken could not fire" in caplog.text
    assert len([one for one in errors if one[0] == "odd"]) == 1
    assert "'lost'" in (app.get_schedule("broken").problem or "")


async def test_what_cannot_be_stored_at_the_start_is_told(app, caplog):
    @app.task
    async def sized(size: int) -> None: ...

    sized.every("1s", name="bad")
    sized.every("1s", name="good", arguments={"size": 1})
    with caplog.at_level(logging.INFO):
        async with working(app):
            await until(lambda: succeeded(app) >= 1)
    assert "schedule bad cannot be stored: size" in caplog.text
    assert "schedules created: good" in caplog.text


@pytest.fixture
def odd(backend: Backend) -> Storage:
    """Tables of the test's own, which it may bend; with a definition and three schedules."""
    storage = migrate(backend.open_unmigrated("odd_"))
    definition = Definition(alias="ping", key="ping")
    storage.runner.run(storage.definitions.insert_definition, "default", definition)
    for name in ("a", "b", "c"):
        one = Schedule(
            name=name, key=name, rule=HOURLY, definition="ping", next_at=NOON, due_at=NOON
        )
        storage.runner.run(storage.schedules.insert_schedule, one)
    return storage


def stored(storage: Storage) -> dict[str, Schedule]:
    found = storage.runner.read(storage.schedules.list_schedules, "default")
    return {one.name: one for one in found}


async def test_a_schedule_that_the_database_refuses_stops_nobody(odd):
    """One bad row never fails a batch."""
    failed: list[tuple[str, Exception]] = []
    odd.catalog.clock = lambda: NOON
    index = "CREATE UNIQUE INDEX ix_odd_firing_moment ON odd_firing (occurrence)"
    odd.runner.run(sql_plan, index)
    runner = ScheduleRunner(odd, on_failure=lambda one, error: failed.append((one.name, error)))
    await runner.fire()
    runs = {name: one.runs for name, one in stored(odd).items()}
    assert sorted(runs.values()) == [0, 0, 1]
    refused = {name for name, count in runs.items() if not count}
    assert {name for name, _ in failed} == refused
    assert {type(error) for _, error in failed} == {StorageDataError}
    for name in refused:
        after = stored(odd)[name]
        assert after.problem
        assert (after.next_at, after.due_at) == (NOON, NOON + timedelta(minutes=1))
    await runner.fire()
    assert len(failed) == 2


async def test_what_another_process_holds_is_not_looked_at_all_the_time(odd):
    odd.runner.run(sql_plan, DUE, {"at": LONG_AGO})
    looks: list[str] = []
    bind = odd.catalog.bind

    def holding(name: str, /, **params: Any) -> Any:
        if name == "lock_due_schedules":
            looks.append(name)
            params["now"] = LONG_AGO - timedelta(days=1)
        return bind(name, **params)

    vars(odd.catalog)["bind"] = holding
    running = asyncio.create_task(ScheduleRunner(odd).run())
    await until(lambda: looks)
    await asyncio.sleep(0.5)
    running.cancel()
    assert 1 <= len(looks) <= 6


async def test_a_look_that_the_database_refuses_is_told_and_not_repeated_at_once(odd):
    errors: list[Exception] = []
    odd.runner.run(sql_plan, DUE, {"at": LONG_AGO})
    bind = odd.catalog.bind

    def refusing(name: str, /, **params: Any) -> Any:
        if name == "lock_due_schedules":
            raise StorageDataError("refused")
        return bind(name, **params)

    vars(odd.catalog)["bind"] = refusing
    running = asyncio.create_task(ScheduleRunner(odd, on_error=errors.append).run())
    await until(lambda: errors)
    running.cancel()
    assert len(errors) == 1


async def test_an_outage_is_told_and_outlived(odd):
    errors: list[Exception] = []
    odd.runner.run(sql_plan, "ALTER TABLE odd_firing RENAME TO odd_away")
    running = asyncio.create_task(ScheduleRunner(odd, on_error=errors.append).run())
    try:
        await until(lambda: errors)
        assert {one.runs for one in stored(odd).values()} == {0}
        odd.runner.run(sql_plan, "ALTER TABLE odd_away RENAME TO odd_firing")
        odd.runner.run(sql_plan, DUE, {"at": LONG_AGO})
        await until(lambda: {one.runs for one in stored(odd).values()} == {1})
    finally:
        running.cancel()


async def test_an_async_app_fires_alike(backend):
    async with AsyncRowlock(backend.url) as app:
        ran = asyncio.Event()

        @app.schedule("1s")
        @app.task
        async def ping() -> None:
            ran.set()

        worker = Worker(app)
        await worker.start()
        try:
            async with asyncio.timeout(10):
                await ran.wait()
        finally:
            await worker.stop(grace=0)


async def test_an_idle_worker_writes_nothing_for_schedules(app):
    @app.task
    async def ping() -> None: ...

    app.create_schedule("yearly", "@yearly", ping)
    storage = app.core.storage
    asked: list[str] = []
    bind = storage.catalog.bind

    def noting(name: str, /, **params: Any) -> Any:
        asked.append(name)
        return bind(name, **params)

    vars(storage.catalog)["bind"] = noting
    async with working(app):
        for _ in range(5):  # each is a hint that something changed
            app.enqueue("ping", {}, delay="1h")
            await asyncio.sleep(0.2)
    assert asked.count("lock_due_schedules") == 0
    assert 1 <= asked.count("next_schedule") <= 15
