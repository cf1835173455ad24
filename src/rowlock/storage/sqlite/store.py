"""What SQLite does in another shape than the shared plans, because it has no round trips."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from rowlock.model import json_text
from rowlock.model.queues import Share
from rowlock.model.slices import slices
from rowlock.model.states import TaskState
from rowlock.model.tasks import Finish, NewTask
from rowlock.plan import Plan, Row
from rowlock.storage.contract import WHOLE_LINE, ClaimRequest, Lane
from rowlock.storage.sql.enqueue import EnqueuePlans, inline_payload, is_inline
from rowlock.storage.sql.stepped_claiming import SteppedClaimPlans

_NOTHING = [None, None, None]
"""Result, error and reason of an end that has none of them."""


class SQLiteEnqueuePlans(EnqueuePlans):
    """`EnqueuePlans` that name fresh tasks by one JSON object of ids and payloads."""

    def _insert_alike(self, tasks: Iterator[NewTask], common: Mapping[str, Any]) -> Plan[None]:
        for part in slices(tasks):
            payloads = {task.id: inline_payload(task) for task in part}
            yield self._sql.bind("insert_alike", payloads=payloads, **common)
            yield from self._insert_payloads([task for task in part if not is_inline(task)])


class SQLiteClaimPlans(SteppedClaimPlans):
    """`SteppedClaimPlans` for one writer at a time, who is spared what costs processor time."""

    def _lines(self, request: ClaimRequest) -> Sequence[tuple[Share, Lane]]:
        # Nothing dead is left in an index here, so there is nothing to walk over.
        return request._replace(lanes=WHOLE_LINE).lines()

    def _lock_lane(
        self, request: ClaimRequest, share: Share, lane: Lane, now: datetime | None
    ) -> Plan[list[Row]]:
        return _in_one((yield from super()._lock_lane(request, share, lane, now)))

    def _lock_several(self, request: ClaimRequest, now: datetime | None) -> Plan[list[Row]]:
        return _in_one((yield from super()._lock_several(request, now)))

    def _bury(self, finished: Sequence[Finish], now: datetime | None) -> Plan[int]:
        tokens: dict[UUID, UUID] = {}
        ends: dict[UUID, tuple[Any, ...]] = {}
        for end in finished:
            task_id, token, state, *told = end
            if state is TaskState.SUCCEEDED and told == _NOTHING:
                tokens[task_id] = token
            else:
                ends[task_id] = (token, state.value, *told)
        count = 0
        if tokens:
            count += (yield self._sql.bind("bury_succeeded", tokens=tokens, now=now)).count
        if ends:
            count += (yield self._sql.bind("bury_held", ends=ends, now=now)).count
        return count


def _in_one(rows: list[Row]) -> list[Row]:
    """Return the rows that one JSON value holds."""
    held: list[Row] = json_text.decode(rows[0][0])
    return held
