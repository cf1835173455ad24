"""The pytest plugin: an app on memory and a clock, as fixtures.

Every pytest of an environment with this package loads this module, so it loads nothing else.
"""

from __future__ import annotations

from collections.abc import Generator
from pkgutil import resolve_name
from typing import Any

import pytest

OPTION = "rowlock_app"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add what names the app under test."""
    parser.addini(OPTION, "The Rowlock app under test, as module:name; for fixture rowlock_app.")


@pytest.fixture
def rowlock_app(request: pytest.FixtureRequest) -> Generator[Any]:
    """The program's own app on an empty database in memory.

    Name the app in pytest's settings, `rowlock_app = "shop.tasks:app"`.
    """
    reference = str(request.config.getini(OPTION))
    if not reference:
        raise pytest.UsageError(
            f"fixture rowlock_app: name the app in pytest's settings: {OPTION} = module:name"
        )
    from rowlock.testing.places import on_memory

    with on_memory(_named(reference)) as app:
        yield app


@pytest.fixture
def rowlock_clock(rowlock_app: Any) -> Generator[Any]:
    """The clock of `rowlock_app`: it stands still until the test moves it."""
    from rowlock.testing.clocks import clock

    with clock(rowlock_app) as virtual:
        yield virtual


def _named(reference: str) -> Any:
    from rowlock.app.core import Core

    try:
        app = resolve_name(reference)
    except (ImportError, AttributeError, ValueError) as error:
        raise pytest.UsageError(f"{OPTION} = {reference}: {error}") from error
    if not isinstance(getattr(app, "core", None), Core):
        raise pytest.UsageError(f"{OPTION} = {reference}: is not a Rowlock or an AsyncRowlock")
    return app
