"""Metrics as Prometheus reads them, made of what is known of namespaces at one moment."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from rowlock.app.figure_flows import MOST_QUEUES
from rowlock.http.counted import count_metrics
from rowlock.model.figures import Figures
from rowlock.model.measures import Durations
from rowlock.model.states import FINAL_STATES, TaskState
from rowlock.model.tallies import OTHER, REST

MOST_WORKERS: Final = 100
MOST_DEFINITIONS: Final = 100

_QUEUE = ("namespace", "queue")
_DEFINITION = ("namespace", "definition")
# Name, what it says, labels after which each family is told.
_GAUGES: dict[str, tuple[str, Sequence[str]]] = {
    "queue_tasks": (
        "Tasks by state. Finished ones are those that are still kept, up to 10,000 of a queue.",
        (*_QUEUE, "status"),
    ),
    "rowlock_queue_tasks_capped": ("1 if finished tasks were not all counted.", _QUEUE),
    "rowlock_queue_paused": ("1 while nothing is claimed from the queue.", _QUEUE),
    "rowlock_queue_oldest_wait_seconds": (
        "For how long the task waits that has been due the longest; 0 if none waits.",
        _QUEUE,
    ),
    "rowlock_queue_longest_run_seconds": (
        "For how long the attempt runs that began first; 0 if none runs.",
        _QUEUE,
    ),
    "rowlock_queue_overdue_leases": (
        "Running tasks whose worker has not been heard of in time, and that nobody has rescued.",
        _QUEUE,
    ),
    "rowlock_queue_recent_tasks": (
        "Tasks that ended within the last 5 minutes, by how; up to 10,000 of a queue.",
        (*_QUEUE, "status"),
    ),
    "rowlock_definition_recent_runs": (
        "Last runs of the tasks that ended within the last 5 minutes; up to 1,000 of a queue.",
        _DEFINITION,
    ),
    "rowlock_definition_recent_failures": ("How many of these runs failed.", _DEFINITION),
    "rowlock_definition_recent_run_seconds": (
        "How long these runs took, by percentile.",
        (*_DEFINITION, "percentile"),
    ),
    "rowlock_definition_recent_wait_seconds": (
        "How long their tasks waited from when they were due to the start of the run, on average.",
        _DEFINITION,
    ),
    "rowlock_worker_running_tasks": ("Tasks that a worker runs.", ("namespace", "worker")),
    "rowlock_busy_workers": ("Workers that run a task.", ("namespace",)),
    "rowlock_schedule_lag_seconds": (
        "How late the schedule is that should have fired first; 0 if none is late.",
        ("namespace",),
    ),
    "rowlock_metrics_left_out": (
        "How many have no series of their own, because there are too many.",
        ("namespace", "kind"),
    ),
}


def exposition(
    told: Iterable[Figures], counted: Callable[[], Iterator[Metric]], *, namespaces_left_out: int
) -> bytes:
    """Return the text of all metrics.

    Args:
        told: What is known of each namespace.
        counted: Yields what the service counted of itself.
        namespaces_left_out: How many there are besides.
    """
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collected(tuple(told), counted, namespaces_left_out))
    return generate_latest(registry)


class _Collected(Collector):
    def __init__(
        self,
        told: Sequence[Figures],
        counted: Callable[[], Iterator[Metric]],
        namespaces_left_out: int,
    ) -> None:
        self._told = told
        self._counted = counted
        self._left_out = namespaces_left_out

    def collect(self) -> Iterator[Metric]:
        families = _Families()
        for figures in self._told:
            _tell(families, figures)
        if self._left_out:
            families.add("rowlock_metrics_left_out", "", "namespace", value=self._left_out)
        yield from families.all()
        yield from count_metrics(self._told)
        yield from self._counted()


class _Families:
    """The families of gauges, each with all its samples together, as the format wants it."""

    def __init__(self) -> None:
        self._all = {
            name: GaugeMetricFamily(name, about, labels=labels)
            for name, (about, labels) in _GAUGES.items()
        }

    def add(self, name: str, *labels: str, value: float) -> None:
        self._all[name].add_metric(labels, value)

    def all(self) -> Iterator[Metric]:
        yield from self._all.values()


def _tell(families: _Families, figures: Figures) -> None:
    _tell_queues(families, figures)
    _tell_ends(families, figures)
    _tell_definitions(families, figures.namespace, figures.durations)
    _tell_workers(families, figures)
    lag = figures.schedule_lag.total_seconds()
    families.add("rowlock_schedule_lag_seconds", figures.namespace, value=lag)
    left_out = any(key.pair == REST for key in figures.tallies)
    _tell_left_out(families, figures.namespace, "tally", int(left_out))


_VALUES = ("tasks_capped", "paused", "oldest_wait_seconds", "longest_run_seconds", "overdue_leases")


@dataclass(slots=True)
class _QueueFigures:
    """What is told of a queue, or of all that share a series."""

    states: dict[TaskState, int] = field(default_factory=lambda: dict.fromkeys(TaskState, 0))
    values: dict[str, float] = field(default_factory=lambda: dict.fromkeys(_VALUES, 0.0))

    def raise_to(self, name: str, value: float) -> None:
        """Keep the larger value: the worst of them is what matters."""
        self.values[name] = max(self.values[name], value)


def _tell_queues(families: _Families, figures: Figures) -> None:
    namespace = figures.namespace
    for queue, found in _by_queue(families, figures).items():
        for state, count in found.states.items():
            families.add("queue_tasks", namespace, queue, state.value, value=count)
        for name, value in found.values.items():
            families.add(f"rowlock_queue_{name}", namespace, queue, value=value)


def _by_queue(families: _Families, figures: Figures) -> dict[str, _QueueFigures]:
    """Return what is told of the first queues by name, and of the others together."""
    own = {one.queue for one in figures.counts[:MOST_QUEUES]}
    _tell_left_out(families, figures.namespace, "queue", len(figures.counts) - len(own))
    told: defaultdict[str, _QueueFigures] = defaultdict(_QueueFigures)
    for one in figures.counts:
        found = told[one.queue if one.queue in own else OTHER]
        for state, count in one.counts.items():
            found.states[state] += count
        found.raise_to("tasks_capped", one.capped)
        found.raise_to("paused", one.paused)
        if one.oldest_wait is not None:
            found.raise_to("oldest_wait_seconds", one.oldest_wait.total_seconds())
    for run in figures.running:
        found = told[run.queue if run.queue in own else OTHER]
        found.raise_to("longest_run_seconds", run.longest.total_seconds())
        found.values["overdue_leases"] += run.overdue
    return told


def _tell_ends(families: _Families, figures: Figures) -> None:
    for queue, ended in figures.ended.items():
        for state in FINAL_STATES:
            labels = (figures.namespace, queue, state.value)
            families.add("rowlock_queue_recent_tasks", *labels, value=ended.get(state, 0))


def _tell_definitions(families: _Families, namespace: str, found: Sequence[Durations]) -> None:
    """Tell the busiest definitions."""
    _tell_left_out(families, namespace, "definition", len(found) - MOST_DEFINITIONS)
    start = "rowlock_definition_recent"
    for one in found[:MOST_DEFINITIONS]:
        labels = (namespace, one.definition or "")
        families.add(f"{start}_runs", *labels, value=one.count)
        families.add(f"{start}_failures", *labels, value=one.failed)
        wait = one.average_wait.total_seconds()
        families.add(f"{start}_wait_seconds", *labels, value=wait)
        for percentile, took in (("50", one.p50), ("95", one.p95), ("99", one.p99)):
            seconds = took.total_seconds()
            families.add(f"{start}_run_seconds", *labels, percentile, value=seconds)


def _tell_workers(families: _Families, figures: Figures) -> None:
    """Tell the busiest workers."""
    held: defaultdict[str, int] = defaultdict(int)
    for run in figures.running:
        held[run.worker] += run.tasks
    busiest = sorted(held.items(), key=_busiest_first)
    for worker, count in busiest[:MOST_WORKERS]:
        families.add("rowlock_worker_running_tasks", figures.namespace, worker, value=count)
    _tell_left_out(families, figures.namespace, "worker", len(busiest) - MOST_WORKERS)
    families.add("rowlock_busy_workers", figures.namespace, value=len(busiest))


def _busiest_first(held: tuple[str, int]) -> Any:
    return -held[1], held[0]


def _tell_left_out(families: _Families, namespace: str, kind: str, count: int) -> None:
    families.add("rowlock_metrics_left_out", namespace, kind, value=max(count, 0))
