"""Apps for the tests of the operations."""

from __future__ import annotations

from tests.app.conftest import app, opened

__all__ = ["app", "opened"]
