"""Tickers that code declares, each with the function that handles its ticks."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

from rowlock.definitions.middleware import checked_once
from rowlock.model.tickers import (
    GivenTicker,
    Tick,
    Ticker,
    checked_new_ticker_name,
    checked_values,
)

TickHandler: TypeAlias = Callable[[Tick], Any]
"""What a tick is given to; async or not."""


class DeclaredTicker(NamedTuple):
    """A ticker and its handler."""

    ticker: Ticker
    handler: TickHandler

    @property
    def is_async(self) -> bool:
        """Whether the handler runs on the event loop."""
        return is_async(self.handler)


def is_async(handler: TickHandler) -> bool:
    """Whether a handler runs on the event loop."""
    called = getattr(handler, "__call__", None)  # noqa: B004 - an object with an async one
    return inspect.iscoroutinefunction(handler) or inspect.iscoroutinefunction(called)


def checked_tick_handler(function: object) -> TickHandler:
    """Return a function that takes a tick.

    Raises:
        InvalidValueError: It cannot be called so.
    """
    return checked_once("handler", function, "tick")


def declared_ticker(name: object, handler: object, given: GivenTicker) -> DeclaredTicker:
    """Return a checked declaration.

    Raises:
        InvalidValueError: A value is refused.
    """
    ticker = Ticker(name=checked_new_ticker_name(name), **checked_values(given))
    return DeclaredTicker(ticker, checked_tick_handler(handler))
