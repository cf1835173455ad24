"""What the figures were measured on."""

from __future__ import annotations

import os
import platform
import sqlite3


def machine() -> dict[str, object]:
    """Return its facts, and how busy it is now."""
    return {
        "cpus": os.cpu_count(),
        "machine": platform.machine(),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "load": [round(value, 1) for value in os.getloadavg()],
    }
