"""What the due occurrences of a schedule come to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from rowlock.model.schedules import CatchUp, FiringReason, RunOverlap, Schedule, ScheduleStatus
from rowlock.ops.occurrences import (
    COUNTED,
    ON_TIME,
    Look,
    Passing,
    awaiting,
    jittered,
    look,
    next_occurrence,
)
from rowlock.recurrence import parse

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
MISSED, OVERLAP = FiringReason.MISSED, FiringReason.OVERLAP


def every_minute(**given: Any) -> Schedule:
    """A schedule of every minute whose next occurrence is noon."""
    own: dict[str, Any] = {"name": "x", "key": "x", "definition": "x", "next_at": NOON}
    return Schedule(**{**own, "rule": parse("* * * * *").to_json(), **given})


def minutes(number: float) -> datetime:
    return NOON + number * MINUTE


def fired(seen: Look) -> list[float]:
    return [(one.occurrence - NOON) / MINUTE for one in seen.fired]


def skipped(seen: Look) -> list[tuple[float, int, FiringReason | None]]:
    return [((one.occurrence - NOON) / MINUTE, one.passed, one.reason) for one in seen.skipped]


def test_an_occurrence_on_time_is_fired_whatever_the_policy():
    for policy in CatchUp:
        seen = look(every_minute(catch_up=policy), NOON + timedelta(seconds=2), busy=False)
        assert (fired(seen), seen.skipped, seen.missed, seen.seen) == ([0], (), 0, NOON)


def test_nothing_is_due_before_the_next_occurrence():
    assert look(every_minute(), NOON - timedelta(microseconds=1), busy=False) == Look()
    assert look(every_minute(next_at=None), NOON, busy=False) == Look()


@pytest.mark.parametrize(
    ("policy", "fires", "missed"),
    [
        (CatchUp.SKIP, [], 181),
        (CatchUp.LATEST, [180], 180),
        (CatchUp.ALL, [176, 177, 178, 179, 180], 176),
    ],
)
def test_three_hours_of_downtime_by_policy(policy, fires, missed):
    late = minutes(180) + ON_TIME + timedelta(seconds=1)
    seen = look(every_minute(catch_up=policy, catch_up_limit=5), late, busy=False)
    assert fired(seen) == fires
    assert seen.missed == missed
    assert seen.seen == minutes(180)
    if fires:
        assert seen.fired[0].passed == missed
        assert seen.skipped == ()
    else:
        assert skipped(seen) == [(180, 180, MISSED)]


def test_skip_fires_the_one_that_is_not_late():
    seen = look(every_minute(catch_up=CatchUp.SKIP), minutes(3) + ON_TIME, busy=False)
    assert (fired(seen), seen.missed, seen.fired[0].passed) == ([3], 3, 3)


def test_very_many_missed_ones_are_counted_up_to_a_bound():
    rule = parse("* * * * * *").to_json()
    late = NOON + timedelta(days=400)
    for policy, count in ((CatchUp.LATEST, 1), (CatchUp.ALL, 100)):
        seen = look(every_minute(rule=rule, catch_up=policy), late, busy=False)
        assert len(seen.fired) == count
        assert seen.fired[-1].occurrence == late
        assert seen.missed >= COUNTED - 1
        assert seen.seen == late


def test_no_more_than_the_runs_that_are_left():
    schedule = every_minute(catch_up=CatchUp.ALL, max_runs=10, runs=8)
    seen = look(schedule, minutes(5), busy=False)
    assert (fired(seen), seen.missed) == ([0, 1], 0)


def test_nothing_after_the_end():
    schedule = every_minute(catch_up=CatchUp.ALL, ends_at=minutes(2))
    seen = look(schedule, minutes(5), busy=False)
    assert (fired(seen), seen.seen) == ([0, 1, 2], minutes(2))


def test_within_30_seconds_nothing_was_missed_whatever_the_policy():
    rule = parse("@every 10s").to_json()
    for policy in CatchUp:
        schedule = every_minute(rule=rule, catch_up=policy, catch_up_limit=1)
        seen = look(schedule, minutes(0.5), busy=False)
        assert (len(seen.fired), seen.missed) == (4, 0)
    later = minutes(0.5) + timedelta(seconds=1)
    assert len(look(every_minute(rule=rule), later, busy=False).fired) == 1
    skips = look(every_minute(rule=rule, catch_up=CatchUp.SKIP), later, busy=False)
    assert (len(skips.fired), skips.missed) == (3, 1)


@pytest.mark.parametrize("count", [COUNTED - 1, COUNTED, COUNTED + 1, COUNTED + 50])
def test_at_the_bound_missed_ones_are_counted_once(count):
    rule = parse("* * * * * *").to_json()
    now = NOON + timedelta(seconds=count - 1)
    for policy in (CatchUp.LATEST, CatchUp.ALL):
        seen = look(every_minute(rule=rule, catch_up=policy), now, busy=False)
        assert len(seen.fired) + seen.missed == count


def test_what_waited_is_the_last_one_however_few_runs_are_left():
    schedule = every_minute(overlap=RunOverlap.QUEUE_ONE, max_runs=3, runs=2, waits=True)
    seen = look(schedule, minutes(4), busy=False)
    assert (fired(seen), skipped(seen), seen.missed) == ([4], [(3, 3, OVERLAP)], 0)
    busy = look(schedule, minutes(4), busy=True)
    assert (fired(busy), skipped(busy), busy.waiting) == ([], [(3, 3, OVERLAP)], minutes(4))


def test_what_is_left_out_is_recorded_however_few_runs_are_left():
    schedule = every_minute(overlap=RunOverlap.SKIP, catch_up=CatchUp.ALL, max_runs=3, runs=2)
    assert skipped(look(schedule, minutes(4), busy=True)) == [(4, 4, OVERLAP)]
    last = look(schedule, minutes(4), busy=False)
    assert (fired(last), last.skipped) == ([0], ())


@pytest.mark.parametrize("busy", [False, True])
def test_overlap_is_allowed_unless_said_otherwise(busy):
    assert fired(look(every_minute(), NOON, busy=busy)) == [0]


def test_skip_leaves_out_what_comes_while_the_task_before_is_unfinished():
    schedule = every_minute(overlap=RunOverlap.SKIP)
    assert fired(look(schedule, NOON, busy=False)) == [0]
    seen = look(schedule, NOON, busy=True)
    assert (fired(seen), skipped(seen), seen.waiting) == ([], [(0, 0, OVERLAP)], None)


def test_skip_lets_one_of_those_to_catch_up_run():
    schedule = every_minute(overlap=RunOverlap.SKIP, catch_up=CatchUp.ALL)
    seen = look(schedule, minutes(4), busy=False)
    assert (fired(seen), skipped(seen), seen.missed) == ([0], [(4, 3, OVERLAP)], 0)


def test_one_waits_for_the_task_before_it():
    schedule = every_minute(overlap=RunOverlap.QUEUE_ONE)
    seen = look(schedule, NOON, busy=True)
    assert (fired(seen), skipped(seen), seen.waiting) == ([], [], NOON)


def test_the_last_one_waits_and_the_others_are_skipped():
    waiting = every_minute(overlap=RunOverlap.QUEUE_ONE, waits=True)
    seen = look(waiting, minutes(3), busy=True)
    assert (fired(seen), skipped(seen), seen.waiting) == ([], [(2, 2, OVERLAP)], minutes(3))


def test_what_waited_is_fired_when_the_task_before_it_ends_however_late():
    waiting = every_minute(overlap=RunOverlap.QUEUE_ONE, waits=True, catch_up=CatchUp.SKIP)
    seen = look(waiting, minutes(0.9), busy=False)
    assert (fired(seen), seen.skipped, seen.missed, seen.waiting) == ([0], (), 0, None)
    seen = look(waiting, minutes(2.9), busy=False)
    assert (fired(seen), skipped(seen), seen.missed) == ([2], [(1, 1, OVERLAP)], 0)


def test_of_many_to_catch_up_one_runs_and_one_waits():
    schedule = every_minute(overlap=RunOverlap.QUEUE_ONE, catch_up=CatchUp.ALL)
    seen = look(schedule, minutes(5), busy=False)
    assert (fired(seen), skipped(seen), seen.waiting) == ([0], [(4, 3, OVERLAP)], minutes(5))


def test_what_was_missed_before_one_waits_is_counted_once():
    schedule = every_minute(overlap=RunOverlap.QUEUE_ONE)
    seen = look(schedule, minutes(5), busy=True)
    assert (fired(seen), skipped(seen), seen.waiting, seen.missed) == ([], [], minutes(5), 5)


def test_jitter_is_the_same_for_the_same_occurrence_and_within_its_bound():
    schedule = every_minute(jitter=timedelta(seconds=40))
    delays = {jittered(schedule, minutes(number)) - minutes(number) for number in range(50)}
    assert len(delays) == 50
    assert timedelta(0) <= min(delays) < timedelta(seconds=10)
    assert timedelta(seconds=30) < max(delays) < timedelta(seconds=40)
    assert jittered(schedule, NOON) == jittered(schedule, NOON)
    assert jittered(every_minute(), NOON) == NOON


def test_an_occurrence_whose_jitter_is_not_over_is_not_due():
    schedule = every_minute(jitter=timedelta(seconds=40))
    due = jittered(schedule, NOON)
    assert look(schedule, due - timedelta(microseconds=1), busy=False) == Look()
    assert look(schedule, due, busy=False).fired == (Passing(NOON),)


def test_jitter_beyond_the_interval_ends_at_the_next_occurrence():
    schedule = every_minute(jitter=10 * MINUTE)
    for number in range(20):
        due = jittered(schedule, minutes(number))
        assert minutes(number) <= due < minutes(number + 1)
        later = awaiting(schedule, minutes(number))
        seen = look(later, due, busy=False)
        assert (fired(seen), seen.missed) == ([number], 0)
    once = every_minute(
        rule=parse({"frequency": "none", "startsAt": "2030-01-01T12:00:00Z"}).to_json()
    )
    assert jittered(once, NOON) == NOON


def test_lateness_is_told_from_jitter():
    rule = parse("0 * * * *").to_json()
    schedule = every_minute(rule=rule, jitter=timedelta(minutes=30), catch_up=CatchUp.SKIP)
    on_time = jittered(schedule, NOON) + ON_TIME
    assert fired(look(schedule, on_time, busy=False)) == [0]
    assert fired(look(schedule, on_time + timedelta(seconds=1), busy=False)) == []


def test_the_next_occurrence_is_within_the_bounds():
    schedule = every_minute(starts_at=minutes(2), ends_at=minutes(3))
    assert next_occurrence(schedule, NOON) == minutes(2)
    assert next_occurrence(schedule, minutes(2)) == minutes(3)
    assert next_occurrence(schedule, minutes(3)) is None
    assert next_occurrence(schedule, minutes(3), inclusive=True) == minutes(3)


def test_without_an_occurrence_a_schedule_is_completed():
    ended = awaiting(every_minute(due_at=NOON, waits=True), None)
    assert ended.status is ScheduleStatus.COMPLETED
    assert (ended.next_at, ended.due_at, ended.waits) == (None, None, False)
    waiting = awaiting(every_minute(jitter=MINUTE), minutes(1))
    assert waiting.next_at == minutes(1)
    assert waiting.due_at == jittered(waiting, minutes(1))


def test_a_rule_that_moved_is_asked_again():
    # As when its zone's rules change: what was to come at noon comes later now.
    schedule = every_minute(rule=parse("30 * * * *").to_json())
    assert look(schedule, minutes(1), busy=False) == Look()
