"""What writes down what an app's methods return, raise and call back."""

from __future__ import annotations

import asyncio
import inspect
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, is_dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from rowlock import AsyncRowlock, Rowlock, TaskDefinition, Worker
from rowlock.errors import RowlockError
from rowlock.testing import Clock, clock

START = datetime(2031, 1, 1, tzinfo=UTC)
_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_AS_THEY_ARE = (int, float, datetime, timedelta, type(None))


class StoppedError(Exception):
    """What a step raises on purpose; a journal lets it through."""


class Journal:
    """Calls an app's methods and writes down what they return or raise.

    Ids are numbered in the order of their appearance; times are those of a clock of the test.

    Attributes:
        called: The methods that were called rightly: they returned.
        escaped: Errors that are not the package's own; a caller cannot expect those.
    """

    def __init__(
        self, app: Rowlock | AsyncRowlock, time: Clock, await_: Callable[[Any], Any]
    ) -> None:
        self.app = app
        self.time = time
        self.written: list[Any] = []
        self.called: set[str] = set()
        self.escaped: list[str] = []
        self._await = await_
        self._ids: dict[str, str] = {}

    def __call__(self, method: str, *args: Any, **kwargs: Any) -> Any:
        """Call one method; return what it returns, or the error."""
        try:
            value = getattr(self.app, method)(*args, **kwargs)
            value = self._await(value) if inspect.isawaitable(value) else value
        except RowlockError as error:
            value = error
        except StoppedError:
            raise
        except Exception as error:  # noqa: BLE001 - the steps go on, the test fails at the end
            value = error
            self.escaped.append(f"{method}: {error!r}, given {args} {kwargs}")
        else:
            self.called.add(method)
        self.note(method, value)
        return value

    def note(self, what: str, value: Any) -> None:
        """Write something down that no method returned."""
        self.written.append((what, self._plain(value)))

    def work(self, queue: str) -> None:
        """Let a worker run what can start now in a queue, one after the other."""
        worker = Worker(self.app, [queue], concurrency=1, worker_id="w1")
        self.note("recorded", self._await(worker.arun_once()))

    def _plain(self, value: Any) -> Any:
        if isinstance(value, RowlockError):
            return type(value).__name__, self._plain(str(value))
        if isinstance(value, TaskDefinition):
            value = ["definition", value.alias]
        if is_dataclass(value) and not isinstance(value, type):
            value = asdict(value)
        if isinstance(value, dict):
            return {str(name): self._plain(one) for name, one in value.items()}
        if isinstance(value, (list, tuple)):
            return [self._plain(one) for one in value]
        if isinstance(value, (UUID, str)):
            return _ID.sub(self._numbered, str(value))
        # Of functions, exceptions and contexts that each app has its own of, only the kind.
        return value if isinstance(value, _AS_THEY_ARE) else type(value).__name__

    def _numbered(self, match: re.Match[str]) -> str:
        return self._ids.setdefault(match[0], f"id {len(self._ids) + 1}")


@contextmanager
def journal(
    app: Rowlock | AsyncRowlock, scenario: Sequence[Callable[[Journal], None]]
) -> Iterator[Journal]:
    """What one app does in a scenario, with the app at hand afterwards."""
    with asyncio.Runner() as runner, ExitStack() as closing:

        async def awaited(value: Any) -> Any:
            return await value

        closing.callback(app.core.close)
        app.core.open()
        with clock(app, START) as time:
            call = Journal(app, time, lambda value: runner.run(awaited(value)))
            for step in scenario:
                call.written.append(step.__name__)
                step(call)
        yield call
