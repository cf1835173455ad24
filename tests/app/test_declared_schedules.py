"""Schedules that code declares, and how stored ones follow it, on every engine."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from rowlock import AsyncRowlock, Context, Rowlock, ScheduleStatus, TaskDefinition, Tasks
from rowlock.app.declared_schedules import declared_by, prune_schedules, undeclared_schedules
from rowlock.app.flow import run_flow
from rowlock.errors import InvalidValueError
from rowlock.model.changes import NOBODY
from rowlock.testing import clock
from tests.app.firing_steps import NOON, fire, fire_at, next_in, noon, tasks
from tests.support.backends import DURABLE


@pytest.fixture
def time(app):
    with noon(app) as moved:
        yield moved


def declaring(app: Rowlock, opened: Any, *rules: Any, **given: Any) -> Rowlock:
    """Another process with another version of the code, on the same database."""
    other: Rowlock = opened()
    other.core.storage.catalog.clock = app.core.storage.catalog.clock

    @other.task
    def report(kind: str = "short") -> str:
        return kind

    for number, rule in enumerate(rules):
        report.every(rule, name=f"s{number}", **given)
    return other


def test_a_decorator_above_the_tasks_declares(app, time):
    @app.schedule("0 9 * * mon-fri", zone="Europe/Berlin", name="Mornings")
    @app.schedule("2h", arguments={"kind": "x"}, catch_up="skip")
    @app.task(queue="slow")
    def nightly(kind: str = "y") -> None:
        """Report."""

    assert isinstance(nightly, TaskDefinition)
    sync = app.sync_schedules()
    assert sync.created == ("nightly", "Mornings")
    assert (sync.changed, sync.unchanged, sync.problems) == ((), (), {})
    first, second = app.list_schedules()
    assert (first.name, first.definition, first.rule["zone"]) == (
        "Mornings", "nightly", "Europe/Berlin"
    )  # fmt: skip
    assert (second.name, second.arguments, second.catch_up) == ("nightly", {"kind": "x"}, "skip")
    assert second.declared is not None
    assert next_in(second) == 0
    fire(app)
    assert [task.queue for task in tasks(app)] == ["slow"]


def test_a_decorator_alone_makes_a_task(app, time):
    @app.schedule("@hourly")
    async def ping(ctx: Context, name: str = "x") -> str:
        return name

    assert isinstance(ping, TaskDefinition)
    assert app.sync_schedules().created == ("ping",)
    assert app.get_schedule("ping").definition == "ping"


async def test_an_async_app_declares_alike(backend):
    async with AsyncRowlock(backend.url) as app:
        await app.migrate()
        with clock(app, NOON):

            @app.schedule("1h")
            @app.task
            async def ping() -> None: ...

            assert (await app.sync_schedules()).created == ("ping",)
            assert (await app.get_schedule("ping")).next_at == NOON


def test_a_collection_brings_its_schedules(app, time):
    jobs = Tasks()

    @jobs.task
    def clean() -> None: ...

    clean.every("1h")
    app.include(jobs, prefix="house.")
    clean.every("2h", name="slowly")
    assert app.sync_schedules().created == ("house.clean", "slowly")
    assert app.get_schedule("house.clean").definition == "house.clean"


@pytest.mark.parametrize(
    ("rule", "given", "field"),
    [
        ("61 * * * *", {}, "minute"),
        ("1h", {"zone": "Nowhere"}, "zone"),
        ("1h", {"status": "paused"}, "status"),
        ("1h", {"every": 3}, "every"),
        ("1h", {"name": ""}, "name"),
        ("1h", {"jitter": "x"}, "jitter"),
    ],
)
def test_a_bad_declaration_is_refused_where_it_stands(rule, given, field):
    app = Rowlock("memory://")

    @app.task
    def report() -> None: ...

    with pytest.raises(InvalidValueError) as error:
        report.every(rule, **given)
    assert error.value.field == field
    with pytest.raises(InvalidValueError) as error:
        app.schedule(rule, **given)
    assert error.value.field == field
    assert report.schedules == []
    app.close()


def test_two_schedules_of_a_definition_need_names():
    app = Rowlock("memory://")

    @app.task
    def report() -> None: ...

    report.every("1h")
    with pytest.raises(InvalidValueError, match="give each schedule a name"):
        report.every("2h")
    with pytest.raises(InvalidValueError, match="taken"):
        report.every("2h", name="RE-PORT")
    with pytest.raises(InvalidValueError, match=r"above @app\.task"):
        app.task(report)
    app.close()


def test_what_cannot_be_stored_is_told_and_the_others_are(app, time):
    @app.task
    def sized(size: int) -> None: ...

    sized.every("1h", name="bad", arguments={"size": "big"})
    sized.every("1h", name="over", arguments={"size": 1}, ends_at=NOON - timedelta(hours=1))
    sized.every("1h", name="good", arguments={"size": 1})

    @app.schedule("1h", name="GOOD")
    def other() -> None: ...

    sync = app.sync_schedules()
    assert sync.created == ("good",)
    assert sync.problems.keys() == {"bad", "over", "GOOD"}
    assert "size" in sync.problems["bad"]
    assert "no occurrence left" in sync.problems["over"]
    assert "already exists" in sync.problems["GOOD"]


@pytest.mark.parametrize("backend", DURABLE, indirect=True)
def test_only_what_the_code_changed_is_written(app, time, opened):
    first = declaring(app, opened, "1h", description="one", priority=3, queue="slow")
    assert first.sync_schedules().created == ("s0",)
    first.update_schedule("s0", priority=9, overlap="skip")
    assert first.sync_schedules().unchanged == ("s0",)
    second = declaring(app, opened, "2h", description="one", priority=3, queue="slow")
    sync = second.sync_schedules()
    assert (sync.changed, sync.created) == (("s0",), ())
    after = second.get_schedule("s0")
    assert (after.rule["cron"], after.priority, after.overlap) == ("@every 7200s", 9, "skip")
    assert second.sync_schedules().unchanged == ("s0",)
    third = declaring(app, opened, "2h", description="one", priority=4, queue="slow")
    third.sync_schedules()
    assert third.get_schedule("s0").priority == 4


def test_a_pause_and_a_deletion_stay(app, time, opened):
    other = declaring(app, opened, "1h", "2h")
    other.sync_schedules()
    other.pause_schedule("s0")
    other.delete_schedule("s1")
    sync = other.sync_schedules()
    assert (sync.unchanged, sync.deleted) == (("s0",), ("s1",))
    assert other.get_schedule("s0").status is ScheduleStatus.PAUSED
    assert [one.name for one in other.list_schedules()] == ["s0"]
    other.delete_schedule("s0", soft=False)
    assert other.sync_schedules().created == ("s0",)


def test_code_takes_over_what_was_made_by_hand_and_leaves_it_paused(app, time):
    app.create_schedule("report", "5h", "report")
    app.pause_schedule("report")
    definition = next(one for one in app.definitions if one.alias == "report")
    definition.every("1h")
    assert app.sync_schedules().changed == ("report",)
    after = app.get_schedule("report")
    assert (after.rule["cron"], after.status) == ("@every 3600s", ScheduleStatus.PAUSED)
    assert after.declared is not None


@pytest.mark.parametrize("backend", DURABLE, indirect=True)
def test_a_completed_one_goes_on_when_code_gives_it_more_runs(app, time, opened):
    first = declaring(app, opened, "1h", max_runs=1)
    first.sync_schedules()
    fire(first)
    assert first.get_schedule("s0").status is ScheduleStatus.COMPLETED
    second = declaring(app, opened, "1h", max_runs=2)
    assert second.sync_schedules().changed == ("s0",)
    after = second.get_schedule("s0")
    assert (after.status, after.runs, next_in(after)) == (ScheduleStatus.ACTIVE, 1, 0)
    fire_at(second, time, 3600)
    assert second.get_schedule("s0").status is ScheduleStatus.COMPLETED


def test_what_is_no_longer_declared_is_reported_and_pruned_when_asked(app, time, opened):
    declared = declaring(app, opened, "1h", "2h")
    declared.sync_schedules()
    declared.create_schedule("by-hand", "1h", "report")
    [definition] = declared.definitions
    definition.schedules.pop()
    sync = declared.sync_schedules()
    assert (sync.unchanged, sync.undeclared, sync.pruned) == (("s0",), ("s1",), ())
    assert declared.get_schedule("s1").status is ScheduleStatus.ACTIVE
    sync = declared.sync_schedules(prune=True, actor="ann", reason="gone")
    assert (sync.undeclared, sync.pruned) == (("s1",), ("s1",))
    assert [one.name for one in declared.list_schedules()] == ["by-hand", "s0"]
    entry = declared.audit(limit=1)[0]
    assert (entry.action, entry.target, entry.actor, entry.reason) == (
        "delete",
        "s1",
        "ann",
        "gone",
    )
    definition.every("2h", name="s1")
    assert declared.sync_schedules().created == ("s1",)


def test_what_fires_while_somebody_is_asked_is_pruned_and_what_is_declared_again_is_not(
    app, time, opened
):
    declared = declaring(app, opened, "1h", "1h", "1h")
    declared.sync_schedules()
    [definition] = declared.definitions
    del definition.schedules[1:]
    gone = run_flow(declared.core, undeclared_schedules(declared.core, declared_by(declared.core)))
    assert [one.name for one in gone] == ["s1", "s2"]
    fire_at(declared, time, 3600)
    definition.every("2h", name="s2")
    declared.sync_schedules()
    assert run_flow(declared.core, prune_schedules(declared.core, gone, by=NOBODY)) == ("s1",)
    assert [one.name for one in declared.list_schedules()] == ["s0", "s2"]


@pytest.mark.parametrize("backend", DURABLE, indirect=True)
def test_starting_workers_of_one_code_store_it_once(app, time, opened):
    apps = [declaring(app, opened, "1h", "2h") for _ in range(4)]
    with ThreadPoolExecutor(len(apps)) as threads:
        syncs = list(threads.map(lambda one: one.sync_schedules(), apps))
    assert sorted(name for sync in syncs for name in sync.created) == ["s0", "s1"]
    assert all(not sync.problems for sync in syncs)
