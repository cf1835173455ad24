"""A task that kills its worker is given up, and takes no other task with it."""

from __future__ import annotations

import time

import pytest

from tests.chaos.conftest import FULL, Place
from tests.chaos.fleet import POLL_SECONDS, Fleet
from tests.chaos.program import QUEUE, Options
from tests.chaos.runs import DRAIN_SECONDS, is_drained, judged, show

MAX_CRASHES = 3
GOOD = 20


@pytest.mark.parametrize("workers", [1, 3] if FULL else [1])
def test_a_poison_pill_fails_alone(place: Place, workers: int):
    place.app.register_queue(QUEUE, lease="1s", max_crashes=MAX_CRASHES)
    options = Options(url=place.url, journal=str(place.journal), slots=10)
    good = [place.app.enqueue("pause", {"seconds": 0.3}).id for _ in range(GOOD // 2)]
    pill = place.app.enqueue("poison").id
    good += [place.app.enqueue("block", {"seconds": 0.3}).id for _ in range(GOOD // 2)]
    deaths, deadline = 0, time.monotonic() + DRAIN_SECONDS
    with Fleet(options, size=workers, log=place.log) as fleet:
        while not is_drained(place.app):
            assert time.monotonic() < deadline, fleet.log_end
            time.sleep(POLL_SECONDS)
            deaths += fleet.replace_ended()
        deaths += fleet.replace_ended()
        fleet.stop()
    history = judged(place, [*good, pill])
    show(f"{place.engine} poisoned", fleet, history, deaths=deaths)
    found = place.app.get_task(pill)
    assert (found.state, found.reason, found.crashes) == ("failed", "crash_loop", MAX_CRASHES)
    assert deaths == MAX_CRASHES
    assert {place.app.get_task(one).state for one in good} == {"succeeded"}
    assert max(place.app.get_task(one).crashes for one in good) == MAX_CRASHES - 1
