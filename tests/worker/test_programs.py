"""A worker among others and inside other programs: health, notifications, hand-over, threads."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from rowlock import Rowlock, TaskState, Worker
from rowlock.errors import InvalidValueError, StorageUnavailableError, WorkerStuckError
from rowlock.worker.health import MAX_CONNECTIONS, Health, answering
from rowlock.worker.notify import Notifier
from rowlock.worker.program import Surroundings, run_worker
from rowlock.worker.watching import SourceWatch, source_times
from tests.app.steps import greeting
from tests.support.backends import DURABLE
from tests.worker.steps import PATIENCE_SECONDS, finished, until, working


@pytest.fixture
def memory():
    with Rowlock("memory://") as app:
        yield app


async def asked(port: int, line: str = "GET /readyz HTTP/1.1") -> tuple[str, str]:
    """Ask a health port; return status line and body."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"{line}\r\nHost: x\r\n\r\n".encode())
    text = (await reader.read()).decode()
    writer.close()
    head, _, body = text.partition("\r\n\r\n")
    return head.partition("\r\n")[0].partition(" ")[2], body


# Health


async def test_the_port_says_ok_or_not_ok_and_no_more():
    live, ready = True, False
    async with answering(Health(lambda: live, lambda: ready), 0) as port:
        assert await asked(port, "GET /livez HTTP/1.1") == ("200 OK", "ok\n")
        assert await asked(port) == ("503 Service Unavailable", "not ok\n")
        ready = True
        assert await asked(port, "GET /healthz?verbose HTTP/1.0") == ("200 OK", "ok\n")
        assert await asked(port, "HEAD /readyz HTTP/1.1") == ("200 OK", "")
        assert (await asked(port, "POST /readyz HTTP/1.1"))[0] == "405 Method Not Allowed"
        assert (await asked(port, "GET / HTTP/1.1"))[0] == "404 Not Found"


async def test_nonsense_and_idle_connections_do_not_keep_others_from_an_answer():
    async with answering(Health(lambda: True, lambda: True), 0) as port:
        idle = [await asyncio.open_connection("127.0.0.1", port) for _ in range(5)]
        assert await asked(port, "x" * 20_000) == ("", "")
        assert await asked(port) == ("200 OK", "ok\n")
        idle += [await asyncio.open_connection("127.0.0.1", port) for _ in range(MAX_CONNECTIONS)]
        # Those over the limit are closed at once.
        assert await asyncio.wait_for(idle[-1][0].read(), PATIENCE_SECONDS) == b""
        for _, writer in idle:
            writer.close()


async def test_a_port_that_is_taken_is_refused():
    nothing = Health(lambda: True, lambda: True)
    async with answering(nothing, 0) as port:
        with pytest.raises(InvalidValueError, match=f"health_port: cannot listen on .*:{port}"):
            async with answering(nothing, port):
                pass


async def test_a_worker_is_ready_while_it_takes_tasks(memory, monkeypatch):
    """C142."""
    greeting(memory)
    async with working(memory) as worker:
        await until(lambda: worker.is_connected and worker.is_healthy)
        assert not worker.is_stuck
        claim_tasks = memory.core.storage.claims.claim_tasks

        def unavailable(*args: Any, **given: Any) -> Any:
            raise StorageUnavailableError("away")

        monkeypatch.setattr(memory.core.storage.claims, "claim_tasks", unavailable)
        memory.core.storage.wakeups.wake_here(None, None)
        await until(lambda: not worker.is_connected)
        monkeypatch.setattr(memory.core.storage.claims, "claim_tasks", claim_tasks)
        await until(lambda: worker.is_connected)
    assert not worker.is_healthy


