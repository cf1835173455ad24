"""What is measured, the important first. What each kind is, is told in `programs/measures.py`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

CONCURRENCY = 100


@dataclass(frozen=True)
class Workload:
    """One column of the table, or two.

    Attributes:
        name: How it is chosen and printed.
        kind: How it is measured.
        tasks: How many, in a full run.
        quick: How many, to see that it works.
        concurrency: How many tasks a worker runs at once.
        options: What else the programs are told; see `Given` in `programs/contract.py`.
        rounds: How often at most; heavy ones have few.
    """

    name: str
    kind: str
    tasks: int
    quick: int
    concurrency: int = CONCURRENCY
    options: Mapping[str, float] = field(default_factory=dict)
    rounds: int = 3

    @property
    def figures(self) -> tuple[str, ...]:
        """What is found: tasks a second, or milliseconds."""
        return ("p50_ms", "p99_ms") if self.kind == "latency" else ("per_second",)


WORKLOADS = (
    Workload("drain", "drain", 10_000, 1_000),
    Workload("bulk", "bulk", 20_000, 1_000),
    Workload("single", "single", 1_000, 100),
    Workload("latency", "latency", 100, 10),
    Workload("drain-1", "drain", 4_000, 500, concurrency=1, rounds=2),
    Workload("drain-10", "drain", 4_000, 500, concurrency=10, rounds=2),
    Workload("single-100", "single", 2_000, 200, options={"callers": 100}, rounds=2),
    Workload("flow-1", "flow", 10_000, 1_000, options={"workers": 1}, rounds=2),
    Workload("flow-2", "flow", 10_000, 1_000, options={"workers": 2}, rounds=1),
    Workload("flow-4", "flow", 10_000, 1_000, options={"workers": 4}, rounds=1),
    Workload("loaded", "latency", 100, 10, options={"load": 0.5}, rounds=2),
    Workload("drain-threads", "drain", 4_000, 500, options={"blocking": True}, rounds=1),
    Workload("drain-1ms", "drain", 10_000, 1_000, options={"pause": 0.001}, rounds=1),
    Workload("single-blocking", "single", 1_000, 100, options={"blocking": True}, rounds=1),
    Workload("drain-10kb", "drain", 4_000, 500, options={"padding": 10_000}, rounds=1),
    Workload("bulk-10kb", "bulk", 4_000, 500, options={"padding": 10_000}, rounds=1),
)
