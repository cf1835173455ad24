"""`rowlock.app.listing_flows`, asked of a server."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from rowlock.app.flows import checked_id
from rowlock.app.listing_flows import checked_filter, checked_limit, checked_order
from rowlock.cli.remote.reading import models
from rowlock.client import Client
from rowlock.model import json_text
from rowlock.model.listing import TaskCount, TaskOrder
from rowlock.model.tasks import Task, TaskFilter
from rowlock.wire.documents.tasks import TaskList
from rowlock.wire.routes.table import MAX_PAGE


def list_tasks(
    client: Client,
    wanted: TaskFilter,
    *,
    limit: int,
    order: str = TaskOrder.ID,
    before: UUID | str | Task | None = None,
) -> list[Task]:
    """List tasks in the order asked for."""
    query = _query(wanted)
    chosen, left = checked_order(order, wanted.states), checked_limit(limit)
    place = None if before is None else str(checked_id(before))
    found: list[Task] = []
    while left > 0:
        size = min(left, MAX_PAGE)
        page = client.list_tasks(**query, order=chosen.value, before=place, limit=size)
        found += models(Task, page.body)
        if page.next is None:
            break
        left, place = left - size, page.next
    return found


def count_tasks(client: Client, wanted: TaskFilter) -> TaskCount:
    """Count tasks, up to a cap."""
    page: TaskList = client.list_tasks(**_query(wanted), limit=1)
    return TaskCount(count=page.count or 0, capped=page.count_capped)


def _query(wanted: TaskFilter) -> dict[str, Any]:
    """Return a filter as parameters of the list, refused here if it makes no sense."""
    asked = checked_filter(wanted)._asdict()
    states, tags, arguments = (asked.pop(name) for name in ("states", "tags", "arguments"))
    return {
        **asked,
        "state": states,
        "tag": tags,
        "arguments": None if arguments is None else json_text.encode_plain(arguments),
    }
