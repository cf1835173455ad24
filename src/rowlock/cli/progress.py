"""How far a long change is, drawn where one can see it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager

from rowlock.cli.output import is_drawn_on


@contextmanager
def progress_bar(total: int | None, *, hidden: bool) -> Generator[Callable[[int], None]]:
    """Draw a bar on stderr while this block runs, if that is a terminal.

    Args:
        total: How many there are; None if nobody knows.
        hidden: Draw nothing.

    Yields:
        What to call with how many are done.
    """
    if hidden or not is_drawn_on(sys.stderr):
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        bar = bars.add_task("", total=total)
        yield lambda done: bars.update(bar, completed=done)
