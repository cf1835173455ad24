"""Every block of code in the documentation runs and prints what the page shows."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

import rowlock
from tests.docs.pages import ROOT, blocks, pages
from tests.docs.run_page import pattern, stripped

RUN = ("python", "console")
MOST_NOT_RUN = 20

PAGES = [path for path in pages() if any(block.language in RUN for block in blocks(path))]
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """A shell in which `rowlock` and `python` are the ones under test."""
    commands = tmp_path / "bin"
    commands.mkdir()
    for name, arguments in {"python": "", "rowlock": " -m rowlock"}.items():
        script = commands / name
        script.write_text(f'#!/bin/sh\nexec "{sys.executable}"{arguments} "$@"\n')
        script.chmod(0o755)
    # A width in the environment, as pytest-xdist's workers have one, goes over the terminal's own.
    names = {name for name in os.environ if not name.startswith("ROWLOCK_")}
    kept = {name: os.environ[name] for name in names - {"COLUMNS", "LINES"}}
    return kept | {
        "PATH": f"{commands}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": os.pathsep.join([str(Path(rowlock.__file__).parents[1]), str(ROOT)]),
        "PYTHONDONTWRITEBYTECODE": "1",
        "NO_COLOR": "1",
        "TERM": "xterm",
    }


def run(environment: dict[str, str], folder: Path, *arguments: str) -> str:
    folder.mkdir()
    process = subprocess.Popen(
        [sys.executable, *arguments],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        printed, _ = process.communicate(timeout=240)
    finally:
        # A page that broke off may have left a server behind.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    assert process.returncode == 0, printed
    return printed


@pytest.mark.processes
@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_a_page_does_what_it_says(page: Path, environment: dict[str, str], tmp_path: Path):
    run(environment, tmp_path / "page", "-m", "tests.docs.run_page", str(page))


@pytest.mark.processes
@pytest.mark.parametrize("example", EXAMPLES, ids=name_of)
def test_an_example_prints_what_it_says(example: Path, environment: dict[str, str], tmp_path: Path):
    printed = run(environment, tmp_path / "example", str(example))
    shown = re.search(r"^Prints:\n\n(.*?)^\"\"\"", example.read_text(), re.MULTILINE | re.DOTALL)
    assert shown is not None
    expected = "\n".join(line.removeprefix("    ") for line in shown[1].splitlines())
    assert pattern(expected).fullmatch(stripped(printed)), printed


def test_few_blocks_are_not_run():
    reasons = [b.not_run for page in pages() for b in blocks(page) if b.not_run is not None]
    assert len(reasons) <= MOST_NOT_RUN
    assert all(len(reason) > len("no reason") for reason in reasons)


def test_every_make_command_is_a_target():
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    used = {
        found
        for page in pages()
        for found in re.findall(r"(?:^\$ |`)make ([a-z]+)", page.read_text(), re.MULTILINE)
    }
    assert {"demo", "test"} <= used <= targets
