"""Plans for what people do to single tasks."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from rowlock.errors import DuplicateTaskError
from rowlock.model.ids import new_token
from rowlock.model.tasks import Outcome
from rowlock.plan import BEGIN, Plan
from rowlock.storage.sql.events import TellingPlans, one, tells


class OperatePlans(TellingPlans):
    """`OperateStore` over a statement catalogue."""

    @tells(one, ends=True)
    def cancel_waiting(
        self, namespace: str, task_id: UUID, *, reason: str, now: datetime | None = None
    ) -> Plan[bool]:
        result = yield self._sql.bind(
            "cancel_waiting", namespace=namespace, id=task_id, reason=reason, now=now
        )
        return result.count == 1

    @tells(one)
    def request_cancel(self, namespace: str, task_id: UUID, /) -> Plan[bool]:
        result = yield self._sql.bind("request_cancel", namespace=namespace, id=task_id)
        return result.count == 1

    @tells(one, ends=True)
    def cancel_running(
        self, namespace: str, task_id: UUID, *, reason: str, now: datetime | None = None
    ) -> Plan[bool]:
        result = yield self._sql.bind(
            "cancel_running", namespace=namespace, id=task_id, reason=reason, now=now
        )
        return result.count == 1

    @tells(one)
    def retry_finished(
        self, namespace: str, task_id: UUID, *, attempts: int, now: datetime | None = None
    ) -> Plan[bool]:
        yield BEGIN
        row = yield from self._take_from_history(namespace, task_id)
        if row is None:
            return False
        (
            _, _, queue, definition, priority, attempt, max_crashes, unique_key, tags, options,
            payload, error, created_at, token, worker, started_at, finished_at, state,
        ) = row  # fmt: skip
        if started_at is not None:
            yield self._sql.bind(
                "record_attempt",
                task=task_id,
                # A task that crashed to its end has no token left; the record needs a key.
                token=self._values.optional_id(token) or new_token(),
                attempt=attempt,
                worker=worker,
                started_at=self._values.optional_time(started_at),
                finished_at=self._values.read_time(finished_at),
                outcome=Outcome.RETRIED if state == "succeeded" else state,
                error=error,
            )
        inserted = yield self._sql.bind(
            "insert_retried",
            id=task_id,
            namespace=namespace,
            queue=queue,
            definition=definition,
            priority=priority,
            attempt=attempt,
            max_attempts=attempt + attempts,
            max_crashes=max_crashes,
            unique_key=unique_key,
            tags=tags,
            options=options,
            payload=payload,
            error=error,
            created_at=self._values.read_time(created_at),
            now=now,
        )
        if inserted.count != 1:
            holder = yield self._sql.bind(
                "find_unique_holder", namespace=namespace, unique_key=unique_key
            )
            found = self._values.read_id(holder.rows[0][0]) if holder.rows else task_id
            raise DuplicateTaskError(found, unique_key)
        return True

    def _take_from_history(self, namespace: str, task_id: UUID) -> Plan[tuple[Any, ...] | None]:
        result = yield self._sql.bind("take_from_history", namespace=namespace, id=task_id)
        return result.rows[0] if result.rows else None


class SteppedOperatePlans(OperatePlans):
    """`OperatePlans` for engines without data-modifying subqueries."""

    @tells(one, ends=True)
    def cancel_waiting(
        self, namespace: str, task_id: UUID, *, reason: str, now: datetime | None = None
    ) -> Plan[bool]:
        return (yield from self._cancel("lock_waiting", namespace, task_id, reason, now))

    @tells(one, ends=True)
    def cancel_running(
        self, namespace: str, task_id: UUID, *, reason: str, now: datetime | None = None
    ) -> Plan[bool]:
        return (yield from self._cancel("lock_running", namespace, task_id, reason, now))

    def _cancel(
        self, lock: str, namespace: str, task_id: UUID, reason: str, now: datetime | None
    ) -> Plan[bool]:
        yield BEGIN
        result = yield self._sql.bind(lock, namespace=namespace, id=task_id)
        if not result.rows:
            return False
        batch = self._batch(ids=[task_id])
        yield self._sql.bind("bury_waiting", state="canceled", reason=reason, now=now, **batch)
        yield self._sql.bind("delete_tasks", **batch)
        return True

    def _take_from_history(self, namespace: str, task_id: UUID) -> Plan[tuple[Any, ...] | None]:
        result = yield self._sql.bind("lock_finished", namespace=namespace, id=task_id)
        if not result.rows:
            return None
        yield self._sql.bind("delete_history", **self._batch(ids=[task_id]))
        return result.rows[0]
