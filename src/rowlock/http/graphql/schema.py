"""The schema: what can be asked for in GraphQL, and how it is found."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Generator, Mapping
from contextlib import aclosing, contextmanager
from typing import Annotated, Any, Final, TypeAlias, TypeVar, cast

import strawberry
from graphql import GraphQLError
from strawberry.extensions import SchemaExtension
from strawberry.scalars import JSON
from strawberry.schema.config import StrawberryConfig
from strawberry.types import ExecutionContext, Info

from rowlock.app import enqueuing, waiting_flows
from rowlock.definitions.options import task_options
from rowlock.errors import InvalidValueError, ScopeError
from rowlock.http.graphql.asking import Asking
from rowlock.http.graphql.fields import FIELDS
from rowlock.http.graphql.query import Operation
from rowlock.http.graphql.types import SCALARS, DurationText, Types, values_of
from rowlock.http.handlers.tasks import known_queue, options_from, payload_from
from rowlock.http.reading import body_of, read_text
from rowlock.model import json_text
from rowlock.model.progress import progress_of
from rowlock.model.tokens import Scope
from rowlock.wire.bodies.tasks import CancelBody, NewTaskBody, RetryTaskBody
from rowlock.wire.documents.observing import StatsDocument
from rowlock.wire.documents.tasks import (
    CanceledDocument,
    EnqueuedDocument,
    ProgressDocument,
    TaskDocument,
    TaskList,
)
from rowlock.wire.routes.table import COUNT, MAX_PAGE
from rowlock.wire.routes.tasks import TASKS
from rowlock.wire.service import enqueued_document, progress_document, task_document
from rowlock.wire.values import Wire

Resolver = TypeVar("Resolver", bound=Callable[..., Any])

_types = Types()
_QUERIES = {
    query.name: query
    for route in TASKS
    if route.name == "list_tasks"
    for query in route.queries
    if query.name not in (COUNT, "before", "offset", "limit")
}
Task = _types.output(TaskDocument, states=True)
Tasks = _types.output(TaskList)
Canceled = _types.output(CanceledDocument)
Enqueued = _types.output(EnqueuedDocument)
Progress = _types.output(ProgressDocument, states=True)
Stats = _types.output(StatsDocument)


@_types.body(NewTaskBody)
class NewTask:
    """What is said of a task to be stored."""


@_types.filter(_QUERIES.values(), "Which tasks to list; all that is given has to fit.")
class TaskFilter:
    """What is said of tasks to be listed."""


TaskId: TypeAlias = Annotated[
    strawberry.ID, strawberry.argument(name="id", description="The task's id.")
]
Given: TypeAlias = Annotated[NewTask, strawberry.argument(name="task")]
Key: TypeAlias = Annotated[
    strawberry.ID | None,
    strawberry.argument(
        description="A UUID: the task's id. Sent again, it answers with the task that is there."
    ),
]
Reason: TypeAlias = Annotated[str | None, strawberry.argument(description="Why, for the audit.")]


def _described(field: str, kind: Any) -> Callable[[Resolver], Resolver]:
    """Return the decorator of a root field; its function returns documents of that type."""
    mark: Callable[[Resolver], Resolver] = strawberry.field(
        description=FIELDS[field].description, graphql_type=kind
    )
    return mark


def _followed(field: str, kind: Any) -> Callable[[Resolver], Resolver]:
    """Return the decorator of a root field that goes on."""
    mark: Callable[[Resolver], Resolver] = strawberry.subscription(
        description=FIELDS[field].description, graphql_type=kind
    )
    return mark


def _allowed(info: Info) -> Asking:
    """Return who asks, if they may ask for this field."""
    asking: Asking = info.context
    asking.allow(info.field_name)
    return asking


@strawberry.type(description="What can be read.")
class Query:
    """What can be read; a field that is refused is null, and leaves the others alone."""

    @_described("task", Task | None)
    async def task(self, info: Info, task_id: TaskId) -> Wire:
        """Show a task."""
        return await _allowed(info).handled("get_task", task=task_id)

    @_described("tasks", Tasks | None)
    async def tasks(
        self,
        info: Info,
        filter: TaskFilter | None = None,  # noqa: A002 - its name in the schema
        before: strawberry.ID | None = None,
        limit: int = MAX_PAGE,
    ) -> Wire:
        """List tasks."""
        asking = _allowed(info)
        query = {} if filter is None else _query_of(filter)
        query |= {"limit": limit} if before is None else {"limit": limit, "before": before}
        return await asking.handled("list_tasks", query=query)

    @_described("taskProgress", Progress | None)
    async def task_progress(
        self,
        info: Info,
        type: Annotated[str, strawberry.argument(description="The definition.")],  # noqa: A002
        payload: Annotated[
            JSON | None,
            strawberry.argument(
                description="Values by key that its payload has. Needs `payload:read` besides."
            ),
        ] = None,
    ) -> Wire | None:
        """Show how far the unfinished task of a definition is."""
        asking = _allowed(info)
        call = asking.call
        if payload is not None and not call.reveals:
            raise ScopeError(Scope.PAYLOAD_READ.value)
        json_text.encode("type", type)
        values = cast("Mapping[str, Any] | None", payload)
        with _called(alias="type", arguments="payload"):
            found = await call.run(waiting_flows.get_task_progress(call.core, type, values))
        return None if found is None else progress_document(found)

    @_described("stats", Stats | None)
    async def stats(
        self, info: Info, queue: str | None = None, window: DurationText | None = None
    ) -> Wire:
        """Tell what there is, and what was done of late."""
        asking = _allowed(info)
        given = {"queue": queue, "window": window}
        query = {name: value for name, value in given.items() if value is not None}
        json_text.encode("queue", queue)
        return await asking.handled("stats", query=query)


@strawberry.type(description="What changes tasks. Each field is done on its own, in order.")
class Mutation:
    """What changes tasks."""

    @_described("enqueue", Task | None)
    async def enqueue(self, info: Info, given: Given, idempotency_key: Key = None) -> Wire:
        """Store a task."""
        asking, body = _allowed(info), _body_of(given)
        return await asking.handled("create_task", body=body, key=idempotency_key)

    @_described("enqueueIfNotExists", Enqueued | None)
    async def enqueue_if_not_exists(self, info: Info, given: Given) -> Wire:
        """Store a task unless one like it is there."""
        call, body = _allowed(info).call, _body_of(given)
        options = task_options(**options_from(body))
        if body.definition is None and options.unique is None:
            raise InvalidValueError("unique", "is missing; or name a definition")
        payload = payload_from(body)
        if body.queue is not None:
            await call.run(known_queue(call.core, body.queue))
        task, created = await call.run(
            enqueuing.enqueue_if_not_exists(call.core, body.definition, payload, options)
        )
        return enqueued_document(
            task_document(task, reveal=call.reveals),
            created=created,
            shown=call.identity.allows(Scope.TASKS_READ),
        )

    @_described("cancel", Canceled | None)
    async def cancel(
        self, info: Info, task_id: TaskId, *, force: bool = False, reason: Reason = None
    ) -> Wire:
        """Cancel a task."""
        asking = _allowed(info)
        body = body_of({"force": force, "reason": reason}, CancelBody)
        return await asking.handled("cancel", task=task_id, body=body)

    @_described("retry", Task | None)
    async def retry(
        self,
        info: Info,
        task_id: TaskId,
        attempts: int | None = None,
        reason: Reason = None,
    ) -> Wire:
        """Run a finished task again."""
        asking = _allowed(info)
        body = body_of({"attempts": attempts, "reason": reason}, RetryTaskBody)
        return await asking.handled("retry", task=task_id, body=body)


@strawberry.type(description="What can be followed.")
class Subscription:
    """What can be followed, as server-sent events."""

    @_followed("taskProgress", Progress)
    async def task_progress(self, info: Info, task_id: TaskId) -> AsyncGenerator[Wire]:
        """Follow a task up to its end."""
        async with aclosing(_allowed(info).follow(task_id)) as tasks:
            async for task in tasks:
                yield progress_document(progress_of(task))


@contextmanager
def _called(**names: str) -> Generator[None]:
    """Name what is refused in this block as the schema does."""
    try:
        yield
    except InvalidValueError as error:
        field = names.get(error.field, error.field)
        raise InvalidValueError(field, error.problem) from error


def _query_of(given: object) -> dict[str, Any]:
    """Return a filter as the parameters of the route, each read as REST reads it."""
    return {
        name: _read(name, value) for name, value in values_of(given).items() if value is not None
    }


def _read(name: str, value: Any) -> Any:
    if isinstance(value, bool):
        return value
    query = _QUERIES[name]
    return [read_text(query, one) for one in value] if query.repeated else read_text(query, value)


def _body_of(given: object) -> NewTaskBody:
    return cast("NewTaskBody", body_of(values_of(given), NewTaskBody))


class ReadOnce(SchemaExtension):
    """Takes what was read when the request came, or earlier."""

    def on_parse(self) -> Generator[None]:
        """Put it where it would be after it was parsed."""
        self.execution_context.graphql_document = self.execution_context.context.operation.document
        yield

    def on_validate(self) -> Generator[None]:
        """Leave out what was done before."""
        operation: Operation = self.execution_context.context.operation
        if operation.valid:
            self.execution_context.pre_execution_errors = []
        yield
        operation.valid = not self.execution_context.pre_execution_errors


class Schema(strawberry.Schema):
    """A schema whose errors are told by us."""

    def process_errors(
        self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None
    ) -> None:
        """Leave the log alone: what belongs there is written when the error is told."""


def _value(document: Wire, name: str) -> Any:
    return document.get(name)


SCHEMA: Final = Schema(
    Query,
    Mutation,
    Subscription,
    extensions=[ReadOnce],
    config=StrawberryConfig(default_resolver=_value, scalar_map=SCALARS),
)
