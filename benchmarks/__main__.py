"""`python -m benchmarks [--engines postgresql,sqlite,mariadb] [--quick] [--json]`.

The start-up of the command line and recurring times are measured first, live events last, on
SQLite; `--engines ""` measures nothing else than the first two.

Servers are thrown away afterwards and run with their default durability, unless a DSN is given
in ROWLOCK_BENCH_POSTGRES or ROWLOCK_BENCH_MARIADB.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks import (
    bulk,
    floor,
    idle,
    live,
    recurrence,
    schedules,
    start_up,
    throughput,
    time_axis,
)
from benchmarks.machine import machine
from tests.support.databases import fresh_database
from tests.support.servers import MariaDBServer, PostgresServer

ENGINES = ("postgresql", "sqlite", "mariadb")


@contextmanager
def database(engine: str) -> Iterator[str]:
    """Give the URL of an empty database."""
    if engine == "sqlite":
        with tempfile.TemporaryDirectory() as folder:
            yield f"sqlite:///{Path(folder) / 'benchmark.db'}"
        return
    variable = {"postgresql": "ROWLOCK_BENCH_POSTGRES", "mariadb": "ROWLOCK_BENCH_MARIADB"}[engine]
    given = os.environ.get(variable)
    if given:
        with fresh_database(given) as dsn:
            yield dsn
        return
    server = PostgresServer({}) if engine == "postgresql" else MariaDBServer({})
    with server:
        server.create_database("benchmark")
        yield server.dsn("benchmark")


def measure(engine: str, *, quick: bool) -> dict[str, Any]:
    """Run every benchmark of one engine, each on an empty database."""
    tasks, rounds = (20_000, 1) if quick else (100_000, 3)
    figures: dict[str, Any] = {}
    with database(engine) as url:
        figures |= throughput.measure(url, tasks=tasks, rounds=rounds)
    with database(engine) as url:
        figures |= floor.measure(url, tasks=tasks)
    with database(engine) as url:
        figures |= idle.measure(url, seconds=10 if quick else 15)
    with database(engine) as url:
        figures |= schedules.measure(
            url, schedules=1_000 if quick else 10_000, seconds=10 if quick else 15
        )
    with database(engine) as url:
        figures |= bulk.measure(url, tasks=tasks)
    if engine != "sqlite":
        with database(engine) as url:
            third = 5 if quick else 20
            figures["time_axis"] = time_axis.measure(url, calm=third, pinned=third)
    return figures


def table(results: dict[str, dict[str, Any]]) -> str:
    """Return the figures as text, one row a figure, one column an engine."""
    names = list(dict.fromkeys(name for one in results.values() for name in one))
    lines = [f"{'':32}" + "".join(f"{engine:>14}" for engine in results)]
    for name in names:
        if name == "time_axis":
            continue
        cells = "".join(f"{one.get(name, float('nan')):>14,.1f}" for one in results.values())
        lines.append(f"{name:32}{cells}")
    for part in ("first_ten", "pinned", "last_ten", "last_to_first"):
        cells = "".join(
            f"{one['time_axis'][part]:>14,.2f}" if "time_axis" in one else f"{'':>14}"
            for one in results.values()
        )
        lines.append(f"{'time axis: ' + part:32}{cells}")
    return "\n".join(lines)


def engines_from(text: str) -> list[str]:
    """Return the engines in a list like `sqlite,mariadb`; an empty one has none."""
    engines = list(filter(None, text.split(",")))
    for engine in engines:
        if engine not in ENGINES:
            raise argparse.ArgumentTypeError(f"{engine!r} is none of {', '.join(ENGINES)}")
    return engines


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--engines", type=engines_from, default=list(ENGINES), help=f"some of {','.join(ENGINES)}"
    )
    parser.add_argument("--quick", action="store_true", help="small sizes, to see that it works")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    sys.stderr.write("measuring start-up …\n")
    started = start_up.measure(rounds=5 if given.quick else 15)
    sys.stderr.write("measuring recurring times …\n")
    recurring = recurrence.measure(rounds=100 if given.quick else 2000)
    results: dict[str, dict[str, Any]] = {}
    for engine in given.engines:
        sys.stderr.write(f"measuring {engine} …\n")
        results[engine] = measure(engine, quick=given.quick)
    streamed: dict[str, Any] = {}
    if results:
        sys.stderr.write("measuring live events …\n")
        streams, rate, seconds = (50, 100, 3) if given.quick else (2_000, 500, 20)
        streamed = live.run(streams=streams, rate=rate, seconds=seconds)
    if given.json:
        document = {
            "machine": machine(),
            "start_up": started,
            "recurrence": recurring,
            "results": results,
            "live": streamed,
        }
        sys.stdout.write(json.dumps(document, indent=2) + "\n")
    else:
        facts = ", ".join(f"{name} {value}" for name, value in machine().items())
        tables = [start_up.table(started), recurrence.table(recurring)]
        parts = [facts, *tables, table(results) if results else "", live.table(streamed)]
        sys.stdout.write("\n\n".join(filter(None, parts)) + "\n")


if __name__ == "__main__":
    main()
