"""How long commands take that do next to nothing, as multiples of `python -c pass`.

Every command is a process of its own, measured from its start to its end, and the smallest of
many runs counts: what is larger is what else the machine did. The interpreter is the one that
runs the benchmark, and modules are compiled, as in an installation.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path

from rowlock import Rowlock

PYTHON = sys.executable
ROWLOCK = str(Path(sys.executable).with_name("rowlock"))
BASE = "python -c pass"
LISTED = 20


def measure(*, rounds: int) -> dict[str, float]:
    """Return the time of each command over that of `python -c pass`, whose is in seconds."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        env = _environment(folder)
        best: dict[str, float] = {}
        # In the first round modules are compiled.
        for number, commands in enumerate(_rounds(folder, rounds + 1)):
            for command, words in commands.items():
                took = _timed(words, env)
                if number:
                    best[command] = min(took, best.get(command, took))
    base = best.pop(BASE)
    return {BASE: base, **{command: took / base for command, took in best.items()}}


def _environment(folder: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return {**kept, "PYTHONPYCACHEPREFIX": str(folder / "compiled")}


def _rounds(folder: Path, count: int) -> Iterator[Mapping[str, Sequence[str]]]:
    """Yield what is run in each round: steering takes another task each time."""
    url = f"sqlite:///{folder / 'tasks.db'}"
    with closing(Rowlock(url)) as app:

        @app.task
        def nothing(n: int) -> None:
            del n

        ids = nothing.enqueue_many({"n": n} for n in range(LISTED + count))
    at = ("--url", url)
    for task in map(str, ids[:count]):
        yield {
            BASE: [PYTHON, "-c", "pass"],
            "import rowlock": [PYTHON, "-c", "import rowlock"],
            "import click": [PYTHON, "-c", "import click"],
            "rowlock --version": [ROWLOCK, "--version"],
            "rowlock --help": [ROWLOCK, "--help"],
            "rowlock tasks": [ROWLOCK, "tasks", *at],
            "rowlock task ID": [ROWLOCK, "task", task, *at],
            "rowlock stats": [ROWLOCK, "stats", *at],
            "rowlock queues": [ROWLOCK, "queues", *at],
            "rowlock enqueue ALIAS": [ROWLOCK, "enqueue", "nothing", "n:=1", *at],
            "rowlock cancel ID": [ROWLOCK, "cancel", task, *at],
            "rowlock retry ID": [ROWLOCK, "retry", task, *at],
        }


def _timed(words: Sequence[str], env: Mapping[str, str]) -> float:
    began = time.perf_counter()
    subprocess.run(words, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=True)
    return time.perf_counter() - began


def table(figures: Mapping[str, float]) -> str:
    """Return the figures as text, one row a command."""
    lines = [f"start-up, as multiples of {BASE}: {1000 * figures[BASE]:.1f} ms"]
    lines += [
        f"{command:32}{figure:>14.2f}" for command, figure in figures.items() if command != BASE
    ]
    return "\n".join(lines)
