"""Apps for the tests of the caller's own transaction."""

from __future__ import annotations

from tests.app.conftest import app, opened

__all__ = ["app", "opened"]
