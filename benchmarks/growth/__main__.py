"""`python -m benchmarks.growth`: does it stay as fast, however much of everything there is?

Servers are started for the run, with their default durability, and thrown away afterwards.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.__main__ import ENGINES, database
from benchmarks.growth import (
    cost,
    day,
    memory,
    over_time,
    pooler,
    queues,
    report,
    sizes,
    timetable,
)
from benchmarks.growth.scale import DEFAULT, FULL, QUICK, Empty, Row, Scale
from benchmarks.machine import machine
from benchmarks.peers.__main__ import positive, some_of

PARTS: dict[str, Callable[[Empty, Scale], list[Row]]] = {
    "sizes": sizes.measure,
    "queues": queues.measure,
    "schedules": timetable.measure,
    "pinned": over_time.pinned,
    "churn": over_time.churn,
    "pooler": pooler.measure,
    "cost": cost.measure,
    "day": day.measure,
    "memory": memory.measure,
}
NAMES = tuple(PARTS)


def numbers(text: str) -> tuple[int, ...]:
    """Read a list like `0,1000` of ascending whole numbers."""
    found = tuple(int(one) for one in text.split(","))
    if list(found) != sorted(set(found)) or found[0] < 0:
        raise argparse.ArgumentTypeError(f"{text!r} does not ascend from 0 or more")
    return found


def parser() -> argparse.ArgumentParser:
    """Return what reads the command line."""
    made = argparse.ArgumentParser(prog="python -m benchmarks.growth", description=__doc__)
    made.add_argument(
        "--engines", type=some_of(ENGINES), default=list(ENGINES), help=",".join(ENGINES)
    )
    made.add_argument("--parts", type=some_of(NAMES), default=list(NAMES), help=",".join(NAMES))
    made.add_argument("--sizes", type=numbers, help="how many tasks lie there: 0,100000,1000000")
    made.add_argument("--tasks", type=positive, help="how many a worker settles for one figure")
    made.add_argument("--pinned", type=positive, help="seconds that a snapshot is held open")
    made.add_argument("--workers", type=positive, help="how many work through the pooler")
    lengths = made.add_mutually_exclusive_group()
    lengths.add_argument("--quick", action="store_true", help="tiny sizes, to see that it works")
    lengths.add_argument("--full", action="store_true", help="10 million tasks, ten minutes")
    made.add_argument("--json", type=Path, metavar="FILE", help="everything, for benchmarks.plots")
    return made


def scale_of(given: argparse.Namespace) -> Scale:
    """Return the sizes that the options mean."""
    scale = QUICK if given.quick else FULL if given.full else DEFAULT
    asked = {
        "sizes": given.sizes,
        "tasks": given.tasks,
        "pinned_seconds": given.pinned,
        "workers": given.workers,
    }
    return replace(scale, **{name: value for name, value in asked.items() if value is not None})


def measure(engines: list[str], parts: list[str], scale: Scale) -> dict[str, Any]:
    """Run every part of every engine."""
    results: dict[str, Any] = {}
    for engine in engines:
        results[engine] = {}
        for part in parts:
            sys.stderr.write(f"{engine}: {part} …\n")
            began = time.monotonic()
            results[engine][part] = PARTS[part](partial(database, engine), scale)
            sys.stderr.write(f"{engine}: {part} took {time.monotonic() - began:.0f} s\n")
    return results


def main() -> None:
    """Measure and print."""
    given = parser().parse_args()
    results = measure(given.engines, given.parts, scale_of(given))
    facts = machine()
    if given.json is not None:
        document = {"machine": facts, "results": results, "charts": report.charts(results)}
        given.json.write_text(json.dumps(document, indent=1) + "\n")
    told = ", ".join(f"{name} {value}" for name, value in facts.items())
    sys.stdout.write(f"{told}\n\n{report.table(results)}\n")


if __name__ == "__main__":
    main()
