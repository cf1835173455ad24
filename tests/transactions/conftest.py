"""Apps for the tests of the caller's own transaction."""

from __future__ import annotations

import pytest

from rowlock import Rowlock
from tests.app.conftest import app, opened
from tests.transactions.effects import Effects

__all__ = ["app", "effects", "opened"]


@pytest.fixture
def effects(app: Rowlock) -> Effects:
    """What handlers have done to a table of their own in the app's database."""
    return Effects(app)
