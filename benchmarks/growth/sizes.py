"""Claiming and settling while very many tasks wait, are scheduled, or are finished.

Each size has a database of its own. They take turns, round after round, so that whatever else
the machine does meanwhile is the same for all.
"""

from __future__ import annotations

import statistics
import time
from collections import defaultdict
from contextlib import ExitStack, closing
from datetime import timedelta

from benchmarks.growth.filling import KINDS, fill
from benchmarks.growth.scale import Empty, Row, Scale
from benchmarks.processes import drained
from benchmarks.workload import SLOTS, make_app
from rowlock import Rowlock, TaskState
from rowlock.model.ids import new_token
from rowlock.model.tasks import Finish
from rowlock.runtime.slots import DEFAULT_CONCURRENCY
from rowlock.storage.contract import ClaimRequest
from rowlock.storage.storage import Storage

LEASE = timedelta(seconds=30)
# A worker with few slots is slower, and its figure as good after fewer tasks.
FEWER = 4

Seen = defaultdict[str, list[float]]


def measure(empty: Empty, scale: Scale) -> list[Row]:
    """Return a row for each kind and size."""
    return [row for kind in KINDS for row in _of_kind(empty, scale, kind)]


def _of_kind(empty: Empty, scale: Scale, kind: str) -> list[Row]:
    with ExitStack() as opened:
        places: list[tuple[int, Rowlock, str, Seen]] = []
        for size in scale.sizes:
            url = opened.enter_context(empty())
            app = opened.enter_context(closing(make_app(url)))
            app.enqueue("noop")
            fill(app.core.storage, url, kind, size)
            places.append((size, app, url, defaultdict(list)))
        for _ in range(scale.rounds):
            for slots, tasks in ((SLOTS, scale.tasks), (DEFAULT_CONCURRENCY, scale.tasks // FEWER)):
                for _, app, url, seen in places:
                    _drain(app, url, slots, tasks, seen)
                    _probe(app, slots, scale.probes, seen)
    return [{"of": kind, "at": size} | _figures(seen) for size, _, _, seen in places]


def _figures(seen: Seen) -> Row:
    found: Row = {}
    for name, values in seen.items():
        found[name] = max(values) if name.startswith("rss") else statistics.median(values)
        if "_ms_" in name:
            found[name.replace("_ms_p50", "_ms_max")] = max(values)
    return found


def _drain(app: Rowlock, url: str, slots: int, tasks: int, seen: Seen) -> None:
    # What the worker has claimed when it has settled enough is settled as well.
    app.enqueue_many("noop", ({} for _ in range(tasks + 2 * slots)))
    facts = drained(url, "--slots", str(slots), "--tasks", str(tasks))
    seen[f"per_second_{slots}"].append(facts["tasks"] / facts["seconds"])
    seen[f"rss_mb_{slots}"].append(facts["max_rss_mb"])


def _probe(app: Rowlock, slots: int, probes: int, seen: Seen) -> None:
    app.enqueue_many("noop", ({} for _ in range(slots * probes)))
    for _ in range(probes):
        claiming, settling = claim_and_settle(app.core.storage, slots)
        seen[f"claim_ms_p50_{slots}"].append(claiming)
        seen[f"settle_ms_p50_{slots}"].append(settling)


def claim_and_settle(storage: Storage, slots: int) -> tuple[float, float]:
    """Return the milliseconds of a claim and of a settle of so many tasks."""
    run, claims = storage.runner.run, storage.claims
    request = ClaimRequest("default", "default", "probe", new_token(), slots, LEASE)
    began = time.perf_counter()
    claimed = run(claims.claim_tasks, request)
    between = time.perf_counter()
    ends = [Finish(one.id, one.token, TaskState.SUCCEEDED) for one in claimed]
    prepared = time.perf_counter()
    settled = run(claims.finish_tasks, ends)
    ended = time.perf_counter()
    assert len(settled) == slots
    return 1_000 * (between - began), 1_000 * (ended - prepared)
