"""Who runs plans: the protocols, and the async runner over a sync one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import ParamSpec, Protocol, TypeVar

from rowlock.errors import StorageUnavailableError
from rowlock.plan import Plan

P = ParamSpec("P")
T = TypeVar("T")

CLOSE_SECONDS = 2.0


class Runner(Protocol):
    """Runs a storage operation to its end.

    It takes the operation and its arguments, not a started plan, so that it can start over
    after a deadlock or a serialization failure.
    """

    def run(self, operation: Callable[P, Plan[T]], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run an operation that writes; commit if it returns, roll back if it raises."""
        ...

    def read(self, operation: Callable[P, Plan[T]], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run an operation that only reads; tried once more when the connection broke."""
        ...


class AsyncRunner(Protocol):
    """Runs a storage operation to its end without blocking the event loop. See `Runner`."""

    def run(
        self, operation: Callable[P, Plan[T]], /, *args: P.args, **kwargs: P.kwargs
    ) -> Awaitable[T]:
        """Run an operation that writes. See `Runner.run`."""
        ...

    def read(
        self, operation: Callable[P, Plan[T]], /, *args: P.args, **kwargs: P.kwargs
    ) -> Awaitable[T]:
        """Run an operation that only reads. See `Runner.read`."""
        ...

    def close(self) -> None:
        """Take no more, and close the connections or threads."""
        ...


class ThreadRunner:
    """An `AsyncRunner` over a sync runner: one thread hop for a whole operation.

    A process can end while an operation hangs; see `DaemonThreads`.
    """

    def __init__(self, runner: Runner, *, threads: int) -> None:
        from rowlock.runtime.threads import DaemonThreads  # start-up time of sync programs

        self._runner = runner
        self._threads = DaemonThreads(threads, name="storage")

    async def run(self, operation: Callable[P, Plan[T]], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run an operation that writes. See `Runner.run`."""
        return await self.call(lambda: self._runner.run(operation, *args, **kwargs))

    async def read(
        self, operation: Callable[P, Plan[T]], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run an operation that only reads. See `Runner.read`."""
        return await self.call(lambda: self._runner.read(operation, *args, **kwargs))

    async def call(self, blocking: Callable[[], T]) -> T:
        """Make a call that blocks, on one of the threads.

        Raises:
            StorageUnavailableError: After `close`.
        """
        import asyncio

        # A write that was handed to a thread goes on when its caller is cancelled: shielded,
        # the caller learns of the cancellation and the transaction still ends cleanly.
        try:
            running = self._threads.submit(blocking)
        except RuntimeError as error:
            raise StorageUnavailableError("the application was closed") from error
        value: T = await asyncio.shield(running)
        return value

    def close(self) -> None:
        """Let the threads end once what they run has ended, which is waited for a moment."""
        self._threads.close(wait=CLOSE_SECONDS)
