"""What reaches the terminal: data on stdout, messages on stderr, colours only where wanted."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TextIO

import click

from rowlock.model.states import TaskState

_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_BREAKS = re.compile(r"[\t\n]")

STATE_COLORS: Mapping[str, str] = {
    TaskState.SCHEDULED: "blue",
    TaskState.RETRYING: "yellow",
    TaskState.QUEUED: "white",
    TaskState.RUNNING: "cyan",
    TaskState.PAUSED: "magenta",
    TaskState.SUCCEEDED: "green",
    TaskState.FAILED: "red",
    TaskState.CANCELED: "bright_black",
    TaskState.EXPIRED: "bright_black",
}


def is_drawn_on(stream: TextIO) -> bool:
    """Whether a stream is a terminal that can move its cursor."""
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def is_colored(stream: TextIO) -> bool:
    """Whether a stream gets colours: https://no-color.org and https://force-color.org."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return is_drawn_on(stream)


def wants_tables() -> bool:
    """Whether stdout is read by a person; programs get lines of tab-separated fields."""
    return sys.stdout.isatty() or bool(os.environ.get("FORCE_COLOR"))


def without_controls(text: str) -> str:
    """Return text that cannot move the cursor or change colours, whoever wrote it."""
    return _CONTROLS.sub(lambda found: f"\\x{ord(found[0]):02x}", text)


def one_line(text: str) -> str:
    """Return text without controls, line breaks and tabs."""
    return _BREAKS.sub(" ", without_controls(text))


def colored(text: str, color: str | None = None, *, bold: bool = False, dim: bool = False) -> str:
    """Return text for stdout in a colour, if stdout has colours."""
    if not is_colored(sys.stdout):
        return text
    return click.style(text, fg=color, bold=bold or None, dim=dim or None)


def say(text: str = "") -> None:
    """Print a line of data on stdout."""
    click.echo(text, color=is_colored(sys.stdout))


def warn(text: str) -> None:
    """Print a message for people on stderr."""
    click.echo(text, err=True, color=is_colored(sys.stderr))


def say_json(document: Any) -> None:
    """Print one JSON document."""
    say(json.dumps(document, indent=2, ensure_ascii=not _takes_unicode()))


def say_json_line(document: Any) -> None:
    """Print one JSON document on a line of its own, at once."""
    say(json.dumps(document, ensure_ascii=not _takes_unicode()))
    sys.stdout.flush()


def _takes_unicode() -> bool:
    return (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"


LABEL_WIDTH = 13


def say_facts(facts: Sequence[tuple[str, str]]) -> None:
    """Print facts with their labels; further lines of one stand below the first."""
    for label, value in facts:
        for line in value.splitlines() or [""]:
            say(f"{colored(label.ljust(LABEL_WIDTH), bold=True)} {without_controls(line)}")
            label = ""  # noqa: PLW2901 - see above


def say_table(
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    whole: Sequence[str] = (),
    right: Sequence[str] = (),
    spare: Sequence[str] = (),
) -> None:
    """Print a table for a person, or lines of tab-separated fields without a head.

    Args:
        columns: The head.
        rows: The cells; a cell that is a state's name gets its colour.
        whole: Columns that are never shortened or wrapped.
        right: Columns of numbers.
        spare: Columns that a narrow terminal does without, the first one first.
    """
    if wants_tables():
        from rowlock.cli.tables import draw_table

        draw_table(columns, rows, whole=whole, right=right, spare=spare)
        return
    for row in rows:
        say("\t".join(map(one_line, row)))


def time_text(moment: datetime | None) -> str:
    """Return a time for people, in UTC to the second."""
    if moment is None:
        return "-"
    return moment.astimezone(UTC).isoformat(sep=" ", timespec="seconds").replace("+00:00", "Z")


def duration_text(duration: timedelta | None) -> str:
    """Return a duration as people write it: `1h30m`, `2.5s`, `7d`."""
    if duration is None:
        return "-"
    seconds = duration.total_seconds()
    if abs(seconds) < 1 and seconds:
        return f"{seconds * 1000:.3g}ms"
    if abs(seconds) < 60:  # noqa: PLR2004 - a minute
        return f"{seconds:.3g}s"
    parts: list[str] = []
    left = int(abs(seconds))
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)):
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count}{unit}")
    return ("-" if seconds < 0 else "") + "".join(parts[:2])


def age_text(moment: datetime) -> str:
    """Return how long ago a time was, or how far it is ahead."""
    passed = datetime.now(UTC) - moment
    if passed < timedelta(0):
        return f"in {duration_text(timedelta(seconds=round(-passed.total_seconds())))}"
    return f"{duration_text(timedelta(seconds=round(passed.total_seconds())))} ago"


def bytes_text(count: int) -> str:
    """Return a number of bytes for people."""
    size = float(count)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size < 1024 or unit == "GiB":  # noqa: PLR2004 - the next unit
            return f"{count:,} B" if unit == "B" else f"{size:,.1f} {unit}"
        size /= 1024
    raise AssertionError  # the last unit takes all
