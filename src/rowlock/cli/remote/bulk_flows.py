"""`rowlock.app.bulk_flows`, asked of a server."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from rowlock.app.bulk_flows import OnProgress, Wish, checked_bulk
from rowlock.app.flows import checked_id
from rowlock.app.listing_flows import checked_limit
from rowlock.cli.remote.reading import model, models, paged
from rowlock.cli.remote.saying import said
from rowlock.client import Client
from rowlock.model.changes import AuditEntry, By, Edits, Operation, OperationState
from rowlock.model.listing import TaskCount
from rowlock.model.tasks import Task, TaskFilter
from rowlock.wire.bodies.operations import ChangesBody, FilterBody
from rowlock.wire.documents.operations import OperationDocument
from rowlock.wire.routes.table import MAX_PAGE


def preview(client: Client, asked: tuple[Wish, TaskFilter], by: By) -> tuple[Operation, TaskCount]:
    """Count the tasks that pass a filter, up to a cap."""
    document = client.start_operation(**_asked(asked, by), dry_run=True)
    plan = model(Operation, document)
    return plan, TaskCount(count=plan.matched or 0, capped=document.matched_capped is True)


def bulk(
    client: Client,
    asked: tuple[Wish, TaskFilter],
    by: By,
    *,
    dry_run: bool,
    on_progress: OnProgress | None,
) -> Operation:
    """Change every task that passes a filter, to the end."""
    if dry_run:
        return preview(client, asked, by)[0]
    return _finished(client, client.start_operation(**_asked(asked, by)), on_progress)


def resume_operation(
    client: Client,
    operation: UUID | str | Operation,
    *,
    on_progress: OnProgress | None,
) -> Operation:
    """Make what is left of an operation."""
    wanted = operation.id if isinstance(operation, Operation) else checked_id(operation)
    return _finished(client, client.resume_operation(wanted), on_progress)


def _finished(
    client: Client, document: OperationDocument, on_progress: OnProgress | None
) -> Operation:
    """Ask again as long as there is something left; each answer takes a few seconds."""
    while True:
        now = model(Operation, document)
        if on_progress is not None:
            on_progress(now)
        if now.state is not OperationState.RUNNING:
            return now
        document = client.resume_operation(now.id)


def _asked(asked: tuple[Wish, TaskFilter], by: By) -> dict[str, Any]:
    """Return what is to be done as a request says it, refused here if it makes no sense."""
    wish, _ = asked
    change, wanted = checked_bulk(asked)
    edits = said(change.edits._asdict())
    return said(
        {
            "action": change.action.value,
            "filter_": FilterBody(**said(wanted._asdict())),
            "all_": wish.all_tasks,
            "force": change.force,
            "attempts": change.attempts,
            "until": change.until,
            "changes": None if change.edits == Edits() else ChangesBody(**edits),
            "set_arguments": None if change.arguments is None else dict(change.arguments),
            "reason": by.reason,
        }
    )


def list_operations(client: Client, *, limit: int) -> list[Operation]:
    """List operations, newest first."""
    found = paged(
        lambda offset, size: client.list_operations(offset=offset, limit=size),
        limit=checked_limit(limit),
    )
    return models(Operation, found)


def audit(
    client: Client,
    *,
    limit: int,
    before: UUID | str | None,
    actor: str | None,
    action: str | None,
    target: UUID | str | Task | None,
) -> list[AuditEntry]:
    """List who changed what and why, newest first."""
    left, place = checked_limit(limit), None if before is None else str(checked_id(before))
    asked = target.id if isinstance(target, Task) else target
    found: list[AuditEntry] = []
    while left > 0:
        page = client.list_audit(
            actor=actor,
            action=action,
            target=None if asked is None else str(asked),
            before=place,
            limit=min(left, MAX_PAGE),
        )
        found += models(AuditEntry, page.body)
        if page.next is None:
            break
        left, place = left - len(page.body), page.next
    return found
