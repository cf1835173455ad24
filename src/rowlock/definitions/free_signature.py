"""The arguments of handlers that take whatever they are given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from rowlock.definitions.context import Context
from rowlock.definitions.conversion import stored_text
from rowlock.definitions.signature import Signature
from rowlock.errors import PayloadError
from rowlock.model import json_text

CONTEXT = "rowlock.context"
"""The keyword for the context: no identifier, so that no argument is in its way."""


class FreeSignature(Signature):
    """Any arguments by name, with any JSON values."""

    __slots__ = ()

    def __init__(self, handler: Callable[..., object]) -> None:
        self.handler = handler
        self._parameters = ()
        self._shape = None

    @property
    def names(self) -> tuple[str, ...]:
        """None is known before it is given."""
        return ()

    @property
    def required(self) -> tuple[str, ...]:
        """None has to be given."""
        return ()

    @property
    def injected(self) -> tuple[str, ...]:
        """The context is not an argument."""
        return (CONTEXT,)

    def takes(self, name: str) -> bool:
        """Whether there may be an argument of that name."""
        return name != CONTEXT

    def bind(self, args: tuple[object, ...], kwargs: Mapping[str, object]) -> dict[str, Any]:
        """Return the arguments of a Python call by name.

        Raises:
            PayloadError: Some are given by position.
        """
        if args:
            raise PayloadError("arguments", "are given by position: name each of them")
        return dict(kwargs)

    def encode(self, arguments: Mapping[str, Any]) -> str:
        """Return the canonical JSON text of arguments.

        Raises:
            PayloadError: A value has no JSON form; the error names it.
        """
        try:
            return stored_text("payload", dict(arguments))
        except PayloadError as error:
            for name, value in arguments.items():
                stored_text(name, value)
            raise error from None

    def decode(self, payload_text: str) -> dict[str, Any]:
        """Return the arguments in a stored payload."""
        arguments: dict[str, Any] = json_text.decode(payload_text)
        return arguments

    def read_texts(self, texts: Mapping[str, str]) -> dict[str, Any]:
        """Return arguments that were written as text: as they are."""
        return dict(texts)

    def inject(self, context: Context) -> dict[str, object]:
        """Return the context under its own name."""
        return {CONTEXT: context}
