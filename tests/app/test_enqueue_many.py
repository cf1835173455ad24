"""Storing many tasks: all or none, in bounded memory."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest

from rowlock import AsyncRowlock, TaskState, Worker
from rowlock.errors import DuplicateTaskError, InvalidValueError, PayloadError
from tests.app.steps import count, greeting, is_empty

MANY = 5_000


def names(number: int) -> Iterator[dict[str, str]]:
    return ({"name": f"name {one}"} for one in range(number))


def test_thousands_are_stored_in_order(app):
    ids = greeting(app).enqueue_many(names(MANY))
    assert (count(app, "task"), len(set(ids))) == (MANY, MANY)
    assert ids == sorted(ids)
    assert app.get_task(ids[4_321]).payload == {"name": "name 4321"}


def test_many_can_be_enqueued_by_alias_and_without_definition(app):
    greeting(app)
    app.enqueue_many("send-greeting", names(3))
    app.enqueue_many(None, [1, "two", [3]], queue="raw")
    assert count(app, "task") == 6


def test_many_have_the_policy_of_their_queue(app):
    app.register_queue("emails", max_attempts=9, lifetime="1h")
    [task_id] = app.enqueue_many(None, [1], queue="emails")
    task = app.get_task(task_id)
    assert (task.max_attempts, task.state) == (9, TaskState.QUEUED)
    assert task.expires_at is not None


def test_many_can_have_large_payloads(app):
    payloads = [{"text": str(number) * 3_000} for number in range(5)]
    ids = app.enqueue_many(None, payloads)
    assert [app.get_task(task_id).payload for task_id in ids] == payloads


def test_large_payloads_that_fill_many_slices_are_stored(app):
    payloads = [{"text": f"{number}" * 300_000, "n": number} for number in range(9)]
    payloads[4:4] = [{"n": number} for number in range(100, 1_600)]
    ids = app.enqueue_many(None, iter(payloads))
    assert len(ids) == count(app, "task") == len(payloads)
    for place in (0, 4, 1_503, -1):
        assert app.get_task(ids[place]).payload == payloads[place]


def test_none_at_all_is_no_error(app):
    assert greeting(app).enqueue_many([]) == []


@pytest.mark.parametrize("place", [0, 1, 2_500, 4_999])
def test_one_bad_item_stores_none(app, place):
    arguments = list(names(MANY))
    arguments[place] = {"nmae": "typing error"}
    with pytest.raises(PayloadError) as refused:
        greeting(app).enqueue_many(arguments)
    assert refused.value.field == "nmae"
    assert is_empty(app)


def test_an_iterator_that_breaks_stores_none(app):
    def breaking() -> Iterator[dict[str, str]]:
        yield from names(MANY)
        raise OSError("the file ended early")

    with pytest.raises(OSError, match="ended early"):
        greeting(app).enqueue_many(breaking())
    assert is_empty(app)


def test_a_key_that_is_taken_stores_none(app):
    definition = greeting(app).options(unique=True)
    holder = definition.enqueue("name 4000")
    with pytest.raises(DuplicateTaskError) as refused:
        definition.enqueue_many(names(MANY))
    assert refused.value.task_id == holder.id
    assert count(app, "task") == 1


def test_two_of_many_with_one_key_store_none(app):
    with pytest.raises(DuplicateTaskError):
        app.enqueue_many(None, [1, 2, 1], unique=True)
    assert is_empty(app)


def test_many_unique_ones_are_stored(app):
    assert len(greeting(app).options(unique=True).enqueue_many(names(MANY))) == MANY
    assert count(app, "task") == MANY


def test_chunks_are_committed_one_by_one(app):
    arguments = [*names(7), {"nmae": "typing error"}]
    with pytest.raises(PayloadError):
        app.enqueue_many(greeting(app), arguments, chunk=3)
    assert count(app, "task") == 6


def test_chunks_return_every_id(app):
    assert len(set(app.enqueue_many(greeting(app), names(10), chunk=3))) == 10
    assert count(app, "task") == 10


@pytest.mark.parametrize("chunk", [0, -1, 1.5, "3", True])
def test_a_bad_chunk_is_refused(app, chunk):
    with pytest.raises(InvalidValueError) as refused:
        app.enqueue_many(None, [1], chunk=chunk)
    assert refused.value.field == "chunk"
    assert is_empty(app)


@pytest.mark.parametrize("arguments", ["text", b"bytes", {"name": "Ada"}, 5, None])
def test_what_is_no_list_of_arguments_is_refused(app, arguments):
    with pytest.raises(InvalidValueError) as refused:
        app.enqueue_many(None, arguments)
    assert refused.value.field == "arguments"


def test_producers_that_race_with_the_same_keys_do_not_deadlock(app):
    app.enqueue(None, 0, unique="warm")
    start, stored = threading.Barrier(2), []

    def produce(numbers: list[int]) -> None:
        start.wait()
        with suppress(DuplicateTaskError):
            stored.append(app.enqueue_many(None, numbers, unique=True))

    numbers = list(range(500))
    threads = [
        threading.Thread(target=produce, args=(numbers,)),
        threading.Thread(target=produce, args=(numbers[::-1],)),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(stored) == 1
    assert count(app, "task") == 501


async def test_the_async_twins_store_many(backend):
    async with AsyncRowlock(backend.url) as app:

        @app.task
        def greet(name: str) -> None: ...

        ids = await greet.aenqueue_many(names(3)) + await app.enqueue_many("greet", names(4))
        assert len(await app.list_tasks()) == len(ids) == 7


def test_what_was_stored_in_bulk_runs(app):
    ids = greeting(app).enqueue_many(names(300))
    assert Worker(app, concurrency=50).run_once() == 300
    assert app.get_task(ids[7]).result == "hello name 7"


GROWTH = """
import resource, sys
from rowlock import Rowlock

app = Rowlock(sys.argv[1])
app.enqueue(None, 0)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
ids = app.enqueue_many(None, ({"number": one, "text": "x" * 200} for one in range(100_000)))
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(len(ids), (after - before) // 1024)
app.close()
"""


def test_a_hundred_thousand_in_one_call_need_little_memory(tmp_path):
    """Once, on the engine that needs no server: what grows is this process."""
    command = [sys.executable, "-c", GROWTH, f"sqlite:///{tmp_path}/many.db"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    stored, megabytes = (int(word) for word in printed.stdout.split())
    assert stored == 100_000
    assert megabytes < 100
