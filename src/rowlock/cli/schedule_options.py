"""What can be said of a schedule on the command line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

import click

from rowlock.cli.arguments import moment_from
from rowlock.cli.intaking import term_options
from rowlock.cli.options import number
from rowlock.errors import InvalidValueError

ZONE_OPTIONS = (
    click.option("--zone", metavar="NAME", help="Whose clock: Europe/Berlin. UTC if not given."),
    click.option(
        "--gap", metavar="WORD", help="A local time that does not exist: end, move or skip."
    ),
    click.option(
        "--repeated", metavar="WORD", help="A local time that exists twice: first, last or both."
    ),
)

starts_at_option = click.option(
    "--starts-at",
    metavar="TIME",
    help="Nothing before 2026-12-31T23:59:00Z; an interval or an RRULE counts from it.",
)

_OPTIONS = (
    *ZONE_OPTIONS,
    click.option("--description", metavar="TEXT", help="For people."),
    starts_at_option,
    click.option("--ends-at", metavar="TIME", help="Nothing after 2026-12-31T23:59:00Z."),
    click.option("--max-runs", type=number, metavar="N", help="Completed after so many."),
    click.option("--catch-up", metavar="WORD", help="After downtime: skip, latest or all."),
    click.option("--catch-up-limit", type=number, metavar="N", help="Of 'all', the last so many."),
    click.option(
        "--overlap",
        metavar="WORD",
        help="While the task before is unfinished: allow, skip or queue-one.",
    ),
    click.option("--jitter", metavar="DURATION", help="Each fires up to so much later."),
)

_NAMES = (
    "zone", "gap", "repeated", "description", "starts_at", "ends_at", "max_runs", "catch_up",
    "catch_up_limit", "overlap", "jitter", "queue", "priority", "max_attempts", "timeout",
    "lifetime", "retry", "tags", "unique", "status",
)  # fmt: skip


def value_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that describe a schedule, as one dict `given`.

    It takes in `status`, and `cleared`, the names of values to put back, where there are such.
    """

    @wraps(command)
    def run(**options: Any) -> None:
        values = {name: options.pop(name) for name in _NAMES if name in options}
        values["tags"] = list(values["tags"]) or None
        for name in ("starts_at", "ends_at"):
            values[name] = moment_from(name, values[name])
        given = {name: value for name, value in values.items() if value is not None}
        command(given=_cleared(given, options.pop("cleared", ())), **options)

    decorated = term_options(run)
    for option in reversed(_OPTIONS):
        decorated = option(decorated)
    return decorated


def _cleared(given: dict[str, Any], words: Sequence[str]) -> dict[str, Any]:
    """Return what is given, with None for each value that is to be put back."""
    fields = [word.strip().lower().replace("-", "_") for word in words]
    for field in fields:
        if field in given:
            raise InvalidValueError("clear", f"{field} is given, too")
    return {**given, **dict.fromkeys(fields)}
