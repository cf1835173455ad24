"""Starting the worker process under measurement and reading what it says."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager


def drained(url: str, *slots: str) -> dict[str, float]:
    """Let a worker process drain the queue; return its figures."""
    command = [sys.executable, "-m", "benchmarks.drainer", url, *slots]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
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