async def test_a_program_answers_until_it_stops(memory, caplog):
    greeting(memory)
    worker = Worker(memory)
    with caplog.at_level(logging.INFO):
        program = asyncio.create_task(run_worker(worker, Surroundings("127.0.0.1", 0)))
        await until(lambda: worker.is_connected)
    [said] = [one for one in caplog.messages if "health checks" in one]
    port = int(said.rpartition(":")[2])
    assert await asked(port) == ("200 OK", "ok\n")
    worker.request_stop()
    assert await program == 0
    with pytest.raises(ConnectionRefusedError):
        await asked(port)


async def test_a_worker_whose_slots_are_all_lost_gives_up(memory):
    released = threading.Event()

    @memory.task(timeout="0.05s", max_attempts=1)
    def stuck() -> None:
        released.wait(60)

    task = stuck.enqueue()
    worker = Worker(memory, concurrency=1, grace="0.2s")
    try:
        with pytest.raises(WorkerStuckError, match="all 1 slots"):
            await worker.arun()
    finally:
        released.set()
    assert memory.get_task(task).reason == "timeout"


async def test_a_worker_that_lost_one_slot_of_two_goes_on(memory):
    released = threading.Event()

    @memory.task(timeout="0.05s", max_attempts=1)
    def stuck() -> None:
        released.wait(60)

    definition = greeting(memory)
    stuck.enqueue()
    async with working(memory, concurrency=2, grace="0s") as worker:
        await until(lambda: memory.list_tasks(states=("failed",)))
        await asyncio.sleep(1.2)
        assert worker.is_healthy
        await finished(memory, definition.enqueue())
        released.set()


# Limits


def test_no_more_tasks_start_than_may(app):
    greeting(app).enqueue_many([{}] * 5)
    assert Worker(app, max_tasks=3).run_once() == 3
    assert len(app.list_tasks(states=("queued",))) == 2


async def test_a_worker_stops_by_itself_after_its_tasks(memory):
    definition = greeting(memory)
    definition.enqueue_many([{}] * 4)
    worker = Worker(memory, max_tasks=3, concurrency=2)
    assert await asyncio.wait_for(worker.arun(), PATIENCE_SECONDS) == 0
    assert not worker.is_running
    assert len(memory.list_tasks(states=("succeeded",))) == 3


# Hand-over


@pytest.mark.parametrize("backend", DURABLE, indirect=True)
async def test_what_a_stopping_worker_hands_back_starts_elsewhere_at_once(app, opened):
    """C133: on a deploy, without waiting for anybody's poll."""
    starts: list[float] = []
    other = opened()

    async def serve() -> None:
        starts.append(time.monotonic())
        if len(starts) == 1:
            await asyncio.sleep(600)

    for one in (app, other):
        one.task(serve)
    old, new = Worker(app), Worker(other)
    await old.start()
    task = app.enqueue("serve", {})
    await until(lambda: starts)
    await new.start()
    await asyncio.sleep(1.5)  # until it sleeps, and its second looks are over
    stopping = time.monotonic()
    assert await old.stop(grace=0) == 1
    [found] = await finished(other, task)
    await new.stop()
    assert (found.state, found.attempt) == (TaskState.SUCCEEDED, 1)
    assert starts[1] - stopping < 3.5  # the poll is 5 s where a hint can be sent


# In other programs


async def test_a_worker_in_an_async_program_leaves_the_loop_and_the_signals_alone(memory):
    definition = greeting(memory)
    async with working(memory) as worker:
        [found] = await finished(memory, await definition.aenqueue())
    assert (found.state, worker.is_running) == (TaskState.SUCCEEDED, False)


def test_a_worker_on_a_thread_of_a_sync_program(app):
    definition = greeting(app)
    with Worker(app).background() as worker:
        task = definition.enqueue()
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not app.get_task(task).state.is_final:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        assert worker.is_running
    assert not worker.is_running
    assert "rowlock-worker" not in {thread.name for thread in threading.enumerate()}


def test_a_background_worker_that_cannot_start_says_why():
    with (
        Rowlock("postgresql://127.0.0.1:1/nowhere") as app,
        pytest.raises(StorageUnavailableError),
        Worker(app).background(),
    ):
        raise AssertionError


