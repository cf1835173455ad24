"""How often Python looks for garbage while a worker runs.

A worker holds thousands of objects for a moment: claims, contexts, asyncio's tasks. They end by
their reference counts. By default Python looks for cycles among them after every few hundred, which
took a fifth of a worker's processor time.
"""

from __future__ import annotations

import gc
from threading import Lock

THRESHOLD = 10_000
"""New objects after which Python looks for cycles; more gains nothing that can be measured."""

_lock = Lock()
_running = 0
_before = 0


def collect_rarely() -> None:
    """Look for garbage less often, until `collect_as_before` was called as many times.

    What the program has set stays if it is rarer still, or off.
    """
    global _running, _before  # noqa: PLW0603 - the collector is one for the whole process
    with _lock:
        _running += 1
        now, *others = gc.get_threshold()
        if _running == 1 and 0 < now < THRESHOLD:
            _before = now
            gc.set_threshold(THRESHOLD, *others)


def collect_as_before() -> None:
    """Look for garbage as often as before, once no worker of this process runs."""
    global _running, _before  # noqa: PLW0603 - as above
    with _lock:
        _running -= 1
        now, *others = gc.get_threshold()
        if _running == 0 and _before and now == THRESHOLD:
            gc.set_threshold(_before, *others)
        if _running == 0:
            _before = 0
