"""Contract: schedules."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from rowlock.errors import StorageDataError
from rowlock.model.ids import new_task_id
from rowlock.model.schedules import (
    CatchUp,
    Firing,
    FiringReason,
    Outcome,
    RunOverlap,
    Schedule,
    ScheduleFilter,
    ScheduleOrder,
    ScheduleStatus,
)
from rowlock.storage.schedule_contract import Moment
from tests.contract.steps import T0, after, claimed, done, finish, together
from tests.support.backends import Backend

RULE = {"cron": "0 9 * * *", "zone": "Europe/Berlin", "gap": "end", "overlap": "first"}

FULL = Schedule(
    name="Daily-Report",
    key="dailyreport",
    rule=RULE,
    definition="report",
    description="Für alle 🎉",
    status=ScheduleStatus.ACTIVE,
    queue="reports",
    arguments={"kind": "sales", "top": [1, 2.5, None, True]},
    priority=-3,
    options={"tags": ["a", "b"], "timeout": 30.5},
    starts_at=after(1),
    ends_at=after(1_000_000),
    max_runs=10**12,
    catch_up=CatchUp.ALL,
    catch_up_limit=7,
    overlap=RunOverlap.QUEUE_ONE,
    jitter=timedelta(seconds=1.5),
    runs=5,
    missed=10**12,
    last_run_at=after(-60),
    last_task=UUID(int=7),
    next_at=after(60),
    due_at=after(61.5),
    waits=True,
    problem="no task definition 'report'",
    declared={"rule": RULE},
)


def plain(name: str, **given: Any) -> Schedule:
    """A schedule that is due at `T0`, unless said otherwise."""
    own: dict[str, Any] = {"name": name, "key": name, "rule": RULE, "definition": "report"}
    return Schedule(**{**own, "next_at": T0, "due_at": T0, **given})


def store(backend: Backend, *schedules: Schedule) -> list[Schedule]:
    insert = backend.storage.schedules.insert_schedule
    for one in schedules:
        assert backend.run(insert, one, now=T0)
    return list(schedules)


def read(backend: Backend, key: str, namespace: str = "default") -> Schedule | None:
    return backend.read(backend.storage.schedules.get_schedule, namespace, key)


def said(found: Schedule | None) -> Schedule:
    """A schedule without the times at which it was stored."""
    assert found is not None
    return replace(found, created_at=None, updated_at=None)


def update(backend: Backend, schedule: Schedule) -> bool:
    return backend.run(backend.storage.schedules.update_schedule, schedule, now=after(5))


def listed(backend: Backend, namespace: str = "default", **how: Any) -> list[str]:
    names = {"limit", "offset", "order"}
    paging = {name: value for name, value in how.items() if name in names}
    wanted = ScheduleFilter(**{name: value for name, value in how.items() if name not in names})
    plan = backend.storage.schedules.list_schedules
    return [one.name for one in backend.read(plan, namespace, wanted, **paging)]


def due(backend: Backend, seconds: float = 0, limit: int = 10) -> list[Schedule]:
    plan = backend.storage.firings.lock_due_schedules
    return backend.run(plan, limit=limit, now=after(seconds))


def test_a_schedule_is_read_back_as_it_was_stored(backend):
    store(backend, FULL)
    assert said(read(backend, "dailyreport")) == FULL
    plan = backend.storage.schedules.get_schedule_by_id
    assert said(backend.read(plan, "default", FULL.id)) == FULL
    assert backend.read(plan, "other", FULL.id) is None


def test_a_schedule_of_defaults_is_read_back(backend):
    bare = plain("bare", next_at=None, due_at=None, status=ScheduleStatus.DRAFT)
    store(backend, bare)
    found = read(backend, "bare")
    assert said(found) == bare
    assert found is not None
    assert (found.created_at, found.updated_at) == (T0, T0)


def test_a_name_is_stored_once_in_a_namespace(backend):
    store(backend, plain("daily"), plain("daily", namespace="other"))
    twin = plain("daily")
    assert not backend.run(backend.storage.schedules.insert_schedule, twin)
    found = read(backend, "daily")
    assert found is not None
    assert found.id != twin.id


def test_a_deleted_schedule_gives_its_name_away(backend):
    [old] = store(backend, plain("daily"))
    assert update(backend, replace(old, deleted_at=T0, next_at=None, due_at=None))
    store(backend, new := plain("daily"))
    found = read(backend, "daily")
    assert found is not None
    assert (found.id, found.deleted_at) == (new.id, None)


def test_a_write_takes_the_version_that_was_read(backend):
    [first] = store(backend, plain("daily"))
    changed = replace(first, description="new", arguments={"a": 1}, status=ScheduleStatus.PAUSED)
    changed = replace(changed, next_at=None, due_at=None)
    assert update(backend, changed)
    found = read(backend, "daily")
    assert said(found) == replace(changed, version=2)
    assert found is not None
    assert (found.created_at, found.updated_at) == (T0, after(5))
    assert not update(backend, replace(first, description="stale"))
    assert said(read(backend, "daily")) == replace(changed, version=2)


def test_a_removed_schedule_is_gone_and_a_stale_removal_is_none(backend):
    [first] = store(backend, plain("daily"))
    remove = backend.storage.schedules.remove_schedule
    assert not backend.run(remove, replace(first, version=9))
    assert backend.run(remove, first)
    assert read(backend, "daily") is None


def test_only_an_active_schedule_can_be_due(backend):
    paused = plain("paused", status=ScheduleStatus.PAUSED)
    with pytest.raises(StorageDataError):
        backend.run(backend.storage.schedules.insert_schedule, paused)
    [stored] = store(backend, plain("deleted"))
    with pytest.raises(StorageDataError):
        update(backend, replace(stored, deleted_at=T0))


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        ({}, ["a", "bee", "c"]),
        ({"name": "e"}, ["bee"]),
        ({"status": ScheduleStatus.DRAFT}, ["c"]),
        ({"definition": "other"}, ["bee"]),
        ({"queue": "slow"}, ["a"]),
        ({"declared": True}, ["bee"]),
        ({"declared": False}, ["a", "c"]),
        ({"include_deleted": True}, ["a", "bee", "c", "gone"]),
        ({"status": ScheduleStatus.ACTIVE, "queue": "slow"}, ["a"]),
    ],
    ids=str,
)
def test_schedules_are_listed_by_what_they_are(backend, wanted, names):
    store(
        backend,
        plain("c", status=ScheduleStatus.DRAFT, next_at=None, due_at=None),
        plain("bee", definition="other", declared={}),
        plain("a", queue="slow"),
        plain("elsewhere", namespace="other"),
        plain("gone", deleted_at=T0, next_at=None, due_at=None),
    )
    [[gone]] = backend.execute("SELECT count(*) FROM rowlock_schedule WHERE name = 'gone'").rows
    assert gone == 1
    backend.execute("UPDATE rowlock_schedule SET deleted_at = created_at WHERE name = 'gone'")
    assert listed(backend, **wanted) == names
    count = backend.storage.schedules.count_schedules
    assert backend.read(count, "default", ScheduleFilter(**wanted)) == len(names)


@pytest.mark.parametrize(
    ("order", "names"),
    [
        (ScheduleOrder.NAME, ["a", "b", "c"]),
        (ScheduleOrder.NAME_DESCENDING, ["c", "b", "a"]),
        (ScheduleOrder.CREATED, ["b", "a", "c"]),
        (ScheduleOrder.CREATED_DESCENDING, ["c", "a", "b"]),
        (ScheduleOrder.NEXT, ["c", "b", "a"]),
    ],
)
def test_schedules_are_listed_in_an_order(backend, order, names):
    insert = backend.storage.schedules.insert_schedule
    idle = {"next_at": None, "due_at": None, "status": ScheduleStatus.PAUSED}
    backend.run(insert, plain("b", due_at=after(20)), now=after(0))
    backend.run(insert, plain("a", **idle), now=after(1))
    backend.run(insert, plain("c", due_at=after(10)), now=after(2))
    assert listed(backend, order=order) == names
    assert listed(backend, order=order, limit=1, offset=1) == names[1:2]


def test_due_schedules_of_all_namespaces_come_the_longest_due_first(backend):
    store(
        backend,
        plain("late", due_at=after(-5)),
        plain("later", due_at=after(-9), namespace="other"),
        plain("now", due_at=after(0)),
        plain("soon", due_at=after(0.001)),
    )
    assert [one.name for one in due(backend)] == ["later", "late", "now"]
    assert [one.name for one in due(backend, limit=2)] == ["later", "late"]
    assert [one.name for one in due(backend, seconds=1)] == ["later", "late", "now", "soon"]


def test_how_long_until_the_next_schedule(backend):
    plan = backend.storage.firings.seconds_to_next_schedule
    assert backend.read(plan, now=T0) is None
    store(backend, plain("b", due_at=after(7.5)), plain("a", due_at=after(90)))
    assert backend.read(plan, now=T0) == 7.5
    assert backend.read(plan, now=after(100)) == 0


def test_moved_schedules_are_written_where_the_version_is_right(backend):
    one, two = store(backend, plain("one"), plain("two"))
    moved = [
        replace(one, runs=1, missed=4, last_run_at=T0, last_task=UUID(int=9),
                next_at=after(60), due_at=after(60.25), waits=True),
        replace(two, status=ScheduleStatus.COMPLETED, next_at=None, due_at=None, problem="😀"),
        replace(plain("three"), version=3),
    ]  # fmt: skip
    assert backend.run(backend.storage.firings.move_schedules, moved) == 2
    assert said(read(backend, "one")) == replace(moved[0], version=2)
    assert said(read(backend, "two")) == replace(moved[1], version=2)
    assert backend.run(backend.storage.firings.move_schedules, moved[:1]) == 0


def test_a_page_of_active_schedules_goes_on_behind_the_last(backend):
    ids = sorted(new_task_id() for _ in range(4))
    names = "abcd"
    idle = {"next_at": None, "due_at": None, "status": ScheduleStatus.PAUSED}
    store(backend, plain("d", id=ids[3]), plain("b", id=ids[1], namespace="other"))
    store(backend, plain("a", id=ids[0]), plain("c", id=ids[2], **idle))
    page = backend.storage.firings.page_schedules
    first = backend.read(page, None, limit=2)
    assert [one.name for one in first] == ["a", "b"]
    assert [one.name for one in backend.read(page, first[-1].id, limit=2)] == ["d"]
    assert len(names) == len(ids)


def firing(schedule: UUID, seconds: float, **given: Any) -> Firing:
    own = {"schedule": schedule, "occurrence": after(seconds), "outcome": Outcome.FIRED}
    return Firing(**{**own, "at": after(seconds + 1), **given})


def test_firings_are_read_back_the_last_first(backend):
    schedule, other = new_task_id(), new_task_id()
    firings = [
        firing(schedule, 0, task=UUID(int=3)),
        firing(schedule, 60, outcome=Outcome.SKIPPED, reason=FiringReason.OVERLAP, passed=12),
        firing(schedule, 60.000001, task=UUID(int=4), reason=FiringReason.MANUAL),
    ]
    backend.run(backend.storage.firings.insert_firings, [*firings, firing(other, 0)])
    plan = backend.storage.schedules.list_firings
    assert backend.read(plan, schedule, limit=9) == firings[::-1]
    assert backend.read(plan, schedule, limit=1) == firings[2:]
    assert backend.read(plan, schedule, limit=9, before=after(60)) == firings[:1]
    assert firings[0].late == timedelta(seconds=1)


def test_an_occurrence_is_recorded_once(backend):
    schedule = new_task_id()
    insert = backend.storage.firings.insert_firings
    backend.run(insert, [firing(schedule, 0)])
    with pytest.raises(StorageDataError):
        backend.run(insert, [firing(schedule, 1), firing(schedule, 0)])
    known = backend.storage.firings.read_firings
    asked = [Moment(schedule, after(0)), Moment(schedule, after(1)), Moment(UUID(int=1), after(0))]
    assert backend.read(known, asked) == {Moment(schedule, after(0))}


def test_old_firings_are_forgotten_in_batches(backend):
    schedule = new_task_id()
    firings = [firing(schedule, seconds) for seconds in (0, 1, 2, 3)]
    backend.run(backend.storage.firings.insert_firings, firings)
    prune = backend.storage.firings.prune_firings
    age = timedelta(seconds=10)
    # `at` is a second behind each: 1, 2, 3, 4.
    assert backend.run(prune, older_than=age, limit=2, now=after(13.5)) == 2
    assert backend.run(prune, older_than=age, limit=2, now=after(13.5)) == 1
    assert backend.run(prune, older_than=age, limit=2, now=after(13.5)) == 0
    plan = backend.storage.schedules.list_firings
    assert backend.read(plan, schedule, limit=9) == firings[3:]


def test_a_run_is_live_until_its_task_is_finished(backend):
    schedule = new_task_id()
    one, two = claimed(backend), claimed(backend)
    live = backend.storage.firings.has_live_run
    finish(backend, done(two))
    backend.run(backend.storage.firings.insert_firings, [firing(schedule, 1, task=two.id)])
    assert not backend.read(live, schedule, last=9)
    early = firing(schedule, 0, task=one.id, reason=FiringReason.MANUAL)
    backend.run(backend.storage.firings.insert_firings, [early])
    assert backend.read(live, schedule, last=9)
    assert not backend.read(live, schedule, last=1)
    finish(backend, done(one))
    assert not backend.read(live, schedule, last=9)


def test_a_backfilled_run_does_not_count_as_live(backend):
    schedule = new_task_id()
    filled = firing(schedule, 0, task=claimed(backend).id, reason=FiringReason.BACKFILL)
    backend.run(backend.storage.firings.insert_firings, [filled])
    assert not backend.read(backend.storage.firings.has_live_run, schedule, last=9)


def test_the_clock_is_the_databases(backend):
    assert backend.read(backend.storage.firings.read_clock, now=T0) == T0
    facts = backend.read(backend.storage.reads.server_facts)
    clock = backend.read(backend.storage.firings.read_clock)
    assert abs(clock - facts.now) < timedelta(minutes=1)


@pytest.mark.parametrize("backend", ["sqlite", "postgres", "mariadb"], indirect=True)
def test_a_locked_schedule_is_changed_by_one_at_a_time(backend):
    [first] = store(backend, plain("daily"))

    def change(storage):
        def plan():
            locked = yield from storage.schedules.lock_schedule("default", "daily")
            assert locked is not None
            more = replace(locked, runs=locked.runs + 1)
            assert (yield from storage.schedules.update_schedule(more))

        return lambda: storage.runner.run(plan)

    together(*(change(backend.connect_again()) for _ in range(4)))
    assert said(read(backend, "daily")) == replace(first, runs=4, version=5)
