"""`rowlock.app.definition_deletion`, asked of a server."""

from __future__ import annotations

from rowlock.app.bulk_flows import Wish
from rowlock.cli.remote.bulk_flows import bulk
from rowlock.cli.remote.definition_flows import delete_definition
from rowlock.client import Client
from rowlock.model.changes import Action, By, Operation
from rowlock.model.definitions import Definition
from rowlock.model.tasks import TaskFilter


def delete_with_tasks(
    client: Client, definition: object, *, soft: bool, by: By
) -> tuple[Definition, Operation]:
    """Delete a definition, and then the tasks that it has."""
    deleted = delete_definition(client, definition, soft=soft, by=by)
    asked = Wish(Action.DELETE.value), TaskFilter(definition=deleted.alias)
    return deleted, bulk(client, asked, by, dry_run=False, on_progress=None)
