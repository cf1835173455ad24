"""Schedules in tests: fired when the test's clock reaches them, on every engine."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from rowlock import RetryPolicy, Rowlock, TaskState
from rowlock.backoff import Backoff
from rowlock.errors import DefinitionClosedError, InvalidValueError, TaskFailedError
from rowlock.testing import ado_upkeep, adrain, clock, do_upkeep, drain
from tests.support.backends import DURABLE

NEW_YEAR = datetime(2031, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
TEN_MINUTES = RetryPolicy(backoff=Backoff.FIXED, base=timedelta(minutes=10), jitter=False)


def hourly(app, **given):
    """A definition that notes when it was run, and its schedule."""
    runs = []

    @app.task
    def note() -> None:
        runs.append(given_clock.now)

    given_clock = app.core.storage.catalog.clock
    app.create_schedule("hourly", "0 * * * *", note, **given)
    return runs


def test_what_is_due_by_the_clock_is_fired_and_run(app):
    with clock(app, NEW_YEAR + timedelta(minutes=30)) as time:
        runs = hourly(app)
        assert drain(app) == []
        time.advance("30m")
        assert [run.outcome for run in drain(app)] == ["succeeded"]
        assert drain(app) == []
        assert runs == [NEW_YEAR + HOUR]
        [firing] = app.list_firings("hourly")
        assert (firing.occurrence, firing.late) == (NEW_YEAR + HOUR, timedelta(0))


@pytest.mark.parametrize(("catch_up", "count"), [("skip", 0), ("latest", 1), ("all", 5)])
def test_a_jump_of_the_clock_is_downtime(app, catch_up, count):
    with clock(app, NEW_YEAR + timedelta(minutes=30)) as time:
        hourly(app, catch_up=catch_up)
        time.advance("5h")
        assert len(drain(app)) == count
        assert app.get_schedule("hourly").missed == 5 - count


def test_until_a_moment_each_occurrence_has_its_own_time(app):
    with clock(app, NEW_YEAR + timedelta(minutes=30)) as time:
        runs = hourly(app)
        assert len(drain(app, until=NEW_YEAR + 3 * HOUR)) == 3
        assert runs == [NEW_YEAR + number * HOUR for number in (1, 2, 3)]
        assert time.now == NEW_YEAR + 3 * HOUR
        drain(app, until=NEW_YEAR + timedelta(hours=3, minutes=30))
        assert (len(runs), time.now) == (3, NEW_YEAR + timedelta(hours=3, minutes=30))


def test_until_a_moment_tasks_run_when_they_are_due_and_later_ones_wait(app):
    seen = []

    @app.task
    def once(word: str) -> None:
        seen.append((word, time.now - NEW_YEAR))

    with clock(app, NEW_YEAR) as time:
        app.create_schedule(
            "hourly", "1h", once, starts_at=NEW_YEAR + HOUR, arguments={"word": "hour"}
        )
        once.options(delay="90m").enqueue("late")
        far = once.options(delay="1d").enqueue("far")
        drain(app, until=NEW_YEAR + 2 * HOUR)
        assert app.get_task(far).state is TaskState.SCHEDULED
    assert seen == [("hour", HOUR), ("late", 1.5 * HOUR), ("hour", 2 * HOUR)]


def test_without_until_the_clock_follows_tasks_alone(app):
    tries = []

    @app.task(max_attempts=2, retry=TEN_MINUTES)
    def flaky() -> None:
        tries.append(time.now)
        if len(tries) == 1:
            raise ConnectionError

    with clock(app, NEW_YEAR + timedelta(minutes=30)) as time:
        runs = hourly(app)
        flaky.enqueue()
        drain(app, with_scheduled=True, with_errors="record")
        assert (len(tries), runs) == (2, [])
        assert time.now == NEW_YEAR + timedelta(minutes=40)
        flaky.options(delay="3h").enqueue()
        drain(app, with_scheduled=True)
        assert len(runs) == 1
        assert app.get_schedule("hourly").missed == 2


def test_a_clock_is_there_as_long_as_it_is_needed(app):
    @app.task
    def work() -> None: ...

    app.create_schedule("daily", "1d", work)
    before = app.core.storage.catalog.clock
    assert len(drain(app, until=datetime.now(UTC) + timedelta(days=3))) == 3
    assert app.core.storage.catalog.clock is before


def test_upkeep_fires_and_runs_nothing(app):
    with clock(app, NEW_YEAR + timedelta(minutes=30)) as time:
        runs = hourly(app)
        do_upkeep(app)
        assert app.list_tasks() == []
        time.advance("1h")
        do_upkeep(app)
        [task] = app.list_tasks()
        assert (task.state, task.created_at, runs) == (TaskState.QUEUED, time.now, [])


def test_a_schedule_that_cannot_fire_is_raised_or_recorded(app):
    with clock(app, NEW_YEAR + timedelta(minutes=30)) as time:
        hourly(app)
        app.update_definition("note", status="canceled")
        time.advance("1h")
        with pytest.raises(DefinitionClosedError, match="takes no new tasks") as raised:
            drain(app)
        assert raised.value.__notes__ == ["in schedule hourly"]
        assert "takes no new tasks" in (app.get_schedule("hourly").problem or "")
        app.update_definition("note", status="active")
        time.advance("1m")
        assert len(drain(app)) == 1
        app.update_definition("note", status="canceled")
        time.advance("1h")
        assert drain(app, with_errors="record") == []
        do_upkeep(app)


def test_declared_schedules_are_fired_once_they_are_stored(app):
    @app.schedule("0 9 * * mon-fri", zone="Europe/Berlin")
    @app.task
    def report() -> str:
        return "done"

    with clock(app, NEW_YEAR) as time:
        assert drain(app, until=NEW_YEAR + timedelta(days=1)) == []
        assert app.sync_schedules().created == ("report",)
        runs = drain(app, until=time.now + timedelta(days=7))
        assert [run.result for run in runs] == ["done"] * 5


def test_schedules_without_end_reach_the_limit(memory_app):
    @memory_app.task
    def tick() -> None: ...

    memory_app.create_schedule("tick", "1s", tick)
    with pytest.raises(TaskFailedError, match="after 20 attempts"):
        drain(memory_app, until=datetime.now(UTC) + HOUR, limit=20)


def test_until_must_be_a_moment_to_come(memory_app):
    with clock(memory_app, NEW_YEAR):
        with pytest.raises(InvalidValueError, match="until: has passed"):
            drain(memory_app, until=NEW_YEAR - HOUR)
        with pytest.raises(InvalidValueError, match="until"):
            drain(memory_app, until=datetime(2040, 1, 1))  # noqa: DTZ001 - what is refused


@pytest.mark.parametrize("backend", DURABLE, indirect=True)
def test_other_namespaces_are_fired_but_do_not_fail_the_test(backend):
    with Rowlock(backend.url) as mine, Rowlock(backend.url, namespace="other") as other:
        other.create_definition("work")
        other.create_schedule("work", "1h", "work")
        other.delete_definition("work")
        assert drain(mine, until=datetime.now(UTC) + 2 * HOUR) == []
        assert other.get_schedule("work").problem is not None


async def test_async_tests_have_the_same(async_app):
    @async_app.task
    async def work() -> int:
        return 7

    with clock(async_app, NEW_YEAR) as time:
        await async_app.create_schedule("hourly", "1h", work, starts_at=NEW_YEAR + HOUR)
        runs = await adrain(async_app, until=NEW_YEAR + timedelta(hours=3))
        assert [run.result for run in runs] == [7, 7, 7]
        time.advance("1h")
        await ado_upkeep(async_app)
        assert len(await async_app.list_tasks(states=("queued",))) == 1
