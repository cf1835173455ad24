"""An app that stores nothing and remembers what it was asked to store."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from rowlock.definitions.decorator import TaskDecorator
from rowlock.definitions.definition import TaskDefinition
from rowlock.definitions.options import TaskOptions
from rowlock.definitions.registry import Registry
from rowlock.model.ids import new_task_id
from rowlock.model.states import TaskState
from rowlock.model.tasks import Task


class RecordingEnqueuer:
    def __init__(self) -> None:
        self.calls: list[tuple[str, str, Any, TaskOptions]] = []
        self.overrides: dict[Any, Any] = {}

    def _task(self, way: str, definition: Any, arguments: Any, options: TaskOptions) -> Task:
        self.calls.append((way, definition.alias, arguments, options))
        now = datetime.now(UTC)
        return Task(
            id=new_task_id(),
            namespace="default",
            queue=options.queue or definition.queue,
            definition=definition.alias,
            state=TaskState.QUEUED,
            priority=0,
            payload=arguments,
            run_at=now,
            attempt=0,
            max_attempts=4,
            crashes=0,
            max_crashes=3,
            created_at=now,
        )

    def enqueue(
        self,
        definition: TaskDefinition[..., Any],
        arguments: Mapping[str, Any],
        options: TaskOptions,
    ) -> Task:
        return self._task("enqueue", definition, arguments, options)

    async def aenqueue(
        self,
        definition: TaskDefinition[..., Any],
        arguments: Mapping[str, Any],
        options: TaskOptions,
    ) -> Task:
        return self._task("aenqueue", definition, arguments, options)

    def enqueue_if_not_exists(
        self,
        definition: TaskDefinition[..., Any],
        arguments: Mapping[str, Any],
        options: TaskOptions,
    ) -> tuple[Task, bool]:
        return self._task("enqueue_if_not_exists", definition, arguments, options), True

    async def aenqueue_if_not_exists(
        self,
        definition: TaskDefinition[..., Any],
        arguments: Mapping[str, Any],
        options: TaskOptions,
    ) -> tuple[Task, bool]:
        return self._task("aenqueue_if_not_exists", definition, arguments, options), True

    def enqueue_many(
        self,
        definition: TaskDefinition[..., Any],
        arguments: Iterable[Mapping[str, Any]],
        options: TaskOptions,
    ) -> list[UUID]:
        return [self._task("enqueue_many", definition, one, options).id for one in arguments]

    async def aenqueue_many(
        self,
        definition: TaskDefinition[..., Any],
        arguments: Iterable[Mapping[str, Any]],
        options: TaskOptions,
    ) -> list[UUID]:
        return [self._task("aenqueue_many", definition, one, options).id for one in arguments]


class App(TaskDecorator):
    def __init__(self) -> None:
        self.registry = self._registry = Registry()
        self.enqueuer = self._enqueuer = RecordingEnqueuer()

    @property
    def calls(self) -> list[tuple[str, str, Any, TaskOptions]]:
        return self.enqueuer.calls


@pytest.fixture
def app() -> App:
    return App()
