"""Plans that change tasks by their ids, the same on every engine: rows are locked first."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from rowlock.model.states import TaskState
from rowlock.plan import BEGIN, Plan
from rowlock.storage.change_contract import Aging, Content, Found, NewContent, Purged
from rowlock.storage.sql.enqueue import INLINE_PAYLOAD_LENGTH
from rowlock.storage.sql.events import TellingPlans, named, ready, returned, tells
from rowlock.storage.upkeep_contract import Ready
from rowlock.storage.values import pause_to_text


class ChangePlans(TellingPlans):
    """`ChangeStore` over a statement catalogue."""

    def lock_tasks(
        self, namespace: str, ids: Collection[UUID], /, *, now: datetime | None = None
    ) -> Plan[dict[UUID, Found]]:
        yield BEGIN
        found = yield from self._lock_live(namespace, ids, now)
        missing = [task_id for task_id in ids if task_id not in found]
        if missing:
            final = yield self._sql.bind(
                "lock_final", namespace=namespace, **self._batch(ids=sorted(missing))
            )
            for task_id, queue, state, deleted in final.rows:
                one = self._values.read_id(task_id)
                found[one] = Found(one, queue, TaskState(state), live=False, deleted=bool(deleted))
            # One that was retried between the two looks is live by now.
            lost = [task_id for task_id in missing if task_id not in found]
            if lost:
                found |= yield from self._lock_live(namespace, lost, now)
        return found

    def _lock_live(
        self, namespace: str, ids: Collection[UUID], now: datetime | None
    ) -> Plan[dict[UUID, Found]]:
        result = yield self._sql.bind(
            "lock_live", namespace=namespace, now=now, **self._batch(ids=sorted(ids))
        )
        found = (
            Found(self._values.read_id(task_id), queue, TaskState(state), live=True)
            for task_id, queue, state in result.rows
        )
        return {one.id: one for one in found}

    @tells(named, ends=True)
    def bury(
        self, ids: Sequence[UUID], /, *, reason: str, deleted: bool, now: datetime | None = None
    ) -> Plan[None]:
        batch = self._batch(ids=list(ids))
        yield self._sql.bind("bury_live", reason=reason, deleted=deleted, now=now, **batch)
        yield self._sql.bind("delete_tasks", **batch)

    @tells(named)
    def ask_to_cancel(self, ids: Sequence[UUID], /) -> Plan[None]:
        yield self._sql.bind("ask_to_cancel", **self._batch(ids=list(ids)))

    @tells(returned)
    def retry(
        self, ids: Sequence[UUID], /, *, attempts: int, now: datetime | None = None
    ) -> Plan[set[UUID]]:
        batch = self._batch(ids=list(ids))
        yield self._sql.bind("insert_again", attempts=attempts, now=now, **batch)
        inserted = self._ids((yield self._sql.bind("read_live", **batch)).rows)
        if inserted:
            batch = self._batch(ids=sorted(inserted))
            yield self._sql.bind("record_last_runs", **batch)
            yield self._sql.bind("delete_history", **batch)
        return inserted

    @tells(named)
    def pause(
        self, ids: Sequence[UUID], /, *, until: datetime | None = None, reason: str | None = None
    ) -> Plan[None]:
        batch = self._batch(ids=list(ids))
        yield self._sql.bind("pause_tasks", pause=pause_to_text(until, reason), **batch)
        if until is None:
            yield self._sql.bind("forget_pauses", **batch)
        else:
            yield self._sql.bind("end_pauses_at", until=until, **batch)

    @tells(named)
    def resume(self, ids: Sequence[UUID], /, *, now: datetime | None = None) -> Plan[None]:
        batch = self._batch(ids=list(ids))
        yield self._sql.bind("resume_tasks", now=now, **batch)
        yield self._sql.bind("forget_pauses", **batch)

    @tells(ready)
    def end_pauses(self, *, limit: int, now: datetime | None = None) -> Plan[list[Ready]]:
        yield BEGIN
        ended = (yield self._sql.bind("lock_ended_pauses", limit=limit, now=now)).rows
        resumed = [Ready(self._values.read_id(row[0]), row[1], row[2]) for row in ended if row[3]]
        if resumed:
            batch = self._batch(ids=[task.id for task in resumed])
            yield self._sql.bind("resume_tasks", now=now, **batch)
        if ended:
            # Tasks that were canceled meanwhile leave their pauses behind.
            ids = [self._values.read_id(row[0]) for row in ended]
            yield self._sql.bind("forget_pauses", **self._batch(ids=ids))
        return resumed

    @tells(named)
    def edit(
        self,
        ids: Sequence[UUID],
        /,
        *,
        priority: int | None = None,
        run_at: datetime | None = None,
        delay: timedelta | None = None,
        max_attempts: int | None = None,
        tags: str | None = None,
        now: datetime | None = None,
    ) -> Plan[None]:
        batch = self._batch(ids=list(ids))
        if delay is not None:
            read = yield self._sql.bind("read_clock", now=now)
            run_at = self._values.read_time(read.rows[0][0]) + delay
        if run_at is not None:
            yield self._sql.bind("shift_expiry", run_at=run_at, **batch)
        yield self._sql.bind(
            "edit_tasks",
            # Negated as it is stored: lower runs first.
            priority=None if priority is None else -priority,
            run_at=run_at,
            max_attempts=max_attempts,
            tags=tags,
            now=now,
            **batch,
        )

    def read_contents(self, ids: Sequence[UUID], /) -> Plan[dict[UUID, Content]]:
        result = yield self._sql.bind("read_contents", **self._batch(ids=list(ids)))
        contents = (Content(self._values.read_id(row[0]), *row[1:]) for row in result.rows)
        return {one.id: one for one in contents}

    def find_unique_holders(
        self, namespace: str, unique_keys: Sequence[str], /
    ) -> Plan[dict[str, UUID]]:
        columns = self._batch(keys=list(unique_keys))
        result = yield self._sql.bind("find_unique_holders", namespace=namespace, **columns)
        return {key: self._values.read_id(holder) for key, holder in result.rows}

    def edit_contents(self, contents: Mapping[UUID, NewContent], /) -> Plan[None]:
        if not contents:
            return
        large = {
            task_id: content.payload
            for task_id, content in contents.items()
            if len(content.payload) > INLINE_PAYLOAD_LENGTH
        }
        columns = self._batch(
            ids=list(contents),
            payloads=[
                None if task_id in large else content.payload
                for task_id, content in contents.items()
            ],
            unique_keys=[content.unique_key for content in contents.values()],
        )
        yield self._sql.bind("edit_contents", **columns)
        yield self._sql.bind("delete_payloads", **self._batch(ids=list(contents)))
        if large:
            columns = self._batch(tasks=list(large), bodies=list(large.values()))
            yield self._sql.bind("insert_payloads", **columns)

    @tells(named)
    def stamp(
        self, ids: Sequence[UUID], /, *, deleted: bool, now: datetime | None = None
    ) -> Plan[None]:
        batch = self._batch(ids=list(ids))
        if deleted:
            yield self._sql.bind("stamp_deleted", now=now, **batch)
        else:
            yield self._sql.bind("unstamp_deleted", **batch)

    def purge(self, ids: Sequence[UUID], /) -> Plan[None]:
        batch = self._batch(ids=list(ids))
        for table in ("attempts", "log", "payloads", "history"):
            yield self._sql.bind(f"delete_{table}", **batch)

    def purge_aged(
        self,
        namespace: str,
        aging: Aging,
        /,
        *,
        limit: int,
        since: datetime | None = None,
        now: datetime | None = None,
    ) -> Plan[Purged]:
        yield BEGIN
        result = yield self._sql.bind(
            "lock_aged",
            namespace=namespace,
            queue=aging.queue,
            older_than=aging.older_than,
            states=list(aging.states),
            since=since,
            limit=limit,
            now=now,
        )
        if not result.rows:
            return Purged(0, None)
        yield from self.purge([self._values.read_id(row[0]) for row in result.rows])
        return Purged(len(result.rows), self._values.read_time(result.rows[-1][1]))
