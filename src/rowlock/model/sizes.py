"""Amounts of memory as people write them: `"512 MB"`, `"1.5GiB"`, `536870912`."""

from __future__ import annotations

import math
import re
from typing import TypeAlias

from rowlock.errors import InvalidValueError

Size: TypeAlias = int | str
"""A number of bytes, or text such as `"512MB"` or `"1.5 GiB"`."""

MIN_SIZE, MAX_SIZE = 1_000_000, 10**15

_UNITS = {"": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "kib": 2**10, "mib": 2**20, "gib": 2**30}
_SIZE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([kmg]i?b|)\s*", re.IGNORECASE)


def size_from(field: str, value: object) -> int:
    """Return the bytes that `value` names.

    Args:
        field: What an error should call the value.
        value: Bytes, or text such as `"512MB"`.

    Raises:
        InvalidValueError: It is no size, or not from a megabyte to a petabyte.
    """
    if isinstance(value, str):
        found = _SIZE.fullmatch(value)
        if found is None:
            raise InvalidValueError(field, f"{value!r} is not a size such as '512MB'")
        size = math.ceil(float(found[1]) * _UNITS[found[2].lower()])
    elif isinstance(value, int) and not isinstance(value, bool):
        size = value
    else:
        raise InvalidValueError(field, f"{value!r} is not a size such as '512MB'")
    if not MIN_SIZE <= size <= MAX_SIZE:
        raise InvalidValueError(field, f"{value!r} is not from 1 MB to 1,000,000 GB")
    return size


def size_text(size: int) -> str:
    """Return bytes as people write them, in megabytes."""
    return f"{size / 10**6:,.0f} MB"
