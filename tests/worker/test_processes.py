"""Handlers in child processes: what they get, how they end, and what they cannot harm."""

from __future__ import annotations

import asyncio
import logging
import os
import threading
import time
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from rowlock import Rowlock, TaskState, Worker
from rowlock.errors import ConfigError, InvalidValueError
from rowlock.runtime.processes import process
from tests.worker import process_handlers as handlers
from tests.worker.steps import PATIENCE_SECONDS, finished, until, working

SLOW_SECONDS = 60.0


def define(app: Rowlock, handler: Any, **defaults: Any) -> Any:
    return app.task(executor="process", **{"max_attempts": 1, **defaults})(handler)


@pytest.fixture
def memory():
    """An app that needs no server: what the engine is does not matter to a child."""
    with Rowlock("memory://") as app:
        yield app


def said(path: Path) -> str:
    return path.read_text() if path.exists() else ""


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def test_a_handler_runs_in_another_process_with_its_context(app):
    add, double = define(app, handlers.add), define(app, handlers.double)
    first, second, third = add.enqueue(1, b=3), double.enqueue(21), add.enqueue(2)
    assert Worker(app, concurrency=1).run_once() == 3
    result = app.get_task(first).result
    assert result["sum"] == 4
    assert result["pid"] not in {os.getpid(), os.getppid()}
    assert app.get_task(third).result == {"sum": 4, "pid": result["pid"]}
    assert app.get_task(second).result == 42
    assert [(line.level, line.message) for line in app.task_log(first)] == [
        ("INFO", "adding 1 and 3")
    ]
    assert not is_alive(result["pid"])


def test_the_context_tells_what_it_tells_elsewhere(memory):
    about = define(memory, handlers.about, timeout="1m")
    task = about.options(tags=["x"]).enqueue()
    worker = Worker(memory)
    worker.run_once()
    assert memory.get_task(task).result == {
        "id": str(task.id),
        "definition": "about",
        "attempt": 1,
        "worker": worker.id,
        "tags": ["x"],
        "deadline": True,
    }


def test_outcomes_and_failures_are_those_of_any_handler(memory):
    """C132."""
    outcome, boom = define(memory, handlers.outcome), define(memory, handlers.boom)
    unstorable = define(memory, handlers.unstorable)
    snoozed, canceled, failed = (outcome.enqueue(kind) for kind in ("snooze", "cancel", "fail"))
    raised, refused = boom.enqueue("broken"), unstorable.enqueue()
    Worker(memory, concurrency=1).run_once()
    assert memory.get_task(snoozed).state is TaskState.SCHEDULED
    assert memory.get_task(canceled).reason == "no need"
    assert memory.get_task(failed).error.message == "bad luck"
    error = memory.get_task(raised).error
    assert error.type == "ValueError"
    assert error.message.startswith("broken ")
    assert "process_handlers.py" in error.traceback
    assert memory.get_task(refused).reason == "result_invalid"


def test_what_a_process_logs_is_logged_here(memory, caplog):
    define(memory, handlers.speak).enqueue("50% done")
    with caplog.at_level(logging.INFO):
        Worker(memory).run_once()
    [record] = [one for one in caplog.records if one.name == "library"]
    assert (record.levelname, record.getMessage()) == ("WARNING", "50% done")


def test_poison_harms_nobody_else(app):
    """The pills end failed with their reasons, and every other task succeeds, run once."""
    add = define(app, handlers.add, max_attempts=5)
    crash, leave, eat = (define(app, one) for one in (handlers.crash, handlers.leave, handlers.eat))
    spin, deaf = (define(app, one, timeout="1s") for one in (handlers.spin, handlers.deaf))
    good: list[Any] = []
    pills: dict[str, Any] = {}
    for part in range(5):
        good += add.enqueue_many({"a": number} for number in range(40 * part, 40 * part + 40))
        match part:
            case 0:
                pills["killed by SIGSEGV"] = crash.enqueue()
            case 1:
                pills["exit code 3"] = leave.enqueue(3)
            case 2:
                pills["memory over 300 MB"] = eat.enqueue(600)
            case 3:
                pills["ran longer than 1 s"] = spin.enqueue()
            case _:
                pills["ran longer than 1 s "] = deaf.enqueue()
    began = time.monotonic()
    assert Worker(app, concurrency=4, max_child_memory="300MB").run_once() == 205
    assert time.monotonic() - began < SLOW_SECONDS
    for message, pill in pills.items():
        task = app.get_task(pill)
        assert (task.state, task.attempt, task.crashes) == (TaskState.FAILED, 1, 0)
        assert task.error.message == message.strip()
        assert task.reason == ("timeout" if "longer" in message else "process_died")
    done = [app.get_task(one) for one in good]
    assert {(one.state, one.attempt, one.crashes) for one in done} == {("succeeded", 1, 0)}
    assert [one.result["sum"] for one in done] == [number + 2 for number in range(200)]