def test_a_stop_may_be_asked_for_from_any_thread(memory):
    worker = Worker(memory)
    thread = threading.Thread(target=worker.run)
    thread.start()
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not worker.is_running:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    worker.request_stop()
    thread.join(PATIENCE_SECONDS)
    assert not thread.is_alive()
    worker.request_hurry()  # harmless afterwards


# systemd


@pytest.fixture
def manager(tmp_path: Path):
    """What a service manager hears."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        ear.bind(str(tmp_path / "notify"))
        ear.setblocking(False)
        yield ear


def heard(manager: socket.socket) -> list[str]:
    said: list[str] = []
    with suppress(BlockingIOError):
        while True:
            said.append(manager.recv(100).decode())
    return said


async def test_a_service_manager_is_told(memory, manager, monkeypatch):
    monkeypatch.setenv("NOTIFY_SOCKET", manager.getsockname())
    monkeypatch.setenv("WATCHDOG_USEC", "200000")
    greeting(memory)
    worker = Worker(memory)
    program = asyncio.create_task(run_worker(worker, Surroundings("127.0.0.1")))
    said: list[str] = []

    def alive() -> bool:
        said.extend(heard(manager))
        return said.count("WATCHDOG=1") >= 2

    await until(alive)
    os.kill(os.getpid(), 15)
    await program
    said += heard(manager)
    assert set(said) == {"READY=1", "WATCHDOG=1", "STOPPING=1"}
    assert (said.count("READY=1"), said[-1]) == (1, "STOPPING=1")


async def test_the_watchdog_hears_nothing_of_a_worker_that_is_not_well(manager):
    environment = {"NOTIFY_SOCKET": manager.getsockname(), "WATCHDOG_USEC": "200000"}
    with suppress(TimeoutError):
        async with asyncio.timeout(0.3):
            await Notifier(environment).keep_alive(lambda: False)
    assert heard(manager) == []


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"NOTIFY_SOCKET": "/nowhere/notify"},
        {"NOTIFY_SOCKET": "@nobody", "WATCHDOG_USEC": "soon"},
        {"NOTIFY_SOCKET": "/nowhere/notify", "WATCHDOG_USEC": "1000000", "WATCHDOG_PID": "1"},
    ],
)
async def test_without_a_manager_nothing_happens(environment):
    notifier = Notifier(environment)
    notifier.ready()
    await asyncio.wait_for(notifier.keep_alive(lambda: True), PATIENCE_SECONDS)


def test_an_abstract_socket_is_found():
    name = f"rowlock-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        ear.bind(f"\0{name}")
        Notifier({"NOTIFY_SOCKET": f"@{name}"}).ready()
        ear.settimeout(PATIENCE_SECONDS)
        assert ear.recv(100) == b"READY=1"


# Watching sources


async def test_changes_of_sources_are_seen(tmp_path: Path):
    (tmp_path / "app").mkdir()
    source = tmp_path / "app" / "tasks.py"
    source.write_text("1")
    os.utime(source, (1, 1))
    watch = SourceWatch(tmp_path)
    for change in (source.touch, lambda: source.rename(tmp_path / "app" / "jobs.py")):
        change()
        assert (await asyncio.wait_for(watch.change(), PATIENCE_SECONDS)).startswith("app/")


def test_what_is_not_source_is_passed_over(tmp_path: Path):
    for path in ("a.py", "b/c.py", ".git/d.py", "__pycache__/e.py", "venv/lib/f.py", "g.txt"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("")
    (tmp_path / "venv" / "pyvenv.cfg").write_text("")
    (tmp_path / "gone.py").symlink_to(tmp_path / "nowhere")
    seen = {str(Path(path).relative_to(tmp_path)) for path in source_times(tmp_path)}
    assert seen == {"a.py", "b/c.py"}
