"""The figures as text, and as the curves that `benchmarks.plots` draws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.growth.scale import Row
from benchmarks.workload import SLOTS

FLAT = 0.8
Results = Mapping[str, Mapping[str, Sequence[Row]]]


def table(results: Results) -> str:
    """Return every part of every engine: a row a size, a column a figure."""
    parts = [
        f"{engine}: {part}\n{_part(rows)}"
        for engine, found in results.items()
        for part, rows in found.items()
        if rows
    ]
    bent = not_flat(results)
    parts.append(
        "Less than 80 % of the first size:\n" + "\n".join(bent) if bent else "Every curve is flat."
    )
    return "\n\n".join(parts)


def not_flat(results: Results) -> list[str]:
    """Return a line for each throughput that fell below 80 % of that at its first size."""
    lines: list[str] = []
    for engine, found in results.items():
        for part, rows in found.items():
            for of in dict.fromkeys(row["of"] for row in rows):
                same = [row for row in rows if row["of"] == of]
                lines += [f"{engine}, {part}: {line}" for line in _bends(same)]
    return lines


def _bends(rows: Sequence[Row]) -> list[str]:
    lines: list[str] = []
    first = rows[0]
    for row in rows:
        for name, value in row.items():
            # Within a row a figure over time, beyond it one of another size.
            is_share = name.endswith(("_to_first", "_to_calm"))
            share = value if is_share else _share(first, row, name)
            if share is not None and share < FLAT:
                lines.append(f"{row['of']} {row['at']:,}, {name}: {share:.0%}")
    return lines


def _share(first: Row, row: Row, name: str) -> float | None:
    value = row[name]
    if "per_second" not in name or "idle" in name or not isinstance(value, int | float):
        return None
    return value / first[name] if first.get(name) else None


def _part(rows: Sequence[Row]) -> str:
    names = list(
        dict.fromkeys(
            name for row in rows for name, value in row.items() if isinstance(value, int | float)
        )
    )
    widths = [max(len(name) + 2, 10) for name in names]
    lines = [f"{'':10}" + "".join(f"{name:>{w}}" for name, w in zip(names, widths, strict=True))]
    for row in rows:
        cells = "".join(f"{_cell(row.get(n)):>{w}}" for n, w in zip(names, widths, strict=True))
        lines.append(f"{row['of']:10}{cells}" + (f"  {row['note']}" if "note" in row else ""))
    return "\n".join(lines)


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:,}" if isinstance(value, int) else f"{value:,.2f}"


def charts(results: Results) -> list[dict[str, Any]]:
    """Return the curves of every engine."""
    found: list[dict[str, Any]] = []
    for engine, parts in results.items():
        for part, make in CURVES.items():
            if parts.get(part):
                found += [
                    chart | {"name": f"growth-{engine}-{name}", "title": f"{title}, {engine}"}
                    for name, title, chart in make(parts[part])
                ]
    queues = {engine: parts["queues"] for engine, parts in results.items() if parts.get("queues")}
    return [*found, _queues(queues)] if queues else found


def _queues(results: Mapping[str, Sequence[Row]]) -> dict[str, Any]:
    """Return the chart in which every engine is a line."""
    ats = sorted({row["at"] for rows in results.values() for row in rows})
    return {
        "name": "growth-queues",
        "title": "Settled from many queues by one worker",
        **_axis("queues with tasks", ats),
        "y": "% of one queue",
        "series": {
            engine: _in_percent([(ats.index(row["at"]), row["per_second"]) for row in rows])
            for engine, rows in results.items()
        },
    }


Named = tuple[str, str, dict[str, Any]]


def _sizes(rows: Sequence[Row]) -> list[Named]:
    ats = sorted({row["at"] for row in rows})
    kinds = dict.fromkeys(row["of"] for row in rows)

    def line(kind: str, figure: str) -> list[tuple[int, float]]:
        return [(ats.index(row["at"]), row[figure]) for row in rows if row["of"] == kind]

    axis = _axis("tasks there", ats)
    speed = {kind: _in_percent(line(kind, f"per_second_{SLOTS}")) for kind in kinds}
    latency = {
        f"{call}, {kind}": line(kind, f"{call}_ms_p50_{SLOTS}")
        for kind in kinds
        for call in ("claim", "settle")
    }
    return [
        ("speed", "Settled while others lie there", axis | {"y": "% of none", "series": speed}),
        ("latency", f"One call of {SLOTS:,}", axis | {"y": "ms, median", "series": latency}),
    ]


def _axis(name: str, ats: Sequence[int]) -> dict[str, Any]:
    """Return an x axis on which counts that grow by powers are equally far apart."""
    return {"x": name, "ticks": [[place, f"{at:,}"] for place, at in enumerate(ats)]}


def _in_percent(line: Sequence[tuple[int, float]]) -> list[tuple[int, float]]:
    return [(place, value / line[0][1] * 100) for place, value in line]


def _over_time(name: str, title: str, rows: Sequence[Row]) -> list[Named]:
    series = {
        f"{row['at']:,} scheduled" if row["of"] == "churn" else "settled": list(
            enumerate(row["per_second"], 1)
        )
        for row in rows
    }
    return [(name, title, {"x": "seconds", "y": "tasks a second", "series": series})]


def _pinned(rows: Sequence[Row]) -> list[Named]:
    seconds = rows[0]["at"]
    return _over_time("pinned", f"A snapshot held open for {seconds} s in the middle", rows)


def _churn(rows: Sequence[Row]) -> list[Named]:
    return _over_time("churn", "A busy queue beside scheduled tasks", rows)


def _day(rows: Sequence[Row]) -> list[Named]:
    room = {
        name: [[row["at"], row[figure]] for row in rows]
        for name, figure in (("tables", "tables_mb"), ("indexes", "indexes_mb"))
        if any(row[figure] for row in rows)
    }
    speed = {"tasks": [[row["at"], row["per_second"]] for row in rows]}
    return [
        ("day-room", "Room at the end of each hour", {"x": "hour", "y": "MB", "series": room}),
        ("day-speed", "Tasks of each hour", {"x": "hour", "y": "a second", "series": speed}),
    ]


CURVES = {"sizes": _sizes, "pinned": _pinned, "churn": _churn, "day": _day}