def test_every_line_of_a_burst_arrives_in_order(memory):
    task = define(memory, handlers.chatter).enqueue(700)
    Worker(memory).run_once()
    said = [line.message for line in memory.task_log(task)]
    assert said == [f"line {number}" for number in range(700)]


def test_last_words_are_kept(memory):
    task = define(memory, handlers.crash).enqueue()
    Worker(memory).run_once()
    assert [line.message for line in memory.task_log(task)] == ["last words"]


def test_a_failure_of_the_process_is_tried_again_by_the_policy(memory):
    task = define(memory, handlers.leave, max_attempts=2, retry="immediate").enqueue(7)
    assert Worker(memory).run_once() == 2
    found = memory.get_task(task)
    assert (found.state, found.attempt, found.crashes) == (TaskState.FAILED, 2, 0)
    assert found.error.message == "exit code 7"


@pytest.mark.parametrize("handler", [handlers.polite, handlers.tidy])
async def test_a_canceled_handler_may_clean_up(memory, handler, tmp_path):
    memory.register_queue("default", lease="5s")
    path = tmp_path / "said"
    task = define(memory, handler).enqueue(str(path))
    async with working(memory):
        await until((tmp_path / "said.begun").exists)
        if handler is handlers.polite:
            # What it reports is stored while it runs.
            await until(lambda: memory.get_task(task).progress == 40)
            assert memory.get_task(task).progress_message == "waiting"
        memory.cancel(task)
        [found] = await finished(memory, task)
    assert (found.state, path.read_text()) == (TaskState.CANCELED, "cleaned up")


async def test_a_stop_hands_back_what_runs_and_kills_the_process(memory, tmp_path):
    """C133: none stays behind, not even what the handler started."""
    paths = [tmp_path / f"pid{number}" for number in range(2)]
    breed = define(memory, handlers.breed)
    tasks = [breed.enqueue(str(path)) for path in paths]
    worker = Worker(memory)
    await worker.start()
    pids = [int(await until(partial(said, path))) for path in paths]
    began = time.monotonic()
    assert await worker.stop(grace=0) == 2
    assert time.monotonic() - began < PATIENCE_SECONDS
    assert [memory.get_task(one).state for one in tasks] == ["queued", "queued"]
    await until(lambda: not any(map(is_alive, pids)))


def pids_of(app: Rowlock, count: int, **limits: Any) -> list[int]:
    tasks = [define(app, handlers.add, alias=f"add{i}").enqueue(i) for i in range(count)]
    assert Worker(app, concurrency=1, **limits).run_once() == count
    return [app.get_task(one).result["pid"] for one in tasks]


def test_a_process_is_replaced_after_so_many_tasks(memory):
    pids = pids_of(memory, 5, max_tasks_per_child=2)
    assert pids[0] == pids[1] != pids[2] == pids[3] != pids[4]


def test_a_process_is_replaced_when_it_is_old(memory):
    assert len(set(pids_of(memory, 2, max_child_age=0.000001))) == 2


def test_a_process_that_holds_half_of_the_memory_is_replaced(memory):
    assert len(set(pids_of(memory, 2, max_child_memory="10GB"))) == 1
    keep = define(memory, handlers.keep)
    tasks = [keep.enqueue(100), keep.enqueue(0)]
    Worker(memory, concurrency=1, max_child_memory="200MB").run_once()
    first, second = (memory.get_task(one) for one in tasks)
    assert (first.state, second.state) == ("succeeded", "succeeded")
    assert first.result != second.result


async def test_a_process_that_dies_idle_costs_nobody_an_attempt(memory):
    add = define(memory, handlers.add)
    async with working(memory, concurrency=1):
        [first] = await finished(memory, add.enqueue(1))
        os.kill(first.result["pid"], 9)
        await asyncio.sleep(0)
        [second] = await finished(memory, add.enqueue(2))
    assert (second.state, second.attempt) == (TaskState.SUCCEEDED, 1)
    assert second.result["pid"] != first.result["pid"]


def test_a_handler_that_cannot_be_imported_says_so(memory):
    def hidden() -> None: ...

    task = define(memory, hidden).enqueue()
    Worker(memory).run_once()
    found = memory.get_task(task)
    assert found.state is TaskState.FAILED
    assert "define it at the top of its module" in found.error.message


