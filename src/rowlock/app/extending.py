"""What an app can add around its handlers and its workers."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any, TypeVar

from rowlock.definitions.collection import Tasks
from rowlock.definitions.decorator import TaskDecorator
from rowlock.definitions.dependencies import Provider, check_provider
from rowlock.definitions.extensions import Extensions
from rowlock.definitions.middleware import When, checked_once, layer
from rowlock.definitions.tickers import declared_ticker
from rowlock.errors import DuplicateTickerError, InvalidValueError
from rowlock.model.durations import Duration
from rowlock.model.tickers import DEFAULT_INTERVAL, GivenTicker, checked_interval

F = TypeVar("F", bound=Callable[..., Any])


class Extending(TaskDecorator):
    """Collections, middleware, hooks, tickers and stand-ins; the app brings what holds them."""

    _extensions: Extensions

    def include(self, tasks: Tasks, /, *, prefix: str = "") -> None:
        """Put the definitions of a collection into this app, also those added to it later.

        Args:
            tasks: The collection. Including it again with the same prefix changes nothing.
            prefix: What their aliases begin with here, such as `billing.`.

        Raises:
            ConfigError: It is in this app already, with another prefix.
            DuplicateDefinitionError: An alias is taken; nothing was included.
            InvalidValueError: No collection, or an alias is not one with the prefix.
        """
        if not isinstance(tasks, Tasks):  # pyright: ignore[reportUnnecessaryIsInstance] - callers may be untyped
            raise InvalidValueError("tasks", f"must be a Tasks collection, not {tasks!r}")
        if not isinstance(prefix, str):  # pyright: ignore[reportUnnecessaryIsInstance] - as above
            raise InvalidValueError("prefix", f"must be text, not {prefix!r}")
        tasks.join(self._registry, self._enqueuer, prefix)

    def before(self, function: F, /) -> F:
        """Run a function before every attempt of this app's tasks, as a decorator.

        It takes the `Context`. If it returns an outcome such as `Cancel`, that is the
        attempt's end and the handler is not run. If it raises, the attempt has failed.

        Raises:
            InvalidValueError: It cannot be called so.
        """
        self._extensions.layers.append(layer(When.BEFORE, function))
        return function

    def around(self, function: F, /) -> F:
        """Run a function around every attempt of this app's tasks, as a decorator.

        It takes the `Context` and yields once, where the handler runs and raises what that
        raises; or it returns a context manager, async or not.

        Raises:
            InvalidValueError: It cannot be called so.
        """
        self._extensions.layers.append(layer(When.AROUND, function))
        return function

    def after(self, function: F, /) -> F:
        """Run a function after every attempt of this app's tasks, as a decorator.

        It takes the `Context`, what the handler returned, and what it raised or None.

        Raises:
            InvalidValueError: It cannot be called so.
        """
        self._extensions.layers.append(layer(When.AFTER, function))
        return function

    def on_start(self, function: F, /) -> F:
        """Run a function when a worker has connected and claims nothing yet, as a decorator.

        If it raises, the worker does not start.

        Raises:
            InvalidValueError: It takes parameters.
        """
        self._extensions.on_start.append(checked_once("on_start", function))
        return function

    def on_stop(self, function: F, /) -> F:
        """Run a function when a worker has stopped running tasks, as a decorator.

        Raises:
            InvalidValueError: It takes parameters.
        """
        self._extensions.on_stop.append(checked_once("on_stop", function))
        return function

    def on_error(self, function: F, /) -> F:
        """Tell a function of every failed attempt and every bookkeeping error, as a decorator.

        It takes the queue's name, the task's id and the exception; queue and id are None
        where the error is about no task alone. What it raises is logged.

        Raises:
            InvalidValueError: It cannot be called so.
        """
        checked = checked_once("on_error", function, "queue", "task", "error")
        self._extensions.on_error.append(checked)
        return function

    def ticker(
        self,
        name: str,
        /,
        *,
        every: Duration | None = DEFAULT_INTERVAL,
        payload: Any = None,
        queue: str | None = None,
    ) -> Callable[[F], F]:
        """Declare a ticker and let workers give its ticks to a function, as a decorator.

        Every worker of this app stores the ticker when it starts, which changes nothing if it
        says the same, and of all that run one handles each tick. A worker handles one tick of
        a ticker at a time, and renews its lease meanwhile. What the function raises is logged
        and told to the error hooks; that tick does not come again.

        Args:
            name: A letter, then up to 63 letters, digits, `.`, `_`, `-`; case is ignored.
            every: From tick to tick, 1 ms to 366 days; None does not tick.
            payload: Any JSON, given with each tick; `{}` if not given.
            queue: Where each tick makes a task of the payload, too.

        Raises:
            DuplicateTickerError: This app declares one of that name already.
            InvalidValueError: A value is refused, or the function cannot take a `Tick`.
        """
        given = GivenTicker(interval=checked_interval("every", every), payload=payload, queue=queue)

        def declare(function: F) -> F:
            declared = declared_ticker(name, function, given)
            known = self._extensions.tickers
            if known.setdefault(declared.ticker.name, declared) is not declared:
                raise DuplicateTickerError(declared.ticker.name)
            return function

        return declare

    @contextmanager
    def override(self, provider: Provider, fake: Provider, /) -> Generator[None]:
        """Let another provider stand in for one, as long as the block runs; for tests.

        Example:
            >>> from rowlock import Rowlock
            >>> app = Rowlock("memory://")
            >>> def get_rate() -> float:
            ...     return 1.1
            >>> with app.override(get_rate, lambda: 2.0):
            ...     pass

        Raises:
            InvalidValueError: Nothing that can be called.
            ConfigError: A parameter of a provider that nothing fills.
        """
        for one in (provider, fake):
            check_provider(one)
        overrides = self._extensions.overrides
        before = overrides.get(provider)
        overrides[provider] = fake
        try:
            yield
        finally:
            if before is None:
                del overrides[provider]
            else:
                overrides[provider] = before
