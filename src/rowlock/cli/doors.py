"""What a command asks: a database that it opens, or a server that somebody else runs.

A command names flows of `rowlock.app`. At a database they run. At a server, the function of the
same name in the module of the same name below `rowlock.cli.remote` asks for the same thing.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from types import TracebackType
from typing import Concatenate, Generic, ParamSpec, Protocol, Self, TypeVar
from uuid import UUID

from rowlock.app.flow import Flow, run_flow
from rowlock.app.opened import Opened
from rowlock.cli.findings import Finding
from rowlock.cli.pacing import Pace, Polling
from rowlock.model.tickers import Tick

any_namespace = partial(Opened, reserved=True)
"""Opens a database in any namespace, the system's own among them."""

C = TypeVar("C", bound=Opened)
P = ParamSpec("P")
T = TypeVar("T")


class Door(ABC, Generic[C]):
    """Where a command's questions go."""

    @abstractmethod
    def ask(
        self, flow: Callable[Concatenate[C, P], Flow[T]], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Return what a flow comes to with these arguments; its first one is the database."""

    @abstractmethod
    def check(self) -> None:
        """See whether anybody answers.

        Raises:
            StorageUnavailableError: The database does not.
            ServerUnavailableError: The server does not, or its database does not.
        """

    @abstractmethod
    def pace(self, task_id: UUID, /) -> Pace:
        """Return when to look again at a task that is followed."""

    @abstractmethod
    def ticks(self, names: Sequence[str] | None, /) -> Iterator[Tick]:
        """Yield ticks of these tickers, or of all, as they come; each is to be confirmed.

        Raises:
            StorageUnavailableError: The database is away.
            ServerUnavailableError: The server is away.
        """

    @abstractmethod
    def findings(self) -> Iterable[Finding]:
        """Yield what is found of the place, for `rowlock doctor`.

        Raises:
            StorageUnavailableError: The database cannot be reached.
        """

    @abstractmethod
    def close(self) -> None:
        """Close every connection."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class LocalDoor(Door[C]):
    """A database that is open here."""

    def __init__(self, core: C) -> None:
        self._core = core

    def ask(
        self, flow: Callable[Concatenate[C, P], Flow[T]], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run the flow."""
        return run_flow(self._core, flow(self._core, *args, **kwargs))

    def check(self) -> None:
        """Check the schema."""
        self._core.open()

    def pace(self, task_id: UUID, /) -> Pace:
        """Look often."""
        del task_id
        return Polling()

    def ticks(self, names: Sequence[str] | None, /) -> Iterator[Tick]:
        """Take one after the other."""
        from rowlock.app import ticker_flows  # start-up time of other commands

        while True:
            tick = self.ask(ticker_flows.next_tick, names, timeout=None)
            assert tick is not None  # noqa: S101 - it waits for ever
            yield tick

    def findings(self) -> Iterable[Finding]:
        """Look at the database."""
        from rowlock.cli.checks import findings  # start-up time of other commands

        return findings(self._core)

    def close(self) -> None:
        """Close the database."""
        self._core.close()


class Place(Protocol):
    """Where a command was told to go."""

    @property
    def namespace(self) -> str | None:
        """Which one was named, if one was."""
        ...

    def door(self, kind: Callable[..., C], *, create: bool = False) -> Door[C]:
        """Return the door of that place.

        Args:
            kind: What a database is opened as: as much as the command's flows need.
            create: Make a SQLite file and its tables if they are not there.

        Raises:
            InvalidValueError: Nobody said where, or a value is not possible.
            ConfigError: The URL or a setting cannot work.
            StorageUnavailableError: The SQLite file is not there.
            MissingExtraError: What speaks HTTP is not installed.
        """
        ...
