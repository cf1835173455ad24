"""Public names that are loaded when they are first used, so that a package costs nothing."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from importlib import import_module


def lazily(
    package: str, homes: Mapping[str, str]
) -> tuple[Callable[[str], object], Callable[[], list[str]]]:
    """Return `__getattr__` and `__dir__` for a package.

    Type checkers read the package's `.pyi` instead.

    Args:
        package: Its name.
        homes: In which module each of its public names lives.
    """

    def load(name: str) -> object:
        """Load a public name from where it lives."""
        home = homes.get(name)
        if home is None:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value: object = getattr(import_module(home), name)
        setattr(sys.modules[package], name, value)
        return value

    def names() -> list[str]:
        """Name what is public."""
        return sorted({*vars(sys.modules[package]), *homes})

    return load, names
