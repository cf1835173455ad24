"""One worker for very many queues."""

from __future__ import annotations

from contextlib import closing

from benchmarks.growth.filling import fill
from benchmarks.growth.scale import Empty, Row, Scale
from benchmarks.processes import drained
from benchmarks.workload import SLOTS, make_app


def measure(empty: Empty, scale: Scale) -> list[Row]:
    """Return a row for each number of queues: the same tasks, spread over them."""
    rows: list[Row] = []
    for queues in scale.queues:
        # Every queue has work for more than one look.
        tasks = max(scale.tasks, 4 * queues)
        with empty() as url, closing(make_app(url)) as app:
            app.enqueue("noop")
            fill(app.core.storage, url, "waiting", tasks, queues=queues)
            told = ("--slots", str(SLOTS), "--queues", str(queues), "--tasks", str(tasks // 2))
            facts = drained(url, *told)
        row = {"of": "queues", "at": queues, "per_second": facts["tasks"] / facts["seconds"]}
        rows.append(row | {"rss_mb": facts["max_rss_mb"]})
    return rows
