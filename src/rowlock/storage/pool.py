"""A bounded pool of connections, and the runner that drives plans on them."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from queue import Empty, SimpleQueue
from typing import Any, ParamSpec, Protocol, TypeVar

from rowlock.errors import StorageConflictError, StorageError, StorageUnavailableError
from rowlock.plan import BEGIN, NOTHING, Plan, Result, Statement, drive
from rowlock.storage.idle_connections import IdleConnections

P = ParamSpec("P")
T = TypeVar("T")

MAX_TRIES = 10
FIRST_PAUSE_SECONDS = 0.005
ACQUIRE_TIMEOUT_SECONDS = 30.0
# Nobody waits for more than one try that took this long.
RETRY_SECONDS = 15.0
# What waits for a heartbeat loses its lease meanwhile.
HEARTBEAT_SILENCE_SECONDS = 5.0


class Driver(Protocol):
    """What one engine's driver is asked to do; every method blocks."""

    def connect(self) -> Any:
        """Open a connection in autocommit mode, ready for our statements."""
        ...

    def close(self, connection: Any) -> None:
        """Close the connection; never raises."""
        ...

    def begin(self, connection: Any) -> None:
        """Open a transaction that may write."""
        ...

    def commit(self, connection: Any) -> None:
        """Commit the open transaction."""
        ...

    def rollback(self, connection: Any) -> None:
        """Roll the open transaction back."""
        ...

    def execute(self, connection: Any, statement: Statement) -> Result:
        """Execute one statement and fetch all of its rows."""
        ...

    def translated(self, error: Exception) -> StorageError | None:
        """Return our error for the driver's, or None if it is not the driver's."""
        ...


class Tries:
    """When an operation that failed is tried again: never without an end."""

    def __init__(self, *, reads: bool) -> None:
        """Begin.

        Args:
            reads: Whether it only reads, so that it may be repeated whatever became of it.
        """
        self._reads = reads
        self._began = time.monotonic()
        self._start_over()

    def _start_over(self) -> None:
        self._left = MAX_TRIES - 1
        self._pause = FIRST_PAUSE_SECONDS
        self._last_start = time.monotonic() + RETRY_SECONDS

    def pause_after(self, error: StorageError) -> float | None:
        """Return after how many seconds to try again; None if that error is to be raised."""
        if isinstance(error, StorageConflictError):
            if not self._left or time.monotonic() > self._last_start:
                return None
            self._left -= 1
            pause, self._pause = self._pause, self._pause * 2
            return pause * random.random()  # noqa: S311 - jitter, not a secret
        broke = isinstance(error, StorageUnavailableError) and error.outcome_unknown
        if not (broke and self._reads) or time.monotonic() - self._began > RETRY_SECONDS:
            return None
        self._reads = False  # once
        self._start_over()
        return 0.0


class translating:  # noqa: N801 - reads as the function that it is
    """Raises our error for a driver's, within a `with` block."""

    __slots__ = ("_sent", "_translated")

    def __init__(
        self, translated: Callable[[Exception], StorageError | None], *, sent: bool
    ) -> None:
        """Say whose errors.

        Args:
            translated: Returns ours.
            sent: Whether the server may have done what was asked for, if the connection breaks.
        """
        self._translated = translated
        self._sent = sent

    def __enter__(self) -> None:
        """Nothing has failed yet."""

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        """Raise our error if there is one for what was raised."""
        if not isinstance(error, Exception) or isinstance(error, StorageError):
            return
        ours = self._translated(error)
        if ours is None:
            return
        for note in getattr(error, "__notes__", ()):
            ours.add_note(note)
        if isinstance(ours, StorageUnavailableError):
            ours.outcome_unknown = self._sent
        raise ours from error


class Pool:
    """At most `size` connections of one process, the last used first.

    A forked child never uses its parent's connections: it forgets them and opens its own.
    """

    def __init__(self, driver: Driver, size: int, *, keeps: bool = True) -> None:
        """Open nothing yet.

        Args:
            driver: Opens connections.
            size: How many at most.
            keeps: Whether a connection stays open for the next who needs one.
        """
        self._driver = driver
        self._size = size
        self._keeps = keeps
        self._reset()

    def _reset(self) -> None:
        # A semaphore that costs a fifth of one.
        self._turns: SimpleQueue[None] = SimpleQueue()
        for _ in range(self._size):
            self._turns.put(None)
        self._idle = IdleConnections(self._driver.close)

    def take(self) -> Any:
        """Return a connection, which `give_back` or `discard` must follow.

        Raises:
            StorageUnavailableError: All are in use, or the pool is closed.
        """
        if self._idle.are_inherited:
            self._reset()
        try:
            self._turns.get(timeout=ACQUIRE_TIMEOUT_SECONDS)
        except Empty:
            raise StorageUnavailableError(f"all {self._size} connections are in use") from None
        try:
            return self._idle.take() or self._driver.connect()
        except BaseException:
            self._turns.put(None)
            raise

    def give_back(self, connection: Any) -> None:
        """Keep a connection for the next who needs one."""
        try:
            if self._keeps:
                self._idle.keep(connection)
            else:
                self._driver.close(connection)
        finally:
            self._turns.put(None)

    def discard(self, connection: Any) -> None:
        """Close a connection that nobody else is to get."""
        try:
            self._driver.close(connection)
        finally:
            self._turns.put(None)

    def drop_idle(self) -> None:
        """Close what is idle: it broke together with another one."""
        self._idle.drop()

    def close(self) -> None:
        """Close what is idle now, and what is lent when it comes back."""
        self._idle.close()


