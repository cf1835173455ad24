"""Tickers in a worker: handlers of ticks, tasks of ticks, and the clean-up."""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from rowlock import Rowlock, Tick, Worker
from rowlock.errors import TickerError, TickLostError
from rowlock.model.ids import new_token
from rowlock.model.tickers import Ticker
from rowlock.ops import tickers as ops
from rowlock.testing import clock
from tests.app.steps import count
from tests.support.backends import SERVERS, sql_plan
from tests.worker.steps import Overlap, run, until, working
from tests.worker.test_upkeep import kill_connections


def cleanup(app: Rowlock) -> Ticker | None:
    ticker: Ticker | None = run(app, app.core.storage.tickers.get_ticker, "rowlock", "cleanup")
    return ticker


def told(app: Rowlock) -> list[BaseException]:
    """What the error hooks of an app are told."""
    errors: list[BaseException] = []
    app.on_error(lambda _queue, _task, error: errors.append(error))
    return errors


async def test_handlers_get_the_ticks_of_what_they_declare(app):
    got: list[Tick] = []

    @app.ticker("sync", every="30ms", payload={"a": 1})
    def sync(tick: Tick) -> None:
        got.append(tick)

    @app.ticker("async", every="30ms")
    async def on_loop(tick: Tick) -> None:
        got.append(tick)

    async with working(app):
        await until(lambda: sum(tick.name == "sync" for tick in got) > 2)
        await until(lambda: sum(tick.name == "async" for tick in got) > 2)
    keys = [(tick.name, tick.at) for tick in got]
    assert len(set(keys)) == len(keys)
    assert got[0].payload in ({"a": 1}, {})
    assert app.get_ticker("sync").payload == {"a": 1}


async def test_starting_again_does_not_tick_again_and_code_wins(app):
    got: list[Tick] = []
    app.ticker("beat", every="1h")(got.append)
    async with working(app):
        await until(lambda: got)
    app.update_ticker("beat", payload=[1])
    async with working(app):
        await until(lambda: app.get_ticker("beat").payload == {})
        await asyncio.sleep(0.3)
    assert len(got) == 1


async def test_a_tick_nobody_here_handles_is_left_for_others(app):
    """C120."""
    app.create_ticker("theirs")
    app.ticker("mine")(print)
    async with working(app):
        await until(lambda: app.get_ticker("mine").last_tick_at)
    assert app.get_ticker("theirs").last_tick_at is None


async def test_a_handler_runs_one_at_a_time_and_missed_ticks_collapse(app):
    overlap, got = Overlap(), list[Tick]()

    @app.ticker("slow", every="20ms")
    def slow(tick: Tick) -> None:
        overlap.enter()
        time.sleep(0.1)
        got.append(tick)
        overlap.leave()

    async with working(app):
        await until(lambda: len(got) > 2)
    assert overlap.most == 1
    assert got[1].missed > 1


async def test_a_handler_that_raises_is_told_of_and_its_tick_does_not_come_again(app, caplog):
    errors, got = told(app), list[Tick]()

    @app.ticker("broken", every="50ms")
    def broken(tick: Tick) -> None:
        got.append(tick)
        raise ValueError(tick.name)

    async with working(app):
        await until(lambda: len(errors) > 1)
    assert all(isinstance(error, ValueError) for error in errors)
    assert {tick.attempt for tick in got} == {1}
    assert "ticker broken: its handler failed" in caplog.text


@pytest.mark.parametrize("kind", ["sync", "async"])
async def test_a_handler_that_exits_does_not_end_the_worker(app, kind):
    errors, got = told(app), list[Tick]()

    @app.ticker("beat", every="50ms")
    def sync(tick: Tick) -> None:
        got.append(tick)
        if kind == "sync":
            sys.exit(3)

    @app.ticker("other", every="50ms")
    async def on_loop(tick: Tick) -> None:
        got.append(tick)
        sys.exit(3)

    async with working(app):
        await until(lambda: len(errors) > 1)
    assert all("SystemExit" in str(error) for error in errors)


