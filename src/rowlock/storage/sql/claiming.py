"""Plans that take tasks and end attempts, for engines where each is one statement."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from rowlock.model.ends import ClaimKey, Standing
from rowlock.model.ids import TokenRange
from rowlock.model.tasks import Claim, Finish, Held, Pulse, Release, Report
from rowlock.plan import BEGIN, Plan, Row
from rowlock.storage.contract import ClaimRequest, Place
from rowlock.storage.rows import claim_from_row, standing_from_row
from rowlock.storage.sql.events import TellingPlans, returned, tells


def _id_as_int(write: Finish | Release | Report) -> int:
    return write.id.int


def _of_claims(claims: list[Claim], *_: object, **__: object) -> list[UUID]:
    return [claim.id for claim in claims]


def _of_claim(claim: Claim | None, *_: object, **__: object) -> list[UUID]:
    return [] if claim is None else [claim.id]


def _of_finish(done: bool, finish: Finish, **_: object) -> list[UUID]:  # noqa: FBT001
    return [finish.id] if done else []


def _of_reports(_: None, reports: Sequence[Report], **__: object) -> list[UUID]:
    return [report.id for report in reports if _moves(report)]


def _moves(report: Report) -> bool:
    return report.progress is not None or bool(report.message)


class ClaimPlans(TellingPlans):
    """`ClaimStore` over a statement catalogue.

    The writes whose shape differs between engines are `_claim`, `_renew`, `_finish` and
    `_release`; what is around them is the same for all.
    """

    @tells(_of_claims)
    def claim_tasks(
        self, request: ClaimRequest, *, now: datetime | None = None
    ) -> Plan[list[Claim]]:
        rows = yield from self._claim(request, now)
        return (yield from self._claims(rows, request.token))

    def finish_and_claim(
        self, finished: Sequence[Finish], request: ClaimRequest, *, now: datetime | None = None
    ) -> Plan[tuple[set[UUID], list[Claim]]]:
        yield BEGIN
        recorded = yield from self.finish_tasks(finished, now=now)
        return recorded, (yield from self.claim_tasks(request, now=now))

    @tells(_of_claim)
    def claim_task(
        self,
        namespace: str,
        task_id: UUID,
        *,
        worker: str,
        token: UUID,
        lease: timedelta,
        now: datetime | None = None,
    ) -> Plan[Claim | None]:
        yield BEGIN
        params = {"worker": worker, "token": token, "lease": lease, "now": now}
        marked = yield self._sql.bind("claim_task", namespace=namespace, id=task_id, **params)
        claims = (yield from self.read_claimed(token)) if marked.count else [None]
        return claims[0]

    def peek_queue(self, request: ClaimRequest, /) -> Plan[list[Place]]:
        result = yield self._sql.bind(
            "peek_queue",
            queue=request.queue,
            **self._eligible(request),
            limit=request.limit,
            now=None,
        )
        values = self._values
        return [
            Place(priority, values.read_time(run_at), values.read_id(task_id))
            for priority, run_at, task_id in result.rows
        ]

    def waiting_queues(self, namespace: str, queues: Sequence[str], /) -> Plan[list[str]]:
        known = self._batch(queues=list(queues))
        result = yield self._sql.bind("waiting_queues", namespace=namespace, **known)
        asked = set(queues)
        return [queue for (queue,) in result.rows if queue in asked]

    def read_claimed(self, token: UUID, /) -> Plan[list[Claim]]:
        result = yield self._sql.bind("read_claimed", token=token)
        return (yield from self._claims(result.rows, token))

    def read_tokens(self, namespace: str, worker: str, among: TokenRange, /) -> Plan[list[UUID]]:
        result = yield self._sql.bind(
            "read_tokens", namespace=namespace, worker=worker, first=among.first, last=among.last
        )
        return [self._values.read_id(row[0]) for row in result.rows]

    def _claims(self, rows: Sequence[Row], token: UUID) -> Plan[list[Claim]]:
        claims = [claim_from_row(row, token, self._values) for row in rows]
        claims.sort(key=Claim.place_in_line)
        large = [self._values.read_id(row[0]) for row in rows if row[3] is None]
        if large:
            result = yield self._sql.bind("read_payloads", **self._batch(ids=large))
            bodies = {self._values.read_id(task_id): body for task_id, body in result.rows}
            claims = [
                claim._replace(payload=bodies[claim.id]) if claim.id in bodies else claim
                for claim in claims
            ]
        return claims

    def renew_leases(
        self, held: Sequence[Held], *, now: datetime | None = None
    ) -> Plan[list[Pulse]]:
        renewed = yield from self._renew(held, now)
        pulses = [
            Pulse(task_id, held=True, cancel_requested=cancel)
            for task_id, cancel in renewed.items()
        ]
        missing = [claim for claim in held if claim.id not in renewed]
        if missing:
            # Not renewed means lost, or locked by the very statement that settles it.
            locked = yield from self._read_held([(claim.id, claim.token) for claim in missing])
            pulses += [
                Pulse(claim.id, claim.id in locked, locked.get(claim.id, False))
                for claim in missing
            ]
        return pulses

    def read_token(self, namespace: str, task_id: UUID, /) -> Plan[UUID | None]:
        result = yield self._sql.bind("read_token", namespace=namespace, id=task_id)
        return self._values.read_id(result.rows[0][0]) if result.rows else None

    def _read_held(self, claims: Sequence[tuple[UUID, UUID]]) -> Plan[dict[UUID, bool]]:
        """Return which of these claims hold, and whether a cancellation is requested."""
        pairs = self._batch(
            ids=[task_id for task_id, _ in claims], tokens=[token for _, token in claims]
        )
        result = yield self._sql.bind("read_held", **pairs)
        return {self._values.read_id(task_id): bool(cancel) for task_id, cancel in result.rows}

    def read_standings(
        self, namespace: str, claims: Sequence[ClaimKey], /, *, now: datetime | None = None
    ) -> Plan[dict[UUID, Standing]]:
        tokens = dict(claims)
        pairs = self._batch(ids=list(tokens), tokens=list(tokens.values()))
        result = yield self._sql.bind("read_standings", namespace=namespace, now=now, **pairs)
        standings = [standing_from_row(row, tokens, self._values) for row in result.rows]
        return {standing.id: standing for standing in standings}

    @tells(returned)
    def finish_tasks(
        self, finished: Sequence[Finish], *, now: datetime | None = None
    ) -> Plan[set[UUID]]:
        # Locks are taken in the order of ids, everywhere.
        ordered = sorted(finished, key=_id_as_int)
        settled = yield from self._finish(ordered, now)
        if settled == len(ordered):
            return {end.id for end in ordered}
        # Some were lost or had been settled before: history tells which is which.
        return (yield from self._with_repeated(ordered, set()))

    @tells(_of_finish)
    def finish_held(self, finish: Finish, *, now: datetime | None = None) -> Plan[bool]:
        return (yield from self._finish([finish], now)) == 1

    @tells(returned)
    def release_tasks(
        self, released: Sequence[Release], *, now: datetime | None = None
    ) -> Plan[set[UUID]]:
        ordered = sorted(released, key=_id_as_int)
        settled = yield from self._release(ordered, now)
        return (yield from self._with_repeated(ordered, settled))

    def _with_repeated(
        self, ends: Sequence[Finish] | Sequence[Release], settled: set[UUID]
    ) -> Plan[set[UUID]]:
        missing = [end for end in ends if end.id not in settled]
        if missing:
            result = yield self._sql.bind(
                "read_settled",
                **self._batch(
                    ids=[end.id for end in missing], tokens=[end.token for end in missing]
                ),
            )
            settled = settled | self._ids(result.rows)
        return settled

    @tells(_of_reports)
    def report(self, reports: Sequence[Report], *, now: datetime | None = None) -> Plan[None]:
        reports = sorted(reports, key=_id_as_int)
        moved = [report for report in reports if _moves(report)]
        if moved:
            yield self._sql.bind(
                "report_progress",
                **self._batch(
                    ids=[report.id for report in moved],
                    tokens=[report.token for report in moved],
                    progresses=[report.progress for report in moved],
                    messages=[report.message for report in moved],
                ),
            )
        logged = [report for report in reports if report.log]
        if logged:
            yield self._sql.bind(
                "append_log",
                now=now,
                **self._batch(
                    tasks=[report.id for report in logged],
                    tokens=[report.token for report in logged],
                    lines=[report.log for report in logged],
                ),
            )

    def _claim(self, request: ClaimRequest, now: datetime | None) -> Plan[list[Row]]:
        result = yield self._sql.bind("claim_tasks", now=now, **self._request_columns(request))
        return result.rows

    def _eligible(self, request: ClaimRequest) -> dict[str, object]:
        """Return which tasks may be taken, whatever the queue."""
        definitions = request.definitions
        return {
            "namespace": request.namespace,
            "definitions": None if definitions is None else list(definitions),
            "without_definition": request.without_definition,
        }

    def _request_columns(self, request: ClaimRequest) -> dict[str, object]:
        lines = request.lines()
        return {
            **self._eligible(request),
            "limit": request.limit,
            "token": request.token,
            "worker": request.worker,
            "lease": request.lease,
            **self._batch(
                queues=[share.queue for share, _ in lines],
                limits=[share.limit for share, _ in lines],
                from_priorities=[lane.from_priority for _, lane in lines],
                to_priorities=[lane.to_priority for _, lane in lines],
                run_ats=[lane.run_at for _, lane in lines],
                lane_ids=[lane.id for _, lane in lines],
            ),
        }

    def _renew(self, held: Sequence[Held], now: datetime | None) -> Plan[dict[UUID, bool]]:
        renewed: dict[UUID, bool] = {}
        # Leases are a queue's, so there are few different ones.
        for lease in {claim.lease for claim in held}:
            same = [claim for claim in held if claim.lease == lease]
            result = yield self._sql.bind(
                "renew_leases",
                now=now,
                lease=lease,
                **self._batch(
                    ids=[claim.id for claim in same], tokens=[claim.token for claim in same]
                ),
            )
            for task_id, cancel in result.rows:
                renewed[self._values.read_id(task_id)] = bool(cancel)
        return renewed

    def _finish(self, finished: Sequence[Finish], now: datetime | None) -> Plan[int]:
        """Move tasks to history; returns how many were still held."""
        result = yield self._sql.bind("finish_tasks", now=now, **self._finish_columns(finished))
        return result.count

    def _finish_columns(self, finished: Sequence[Finish]) -> dict[str, object]:
        return dict(
            self._batch(
                ids=[end.id for end in finished],
                tokens=[end.token for end in finished],
                states=[end.state.value for end in finished],
                results=[end.result for end in finished],
                errors=[end.error for end in finished],
                reasons=[end.reason for end in finished],
            )
        )

    def _release(self, released: Sequence[Release], now: datetime | None) -> Plan[set[UUID]]:
        result = yield self._sql.bind("release_tasks", now=now, **self._release_columns(released))
        return self._ids(result.rows)

    def _release_columns(self, released: Sequence[Release]) -> dict[str, object]:
        return dict(
            self._batch(
                ids=[end.id for end in released],
                tokens=[end.token for end in released],
                delays=[end.delay for end in released],
                charged=[end.charged for end in released],
                outcomes=[end.outcome.value for end in released],
                errors=[end.error for end in released],
            )
        )
