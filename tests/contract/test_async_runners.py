"""What async code may count on, whether its operations run on threads or on async connections."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from rowlock.errors import StorageConflictError, StorageError, StorageUnavailableError
from rowlock.plan import BEGIN, Plan
from rowlock.storage.storage import Storage
from tests.support.backends import DURABLE, Backend, sql_plan


@pytest.fixture
def storage(backend: Backend) -> Iterator[Storage]:
    """Another storage on the same database, which has a table for names."""
    backend.execute("CREATE TABLE note (name varchar(20) PRIMARY KEY)")
    try:
        yield backend.connect_again()
    finally:
        backend.execute("DROP TABLE note")


def stored(name: str) -> Plan[None]:
    """Store a name in a transaction."""
    yield BEGIN
    yield from sql_plan("INSERT INTO note (name) VALUES (:name)", {"name": name})


def names(backend: Backend) -> list[str]:
    return [name for (name,) in backend.execute("SELECT name FROM note").rows]


async def test_what_was_begun_is_stored_though_its_caller_is_cancelled(backend, storage):
    loop, entered = asyncio.get_running_loop(), asyncio.Event()

    def slowly() -> Plan[None]:
        yield from stored("q")
        loop.call_soon_threadsafe(entered.set)
        for _ in range(20):
            yield from sql_plan("SELECT 1")

    caller = asyncio.create_task(storage.async_runner.run(slowly))
    async with asyncio.timeout(10):
        await entered.wait()
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    for _ in range(1000):
        if names(backend) == ["q"]:
            return
        await asyncio.sleep(0.01)
    raise AssertionError(names(backend))


async def test_what_raises_is_rolled_back_and_the_next_one_runs(backend, storage):
    def failing() -> Plan[None]:
        yield from stored("bad")
        raise LookupError

    for _ in range(20):
        with pytest.raises(LookupError):
            await storage.async_runner.run(failing)
    await storage.async_runner.run(stored, "good")
    assert names(backend) == ["good"]


async def test_what_the_database_refuses_is_our_error(backend, storage):
    await storage.async_runner.run(stored, "q")
    with pytest.raises(StorageError):
        await storage.async_runner.run(stored, "q")
    await storage.async_runner.run(stored, "r")
    assert sorted(names(backend)) == ["q", "r"]


@pytest.mark.parametrize("reads", [True, False])
async def test_a_conflict_is_tried_again(backend, storage, reads):
    tries: list[int] = []

    def conflicting() -> Plan[int]:
        tries.append(1)
        yield from sql_plan("SELECT 1")
        if len(tries) < 4:
            raise StorageConflictError("another one was faster")
        return len(tries)

    runner = storage.async_runner
    assert await (runner.read if reads else runner.run)(conflicting) == 4


@pytest.mark.parametrize("backend", DURABLE, indirect=True)
async def test_only_a_read_is_tried_again_once_when_the_connection_broke(backend, storage):
    tries: list[int] = []

    def breaking() -> Plan[None]:
        tries.append(1)
        yield from sql_plan("SELECT 1")
        raise StorageUnavailableError("it broke", outcome_unknown=True)

    with pytest.raises(StorageUnavailableError):
        await storage.async_runner.run(breaking)
    assert len(tries) == 1
    with pytest.raises(StorageUnavailableError):
        await storage.async_runner.read(breaking)
    assert len(tries) == 3


def test_event_loops_one_after_the_other(backend, storage):
    for name in "abc":
        asyncio.run(storage.async_runner.run(stored, name))
    assert sorted(names(backend)) == ["a", "b", "c"]


def test_event_loops_at_once(backend, storage):
    async def store_many(loop: int) -> None:
        tasks = [storage.async_runner.run(stored, f"{loop}-{n}") for n in range(20)]
        await asyncio.gather(*tasks)

    threads = [threading.Thread(target=asyncio.run, args=(store_many(n),)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(names(backend)) == 80


@pytest.mark.parametrize("backend", DURABLE, indirect=True)
@pytest.mark.parametrize("used", [True, False])
async def test_after_the_end_it_refuses(backend, used):
    storage = backend.connect_again()
    if used:
        for runner in (storage.async_runner, storage.worker_runner):
            await runner.read(sql_plan, "SELECT 1")
    storage.close()
    for runner in (storage.async_runner, storage.worker_runner):
        with pytest.raises(StorageUnavailableError, match="closed"):
            await runner.read(sql_plan, "SELECT 1")


FORKED = """
import asyncio, os, sys
from rowlock.storage.url import open_storage
from tests.support.backends import sql_plan

storage = open_storage(sys.argv[1])

def ask(text):
    return asyncio.run(storage.async_runner.read(sql_plan, text)).rows

def ask_often():
    for n in range(50):
        assert ask(f"SELECT {n}") == [(n,)]
    found = asyncio.run(storage.threads.read(sql_plan, "SELECT 7"))
    assert found.rows == [(7,)]

ask_often()
child = os.fork()
if child == 0:
    try:
        ask_often()
    except BaseException:
        os._exit(1)
    os._exit(0)
ask_often()
_, status = os.waitpid(child, 0)
ask_often()
sys.exit(status)
"""


@pytest.mark.parametrize("backend", ["postgres"], indirect=True)
def test_a_forked_child_and_its_parent_have_connections_of_their_own(backend):
    script = textwrap.dedent(FORKED)
    done: Any = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script, backend.url],
        capture_output=True, text=True, timeout=60, check=False, env={**os.environ},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


async def test_sync_and_async_code_at_once(backend, storage):
    await storage.async_runner.run(stored, "a")
    storage.runner.run(stored, "b")
    await storage.worker_runner.run(stored, "c")
    assert sorted(names(backend)) == ["a", "b", "c"]
