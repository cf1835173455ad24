"""Plans that store tasks."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import Any
from uuid import UUID

from rowlock.model.states import TaskState
from rowlock.model.tallies import Counted, TallyKey
from rowlock.model.tasks import NewTask, Task, TaskTerms
from rowlock.plan import BEGIN, Plan, Statement
from rowlock.storage.contract import Identity
from rowlock.storage.rows import Inserted, inserted_from_row, inserted_task
from rowlock.storage.sql.events import MANY, TellingPlans, Way, returned, tells
from rowlock.storage.wakeups import Hint

INLINE_PAYLOAD_LENGTH = 2048
"""Longer payloads live in a table of their own, so that a claim rewrites short rows."""


def is_inline(task: NewTask) -> bool:
    """Whether the payload travels in the task's own row."""
    return len(task.payload) <= INLINE_PAYLOAD_LENGTH


def common_columns(terms: TaskTerms, namespace: str, now: datetime) -> dict[str, Any]:
    """Return the columns that fresh tasks have in common."""
    due = terms.run_at or (now + terms.delay if terms.delay else now)
    return {
        "namespace": namespace,
        "queue": terms.queue,
        "definition": terms.definition,
        "state": "scheduled" if due > now else "queued",
        "priority": -terms.priority,
        "run_at": due,
        "max_attempts": terms.max_attempts,
        "max_crashes": terms.max_crashes,
        "expires_at": due + terms.lifetime if terms.lifetime else None,
        "tags": terms.tags,
        "options": terms.options,
        "created_at": now,
    }


def inline_payload(task: NewTask) -> str | None:
    """Return the payload as it stands in the task's own row."""
    return task.payload if is_inline(task) else None


def _inserted(new: NewTask, now: datetime, aliases: Mapping[str, str]) -> Inserted:
    """Return what a task is once it has gone in at that time."""
    columns = common_columns(new.terms, "", now)
    return Inserted(
        state=TaskState(columns["state"]),
        run_at=columns["run_at"],
        expires_at=columns["expires_at"],
        created_at=now,
        alias=aliases.get(new.terms.definition or ""),
    )


def _key(namespace: str, terms: TaskTerms) -> TallyKey:
    return TallyKey(namespace, terms.queue, terms.definition, Counted.ENQUEUED)


def _of_tasks(tasks: Sequence[Task], *_: object, **__: object) -> list[UUID]:
    """The plan returns the tasks that it stored."""
    return [task.id for task in tasks]


def _of_task(task: Task | None, *_: object, **__: object) -> list[UUID]:
    return [] if task is None else [task.id]


class _Counted:
    """Passes tasks on, and knows how many, and which if they are few."""

    def __init__(self, tasks: Iterator[NewTask], first: list[UUID]) -> None:
        self._tasks = tasks
        self._first = first
        self.count = 0

    def __iter__(self) -> Iterator[NewTask]:
        for task in self._tasks:
            self.count += 1
            if self.count <= MANY + 1:
                self._first.append(task.id)
            yield task


