"""`depends`: parameters that are made for each attempt instead of being stored."""

from __future__ import annotations

import inspect
import typing
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Literal, TypeAlias, TypeVar, overload

from rowlock.definitions.context import Context, InjectedContext
from rowlock.errors import ConfigError, InvalidValueError

T = TypeVar("T")

Provider: TypeAlias = Callable[..., Any]
"""Makes a value: a function, async or not, that returns it or yields it once."""

Scope: TypeAlias = Literal["attempt", "worker"]

SCOPES = ("attempt", "worker")

Overrides: TypeAlias = Mapping[Provider, Provider]
"""Which provider stands in for which."""


class Dependency:
    """The default of a parameter that a provider fills; made by `depends`."""

    __slots__ = ("provider", "scope")

    def __init__(self, provider: Provider, scope: Scope) -> None:
        self.provider = provider
        self.scope = scope

    def __repr__(self) -> str:
        return f"depends({name_of(self.provider)})"


@overload
def depends(provider: Callable[..., AsyncIterator[T]], /, *, scope: Scope = "attempt") -> T: ...
@overload
def depends(provider: Callable[..., Iterator[T]], /, *, scope: Scope = "attempt") -> T: ...
@overload
def depends(provider: Callable[..., Awaitable[T]], /, *, scope: Scope = "attempt") -> T: ...
@overload
def depends(provider: Callable[..., T], /, *, scope: Scope = "attempt") -> T: ...
def depends(provider: Callable[..., Any], /, *, scope: Scope = "attempt") -> Any:
    """Fill a parameter with what a provider makes; such a parameter is not an argument.

    Args:
        provider: A function, async or not. What it returns is the value; one that yields
            gives the value there, and cleans up after the yield. Its own parameters are a
            `Context` or have defaults, which may be `depends` again.
        scope: `attempt` makes the value once for each attempt; `worker` once for each worker,
            when it starts, and cleans up when it stops.

    Raises:
        InvalidValueError: Nothing that can be called, or another scope.

    Example:
        >>> def get_greeting() -> str:
        ...     return "hello"
        >>> def greet(name: str, greeting: str = depends(get_greeting)) -> str:
        ...     return f"{greeting} {name}"
    """
    if scope not in SCOPES:
        raise InvalidValueError("scope", f"{scope!r} is neither 'attempt' nor 'worker'")
    return Dependency(_callable(provider), scope)


def _callable(provider: object) -> Provider:
    if not callable(provider) or type(provider).__hash__ is None:  # pyright: ignore[reportUnnecessaryComparison] - instances may say so
        raise InvalidValueError("provider", f"must be a function, not {provider!r}")
    return provider


def name_of(function: Callable[..., object]) -> str:
    """Return what a function is called in messages."""
    name = getattr(function, "__qualname__", None) or type(function).__qualname__
    return name.rpartition("<locals>.")[2]


@lru_cache(maxsize=1024)
def needs_of(provider: Provider) -> Mapping[str, Dependency | None]:
    """Return what a provider's parameters are filled with; None stands for the context.

    Raises:
        ConfigError: A parameter that nothing fills.
    """
    needs: dict[str, Dependency | None] = {}
    try:
        parameters = inspect.signature(provider).parameters.values()
    except ValueError:
        return needs  # a built-in type that does not tell
    for parameter in parameters:
        default = parameter.default
        if isinstance(default, Dependency):
            needs[parameter.name] = default
        elif isinstance(default, InjectedContext):
            needs[parameter.name] = None
        elif default is parameter.empty and parameter.kind not in (
            parameter.VAR_POSITIONAL,
            parameter.VAR_KEYWORD,
        ):
            if _hint(provider, parameter) is not Context:
                raise ConfigError(
                    f"provider {name_of(provider)}: nothing fills the parameter "
                    f"{parameter.name!r}; annotate it as Context, or give it a default"
                )
            needs[parameter.name] = None
    return needs


def _hint(provider: Provider, parameter: inspect.Parameter) -> object:
    if not isinstance(parameter.annotation, str):
        return parameter.annotation
    made_by = getattr(provider, "__init__") if isinstance(provider, type) else provider  # noqa: B009 - unsound for type checkers
    try:
        return typing.get_type_hints(made_by).get(parameter.name)
    except (NameError, AttributeError, TypeError, SyntaxError) as error:
        raise ConfigError(
            f"provider {name_of(provider)}: an annotation cannot be resolved: {error}"
        ) from error


def check_provider(provider: Provider) -> None:
    """Check a provider and everything that it needs.

    Raises:
        InvalidValueError: Nothing that can be called.
        ConfigError: A parameter that nothing fills.
    """
    check_dependency(Dependency(_callable(provider), "attempt"))


def check_dependency(dependency: Dependency) -> None:
    """Check everything that a dependency needs.

    Raises:
        ConfigError: A parameter that nothing fills, or something made once for each worker
            that needs what belongs to one attempt.
    """
    for name, need in needs_of(dependency.provider).items():
        if dependency.scope == "worker" and (need is None or need.scope != "worker"):
            raise ConfigError(
                f"provider {name_of(dependency.provider)}: is made once for each worker, but its "
                f"parameter {name!r} belongs to one attempt"
            )
        if need is not None:
            check_dependency(need)


def all_needed(dependencies: Iterable[Dependency | None]) -> Iterator[Dependency]:
    """Return dependencies, and those that their providers need."""
    for dependency in dependencies:
        if dependency is not None:
            yield dependency
            yield from all_needed(needs_of(dependency.provider).values())


def worker_wide(dependencies: Mapping[str, Dependency]) -> Iterator[Dependency]:
    """Return the dependencies that are made once for each worker, also those of others."""
    return (one for one in all_needed(dependencies.values()) if one.scope == "worker")
