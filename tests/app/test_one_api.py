"""C144: every method of an app does the same in memory as in a file, and on every engine.

One scenario calls each public method, also wrongly, and writes down what comes back. What an
engine or the async facade writes down is compared with what memory does, word for word.
"""

from __future__ import annotations

import asyncio
import inspect
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, is_dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from rowlock import AsyncRowlock, Context, Rowlock
from rowlock.errors import RowlockError
from rowlock.model.ids import new_task_id
from rowlock.testing import clock, drain
from tests.support.backends import Backend

START = datetime(2031, 1, 1, tzinfo=UTC)
_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Journal:
    """Calls an app's methods and writes down what they return or raise.

    Ids are numbered in the order of their appearance; times are those of a clock of the test.
    """

    def __init__(self, app: Rowlock | AsyncRowlock, await_: Callable[[Any], Any]) -> None:
        self.app = app
        self.written: list[Any] = []
        self.called: set[str] = set()
        self._await = await_
        self._ids: dict[str, str] = {}

    def __call__(self, method: str, *args: Any, **kwargs: Any) -> Any:
        """Call one method; return what it returns, or the error."""
        self.called.add(method)
        try:
            value = getattr(self.app, method)(*args, **kwargs)
            value = self._await(value) if inspect.isawaitable(value) else value
        except RowlockError as error:
            value = error
        self.written.append((method, self._plain(value)))
        return value

    def _plain(self, value: Any) -> Any:
        if isinstance(value, RowlockError):
            return type(value).__name__, _ID.sub(self._numbered, str(value))
        if is_dataclass(value) and not isinstance(value, type):
            return self._plain(asdict(value))
        if isinstance(value, dict):
            return {str(name): self._plain(one) for name, one in value.items()}
        if isinstance(value, (list, tuple)):
            return [self._plain(one) for one in value]
        return _ID.sub(self._numbered, str(value)) if isinstance(value, (UUID, str)) else value

    def _numbered(self, match: re.Match[str]) -> str:
        return self._ids.setdefault(match[0], f"id {len(self._ids) + 1}")


def enqueueing(call: Journal) -> None:
    """Storing tasks in all ways."""

    @call.app.task(max_attempts=2, retry="none", queue="work")
    def work(ctx: Context, kind: str, left: int = 0) -> str:
        ctx.log.info("working on %s", kind)
        ctx.progress(50, "half")
        if kind == "bad":
            raise ValueError(kind)
        return kind * left

    call("enqueue", work, {"kind": "good", "left": 2}, priority=3, tags=["x"], unique="one")
    call("enqueue", "WORK", {"kind": "good"}, unique="one")
    call("enqueue", "work", {"kind": 7})
    call("enqueue", "nobody", {})
    call("enqueue", None, {"any": "json"}, delay="1h", lifetime="1d")
    call("enqueue", work, {"kind": "x" * 5_000})
    call("enqueue_if_not_exists", work, {"kind": "bad"})
    call("enqueue_if_not_exists", work, {"kind": "bad"})
    call("enqueue_many", work, [{"kind": "a"}, {"kind": "b"}], run_at=START)
    call("enqueue_many", work, [{"kind": "a"}, {}])


def looking(call: Journal) -> None:
    """Reading tasks, before and after they ran."""
    for _ in range(2):
        tasks = call("list_tasks")
        call("list_tasks", states=("pending", "failed"), limit=2)
        call("list_tasks", queue="work", before=tasks[1].id)
        call("list_tasks", definition="Work", tag="x")
        call("list_tasks", limit=0)
        for task in tasks:
            call("get_task", task)
            call("attempts", task.id)
            lines = call("task_log", str(task.id))
            assert all(line.message for line in lines)
            call.written.pop()  # the lines carry the host's time
        call("stats")
        drain(call.app, with_errors="record")
    call("get_task", new_task_id())
    call("get_task", "no id")


def resolving(call: Journal) -> None:
    """Finding a task by the beginning of its id."""
    [last] = call("list_tasks", limit=1)
    call("resolve", str(last.id))
    call("resolve", "ffffffff")
    call("resolve", "x")


def steering(call: Journal) -> None:
    """Cancelling and retrying."""
    [waiting] = call("list_tasks", states=("scheduled",))
    call("cancel", waiting)
    call("cancel", waiting)
    call("cancel", new_task_id(), force=True)
    [failed] = call("list_tasks", states=("failed",))
    call("retry", failed, attempts=1)
    call("retry", failed)
    call("retry", waiting, attempts=0)


def queues(call: Journal) -> None:
    """Queues and their policies."""
    call("register_queue", "Mail", max_attempts=9, retry="fixed", lease="1m", retention="2d")
    call("register_queue", "mail", timeout="5s")
    call("register_queue", "no name")
    call("register_queue", "mail", max_attempts=0)
    call("pause_queue", "mail")
    call("pause_queue", "nowhere")
    call("list_queues")
    call("resume_queue", "mail")
    call("enqueue", None, 1, queue="mail")
    call("stats")


def ending(call: Journal) -> None:
    """The schema is there, and a closed app says so."""
    call("migrate")
    call("close")
    call("list_queues")


SCENARIO = (enqueueing, looking, resolving, steering, queues, ending)


@contextmanager
def journal(app: Rowlock | AsyncRowlock) -> Iterator[Journal]:
    """What one app does in the scenario, with the app at hand afterwards."""
    with asyncio.Runner() as runner, ExitStack() as closing:

        async def awaited(value: Any) -> Any:
            return await value

        closing.callback(app.core.close)
        app.core.open()
        with clock(app, START):
            call = Journal(app, lambda value: runner.run(awaited(value)))
            for step in SCENARIO:
                call.written.append(step.__name__)
                step(call)
        yield call


@pytest.fixture(scope="module")
def in_memory() -> Journal:
    """What memory does."""
    with journal(Rowlock("memory://")) as call:
        return call


def test_every_public_method_is_called(in_memory):
    public = {
        name
        for name, _ in inspect.getmembers(Rowlock, inspect.isfunction)
        if not name.startswith("_") and name != "task"
    }
    missing = sorted(public - in_memory.called)
    here = Path(__file__).name
    assert missing == [], f"call {', '.join(missing)} in a step of {here}, rightly and wrongly"


@pytest.mark.parametrize("facade", [Rowlock, AsyncRowlock])
def test_every_method_does_the_same_as_in_memory(
    backend: Backend, in_memory: Journal, facade: type[Rowlock | AsyncRowlock]
):
    with journal(facade(backend.url)) as call:
        for here, there in zip(call.written, in_memory.written, strict=True):
            assert here == there  # one by one: the first difference is the one to look at