class EnqueuePlans(TellingPlans, ABC):
    """`EnqueueStore` over a statement catalogue."""

    @tells(_of_task)
    def insert_task(
        self,
        new: NewTask,
        *,
        namespace: str,
        hint: Hint | None = None,
        now: datetime | None = None,
    ) -> Plan[Task | None]:
        if not is_inline(new):
            yield BEGIN
        terms = new.terms
        result = yield self._sql.bind(
            "insert_task",
            id=new.id,
            namespace=namespace,
            queue=terms.queue,
            definition=terms.definition,
            priority=-terms.priority,
            run_at=terms.run_at,
            delay=terms.delay,
            lifetime=terms.lifetime,
            max_attempts=terms.max_attempts,
            max_crashes=terms.max_crashes,
            unique_key=new.unique_key,
            tags=terms.tags,
            options=terms.options,
            payload=inline_payload(new),
            now=now,
            channel=None if hint is None else hint.channel,
            hint=None if hint is None else hint.payload,
        )
        if not result.rows:
            return None
        yield from self._insert_payloads([] if is_inline(new) else [new])
        yield from self.count({_key(namespace, terms): 1})
        return inserted_task(new, namespace, inserted_from_row(result.rows[0], self._values))

    @tells(_of_tasks)
    def insert_together(
        self,
        tasks: Sequence[NewTask],
        *,
        namespace: str,
        hints: Sequence[Hint] = (),
        now: datetime | None = None,
    ) -> Plan[list[Task]]:
        stored = yield from self._insert_and_read(tasks, namespace, hints, now)
        yield from self._complete([new for new, _ in stored], namespace)
        return [inserted_task(new, namespace, inserted) for new, inserted in stored]

    def _insert_and_read(
        self,
        tasks: Sequence[NewTask],
        namespace: str,
        hints: Sequence[Hint],
        now: datetime | None,
    ) -> Plan[list[tuple[NewTask, Inserted]]]:
        """Insert tasks, and find out what only the database can say of those that went in."""
        del hints  # only PostgreSQL can call
        yield BEGIN
        if now is None:
            now = yield from self._clock()
        aliases = yield from self._aliases(namespace, tasks)
        inserted = yield from self._insert(tasks, namespace, now)
        return [(new, _inserted(new, now, aliases)) for new in tasks if new.id in inserted]

    def _complete(self, stored: Sequence[NewTask], namespace: str) -> Plan[None]:
        """Insert what does not fit into the rows of tasks that went in, and count them."""
        yield from self._insert_payloads([task for task in stored if not is_inline(task)])
        yield from self.count(Counter(_key(namespace, task.terms) for task in stored))

    def _aliases(self, namespace: str, tasks: Sequence[NewTask]) -> Plan[dict[str, str]]:
        """Return how the definitions of tasks are spelled, by their keys."""
        keys = {task.terms.definition for task in tasks if task.terms.definition is not None}
        if not keys:
            return {}
        columns = self._batch(keys=sorted(keys))
        result = yield self._sql.bind("read_aliases", namespace=namespace, **columns)
        return dict(result.rows)

    @tells(returned)
    def insert_tasks(
        self,
        tasks: Sequence[NewTask],
        *,
        namespace: str,
        replayed: bool = False,
        now: datetime | None = None,
    ) -> Plan[set[UUID]]:
        if replayed or not all(map(is_inline, tasks)):
            yield BEGIN
        inserted = yield from self._insert(tasks, namespace, now)
        if replayed and inserted:
            inserted -= yield from self._forget_replayed(inserted)
        yield from self._complete([task for task in tasks if task.id in inserted], namespace)
        return inserted

    def _insert(
        self, tasks: Sequence[NewTask], namespace: str, now: datetime | None
    ) -> Plan[set[UUID]]:
        result = yield self._insertion(tasks, namespace, now)
        return self._ids(result.rows)

    def _insertion(
        self, tasks: Sequence[NewTask], namespace: str, now: datetime | None
    ) -> Statement:
        columns = self._columns(tasks)
        return self._sql.bind("insert_tasks", namespace=namespace, now=now, **columns)

    def _insert_payloads(self, large: Sequence[NewTask]) -> Plan[None]:
        if large:
            columns = {"tasks": [one.id for one in large], "bodies": [one.payload for one in large]}
            yield self._sql.bind("insert_payloads", **self._batch(**columns))

    def _forget_replayed(self, inserted: set[UUID]) -> Plan[set[UUID]]:
        result = yield self._sql.bind("forget_replayed", **self._batch(ids=list(inserted)))
        return self._ids(result.rows)

    def _columns(self, tasks: Sequence[NewTask]) -> Any:
        return self._batch(
            ids=[task.id for task in tasks],
            queues=[task.terms.queue for task in tasks],
            definitions=[task.terms.definition for task in tasks],
            priorities=[-task.terms.priority for task in tasks],
            run_ats=[task.terms.run_at for task in tasks],
            delays=[task.terms.delay for task in tasks],
            lifetimes=[task.terms.lifetime for task in tasks],
            max_attempts=[task.terms.max_attempts for task in tasks],
            max_crashes=[task.terms.max_crashes for task in tasks],
            unique_keys=[task.unique_key for task in tasks],
            tags=[task.terms.tags for task in tasks],
            options=[task.terms.options for task in tasks],
            payloads=[inline_payload(task) for task in tasks],
        )

    def insert_fresh_tasks(
        self, tasks: Iterable[NewTask], *, namespace: str, now: datetime | None = None
    ) -> Plan[None]:
        yield BEGIN
        if now is None:
            now = yield from self._clock()
        inserted: Counter[Way] = Counter()
        stored: Counter[TallyKey] = Counter()
        first: list[UUID] = []
        for terms, group in groupby(tasks, key=attrgetter("terms")):
            common, counted = common_columns(terms, namespace, now), _Counted(group, first)
            yield from self._insert_alike(iter(counted), common)
            inserted[Way(namespace, terms.queue, terms.definition, common["state"])] += (
                counted.count
            )
            stored[_key(namespace, terms)] += counted.count
        yield from self.count(stored)
        # Not before: somebody may have begun to watch since.
        if (yield from self.events.is_watched()):
            if len(first) <= MANY:
                yield from self.events.tell(first, now=now)
            else:
                yield from self.events.tell_counts(inserted, now=now)

    def _clock(self) -> Plan[datetime]:
        clock = yield self._sql.bind("read_clock", now=None)
        return self._values.read_time(clock.rows[0][0])

    @abstractmethod
    def _insert_alike(self, tasks: Iterator[NewTask], common: Mapping[str, Any]) -> Plan[None]:
        """Insert fresh tasks that have their columns in common but for id and payload."""

    def read_identities(self, ids: Sequence[UUID], /) -> Plan[dict[UUID, Identity]]:
        result = yield self._sql.bind("read_identities", **self._batch(ids=list(ids)))
        return {
            self._values.read_id(task_id): Identity(namespace, definition, payload)
            for task_id, namespace, definition, payload in result.rows
        }

    def find_unique_holder(self, namespace: str, unique_key: str, /) -> Plan[UUID | None]:
        result = yield self._sql.bind(
            "find_unique_holder", namespace=namespace, unique_key=unique_key
        )
        return self._values.read_id(result.rows[0][0]) if result.rows else None
