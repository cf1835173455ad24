"""Medians, ratios, and the table of them."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.peers.environments import pinned_version
from benchmarks.peers.runs import NO_TURN, Outcome
from benchmarks.peers.table import Peer, baseline_of
from benchmarks.peers.workloads import Workload

COLUMNS = 4
"""So many stand beside each other on a screen."""


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
            "version": pinned_version(peer),
            "fastest": peer.fastest,
            "documentation": peer.documentation,
            "gives_up": peer.gives_up,
            "share": peer.share,
            "most_at_once": peer.concurrency,
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


def table(report: Mapping[str, Any], workloads: Sequence[Workload]) -> str:
    """Return the report as text: a row a peer, a column a figure with its ratio."""
    facts = ", ".join(f"{name} {value}" for name, value in report["machine"].items())
    legend = (
        "In brackets: how many times faster Rowlock is on the same kind of store. "
        f"No turn: {NO_TURN}."
    )
    columns = [(one.name, figure) for one in workloads for figure in one.figures]
    rows = report["peers"]
    parts = [f"{facts}\n{legend}"]
    parts += [
        _part(rows, columns[start : start + COLUMNS]) for start in range(0, len(columns), COLUMNS)
    ]
    parts.append(_by_peer("Failed:", rows, "errors"))
    parts.append(_by_peer("What each gives up:", rows, "gives_up"))
    return "\n\n".join(filter(None, parts))


def _part(rows: Mapping[str, Any], columns: Sequence[tuple[str, str]]) -> str:
    heads = [f"{workload} {name.replace('per_second', '/s')}" for workload, name in columns]
    lines = [f"{'':26}" + "".join(f"{head:>22}" for head in heads)]
    for peer, row in rows.items():
        cells = [_cell(row, *column) for column in columns]
        if set(cells) != {"-"}:
            lines.append(f"{peer:26}" + "".join(f"{cell:>22}" for cell in cells))
    return "\n".join(lines)


def _by_peer(head: str, rows: Mapping[str, Any], name: str) -> str:
    lines = []
    for peer, row in rows.items():
        told = row[name]
        # What befell all its workloads, as a missing server does, is told once.
        told = {told: ""} if isinstance(told, str) else _by_message(told)
        lines += [f"{peer}{where}: {message}" for message, where in told.items()]
    return "\n".join([head, *lines]) if lines else ""


def _by_message(errors: Mapping[str, str]) -> dict[str, str]:
    places: dict[str, str] = {}
    for workload, message in errors.items():
        if message != NO_TURN:
            places[message] = places.get(message, "") + f", {workload}"
    return places


def _cell(row: Mapping[str, Any], workload: str, name: str) -> str:
    if workload in row["errors"]:
        return "no turn" if row["errors"][workload] == NO_TURN else "failed"
    if workload not in row["medians"]:
        return "-"
    value = row["medians"][workload][name]
    ratio = row["rowlock_is_faster_by"].get(workload, {}).get(name)
    text = f"{value:,.0f}" if name == "per_second" else f"{value:,.2f}"
    return text if ratio is None else f"{text} ({ratio:.2f})"
