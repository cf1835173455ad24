"""A bounded pool of async connections, and the runner that drives plans on them.

The same as `pool` for a driver that does not block: an operation costs no trip to a thread.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from typing import Any, ParamSpec, Protocol, TypeVar

from rowlock.errors import StorageError, StorageUnavailableError
from rowlock.plan import BEGIN, NOTHING, Plan, Result, Statement, drive_async
from rowlock.runtime.threads import deliver
from rowlock.storage.idle_connections import IdleConnections
from rowlock.storage.pool import Tries, translating

P = ParamSpec("P")
T = TypeVar("T")


class AsyncDriver(Protocol):
    """What one engine's async driver is asked to do."""

    async def connect(self) -> Any:
        """Open a connection in autocommit mode, ready for our statements.

        It belongs to no event loop while nothing is asked of it.
        """
        ...

    def close(self, connection: Any) -> None:
        """Close the connection at once, whatever it does; never raises."""
        ...

    def begin(self, connection: Any) -> Awaitable[None]:
        """Open a transaction that may write."""
        ...

    def commit(self, connection: Any) -> Awaitable[None]:
        """Commit the open transaction."""
        ...

    def rollback(self, connection: Any) -> Awaitable[None]:
        """Roll the open transaction back."""
        ...

    def execute(self, connection: Any, statement: Statement) -> Awaitable[Result]:
        """Execute one statement and fetch all of its rows."""
        ...

    def translated(self, error: Exception) -> StorageError | None:
        """Return our error for the driver's, or None if it is not the driver's."""
        ...


class AsyncPool:
    """Opens connections and keeps those that are idle; they serve any event loop."""

    def __init__(self, driver: AsyncDriver) -> None:
        """Open nothing yet."""
        self.driver = driver
        self._reset()

    def _reset(self) -> None:
        self._idle = IdleConnections(self.driver.close)
        self._lock = threading.Lock()
        self._lent: dict[int, tuple[Any, asyncio.AbstractEventLoop]] = {}

    async def take(self) -> Any:
        """Return a connection, which `give_back` or `discard` must follow.

        Raises:
            StorageUnavailableError: The pool is closed.
        """
        if self._idle.are_inherited:
            self._reset()
        connection = self._idle.take() or await self.driver.connect()
        with self._lock:
            self._lent[id(connection)] = (connection, asyncio.get_running_loop())
        return connection

    def give_back(self, connection: Any) -> None:
        """Keep a connection for the next who needs one."""
        with self._lock:
            self._lent.pop(id(connection), None)
        self._idle.keep(connection)

    def discard(self, connection: Any) -> None:
        """Close a connection that nobody else is to get."""
        with self._lock:
            self._lent.pop(id(connection), None)
        self.driver.close(connection)

    def drop_idle(self) -> None:
        """Close what is idle: it broke together with another one."""
        self._idle.drop()

    def end_abandoned(self) -> None:
        """Close what event loops had that were closed in the middle of it: none gives it back."""
        with self._lock:
            lent = self._lent.values()
            abandoned = [connection for connection, loop in lent if loop.is_closed()]
            for connection in abandoned:
                del self._lent[id(connection)]
        for connection in abandoned:
            self.driver.close(connection)

    def close(self) -> None:
        """Close what is idle now, and what is in use when it comes back; from any thread."""
        self._idle.close()
        if not self._idle.are_inherited:
            self.end_abandoned()


