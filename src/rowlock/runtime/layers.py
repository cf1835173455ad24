"""Runs an attempt through its app's middleware, from the outermost layer inwards."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any, TypeAlias

from rowlock.definitions.context import Context, TaskCanceledError
from rowlock.definitions.middleware import Layer, When
from rowlock.definitions.outcomes import OUTCOMES
from rowlock.definitions.providing import Wait
from rowlock.errors import MiddlewareError

log = logging.getLogger(__name__)

Proceed: TypeAlias = Callable[[], Awaitable[Any]]


async def through_layers(
    layers: Sequence[Layer], context: Context, wait: Wait, call: Proceed
) -> Any:
    """Return what the call returns, or what a layer makes of it.

    Args:
        layers: Outermost first.
        context: The attempt's.
        wait: How to wait for what async layers do.
        call: The handler.

    Raises:
        MiddlewareError: A layer raised; it names the layer.
    """
    if not layers:
        return await call()
    outer = layers[0]

    async def proceed() -> Any:
        return await through_layers(layers[1:], context, wait, call)

    match outer.when:
        case When.BEFORE:
            return await _before(outer, context, wait, proceed)
        case When.AROUND:
            return await _around(outer, context, wait, proceed)
        case When.AFTER:
            return await _after(outer, context, wait, proceed)


async def _before(layer: Layer, context: Context, wait: Wait, proceed: Proceed) -> Any:
    outcome = await _called(layer, wait, context)
    if outcome is None:
        return await proceed()
    if not isinstance(outcome, OUTCOMES):
        problem = f"returned a {type(outcome).__name__}; it may return None or an outcome"
        raise MiddlewareError(layer.name, problem)
    return outcome


async def _after(layer: Layer, context: Context, wait: Wait, proceed: Proceed) -> Any:
    try:
        value = await proceed()
    except BaseException as error:
        try:
            await _called(layer, wait, context, None, error)
        except MiddlewareError:
            # What the handler raised says more about the task.
            log.exception("task %s: after a failed attempt", context.task.id)
        raise
    await _called(layer, wait, context, value, None)
    return value


async def _called(layer: Layer, wait: Wait, *values: object) -> Any:
    try:
        value = layer.function(*values)
        return await wait(value) if inspect.isawaitable(value) else value
    except TaskCanceledError:
        raise  # being stopped is nobody's fault
    except Exception as error:
        raise _blamed(layer, error) from error


async def _around(layer: Layer, context: Context, wait: Wait, proceed: Proceed) -> Any:
    try:
        manager = _manager(layer, context)
        is_async = hasattr(manager, "__aenter__")
        if is_async:
            await wait(manager.__aenter__())
        else:
            manager.__enter__()
    except TaskCanceledError:
        raise  # being stopped is nobody's fault
    except Exception as error:
        raise _blamed(layer, error) from error
    leave = manager.__aexit__ if is_async else manager.__exit__
    try:
        value = await proceed()
    except BaseException as error:
        if await _left(layer, wait, leave, error):
            return None
        raise
    await _left(layer, wait, leave, None)
    return value


def _manager(layer: Layer, context: Context) -> Any:
    """Return the context manager that a layer is or makes."""
    if inspect.isasyncgenfunction(layer.function):
        return asynccontextmanager(layer.function)(context)
    if inspect.isgeneratorfunction(layer.function):
        return contextmanager(layer.function)(context)
    return layer.function(context)


async def _left(
    layer: Layer, wait: Wait, leave: Callable[..., Any], error: BaseException | None
) -> bool:
    """Leave a context manager; returns whether it swallowed the error."""
    try:
        if error is None:
            swallowed = leave(None, None, None)
        else:
            swallowed = leave(type(error), error, error.__traceback__)
        return bool(await wait(swallowed) if inspect.isawaitable(swallowed) else swallowed)
    except TaskCanceledError:
        raise
    except Exception as raised:
        if raised is error:
            return False
        raise _blamed(layer, raised) from raised


def _blamed(layer: Layer, error: Exception) -> MiddlewareError:
    return MiddlewareError(layer.name, f"{type(error).__name__}: {error}")
