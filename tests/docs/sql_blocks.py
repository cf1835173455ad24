"""Blocks of SQL whose first line names a statement of the catalogue.

`python -m tests.docs.sql_blocks` writes the shipped text into each of them.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

import rowlock
from rowlock.storage.catalog import Catalog
from tests.docs.pages import DOCS

PAGE = DOCS / "explanation" / "protocol.md"

_BLOCK = re.compile(
    r"^```sql\n-- (?P<engine>\w+): (?P<name>\w+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL
)


class SqlBlock(NamedTuple):
    """A block that claims to be a statement."""

    engine: str
    name: str
    text: str


@cache
def catalog(engine: str) -> Catalog:
    """An engine's statements as they ship."""
    return Catalog(catalog_folder(engine))


def catalog_folder(engine: str) -> Path:
    """Where an engine's statements are."""
    return Path(rowlock.__file__).parent / "storage" / engine / "sql"


def sql_blocks() -> list[SqlBlock]:
    """The page's blocks in order."""
    return [SqlBlock(**match.groupdict()) for match in _BLOCK.finditer(PAGE.read_text("utf-8"))]


def shipped(engine: str, name: str) -> str:
    """A statement as the page shows it."""
    return f"{catalog(engine).text(name).text};\n"


def write() -> None:
    """Put the shipped text into every block."""

    def filled(match: re.Match[str]) -> str:
        engine, name = match["engine"], match["name"]
        return f"```sql\n-- {engine}: {name}\n{shipped(engine, name)}```"

    PAGE.write_text(_BLOCK.sub(filled, PAGE.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    write()
