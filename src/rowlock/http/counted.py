"""Counters and histograms of tasks as Prometheus reads them, made of what was counted for good."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric

from rowlock.model.figures import Figures
from rowlock.model.states import FINAL_STATES
from rowlock.model.tallies import BOUNDS, Counted, Tally, TallyKey, Times

_LABELS = ("namespace", "queue", "definition")
_COUNTERS = {
    Counted.ENQUEUED: "Tasks that were stored.",
    Counted.RETRIED: "Attempts that failed, after which the task was to be tried again.",
    Counted.SNOOZED: "Attempts after which the task was to wait, and that do not count as failed.",
    Counted.RESCUED: "Tasks that were taken back from a worker that was lost.",
}
_ENDS = [Counted(state.value) for state in FINAL_STATES]
_BOUNDS = [*map(str, BOUNDS), "+Inf"]


def count_metrics(told: Iterable[Figures]) -> Iterator[Metric]:
    """Yield what was counted of tasks; of each queue and definition all, be it zero."""
    families = _Families()
    for figures in told:
        families.tell(figures.tallies)
    yield from families.all()


class _Families:
    def __init__(self) -> None:
        self._counters = {
            counted: CounterMetricFamily(f"rowlock_tasks_{counted.value}", about, labels=_LABELS)
            for counted, about in _COUNTERS.items()
        }
        self._settled = CounterMetricFamily(
            "rowlock_tasks_settled",
            "Tasks that ended, by how.",
            labels=(*_LABELS, "status"),
        )
        self._waits = HistogramMetricFamily(
            "rowlock_task_wait_seconds",
            "How long attempts that ended had waited from when they were due to their start.",
            labels=_LABELS,
        )
        self._runs = HistogramMetricFamily(
            "rowlock_task_run_seconds",
            "How long attempts that ended took from their start to their end.",
            labels=_LABELS,
        )

    def all(self) -> Iterator[Metric]:
        yield from self._counters.values()
        yield from (self._settled, self._waits, self._runs)

    def tell(self, tallies: Mapping[TallyKey, Tally]) -> None:
        by_labels: defaultdict[tuple[str, ...], dict[str, Tally]] = defaultdict(dict)
        for key, tally in tallies.items():
            by_labels[key.namespace, key.queue, key.definition or ""][key.counted] = tally
        for labels, found in by_labels.items():
            for counted, family in self._counters.items():
                family.add_metric(labels, _count(found, counted))
            for counted in _ENDS:
                self._settled.add_metric((*labels, counted.value), _count(found, counted))
            _add(self._waits, labels, [one.waits for one in found.values()])
            _add(self._runs, labels, [one.runs for one in found.values()])


def _count(found: Mapping[str, Tally], counted: Counted) -> int:
    return found[counted].count if counted in found else 0


def _add(family: HistogramMetricFamily, labels: tuple[str, ...], all_times: list[Times]) -> None:
    total = Times()
    for times in all_times:
        total.merge(times)
    buckets = list(zip(_BOUNDS, total.up_to(), strict=True))
    family.add_metric(labels, buckets, total.seconds)
