"""What an app adds to its handlers and its workers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from rowlock.definitions.definition import TaskDefinition
from rowlock.definitions.dependencies import Provider
from rowlock.definitions.middleware import Layer
from rowlock.definitions.options import NO_CAPTURE
from rowlock.definitions.tickers import DeclaredTicker
from rowlock.model import json_text

Hook: TypeAlias = Callable[..., Any]


def _no_layers() -> list[Layer]:
    return []


def _no_hooks() -> list[Hook]:
    return []


@dataclass(slots=True)
class Extensions:
    """Middleware, overridden providers and hooks of one app, in the order of registration.

    Attributes:
        layers: Around every attempt; the first one outermost.
        overrides: Which provider stands in for which.
        capture_level: From which level on everything that handlers log is kept with their
            tasks, unless a definition says otherwise.
        tickers: By name, each with its handler.
        max_result_bytes: A longer result fails the attempt.
    """

    layers: list[Layer] = field(default_factory=_no_layers)
    overrides: dict[Provider, Provider] = field(default_factory=dict[Provider, Provider])
    on_start: list[Hook] = field(default_factory=_no_hooks)
    on_stop: list[Hook] = field(default_factory=_no_hooks)
    on_error: list[Hook] = field(default_factory=_no_hooks)
    tickers: dict[str, DeclaredTicker] = field(default_factory=dict[str, DeclaredTicker])
    capture_level: int = NO_CAPTURE
    max_result_bytes: int = json_text.MAX_BYTES

    def capture_level_of(self, definition: TaskDefinition[..., Any]) -> int | None:
        """Return from which level on a definition's log lines are captured; None for none."""
        own = definition.defaults.capture_logs
        level = self.capture_level if own is None else own
        return None if level == NO_CAPTURE else level
