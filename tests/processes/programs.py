"""Programs that say `ready`, wait for a line, work, and print what they did as JSON."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from tests.support.backends import Backend

ROOT = Path(__file__).parents[2]
TIMEOUT_SECONDS = 120


def start(
    started: ExitStack, module: str, backend: Backend, *arguments: str
) -> subprocess.Popen[str]:
    """Start a module as a program on a backend's database; it is killed at the test's end."""
    process = subprocess.Popen(
        [sys.executable, "-m", module, backend.url, *arguments],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    started.enter_context(process)
    started.callback(process.kill)
    return process


def begin(process: subprocess.Popen[str]) -> None:
    """Let one begin."""
    assert process.stdin
    process.stdin.write("go\n")
    process.stdin.flush()


def go(processes: list[subprocess.Popen[str]]) -> list[Any]:
    """Let all begin at the same moment; return what each printed at its end."""
    ready = [process.stdout and process.stdout.readline() for process in processes]
    assert ready == ["ready\n"] * len(processes)
    for process in processes:
        begin(process)
    answers = [process.communicate(timeout=TIMEOUT_SECONDS) for process in processes]
    assert [errors for _, errors in answers] == [""] * len(processes)
    assert [process.returncode for process in processes] == [0] * len(processes)
    return [json.loads(output) for output, _ in answers]
