"""Starting the worker process under measurement and reading what it says."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

DRAIN_SECONDS = 600


def drained(url: str, *options: str) -> dict[str, float]:
    """Let a worker process drain the queue, or a part of it; return its figures."""
    command = [sys.executable, "-m", "benchmarks.drainer", url, *options]
    output = subprocess.run(
        command, check=True, stdout=subprocess.PIPE, text=True, timeout=DRAIN_SECONDS
    ).stdout
    facts: dict[str, float] = json.loads(output)
    return facts


@contextmanager
def sustained(url: str, seconds: float) -> Iterator[Iterator[dict[str, float]]]:
    """Let a worker process work for so long; gives its figures once a second."""
    command = [sys.executable, "-m", "benchmarks.drainer", url, "--seconds", str(seconds)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield (json.loads(line) for line in process.stdout)
        finally:
            process.terminate()
