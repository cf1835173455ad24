"""Definitions: looking them up, changing them, and remembering them for a few seconds."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeAlias
from uuid import UUID

from rowlock.errors import (
    DefinitionClosedError,
    DefinitionNotFoundError,
    DuplicateDefinitionError,
    StorageConflictError,
)
from rowlock.model import json_text
from rowlock.model.changes import NOBODY, By, NewAudit
from rowlock.model.definitions import Definition, DefinitionTasks
from rowlock.model.ids import id_in
from rowlock.model.names import definition_key
from rowlock.ops.policies import FRESH_SECONDS
from rowlock.plan import BEGIN, Plan
from rowlock.storage.storage import Storage

AliasOrId: TypeAlias = str | UUID


class DefinitionCache:
    """One namespace's definitions as they were at most a few seconds ago."""

    def __init__(self) -> None:
        self._rows: dict[str, tuple[Definition, float]] = {}

    def fresh(self, key: str) -> Definition | None:
        """Return the definition if it was read a moment ago."""
        found = self._rows.get(key)
        if found is None or time.monotonic() - found[1] > FRESH_SECONDS:
            return None
        return found[0]

    def remember(self, definition: Definition) -> None:
        """Keep what was just read."""
        self._rows[definition.key] = (definition, time.monotonic())

    def forget(self, key: str) -> None:
        """Read the definition again before it is used."""
        self._rows.pop(key, None)

    def check_open(self, key: str) -> None:
        """Refuse a definition that is known to take no new tasks.

        Raises:
            DefinitionClosedError: It is canceled or deleted.
        """
        known = self._rows.get(key)
        if known is not None and known[0].refusal is not None:
            raise DefinitionClosedError(known[0].alias, known[0].refusal)


def create_definition(
    storage: Storage, namespace: str, new: Definition, *, by: By = NOBODY
) -> Plan[Definition]:
    """Store a new definition; one that was deleted gives its alias away.

    Raises:
        DuplicateDefinitionError: The alias is taken.
    """
    yield BEGIN
    if not (yield from storage.definitions.insert_definition(namespace, new)):
        raise DuplicateDefinitionError(new.alias)
    yield from _recorded(storage, namespace, "create", new, None, by)
    return (yield from _stored(storage, namespace, new.key))


def register_definition(storage: Storage, namespace: str, code: Definition) -> Plan[Definition]:
    """Store what code says of its definition; a deleted one is created again."""
    yield BEGIN
    yield from storage.definitions.put_definitions(namespace, [code])
    found = yield from _stored(storage, namespace, code.key)
    if found.deleted_at is None:
        return found
    yield from storage.definitions.insert_definition(namespace, code)
    return (yield from _stored(storage, namespace, code.key))


def refresh_definition(storage: Storage, namespace: str, code: Definition) -> Plan[Definition]:
    """Store what code says of a definition that is there already.

    Raises:
        DefinitionNotFoundError: It is not there, or deleted.
    """
    yield from get_definition(storage, namespace, code.alias)
    yield from storage.definitions.put_definitions(namespace, [code])
    return (yield from _stored(storage, namespace, code.key))


def get_definition(storage: Storage, namespace: str, wanted: AliasOrId) -> Plan[Definition]:
    """Return the definition of an alias or an id.

    Raises:
        DefinitionNotFoundError: There is none, or it is deleted.
    """
    found = None
    if isinstance(wanted, str):
        found = yield from storage.definitions.get_definition(namespace, definition_key(wanted))
    if found is None and (definition_id := id_in(wanted)) is not None:
        found = yield from storage.definitions.get_definition_by_id(namespace, definition_id)
    if found is None or found.deleted_at is not None:
        raise DefinitionNotFoundError(str(wanted))
    return found


def update_definition(
    storage: Storage,
    namespace: str,
    wanted: AliasOrId,
    changes: Mapping[str, Any],
    *,
    by: By = NOBODY,
) -> Plan[Definition]:
    """Change what is given of a definition.

    Raises:
        DefinitionNotFoundError: There is none, or it is deleted.
    """
    found = yield from _locked(storage, namespace, wanted)
    yield from storage.definitions.update_definition(namespace, replace(found, **changes))
    yield from _recorded(storage, namespace, "edit", found, changes, by)
    return (yield from _stored(storage, namespace, found.key))


def delete_definition(
    storage: Storage, namespace: str, wanted: AliasOrId, *, soft: bool, by: By = NOBODY
) -> Plan[Definition]:
    """Hide a definition, or remove it; returns it as it was.

    Raises:
        DefinitionNotFoundError: There is none, or it is deleted.
    """
    found = yield from _locked(storage, namespace, wanted)
    yield from storage.definitions.delete_definition(namespace, found, soft=soft)
    yield from _recorded(storage, namespace, "delete" if soft else "purge", found, None, by)
    return found


def _recorded(
    storage: Storage,
    namespace: str,
    action: str,
    definition: Definition,
    changes: Mapping[str, Any] | None,
    by: By,
) -> Plan[None]:
    """Record a change in the audit; what is in code is no change of anybody's."""
    detail = None if changes is None else json_text.decode(json_text.encode_plain(changes))
    entry = NewAudit(action, "definition", definition.alias, detail)
    yield from storage.records.add_audit(namespace, entry, by)


def count_definition_tasks(
    storage: Storage, namespace: str, wanted: AliasOrId
) -> Plan[DefinitionTasks]:
    """Return how many tasks a definition has.

    Raises:
        DefinitionNotFoundError: There is none, or it is deleted.
    """
    found = yield from get_definition(storage, namespace, wanted)
    return (yield from storage.definitions.count_definition_tasks(namespace, found.key))


def _locked(storage: Storage, namespace: str, wanted: AliasOrId) -> Plan[Definition]:
    yield BEGIN
    found = yield from get_definition(storage, namespace, wanted)
    locked = yield from storage.definitions.lock_definition(namespace, found.key)
    if locked is None or locked.id != found.id or locked.deleted_at is not None:
        raise DefinitionNotFoundError(str(wanted))
    return locked


def _stored(storage: Storage, namespace: str, key: str) -> Plan[Definition]:
    found = yield from storage.definitions.get_definition(namespace, key)
    if found is None:
        raise StorageConflictError(f"definition {key!r} left while it was being stored")
    return found
