"""Plans that take tasks and end attempts, for engines where each is a transaction of steps."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from rowlock.model.queues import Share
from rowlock.model.states import TaskState
from rowlock.model.tasks import Finish, Held, Release
from rowlock.plan import BEGIN, Plan, Row
from rowlock.storage.contract import ClaimRequest, Lane
from rowlock.storage.sql.claiming import ClaimPlans
from rowlock.storage.values import EPOCH

_FIRST_ID = UUID(int=0)


class SteppedClaimPlans(ClaimPlans):
    """`ClaimPlans` for engines without data-modifying subqueries.

    Each write is a transaction of steps: lock the rows that the guard matches or copy them to
    history, which locks them too, then delete or update by id. Between the first step and the
    commit nobody else can touch them, so the later steps need no guard.
    """

    def _claim(self, request: ClaimRequest, now: datetime | None) -> Plan[list[Row]]:
        yield BEGIN
        rows = yield from self._lock(request, now)
        if rows:
            yield self._sql.bind(
                "mark_claimed",
                token=request.token,
                worker=request.worker,
                started_at=rows[0][11],
                lease_until=rows[0][12],
                **self._batch(ids=[self._values.read_id(row[0]) for row in rows]),
            )
        return rows

    def _lock(self, request: ClaimRequest, now: datetime | None) -> Plan[list[Row]]:
        """Lock what can be claimed, and return it as claimed."""
        # A statement without LATERAL has one limit for all queues.
        if request.shares and all(one.limit >= request.limit for one in request.shares):
            return (yield from self._lock_several(request, now))
        rows: list[Row] = []
        for share, lane in self._lines(request):
            limit = min(share.limit, request.limit - len(rows))
            rows += yield from self._lock_lane(request, Share(share.queue, limit), lane, now)
            if len(rows) == request.limit:
                break
        return rows

    def _lock_several(self, request: ClaimRequest, now: datetime | None) -> Plan[list[Row]]:
        """Lock what several queues have, one queue after the other."""
        result = yield self._sql.bind(
            "lock_claimable_of_several",
            **self._eligible(request),
            **self._batch(queues=[share.queue for share in request.shares]),
            limit=request.limit,
            lease=request.lease,
            now=now,
        )
        return result.rows

    def _lines(self, request: ClaimRequest) -> Sequence[tuple[Share, Lane]]:
        """Return where to look, one statement each."""
        return request.lines()

    def _lock_lane(
        self, request: ClaimRequest, share: Share, lane: Lane, now: datetime | None
    ) -> Plan[list[Row]]:
        result = yield self._sql.bind(
            "lock_claimable",
            queue=share.queue,
            **self._eligible(request),
            from_priority=lane.from_priority,
            to_priority=lane.to_priority,
            run_at=lane.run_at or EPOCH,
            id=lane.id or _FIRST_ID,
            limit=share.limit,
            lease=request.lease,
            now=now,
        )
        return result.rows

    def _renew(self, held: Sequence[Held], now: datetime | None) -> Plan[dict[UUID, bool]]:
        yield BEGIN
        columns = self._batch(
            ids=[claim.id for claim in held],
            tokens=[claim.token for claim in held],
            leases=[claim.lease for claim in held],
        )
        result = yield self._sql.bind("lock_held_unlocked", **columns)
        renewed = {self._values.read_id(row[0]): bool(row[1]) for row in result.rows}
        if renewed:
            mine = [claim for claim in held if claim.id in renewed]
            yield self._sql.bind(
                "extend_leases",
                now=now,
                **self._batch(
                    ids=[claim.id for claim in mine], leases=[claim.lease for claim in mine]
                ),
            )
        return renewed

    def _finish(self, finished: Sequence[Finish], now: datetime | None) -> Plan[int]:
        yield BEGIN
        buried = yield from self._bury(finished, now)
        if buried == len(finished):
            yield self._sql.bind("delete_tasks", **self._batch(ids=[end.id for end in finished]))
        elif buried:
            pairs = self._batch(
                ids=[end.id for end in finished], tokens=[end.token for end in finished]
            )
            yield self._sql.bind("delete_held", **pairs)
        return buried

    def _bury(self, finished: Sequence[Finish], now: datetime | None) -> Plan[int]:
        """Copy what is still held to history; returns how many tasks that were."""
        result = yield self._sql.bind("bury_held", now=now, **self._finish_columns(finished))
        return result.count

    def _release(self, released: Sequence[Release], now: datetime | None) -> Plan[set[UUID]]:
        yield BEGIN
        held = yield from self._lock_held(released)
        again = [end for end in released if held.get(end.id) is False]
        if again:
            columns = self._release_columns(again)
            yield self._sql.bind("record_attempts", now=now, **columns)
            yield self._sql.bind("requeue_tasks", now=now, **columns)
        stopped = [end for end in released if held.get(end.id) is True]
        if stopped:
            yield from self._finish([canceled(end) for end in stopped], now)
        return set(held)

    def _lock_held(self, ends: Sequence[Finish] | Sequence[Release]) -> Plan[dict[UUID, bool]]:
        result = yield self._sql.bind(
            "lock_held",
            **self._batch(ids=[end.id for end in ends], tokens=[end.token for end in ends]),
        )
        return {self._values.read_id(task_id): bool(cancel) for task_id, cancel in result.rows}


def canceled(released: Release) -> Finish:
    """Return the end of a task that was asked to cancel before it came back to the line."""
    return Finish(released.id, released.token, TaskState.CANCELED, None, released.error, "canceled")