class PooledRunner:
    """Runs each plan on a pooled connection, in a transaction if the plan asks for one."""

    def __init__(self, driver: Driver, *, size: int, keeps: bool = True) -> None:
        self.driver = driver
        self.pool = Pool(driver, size, keeps=keeps)

    def run(self, operation: Callable[P, Plan[T]], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run an operation that writes. See `Runner.run`."""
        return self._run_again(lambda: operation(*args, **kwargs), Tries(reads=False))

    def read(self, operation: Callable[P, Plan[T]], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run an operation that only reads. See `Runner.read`."""
        return self._run_again(lambda: operation(*args, **kwargs), Tries(reads=True))

    @contextmanager
    def transaction(self) -> Generator[Any]:
        """Lend a connection with an open transaction; commit at the end unless that raises.

        What is raised within passes as it is, be it the driver's: it is the borrower's own.
        """
        connection = self._taken()
        with self._ending(connection, sent=False):
            self.driver.begin(connection)
        try:
            yield connection
        except BaseException as error:
            rolled_back = False
            with suppress(Exception), self._ending(connection, sent=False):
                self.driver.rollback(connection)
                rolled_back = True
            if rolled_back:
                self.pool.give_back(connection)
            if isinstance(error, StorageUnavailableError):
                self.pool.drop_idle()
            raise
        with self._ending(connection, sent=True):
            self.driver.commit(connection)
        self.pool.give_back(connection)

    def _taken(self) -> Any:
        with translating(self.driver.translated, sent=False):
            return self.pool.take()

    @contextmanager
    def _ending(self, connection: Any, *, sent: bool) -> Generator[None]:
        """Let nobody else have the connection if its transaction cannot begin or end."""
        try:
            with translating(self.driver.translated, sent=sent):
                yield
        except BaseException as error:
            self._discard(connection, error)
            raise

    def _discard(self, connection: Any, error: BaseException) -> None:
        if isinstance(error, StorageUnavailableError):
            self.pool.drop_idle()
        self.pool.discard(connection)

    def close(self) -> None:
        """Close the connections."""
        self.pool.close()

    def _run_again(self, start: Callable[[], Plan[T]], tries: Tries) -> T:
        while True:
            try:
                return self._run_once(start())
            except StorageError as error:
                pause = tries.pause_after(error)
                if pause is None:
                    raise
            time.sleep(pause)

    def _run_once(self, plan: Plan[T]) -> T:
        connection = self._taken()
        session = _Session(self.driver, connection)
        try:
            with translating(self.driver.translated, sent=True):
                value = drive(plan, session.execute)
                session.commit()
        except BaseException as error:
            usable = False
            try:
                usable = not isinstance(error, StorageUnavailableError) and session.rolled_back()
            finally:  # whatever interrupts it
                if usable:
                    self.pool.give_back(connection)
                else:
                    self._discard(connection, error)
            raise
        self.pool.give_back(connection)
        session.call_back()
        return value


class ServerRunners:
    """The runners of a server engine; they differ in how long its silence is borne.

    Attributes:
        common: For nearly everything.
        heartbeat: Has a connection of its own, which nothing else can hold up.
        patient: For what may take its time, such as the making of an index: waits for ever, and
            keeps no connection.
        transactions: For those of handlers, who may keep a connection for a while.
        seldom: For what a worker does now and then; keeps no connection.
    """

    def __init__(
        self,
        driver: Callable[[float | None], Driver],
        *,
        size: int,
        silence: float,
        common: Driver | None = None,
    ) -> None:
        """Connect nothing yet.

        Args:
            driver: Returns a driver that gives a server up after so many silent seconds.
            size: Connections at most for `common`.
            silence: After how many silent seconds `common` gives up.
            common: Instead of what `driver` returns for `common`.
        """
        self.common = PooledRunner(common or driver(silence), size=size)
        brief = min(silence, HEARTBEAT_SILENCE_SECONDS)
        self.heartbeat = PooledRunner(driver(brief), size=1)
        self.patient = PooledRunner(driver(None), size=size, keeps=False)
        self.transactions = PooledRunner(driver(silence), size=size)
        self.seldom = PooledRunner(driver(silence), size=1, keeps=False)

    def close(self) -> None:
        """Close the connections."""
        for runner in (self.common, self.heartbeat, self.patient, self.transactions, self.seldom):
            runner.close()


class _Session:
    """One plan's use of a connection: whether its transaction is open."""

    def __init__(self, driver: Driver, connection: Any) -> None:
        self._driver = driver
        self._connection = connection
        self._begun = False
        self._calls: list[Callable[[], None]] = []

    def execute(self, statement: Statement) -> Result:
        if statement.then is not None:
            self._calls.append(statement.then)
            return NOTHING
        if statement is BEGIN:
            if not self._begun:
                self._driver.begin(self._connection)
                self._begun = True
            return NOTHING
        return self._driver.execute(self._connection, statement)

    def commit(self) -> None:
        if self._begun:
            self._driver.commit(self._connection)
            self._begun = False

    def call_back(self) -> None:
        for call in self._calls:
            call()

    def rolled_back(self) -> bool:
        """Roll back what is open; returns False if that cannot be done."""
        if not self._begun:
            return True
        try:
            self._driver.rollback(self._connection)
        except Exception:  # noqa: BLE001 - the first error is the one to tell
            return False
        return True
