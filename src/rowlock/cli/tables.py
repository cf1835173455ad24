"""Tables for people: as wide as the terminal, with the columns that matter most."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from itertools import cycle

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from rowlock.cli.output import STATE_COLORS, is_colored, one_line

GAP = 2
WIDEST, NARROWEST = 32, 12
# Where nobody can tell how wide the reader is.
ENDLESS = 10_000


def draw_table(
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    whole: Sequence[str],
    right: Sequence[str],
    spare: Sequence[str],
) -> None:
    """Print a table on stdout. See `output.say_table`."""
    on_terminal = sys.stdout.isatty()
    console = Console(
        file=sys.stdout,
        force_terminal=True,
        color_system="standard" if is_colored(sys.stdout) else None,
        width=None if on_terminal else ENDLESS,
        highlight=False,
    )
    cells = [[one_line(cell) for cell in row] for row in rows]
    widest = {
        column: max(map(cell_len, (column, *(row[place] for row in cells))))
        for place, column in enumerate(columns)
    }
    stiff = {*whole, *right}
    widths = {
        column: width if column in stiff or column == columns[-1] else min(width, WIDEST)
        for column, width in widest.items()
    }
    least = {
        name: width if name in stiff else min(width, NARROWEST) for name, width in widths.items()
    }
    shown = fitted(widths, least, spare, console.width)
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, GAP, 0, 0))
    for column, width in shown.items():
        table.add_column(
            column,
            justify="right" if column in right else "left",
            width=width,
            no_wrap=True,
            overflow="ellipsis",
        )
    for row in cells:
        named = zip(columns, row, strict=True)
        table.add_row(
            *(Text(cell, style=STATE_COLORS.get(cell, "")) for name, cell in named if name in shown)
        )
    # Rich drops columns where there is no room; a line that is too long is the lesser evil.
    console.width = max(console.width, _total(shown))
    console.print(table, soft_wrap=not on_terminal)


def fitted(
    widths: Mapping[str, int], least: Mapping[str, int], spare: Sequence[str], room: int
) -> dict[str, int]:
    """Return which columns are shown, and how wide each is.

    Args:
        widths: How wide each column would like to be.
        least: How narrow each may be.
        spare: What is left out where even that is too wide, in this order.
        room: How wide the table may be.
    """
    shown = dict(least)
    for name in spare:
        if _total(shown) <= room:
            break
        del shown[name]
    wishes = {name for name in shown if widths[name] > shown[name]}
    for name in cycle(list(shown)):
        if not wishes or _total(shown) >= room:
            return shown
        if name in wishes:
            shown[name] += 1
            wishes -= {name} if shown[name] == widths[name] else set()
    return shown


def _total(widths: Mapping[str, int]) -> int:
    return sum(widths.values()) + GAP * (len(widths) - 1)
