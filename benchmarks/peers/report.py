"""Medians, ratios, and the table of them."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.peers.runs import Outcome
from benchmarks.peers.table import Peer, baseline_of

FIGURES = {"latency": ("p50_ms", "p99_ms")}


def medians(outcome: Outcome) -> dict[str, dict[str, float]]:
    """Return the median of each figure over the rounds, by workload."""
    return {
        workload: {name: statistics.median(one[name] for one in rounds) for name in rounds[0]}
        for workload, rounds in outcome.figures.items()
    }


def document(
    peers: Sequence[Peer], outcomes: Mapping[str, Outcome], machine: Mapping[str, object]
) -> dict[str, Any]:
    """Return everything, for JSON; a ratio above 1 means that Rowlock is the faster."""
    rows = {}
    middle = {name: medians(outcome) for name, outcome in outcomes.items()}
    for peer in peers:
        base = middle.get(baseline_of(peer), {})
        rows[peer.name] = {
            "engine": peer.engine,
            "fastest": peer.fastest,
            "documentation": peer.documentation,
            "gives_up": peer.gives_up,
            "medians": middle[peer.name],
            "rowlock_is_faster_by": _ratios(base, middle[peer.name]),
            "rounds": outcomes[peer.name].figures,
            "errors": outcomes[peer.name].errors,
        }
    return {"machine": dict(machine), "peers": rows}


def _ratios(
    base: Mapping[str, Mapping[str, float]], own: Mapping[str, Mapping[str, float]]
) -> dict[str, dict[str, float]]:
    return {
        workload: {
            # Tasks a second: more is better. Milliseconds: less is.
            name: base[workload][name] / value
            if name == "per_second"
            else value / base[workload][name]
            for name, value in figures.items()
        }
        for workload, figures in own.items()
        if workload in base
    }


def table(report: Mapping[str, Any], workloads: Sequence[str]) -> str:
    """Return the report as text: a row a peer, a column a figure with its ratio."""
    columns = [
        (workload, name)
        for workload in workloads
        for name in FIGURES.get(workload, ("per_second",))
    ]
    heads = [f"{workload} {name.replace('per_second', '/s')}" for workload, name in columns]
    lines = [f"{'':26}" + "".join(f"{head:>22}" for head in heads)]
    notes = []
    for peer, row in report["peers"].items():
        cells = [_cell(row, *column) for column in columns]
        lines.append(f"{peer:26}" + "".join(f"{cell:>22}" for cell in cells))
        notes += [f"{peer}, {workload}: {error}" for workload, error in row["errors"].items()]
    gives_up = [f"{peer}: {row['gives_up']}" for peer, row in report["peers"].items()]
    facts = ", ".join(f"{name} {value}" for name, value in report["machine"].items())
    legend = "In brackets: how many times faster Rowlock is on the same kind of store."
    parts = ([facts], lines, [legend], notes, ["What each gives up:", *gives_up])
    return "\n\n".join("\n".join(part) for part in parts if part)


def _cell(row: Mapping[str, Any], workload: str, name: str) -> str:
    if workload in row["errors"]:
        return "failed"
    if workload not in row["medians"]:
        return "-"
    value = row["medians"][workload][name]
    ratio = row["rowlock_is_faster_by"].get(workload, {}).get(name)
    text = f"{value:,.0f}" if name == "per_second" else f"{value:,.2f}"
    return text if ratio is None else f"{text} ({ratio:.2f})"