class AsyncPooledRunner:
    """Runs each plan on a pooled connection, in a transaction if the plan asks for one.

    What was begun goes on when its caller is cancelled: the caller learns of the cancellation
    and the transaction still ends cleanly.
    """

    def __init__(self, pool: AsyncPool, *, size: int) -> None:
        """Open nothing yet.

        Args:
            pool: Where connections come from; runners may share one.
            size: How many this one has at most, on each event loop.
        """
        self._pool = pool
        self._size = size
        self._lock = threading.Lock()
        self._turns: dict[asyncio.AbstractEventLoop, asyncio.Semaphore] = {}
        self._under_way: set[asyncio.Task[Any]] = set()

    async def run(self, operation: Callable[P, Plan[T]], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run an operation that writes. See `Runner.run`."""
        return await self._shielded(lambda: operation(*args, **kwargs), Tries(reads=False))

    async def read(
        self, operation: Callable[P, Plan[T]], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run an operation that only reads. See `Runner.read`."""
        return await self._shielded(lambda: operation(*args, **kwargs), Tries(reads=True))

    def close(self) -> None:
        """Close the pool, for all who share it; from any thread."""
        self._pool.close()

    async def _shielded(self, start: Callable[[], Plan[T]], tries: Tries) -> T:
        loop = asyncio.get_running_loop()
        outcome: asyncio.Future[T] = loop.create_future()
        task = loop.create_task(self._deliver(outcome, start, tries))
        self._under_way.add(task)  # a loop keeps no tasks alive
        task.add_done_callback(self._under_way.discard)
        return await outcome

    async def _deliver(
        self, outcome: asyncio.Future[T], start: Callable[[], Plan[T]], tries: Tries
    ) -> None:
        try:
            value = await self._run_again(start, tries)
        except Exception as error:  # noqa: BLE001 - told to whoever waits
            deliver(outcome, None, error)
        except BaseException:  # the event loop ends
            outcome.cancel()
            raise
        else:
            deliver(outcome, value, None)

    async def _run_again(self, start: Callable[[], Plan[T]], tries: Tries) -> T:
        while True:
            try:
                return await self._run_once(start())
            except StorageError as error:
                pause = tries.pause_after(error)
                if pause is None:
                    raise
            await asyncio.sleep(pause)

    async def _run_once(self, plan: Plan[T]) -> T:
        # However many wait: each of those before them has a limit for the server's silence.
        async with self._turns_here():
            return await self._run_on_one(plan)

    def _turns_here(self) -> asyncio.Semaphore:
        loop = asyncio.get_running_loop()
        turns = self._turns.get(loop)
        return self._turns_of_new(loop) if turns is None else turns

    def _turns_of_new(self, loop: asyncio.AbstractEventLoop) -> asyncio.Semaphore:
        with self._lock:
            closed = [known for known in self._turns if known.is_closed()]
            for other in closed:
                del self._turns[other]
            turns = self._turns[loop] = asyncio.Semaphore(self._size)
        if closed:
            self._under_way -= {one for one in set(self._under_way) if one.get_loop() in closed}
            self._pool.end_abandoned()
        return turns

    async def _run_on_one(self, plan: Plan[T]) -> T:
        pool, translated = self._pool, self._pool.driver.translated
        with translating(translated, sent=False):
            connection = await pool.take()
        session = _AsyncSession(pool.driver, connection)
        try:
            with translating(translated, sent=True):
                value = await drive_async(plan, session.execute)
                await session.commit()
        except StorageUnavailableError:
            pool.discard(connection)
            pool.drop_idle()
            raise
        except Exception:
            if await session.rolled_back():
                pool.give_back(connection)
            else:
                pool.discard(connection)
            raise
        except BaseException:  # nobody waits for the answer any more
            pool.discard(connection)
            raise
        pool.give_back(connection)
        session.call_back()
        return value


class _AsyncSession:
    """One plan's use of a connection: whether its transaction is open."""

    def __init__(self, driver: AsyncDriver, connection: Any) -> None:
        self._driver = driver
        self._connection = connection
        self._begun = False
        self._calls: list[Callable[[], None]] = []

    async def execute(self, statement: Statement) -> Result:
        if statement.then is not None:
            self._calls.append(statement.then)
            return NOTHING
        if statement is not BEGIN:
            return await self._driver.execute(self._connection, statement)
        if not self._begun:
            await self._driver.begin(self._connection)
            self._begun = True
        return NOTHING

    async def commit(self) -> None:
        if self._begun:
            await self._driver.commit(self._connection)

    async def rolled_back(self) -> bool:
        """Roll back what is open; returns False if that cannot be done."""
        try:
            if self._begun:
                await self._driver.rollback(self._connection)
        except Exception:  # noqa: BLE001 - the first error is the one to tell
            return False
        return True

    def call_back(self) -> None:
        for call in self._calls:
            call()
