"""Plans for the audit, and for operations on many tasks."""

from __future__ import annotations

import json
from datetime import datetime
from uuid import UUID

from rowlock.model import json_text
from rowlock.model.changes import Action, AuditEntry, By, NewAudit, Operation, OperationState
from rowlock.model.ids import new_task_id
from rowlock.plan import Plan, Row
from rowlock.storage.change_contract import Progress, StoredOperation
from rowlock.storage.sql.base import Plans


class RecordPlans(Plans):
    """`RecordStore` over a statement catalogue."""

    def add_audit(
        self, namespace: str, entry: NewAudit, by: By, /, *, audit_id: UUID | None = None
    ) -> Plan[None]:
        yield self._sql.bind(
            "insert_audit",
            id=audit_id or new_task_id(),
            namespace=namespace,
            actor=by.actor,
            action=entry.action,
            kind=entry.kind,
            target=entry.target,
            reason=by.reason,
            detail=None if entry.detail is None else json.dumps(entry.detail, sort_keys=True),
            now=None,
        )

    def list_audit(
        self,
        namespace: str,
        /,
        *,
        limit: int,
        before: UUID | None = None,
        actor: str | None = None,
        action: str | None = None,
        target: str | None = None,
    ) -> Plan[list[AuditEntry]]:
        result = yield self._sql.bind(
            "list_audit",
            namespace=namespace,
            before=before,
            actor=actor,
            action=action,
            target=target,
            limit=limit,
        )
        return [self._entry(row) for row in result.rows]

    def _entry(self, row: Row) -> AuditEntry:
        entry_id, at, actor, action, kind, target, reason, detail = row
        return AuditEntry(
            id=self._values.read_id(entry_id),
            at=self._values.read_time(at),
            actor=actor,
            action=action,
            kind=kind,
            target=target,
            reason=reason,
            detail=None if detail is None else json_text.decode_shown(detail),
        )

    def add_operation(self, namespace: str, operation: StoredOperation, /) -> Plan[None]:
        yield self._sql.bind(
            "insert_operation",
            id=operation.id,
            namespace=namespace,
            action=operation.action.value,
            filter=operation.filter,
            params=operation.params,
            actor=operation.by.actor,
            reason=operation.by.reason,
            now=None,
        )

    def lock_operation(
        self, namespace: str, operation_id: UUID, /
    ) -> Plan[tuple[StoredOperation, Operation] | None]:
        result = yield self._sql.bind("lock_operation", namespace=namespace, id=operation_id)
        return self._operation(result.rows[0]) if result.rows else None

    def get_operation(
        self, namespace: str, operation_id: UUID, /
    ) -> Plan[tuple[StoredOperation, Operation] | None]:
        result = yield self._sql.bind("get_operation", namespace=namespace, id=operation_id)
        return self._operation(result.rows[0]) if result.rows else None

    def _operation(self, row: Row) -> tuple[StoredOperation, Operation]:
        (
            operation_id, action, wanted, params, state, position, done, refused, actor, reason,
            created_at, updated_at,
        ) = row  # fmt: skip
        stored = StoredOperation(
            id=self._values.read_id(operation_id),
            action=Action(action),
            filter=wanted,
            params=params,
            by=By(actor, reason),
            position=self._values.read_id(position),
        )
        created: datetime = self._values.read_time(created_at)
        shown = Operation(
            id=stored.id,
            action=stored.action,
            state=OperationState(state),
            filter=json_text.decode_shown(wanted),
            done=done,
            refused=json_text.decode_shown(refused),
            actor=actor,
            reason=reason,
            created_at=created,
            updated_at=self._values.read_time(updated_at),
        )
        return stored, shown

    def advance_operation(self, operation_id: UUID, progress: Progress, /) -> Plan[None]:
        yield self._sql.bind(
            "advance_operation",
            id=operation_id,
            position=progress.position,
            state=progress.state.value,
            done=progress.done,
            refused=json.dumps(progress.refused, sort_keys=True),
            now=None,
        )

    def list_operations(self, namespace: str, /, *, limit: int) -> Plan[list[Operation]]:
        result = yield self._sql.bind("list_operations", namespace=namespace, limit=limit)
        return [self._operation(row)[1] for row in result.rows]
