"""One door for every notation, and for what was stored."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from rowlock.errors import InvalidValueError
from rowlock.recurrence.cron import parse_cron
from rowlock.recurrence.reading import checked_text
from rowlock.recurrence.recurrence import Notation, Recurrence
from rowlock.recurrence.rrule import parse_rrule
from rowlock.recurrence.rule import KEYS, parse_rule

_RRULE_TEXT = re.compile(r"(RRULE[:;]|DTSTART[:;]|EXDATE[:;]|RDATE[:;]|FREQ=)", re.IGNORECASE)
_STORED = {"zone", "gap", "overlap", "start", "end", "key"}


def parse(
    value: str | Mapping[str, Any],
    *,
    zone: str | None = None,
    gap: str = "end",
    overlap: str = "first",
    start: datetime | str | None = None,
    key: str = "",
) -> Recurrence:
    """Read a recurring time in whatever notation it is written.

    Text with `FREQ=`, `RRULE:` or `DTSTART` is iCalendar, text that begins with `{` is the JSON
    of a rule, other text is cron. A mapping is a rule of seven keys, or what
    `Recurrence.to_json` returned; the latter brings its own options.

    Args:
        value: What was written or stored.
        zone: Whose clock it goes by. None: that of DTSTART, else UTC.
        gap: What becomes of a local time that does not exist: `end`, `move` or `skip`.
        overlap: Which passes of a repeated local time count: `first`, `last` or `both`.
        start: Where cron or an RRULE without DTSTART begins; a rule has its own.
        key: What the `H` of cron is spread by.

    Raises:
        InvalidValueError: It cannot be read, or it never happens; the error names the part.
    """
    if isinstance(value, Mapping):
        return (
            _stored(value)
            if _is_stored(value)
            else parse_rule(value, zone=zone or "UTC", gap=gap, overlap=overlap)
        )
    text = checked_text("recurrence", value)
    if _RRULE_TEXT.match(text):
        return parse_rrule(text, zone=zone, gap=gap, overlap=overlap, start=start)
    named = zone or "UTC"
    if text.startswith("{"):
        return parse_rule(text, zone=named, gap=gap, overlap=overlap)
    return parse_cron(text, zone=named, gap=gap, overlap=overlap, start=start, key=key)


def _is_stored(value: Mapping[str, Any]) -> bool:
    return any(notation.value in value for notation in Notation)


def _stored(value: Mapping[str, Any]) -> Recurrence:
    notations = [notation for notation in Notation if notation.value in value]
    unknown = set(value) - _STORED - {notation.value for notation in notations}
    if len(notations) != 1 or unknown:
        raise InvalidValueError(
            "recurrence",
            f"needs one of {', '.join(Notation)} and may have {', '.join(sorted(_STORED))}; "
            f"or the keys of a rule: {', '.join(KEYS)}",
        )
    [notation] = notations
    options = {name: item for name, item in value.items() if name in _STORED}
    try:
        match notation:
            case Notation.CRON:
                return parse_cron(value["cron"], **options)
            case Notation.RRULE:
                return parse_rrule(value["rrule"], **options)
            case Notation.RULE:
                return parse_rule(value["rule"], **options)
    except TypeError as error:
        raise InvalidValueError(
            "recurrence", f"{notation} does not take all of {options}"
        ) from error
