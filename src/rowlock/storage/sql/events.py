"""Plans that tell those who watch, and how the other plans make use of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial, wraps
from typing import Any, NamedTuple, TypeVar, cast
from uuid import UUID

from rowlock.model.events import TaskEvent
from rowlock.model.tallies import TallyKey
from rowlock.plan import BEGIN, Plan, Row, after_commit
from rowlock.storage.catalog import Catalog
from rowlock.storage.event_contract import WATCHED_SECONDS, Kept
from rowlock.storage.rows import shown_state
from rowlock.storage.sql.base import Batch, Plans
from rowlock.storage.tallier import Tallier
from rowlock.storage.upkeep_contract import Ready
from rowlock.storage.values import ColumnValues

F = TypeVar("F", bound=Callable[..., Plan[Any]])

MANY = 100
"""More tasks than these that change together are told as one event for each way they went."""


class Way(NamedTuple):
    """What tasks that are told together have in common."""

    namespace: str
    queue: str
    definition: str | None
    state: str


class EventPlans(Plans):
    """`EventStore` over a statement catalogue, and the writing of events."""

    _watched = False
    _known_until = 0.0

    def keep_subscription(
        self, namespace: str, /, *, lasting: timedelta, now: datetime | None = None
    ) -> Plan[Kept]:
        found = yield self._sql.bind("read_subscription", namespace=namespace, now=now)
        yield self._sql.bind("keep_subscription", namespace=namespace, lasting=lasting, now=now)
        self._known_until = 0.0
        at, unbroken = found.rows[0]
        return Kept(self._values.read_time(at), bool(unbroken))

    def is_watched(self) -> Plan[bool]:
        """Return whether anybody watches anything; what is known is good for a second."""
        if time.monotonic() >= self._known_until:
            asked = time.monotonic()
            result = yield self._sql.bind("is_watched", now=None)
            self._watched = bool(result.rows[0][0])
            self._known_until = asked + WATCHED_SECONDS
        return self._watched

    def tell(self, ids: Collection[UUID], /, *, now: datetime | None = None) -> Plan[None]:
        """Write what has become of tasks, in the transaction in which it did."""
        if ids:
            name = "tell_each" if len(ids) <= MANY else "tell_together"
            yield self._sql.bind(name, now=now, **self._batch(ids=sorted(ids)))

    def tell_counts(
        self, tasks: Mapping[Way, int], /, *, now: datetime | None = None
    ) -> Plan[None]:
        """Write how many tasks went which way, where they are too many to name."""
        for way, count in tasks.items():
            yield self._sql.bind("tell_count", tasks=count, now=now, **way._asdict())

    def newest_event(self) -> Plan[int]:
        result = yield self._sql.bind("newest_event")
        newest: int = result.rows[0][0]
        return newest

    def read_events(self, *, after: int, limit: int) -> Plan[list[TaskEvent]]:
        result = yield self._sql.bind("read_events", after=after, limit=limit)
        return [self._event(row) for row in result.rows]

    def read_late_events(self, ids: Sequence[int], /) -> Plan[list[TaskEvent]]:
        result = yield self._sql.bind("read_late_events", **self._batch(ids=list(ids)))
        return [self._event(row) for row in result.rows]

    def delete_events(
        self, *, older_than: timedelta, limit: int, now: datetime | None = None
    ) -> Plan[int]:
        result = yield self._sql.bind("delete_events", older_than=older_than, limit=limit, now=now)
        return result.count

    def _event(self, row: Row) -> TaskEvent:
        (
            number, at, namespace, queue, definition, state, tasks, task, attempt,
            cancel_requested, deleted, progress, progress_message, reason,
        ) = row  # fmt: skip
        moment = self._values.read_time(at)
        return TaskEvent(
            id=number,
            at=moment,
            namespace=namespace,
            queue=queue,
            definition=definition,
            state=shown_state(state, attempt, None, moment),
            tasks=tasks,
            task=self._values.optional_id(task),
            attempt=attempt,
            cancel_requested=bool(cancel_requested),
            deleted=bool(deleted),
            progress=progress,
            progress_message=progress_message,
            reason=reason,
        )


class TellingPlans(Plans):
    """Plans that change tasks, tell those who watch, and count.

    Attributes:
        events: Writes what they are told.
        tallier: Counts.
    """

    def __init__(
        self,
        catalog: Catalog,
        values: ColumnValues,
        batch: Batch,
        events: EventPlans,
        tallier: Tallier,
    ) -> None:
        super().__init__(catalog, values, batch)
        self.events = events
        self.tallier = tallier

    def count(self, counts: Mapping[TallyKey, int]) -> Plan[None]:
        """Count what was done, once it is committed."""
        if counts:
            yield after_commit(partial(self.tallier.count, counts))

    def count_ends(self, ids: Collection[UUID]) -> Plan[None]:
        """Count tasks that have just ended, whoever it was that ended them."""
        if ids:
            result = yield self._sql.bind("count_ends", **self._batch(ids=list(ids)))
            yield from self.count({TallyKey(*key): count for *key, count in result.rows})


def tells(changed: Callable[..., Collection[UUID]], *, ends: bool = False) -> Callable[[F], F]:
    """Decorate a plan that changes tasks: while somebody watches, it tells of them.

    That is part of its transaction, unless somebody began to watch while it waited.

    Args:
        changed: What the plan returned, and its arguments → the ids of those that changed.
        ends: Whether it ends them, without an attempt: they are counted.
    """

    def decorate(method: F) -> F:
        @wraps(method)
        def telling(self: TellingPlans, *args: Any, **kwargs: Any) -> Plan[Any]:
            if (yield from self.events.is_watched()):
                yield BEGIN
            value = yield from method(self, *args, **kwargs)
            # Once more: it may have waited for a lock, and somebody begun to watch meanwhile.
            if (yield from self.events.is_watched()):
                told = changed(value, *args, **kwargs)
                yield from self.events.tell(told, now=kwargs.get("now"))
            if ends:
                yield from self.count_ends(changed(value, *args, **kwargs))
            return value

        return cast("F", telling)

    return decorate


def ready(value: Sequence[Ready], **_: object) -> Collection[UUID]:
    """The plan returns tasks that can be claimed from now on."""
    return [task.id for task in value]


def returned(value: Collection[UUID], *_: object, **__: object) -> Collection[UUID]:
    """The plan returns the ids of what it changed."""
    return value


def named(_: None, ids: Collection[UUID], **__: object) -> Collection[UUID]:
    """The plan changes the tasks that it is given."""
    return ids


def one(done: bool, _: str, task_id: UUID, **__: object) -> Collection[UUID]:  # noqa: FBT001
    """The plan returns whether it changed the task that it is given."""
    return [task_id] if done else []
