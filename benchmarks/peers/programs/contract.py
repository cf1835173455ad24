"""How a program in Python is told what to measure, and tells what it found.

`program.py '{"kind": "drain", "url": "…", "tasks": 1000, "concurrency": 100}'` runs one workload on
an empty store and prints one JSON line; `Given` has all that can be asked. What is measured for
each kind is told in `measures.py`, `processes.py` and `pressing.py`. The `.mjs` files
are the same for JavaScript.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

from measures import MEASURES
from pressing import PRESSING
from processes import CHILDREN
from program import Given, Program, Recorder

__all__ = ["Program", "main"]

# What runs beside others, on a store that has its schema.
BESIDE = {**CHILDREN, **PRESSING}


async def _measured(make: type[Program], given: Given) -> dict[str, Any]:
    program = make(given, Recorder())
    await program.set_up()
    try:
        if given.kind in BESIDE:
            return await BESIDE[given.kind](program)
        await program.make_schema()
        return await MEASURES[given.kind](program)
    finally:
        await program.close()


def main(make: type[Program], loop: Any = asyncio.run) -> None:
    """Read what is asked, measure, print one line."""
    given = Given(**json.loads(sys.argv[1]))
    figures = loop(_measured(make, given))
    sys.stdout.write(json.dumps(figures) + "\n")
