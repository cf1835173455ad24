"""What schedules fire, on every engine, under a clock that is moved."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from rowlock import ScheduleStatus
from rowlock.app.schedule_pattern import StoredPattern
from rowlock.errors import (
    DefinitionClosedError,
    DuplicateTaskError,
    InvalidValueError,
    UnknownDefinitionError,
)
from rowlock.ops import firing
from rowlock.ops.firing import fire_due
from rowlock.ops.refreshing import refresh_schedules
from rowlock.testing import drain, run_task
from tests.app.firing_steps import HOUR, NOON, fire, fire_at, hourly, next_in, noon, planned, tasks
from tests.support.backends import DURABLE, sql_plan


@pytest.fixture
def time(app):
    with noon(app) as moved:
        yield moved


pytestmark = pytest.mark.usefixtures("time")


def test_a_due_schedule_enqueues_one_task(app, time):
    """C71."""
    made = hourly(app, arguments={"kind": "long"}, queue="slow", priority=3, tags=["a"])
    assert fire(app) == []
    [done] = fire_at(app, time, HOUR + 60)
    [task] = tasks(app)
    assert (task.definition, task.queue, task.priority, task.payload, task.tags) == (
        "report", "slow", 3, {"kind": "long"}, ("a",)
    )  # fmt: skip
    assert (done.queue, done.tasks, done.error) == ("slow", (task.id,), None)
    after = app.get_schedule("hourly")
    assert (after.status, after.runs, after.missed, next_in(after)) == (
        ScheduleStatus.ACTIVE, 1, 0, 2 * HOUR
    )  # fmt: skip
    assert (after.last_run_at, after.last_task) == (NOON + timedelta(seconds=HOUR + 60), task.id)
    assert after.updated_at == made.updated_at
    assert fire(app) == []
    [firing] = app.list_firings("hourly")
    assert (firing.occurrence, firing.late, firing.task) == (
        NOON + timedelta(hours=1), timedelta(seconds=60), task.id
    )  # fmt: skip


def test_the_id_of_a_task_sorts_among_those_of_its_time(app, time):
    hourly(app)
    fire_at(app, time, HOUR)
    [task] = tasks(app)
    assert task.id.version == 8
    assert task.id.int >> 80 == int((NOON.timestamp() + HOUR) * 1000)


@pytest.mark.parametrize("status", ["draft", "paused", "canceled"])
def test_only_an_active_schedule_fires(app, time, status):
    """C72."""
    hourly(app)
    hourly(app, "gone")
    app.update_schedule("hourly", status=status)
    app.delete_schedule("gone")
    assert fire_at(app, time, 3 * HOUR) == []
    assert tasks(app) == []


def test_after_its_runs_a_schedule_is_completed(app, time):
    """C73."""
    hourly(app, max_runs=3)
    for hour in range(1, 6):
        fire_at(app, time, hour * HOUR)
    after = app.get_schedule("hourly")
    assert (after.status, after.runs, after.next_at) == (ScheduleStatus.COMPLETED, 3, None)
    assert len(tasks(app)) == 3


def test_after_its_end_a_schedule_is_completed(app, time):
    """C73."""
    hourly(app, ends_at=NOON + timedelta(hours=2))
    fire_at(app, time, HOUR)
    assert app.get_schedule("hourly").status is ScheduleStatus.ACTIVE
    fire_at(app, time, 2 * HOUR)
    after = app.get_schedule("hourly")
    assert (after.status, after.runs) == (ScheduleStatus.COMPLETED, 2)


def test_an_end_that_was_brought_forward_is_kept(app, time):
    hourly(app)
    fire_at(app, time, HOUR + 1)
    with pytest.raises(InvalidValueError, match="no occurrence left"):
        app.update_schedule("hourly", ends_at=NOON + timedelta(minutes=90))
    app.core.storage.runner.run(
        sql_plan,
        "UPDATE rowlock_schedule SET ends_at = starts_at, next_at = :at, due_at = :at",
        {"at": NOON + timedelta(minutes=80)},
    )
    assert len(fire_at(app, time, 1.5 * HOUR)) == 1
    assert app.get_schedule("hourly").status is ScheduleStatus.COMPLETED
    assert len(tasks(app)) == 1


def test_a_rule_that_happens_once_is_completed_after_it(app, time):
    """C69."""
    app.create_schedule("once", {"frequency": "none", "startsAt": "2030-01-01T13:00:00Z"}, "report")
    fire_at(app, time, HOUR)
    fire_at(app, time, 9 * HOUR)
    assert app.get_schedule("once").status is ScheduleStatus.COMPLETED
    assert len(tasks(app)) == 1


def test_25_due_schedules_fire_in_one_pass(app, time):
    """C74."""
    for number in range(25):
        hourly(app, f"s{number}")
    assert len(fire_at(app, time, HOUR)) == 25
    assert len(tasks(app)) == 25
    assert len({task.id for task in tasks(app)}) == 25


def test_more_schedules_than_one_pass_takes_are_fired_by_the_next(app, time):
    for number in range(5):
        hourly(app, f"s{number}")
    time.move_to(NOON + timedelta(hours=1))
    assert [len(fire(app, limit=2)) for _ in range(4)] == [2, 2, 1, 0]
    assert len(tasks(app)) == 5


@pytest.mark.parametrize(
    ("policy", "hours", "missed", "history"),
    [
        ("skip", [], 3, [(3 * HOUR, "skipped", "missed", 2)]),
        ("latest", [3], 2, [(3 * HOUR, "fired", None, 2)]),
        ("all", [2, 3], 1, [(2 * HOUR, "fired", None, 1), (3 * HOUR, "fired", None, 0)]),
    ],
)
def test_downtime_is_made_up_for_by_policy(app, time, policy, hours, missed, history):
    """C75, F80."""
    hourly(app, catch_up=policy, catch_up_limit=2)
    fire_at(app, time, 3.5 * HOUR)
    assert len(tasks(app)) == len(hours)
    assert planned(app, "hourly") == history
    after = app.get_schedule("hourly")
    assert (after.runs, after.missed, next_in(after)) == (len(hours), missed, 4 * HOUR)
    fire_at(app, time, 4 * HOUR)
    assert len(tasks(app)) == len(hours) + 1


def test_skip_leaves_out_what_comes_while_the_last_task_is_unfinished(app, time):
    hourly(app, overlap="skip")
    fire_at(app, time, HOUR)
    fire_at(app, time, 2 * HOUR)
    [first] = tasks(app)
    assert planned(app, "hourly")[1:] == [(2 * HOUR, "skipped", "overlap", 0)]
    run_task(app, first)
    fire_at(app, time, 3 * HOUR)
    assert len(tasks(app)) == 2
    assert app.get_schedule("hourly").missed == 0


def test_one_waits_until_the_last_task_has_ended(app, time):
    hourly(app, overlap="queue_one")
    fire_at(app, time, HOUR)
    fire_at(app, time, 2 * HOUR)
    waiting = app.get_schedule("hourly")
    assert (waiting.waits, next_in(waiting), len(tasks(app))) == (True, 2 * HOUR, 1)
    fire_at(app, time, 3 * HOUR)
    assert planned(app, "hourly")[1:] == [(2 * HOUR, "skipped", "overlap", 0)]
    run_task(app, tasks(app)[0])
    fire_at(app, time, 3 * HOUR + 5)
    assert planned(app, "hourly")[2:] == [(3 * HOUR, "fired", None, 0)]
    after = app.get_schedule("hourly")
    assert (after.waits, next_in(after), after.runs, after.missed) == (False, 4 * HOUR, 2, 0)


def test_what_waits_goes_on_waiting_through_an_edit(app, time):
    """F81."""
    hourly(app, overlap="queue_one", catch_up="skip")
    fire_at(app, time, HOUR)
    fire_at(app, time, 2 * HOUR)
    time.move_to(NOON + timedelta(minutes=150))
    app.update_schedule("hourly", max_runs=5)
    fire(app)
    run_task(app, tasks(app)[0])
    fire_at(app, time, 9001)
    assert [seconds for seconds, *_ in planned(app, "hourly")] == [HOUR, 2 * HOUR]
    assert app.get_schedule("hourly").missed == 0


def test_jitter_delays_and_does_not_drift(app, time):
    hourly(app, jitter="30m")
    for hour in (1, 2, 3):
        due = app.get_schedule("hourly").due_at
        assert due is not None
        time.move_to(due - timedelta(microseconds=1))
        assert fire(app) == []
        time.move_to(due)
        assert len(fire(app)) == 1
        assert next_in(app.get_schedule("hourly")) == (hour + 1) * HOUR
    assert [after for after, *_ in planned(app, "hourly")] == [HOUR, 2 * HOUR, 3 * HOUR]


def test_a_missing_definition_is_told_and_does_not_stop_the_others(app, time):
    """C78."""
    hourly(app, "a")
    hourly(app, "b")
    app.core.storage.runner.run(
        sql_plan, "UPDATE rowlock_schedule SET definition = 'lost' WHERE name = 'a'"
    )
    failed, fired = sorted(fire_at(app, time, HOUR), key=lambda one: one.schedule.name)
    assert isinstance(failed.error, UnknownDefinitionError)
    assert fired.error is None
    assert len(tasks(app)) == 1
    broken = app.get_schedule("a")
    assert broken.problem is not None
    assert "'lost'" in broken.problem
    assert (next_in(broken), broken.runs) == (HOUR, 0)
    assert fire_at(app, time, HOUR + 59) == []
    app.create_definition("lost")
    assert len(fire_at(app, time, HOUR + 60)) == 1
    mended = app.get_schedule("a")
    assert (mended.problem, mended.runs, next_in(mended)) == (None, 1, 2 * HOUR)


def test_a_canceled_definition_is_told(app, time):
    """C53."""
    hourly(app)
    app.update_definition("report", status="canceled")
    [failed] = fire_at(app, time, HOUR)
    assert isinstance(failed.error, DefinitionClosedError)
    assert tasks(app) == []
    with pytest.raises(DefinitionClosedError):
        app.run_schedule("hourly")


def test_a_rule_that_cannot_be_read_any_more_is_told(app, time):
    hourly(app, "a")
    hourly(app, "b")
    gone = '{"cron": "0 * * * *", "zone": "Europe/Atlantis"}'
    app.core.storage.runner.run(
        sql_plan, "UPDATE rowlock_schedule SET rule = :rule WHERE name = 'a'", {"rule": gone}
    )
    errors = {one.schedule.name: one.error for one in fire_at(app, time, HOUR)}
    assert isinstance(errors["a"], InvalidValueError)
    assert errors["b"] is None
    assert [one.name for one in app.list_schedules()] == ["a", "b"]


def test_what_nobody_foresaw_is_told_and_does_not_stop_the_others(app, time):
    """As where another version stored an option in a shape that this one does not know."""
    hourly(app, "newer")
    hourly(app)
    novel = "UPDATE rowlock_schedule SET options = :novel WHERE name = 'newer'"
    app.core.storage.runner.run(sql_plan, novel, {"novel": '{"retry": {"novel": 1}}'})
    done = fire_at(app, time, HOUR)
    assert sorted(one.schedule.name for one in done if one.error) == ["newer"]
    after = app.get_schedule("newer")
    assert (after.runs, next_in(after), after.problem) == (0, HOUR, "KeyError: 'backoff'")
    assert app.get_schedule("hourly").runs == 1


def test_a_pass_leaves_more_than_enough_to_the_next(app, time, monkeypatch):
    monkeypatch.setattr(firing, "ENOUGH_FIRED", 5)
    for name in ("a", "b", "c"):
        hourly(app, name, catch_up="all")
    time.move_to(NOON + timedelta(hours=3))
    assert [len(fire(app)) for _ in range(3)] == [2, 1, 0]
    assert {name: app.get_schedule(name).runs for name in "abc"} == {"a": 3, "b": 3, "c": 3}


def test_a_clock_that_is_set_back_fires_nothing_again(app, time):
    """F73."""
    app.create_schedule("minutely", "* * * * *", "report")
    storage = app.core.storage
    fire_at(app, time, HOUR)
    for seconds in (60.0, 600.0, HOUR - 1):
        time.move_to(NOON + timedelta(seconds=seconds))
        storage.runner.run(refresh_schedules, storage, None, limit=10)
        assert fire(app) == []
    fire_at(app, time, HOUR + 60)
    assert [seconds for seconds, *_ in planned(app, "minutely")] == [HOUR, HOUR + 60]
    assert len(tasks(app)) == app.get_schedule("minutely").runs == 2


def test_a_clock_that_jumps_ahead_loses_nothing_once_it_is_right(app, time):
    """F72."""
    app.create_schedule("minutely", "* * * * *", "report", catch_up="all")
    fire_at(app, time, HOUR)
    assert fire_at(app, time, 120) == []
    fire_at(app, time, HOUR + 120)
    assert [seconds for seconds, *_ in planned(app, "minutely")] == [
        60.0 * number for number in range(63)
    ]


def test_a_task_under_the_same_unique_key_stands_in_the_way(app, time):
    hourly(app, unique=True, arguments={"kind": "x"})
    app.enqueue("report", {"kind": "x"}, unique=True)
    fire_at(app, time, HOUR)
    assert planned(app, "hourly") == [(HOUR, "skipped", "duplicate", 0)]
    assert app.get_schedule("hourly").runs == 0
    with pytest.raises(DuplicateTaskError):
        app.run_schedule("hourly")
    drain(app)
    fire_at(app, time, 2 * HOUR)
    assert planned(app, "hourly")[1:] == [(2 * HOUR, "fired", None, 0)]


def test_what_code_says_of_tags_and_keys_holds_whoever_fires(app, time, opened):
    @app.task(tags=["t"], unique=["kind"], queue="slow", priority=2)
    def marked(kind: str = "x", more: int = 1) -> None: ...

    app.create_schedule("x", "@every 1h", marked, arguments={"more": 2})
    own = marked.enqueue(more=3)
    assert own.unique_key is not None
    fire(app)
    fire_at(app, time, HOUR)
    assert [reason for _, _, reason, _ in planned(app, "x")] == ["duplicate", "duplicate"]
    drain(app)
    fire_at(app, time, 2 * HOUR)
    task = tasks(app)[-1]
    assert (task.tags, task.unique_key, task.queue, task.priority) == (
        ("t",), own.unique_key, "slow", 2
    )  # fmt: skip


@pytest.mark.parametrize("backend", DURABLE, indirect=True)
def test_schedules_of_all_namespaces_fire_and_their_tasks_stay_there(app, time, opened):
    other = opened(namespace="other")
    other.core.storage.catalog.clock = app.core.storage.catalog.clock
    other.create_definition("report", queue="theirs")
    hourly(app, "ours")
    hourly(other, "theirs")
    done = fire_at(app, time, HOUR)
    assert sorted(one.schedule.namespace for one in done) == ["default", "other"]
    assert [task.queue for task in tasks(app)] == ["default"]
    assert [task.queue for task in tasks(other)] == ["theirs"]


def test_an_edit_of_what_is_due_loses_nothing_and_doubles_nothing(app, time):
    """F81."""
    hourly(app)
    time.move_to(NOON + timedelta(hours=1))
    app.update_schedule("hourly", description="new")
    app.update_schedule("hourly", rule="0 * * * *", zone="Europe/Berlin")
    fire(app)
    fire(app)
    assert [seconds for seconds, *_ in planned(app, "hourly")] == [HOUR]
    assert len(tasks(app)) == 1


def test_an_edit_at_the_very_moment_of_a_firing_does_not_look_back(app, time):
    hourly(app)
    fire_at(app, time, HOUR)
    changed = app.update_schedule("hourly", rule="0 * * * *")
    assert next_in(changed) == 2 * HOUR
    storage = app.core.storage
    storage.runner.run(refresh_schedules, storage, None, limit=10)
    assert app.get_schedule("hourly") == changed


def test_next_occurrences_follow_when_the_rules_of_a_zone_change(app, time):
    hourly(app)
    app.core.storage.runner.run(
        sql_plan,
        "UPDATE rowlock_schedule SET next_at = :at, due_at = :at",
        {"at": NOON + timedelta(minutes=30)},
    )
    storage = app.core.storage
    assert storage.runner.run(refresh_schedules, storage, None, limit=10) is None
    after = app.get_schedule("hourly")
    assert (next_in(after), after.version) == (HOUR, 2)
    assert storage.runner.run(refresh_schedules, storage, None, limit=1) == after.id
    assert app.get_schedule("hourly").version == 2


def test_a_stale_pass_writes_nothing(app, time):
    """The version that was read is the guard, whatever became of the lock."""
    made = hourly(app)
    time.move_to(NOON + timedelta(hours=1))
    storage = app.core.storage
    stale = storage.runner.read(storage.schedules.get_schedule, "default", "hourly")
    fire(app)
    assert stale is not None
    assert storage.runner.run(storage.firings.move_schedules, [stale]) == 0
    assert len(tasks(app)) == 1
    assert app.get_schedule("hourly").id == made.id


def test_a_pass_that_is_rolled_back_leaves_nothing(app, time):
    hourly(app)
    time.move_to(NOON + timedelta(hours=1))
    storage = app.core.storage

    def interrupted() -> Any:
        yield from fire_due(storage, StoredPattern(), limit=5)
        raise ValueError("before the commit")

    with pytest.raises(ValueError, match="before the commit"):
        storage.runner.run(interrupted)
    assert (tasks(app), app.list_firings("hourly")) == ([], [])
    assert len(fire(app)) == 1
    assert len(tasks(app)) == 1


def test_a_date_far_away_is_no_trouble(app):
    made = app.create_schedule("x", "0 0 29 2 mon", "report", zone="Pacific/Apia")
    assert made.next_at is not None
    assert made.next_at > datetime(2030, 1, 2, tzinfo=UTC)
