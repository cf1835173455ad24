"""Two facades, one app: the same methods, and public names that load when they are used."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path

import pytest

import rowlock
from rowlock import AsyncRowlock, Rowlock
from rowlock.app.facade import DefinitionEnqueuer, Facade
from rowlock.definitions.definition import EnqueueMethods
from rowlock.errors import StorageUnavailableError


def own_methods(facade: type) -> set[str]:
    return {
        name
        for name, _ in inspect.getmembers(facade, inspect.isfunction)
        if not name.startswith("_") and not hasattr(Facade, name)
    }


METHODS = sorted(own_methods(Rowlock))


def first_line(text: str | None) -> str:
    assert text is not None
    return text.partition("\n")[0]


def test_both_facades_have_the_same_methods():
    assert own_methods(Rowlock) == own_methods(AsyncRowlock)


@pytest.mark.parametrize("name", METHODS)
def test_twins_have_the_same_signature(name):
    sync, twin = getattr(Rowlock, name), getattr(AsyncRowlock, name)
    assert inspect.signature(sync) == inspect.signature(twin)
    assert not inspect.iscoroutinefunction(sync)
    assert inspect.iscoroutinefunction(twin)


@pytest.mark.parametrize("name", METHODS)
def test_the_async_twin_has_the_first_line_and_points_to_the_rest(name):
    sync, twin = getattr(Rowlock, name).__doc__, getattr(AsyncRowlock, name).__doc__
    assert " ".join(twin.split()) == f"{first_line(sync)} See `Rowlock.{name}`."


@pytest.mark.parametrize("kind", [EnqueueMethods, DefinitionEnqueuer])
@pytest.mark.parametrize("name", ["enqueue", "enqueue_if_not_exists", "enqueue_many"])
def test_the_twins_of_a_definition_have_the_same_signature(kind, name):
    sync, twin = getattr(kind, name), getattr(kind, f"a{name}")
    assert inspect.signature(sync) == inspect.signature(twin)
    assert inspect.iscoroutinefunction(twin)


def stubbed_names() -> set[str]:
    tree = ast.parse(Path(rowlock.__file__).with_suffix(".pyi").read_text())
    return {
        alias.asname
        for node in tree.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.asname
    }


def test_type_checkers_see_the_names_that_load():
    assert stubbed_names() == set(rowlock.__all__)


@pytest.mark.parametrize("name", rowlock.__all__)
def test_each_public_name_loads(name):
    assert getattr(rowlock, name) is not None
    assert name in dir(rowlock)


def test_a_name_that_is_not_public_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'Job'"):
        rowlock.Job  # type: ignore[attr-defined] # not there # noqa: B018


def test_an_app_closes_itself_at_the_end_of_a_block():
    with Rowlock("memory://") as app:
        app.enqueue(None, 1)
    with pytest.raises(StorageUnavailableError, match="closed"):
        app.enqueue(None, 1)


async def test_every_async_method_answers_as_the_sync_one(backend):
    async with AsyncRowlock(backend.url) as app:
        await app.migrate()
        assert await app.migrate() == []

        @app.task
        def greet(name: str) -> None: ...

        task = await app.enqueue("greet", {"name": "Ada"})
        assert await app.enqueue_if_not_exists("greet", {"name": "Bob"}) != (task, False)
        [third] = await app.enqueue_many("greet", [{"name": "Eve"}])
        assert await app.resolve(str(third)) == third
        assert len(await app.list_tasks(limit=2)) == 2
        assert await app.attempts(task) == []
        assert await app.task_log(task) == []
        assert (await app.cancel(task)).value == "canceled"
        assert (await app.retry(task)).state.value == "queued"
        assert (await app.register_queue("default", max_attempts=2)).max_attempts == 2
        await app.pause_queue("default")
        assert [one.paused for one in await app.list_queues()] == [True]
        await app.resume_queue("default")
        assert [one.counts for one in await app.stats()] == [{rowlock.TaskState.QUEUED: 3}]
        assert app.definitions == [greet]


async def test_every_async_change_answers_as_the_sync_one(backend):
    async with AsyncRowlock(backend.url) as app:
        await app.migrate()
        task = await app.enqueue(None, 1)
        assert (await app.pause(task)).state.value == "paused"
        assert (await app.resume(task)).state.value == "queued"
        assert (await app.edit(task, priority=3)).priority == 3
        assert (await app.requeue(task)).priority == 3
        assert (await app.delete(task)).reason == "deleted"
        assert (await app.restore(task)).state.value == "canceled"
        await app.purge(task)
        told: list[int] = []
        done = await app.bulk(
            "cancel", all_tasks=True, on_progress=lambda one: told.append(one.seen)
        )
        assert (done.done, told) == (1, [0, 1, 1])
        assert await app.resume_operation(done) == await app.get_operation(done.id) == done
        assert await app.list_operations() == [done]
        assert await app.cleanup(0) == 1
        assert len(await app.audit()) == 9
