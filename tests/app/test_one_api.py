"""C144: every method of an app does the same in memory as in a file, and on every engine.

One scenario calls each public method, also wrongly, and writes down what comes back. What an
engine or the async facade writes down is compared with what memory does, word for word.
"""

from __future__ import annotations

import inspect

import pytest

from rowlock import AsyncRowlock, Rowlock
from tests.app.one_api import operating_steps as operating
from tests.app.one_api import running_steps as running
from tests.app.one_api import scheduling_steps as scheduling
from tests.app.one_api import steps
from tests.app.one_api import ticker_steps as tickers
from tests.app.one_api.journal import Journal, journal
from tests.support.backends import Backend

# In this order: later steps find what earlier ones left.
SCENARIO = (
    steps.enqueueing,
    steps.looking,
    steps.resolving,
    operating.steering,
    steps.counting,
    steps.ordering,
    steps.carrying,
    steps.giving_back,
    steps.outliving,
    steps.queues,
    steps.storing_definitions,
    steps.finding_definitions,
    running.claiming,
    running.holding,
    running.following,
    running.ending_by_hand,
    running.waiting,
    running.measuring,
    operating.editing,
    operating.hiding,
    operating.cleaning,
    operating.changing_many,
    operating.resuming_operations,
    tickers.storing_tickers,
    tickers.taking_ticks,
    tickers.declaring_tickers,
    operating.auditing,
    running.surrounding,
    running.extending,
    scheduling.scheduling,
    scheduling.firing,
    scheduling.declaring,
    steps.ending,
)


@pytest.fixture(scope="module")
def in_memory() -> Journal:
    """What memory does."""
    with journal(Rowlock("memory://"), SCENARIO) as call:
        return call


def test_every_public_method_is_called(in_memory):
    public = {
        name
        for name, _ in inspect.getmembers(Rowlock, inspect.isfunction)
        # They return decorators: steps define their tasks with them.
        if not name.startswith("_") and name not in {"task", "schedule"}
    }
    missing = sorted(public - in_memory.called)
    assert missing == [], f"call {', '.join(missing)} in a step of one_api, rightly and wrongly"


@pytest.mark.parametrize("facade", [Rowlock, AsyncRowlock])
def test_every_method_does_the_same_as_in_memory(
    backend: Backend, in_memory: Journal, facade: type[Rowlock | AsyncRowlock]
):
    with journal(facade(backend.url), SCENARIO) as call:
        for here, there in zip(call.written, in_memory.written, strict=True):
            assert here == there  # one by one: the first difference is the one to look at
    assert call.escaped == [], "only the package's own errors may reach a caller"
