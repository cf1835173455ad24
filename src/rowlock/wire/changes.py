"""Operations on many tasks and the audit as plain dicts for JSON."""

from __future__ import annotations

from rowlock.model.changes import AuditEntry, Operation
from rowlock.wire.values import Wire, optional_time_to_wire, time_to_wire


def operation_to_wire(operation: Operation) -> Wire:
    """Return an operation; every field is always there."""
    return {
        "id": str(operation.id),
        "action": operation.action.value,
        "state": operation.state.value,
        "filter": operation.filter,
        "matched": operation.matched,
        "done": operation.done,
        "refused": operation.refused,
        "actor": operation.actor,
        "reason": operation.reason,
        "created_at": optional_time_to_wire(operation.created_at),
        "updated_at": optional_time_to_wire(operation.updated_at),
    }


def audit_to_wire(entry: AuditEntry) -> Wire:
    """Return one entry of the audit; every field is always there."""
    return {
        "id": str(entry.id),
        "at": time_to_wire(entry.at),
        "actor": entry.actor,
        "action": entry.action,
        "kind": entry.kind,
        "target": entry.target,
        "reason": entry.reason,
        "detail": entry.detail,
    }
