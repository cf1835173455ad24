"""Apps for the testing kit: on each engine, sync and async, with a few tasks."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from rowlock import AsyncRowlock, Rowlock
from tests.support.backends import Backend


@pytest.fixture
def app(backend: Backend) -> Iterator[Rowlock]:
    """An app on an empty database, once for each engine."""
    with Rowlock(backend.url) as app:
        yield app


@pytest.fixture
async def async_app(backend: Backend) -> AsyncIterator[AsyncRowlock]:
    """An async app on an empty database, once for each engine."""
    async with AsyncRowlock(backend.url) as app:
        yield app


@pytest.fixture
def memory_app() -> Iterator[Rowlock]:
    """An app in memory, for what does not depend on the engine."""
    with Rowlock("memory://") as app:
        yield app
