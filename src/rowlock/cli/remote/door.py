"""The door of a server."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing
from functools import partial
from importlib import import_module
from typing import Any, Concatenate, ParamSpec, TypeVar
from uuid import UUID

from rowlock.app.flow import Flow
from rowlock.cli.doors import Door
from rowlock.cli.findings import Finding
from rowlock.cli.pacing import Pace
from rowlock.cli.places import Server
from rowlock.cli.remote.checking import findings
from rowlock.cli.remote.following import LivePace, ticks
from rowlock.client import AsyncClient, Client
from rowlock.errors import InvalidValueError, ServerUnavailableError
from rowlock.model.tickers import Tick

P = ParamSpec("P")
T = TypeVar("T")


class RemoteDoor(Door[Any]):
    """A server.

    Args:
        server: Where it is, and as whom to ask it.

    Raises:
        InvalidValueError: One of these is not possible.
    """

    def __init__(self, server: Server) -> None:
        self._server = server
        self._held = ExitStack()
        said = (server.url, server.token)
        self._connect = partial(AsyncClient, *said, namespace=server.namespace)
        try:
            client = Client(*said, namespace=server.namespace)
        except InvalidValueError as error:
            if error.field != "url":
                raise
            raise InvalidValueError("server", error.problem) from error
        self._client = self._held.enter_context(client)

    def ask(
        self, flow: Callable[Concatenate[Any, P], Flow[T]], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Ask the server for what the flow does."""
        name = flow.__module__.rpartition(".")[2]
        module = import_module(f"rowlock.cli.remote.{name}")
        answer: T = getattr(module, flow.__name__)(self._client, *args, **kwargs)
        return answer

    def check(self) -> None:
        """Ask the server whether it is ready."""
        if not self._client.ready():
            raise ServerUnavailableError("the server cannot use its database now")

    def pace(self, task_id: UUID, /) -> Pace:
        """Look when the server says that something has changed."""
        return self._held.enter_context(closing(LivePace(self._connect, task_id)))

    def ticks(self, names: Sequence[str] | None, /) -> Iterator[Tick]:
        """Read the stream of ticks."""
        return ticks(self._client, names)

    def findings(self) -> Iterable[Finding]:
        """Look at the way there, at the server, and at what the token shows of its database."""
        return findings(self._client, self._server)

    def close(self) -> None:
        """Close the connections."""
        self._held.close()