async def test_a_hung_handler_stops_neither_other_tickers_nor_tasks_nor_the_stop(app, caplog):
    hang, hung, got = threading.Event(), threading.Event(), list[Tick]()

    @app.ticker("hung", every="50ms")
    def hung_handler(_tick: Tick) -> None:
        hung.set()
        hang.wait(60)

    @app.ticker("fine", every="50ms")
    def fine(tick: Tick) -> None:
        got.append(tick)

    @app.task
    def work() -> None: ...

    worker = Worker(app, grace=0)
    await worker.start()
    await until(hung.is_set)
    task = work.enqueue()
    await until(lambda: app.get_task(task).state.is_final)
    await until(lambda: len(got) > 2)
    began = time.monotonic()
    await worker.stop()
    assert time.monotonic() - began < 10
    assert "ticker hung: its handler is given up" in caplog.text
    hang.set()
    assert app.get_ticker("hung").attempt == 1


async def test_a_stop_waits_for_handlers_as_long_as_its_grace_time(app):
    started, ended = threading.Event(), threading.Event()

    @app.ticker("slow", every="1h")
    def slow(_tick: Tick) -> None:
        started.set()
        time.sleep(0.5)
        ended.set()

    worker = Worker(app, grace=20)
    await worker.start()
    await until(started.is_set)
    await worker.stop()
    assert ended.is_set()
    assert app.get_ticker("slow").held_until is None


async def test_a_slow_handler_keeps_its_tick_by_renewing(app):
    done = asyncio.Event()

    @app.ticker("slow", every="1s")
    async def slow(_tick: Tick) -> None:
        await asyncio.sleep(1.7)
        done.set()

    async with working(app):
        await until(lambda: app.get_ticker("slow").held_until)
        await asyncio.sleep(1.3)
        assert app.next_tick("slow", timeout=0) is None
        await until(done.is_set)
        assert app.get_ticker("slow").attempt == 1


async def test_a_handler_is_told_that_its_tick_was_lost(app):
    errors, canceled = told(app), list[str]()

    @app.ticker("slow", every="1s")
    async def slow(_tick: Tick) -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            canceled.append("yes")
            raise

    async with working(app):
        await until(lambda: app.get_ticker("slow").held_until)
        app.update_ticker("slow", interval=None)
        await until(lambda: errors)
        assert canceled == ["yes"]
    [error] = errors
    assert isinstance(error, TickLostError)
    assert isinstance(error, TickerError)
    assert error.ticker == "slow"


async def test_each_tick_makes_one_task_however_many_workers_run(app, opened):
    app.create_ticker("beat", interval="50ms", queue="mail", payload={"n": 1})
    others = [opened() for _ in range(2)] if app.core.storage.durable else []
    workers = [Worker(one) for one in (app, *others)]
    await asyncio.gather(*(worker.start() for worker in workers))
    await until(lambda: count(app, "task") > 4)
    await asyncio.gather(*(worker.stop(0) for worker in workers))
    tasks = app.list_tasks(queue="mail")
    assert {task.definition for task in tasks} == {None}
    assert all(task.payload == {"n": 1} for task in tasks)
    [claimed] = app.claim("me", "mail")
    assert claimed.payload == {"n": 1}


async def test_a_worker_makes_the_tasks_of_every_namespace(app):
    plan = app.core.storage.tickers.insert_ticker
    run(app, plan, "elsewhere", Ticker(name="beat", queue="mail"))
    async with working(app):
        await until(lambda: count(app, "task"))


async def test_one_ticker_s_failure_is_told_of_and_does_not_stop_the_others(app, caplog):
    errors = told(app)
    for name in ("a", "b"):
        app.create_ticker(name, interval="50ms", queue="mail", payload={"by": name})
    sql = "UPDATE rowlock_ticker SET payload = '{' WHERE name = 'a'"
    app.core.storage.runner.run(sql_plan, sql)
    async with working(app):
        await until(lambda: count(app, "task") > 3)
    assert 1 <= len(errors) <= 3  # left alone for a second, then for two
    assert "ticker a of default: its task cannot be made" in caplog.text
    assert {task.payload["by"] for task in app.list_tasks(queue="mail")} == {"b"}


async def test_a_change_in_this_process_wakes_the_worker(app):
    got: list[Tick] = []
    app.ticker("beat", every="1h")(got.append)
    async with working(app):
        await until(lambda: got and app.get_ticker("beat").held_until is None)
        app.update_ticker("beat", interval="100ms")
        await until(lambda: len(got) > 1, seconds=3)


async def test_a_change_elsewhere_is_found_in_time(app, opened):
    got: list[Tick] = []
    app.ticker("beat", every="1h")(got.append)
    elsewhere = opened() if app.core.storage.durable else app
    async with working(app):
        await until(lambda: got and app.get_ticker("beat").held_until is None)
        elsewhere.update_ticker("beat", interval="100ms")
        await until(lambda: len(got) > 1)


