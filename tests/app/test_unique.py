"""Only one live task holds a unique key."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from rowlock import Worker
from rowlock.errors import DuplicateTaskError, InvalidValueError
from tests.app.steps import count, greeting
from tests.support.backends import DURABLE

THREADS = 16


def test_a_second_task_with_the_key_is_refused_with_the_holders_id(app):
    holder = app.enqueue(None, 1, unique="key")
    with pytest.raises(DuplicateTaskError) as refused:
        app.enqueue(None, 2, unique="key")
    assert (refused.value.task_id, refused.value.unique_key) == (holder.id, "key")
    assert app.list_tasks() == [holder]


def test_a_key_is_shared_by_all_definitions(app):
    greeting(app).options(unique="key").enqueue()
    with pytest.raises(DuplicateTaskError):
        app.enqueue(None, 1, unique="key", queue="other")


def test_all_arguments_can_be_the_key(app):
    definition = greeting(app).options(unique=True)
    definition.enqueue("Ada")
    definition.enqueue("Bob")
    with pytest.raises(DuplicateTaskError):
        definition.enqueue("Ada")


def test_chosen_arguments_can_be_the_key(app):
    definition = greeting(app).options(unique=["name"])
    definition.enqueue("Ada", times=1)
    definition.enqueue("Bob", times=1)
    with pytest.raises(DuplicateTaskError):
        definition.enqueue("Ada", times=2)


def test_the_same_arguments_of_another_definition_are_another_key(app):
    @app.task(unique=True)
    def one(a: int) -> None: ...

    @app.task(unique=True)
    def two(a: int) -> None: ...

    one.enqueue(1)
    two.enqueue(1)
    assert count(app, "task") == 2


def test_a_definition_can_say_that_its_tasks_are_unique(app):
    definition = greeting(app, unique=["name"])
    definition.enqueue("Ada")
    with pytest.raises(DuplicateTaskError):
        app.enqueue("send_greeting", {"name": "Ada", "times": 2})


def test_one_task_can_be_excepted_from_what_its_definition_says(app):
    definition = greeting(app, unique=True)
    definition.enqueue()
    definition.options(unique=False).enqueue()
    assert count(app, "task") == 2


def test_chosen_arguments_must_exist(app):
    with pytest.raises(InvalidValueError) as refused:
        app.enqueue(None, {"a": 1}, unique=["b"])
    assert refused.value.field == "unique"


def test_the_first_one_is_created_and_the_second_one_is_the_first(app):
    """C95."""
    definition = greeting(app)
    first, created = definition.enqueue_if_not_exists("Ada")
    second, created_again = definition.enqueue_if_not_exists("Ada")
    assert (created, created_again, second) == (True, False, first)


def test_other_arguments_are_another_task(app):
    definition = greeting(app)
    assert definition.enqueue_if_not_exists("Ada")[1]
    assert definition.enqueue_if_not_exists("Bob")[1]


def test_a_key_can_be_given_to_enqueue_if_not_exists(app):
    """C95."""
    first, _ = app.enqueue_if_not_exists(None, 1, unique="key")
    assert app.enqueue_if_not_exists(None, 2, unique="key") == (first, False)


def test_a_key_of_payload_alone_is_the_payload(app):
    assert app.enqueue_if_not_exists(None, [1, 2])[1]
    assert not app.enqueue_if_not_exists(None, [1, 2])[1]
    assert app.enqueue_if_not_exists(None, [2, 1])[1]


def test_a_key_is_free_again_once_its_holder_has_finished(app):
    """C95."""
    definition = greeting(app)
    first, _ = definition.enqueue_if_not_exists("Ada")
    Worker(app).run_once()
    second, created = definition.enqueue_if_not_exists("Ada")
    assert created
    assert second.id != first.id


def test_a_key_is_free_again_once_its_holder_is_canceled(app):
    app.cancel(app.enqueue(None, 1, unique="key"))
    assert app.enqueue_if_not_exists(None, 1, unique="key")[1]


def test_a_key_is_held_while_its_task_waits_for_a_retry(app):
    """C95."""

    @app.task(retry="fixed")
    def boom() -> None:
        raise ValueError

    first, _ = boom.enqueue_if_not_exists()
    Worker(app).run_once()
    found, created = boom.enqueue_if_not_exists()
    assert (found.id, created) == (first.id, False)


def test_a_finished_task_is_not_retried_while_another_holds_its_key(app):
    first = app.enqueue(None, 1, unique="key")
    app.cancel(first)
    holder = app.enqueue(None, 2, unique="key")
    with pytest.raises(DuplicateTaskError) as refused:
        app.retry(first)
    assert refused.value.task_id == holder.id


def test_threads_that_race_for_a_key_create_one_task(app):
    app.enqueue(None, 0, unique="warm")
    start = threading.Barrier(THREADS)

    def race(number: int) -> tuple[object, bool]:
        start.wait()
        task, created = app.enqueue_if_not_exists(None, number, unique="key")
        return task.id, created

    with ThreadPoolExecutor(THREADS) as threads:
        outcomes = list(threads.map(race, range(THREADS)))
    assert sorted(created for _, created in outcomes) == [False] * (THREADS - 1) + [True]
    assert len({task_id for task_id, _ in outcomes}) == 1


@pytest.mark.parametrize("backend", DURABLE, indirect=True)
def test_apps_that_race_for_a_key_create_one_task(opened):
    apps = [opened(pool_size=1) for _ in range(4)]
    start = threading.Barrier(THREADS)

    def race(number: int) -> bool:
        start.wait()
        created: bool = apps[number % 4].enqueue_if_not_exists(None, number, unique="key")[1]
        return created

    with ThreadPoolExecutor(THREADS) as threads:
        assert sum(threads.map(race, range(THREADS))) == 1


def test_threads_that_race_with_plain_enqueue_all_learn_of_the_holder(app):
    app.enqueue(None, 0, unique="warm")
    start = threading.Barrier(THREADS)

    def race(number: int) -> object:
        start.wait()
        try:
            return app.enqueue(None, number, unique="key").id
        except DuplicateTaskError as refused:
            return refused.task_id

    with ThreadPoolExecutor(THREADS) as threads:
        assert len(set(threads.map(race, range(THREADS)))) == 1


async def test_the_async_twin_tells_whether_it_created(app):
    definition = greeting(app)
    first, created = await definition.aenqueue_if_not_exists("Ada")
    assert created
    assert await definition.aenqueue_if_not_exists("Ada") == (first, False)
