"""Ticks in tests of programs: a clock that is moved, handlers, tasks."""

from __future__ import annotations

import pytest

from rowlock import AsyncRowlock, Rowlock, Tick
from rowlock.testing import arun_ticks, clock, do_upkeep, on_memory, run_ticks


@pytest.fixture
def app() -> Rowlock:
    return Rowlock("memory://")


def test_due_ticks_are_handled_and_confirmed(app):
    got: list[Tick] = []
    app.ticker("sync", every="1h", payload=[1])(got.append)

    @app.ticker("async", every="30m")
    async def on_loop(tick: Tick) -> None:
        got.append(tick)

    with clock(app) as time:
        assert run_ticks(app) == got
        assert [tick.name for tick in got] == ["sync", "async"]
        assert run_ticks(app) == []
        time.advance("31m")
        assert [tick.name for tick in run_ticks(app)] == ["async"]
        time.advance("2h")
        assert [(tick.name, tick.missed) for tick in run_ticks(app)] == [("sync", 1), ("async", 3)]
    assert app.get_ticker("sync").held_until is None


def test_what_a_handler_raises_reaches_the_test(app):
    @app.ticker("broken")
    def broken(tick: Tick) -> None:
        raise ValueError(tick.name)

    with pytest.raises(ValueError, match="broken"):
        run_ticks(app)
    assert app.get_ticker("broken").held_until is None


async def test_ticks_are_handled_on_the_running_loop():
    got: list[Tick] = []
    async with AsyncRowlock("memory://") as app:

        @app.ticker("async")
        async def on_loop(tick: Tick) -> None:
            got.append(tick)

        app.ticker("sync")(got.append)
        assert await arun_ticks(app) == got
    assert len(got) == 2


def test_upkeep_makes_the_tasks_of_due_ticks(app):
    with on_memory(app), clock(app) as time:
        app.create_ticker("beat", interval="1h", queue="mail", payload={"n": 1})
        do_upkeep(app)
        do_upkeep(app)
        assert len(app.list_tasks(queue="mail")) == 1
        time.advance("150m")
        do_upkeep(app)
        tasks = app.list_tasks(queue="mail")
    assert [task.payload for task in tasks] == [{"n": 1}, {"n": 1}]
