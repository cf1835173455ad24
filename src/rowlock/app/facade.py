"""What `Rowlock` and `AsyncRowlock` have in common: settings, the decorator, the enqueuer."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any, TypedDict, Unpack
from uuid import UUID

from rowlock.app import enqueuing
from rowlock.app.core import Core, Settings
from rowlock.app.extending import Extending
from rowlock.app.flow import run_flow, run_flow_async
from rowlock.backoff import RetryPolicy
from rowlock.definitions.definition import TaskDefinition
from rowlock.definitions.dependencies import Overrides
from rowlock.definitions.options import Tags, TaskOptions
from rowlock.model.durations import Duration
from rowlock.model.tasks import Task


class GivenPolicy(TypedDict, total=False):
    """What can be set for a queue. See `rowlock.model.queues.QueuePolicy`."""

    lifetime: Duration
    max_attempts: int
    max_crashes: int
    retry: RetryPolicy | str
    lease: Duration
    timeout: Duration
    retention: Duration


class Wanted(TypedDict, total=False):
    """What a list of tasks can be asked for. See `rowlock.model.tasks.TaskFilter`."""

    states: Collection[str]
    queue: str | None
    definition: str | None
    tags: Tags
    created_after: datetime | None
    created_before: datetime | None
    include_deleted: bool
    worker: str | None
    unique_key: str | None
    started_after: datetime | None
    started_before: datetime | None
    finished_after: datetime | None
    finished_before: datetime | None
    error: str | None
    arguments: Mapping[str, Any] | None


def given_payload(payload: Any, definition: object) -> Any:
    """Return the payload; a definition without arguments takes none."""
    return {} if payload is None and definition is not None else payload


class DefinitionEnqueuer:
    """Stores the tasks of definitions, whichever facade they were made on."""

    def __init__(self, core: Core) -> None:
        self._core = core

    @property
    def overrides(self) -> Overrides:
        """Which provider stands in for which. See `Enqueuer`."""
        return self._core.extensions.overrides

    def enqueue(
        self,
        definition: TaskDefinition[..., Any],
        arguments: Mapping[str, Any],
        options: TaskOptions,
    ) -> Task:
        """Store one task. See `Enqueuer`."""
        flow = enqueuing.enqueue(self._core, definition, arguments, options)
        return run_flow(self._core, flow)

    async def aenqueue(
        self,
        definition: TaskDefinition[..., Any],
        arguments: Mapping[str, Any],
        options: TaskOptions,
    ) -> Task:
        """Store one task. See `Enqueuer`."""
        flow = enqueuing.enqueue(self._core, definition, arguments, options)
        return await run_flow_async(self._core, flow)

    def enqueue_if_not_exists(
        self,
        definition: TaskDefinition[..., Any],
        arguments: Mapping[str, Any],
        options: TaskOptions,
    ) -> tuple[Task, bool]:
        """Store one task unless a live one holds its unique key. See `Enqueuer`."""
        flow = enqueuing.enqueue_if_not_exists(self._core, definition, arguments, options)
        return run_flow(self._core, flow)

    async def aenqueue_if_not_exists(
        self,
        definition: TaskDefinition[..., Any],
        arguments: Mapping[str, Any],
        options: TaskOptions,
    ) -> tuple[Task, bool]:
        """Store one task unless a live one holds its unique key. See `Enqueuer`."""
        flow = enqueuing.enqueue_if_not_exists(self._core, definition, arguments, options)
        return await run_flow_async(self._core, flow)

    def enqueue_many(
        self,
        definition: TaskDefinition[..., Any],
        arguments: Iterable[Mapping[str, Any]],
        options: TaskOptions,
    ) -> list[UUID]:
        """Store a task for each of the arguments. See `Enqueuer`."""
        flow = enqueuing.enqueue_many(self._core, definition, arguments, options)
        return run_flow(self._core, flow)

    async def aenqueue_many(
        self,
        definition: TaskDefinition[..., Any],
        arguments: Iterable[Mapping[str, Any]],
        options: TaskOptions,
    ) -> list[UUID]:
        """Store a task for each of the arguments. See `Enqueuer`."""
        flow = enqueuing.enqueue_many(self._core, definition, arguments, options)
        return await run_flow_async(self._core, flow)


class Facade(Extending):
    """One app: its core, `@app.task`, and what is added to handlers and workers."""

    def __init__(self, url: str, /, **settings: Unpack[Settings]) -> None:
        self._core = Core(url, **settings)
        self._registry = self._core.registry
        self._extensions = self._core.extensions
        self._enqueuer = DefinitionEnqueuer(self._core)

    @property
    def core(self) -> Core:
        """The shared part, for the worker and the command line."""
        return self._core

    @property
    def definitions(self) -> list[TaskDefinition[..., Any]]:
        """The definitions registered on this app, in order."""
        return list(self._registry)
