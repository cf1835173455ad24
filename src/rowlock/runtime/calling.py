"""Calls handlers, with what their app puts around them and their providers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any, TypeAlias

from rowlock.definitions.capture import LogCapture
from rowlock.definitions.context import Context
from rowlock.definitions.definition import TaskDefinition
from rowlock.definitions.dependencies import Provider, all_needed, name_of
from rowlock.definitions.extensions import Extensions
from rowlock.definitions.providing import (
    NOTHING_SHARED,
    Providing,
    call_with,
    run_unsuspended,
    wait_here,
)
from rowlock.errors import ConfigError
from rowlock.runtime.layers import through_layers

Call: TypeAlias = Callable[[], Any]


class Calls:
    """Turns a definition, its arguments and a context into one call.

    What is not async runs where the handler runs: on its thread, or on the event loop for an
    async handler. What is async always runs on the worker's event loop. A handler without
    anything around it is called as it is.
    """

    def __init__(
        self,
        extensions: Extensions,
        loop: asyncio.AbstractEventLoop,
        capture: LogCapture,
        shared: Mapping[Provider, Any] = NOTHING_SHARED,
    ) -> None:
        """Bind the calls to a worker.

        Args:
            extensions: What the app adds.
            loop: The worker's event loop.
            capture: Keeps what handlers log.
            shared: What providers have made for the whole worker.
        """
        self._extensions = extensions
        self._loop = loop
        self._shared = shared
        self._capture = capture
        self._layers = tuple(extensions.layers)
        self._plain: set[TaskDefinition[..., Any]] = set()
        self.max_result_bytes = extensions.max_result_bytes

    def check_elsewhere(self, definition: TaskDefinition[..., Any]) -> None:
        """Refuse a handler that is to run in a child with a provider that only stands in here.

        Raises:
            ConfigError: One of its providers is overridden.
        """
        overrides = self._extensions.overrides
        needed = all_needed(definition.signature.dependencies.values()) if overrides else ()
        for dependency in needed:
            if dependency.provider in overrides:
                raise ConfigError(
                    f"app.override of {name_of(dependency.provider)} does not reach the child "
                    f"process of {definition.alias}: use run_task or drain of rowlock.testing, "
                    "which run it in this process"
                )

    def bind(
        self, definition: TaskDefinition[..., Any], arguments: dict[str, Any], context: Context
    ) -> Call:
        """Return the call; it returns an awaitable for an async handler, else the result.

        It is made where context variables are those of the attempt alone.

        Args:
            definition: What is run.
            arguments: Everything but what providers make.
            context: The attempt's.
        """
        handler, layers = definition.handler, self._layers
        if definition in self._plain:  # nearly all, so they are told by one look
            return partial(handler, **arguments)
        dependencies = definition.signature.dependencies
        level = self._extensions.capture_level_of(definition)
        if level is not None:
            self._capture.begin(context, level)
        if not layers and not dependencies:
            if level is None:
                self._plain.add(definition)
            return partial(handler, **arguments)
        wait = wait_here if definition.is_async else self._wait_from_thread

        async def call() -> Any:
            providing = Providing(context, self._extensions.overrides, wait, self._shared)
            return await call_with(
                handler, arguments, dependencies, providing, is_async=definition.is_async
            )

        whole = partial(through_layers, layers, context, wait, call)
        return whole if definition.is_async else lambda: run_unsuspended(whole())

    async def _wait_from_thread(self, awaitable: Awaitable[Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(wait_here(awaitable), self._loop).result()
