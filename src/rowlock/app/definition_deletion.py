"""Deleting a definition together with its tasks, as a flow."""

from __future__ import annotations

from rowlock.app.bulk_flows import Wish, bulk
from rowlock.app.definition_flows import delete_definition
from rowlock.app.flow import Flow
from rowlock.app.intake import Intake
from rowlock.model.changes import Action, By, Operation
from rowlock.model.definitions import Definition
from rowlock.model.tasks import TaskFilter


def delete_with_tasks(
    core: Intake, definition: object, *, soft: bool, by: By
) -> Flow[tuple[Definition, Operation]]:
    """Delete a definition, so that no more tasks come, and then those that it has."""
    deleted = yield from delete_definition(core, definition, soft=soft, by=by)
    asked = Wish(Action.DELETE.value), TaskFilter(definition=deleted.alias)
    operation = yield from bulk(core, asked, by, dry_run=False, on_progress=None)
    return deleted, operation
