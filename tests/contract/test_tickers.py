"""Contract: tickers, their two cursors, and the ticks that one listener takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest

from rowlock.model.ids import derived_task_id, new_token
from rowlock.model.queues import queue_policy
from rowlock.model.tasks import TaskFilter
from rowlock.model.tickers import Tick, Ticker
from rowlock.ops import tickers as ops
from rowlock.plan import Plan
from rowlock.storage.storage import Storage
from rowlock.storage.ticker_contract import LockedTicker, Upcoming
from tests.contract.steps import T0, after, together
from tests.support.backends import Backend

MINUTE = timedelta(minutes=1)
NEWS = Ticker(name="news", interval=MINUTE, payload={"über": [1, 2.5, None, "🎉"]})


def create(backend: Backend, ticker: Ticker = NEWS, namespace: str = "default") -> bool:
    return backend.run(backend.storage.tickers.insert_ticker, namespace, ticker, now=T0)


def stored(backend: Backend, name: str = "news", namespace: str = "default") -> Ticker:
    found = backend.read(backend.storage.tickers.get_ticker, namespace, name)
    assert found is not None
    return found


def take(backend: Backend, now: datetime = T0, token: UUID | None = None) -> Tick | None:
    token = token or new_token()
    return backend.run(backend.storage.tickers.take_tick, "default", "news", token=token, now=now)


def taken(backend: Backend, now: datetime = T0) -> Tick:
    tick = take(backend, now)
    assert tick is not None
    return tick


def confirm(backend: Backend, tick: Tick) -> bool:
    return backend.run(backend.storage.tickers.confirm_tick, "default", tick.name, token=tick.token)


def renew(backend: Backend, tick: Tick, now: datetime, lease: timedelta = MINUTE) -> bool:
    plan = backend.storage.tickers.renew_tick
    return backend.run(plan, "default", tick.name, token=tick.token, lease=lease, now=now)


def upcoming(
    backend: Backend, *names: str, now: datetime = T0, limit: int = 10
) -> list[tuple[str, float]]:
    plan = backend.storage.tickers.upcoming_ticks
    found = backend.read(plan, "default", names or None, limit=limit, now=now)
    return [(one.name, one.seconds) for one in found]


def at(backend: Backend, now: datetime, plan: Callable[..., Any], *given: Any) -> Any:
    """Run an operation while the clock stands still."""
    catalog = backend.storage.catalog
    before, catalog.clock = catalog.clock, lambda: now
    try:
        return backend.run(partial(plan, backend.storage, "default", *given))
    finally:
        catalog.clock = before


def update(backend: Backend, now: datetime, **values: Any) -> Ticker:
    changed: Ticker = at(backend, now, ops.update_ticker, "news", values)
    return changed


def make_task(backend: Backend, now: datetime) -> str | None:
    made = at(backend, now, _make_tasks, "news")
    return made[0][1] if made else None


def _make_tasks(storage: Storage, namespace: str, *names: str) -> Plan[list[tuple[str, str]]]:
    return ops.make_tasks(storage, [(namespace, name) for name in names])


def tasks(backend: Backend) -> list[Any]:
    return backend.read(backend.storage.reads.list_tasks, "default", TaskFilter(), limit=50)


def test_a_ticker_is_read_back_as_it_was_stored(backend):
    assert create(backend)
    found = stored(backend)
    assert found == replace(
        NEWS, namespace="default", next_tick_at=T0, created_at=T0, updated_at=T0
    )


def test_a_name_is_taken_once_in_each_namespace(backend):
    assert create(backend)
    assert not create(backend, Ticker(name="news"))
    assert create(backend, Ticker(name="news"), "other")
    assert stored(backend).id == NEWS.id


def test_of_many_that_create_a_ticker_at_once_one_does(backend):
    makers = [backend.twin() for _ in range(4)]
    made = together(*[partial(create, one, Ticker(name="news")) for one in makers])
    assert made.count(True) == 1


def test_an_unknown_ticker_is_none(backend):
    create(backend, namespace="other")
    assert backend.read(backend.storage.tickers.get_ticker, "default", "news") is None
    assert take(backend) is None


def test_tickers_are_listed_by_name_and_counted(backend):
    for name in ("b", "a_1", "a-1", "a.1", "a1"):
        create(backend, Ticker(name=name))
    create(backend, namespace="other")
    store = backend.storage.tickers
    listed = backend.read(store.list_tickers, "default")
    assert [one.name for one in listed] == ["a-1", "a.1", "a1", "a_1", "b"]
    part = backend.read(store.list_tickers, "default", limit=2, offset=1)
    assert [one.name for one in part] == ["a.1", "a1"]
    assert backend.read(store.count_tickers, "default") == 5


def test_a_new_ticker_ticks_at_the_first_look_and_then_by_its_interval(backend):
    create(backend)
    first = taken(backend, T0)
    assert (first.at, first.missed, first.attempt) == (T0, 0, 1)
    assert first.payload == NEWS.payload
    assert confirm(backend, first)
    assert take(backend, after(59.999)) is None
    assert taken(backend, after(60)).at == after(60)


def test_a_late_look_does_not_move_the_grid(backend):
    create(backend)
    confirm(backend, taken(backend, after(7)))
    late = taken(backend, after(67))
    assert (late.at, late.missed) == (after(60), 0)
    confirm(backend, late)
    assert stored(backend).next_tick_at == after(120)


def test_missed_ticks_collapse_into_one_that_counts_them(backend):
    create(backend)
    confirm(backend, taken(backend))
    late = taken(backend, after(605))
    assert (late.at, late.missed) == (after(600), 9)
    confirm(backend, late)
    assert take(backend, after(605)) is None
    assert stored(backend).next_tick_at == after(660)


def test_a_ticker_without_an_interval_never_ticks(backend):
    create(backend, replace(NEWS, interval=None, queue="mail"))
    assert take(backend, after(1e6)) is None
    assert make_task(backend, after(1e6)) is None
    assert upcoming(backend) == upcoming(backend, "news") == []
    assert backend.read(backend.storage.tickers.upcoming_tasks, limit=5) == []


def test_a_tick_is_taken_by_one(backend):
    create(backend)
    assert take(backend) is not None
    assert take(backend) is None


def test_of_many_that_take_a_tick_at_once_one_gets_it(backend):
    create(backend)
    takers = [backend.twin() for _ in range(4)]
    found = together(*[partial(take, taker) for taker in takers])
    assert sum(tick is not None for tick in found) == 1


def test_a_tick_whose_lease_ran_out_is_taken_again_for_the_same_moment(backend):
    create(backend)
    first = taken(backend, after(125))
    assert first.lease == timedelta(seconds=30)
    assert take(backend, after(154.999)) is None
    again = taken(backend, after(155))
    assert (again.at, again.missed, again.attempt) == (after(120), 2, 2)
    assert not confirm(backend, first)
    assert confirm(backend, again)
    assert taken(backend, after(181)).attempt == 1


def test_a_held_tick_holds_the_next_one_back(backend):
    create(backend)
    tick = taken(backend)
    assert renew(backend, tick, after(20), timedelta(seconds=100))
    assert take(backend, after(119)) is None
    assert confirm(backend, tick)
    late = taken(backend, after(119))
    assert (late.at, late.attempt) == (after(60), 1)


@pytest.mark.parametrize(
    ("interval", "lease"), [(0.001, 1), (0.25, 1), (5, 5), (29, 29), (3600, 30)]
)
def test_a_lease_is_the_interval_from_one_second_to_thirty(backend, interval, lease):
    create(backend, replace(NEWS, interval=timedelta(seconds=interval)))
    assert taken(backend).lease == timedelta(seconds=lease)


def test_renewing_extends_the_lease_from_now_even_if_the_clock_stands_still(backend):
    create(backend)
    tick = taken(backend)
    assert renew(backend, tick, T0, tick.lease)
    assert renew(backend, tick, after(20), tick.lease)
    assert take(backend, after(49)) is None
    assert take(backend, after(50)) is not None
    assert not renew(backend, tick, after(50))


def test_what_is_confirmed_cannot_be_confirmed_or_renewed_again(backend):
    create(backend)
    tick = taken(backend)
    assert stored(backend).held_until == after(30)
    assert confirm(backend, tick)
    assert stored(backend).held_until is None
    assert not confirm(backend, tick)
    assert not renew(backend, tick, T0)


def test_upcoming_ticks_are_the_earliest_of_those_named(backend):
    for name, interval in (("a", 10), ("b", 20), ("c", 30)):
        create(backend, Ticker(name=name, interval=timedelta(seconds=interval)))
        backend.run(backend.storage.tickers.take_tick, "default", name, token=new_token(), now=T0)
    create(backend, Ticker(name="d"), "other")
    assert upcoming(backend, now=after(15)) == [("a", -5), ("b", 5), ("c", 15)]
    assert upcoming(backend, "c", "b", "x", now=after(15)) == [("b", 5), ("c", 15)]
    assert upcoming(backend, "c", "b", now=after(15), limit=1) == [("b", 5)]
    assert upcoming(backend, now=after(15), limit=1) == [("a", -5)]


def test_listeners_and_the_queue_take_no_tick_from_each_other(backend):
    create(backend, replace(NEWS, queue="mail"))
    assert make_task(backend, T0) == "mail"
    confirm(backend, taken(backend, T0))
    assert taken(backend, after(60)).missed == 0
    assert make_task(backend, after(130)) == "mail"
    assert [one.queue for one in tasks(backend)] == ["mail", "mail"]


def test_a_tick_makes_one_task_with_the_payload_and_an_id_of_its_own(backend):
    create(backend, replace(NEWS, queue="mail"))
    assert make_task(backend, after(61)) == "mail"
    assert make_task(backend, after(61)) is None
    [task] = tasks(backend)
    assert task.id == derived_task_id(NEWS.id, after(60))
    assert (task.queue, task.definition, task.payload) == ("mail", None, NEWS.payload)
    assert stored(backend).last_task_at == after(60)
    assert stored(backend).next_task_at == after(120)


def test_of_many_that_make_a_tick_s_task_at_once_one_does(backend):
    ticker = replace(NEWS, queue="mail")
    backend.run(backend.storage.tickers.insert_ticker, "default", ticker)
    makers = [backend.twin() for _ in range(4)]
    made = together(
        *[partial(one.run, _make_tasks, one.storage, "default", "news") for one in makers]
    )
    assert sorted(made) == [[], [], [], [("default", "mail")]]
    assert len(tasks(backend)) == 1


def test_many_ticks_make_their_tasks_together(backend):
    for name, queue in (("a", "mail"), ("b", "post"), ("c", "mail"), ("d", None)):
        create(backend, Ticker(name=name, queue=queue, payload="x" * 5_000))
    create(backend, Ticker(name="a", queue="mail"), "other")
    both = [("other", "a"), *(("default", name) for name in "dcbax")]
    made = at(backend, T0, lambda storage, _: ops.make_tasks(storage, both))
    assert sorted(made) == [("default", "mail"), ("default", "post"), ("other", "mail")]
    assert sorted(one.queue for one in tasks(backend)) == ["mail", "mail", "post"]
    assert at(backend, T0, lambda storage, _: ops.make_tasks(storage, both)) == []


def test_many_that_make_the_tasks_of_many_ticks_do_not_get_in_each_other_s_way(backend):
    names = [f"t{number}" for number in range(30)]
    plan = backend.storage.tickers.insert_ticker
    for number, name in enumerate(names):
        backend.run(plan, "default", Ticker(name=name, queue=f"q{number % 7}"))
    makers = [(backend.twin(), names[start:] + names[:start]) for start in (0, 10, 20, 29)]
    together(*[partial(one.run, _make_tasks, one.storage, "default", *own) for one, own in makers])
    assert len(tasks(backend)) == len(names)


def test_a_cursor_that_moved_meanwhile_makes_nothing(backend):
    create(backend, replace(NEWS, queue="mail"))
    store = backend.storage.tickers
    seen: LockedTicker | None = backend.run(store.lock_ticker, "default", "news", now=T0)
    assert seen is not None
    assert make_task(backend, T0) == "mail"
    assert backend.run(store.move_task_cursor, "default", seen) is None


def test_the_tasks_of_a_tick_have_the_policy_of_their_queue(backend):
    policy = queue_policy(max_attempts=7, lifetime="1h")
    backend.run(backend.storage.queues.ensure_queue, "default", "mail")
    backend.run(backend.storage.queues.update_queue, "default", "mail", policy)
    create(backend, replace(NEWS, queue="mail"))
    make_task(backend, T0)
    [task] = tasks(backend)
    assert task.max_attempts == 7
    assert task.expires_at == after(3600)


def test_upcoming_tasks_are_those_of_all_namespaces(backend):
    create(backend, replace(NEWS, queue="mail"))
    create(backend, Ticker(name="b", queue="mail"), "other")
    create(backend, Ticker(name="c"))
    make_task(backend, T0)
    found = backend.read(backend.storage.tickers.upcoming_tasks, limit=9, now=after(10))
    assert found == [Upcoming("other", "b", -10), Upcoming("default", "news", 50)]
    assert len(backend.read(backend.storage.tickers.upcoming_tasks, limit=1, now=T0)) == 1


def test_another_payload_keeps_the_grid(backend):
    create(backend, replace(NEWS, queue="mail"))
    confirm(backend, taken(backend))
    before = stored(backend)
    changed = update(backend, after(45), payload={"b": 2})
    assert changed.payload == {"b": 2}
    assert replace(changed, payload=before.payload, updated_at=T0) == before
    assert changed.updated_at == after(45)


def test_another_interval_counts_from_the_last_tick(backend):
    create(backend)
    confirm(backend, taken(backend))
    changed = update(backend, after(45), interval=timedelta(seconds=50))
    assert changed.next_tick_at == after(50)
    assert upcoming(backend, now=after(45)) == [("news", 5)]


def test_a_tick_that_one_cursor_is_still_to_give_stays_due_under_another_interval(backend):
    create(backend, replace(NEWS, queue="mail"))
    make_task(backend, after(60))
    changed = update(backend, after(61), interval=timedelta(minutes=3))
    assert changed.next_task_at == after(240)
    assert taken(backend, after(62)).at == after(60)
    assert stored(backend).next_tick_at == after(240)


def test_another_interval_of_a_ticker_that_never_ticked_leaves_it_due(backend):
    create(backend)
    assert update(backend, after(5), interval=timedelta(hours=1)).next_tick_at == T0
    assert taken(backend, after(5)).at == T0


def test_a_stopped_ticker_gives_nothing_and_a_held_tick_is_lost(backend):
    create(backend, replace(NEWS, queue="mail"))
    tick = taken(backend)
    stopped = update(backend, after(1), interval=None)
    assert (stopped.next_tick_at, stopped.next_task_at, stopped.held_until) == (None, None, None)
    assert not renew(backend, tick, after(2))
    assert take(backend, after(1e6)) is None
    assert make_task(backend, after(1e6)) is None


def test_a_ticker_that_ticks_again_has_missed_nothing(backend):
    create(backend)
    confirm(backend, taken(backend))
    update(backend, after(1), interval=None)
    update(backend, after(10_000), interval=MINUTE)
    again = taken(backend, after(10_000))
    assert (again.at, again.missed) == (after(10_000), 0)


def test_a_ticker_that_is_started_again_at_once_keeps_its_pace(backend):
    create(backend)
    confirm(backend, taken(backend))
    update(backend, after(1), interval=None)
    assert update(backend, after(2), interval=MINUTE).next_tick_at == after(60)


def test_a_queue_that_is_added_gets_the_next_tick_and_none_before(backend):
    create(backend)
    changed = update(backend, after(130), queue="mail")
    assert changed.next_task_at == after(180)
    assert update(backend, after(131), queue=None).next_task_at is None


def test_a_held_tick_stays_held_under_another_interval(backend):
    create(backend)
    tick = taken(backend)
    changed = update(backend, after(1), interval=timedelta(hours=1))
    assert changed.held_until == after(30)
    assert changed.next_tick_at == after(3600)
    assert confirm(backend, tick)
    assert upcoming(backend, now=T0) == [("news", 3600)]


def test_registering_stores_a_ticker_and_registering_it_again_changes_nothing(backend):
    at(backend, T0, ops.register_ticker, NEWS)
    confirm(backend, taken(backend))
    before = stored(backend)
    code = Ticker(name="news", interval=MINUTE, payload=NEWS.payload)
    assert at(backend, after(5), ops.register_ticker, code) == before
    assert take(backend, after(5)) is None


@pytest.mark.parametrize(
    ("before", "after_it"), [({"a": 1}, {"a": True}), ({"a": 1}, {"a": 1.5}), ([0], [False])]
)
def test_registering_another_payload_stores_it(backend, before, after_it):
    at(backend, T0, ops.register_ticker, Ticker(name="news", payload=before))
    at(backend, after(5), ops.register_ticker, Ticker(name="news", payload=after_it))
    assert repr(stored(backend).payload) == repr(after_it)
    assert stored(backend).next_tick_at == T0


def test_a_deleted_ticker_is_gone_and_its_tick_is_lost(backend):
    create(backend)
    tick = taken(backend)
    deleted = at(backend, T0, ops.delete_ticker, "news")
    assert [deleted.name] == ["news"]
    assert backend.read(backend.storage.tickers.get_ticker, "default", "news") is None
    assert not confirm(backend, tick)


def test_a_ticker_created_again_makes_tasks_of_other_ids(backend):
    create(backend, replace(NEWS, queue="mail"))
    make_task(backend, T0)
    at(backend, T0, ops.delete_ticker, "news")
    create(backend, Ticker(name="news", queue="mail"))
    assert make_task(backend, T0) == "mail"
    assert len(tasks(backend)) == 2


def test_the_ticker_of_the_cleanup_is_made_once_and_left_as_operators_set_it(backend):
    backend.run(ops.ensure_cleanup, backend.storage)
    system = partial(stored, backend, "cleanup", "rowlock")
    assert system().interval == MINUTE
    plan = partial(ops.update_ticker, backend.storage, "rowlock", "cleanup", {"interval": None})
    backend.run(plan)
    backend.run(ops.ensure_cleanup, backend.storage)
    assert system().interval is None
