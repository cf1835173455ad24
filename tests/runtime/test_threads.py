"""Threads for sync handlers."""

from __future__ import annotations

import asyncio
import contextvars
import threading

import pytest

from rowlock.runtime.threads import DaemonThreads

variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable")


@pytest.fixture
def threads():
    threads = DaemonThreads(4, name="handler")
    yield threads
    threads.close()


async def test_a_call_runs_on_another_thread(threads):
    assert await threads.submit(threading.get_ident) != threading.get_ident()


async def test_a_call_sees_the_callers_context_variables(threads):
    variable.set("here")
    assert await threads.submit(variable.get) == "here"


async def test_an_idle_thread_is_used_again(threads):
    first = await threads.submit(threading.get_ident)
    assert await threads.submit(threading.get_ident) == first


async def test_no_more_threads_than_the_limit_run(threads):
    gate, running, most = threading.Semaphore(0), [], []
    lock = threading.Lock()

    def hold() -> None:
        with lock:
            running.append(1)
            most.append(len(running))
        gate.acquire(timeout=10)
        with lock:
            running.pop()

    calls = [threads.submit(hold) for _ in range(10)]
    for _ in calls:
        gate.release()
    await asyncio.wait_for(asyncio.gather(*calls), 20)
    assert max(most) <= 4


@pytest.mark.parametrize("error", [ValueError("boom"), KeyError(1), BaseException("base")])
async def test_what_a_call_raises_is_raised_to_who_waits(threads, error):
    def fail() -> None:
        raise error

    with pytest.raises(type(error)) as caught:
        await threads.submit(fail)
    assert caught.value is error


@pytest.mark.parametrize("error", [StopIteration(5), GeneratorExit()])
async def test_an_error_that_no_future_can_carry_becomes_a_runtime_error(threads, error):
    def fail() -> None:
        raise error

    with pytest.raises(RuntimeError, match=type(error).__name__):
        await threads.submit(fail)


async def test_threads_never_keep_the_process_from_ending(threads):
    assert await threads.submit(lambda: threading.current_thread().daemon)


async def test_a_call_whose_waiter_has_gone_delivers_to_nobody(threads):
    release = threading.Event()
    call = threads.submit(lambda: release.wait(10))
    call.cancel()
    release.set()
    assert await threads.submit(lambda: "next") == "next"


def test_a_call_that_outlives_its_loop_is_harmless(threads):
    release, ended = threading.Event(), threading.Event()

    def hold() -> None:
        release.wait(10)
        ended.set()

    async def leave() -> None:
        threads.submit(hold)

    asyncio.run(leave())
    release.set()
    assert ended.wait(10)


def test_a_thread_whose_loop_has_closed_serves_the_next_one():
    """As where a program lets a worker run once, again and again."""
    threads = DaemonThreads(1, name="storage")
    release = threading.Event()

    async def leave() -> None:
        threads.submit(lambda: release.wait(10))

    async def ask() -> str:
        release.set()
        answer: str = await asyncio.wait_for(threads.submit(lambda: "answer"), 10)
        return answer

    asyncio.run(leave())
    assert asyncio.run(ask()) == "answer"
    assert asyncio.run(ask()) == "answer"
    threads.close()


async def test_closing_ends_the_idle_threads():
    threads = DaemonThreads(2, name="handler")
    thread = await threads.submit(threading.current_thread)
    threads.close()
    await asyncio.to_thread(thread.join, 10)
    assert not thread.is_alive()
