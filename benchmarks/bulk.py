"""A retry of very many failed tasks that is killed and resumed, and what others notice of it.

`python -m benchmarks.bulk URL` retries every failed task, `… URL resume` goes on with that.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from datetime import timedelta

import psycopg

from benchmarks.workload import make_app
from rowlock import Operation, OperationState, Rowlock
from rowlock.model.ids import new_token
from rowlock.model.states import TaskState
from rowlock.model.tasks import Finish
from rowlock.storage.contract import ClaimRequest

BATCH = 1_000
CALM_SECONDS = 5.0
PAUSE_SECONDS = 0.005
ERROR = '{"message":"boom","type":"ValueError"}'


def _fill(app: Rowlock, tasks: int) -> None:
    """Store failed tasks, as workers leave them behind."""
    app.enqueue_many("noop", ({} for _ in range(tasks)), queue="broken")
    claims, run = app.core.storage.claims, app.core.storage.runner.run
    while True:
        request = ClaimRequest("default", "broken", "w", new_token(), BATCH, timedelta(minutes=5))
        taken = run(claims.claim_tasks, request)
        if not taken:
            return
        ends = [Finish(one.id, one.token, TaskState.FAILED, None, ERROR) for one in taken]
        run(claims.finish_tasks, ends)


def _analyze(url: str) -> None:
    """Let PostgreSQL know its tables now; its autovacuum does so within a minute."""
    if url.startswith("postgresql"):
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("ANALYZE")


def _start(url: str, *more: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", "benchmarks.bulk", url, *more])


def _one_latency(app: Rowlock) -> float:
    began = time.perf_counter()
    app.enqueue("noop", {})
    spent = time.perf_counter() - began
    time.sleep(PAUSE_SECONDS)
    return spent * 1_000


def _newest(app: Rowlock) -> Operation | None:
    return next(iter(app.list_operations(limit=1)), None)


def measure(url: str, *, tasks: int) -> dict[str, float]:
    """Return how long the retry takes, and single enqueues before and during it."""
    with make_app(url) as app:
        _fill(app, tasks)
        _analyze(url)
        end = time.monotonic() + CALM_SECONDS
        calm: list[float] = []
        while time.monotonic() < end:
            calm.append(_one_latency(app))
        busy: list[float] = []
        began = time.monotonic()
        process = _start(url)
        while (seen := _newest(app)) is None or seen.done < tasks / 3:
            busy.append(_one_latency(app))
        process.kill()
        process.wait()
        process = _start(url, "resume")
        while process.poll() is None:
            busy.append(_one_latency(app))
        spent = time.monotonic() - began
        done = _newest(app)
        assert done is not None
        assert (done.state, done.done) == (OperationState.DONE, tasks)
    before, during = statistics.median(calm), statistics.median(busy)
    return {
        "bulk_retry_seconds": spent,
        "bulk_retry_tasks_per_second": tasks / spent,
        "enqueue_ms_p50_before": before,
        "enqueue_ms_p50_during_bulk": during,
        "enqueue_during_to_before": during / before,
        "enqueue_ms_p95_before": statistics.quantiles(calm, n=20)[-1],
        "enqueue_ms_p95_during_bulk": statistics.quantiles(busy, n=20)[-1],
    }


def main() -> None:
    """Retry, or go on."""
    url, *more = sys.argv[1:]
    with make_app(url) as app:
        newest = _newest(app)
        if more and newest is not None:
            app.resume_operation(newest)
        else:
            app.bulk("retry", states=("failed",), queue="broken")


if __name__ == "__main__":
    main()
