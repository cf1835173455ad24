"""How Python itself works while a worker runs: when it looks for garbage, when threads take turns.

A worker holds thousands of objects for a moment: claims, contexts, asyncio's tasks. They end by
their reference counts. By default Python looks for cycles among them after every few hundred, which
took a fifth of a worker's processor time.

A thread that has talked to the database waits for the handlers' thread to let it go on, by default
up to 5 ms each time. On SQLite, where the database works in this process, that cost a seventh of
the throughput.
"""

from __future__ import annotations

import gc
import sys
from threading import Lock

COLLECT_AFTER = 10_000
"""New objects after which Python looks for cycles; more gains nothing that can be measured."""

SWITCH_SECONDS = 0.001
"""How long a thread goes on at most while others wait; less gains nothing either."""

_DEFAULT_SWITCH_SECONDS = 0.005

_lock = Lock()
_running = 0
_threshold = 0
_interval = 0.0


def tune() -> None:
    """Set both for a worker, until `untune` was called as many times.

    What the program has set for itself stays: a rarer collection or none, another interval.
    """
    global _running, _threshold, _interval  # noqa: PLW0603 - there is one interpreter
    with _lock:
        _running += 1
        if _running > 1:
            return
        threshold, *others = gc.get_threshold()
        if 0 < threshold < COLLECT_AFTER:
            _threshold = threshold
            gc.set_threshold(COLLECT_AFTER, *others)
        if sys.getswitchinterval() == _DEFAULT_SWITCH_SECONDS:
            _interval = _DEFAULT_SWITCH_SECONDS
            sys.setswitchinterval(SWITCH_SECONDS)


def untune() -> None:
    """Set both back once no worker of this process runs, but for what was changed meanwhile."""
    global _running, _threshold, _interval  # noqa: PLW0603 - as above
    with _lock:
        _running -= 1
        if _running:
            return
        threshold, *others = gc.get_threshold()
        if _threshold and threshold == COLLECT_AFTER:
            gc.set_threshold(_threshold, *others)
        if _interval and sys.getswitchinterval() == SWITCH_SECONDS:
            sys.setswitchinterval(_interval)
        _threshold, _interval = 0, 0.0
