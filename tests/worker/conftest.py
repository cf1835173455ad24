"""Apps for the tests of the worker."""

from __future__ import annotations

from tests.app.conftest import app, opened
from tests.worker.places import place

__all__ = ["app", "opened", "place"]
