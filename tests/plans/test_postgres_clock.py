"""What is due by the server's own clock is found by an index, not by looking at everything else.

`clock_timestamp()` may differ from row to row, so PostgreSQL compares it with each of them: with a
million tasks scheduled for later, a look for those that are due took a second. A subquery is
computed once, and is a bound of the index.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from rowlock.plan import Plan
from rowlock.storage.storage import Storage
from tests.plans.conftest import analyze, fill, storage_of_its_own
from tests.plans.explaining import DAY, driver_of, explained
from tests.plans.test_postgres_plans import explain

pytestmark = pytest.mark.plans

# By the column that the clock is compared with; nobody tells these what time it is.
BY_CLOCK: dict[str, tuple[str, Callable[[Storage], Plan[Any]]]] = {
    "promote": ("run_at", lambda on: on.upkeep.promote_tasks(limit=50)),
    "rescue": ("lease_until", lambda on: on.upkeep.rescue_tasks(grace=DAY, limit=50)),
    "expire": ("expires_at", lambda on: on.upkeep.expire_tasks(limit=50)),
    "prune": (
        "finished_at",
        lambda on: on.upkeep.prune_history("default", "default", older_than=DAY, limit=50),
    ),
}


@pytest.fixture(scope="module")
def storage(postgres_server: str) -> Iterator[Storage]:
    """Tables of some size that the planner knows."""
    with storage_of_its_own(postgres_server) as storage:
        fill(storage, 10_000)
        analyze(storage)
        yield storage


@pytest.mark.parametrize("name", BY_CLOCK)
def test_the_clock_is_a_bound_of_the_index(storage, name):
    column, operation = BY_CLOCK[name]
    plans = explained(driver_of(storage), explain, lambda: operation(storage))
    plans.pop("is_watched", None)  # asked once in a second, whoever is asking
    plan = next(iter(plans.values()))
    assert re.search(rf"Index Cond: .*{column} <=? ", plan), plan


def test_a_rescue_does_not_walk_over_what_lies_before_its_reach(storage):
    reach = timedelta(seconds=10)
    plans = explained(
        driver_of(storage),
        explain,
        lambda: storage.upkeep.rescue_tasks(grace=DAY, reach=reach, limit=50),
    )
    assert re.search(r"Index Cond: .*lease_until >= ", plans["rescue_tasks"])
