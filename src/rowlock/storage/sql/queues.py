"""Plans for queues and definitions."""

from __future__ import annotations

from collections.abc import Sequence

from rowlock.model.queues import Queue, QueuePolicy
from rowlock.model.tasks import Definition
from rowlock.plan import BEGIN, Plan
from rowlock.storage.rows import definition_from_row, queue_from_row
from rowlock.storage.sql.base import Plans
from rowlock.storage.values import defaults_to_text, policy_to_text


class QueuePlans(Plans):
    """`QueueStore` over a statement catalogue."""

    def ensure_queue(self, namespace: str, name: str, /) -> Plan[Queue]:
        result = yield self._sql.bind("get_queue", namespace=namespace, name=name)
        if not result.rows:
            yield self._sql.bind("ensure_queue", namespace=namespace, name=name)
            result = yield self._sql.bind("get_queue", namespace=namespace, name=name)
        return queue_from_row(result.rows[0], self._values)

    def update_queue(self, namespace: str, name: str, given: QueuePolicy, /) -> Plan[Queue]:
        yield BEGIN
        yield self._sql.bind("ensure_queue", namespace=namespace, name=name)
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
        )

    def pause_queue(self, namespace: str, name: str, paused: bool, /) -> Plan[bool]:  # noqa: FBT001
        yield BEGIN
        result = yield self._sql.bind("lock_queue", namespace=namespace, name=name)
        if not result.rows:
            return False
        yield self._sql.bind("pause_queue", namespace=namespace, name=name, paused=paused)
        return True

    def list_queues(self, namespace: str | None, /) -> Plan[list[Queue]]:
        result = yield self._sql.bind("list_queues", namespace=namespace)
        return [queue_from_row(row, self._values) for row in result.rows]

    def put_definitions(self, namespace: str, definitions: Sequence[Definition], /) -> Plan[None]:
        for definition in definitions:
            yield self._sql.bind(
                "put_definition",
                namespace=namespace,
                key=definition.key,
                alias=definition.alias,
                title=definition.title,
                description=definition.description,
                queue=definition.queue,
                defaults=defaults_to_text(definition),
            )

    def get_definition(self, namespace: str, key: str, /) -> Plan[Definition | None]:
        result = yield self._sql.bind("get_definition", namespace=namespace, key=key)
        return definition_from_row(result.rows[0]) if result.rows else None

    def list_definitions(self, namespace: str, /) -> Plan[list[Definition]]:
        result = yield self._sql.bind("list_definitions", namespace=namespace)
        return [definition_from_row(row) for row in result.rows]
