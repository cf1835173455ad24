"""Plans for the counts of tasks."""

from __future__ import annotations

from collections.abc import Mapping

from rowlock.model import json_text
from rowlock.model.tallies import Tally, TallyKey, TallyRow, Times, merged, placed
from rowlock.plan import BEGIN, Plan, Row
from rowlock.storage.sql.base import Plans


class TallyPlans(Plans):
    """`TallyStore` over a statement catalogue."""

    def append_tallies(self, tallies: Mapping[TallyKey, Tally], /) -> Plan[None]:
        yield from self._insert(tallies, folded=False)

    def _insert(self, tallies: Mapping[TallyKey, Tally], *, folded: bool) -> Plan[None]:
        sums = tallies.values()
        batch = self._batch(
            namespaces=[key.namespace for key in tallies],
            queues=[key.queue for key in tallies],
            definitions=[key.definition for key in tallies],
            counteds=[key.counted for key in tallies],
            counts=[one.count for one in sums],
            wait_seconds=[one.waits.seconds for one in sums],
            run_seconds=[one.runs.seconds for one in sums],
            waits=[_text_of(one.waits) for one in sums],
            runs=[_text_of(one.runs) for one in sums],
        )
        yield self._sql.bind("insert_tallies", folded=folded, **batch)

    def list_unfolded(self) -> Plan[list[str]]:
        result = yield self._sql.bind("list_unfolded")
        return [namespace for (namespace,) in result.rows]

    def fold_tallies(self, namespace: str, /, *, limit: int) -> Plan[int]:
        yield BEGIN
        result = yield self._sql.bind("lock_tallies", namespace=namespace, limit=limit)
        rows = placed(_row(row) for row in result.rows)
        # The other keys stay as they are.
        changed = {row.key for row in rows if not row.folded}
        taken = [row for row in rows if row.key in changed]
        if taken:
            yield self._sql.bind("delete_tallies", **self._batch(ids=[row.id for row in taken]))
            yield from self._insert(merged(taken), folded=True)
        return len(rows)

    def read_tallies(self, namespace: str, /) -> Plan[Mapping[TallyKey, Tally]]:
        result = yield self._sql.bind("read_tallies", namespace=namespace)
        return merged(placed(_row(row) for row in result.rows))

    def forget_tallies(self, namespace: str, queue: str, /) -> Plan[None]:
        # Who folds them now puts rows in their place, which the second statement finds.
        of_queue = {"namespace": namespace, "queue": queue}
        yield BEGIN
        yield self._sql.bind("lock_tallies_of", **of_queue)
        yield self._sql.bind("delete_tallies_of", **of_queue)


def _row(row: Row) -> TallyRow:
    number, folded, namespace, queue, definition, counted, count, *times = row
    wait_seconds, run_seconds, waits, runs = times
    key = TallyKey(namespace, queue, definition, counted)
    tally = Tally(count, _times(wait_seconds, waits), _times(run_seconds, runs))
    return TallyRow(number, bool(folded), key, tally)


def _text_of(times: Times) -> str | None:
    return json_text.encode_plain(times.counts) if times.counts else None


def _times(seconds: float, counts: str | None) -> Times:
    return Times(seconds, [] if counts is None else json_text.decode(counts))
