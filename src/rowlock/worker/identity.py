"""What a worker is called where nobody named it."""

from __future__ import annotations

import os
import socket

from rowlock.model.ids import new_token


def new_worker_id() -> str:
    """Return a fresh id: host, process, and enough randomness for the next boot."""
    return f"{socket.gethostname()[:40]}-{os.getpid()}-{new_token().hex[:8]}"
