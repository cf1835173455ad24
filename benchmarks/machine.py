"""What the figures were measured on."""

from __future__ import annotations

import os
import platform
import resource
import sqlite3
from pathlib import Path


def machine() -> dict[str, object]:
    """Return its facts, and how busy it is now."""
    return {
        "cpus": os.cpu_count(),
        "machine": platform.machine(),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "load": [round(value, 1) for value in os.getloadavg()],
    }


def peak_memory_mb() -> float:
    """Return the most memory that this process has held, in megabytes."""
    # ru_maxrss counts from before exec: a small child would tell its large parent's figure.
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
