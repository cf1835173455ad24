"""What memory it takes to enqueue very many, and to work while they wait."""

from __future__ import annotations

import json
import subprocess
import sys

from benchmarks.growth.scale import Empty, Row, Scale
from benchmarks.machine import peak_memory_mb
from benchmarks.processes import drained
from benchmarks.workload import SLOTS, make_app


def measure(empty: Empty, scale: Scale) -> list[Row]:
    """Return one row; the process that enqueues and the one that works are new."""
    with empty() as url:
        command = [sys.executable, "-m", "benchmarks.growth.memory", url, str(scale.bulk)]
        said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        facts = drained(url, "--slots", str(SLOTS), "--tasks", str(scale.tasks))
    return [
        {"of": "memory", "at": scale.bulk}
        | {"bulk_rss_mb": json.loads(said), "worker_rss_mb": facts["max_rss_mb"]}
    ]


def main() -> None:
    """Enqueue so many, and say what memory that took."""
    url, count = sys.argv[1:]
    with make_app(url) as app:
        app.enqueue_many("noop", ({} for _ in range(int(count))))
    print(json.dumps(peak_memory_mb()))


if __name__ == "__main__":
    main()
