"""Tests of code that enqueues, and of handlers: an app on memory, one attempt, a virtual clock.

Names are loaded when they are first used, so that pytest can load the plugin at no cost.
"""

from __future__ import annotations

from rowlock._lazy import lazily

_HOMES = {
    "Clock": "rowlock.testing.clocks",
    "TaskFailedError": "rowlock.errors",
    "TaskRun": "rowlock.testing.attempts",
    "aall_enqueued": "rowlock.testing.looking",
    "aassert_enqueued": "rowlock.testing.looking",
    "adrain": "rowlock.testing.running",
    "ado_upkeep": "rowlock.testing.running",
    "all_enqueued": "rowlock.testing.looking",
    "arefute_enqueued": "rowlock.testing.looking",
    "arun_task": "rowlock.testing.running",
    "arun_ticks": "rowlock.testing.ticking",
    "assert_enqueued": "rowlock.testing.looking",
    "clock": "rowlock.testing.clocks",
    "do_upkeep": "rowlock.testing.running",
    "drain": "rowlock.testing.running",
    "in_transaction": "rowlock.testing.places",
    "inline": "rowlock.testing.inlining",
    "on_memory": "rowlock.testing.places",
    "refute_enqueued": "rowlock.testing.looking",
    "run_task": "rowlock.testing.running",
    "run_ticks": "rowlock.testing.ticking",
}

__all__ = sorted(_HOMES)  # noqa: PLE0605 - texts # pyright: ignore[reportUnsupportedDunderAll]

__getattr__, __dir__ = lazily(__name__, _HOMES)
