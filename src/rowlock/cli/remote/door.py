"""The door of a server."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any, Concatenate, ParamSpec, TypeVar

from rowlock.app.flow import Flow
from rowlock.cli.doors import Door
from rowlock.client import Client
from rowlock.errors import InvalidValueError, ServerUnavailableError

P = ParamSpec("P")
T = TypeVar("T")


class RemoteDoor(Door[Any]):
    """A server.

    Args:
        url: Where it is.
        token: What it knows us by; None if it needs none.
        namespace: Which one is meant, if the token is good for every one.

    Raises:
        InvalidValueError: One of these is not possible.
    """

    def __init__(self, url: str, token: str | None, namespace: str | None) -> None:
        try:
            self._client = Client(url, token, namespace=namespace)
        except InvalidValueError as error:
            if error.field != "url":
                raise
            raise InvalidValueError("server", error.problem) from error

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

    def close(self) -> None:
        """Close the connections."""
        self._client.close()
