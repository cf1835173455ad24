"""Random schedules under random clocks: each occurrence has one fate.

A slow model lists what a schedule is to do with every single occurrence; `look` decides the same
over many of them at once.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from rowlock.model.schedules import CatchUp, FiringReason, RunOverlap, Schedule, ScheduleStatus
from rowlock.ops.occurrences import (
    ON_TIME,
    Look,
    awaiting,
    jittered,
    look,
    next_occurrence,
    recurrence_of,
)
from rowlock.recurrence import parse

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
RULES = ("@every 1s", "@every 7s", "@every 1m", "*/5 * * * *", "0,1,30 * * * *", "@every 10m")


class Step(NamedTuple):
    """How far the clock goes, in seconds, and whether the last task is unfinished then."""

    seconds: float
    busy: bool


@st.composite
def schedules(draw: st.DrawFn) -> Schedule:
    ends = draw(st.none() | st.integers(0, 4_000))
    schedule = Schedule(
        name="x", key="x", definition="x",
        rule=parse(draw(st.sampled_from(RULES))).to_json(),
        catch_up=draw(st.sampled_from(CatchUp)),
        catch_up_limit=draw(st.sampled_from([1, 3, 50])),
        overlap=draw(st.sampled_from(RunOverlap)),
        jitter=draw(st.sampled_from([0, 0, 1, 40, 5_000])) * SECOND,
        max_runs=draw(st.none() | st.integers(1, 12)),
        ends_at=None if ends is None else NOON + ends * SECOND,
    )  # fmt: skip
    return awaiting(schedule, next_occurrence(schedule, NOON, inclusive=True))


STEPS = st.lists(
    st.builds(
        Step,
        st.sampled_from([0.25, 1, 5, 29.5, 61, 400]) | st.floats(0.01, 400),
        st.booleans(),
    ),
    min_size=1,
    max_size=20,
)


@dataclass
class Fates:
    """What became of occurrences, by the slow model."""

    fired: list[datetime] = field(default_factory=list[datetime])
    left_out: list[datetime] = field(default_factory=list[datetime])
    missed: list[datetime] = field(default_factory=list[datetime])
    waiting: datetime | None = None


def slowly(schedule: Schedule, due: list[datetime], now: datetime, *, busy: bool) -> Fates:
    """Decide about one occurrence after the other."""
    fates = Fates()
    late = [one for one in due if now - jittered(schedule, one) > ON_TIME]
    chosen: list[datetime] = []
    for number, one in enumerate(due):
        is_taken = {
            CatchUp.ALL: len(due) - number <= schedule.catch_up_limit,
            CatchUp.LATEST: one == due[-1],
            CatchUp.SKIP: one not in late,
        }[schedule.catch_up]
        (chosen if is_taken or not late or schedule.waits else fates.missed).append(one)
    runs = schedule.runs
    if schedule.waits and not busy:  # the last one stands for them all
        fates.left_out, chosen = chosen[:-1], chosen[-1:]
    for one in chosen:
        if schedule.max_runs is not None and runs >= schedule.max_runs:
            break
        if schedule.overlap is RunOverlap.ALLOW or not (busy or fates.fired):
            fates.fired.append(one)
            runs += 1
        elif schedule.overlap is RunOverlap.SKIP:
            fates.left_out.append(one)
        else:
            if fates.waiting is not None:
                fates.left_out.append(fates.waiting)
            fates.waiting = one
    return fates


def check(seen: Look, expected: Fates) -> None:
    assert [one.occurrence for one in seen.fired] == expected.fired
    assert (seen.waiting, seen.missed) == (expected.waiting, len(expected.missed))
    left_out = [one for one in seen.skipped if one.reason is FiringReason.OVERLAP]
    assert [one.occurrence for one in left_out] == expected.left_out[-1:]
    assert sum(1 + one.passed for one in left_out) == len(expected.left_out)
    recorded = {one.occurrence for one in seen.skipped} - set(expected.left_out)
    assert recorded <= set(expected.missed)


def moved(schedule: Schedule, seen: Look) -> Schedule:
    """The schedule after its turn."""
    after = replace(schedule, runs=schedule.runs + len(seen.fired))
    if after.max_runs is not None and after.runs >= after.max_runs:
        return awaiting(after, None)
    if seen.waiting is not None:
        return replace(after, next_at=seen.waiting, due_at=seen.waiting, waits=True)
    assert seen.seen is not None
    return awaiting(after, next_occurrence(after, seen.seen))


@settings(max_examples=500, deadline=None, derandomize=True, database=None)
@given(schedules(), STEPS)
def test_every_occurrence_is_fired_left_out_or_missed_once(schedule: Schedule, steps: list[Step]):
    clock = NOON
    fates: list[datetime] = []
    fired: list[datetime] = []
    began = schedule.next_at
    for step in steps:
        clock += step.seconds * SECOND
        if schedule.due_at is None or schedule.next_at is None or schedule.due_at > clock:
            continue
        end = clock if schedule.ends_at is None else min(clock, schedule.ends_at)
        reached = recurrence_of(schedule).between(
            schedule.next_at, end + SECOND / 10**6, limit=10_000
        )
        due = [one for one in reached if jittered(schedule, one) <= clock]
        expected = slowly(schedule, due, clock, busy=step.busy)
        seen = look(schedule, clock, busy=step.busy)
        check(seen, expected)
        fates += [*expected.fired, *expected.left_out, *expected.missed]
        fired += expected.fired
        schedule = moved(schedule, seen)
    assert fired == sorted(fired)
    assert len(set(fates)) == len(fates)
    assert schedule.max_runs is None or len(fired) <= schedule.max_runs
    if began is not None and schedule.status is ScheduleStatus.ACTIVE and schedule.next_at:
        reached = recurrence_of(schedule).between(began, schedule.next_at, limit=100_000)
        assert sorted(fates) == reached
