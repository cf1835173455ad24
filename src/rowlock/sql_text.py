"""SQL text with `:name` parameters, rendered in whatever style a driver wants."""

from __future__ import annotations

import re
from functools import cached_property
from typing import NamedTuple

# Literals, quoted names, comments and casts are kept as they are; only a lone `:name` counts.
_TOKEN = re.compile(
    r"""(?P<keep>'(?:[^']|'')*'|"[^"]*"|`[^`]*`|--[^\n]*|/\*.*?\*/|::\w+)|:(?P<name>[a-z_]\w*)""",
    re.DOTALL,
)


class Positional(NamedTuple):
    """Text for a driver that takes values by position, and which value goes where."""

    text: str
    names: tuple[str, ...]


class SqlText:
    """One statement; each rendering is made once, when a driver first asks for it."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return f"SqlText({self.text!r})"

    @cached_property
    def dollar(self) -> Positional:
        """`$1`, `$2` …, a value used twice has one number: PostgreSQL's own style."""
        names: list[str] = []

        def place(match: re.Match[str]) -> str:
            name = match["name"]
            if name is None:
                return match[0]
            if name not in names:
                names.append(name)
            return f"${names.index(name) + 1}"

        return Positional(_TOKEN.sub(place, self.text), tuple(names))

    @cached_property
    def pyformat(self) -> str:
        """`%(name)s`, with `%` doubled everywhere else."""
        pieces: list[str] = []
        position = 0
        for match in _TOKEN.finditer(self.text):
            pieces.append(self.text[position : match.start()].replace("%", "%%"))
            name = match["name"]
            pieces.append(match[0].replace("%", "%%") if name is None else f"%({name})s")
            position = match.end()
        pieces.append(self.text[position:].replace("%", "%%"))
        return "".join(pieces)
