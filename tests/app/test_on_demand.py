"""Schedules run by hand and backfilled, on every engine, under a clock that is moved."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from rowlock import Backfill
from rowlock.errors import (
    InvalidValueError,
)
from rowlock.ops.on_demand import FIRING_RETENTION
from rowlock.testing import run_task
from tests.app.firing_steps import HOUR, NOON, fire, fire_at, hourly, next_in, noon, planned, tasks
from tests.app.steps import count


@pytest.fixture
def time(app):
    with noon(app) as moved:
        yield moved


pytestmark = pytest.mark.usefixtures("time")


def test_a_schedule_is_run_by_hand(app, time):
    hourly(app, arguments={"kind": "y"}, queue="slow", max_runs=5)
    task = app.run_schedule("hourly", actor="ann", reason="now")
    assert (task.payload, task.queue, task.state) == ({"kind": "y"}, "slow", "queued")
    after = app.get_schedule("hourly")
    assert (after.runs, next_in(after), after.last_task) == (0, HOUR, task.id)
    [firing] = app.list_firings("hourly")
    assert (firing.reason, firing.task, firing.outcome) == ("manual", task.id, "fired")
    entry = next(one for one in app.audit() if one.action == "run")
    assert (entry.target, entry.actor, entry.detail) == ("hourly", "ann", {"task": str(task.id)})
    assert app.run_schedule("hourly").id != task.id


def test_a_run_by_hand_is_no_occurrence(app, time):
    hourly(app)
    time.move_to(NOON + timedelta(hours=1))
    app.run_schedule("hourly")
    fire(app)
    assert len(tasks(app)) == 2


def test_a_run_by_hand_counts_for_overlap(app, time):
    hourly(app, overlap="skip")
    app.run_schedule("hourly")
    fire_at(app, time, HOUR)
    assert [reason for _, _, reason, _ in planned(app, "hourly")] == ["manual", "overlap"]


def test_overlap_looks_at_every_run_and_not_only_at_the_last(app, time):
    hourly(app, overlap="skip")
    fire_at(app, time, HOUR)
    [scheduled] = tasks(app)
    run_task(app, app.run_schedule("hourly"))
    fire_at(app, time, 2 * HOUR)
    assert planned(app, "hourly")[-1] == (2 * HOUR, "skipped", "overlap", 0)
    run_task(app, scheduled)
    fire_at(app, time, 3 * HOUR)
    assert planned(app, "hourly")[-1] == (3 * HOUR, "fired", None, 0)


def test_a_range_is_backfilled_once(app, time):
    app.create_schedule("x", "*/10 * * * *", "report", arguments={"kind": "old"})
    start = NOON - timedelta(hours=20)
    seen: list[Backfill] = []
    done = app.backfill_schedule("x", start, NOON, actor="ann", on_progress=seen.append)
    assert (done.fired, done.known, done.next_at) == (120, 0, None)
    assert [(one.fired, one.next_at is None) for one in seen] == [(100, False), (120, True)]
    again = app.backfill_schedule("x", start - timedelta(hours=1), NOON)
    assert (again.fired, again.known) == (6, 120)
    assert count(app, "task") == 126
    assert {task.payload["kind"] for task in tasks(app)} == {"old"}
    assert next_in(app.get_schedule("x")) == 0
    assert {reason for _, _, reason, _ in planned(app, "x")} == {"backfill"}
    entry = next(one for one in app.audit() if one.action == "backfill" and one.actor == "ann")
    assert entry.detail == {"start": start.isoformat(), "end": NOON.isoformat()}


def test_a_dry_run_counts_and_stores_nothing(app):
    app.create_schedule("x", "*/10 * * * *", "report", max_runs=3)
    start = NOON - timedelta(hours=20)
    app.backfill_schedule("x", NOON - timedelta(hours=1), NOON)
    seen: list[Backfill] = []
    plan = app.backfill_schedule("x", start, NOON, dry_run=True, on_progress=seen.append)
    assert (plan.fired, plan.known, len(seen)) == (114, 6, 2)
    assert count(app, "task") == 6
    assert len(planned(app, "x")) == 6
    assert [one.action for one in app.audit()].count("backfill") == 1
    done = app.backfill_schedule("x", start, NOON)
    assert (done.fired, done.known) == (114, 6)


def test_an_interrupted_backfill_goes_on_where_it_stopped(app):
    app.create_schedule("x", "*/10 * * * *", "report")

    def interrupt(done: Backfill) -> None:
        raise KeyboardInterrupt

    start = NOON - timedelta(hours=20)
    with pytest.raises(KeyboardInterrupt):
        app.backfill_schedule("x", start, NOON, on_progress=interrupt)
    assert count(app, "task") == 100
    done = app.backfill_schedule("x", start, NOON)
    assert (done.fired, done.known) == (20, 100)


def test_long_arguments_are_backfilled_and_caught_up_with(app, time):
    app.create_schedule(
        "long", "* * * * *", "report", catch_up="all", arguments={"kind": "x" * 1_000_000}
    )
    assert app.backfill_schedule("long", NOON - timedelta(minutes=20), NOON).fired == 20
    [done] = fire_at(app, time, 19 * 60)
    assert (len(done.tasks), done.error) == (20, None)


def test_after_its_end_there_is_nothing_to_backfill(app, time):
    hourly(app, ends_at=NOON + timedelta(hours=2))
    time.move_to(NOON + timedelta(hours=9))
    done = app.backfill_schedule("hourly", NOON + timedelta(hours=1), NOON + timedelta(hours=9))
    assert (done.fired, done.known) == (2, 0)


def test_what_was_backfilled_is_not_fired_again(app, time):
    hourly(app)
    time.move_to(NOON + timedelta(hours=2, minutes=1))
    done = app.backfill_schedule("hourly", NOON, NOON + timedelta(hours=3) - timedelta(hours=1))
    assert done.fired == 1
    app.update_schedule("hourly", catch_up="all")
    fire(app)
    assert len(tasks(app)) == 2
    assert app.get_schedule("hourly").runs == 1


@pytest.mark.parametrize(
    ("start", "end", "field"),
    [
        (NOON, NOON, "end"),
        (NOON - timedelta(hours=1), NOON + timedelta(seconds=1), "end"),
        (datetime(2030, 1, 1), NOON, "start"),  # noqa: DTZ001 - refused
    ],
    ids=["empty", "future", "naive"],
)
def test_a_range_that_makes_no_sense_is_refused(app, start, end, field):
    hourly(app)
    with pytest.raises(InvalidValueError) as error:
        app.backfill_schedule("hourly", start, end)
    assert error.value.field == field
    assert tasks(app) == []


def test_a_range_of_which_too_little_is_known_is_refused(app, time):
    app.create_schedule("x", "0 0 * * *", "report")
    time.move_to(NOON + FIRING_RETENTION + timedelta(days=30))
    with pytest.raises(InvalidValueError, match="no longer known"):
        app.backfill_schedule("x", NOON + timedelta(days=1), NOON + timedelta(days=3))
    before = app.backfill_schedule("x", NOON - timedelta(days=3), NOON - timedelta(days=1))
    assert before.fired == 2
