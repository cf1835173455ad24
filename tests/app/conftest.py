"""Apps on an empty, migrated database of each engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from rowlock import Rowlock
from tests.support.backends import Backend

OpenApp = Callable[..., Rowlock]


@pytest.fixture
def opened(backend: Backend) -> Iterator[OpenApp]:
    """Opens further apps on one database, as other processes would have them.

    In memory each has a database of its own.
    """
    with ExitStack() as apps:

        def open_app(**settings: Any) -> Rowlock:
            return apps.enter_context(Rowlock(backend.url, **settings))

        yield open_app


@pytest.fixture
def app(opened: OpenApp) -> Rowlock:
    """An app on an empty database, once for each engine."""
    return opened()
