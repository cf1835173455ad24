"""Some of very many workers, all in this process; says again and again what they have settled.

`python -m benchmarks.growth.crowd URL --workers N --seconds S`. Each has an app, and with that
connections, of its own, the default concurrency, and polls: nothing listens through a pooler. It
does so as seldom as the guide to deploying advises a fleet.
"""

from __future__ import annotations

import argparse
import asyncio
import json

from benchmarks.workload import make_app
from rowlock import Worker

POLL = "2s"
SAYINGS = 5
"""In a second; the first when all have started."""


async def work(url: str, workers: int, seconds: int) -> None:
    """Let them work for so long."""
    apps = [make_app(url, listen_url="", poll=POLL) for _ in range(workers)]
    crowd = [Worker(app) for app in apps]
    for worker in crowd:
        await worker.start()
    for _ in range(SAYINGS * seconds):
        await asyncio.sleep(1 / SAYINGS)
        print(json.dumps({"tasks": sum(worker.recorded for worker in crowd)}), flush=True)
    await asyncio.gather(*(worker.stop() for worker in crowd))
    for app in apps:
        app.close()


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("--workers", type=int, required=True)
    parser.add_argument("--seconds", type=int, required=True)
    given = parser.parse_args()
    asyncio.run(work(given.url, given.workers, given.seconds))


if __name__ == "__main__":
    main()
