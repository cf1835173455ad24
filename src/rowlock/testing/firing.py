"""Firing schedules in a test, as workers do on the side."""

from __future__ import annotations

from functools import partial

from rowlock.app.flow import Flow, Run
from rowlock.app.schedule_pattern import StoredPattern
from rowlock.ops.firing import Fired, fire_due
from rowlock.plan import Plan
from rowlock.storage.storage import Storage

FIRE_LIMIT = 50


def fire_schedules(storage: Storage) -> Flow[list[Fired]]:
    """Fire every schedule that is due by the clock, of all namespaces.

    Returns:
        What became of each. One that could not fire is tried again a minute later.
    """
    done: list[Fired] = []
    while True:
        part: list[Fired] = yield Run(partial(_fire, storage))
        done += part
        if not part:
            return done


def _fire(storage: Storage) -> Plan[list[Fired]]:
    return fire_due(storage, StoredPattern(), limit=FIRE_LIMIT)
