"""Makes what a handler's dependencies stand for, and cleans up after it."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from types import TracebackType
from typing import Any, Self, TypeAlias

from rowlock.definitions.context import Context
from rowlock.definitions.dependencies import Dependency, Overrides, Provider, name_of, needs_of
from rowlock.errors import ConfigError

Wait: TypeAlias = Callable[[Awaitable[Any]], Awaitable[Any]]
"""Awaits something where async code belongs: on the event loop."""

NOTHING_SHARED: Mapping[Provider, Any] = {}


async def wait_here(awaitable: Awaitable[Any]) -> Any:
    """Await on the event loop that runs the caller."""
    return await awaitable


def run_unsuspended(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine whose every wait blocks, in a thread without an event loop."""
    try:
        coroutine.send(None)
    except StopIteration as ended:
        return ended.value
    raise AssertionError("the coroutine waited for an event loop")  # pragma: no cover


class Providing:
    """The values of one call, each provider's once; cleaned up in reverse at the end.

    A provider that yields sees the error that ended the call, and cannot swallow it.
    """

    def __init__(
        self,
        context: Context | None,
        overrides: Overrides,
        wait: Wait,
        shared: Mapping[Provider, Any] = NOTHING_SHARED,
    ) -> None:
        """Make nothing yet.

        Args:
            context: The call's; None for what is made once for each worker.
            overrides: Which provider stands in for which.
            wait: How to wait for what async providers do.
            shared: What is there already.
        """
        self._context = context
        self._overrides = overrides
        self._wait = wait
        self._shared = shared
        self._made: dict[Provider, Any] = {}
        self._making: list[Provider] = []
        self._stack = AsyncExitStack()

    @property
    def made(self) -> Mapping[Provider, Any]:
        """What was made so far."""
        return self._made

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        # What it returns is left alone: nobody swallows the error.
        await self._stack.__aexit__(kind, error, traceback)

    async def values(self, dependencies: Mapping[str, Dependency]) -> dict[str, Any]:
        """Return the value of each dependency by the parameter's name."""
        return {name: await self.value(one) for name, one in dependencies.items()}

    async def value(self, dependency: Dependency) -> Any:
        """Return what a dependency stands for; made at most once.

        Raises:
            ConfigError: A provider stands in for what it needs itself.
        """
        provider = self._overrides.get(dependency.provider, dependency.provider)
        if provider in self._made:
            return self._made[provider]
        if provider in self._shared:
            return self._shared[provider]
        if provider in self._making:
            raise ConfigError(f"provider {name_of(provider)}: needs itself")
        self._making.append(provider)
        needs = {
            name: self._context if need is None else await self.value(need)
            for name, need in needs_of(provider).items()
        }
        self._made[provider] = await self._make(provider, needs)
        self._making.remove(provider)
        return self._made[provider]

    async def _make(self, provider: Provider, needs: Mapping[str, Any]) -> Any:
        if inspect.isasyncgenfunction(provider):
            manager = asynccontextmanager(provider)(**needs)
            value = await self._wait(manager.__aenter__())
            self._stack.push_async_exit(self._on_loop(manager.__aexit__))
            return value
        if inspect.isgeneratorfunction(provider):
            return self._stack.enter_context(contextmanager(provider)(**needs))
        made = provider(**needs)
        return await self._wait(made) if inspect.isawaitable(made) else made

    def _on_loop(self, leave: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def left(*exc_info: Any) -> None:
            await self._wait(leave(*exc_info))

        return left


async def call_with(
    handler: Callable[..., Any],
    arguments: Mapping[str, Any],
    dependencies: Mapping[str, Dependency],
    providing: Providing,
    *,
    is_async: bool,
) -> Any:
    """Call a handler with its dependencies; what an async one returns is awaited."""
    async with providing:
        value = handler(**arguments, **await providing.values(dependencies))
        return await value if is_async else value


def call_directly(
    handler: Callable[..., Any],
    arguments: Mapping[str, Any],
    dependencies: Mapping[str, Dependency],
    context: Context,
    overrides: Overrides,
) -> Any:
    """Call a sync handler with its dependencies, outside of any worker.

    Async providers run on an event loop of their own.

    Raises:
        ConfigError: There are such, and another loop runs already.
    """
    import asyncio  # start-up time of programs that never do this

    runner = asyncio.Runner()  # makes its loop when it is first used

    async def wait(awaitable: Awaitable[Any]) -> Any:
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return runner.run(wait_here(awaitable))
        if isinstance(awaitable, Coroutine):
            awaitable.close()
        raise ConfigError(
            "an async provider cannot run where an event loop runs already: "
            "call the handler in a thread, or make it async"
        )

    try:
        providing = Providing(context, overrides, wait)
        call = call_with(handler, arguments, dependencies, providing, is_async=False)
        return run_unsuspended(call)
    finally:
        runner.close()
