"""What the database itself takes: the worker's and the producer's statements, without either.

Blocking, one after the other, a thousand tasks at a time. Whatever a worker or a producer does
besides comes on top, or is done while the database works.
"""

from __future__ import annotations

import time
from datetime import timedelta

from benchmarks.workload import SLOTS, make_app
from rowlock import TaskState
from rowlock.model.ids import new_task_id, new_token
from rowlock.model.tasks import Finish, NewTask, TaskTerms
from rowlock.ops.claim import promote_due
from rowlock.storage.contract import ClaimRequest
from rowlock.storage.storage import Storage

LEASE = timedelta(seconds=30)


def measure(url: str, *, tasks: int) -> dict[str, float]:
    """Store, claim and settle so many tasks; returns tasks a second of both."""
    app = make_app(url)
    app.enqueue("noop")
    storage = app.core.storage
    stored = _stored(storage, tasks)
    drained = _drained(storage)
    app.close()
    return {"bulk_rows_per_second_floor": stored, "drained_tasks_per_second_floor": drained}


def _stored(storage: Storage, tasks: int) -> float:
    terms = TaskTerms("default", "noop", max_attempts=4, max_crashes=3)
    new = [NewTask(new_task_id(), "{}", terms) for _ in range(tasks)]
    began = time.perf_counter()
    storage.runner.run(storage.enqueue.insert_fresh_tasks, new, namespace="default")
    return tasks / (time.perf_counter() - began)


def _drained(storage: Storage) -> float:
    run, claims = storage.runner.run, storage.claims
    run(promote_due, storage)
    done = 0
    began = time.perf_counter()
    while True:
        request = ClaimRequest("default", "default", "floor", new_token(), SLOTS, LEASE)
        claimed = run(claims.claim_tasks, request)
        if not claimed:
            return done / (time.perf_counter() - began)
        ends = [Finish(one.id, one.token, TaskState.SUCCEEDED) for one in claimed]
        done += len(run(claims.finish_tasks, ends))
