"""Runs the code on one page, from top to bottom, in the current folder.

`python -m tests.docs.run_page PAGE`; it ends with the first block that does not do what the
page says.

- A `python` block runs in one namespace with those before it; `await` needs no function. A
  block that begins with the comment `# name.py` is written to that file instead.
- A `text` block right below a `python` block is what that one prints.
- A `console` block runs each line after `$ ` in a shell; the lines below are what it prints.
- `…` stands for anything within a line, and alone in a line for any number of lines.
- A block below `<!-- not run: reason -->` is left out, and so is `make`.
"""

from __future__ import annotations

import ast
import asyncio
import contextlib
import inspect
import io
import os
import pty
import re
import select
import subprocess
import sys
import termios
import time
import types
from pathlib import Path
from typing import Any

from tests.docs.pages import Block, blocks

COMMAND_SECONDS = 60
COLUMNS = 118

_STYLE = re.compile(r"\x1b\[[0-9;]*m")
_FILE = re.compile(r"# (?P<name>[\w/]+\.py)\n")


class PageError(Exception):
    """A block does not do what the page says."""


class Page:
    """One run of a page."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._module = types.ModuleType("page")
        sys.modules["page"] = self._module
        self._printed = ""

    def run(self) -> None:
        """Run every block."""
        for block in blocks(self._path):
            if block.not_run is None:
                try:
                    self._run(block)
                except Exception as error:
                    raise PageError(f"{self._path}:{block.line}: {error}") from error

    def _run(self, block: Block) -> None:
        if block.language == "python":
            self._run_python(block)
        elif block.language == "console":
            for command, expected in commands(block.text):
                run_command(command, expected)
        elif block.language == "text" and block.follows == "python":
            compare(block.text, self._printed)

    def _run_python(self, block: Block) -> None:
        named = _FILE.match(block.text)
        if named:
            Path(named["name"]).write_text(block.text, "utf-8")
            return
        flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        padded = "\n" * block.line + block.text
        code = compile(padded, str(self._path), "exec", flags=flags, dont_inherit=True)
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            value = eval(code, vars(self._module))  # noqa: S307 - our own pages
            if inspect.iscoroutine(value):
                asyncio.run(_awaited(value))
        self._printed = printed.getvalue()


async def _awaited(coroutine: Any) -> None:
    await coroutine


def commands(text: str) -> list[tuple[str, str]]:
    """The commands of a console block, each with what it prints."""
    found: list[tuple[str, str]] = []
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, _, expected = part.partition("\n")
        while command.endswith("\\"):
            more, _, expected = expected.partition("\n")
            command = f"{command}\n{more}"
        found.append((command, expected))
    return found


def run_command(command: str, expected: str) -> None:
    """Run a command; a page that shows nothing below it promises only that it succeeds."""
    if command.startswith("make "):
        return
    code, shown = on_terminal(command)
    if code and not expected.strip():
        raise PageError(f"$ {command}\nexit code {code}\n{shown}")
    if expected.strip():
        compare(expected, shown)


def on_terminal(command: str) -> tuple[int, str]:
    """Run a command as a person would; return its exit code and what the terminal shows."""
    master, slave = pty.openpty()
    termios.tcsetwinsize(slave, (40, COLUMNS))
    process = subprocess.Popen(
        ["sh", "-c", command], stdin=subprocess.DEVNULL, stdout=slave, stderr=slave
    )
    os.close(slave)
    shown = bytearray()
    deadline = time.monotonic() + COMMAND_SECONDS
    with contextlib.suppress(OSError):  # the terminal is closed: nobody holds its other end
        while time.monotonic() < deadline:
            if select.select([master], [], [], 1.0)[0]:
                shown += os.read(master, 65536)
    os.close(master)
    if time.monotonic() >= deadline:
        process.kill()
    return process.wait(), _STYLE.sub("", shown.decode()).replace("\r\n", "\n")


def compare(expected: str, printed: str) -> None:
    """Compare what the page shows with what was printed."""
    if not pattern(expected).fullmatch(stripped(printed)):
        raise PageError(f"the page shows:\n{expected}\nbut this was printed:\n{printed}")


def stripped(text: str) -> str:
    """The text without space at the ends of lines and at its own."""
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


def pattern(expected: str) -> re.Pattern[str]:
    """What the shown output stands for."""
    pieces: list[str] = []
    for line in stripped(expected).splitlines():
        if line.strip() == "…":
            pieces.append(r"(?:[^\n]*\n)*?")
        else:
            pieces.append("[^\n]*?".join(map(re.escape, line.split("…"))) + r"\n")
    return re.compile("".join(pieces).removesuffix(r"\n") + r"\n*")


if __name__ == "__main__":
    Page(Path(sys.argv[1])).run()
