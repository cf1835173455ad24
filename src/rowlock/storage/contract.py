"""What every engine promises: protocols by resource, each method a plan.

The protocols say what holds, not how. An engine is a catalogue of statements, a driver and
these stores; nobody above asks which engine it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol
from uuid import UUID

from rowlock.model.ends import ClaimKey, Standing
from rowlock.model.ids import TokenRange
from rowlock.model.queues import Share
from rowlock.model.tasks import (
    Attempt,
    Claim,
    Finish,
    Held,
    LogLine,
    NewTask,
    Pulse,
    QueueCounts,
    Release,
    Report,
    Task,
)
from rowlock.plan import Plan
from rowlock.storage.listing_contract import ListStore
from rowlock.storage.measuring_contract import MeasureStore
from rowlock.storage.wakeups import Hint


class Identity(NamedTuple):
    """What tells whether a given id is the same task again."""

    namespace: str
    definition: str | None
    payload: str


class Lane(NamedTuple):
    """A stretch of a queue's line: from a place on, up to the end of a priority.

    Priorities are as stored, lower first. Without `run_at` and `id` the lane begins with the
    first task of `from_priority`.
    """

    from_priority: int
    to_priority: int
    run_at: datetime | None = None
    id: UUID | None = None


FIRST_PRIORITY, LAST_PRIORITY = -32_768, 32_767
WHOLE_LINE = (Lane(FIRST_PRIORITY, LAST_PRIORITY),)


class ClaimRequest(NamedTuple):
    """What a worker asks for.

    Attributes:
        token: Chosen by the worker before it asks, so that an unconfirmed claim can be found.
        lease: How long the claim holds.
        definitions: Keys of the definitions it can run; None for any.
        without_definition: Whether it takes tasks that have none.
        lanes: Where to look, in this order. Where dead rows gather at the head of an index, a
            worker that knows how far the line was taken need not walk over them each time;
            where they do not, the lanes are passed over.
        shares: If there are any: several queues to claim from, in this order until there are
            `limit` tasks. `queue` and `lanes` are then passed over.
    """

    namespace: str
    queue: str
    worker: str
    token: UUID
    limit: int
    lease: timedelta
    definitions: tuple[str, ...] | None = None
    without_definition: bool = True
    lanes: tuple[Lane, ...] = WHOLE_LINE
    shares: tuple[Share, ...] = ()

    def lines(self) -> list[tuple[Share, Lane]]:
        """Return where to look, and how much to take there, in this order."""
        if self.shares:
            return [(share, WHOLE_LINE[0]) for share in self.shares]
        return [(Share(self.queue, self.limit), lane) for lane in self.lanes]


class Place(NamedTuple):
    """Where a waiting task stands in the line; lower comes first."""

    priority: int
    run_at: datetime
    id: UUID


class EnqueueStore(Protocol):
    """Storing tasks."""

    def insert_task(
        self,
        new: NewTask,
        *,
        namespace: str,
        hint: Hint | None = None,
        now: datetime | None = None,
    ) -> Plan[Task | None]:
        """Insert a task with a fresh id and return it; None if its unique key is taken.

        Args:
            new: The task.
            namespace: Where.
            hint: Sent along if it went in.
            now: Instead of the database's clock; for tests.
        """
        ...

    def insert_together(
        self,
        tasks: Sequence[NewTask],
        *,
        namespace: str,
        hints: Sequence[Hint] = (),
        now: datetime | None = None,
    ) -> Plan[list[Task]]:
        """Insert a few tasks with fresh ids and without unique keys, and return them.

        Args:
            tasks: What to insert. A task whose id is taken is passed over, and missing from
                what is returned.
            namespace: In which namespace.
            hints: What to send along; see `Wakeups.hint`.
            now: Instead of the database's clock; for tests.
        """
        ...

    def insert_tasks(
        self,
        tasks: Sequence[NewTask],
        *,
        namespace: str,
        replayed: bool = False,
        now: datetime | None = None,
    ) -> Plan[set[UUID]]:
        """Insert tasks; ids and unique keys that are taken are passed over.

        Args:
            tasks: What to store.
            namespace: Where.
            replayed: The ids may have been used before: what history already holds is not
                inserted again.
            now: Instead of the database's clock; for tests.

        Returns:
            The ids that were inserted.
        """
        ...

    def insert_fresh_tasks(
        self, tasks: Iterable[NewTask], *, namespace: str, now: datetime | None = None
    ) -> Plan[None]:
        """Insert many tasks with fresh ids and without unique keys, the fastest way.

        They are read as they are sent, so there may be more than memory holds.
        """
        ...

    def read_identities(self, ids: Sequence[UUID], /) -> Plan[dict[UUID, Identity]]:
        """Return what is stored under these ids, live or finished, in any namespace."""
        ...

    def find_unique_holder(self, namespace: str, unique_key: str, /) -> Plan[UUID | None]:
        """Return the live task that holds the key."""
        ...


class ClaimStore(Protocol):
    """Taking tasks and ending attempts; each write carries the claim's token."""

    def claim_tasks(
        self, request: ClaimRequest, *, now: datetime | None = None
    ) -> Plan[list[Claim]]:
        """Move up to `limit` queued tasks of one queue, or of several, to running, best first.

        Order: priority (higher first), then `run_at`, then id. A task is claimed by at most
        one worker until its lease runs out. A paused queue gives nothing; neither do tasks
        past their lifetime.
        """
        ...

    def finish_and_claim(
        self, finished: Sequence[Finish], request: ClaimRequest, *, now: datetime | None = None
    ) -> Plan[tuple[set[UUID], list[Claim]]]:
        """Do what `finish_tasks` does, then what `claim_tasks` does, in one transaction."""
        ...

    def waiting_queues(self, namespace: str, queues: Sequence[str], /) -> Plan[list[str]]:
        """Return those of the queues that have queued tasks, claimable or not."""
        ...

    def claim_task(
        self,
        namespace: str,
        task_id: UUID,
        *,
        worker: str,
        token: UUID,
        lease: timedelta,
        now: datetime | None = None,
    ) -> Plan[Claim | None]:
        """Move one waiting task to running, due or not; None if it does not wait."""
        ...

    def peek_queue(self, request: ClaimRequest, /) -> Plan[list[Place]]:
        """Return the places in the line of what a claim would take now, without taking it."""
        ...

    def read_claimed(self, token: UUID, /) -> Plan[list[Claim]]:
        """Return what a claim took whose commit was never confirmed."""
        ...

    def read_tokens(self, namespace: str, worker: str, among: TokenRange, /) -> Plan[list[UUID]]:
        """Return which of these tokens a worker holds running tasks by."""
        ...

    def renew_leases(
        self, held: Sequence[Held], *, now: datetime | None = None
    ) -> Plan[list[Pulse]]:
        """Extend the leases of claims; one answer for each, in any order."""
        ...

    def read_token(self, namespace: str, task_id: UUID, /) -> Plan[UUID | None]:
        """Return the token under which a task runs; None if it does not."""
        ...

    def read_standings(
        self, namespace: str, claims: Sequence[ClaimKey], /, *, now: datetime | None = None
    ) -> Plan[dict[UUID, Standing]]:
        """Return where the tasks of claims stand now.

        Those that the namespace does not have, or that are deleted, are left out.
        """
        ...

    def finish_tasks(
        self, finished: Sequence[Finish], *, now: datetime | None = None
    ) -> Plan[set[UUID]]:
        """Move tasks to history; at most one end of each task at a time.

        Returns:
            The ids whose outcome is recorded, now or by an earlier call with the same token;
            the others were lost: rescued, canceled by force, or settled by someone else.
        """
        ...

    def finish_held(self, finish: Finish, *, now: datetime | None = None) -> Plan[bool]:
        """Move one task to history; False if it is not held, even if this token ended it before.

        For a transaction that must end it by itself, because what it did besides counts once.
        """
        ...

    def release_tasks(
        self, released: Sequence[Release], *, now: datetime | None = None
    ) -> Plan[set[UUID]]:
        """Put tasks back to wait, with a record of the attempt; canceled ones end instead.

        Returns:
            As `finish_tasks`.
        """
        ...

    def report(self, reports: Sequence[Report], *, now: datetime | None = None) -> Plan[None]:
        """Store progress and log lines of running tasks; those no longer held are left out."""
        ...


