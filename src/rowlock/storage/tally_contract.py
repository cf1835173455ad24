"""What every engine promises about the counts of tasks that outlive these."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from rowlock.model.tallies import Tally, TallyKey
from rowlock.plan import Plan


class TallyStore(Protocol):
    """Counts of tasks: every process appends what it has counted since the last time."""

    def append_tallies(self, tallies: Mapping[TallyKey, Tally], /) -> Plan[None]:
        """Add counts, of any namespaces, in a row for each key."""
        ...

    def list_unfolded(self) -> Plan[list[str]]:
        """Return the namespaces of which something was appended since they were folded."""
        ...

    def fold_tallies(self, namespace: str, /, *, limit: int) -> Plan[int]:
        """Put rows of one key together, and those of too many pairs under one; sums stay.

        Args:
            namespace: Whose.
            limit: How many rows at most, with those that were folded before.

        Returns:
            How many rows it looked at; fewer than `limit` if that was all.
        """
        ...

    def read_tallies(self, namespace: str, /) -> Plan[Mapping[TallyKey, Tally]]:
        """Return all that was counted in a namespace, put together as folding does it."""
        ...

    def forget_tallies(self, namespace: str, queue: str, /) -> Plan[None]:
        """Delete what was counted of a queue."""
        ...
