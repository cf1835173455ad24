"""Queues and their counts as plain dicts for JSON."""

from __future__ import annotations

from collections.abc import Iterable

from rowlock.model.listing import TaskCount
from rowlock.model.measures import Durations, Throughput
from rowlock.model.queues import Queue
from rowlock.model.states import FINAL_STATES, TaskState
from rowlock.model.tasks import QueueCounts
from rowlock.wire.values import Wire, optional_time_to_wire, retry_to_wire, seconds_to_wire


def queue_to_wire(queue: Queue) -> Wire:
    """Return a queue with the policy that applies, built-in values filled in."""
    return {
        "name": queue.name,
        "namespace": queue.namespace,
        "paused": queue.paused,
        "paused_until": optional_time_to_wire(queue.paused_until),
        "pause_reason": queue.pause_reason,
        "max_attempts": queue.max_attempts,
        "max_crashes": queue.max_crashes,
        "retry": retry_to_wire(queue.retry),
        "lease_seconds": seconds_to_wire(queue.lease),
        "timeout_seconds": seconds_to_wire(queue.timeout),
        "lifetime_seconds": seconds_to_wire(queue.lifetime),
        "retention_seconds": seconds_to_wire(queue.retention),
        "created_at": optional_time_to_wire(queue.created_at),
    }


def counts_to_wire(counts: QueueCounts) -> Wire:
    """Return how many tasks of a queue are in each state; every state is always there."""
    return {
        "queue": counts.queue,
        "paused": counts.paused,
        "counts": {state.value: counts.counts.get(state, 0) for state in TaskState},
        "capped": counts.capped,
        "oldest_wait_seconds": seconds_to_wire(counts.oldest_wait),
    }


def count_to_wire(found: TaskCount) -> Wire:
    """Return how many tasks a filter chooses."""
    return {"count": found.count, "count_capped": found.capped}


def throughput_to_wire(found: Throughput) -> Wire:
    """Return how many tasks of a queue were finished; every final state is always there."""
    return {
        "queue": found.queue,
        "counts": {state.value: found.counts.get(state, 0) for state in FINAL_STATES},
        "per_second": found.per_second,
        "capped": found.capped,
    }


def overview_to_wire(
    queues: Iterable[QueueCounts], rates: Iterable[Throughput], took: Iterable[Durations]
) -> Wire:
    """Return what there is, and what was done of late."""
    return {
        "queues": [counts_to_wire(one) for one in queues],
        "throughput": [throughput_to_wire(one) for one in rates],
        "definitions": [durations_to_wire(one) for one in took],
    }


def durations_to_wire(found: Durations) -> Wire:
    """Return how long the tasks of a definition took."""
    return {
        "definition": found.definition,
        "count": found.count,
        "failed": found.failed,
        "average_seconds": seconds_to_wire(found.average),
        "p50_seconds": seconds_to_wire(found.p50),
        "p95_seconds": seconds_to_wire(found.p95),
        "p99_seconds": seconds_to_wire(found.p99),
        "longest_seconds": seconds_to_wire(found.longest),
        "average_wait_seconds": seconds_to_wire(found.average_wait),
        "capped": found.capped,
    }
