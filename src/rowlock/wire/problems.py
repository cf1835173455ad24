"""What an error is about, as plain values for JSON; and an error again, from those."""

from __future__ import annotations

import inspect
from typing import Any, get_type_hints
from uuid import UUID

from rowlock import errors
from rowlock.errors import InvalidValueError, RouteNotFoundError, RowlockError
from rowlock.wire.values import Wire


def error_detail(error: RowlockError) -> Wire | None:
    """Return what an error of ours is about, if it says more than its text."""
    if isinstance(error, InvalidValueError):
        return {"field": error.field, "problem": error.problem}
    facts = {name: value for name, value in vars(error).items() if not name.startswith("_")}
    return {name: _plain(value) for name, value in facts.items()} or None


def _plain(value: object) -> object:
    return value if value is None or isinstance(value, (bool, int, str)) else str(value)


def told_error(name: str, reason: str, detail: Any) -> RowlockError | None:
    """Return the error that a service told of.

    Args:
        name: Its class.
        reason: Its text.
        detail: What it is about, as `error_detail` returned it.

    Returns:
        None if no class of ours is called so, or it cannot be made of that.
    """
    kind = getattr(errors, name, None)
    if not (inspect.isclass(kind) and issubclass(kind, RowlockError)):
        return None
    if issubclass(kind, RouteNotFoundError):
        return kind(str(detail))
    own = inspect.getattr_static(kind, "__init__")
    if not inspect.isfunction(own):
        return kind() if kind.__str__ is not Exception.__str__ else kind(reason)
    facts: dict[str, Any] = {"problem": reason, **(detail if isinstance(detail, dict) else {})}
    hints = get_type_hints(own)
    _, *wanted = inspect.signature(own).parameters.values()
    needed = [one for one in wanted if one.name in facts or one.default is one.empty]
    try:
        return kind(**{one.name: _value(facts[one.name], hints[one.name]) for one in needed})
    except (KeyError, TypeError, ValueError):
        return None


def _value(told: Any, hint: object) -> Any:
    """Return a value of an error as it was before it became plain."""
    if hint is UUID:
        return UUID(told)
    if hint == UUID | str:
        try:
            return UUID(told)
        except ValueError:
            return told
    return float(told) if hint is float else told
