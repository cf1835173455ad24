"""Recurring times: cron expressions, RFC 5545 rules and rules of seven keys.

One value for all notations, computed by arithmetic and without any I/O:

    >>> report = parse("0 9 * * mon-fri", zone="Europe/Berlin")
    >>> report.explain()
    'At 09:00 on Monday to Friday, Europe/Berlin time'

Names are loaded when they are first used: who only holds a recurrence need not read one.
"""

from __future__ import annotations

from rowlock._lazy import lazily

_HOMES = {
    "ClockChange": "rowlock.recurrence.recurrence",
    "Gap": "rowlock.recurrence.series",
    "Notation": "rowlock.recurrence.recurrence",
    "Occurrence": "rowlock.recurrence.recurrence",
    "Overlap": "rowlock.recurrence.series",
    "Recurrence": "rowlock.recurrence.recurrence",
    "parse": "rowlock.recurrence.parsing",
    "parse_cron": "rowlock.recurrence.cron",
    "parse_rrule": "rowlock.recurrence.rrule",
    "parse_rule": "rowlock.recurrence.rule",
}

__all__ = sorted(_HOMES)  # noqa: PLE0605 - texts # pyright: ignore[reportUnsupportedDunderAll]

__getattr__, __dir__ = lazily(__name__, _HOMES)
