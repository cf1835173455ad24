"""Vacuuming the live table as soon as it pays.

Every task leaves two dead rows and their index entries behind within seconds. Autovacuum looks
once a minute; until then each claim walks over what has gathered at the head of its index.
"""

from __future__ import annotations

import logging
import time

from rowlock.errors import StorageError
from rowlock.plan import Plan
from rowlock.runners import Runner
from rowlock.storage.catalog import Catalog

log = logging.getLogger(__name__)

MIN_DEAD_ROWS = 50_000
DEAD_SHARE = 0.2
FIRST_PAUSE_SECONDS = 5.0
LONGEST_PAUSE_SECONDS = 300.0
FREED_LITTLE = 0.5


class VacuumDuty:
    """Vacuums when enough is dead, less often while a snapshot elsewhere keeps it alive."""

    def __init__(self, patient: Runner, catalog: Catalog) -> None:
        """Set it up.

        Args:
            patient: Vacuums, on a connection that is opened for that alone.
            catalog: The engine's statements.
        """
        self._patient = patient
        self._sql = catalog
        self._pause = FIRST_PAUSE_SECONDS
        self._not_before = 0.0
        self._dead = 0

    def pays(self) -> Plan[bool]:
        """Return whether to vacuum the live table now."""
        if time.monotonic() < self._not_before:
            return False
        self._dead, live = yield from self._count()
        return self._dead >= max(MIN_DEAD_ROWS, DEAD_SHARE * live)

    def vacuum(self) -> None:
        """Vacuum the live table; blocks while it does."""
        try:
            left = self._patient.run(self._vacuum)
        except StorageError as error:
            log.warning("cannot vacuum the live table: %s", error)
            self._back_off()
            return
        if left > self._dead * FREED_LITTLE:
            log.debug("a vacuum freed %d of %d dead rows", self._dead - left, self._dead)
            self._back_off()
        else:
            self._pause = FIRST_PAUSE_SECONDS

    def _back_off(self) -> None:
        self._not_before = time.monotonic() + self._pause
        self._pause = min(self._pause * 2, LONGEST_PAUSE_SECONDS)

    def _vacuum(self) -> Plan[int]:
        yield self._sql.bind("vacuum_tasks")
        left, _ = yield from self._count()
        return left

    def _count(self) -> Plan[tuple[int, int]]:
        found = yield self._sql.bind("count_dead")
        return (found.rows[0][0], found.rows[0][1]) if found.rows else (0, 0)
