"""The transaction in which a handler's effect and the end of its task become one commit."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import AbstractAsyncContextManager, AbstractContextManager, contextmanager
from types import TracebackType
from typing import Any, NamedTuple, Protocol, Self

from rowlock.definitions.conversion import stored_text
from rowlock.definitions.joining import HandlersTransaction, set_handlers_transaction
from rowlock.definitions.outcomes import OUTCOMES
from rowlock.definitions.reports import TakenReport
from rowlock.errors import InvalidValueError, LeaseLostError


class Ended(NamedTuple):
    """What a block says when it has come to its end.

    Attributes:
        result: JSON text; None for no result.
        report: Progress and log lines that are not stored yet.
        enqueued: Whether an enqueue has joined it.
    """

    result: str | None
    report: TakenReport | None
    enqueued: bool


class Settling(Protocol):
    """How one attempt ends within a transaction; made by whoever gives the tasks."""

    @property
    def place(self) -> object:
        """The database; what is enqueued in the same one joins the transaction."""
        ...

    def block(
        self, given: object, end: Callable[[], Ended], /
    ) -> AbstractContextManager[tuple[Any, Any]]:
        """Open a transaction, or join a given one; settle and commit at the block's end.

        The value is what the handler works with, and what an enqueue joins.
        """
        ...

    def async_block(
        self, given: object, end: Callable[[], Ended], /
    ) -> AbstractAsyncContextManager[tuple[Any, Any]]:
        """As `block`, for async code."""
        ...


class Attempt(Protocol):
    """The running attempt, as far as its transaction needs it: a `Context`.

    Attributes:
        settled: Whether its end is recorded; None while it is open, False when it was lost.
        is_settling: Whether one of its transactions is open.
    """

    settled: bool | None
    is_settling: bool

    def take_report(self) -> TakenReport | None:
        """Return progress and log lines that are not stored yet."""
        ...


class TaskTransaction(HandlersTransaction):
    """An open transaction at whose end the task is settled; made by `Context.transaction`.

    It is left with `with` in sync code and with `async with` in async code. An exception in the
    block rolls everything back and fails the attempt like any other.

    Attributes:
        connection: What to execute SQL on: the driver's connection, or what was given.
        result: What the task's result becomes; any JSON.
    """

    def __init__(self, attempt: Attempt, settling: Settling, given: object) -> None:
        self.connection: Any = None
        self.result: Any = None
        self._attempt = attempt
        self._settling = settling
        self._given = given
        self._joined: Any = None
        self._enqueued = False
        self._block: AbstractContextManager[Any] | AbstractAsyncContextManager[Any] | None = None

    def __enter__(self) -> Self:
        """Begin.

        Raises:
            InvalidValueError: What was given is no transaction that can be joined.
            StorageUnavailableError: The database cannot be reached.
        """
        self._check_may_begin()
        block = self._settling.block(self._given, self._end)
        self.connection, self._joined = block.__enter__()
        self._begun(block)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Settle the task and commit, or roll back.

        Raises:
            LeaseLostError: The claim was lost meanwhile; everything was rolled back.
            PayloadError: The result cannot be stored; everything was rolled back.
        """
        assert isinstance(self._block, AbstractContextManager)  # noqa: S101 - set by __enter__
        with self._judged(error):
            self._block.__exit__(kind, error, trace)

    async def __aenter__(self) -> Self:
        """Begin. See `__enter__`."""
        self._check_may_begin()
        block = self._settling.async_block(self._given, self._end)
        self.connection, self._joined = await block.__aenter__()
        self._begun(block)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Settle the task and commit, or roll back. See `__exit__`."""
        assert isinstance(self._block, AbstractAsyncContextManager)  # noqa: S101 - set by __aenter__
        with self._judged(error):
            await self._block.__aexit__(kind, error, trace)

    def joined_in(self, place: object) -> Any:
        """Return what an enqueue in that database joins.

        Raises:
            InvalidValueError: The block is not open, or is in another database.
        """
        if self._block is None:
            raise InvalidValueError("transaction", "the block of ctx.transaction() is not open")
        if self._settling.place is not place:
            raise InvalidValueError("transaction", "ctx.transaction() is open in another database")
        self._enqueued = True
        return self._joined

    def is_open_in(self, place: object) -> bool:
        """Whether the block is open, in that database."""
        return self._block is not None and self._settling.place is place

    def _check_may_begin(self) -> None:
        if self._attempt.settled is not None:
            raise InvalidValueError("transaction", "the task is settled already")
        if self._attempt.is_settling:
            raise InvalidValueError("transaction", "the task's transaction is open already")

    def _begun(self, block: Any) -> None:
        self._block = block
        self._attempt.is_settling = True
        set_handlers_transaction(self)

    @contextmanager
    def _judged(self, raised: BaseException | None) -> Generator[None]:
        """Note what became of the task when the block is left."""
        try:
            yield
        except LeaseLostError:
            self._attempt.settled = False
            raise
        else:
            if raised is None:
                self._attempt.settled = True
        finally:
            self._block = None
            self._attempt.is_settling = False
            set_handlers_transaction(None)

    def _end(self) -> Ended:
        if isinstance(self.result, OUTCOMES):
            name = type(self.result).__name__
            problem = f"a transaction settles a task as succeeded: return {name} without one"
            raise InvalidValueError("result", problem)
        result = None if self.result is None else stored_text("result", self.result)
        return Ended(result, self._attempt.take_report(), self._enqueued)
