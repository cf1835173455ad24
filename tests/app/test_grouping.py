"""Many async callers at once: they share commits, and nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from rowlock import AsyncRowlock
from rowlock.app.enqueuing import enqueue
from rowlock.app.flow import run_flow_async
from rowlock.definitions.options import TaskOptions
from rowlock.errors import DuplicateTaskError, StorageUnavailableError
from rowlock.model.ids import new_task_id
from rowlock.plan import BEGIN, Plan, Result
from rowlock.storage.grouping import GroupRunner
from tests.contract.steps import new
from tests.support.backends import Backend, sql_plan


@pytest.fixture
async def app(backend: Backend) -> AsyncIterator[AsyncRowlock]:
    async with AsyncRowlock(backend.url) as opened:
        yield opened


class Commits:
    """Counts the transactions that a runner is given."""

    def __init__(self, runner: Any) -> None:
        self.runner = runner
        self.count = 0

    async def run(self, operation: Any, *args: Any, **kwargs: Any) -> Any:
        self.count += 1
        return await self.runner.run(operation, *args, **kwargs)


async def grouped(app: AsyncRowlock) -> tuple[GroupRunner, Commits]:
    """What stores names as tasks together, with one lane."""
    await app.migrate()
    commits = Commits(app.core.storage.async_runner)
    return GroupRunner(commits, partial(insert, app), lanes=1), commits  # type: ignore[arg-type] # it does what it does


def insert(app: AsyncRowlock, names: Sequence[str]) -> Plan[list[str | None]]:
    """Store a task for each name, and return the names; "refused" is not to be stored.

    Of several, "taken" is passed over.
    """
    yield BEGIN
    for name in names:
        if name == "taken" and len(names) > 1:
            continue
        yield from app.core.storage.enqueue.insert_task(new(queue=name), namespace="default")
        if name == "refused":
            raise DuplicateTaskError(new_task_id(), name)
    return [None if name == "taken" and len(names) > 1 else name for name in names]


def alone(app: AsyncRowlock, name: str) -> Plan[str | None]:
    """Store a task for a name."""
    [found] = yield from insert(app, [name])
    return found


async def ask(group: GroupRunner, app: AsyncRowlock, names: Sequence[str]) -> list[Any]:
    """Ask for all at once."""
    asked = [group.run(name, partial(alone, app, name)) for name in names]
    return await asyncio.gather(*asked, return_exceptions=True)


async def stored(app: AsyncRowlock) -> list[str]:
    """The queues that have a task."""
    result: Result = await app.core.storage.async_runner.read(
        sql_plan, "SELECT queue FROM rowlock_task ORDER BY queue"
    )
    return [row[0] for row in result.rows]


async def test_a_hundred_callers_each_get_their_own_task(app: AsyncRowlock):
    tasks = await asyncio.gather(
        *[app.enqueue(None, {"n": n}, queue=f"q{n % 5}", priority=n) for n in range(100)]
    )
    assert [(task.payload, task.queue, task.priority) for task in tasks] == [
        ({"n": n}, f"q{n % 5}", n) for n in range(100)
    ]
    assert len({task.id for task in tasks}) == 100
    for task in tasks[::9]:
        assert await app.get_task(task.id) == task


async def test_what_is_asked_for_meanwhile_shares_a_commit(app: AsyncRowlock):
    group, commits = await grouped(app)
    names = [f"q{n:03}" for n in range(30)]
    assert await ask(group, app, names) == names
    assert await stored(app) == names
    assert commits.count == 2


async def test_one_that_is_refused_is_refused_alone(app: AsyncRowlock):
    group, _ = await grouped(app)
    found = await ask(group, app, ["a", "b", "refused", "c"])
    assert isinstance(found.pop(2), DuplicateTaskError)
    assert found == ["a", "b", "c"]
    assert await stored(app) == ["a", "b", "c"]


async def test_one_that_is_passed_over_is_stored_alone(app: AsyncRowlock):
    group, commits = await grouped(app)
    names = ["a", "b", "taken", "c"]
    assert await ask(group, app, names) == names
    assert await stored(app) == sorted(names)
    assert commits.count == 3


async def test_all_are_in_doubt_if_the_commit_is(app: AsyncRowlock):
    _, commits = await grouped(app)

    class Broken(Commits):
        async def run(self, operation: Any, *args: Any, **kwargs: Any) -> Any:
            if self.count == 0:
                return await super().run(operation, *args, **kwargs)
            raise StorageUnavailableError("the connection broke", outcome_unknown=True)

    group = GroupRunner(Broken(commits), partial(insert, app), lanes=1)  # type: ignore[arg-type] # as above
    first, *others = await ask(group, app, "abc")
    assert first == "a"
    assert [getattr(error, "outcome_unknown", None) for error in others] == [True, True]
    assert others[0] is not others[1]


async def test_who_gives_up_before_its_turn_stores_nothing(app: AsyncRowlock):
    group, _ = await grouped(app)
    asked = [asyncio.ensure_future(group.run(name, partial(alone, app, name))) for name in "abcd"]
    await asyncio.sleep(0)
    asked[2].cancel()
    found = await asyncio.gather(*asked, return_exceptions=True)
    assert [one for one in found if isinstance(one, str)] == ["a", "b", "d"]
    assert await stored(app) == ["a", "b", "d"]


def test_another_event_loop_is_served_too(backend: Backend):
    app = AsyncRowlock(backend.url)

    async def several() -> int:
        made = [app.enqueue(None, {}, queue="q") for _ in range(5)]
        return len(await asyncio.gather(*made))

    assert asyncio.run(several()) == asyncio.run(several()) == 5
    app.core.close()


@pytest.mark.parametrize(
    "terms",
    [
        {},
        {"delay": timedelta(minutes=5), "lifetime": timedelta(hours=1)},
        {"run_at": datetime(2030, 1, 1, tzinfo=UTC), "priority": 7, "tags": ["a", "b"]},
        {"timeout": 5, "max_attempts": 9, "lifetime": timedelta(seconds=3)},
    ],
)
async def test_a_task_is_the_same_whoever_else_stores_one(app: AsyncRowlock, terms: dict[str, Any]):
    @app.task(alias="Say-Hello")
    async def hello(text: str) -> None:
        """Never runs."""

    payload = {"text": "x" * 3_000}
    asked = [app.enqueue(hello, payload, **terms) for _ in range(4)]
    for task in await asyncio.gather(*asked):
        assert await app.get_task(task.id) == task
        assert task.definition == "Say-Hello"


async def test_namespaces_are_kept_apart(app: AsyncRowlock):
    other = app.core.within("other")
    options = TaskOptions(queue="q")
    flows = [
        run_flow_async(core, enqueue(core, None, {"n": 1}, options))
        for core in (app.core, other, app.core, other)
    ]
    tasks = await asyncio.gather(*flows)
    assert [task.namespace for task in tasks] == ["default", "other", "default", "other"]
    assert (await app.count()).count == 2
