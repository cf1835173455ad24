"""A program that claims: `python -m tests.processes.claimer URL LIMIT [drain]`.

It says `ready`, waits for a line, works, and prints the ids it took as JSON.
"""

from __future__ import annotations

import json
import sys
from contextlib import closing
from datetime import timedelta

from rowlock.model.ids import new_token
from rowlock.model.states import TaskState
from rowlock.model.tasks import Finish
from rowlock.storage.contract import ClaimRequest
from rowlock.storage.storage import Storage
from rowlock.storage.url import open_storage

LEASE = timedelta(seconds=60)


def claim(storage: Storage, limit: int) -> list[Finish]:
    """Take tasks; return how each is going to end."""
    request = ClaimRequest("default", "default", "w", new_token(), limit, LEASE)
    claims = storage.runner.run(storage.claims.claim_tasks, request)
    return [Finish(one.id, one.token, TaskState.SUCCEEDED) for one in claims]


def drain(storage: Storage, limit: int) -> list[str]:
    """Claim and finish until nothing is left."""
    done: list[str] = []
    while ends := claim(storage, limit):
        recorded = storage.runner.run(storage.claims.finish_tasks, ends)
        if recorded != {end.id for end in ends}:
            raise SystemExit("a claim was lost")
        done += [str(end.id) for end in ends]
    return done


def main() -> None:
    url, limit, *mode = sys.argv[1:]
    with closing(open_storage(url)) as storage:
        print("ready", flush=True)  # noqa: T201 - it is what the test waits for
        sys.stdin.readline()
        if mode:
            taken = drain(storage, int(limit))
        else:
            taken = [str(end.id) for end in claim(storage, int(limit))]
        print(json.dumps(taken))  # noqa: T201 - it is the answer


if __name__ == "__main__":
    main()
