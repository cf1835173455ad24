"""Recurring times: cron expressions, RFC 5545 rules and rules of seven keys.

One value for all notations, computed by arithmetic and without any I/O:

    >>> report = parse("0 9 * * mon-fri", zone="Europe/Berlin")
    >>> report.explain()
    'At 09:00 on Monday to Friday, Europe/Berlin time'
"""

from __future__ import annotations

from rowlock.recurrence.cron import parse_cron
from rowlock.recurrence.parsing import parse
from rowlock.recurrence.recurrence import ClockChange, Notation, Occurrence, Recurrence
from rowlock.recurrence.rrule import parse_rrule
from rowlock.recurrence.rule import parse_rule
from rowlock.recurrence.series import Gap, Overlap

__all__ = [
    "ClockChange",
    "Gap",
    "Notation",
    "Occurrence",
    "Overlap",
    "Recurrence",
    "parse",
    "parse_cron",
    "parse_rrule",
    "parse_rule",
]
