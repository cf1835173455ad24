"""`python -m benchmarks.pressure`: Rowlock and two fast peers while something goes wrong.

Each works at 70 % of the peak that it reaches in the same run; producer and worker are processes
of their own, and start again when they end. The server is started for the run, with its default
durability, and thrown away afterwards.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks.machine import machine
from benchmarks.peers.__main__ import positive, some_of
from benchmarks.peers.environments import EnvironmentFailedError
from benchmarks.pressure import report
from benchmarks.pressure.scenarios import SCENARIOS, Scenario
from benchmarks.pressure.systems import NAMES, System, installed
from benchmarks.pressure.trials import peak_of, put_under
from tests.support.servers import PostgresServer

SCENARIO_NAMES = tuple(scenario.name for scenario in SCENARIOS)


def parser() -> argparse.ArgumentParser:
    """Return what reads the command line."""
    made = argparse.ArgumentParser(prog="python -m benchmarks.pressure", description=__doc__)
    for option, names in (("--systems", NAMES), ("--scenarios", SCENARIO_NAMES)):
        made.add_argument(option, type=some_of(names), default=list(names), help=",".join(names))
    made.add_argument("--seconds", type=positive, default=120, help="of each pressure: 120")
    made.add_argument("--json", type=Path, metavar="FILE", help="everything, for benchmarks.plots")
    return made


def measure(names: list[str], scenarios: list[Scenario], seconds: int) -> dict[str, Any]:
    """Put each system under each pressure in turn; one that fails is named, the rest goes on."""
    systems: list[System] = []
    errors: dict[str, str] = {}
    for name in names:
        try:
            systems.append(installed(name))
        except EnvironmentFailedError as error:
            errors[name] = str(error)
    peaks: dict[str, float] = {}
    results: dict[str, dict[str, Any]] = {scenario.name: {} for scenario in scenarios}
    with PostgresServer({}) as server:
        for system in systems:
            sys.stderr.write(f"peak {system.peer.name} …\n")
            peaks[system.peer.name] = peak_of(system, server)
        for scenario in scenarios:
            for system in systems:
                name = system.peer.name
                sys.stderr.write(f"{scenario.name} {name} …\n")
                try:
                    found = put_under(system, scenario, server, peaks[name], seconds)
                except (subprocess.SubprocessError, OSError) as error:
                    errors[f"{scenario.name}, {name}"] = str(error)
                else:
                    results[scenario.name][name] = found
    return {"peaks": peaks, "results": results, "errors": errors}


def main() -> None:
    """Measure and print."""
    given = parser().parse_args()
    chosen = [scenario for scenario in SCENARIOS if scenario.name in given.scenarios]
    found = measure(given.systems, chosen, given.seconds)
    facts = machine()
    if given.json is not None:
        document = {"machine": facts, **found, "charts": report.charts(found["results"])}
        given.json.write_text(json.dumps(document, indent=1) + "\n")
    told = ", ".join(f"{name} {value}" for name, value in facts.items())
    sys.stdout.write(f"{told}\n\n{report.table(**found)}\n")


if __name__ == "__main__":
    main()