class OperateStore(Protocol):
    """What people do to single tasks."""

    def cancel_waiting(
        self, namespace: str, task_id: UUID, *, reason: str, now: datetime | None = None
    ) -> Plan[bool]:
        """Move a waiting task to history as canceled; False if it does not wait."""
        ...

    def request_cancel(self, namespace: str, task_id: UUID, /) -> Plan[bool]:
        """Mark a running task as to be canceled; False if it does not run."""
        ...

    def cancel_running(
        self, namespace: str, task_id: UUID, *, reason: str, now: datetime | None = None
    ) -> Plan[bool]:
        """Cancel a running task at once; its holder can settle nothing any more."""
        ...

    def retry_finished(
        self, namespace: str, task_id: UUID, *, attempts: int, now: datetime | None = None
    ) -> Plan[bool]:
        """Put a finished task back to queued with `attempts` more; False if it is not finished.

        Raises:
            DuplicateTaskError: Another live task holds its unique key; nothing changed.
        """
        ...


class ServerFacts(NamedTuple):
    """What a server says of itself; `now` is its clock, by which tasks become due."""

    version: str
    now: datetime


class ReadStore(ListStore, MeasureStore, Protocol):
    """Reading over live and finished tasks."""

    def get_task(
        self, namespace: str, task_id: UUID, *, now: datetime | None = None
    ) -> Plan[Task | None]:
        """Return the task, or None; deleted ones too, stamped."""
        ...

    def find_by_prefix(self, namespace: str, low: UUID, high: UUID, /) -> Plan[list[UUID]]:
        """Return at most a few ids between two, to tell a unique prefix from an ambiguous one."""
        ...

    def list_attempts(self, task_id: UUID, /) -> Plan[list[Attempt]]:
        """Return the recorded attempts of a task, oldest first, without its last run."""
        ...

    def read_log(self, task_id: UUID, /) -> Plan[list[LogLine]]:
        """Return a task's log lines in the order they were written."""
        ...

    def count_tasks(
        self, namespace: str, *, cap: int, now: datetime | None = None
    ) -> Plan[list[QueueCounts]]:
        """Return counts by queue and state; final ones of a queue are counted up to `cap`."""
        ...

    def server_facts(self) -> Plan[ServerFacts]:
        """Return the server's version and what its clock says."""
        ...

    def waiting_definitions(
        self, namespace: str, queue: str, *, limit: int
    ) -> Plan[dict[str, int]]:
        """Return which definitions wait at the head of a queue, and how often."""
        ...