async def test_a_clock_of_the_test_moves_the_ticks_of_a_worker(app):
    got: list[Tick] = []
    app.ticker("beat", every="1h", queue="mail")(got.append)
    with clock(app) as time_:
        async with working(app):
            await until(lambda: len(got) == 1 and count(app, "task") == 1)
            time_.advance("59m")
            await asyncio.sleep(0.5)
            assert (len(got), count(app, "task")) == (1, 1)
            time_.advance("150m")
            await until(lambda: len(got) == 2 and count(app, "task") == 2)
    assert got[1].missed == 2
    assert got[1].at - got[0].at == timedelta(hours=3)


async def test_run_once_makes_tasks_and_waits_for_handlers(app):
    got: list[Tick] = []

    @app.ticker("beat", every="1h", queue="mail")
    async def beat(tick: Tick) -> None:
        await asyncio.sleep(0.2)
        got.append(tick)

    await Worker(app).arun_once()
    assert len(got) == 1
    assert count(app, "task") == 1
    assert app.get_ticker("beat").held_until is None


def test_a_worker_with_tickers_alone_is_healthy(app):
    app.ticker("beat", every="1h")(print)
    worker = Worker(app)
    with worker.background():
        assert worker.is_healthy


async def test_the_clean_up_is_a_ticker_that_operators_set(app):
    app.register_queue("default", retention=0)
    app.cancel(app.enqueue(None, 1))
    async with working(app):
        await until(lambda: count(app, "history") == 0)
    ticker = cleanup(app)
    assert ticker is not None
    assert ticker.interval == timedelta(minutes=1)
    change: Any = partial(ops.update_ticker, app.core.storage, "rowlock", "cleanup")
    run(app, change, {"interval": timedelta(hours=5)})
    async with working(app):
        pass
    after = cleanup(app)
    assert after is not None
    assert after.interval == timedelta(hours=5)


async def test_a_clean_up_without_an_interval_stops_pruning(app):
    app.register_queue("default", retention=0)
    app.cancel(app.enqueue(None, 1))
    run(app, ops.ensure_cleanup, app.core.storage)
    run(app, ops.update_ticker, app.core.storage, "rowlock", "cleanup", {"interval": None})
    async with working(app):
        await asyncio.sleep(0.5)
    assert count(app, "history") == 1


async def test_a_cleaner_that_died_is_replaced_after_its_lease(app):
    app.register_queue("default", retention=0)
    app.cancel(app.enqueue(None, 1))
    run(app, ops.ensure_cleanup, app.core.storage)
    with clock(app) as time_:
        time_.advance("1m")
        take = app.core.storage.tickers.take_tick
        assert run(app, take, "rowlock", "cleanup", token=new_token()) is not None
        async with working(app):
            await asyncio.sleep(0.3)
            assert count(app, "history") == 1
            time_.advance("30s")
            await until(lambda: count(app, "history") == 0)


@pytest.mark.parametrize("backend", SERVERS, indirect=True)
async def test_ticks_go_on_when_connections_are_lost(app, backend):
    got: list[Tick] = []
    app.ticker("beat", every="100ms", queue="mail")(got.append)
    async with working(app):
        for _ in range(3):
            before = len(got)
            await until(partial(more_than, got, before))
            kill_connections(backend.url)
            before = len(got)
            await until(partial(more_than, got, before + 1))
    backend.read(backend.storage.queues.list_queues, None)
    tasks = app.list_tasks(queue="mail", limit=1_000)
    assert len(tasks) > 3
    assert len({tick.at for tick in got if tick.attempt == 1}) == len(
        [tick for tick in got if tick.attempt == 1]
    )


def more_than(got: list[Tick], number: int) -> bool:
    return len(got) > number


@pytest.mark.parametrize("backend", SERVERS, indirect=True)
async def test_a_loop_goes_on_when_connections_are_lost(app, backend):
    got, stop = list[Tick](), threading.Event()
    app.create_ticker("beat", interval="50ms")
    loop = asyncio.create_task(
        asyncio.to_thread(app.run_ticker_loop, got.append, poll="50ms", stop=stop)
    )
    await until(partial(more_than, got, 2))
    kill_connections(backend.url)
    await until(partial(more_than, got, len(got) + 2))
    stop.set()
    await loop
    backend.read(backend.storage.queues.list_queues, None)
