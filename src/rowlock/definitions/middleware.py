"""What an app puts around its handlers: layers, the first one outermost."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from enum import StrEnum
from typing import Any, NamedTuple

from rowlock.definitions.dependencies import name_of
from rowlock.errors import InvalidValueError


class When(StrEnum):
    """When a layer does its work."""

    BEFORE = "before"
    AROUND = "around"
    AFTER = "after"


class Layer(NamedTuple):
    """One middleware function."""

    when: When
    function: Callable[..., Any]

    @property
    def name(self) -> str:
        """What it is called in messages."""
        return name_of(self.function)


def checked_function(kind: str, function: object, *parameters: str) -> Callable[..., Any]:
    """Return a function that can be called with so many values by position.

    Args:
        kind: What an error should call it.
        function: A function, async or not.
        parameters: What the values are called in the error.

    Raises:
        InvalidValueError: It cannot.
    """
    if not callable(function):
        raise InvalidValueError(kind, f"must be a function, not {function!r}")
    try:
        signature = inspect.signature(function)
    except ValueError:
        return function  # a built-in that does not tell
    try:
        signature.bind(*parameters)
    except TypeError as error:
        wanted = f"{name_of(function)}({', '.join(parameters)})"
        raise InvalidValueError(kind, f"must be callable as {wanted}: {error}") from error
    return function


def checked_once(kind: str, function: object, *parameters: str) -> Callable[..., Any]:
    """Return a function that is called and has then done its work: no generator.

    Raises:
        InvalidValueError: It is a generator, or cannot be called so. See `checked_function`.
    """
    checked = checked_function(kind, function, *parameters)
    if inspect.isgeneratorfunction(checked) or inspect.isasyncgenfunction(checked):
        raise InvalidValueError(kind, f"{name_of(checked)} yields; only 'around' and 'depends' do")
    return checked


def layer(when: When, function: object) -> Layer:
    """Return a checked layer.

    Raises:
        InvalidValueError: The function does not take what it is given.
    """
    match when:
        case When.BEFORE:
            return Layer(when, checked_once(when, function, "ctx"))
        case When.AROUND:
            return Layer(when, checked_function(when, function, "ctx"))
        case When.AFTER:
            return Layer(when, checked_once(when, function, "ctx", "result", "error"))
