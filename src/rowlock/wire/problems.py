"""What an error is about, as plain values for JSON."""

from __future__ import annotations

from rowlock.errors import InvalidValueError, RowlockError
from rowlock.wire.values import Wire


def error_detail(error: RowlockError) -> Wire | None:
    """Return what an error of ours is about, if it says more than its text."""
    if isinstance(error, InvalidValueError):
        return {"field": error.field, "problem": error.problem}
    facts = {name: value for name, value in vars(error).items() if not name.startswith("_")}
    return {name: _plain(value) for name, value in facts.items()} or None


def _plain(value: object) -> object:
    return value if value is None or isinstance(value, (bool, int, str)) else str(value)
