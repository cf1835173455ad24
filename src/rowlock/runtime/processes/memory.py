"""How much memory a process holds, without a dependency."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

_PROC = Path("/proc")
LOOK_SECONDS = 0.1 if (_PROC / "self" / "statm").exists() else 1.0
"""How often a look is cheap enough."""


def resident_bytes(pid: int) -> int:
    """Return the resident memory of a process; 0 if it is gone or cannot be seen."""
    try:
        fields = (_PROC / str(pid) / "statm").read_text("ascii").split()
    except OSError:
        return _told_by_ps(pid)
    return int(fields[1]) * os.sysconf("SC_PAGE_SIZE")


def _told_by_ps(pid: int) -> int:
    """Ask `ps`, where there is no /proc."""
    asked = ["/bin/ps", "-o", "rss=", "-p", str(pid)]
    try:
        answer = subprocess.run(asked, capture_output=True, text=True, timeout=5, check=False)  # noqa: S603 - its words are our own
        return int(answer.stdout) * 1024
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return 0
