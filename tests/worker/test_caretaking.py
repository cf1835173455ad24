"""A server looks after the database: what no worker is there for happens all the same."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

from rowlock import AsyncRowlock, Tick
from rowlock.worker.caretaking import looked_after


async def until(happened: Callable[[], Awaitable[bool]]) -> None:
    for _ in range(400):
        if await happened():
            return
        await asyncio.sleep(0.05)
    raise AssertionError("nothing happened")


async def test_schedules_fire_and_what_is_past_its_lifetime_is_moved():
    async with AsyncRowlock("memory://") as app:

        @app.task
        def tick() -> None:
            """Nothing runs it here."""

        late = await app.enqueue(None, "late", lifetime=timedelta(milliseconds=1), queue="q")
        await app.create_schedule("often", "1s", tick)

        await app.create_ticker("beat", interval="1s", queue="beats", payload=1)
        handled: list[str] = []

        @app.ticker("own", every="1s")
        def own(tick: Tick) -> None:
            handled.append(tick.name)

        async def ticked() -> bool:
            return (await app.count(queue="beats")).count > 0

        async def fired() -> bool:
            return (await app.count(definition="tick")).count > 0

        async def moved() -> bool:
            return (await app.get_task(late)).finished_at is not None

        async with looked_after(app.core):
            await until(fired)
            await until(moved)
            await until(ticked)
        assert handled == []
