"""Plans on the caller's own open transaction: never begun, committed or rolled back by us.

A session or connection of SQLAlchemy, or a connection of Django, is unwrapped to the driver's
connection beneath it, which takes part in the transaction that the framework began.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, ParamSpec, Protocol, TypeAlias, TypeVar

from rowlock.errors import InvalidValueError, StorageError
from rowlock.plan import BEGIN, NOTHING, Plan, Result, Statement, drive, drive_async
from rowlock.storage.unwrapping import refused, unwrapped, unwrapped_async

P = ParamSpec("P")
T = TypeVar("T")

Translate: TypeAlias = Callable[[Exception], StorageError | None]


class Execute(Protocol):
    """Executes one statement on a sync connection of this engine's driver."""

    def __call__(self, connection: Any, statement: Statement, /) -> Result:
        """Execute and fetch all rows."""
        ...


class ExecuteAsync(Protocol):
    """Executes one statement on an async connection of this engine."""

    def __call__(self, connection: Any, statement: Statement, /) -> Awaitable[Result]:
        """Execute and fetch all rows."""
        ...


class Enlisting:
    """How one engine joins transactions; the engines differ in what they recognise.

    Args of the constructor are functions: `recognise` returns how to execute on a sync
    connection or None if it is not one of this engine's, `recognise_async` likewise.

    Attributes:
        one_writer: Whether a transaction that has written keeps all others from writing, so
            that a write of our own would wait for the caller, who waits for us.
    """

    def __init__(
        self,
        engine: str,
        translate: Translate,
        recognise: Callable[[object], Execute | None],
        recognise_async: Callable[[object], ExecuteAsync | None],
        *,
        one_writer: bool = False,
    ) -> None:
        self._engine = engine
        self._translate = translate
        self._recognise = recognise
        self._recognise_async = recognise_async
        self.one_writer = one_writer

    def runner(self, transaction: object) -> EnlistedRunner:
        """Return the runner on a sync connection or what a framework wraps around one.

        Raises:
            InvalidValueError: It is no transaction of this engine.
        """
        connection = unwrapped(transaction)
        execute = self._recognise(connection)
        if execute is None:
            raise self._refused(transaction)
        return EnlistedRunner(connection, execute, self._translate)

    async def async_runner(self, transaction: object) -> EnlistedAsyncRunner:
        """Return the runner on an async connection or SQLAlchemy `AsyncSession`.

        Raises:
            InvalidValueError: It is no transaction of this engine.
        """
        connection = await unwrapped_async(transaction)
        execute = self._recognise_async(connection)
        if execute is None:
            raise self._refused(transaction)
        return EnlistedAsyncRunner(connection, execute, self._translate)

    def _refused(self, transaction: object) -> InvalidValueError:
        kind = f"{type(transaction).__module__}.{type(transaction).__qualname__}"
        return refused(
            f"a {kind} is not an open transaction on {self._engine} that can be joined here; "
            "async ones need the async methods"
        )


class EnlistedRunner:
    """Runs plans on the caller's open transaction."""

    def __init__(self, connection: Any, execute: Execute, translate: Translate) -> None:
        self._connection = connection
        self._execute = execute
        self._translate = translate

    def run(self, operation: Callable[P, Plan[T]], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run an operation; it takes effect when the caller commits."""
        calls: list[Callable[[], None]] = []

        def execute(statement: Statement) -> Result:
            if statement.then is not None:
                calls.append(statement.then)
                return NOTHING
            if statement is BEGIN:
                return NOTHING
            return self._execute(self._connection, statement)

        try:
            value = drive(operation(*args, **kwargs), execute)
        except Exception as error:
            ours = self._translate(error)
            if ours is None:
                raise
            raise ours from error
        for call in calls:
            call()
        return value

    read = run


class EnlistedAsyncRunner:
    """Runs plans on the caller's open transaction. See `EnlistedRunner`."""

    def __init__(self, connection: Any, execute: ExecuteAsync, translate: Translate) -> None:
        self._connection = connection
        self._execute = execute
        self._translate = translate

    async def run(self, operation: Callable[P, Plan[T]], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run an operation; it takes effect when the caller commits."""
        calls: list[Callable[[], None]] = []

        async def execute(statement: Statement) -> Result:
            if statement.then is not None:
                calls.append(statement.then)
                return NOTHING
            if statement is BEGIN:
                return NOTHING
            return await self._execute(self._connection, statement)

        try:
            value = await drive_async(operation(*args, **kwargs), execute)
        except Exception as error:
            ours = self._translate(error)
            if ours is None:
                raise
            raise ours from error
        for call in calls:
            call()
        return value

    read = run
