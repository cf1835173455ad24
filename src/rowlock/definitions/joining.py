"""Which transaction an enqueue joins without being told: its handler's open one."""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextvars import ContextVar


class HandlersTransaction(ABC):
    """A transaction that a handler has opened. See `TaskTransaction`."""

    @abstractmethod
    def joined_in(self, place: object) -> object:
        """Return what an enqueue in that database joins.

        Raises:
            InvalidValueError: The block is not open, or is in another database.
        """
        ...

    @abstractmethod
    def is_open_in(self, place: object) -> bool:
        """Whether the block is open, in that database."""
        ...


_open: ContextVar[HandlersTransaction | None] = ContextVar("rowlock_transaction", default=None)


def set_handlers_transaction(opened: HandlersTransaction | None) -> None:
    """Remember the transaction for whatever the handler calls from here on."""
    _open.set(opened)


def transaction_to_join(given: object, place: object) -> object:
    """Return which transaction an enqueue joins: a given one, the handler's open one, or None.

    Args:
        given: What the options say.
        place: The database of the enqueue.

    Raises:
        InvalidValueError: It was given a handler's transaction that is not open there.
    """
    if isinstance(given, HandlersTransaction):
        return given.joined_in(place)
    if given is None:
        handlers = _open.get()
        # One that has ended is seen by what was started in its block and outlived it.
        if handlers is not None and handlers.is_open_in(place):
            return handlers.joined_in(place)
    return given
