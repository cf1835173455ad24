"""What every engine promises about changing tasks by their ids, and about the record of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol
from uuid import UUID

from rowlock.model.changes import Action, AuditEntry, By, NewAudit, Operation, OperationState
from rowlock.model.states import TaskState
from rowlock.plan import Plan
from rowlock.storage.upkeep_contract import Ready


class Found(NamedTuple):
    """A task whose row is locked; a waiting one past its lifetime is `expired` and live."""

    id: UUID
    queue: str
    state: TaskState
    live: bool
    deleted: bool = False


class Content(NamedTuple):
    """What a task is given to work on; the payload is JSON, the definition its key."""

    id: UUID
    definition: str | None
    payload: str
    unique_key: str | None


class NewContent(NamedTuple):
    """What an edit of arguments stores; the payload is JSON."""

    payload: str
    unique_key: str | None


class Aging(NamedTuple):
    """Which finished tasks of a queue are to be purged."""

    queue: str
    older_than: timedelta
    states: tuple[str, ...]


class Purged(NamedTuple):
    """What one batch purged; the next one starts at `last`, if there is any."""

    purged: int
    last: datetime | None


class StoredOperation(NamedTuple):
    """An operation as it is stored; texts are JSON.

    Attributes:
        position: Only tasks with smaller ids are left to do.
    """

    id: UUID
    action: Action
    filter: str
    params: str
    by: By = By()
    position: UUID | None = None


class Progress(NamedTuple):
    """How far an operation has come."""

    position: UUID
    state: OperationState
    done: int
    refused: Mapping[str, int]


class ChangeStore(Protocol):
    """Changing tasks whose rows `lock_tasks` has locked, in its transaction."""

    def lock_tasks(
        self, namespace: str, ids: Collection[UUID], /, *, now: datetime | None = None
    ) -> Plan[dict[UUID, Found]]:
        """Lock the rows of tasks until the transaction ends; what is not there is left out."""
        ...

    def bury(
        self, ids: Sequence[UUID], /, *, reason: str, deleted: bool, now: datetime | None = None
    ) -> Plan[None]:
        """Move live tasks to history as canceled; whoever holds one can settle nothing more."""
        ...

    def ask_to_cancel(self, ids: Sequence[UUID], /) -> Plan[None]:
        """Mark running tasks as to be canceled."""
        ...

    def retry(
        self, ids: Sequence[UUID], /, *, attempts: int, now: datetime | None = None
    ) -> Plan[set[UUID]]:
        """Put finished tasks back to queued with `attempts` more runs.

        Returns:
            Those that are queued now; of the others another live task holds the unique key.
        """
        ...

    def pause(
        self, ids: Sequence[UUID], /, *, until: datetime | None = None, reason: str | None = None
    ) -> Plan[None]:
        """Hold waiting tasks back, for ever or until a time; both are shown with them."""
        ...

    def resume(self, ids: Sequence[UUID], /, *, now: datetime | None = None) -> Plan[None]:
        """Let paused tasks wait again: scheduled if they are due later, else queued."""
        ...

    def end_pauses(self, *, limit: int, now: datetime | None = None) -> Plan[list[Ready]]:
        """Resume tasks whose pause has ended; returns them."""
        ...

    def edit(
        self,
        ids: Sequence[UUID],
        /,
        *,
        priority: int | None = None,
        run_at: datetime | None = None,
        delay: timedelta | None = None,
        max_attempts: int | None = None,
        tags: str | None = None,
        now: datetime | None = None,
    ) -> Plan[None]:
        """Change waiting tasks; None leaves a value. `tags` is JSON, `[]` removes them."""
        ...

    def read_contents(self, ids: Sequence[UUID], /) -> Plan[dict[UUID, Content]]:
        """Return what live tasks are given to work on."""
        ...

    def find_unique_holders(
        self, namespace: str, unique_keys: Sequence[str], /
    ) -> Plan[dict[str, UUID]]:
        """Return the live tasks that hold the keys; what nobody holds is left out."""
        ...

    def edit_contents(self, contents: Mapping[UUID, NewContent], /) -> Plan[None]:
        """Replace payloads and unique keys of waiting tasks; nobody else may hold the keys."""
        ...

    def stamp(
        self, ids: Sequence[UUID], /, *, deleted: bool, now: datetime | None = None
    ) -> Plan[None]:
        """Stamp finished tasks as deleted, or take the stamp away."""
        ...

    def purge(self, ids: Sequence[UUID], /) -> Plan[None]:
        """Delete finished tasks with all that belongs to them."""
        ...

    def purge_aged(
        self,
        namespace: str,
        aging: Aging,
        /,
        *,
        limit: int,
        since: datetime | None = None,
        now: datetime | None = None,
    ) -> Plan[Purged]:
        """Delete a batch of finished tasks that are old enough, oldest first."""
        ...


class RecordStore(Protocol):
    """The audit, and operations on many tasks."""

    def add_audit(
        self, namespace: str, entry: NewAudit, by: By, /, *, audit_id: UUID | None = None
    ) -> Plan[None]:
        """Record a change in its transaction; an id that is there is not recorded again."""
        ...

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
        """Return what was recorded, newest first."""
        ...

    def add_operation(self, namespace: str, operation: StoredOperation, /) -> Plan[None]:
        """Store an operation that has not begun; it takes ids below its own."""
        ...

    def lock_operation(
        self, namespace: str, operation_id: UUID, /
    ) -> Plan[tuple[StoredOperation, Operation] | None]:
        """Return an operation, locked until the transaction ends."""
        ...

    def get_operation(
        self, namespace: str, operation_id: UUID, /
    ) -> Plan[tuple[StoredOperation, Operation] | None]:
        """Return an operation."""
        ...

    def advance_operation(self, operation_id: UUID, progress: Progress, /) -> Plan[None]:
        """Store how far an operation has come."""
        ...

    def list_operations(self, namespace: str, /, *, limit: int) -> Plan[list[Operation]]:
        """Return operations, newest first."""
        ...
