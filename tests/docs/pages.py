"""The documentation's pages, and the blocks of code in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
OTHERS = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md")

_FENCE = re.compile(
    r"^(?P<indent> *)```(?P<language>\w*)[^\n]*\n(?P<body>.*?)^(?P=indent)```$",
    re.MULTILINE | re.DOTALL,
)
_NOT_RUN = re.compile(r"<!-- not run: (?P<reason>[^\n]+?) -->\n+\Z")


class Block(NamedTuple):
    """One fenced block.

    Attributes:
        line: Where its fence stands, counted from 1.
        not_run: Why it is not executed, if the page says so.
        follows: The language of the block just before it, if there is no prose between them.
    """

    language: str
    text: str
    line: int
    not_run: str | None
    follows: str | None


def pages() -> list[Path]:
    """Every page, those in the root too."""
    return [*(ROOT / name for name in OTHERS), *sorted(DOCS.rglob("*.md"))]


def blocks(path: Path) -> Iterator[Block]:
    """The fenced blocks of a page in order."""
    text = path.read_text(encoding="utf-8")
    end, before = 0, None
    for match in _FENCE.finditer(text):
        between = text[end : match.start()]
        marked = _NOT_RUN.search(between)
        yield Block(
            language=match["language"],
            text=match["body"],
            line=text.count("\n", 0, match.start()) + 1,
            not_run=marked["reason"] if marked else None,
            follows=None if between.strip() else before,
        )
        end, before = match.end(), match["language"]


def without_blocks(path: Path) -> str:
    """The prose of a page."""
    return _FENCE.sub("", path.read_text(encoding="utf-8"))