def test_an_app_that_cannot_be_imported_fails_the_attempt_with_the_cause(memory):
    memory.core.reference = "no_such_module:app"
    task = define(memory, handlers.add).enqueue(1)
    Worker(memory).run_once()
    error = memory.get_task(task).error
    assert error.type == "ProcessNotStarted"
    assert "ModuleNotFoundError: No module named 'no_such_module'" in error.message


@pytest.mark.parametrize(
    ("source", "cause"),
    [
        ("import time; time.sleep(600)", "it did not load the code within 1 s"),
        ("import os; os._exit(4)", "exit code 4"),
        ("raise SystemExit('no')", "SystemExit: no"),
    ],
)
def test_code_that_does_not_load_fails_the_attempt(memory, tmp_path, monkeypatch, source, cause):
    (tmp_path / "unloadable.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(process, "START_SECONDS", 1.0 if "within" in cause else SLOW_SECONDS)
    memory.core.reference = "unloadable:app"
    task = define(memory, handlers.add).enqueue(1)
    Worker(memory).run_once()
    found = memory.get_task(task)
    assert (found.state, found.error.type) == (TaskState.FAILED, "ProcessNotStarted")
    assert found.error.message.endswith(cause)


def test_a_worker_on_a_thread_has_processes_too(memory):
    task = define(memory, handlers.double).enqueue(4)
    thread = threading.Thread(target=Worker(memory).run_once)
    thread.start()
    thread.join(SLOW_SECONDS)
    assert memory.get_task(task).result == 8


@pytest.mark.parametrize("value", ["thread", "", 1, True])
def test_another_executor_is_refused(memory, value):
    with pytest.raises(InvalidValueError, match=r"executor: must be 'process'"):
        memory.task(executor=value)(handlers.add)
    assert memory.definitions == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("max_tasks", 0),
        ("max_tasks", "many"),
        ("max_memory", "much"),
        ("max_memory", 5),
        ("max_tasks_per_child", 0),
        ("max_child_age", "0s"),
        ("max_child_memory", -1),
        ("max_child_memory", True),
    ],
)
def test_bad_limits_are_refused_by_name(memory, name, value):
    with pytest.raises(InvalidValueError) as caught:
        Worker(memory, **{name: value})
    assert caught.value.field == name


def test_providers_and_captured_lines_are_those_of_the_child(memory):
    with_word = define(memory, handlers.with_word, capture_logs="warning")
    task = with_word.enqueue("Ada")
    assert Worker(memory, concurrency=1).run_once() == 1
    word, name, pid = memory.get_task(task).result.split()
    assert (word, name) == ("word", "Ada")
    assert int(pid) != os.getpid()


def test_a_fake_that_a_child_would_not_see_fails_the_attempt(memory):
    task = define(memory, handlers.with_word).enqueue("Ada")
    other = define(memory, handlers.double).enqueue(2)
    with memory.override(handlers.get_word, lambda: "fake"):
        assert Worker(memory, concurrency=1).run_once() == 2
    failed = memory.get_task(task)
    assert (failed.state, failed.error.type) == (TaskState.FAILED, "ConfigError")
    assert "run_task or drain" in failed.error.message
    assert memory.get_task(other).result == 4


def test_middleware_runs_in_the_child_that_knows_the_app(monkeypatch):
    app = handlers.layered
    monkeypatch.setattr(app.core, "reference", f"{handlers.__name__}:layered")
    task = handlers.plain.enqueue()
    assert Worker(app, concurrency=1).run_once() == 1
    pid = app.get_task(task).result
    assert pid != os.getpid()
    assert [line.message for line in app.task_log(task)] == [f"around it: {pid}"]


def test_middleware_that_a_child_cannot_find_is_not_left_out(monkeypatch):
    app = handlers.layered
    monkeypatch.setattr(app.core, "reference", None)
    with pytest.raises(ConfigError, match="rowlock worker module:app"):
        Worker(app).run_once()


def test_retries_by_exception_class_know_what_a_child_raised(memory):
    never: dict[type[BaseException], Any] = {OSError: "fixed", ConnectionError: None}
    define(memory, handlers.refuse_connection, max_attempts=3, retry_for=never).enqueue()
    assert Worker(memory, concurrency=1).run_once() == 1
    [task] = memory.list_tasks()
    assert (task.state, task.error.type) == (TaskState.FAILED, "ConnectionRefusedError")


def test_a_child_cannot_settle_its_own_task(memory):
    task = define(memory, handlers.settle).enqueue()
    assert Worker(memory, concurrency=1).run_once() == 1
    assert "cannot settle its own task" in memory.get_task(task).error.message


def test_a_handler_class_runs_in_a_child(memory):
    count = memory.task(handlers.Count)
    task = count.enqueue()
    assert Worker(memory, concurrency=1).run_once() == 1
    assert memory.get_task(task).result not in {None, os.getpid()}
