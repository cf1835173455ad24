"""Contract: queues."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

from rowlock.backoff import Backoff, RetryPolicy
from rowlock.model.definitions import Definition
from rowlock.model.queues import Queue, QueuePolicy, queue_policy
from tests.contract.steps import seconds, together
from tests.support.backends import Backend


def ensure(backend: Backend, name: str, namespace: str = "default") -> Queue:
    return backend.run(backend.storage.queues.ensure_queue, namespace, name)


def update(backend: Backend, name: str, **policy) -> Queue:
    plan = backend.storage.queues.update_queue
    return backend.run(plan, "default", name, queue_policy(**policy))


def pause(backend: Backend, name: str, paused: bool = True) -> bool:
    return backend.run(backend.storage.queues.pause_queue, "default", name, paused)


def queues(backend: Backend, namespace: str | None = "default") -> list[Queue]:
    return backend.read(backend.storage.queues.list_queues, namespace)


def test_a_queue_is_made_with_the_defaults(backend):
    queue = ensure(backend, "emails")
    assert (queue.namespace, queue.name, queue.paused) == ("default", "emails", False)
    assert queue.policy == QueuePolicy()
    assert queue.created_at is not None


def test_a_queue_that_is_there_is_returned_as_it_is(backend):
    made = update(backend, "emails", lease="5s")
    pause(backend, "emails")
    assert ensure(backend, "emails") == replace(made, paused=True)


def test_of_16_that_make_a_queue_all_get_the_same(backend):
    made = together(*(partial(ensure, backend, "emails") for _ in range(16)))
    assert made == queues(backend) * 16


def test_a_policy_is_read_back_as_it_was_set(backend):
    policy: dict[str, Any] = {
        "lifetime": timedelta(hours=1, microseconds=1),
        "max_attempts": 5,
        "max_crashes": 2,
        "retry": RetryPolicy(
            backoff=Backoff.FIXED, base=seconds(1.5), cap=seconds(90), jitter=False
        ),
        "lease": seconds(7.25),
        "timeout": timedelta(days=2),
        "retention": timedelta(0),
    }
    updated = update(backend, "emails", **policy)
    assert updated.policy == queue_policy(**policy)
    assert queues(backend) == [updated]


def test_an_update_changes_only_what_is_given(backend):
    update(backend, "emails", lease="5s", max_attempts=3)
    update(backend, "emails", max_attempts=5)
    [queue] = queues(backend)
    assert queue.policy == QueuePolicy(lease=seconds(5), max_attempts=5)


def test_an_update_of_nothing_changes_nothing(backend):
    before = update(backend, "emails", lease="5s")
    assert update(backend, "emails") == before


def test_an_update_makes_the_queue(backend):
    assert update(backend, "emails", lease="5s") == queues(backend)[0]


def test_an_update_does_not_resume_a_queue(backend):
    ensure(backend, "emails")
    pause(backend, "emails")
    assert update(backend, "emails", lease="5s").paused is True


def test_two_updates_that_race_lose_neither(backend):
    ensure(backend, "emails")
    other = backend.twin()
    together(
        partial(update, backend, "emails", lease="5s"),
        partial(update, other, "emails", max_attempts=9),
    )
    assert queues(backend)[0].policy == QueuePolicy(lease=seconds(5), max_attempts=9)


def test_a_queue_is_paused_and_resumed(backend):
    ensure(backend, "emails")
    assert pause(backend, "emails") is True
    assert queues(backend)[0].paused is True
    assert pause(backend, "emails", False) is True
    assert queues(backend)[0].paused is False


def test_a_second_pause_is_answered_like_the_first(backend):
    ensure(backend, "emails")
    pause(backend, "emails")
    assert pause(backend, "emails") is True


def test_an_unknown_queue_is_not_paused(backend):
    assert pause(backend, "emails") is False


def test_queues_are_listed_by_name(backend):
    for name in ("b", "a.c", "a"):
        ensure(backend, name)
    assert [queue.name for queue in queues(backend)] == ["a", "a.c", "b"]


def test_queues_are_listed_by_namespace_or_all(backend):
    ensure(backend, "q", "b")
    ensure(backend, "q", "a")
    assert [queue.namespace for queue in queues(backend, "a")] == ["a"]
    assert [queue.namespace for queue in queues(backend, None)] == ["a", "b"]


def test_a_namespace_can_be_forgotten_and_others_stay(backend):
    hello = Definition(alias="Hello", key="hello")
    for namespace in ("bench", "default"):
        ensure(backend, "mail", namespace)
        backend.run(backend.storage.definitions.put_definitions, namespace, [hello])
    backend.run(backend.storage.queues.forget_namespace, "bench")
    left = backend.read(backend.storage.queues.list_queues, None)
    assert [(one.namespace, one.name) for one in left] == [("default", "mail")]
    assert backend.read(backend.storage.definitions.list_definitions, "bench") == []
    assert len(backend.read(backend.storage.definitions.list_definitions, "default")) == 1


def test_of_16_that_create_a_queue_one_did(backend):
    create = partial(backend.run, backend.storage.queues.create_queue, "default", "emails")
    made = together(*([create] * 16))
    assert sorted(made) == [False] * 15 + [True]


def test_a_queue_is_looked_up_without_making_it(backend):
    get = backend.storage.queues.get_queue
    assert backend.read(get, "default", "emails") is None
    assert queues(backend) == []
    made = update(backend, "emails", lease="5s")
    assert backend.read(get, "default", "emails") == made
    assert backend.read(get, "other", "emails") is None


def test_namespaces_are_those_that_have_queues(backend):
    names = backend.storage.queues.list_namespaces
    assert backend.read(names) == []
    for namespace, name in (("b", "x"), ("a", "x"), ("a", "y")):
        ensure(backend, name, namespace)
    assert backend.read(names) == ["a", "b"]
