"""Plans for queues."""

from __future__ import annotations

from datetime import datetime

from rowlock.model.queues import Queue, QueuePolicy
from rowlock.plan import BEGIN, Plan
from rowlock.storage.rows import queue_from_row
from rowlock.storage.sql.base import Plans
from rowlock.storage.values import policy_to_text


class QueuePlans(Plans):
    """`QueueStore` over a statement catalogue."""

    def ensure_queue(self, namespace: str, name: str, /) -> Plan[Queue]:
        found = yield from self.get_queue(namespace, name)
        if found is None:
            yield from self.create_queue(namespace, name)
            result = yield self._sql.bind("get_queue", namespace=namespace, name=name)
            found = queue_from_row(result.rows[0], self._values)
        return found

    def get_queue(self, namespace: str, name: str, /) -> Plan[Queue | None]:
        result = yield self._sql.bind("get_queue", namespace=namespace, name=name)
        return queue_from_row(result.rows[0], self._values) if result.rows else None

    def create_queue(self, namespace: str, name: str, /) -> Plan[bool]:
        result = yield self._sql.bind("ensure_queue", namespace=namespace, name=name, now=None)
        return result.count == 1

    def list_namespaces(self) -> Plan[list[str]]:
        result = yield self._sql.bind("list_namespaces")
        return [name for (name,) in result.rows]

    def update_queue(self, namespace: str, name: str, given: QueuePolicy, /) -> Plan[Queue]:
        yield BEGIN
        yield self._sql.bind("ensure_queue", namespace=namespace, name=name, now=None)
        result = yield self._sql.bind("lock_queue", namespace=namespace, name=name)
        found = queue_from_row(result.rows[0], self._values)
        policy = found.policy.updated(given)
        if policy != found.policy:
            yield self._sql.bind(
                "update_queue", namespace=namespace, name=name, policy=policy_to_text(policy)
            )
        return Queue(
            namespace=namespace,
            name=name,
            paused=found.paused,
            policy=policy,
            created_at=found.created_at,
            paused_until=found.paused_until,
            pause_reason=found.pause_reason,
        )

    def pause_queue(
        self,
        namespace: str,
        name: str,
        paused: bool,  # noqa: FBT001
        /,
        *,
        until: datetime | None = None,
        reason: str | None = None,
    ) -> Plan[bool]:
        yield BEGIN
        result = yield self._sql.bind("lock_queue", namespace=namespace, name=name)
        if not result.rows:
            return False
        yield self._sql.bind(
            "pause_queue",
            namespace=namespace,
            name=name,
            paused=paused,
            until=until,
            reason=reason,
        )
        return True

    def list_queues(self, namespace: str | None, /) -> Plan[list[Queue]]:
        result = yield self._sql.bind("list_queues", namespace=namespace)
        return [queue_from_row(row, self._values) for row in result.rows]

    def forget_namespace(self, namespace: str, /) -> Plan[None]:
        yield BEGIN
        yield self._sql.bind("forget_queues", namespace=namespace)
        yield self._sql.bind("forget_definitions", namespace=namespace)
