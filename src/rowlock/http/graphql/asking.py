"""What resolvers are given: one request in GraphQL, which may ask for several things."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from starlette.requests import Request

from rowlock.app import flows, waiting_flows
from rowlock.http.answers import Answer
from rowlock.http.call import Call
from rowlock.http.graphql.fields import FIELDS
from rowlock.http.guard import Guard
from rowlock.http.handlers import HANDLERS
from rowlock.model.tasks import Task
from rowlock.wire.values import Wire


class Asking:
    """One request whose sender is known.

    Attributes:
        call: Who asks, about which namespace.
        operation: What is asked, as the engine read it.
    """

    def __init__(
        self, call: Call, guard: Guard, request: Request, fail: Callable[[Exception], None]
    ) -> None:
        self.call = call
        self._guard = guard
        self._request = request
        self._fail = fail
        self._asked = 0
        self.operation: Any = None

    def wants(self, media_type: str) -> bool:
        """Whether the answer is to be of that type."""
        return media_type in self._request.headers.get("accept", "").lower()

    def allow(self, field: str) -> None:
        """Let a field of the schema's roots be resolved.

        Raises:
            ScopeError: Whoever asks may not do that.
            RateLimitError: Each field counts like a request, and there were too many.
        """
        self._asked += 1
        if self._asked > 1:  # the first one is the request, which was counted
            self._guard.count(self.call.identity)
        self.call.identity.check(FIELDS[field].scopes)

    def count_error(self, error: Exception) -> None:
        """Take note of why a field failed, if the database is the reason."""
        self._fail(error)

    async def handled(
        self,
        name: str,
        *,
        task: str = "",
        query: Mapping[str, Any] | None = None,
        body: object = None,
        key: str | None = None,
    ) -> Wire:
        """Return the document that a handler of REST answers.

        Args:
            name: The handler's.
            task: The parameter of its path.
            query: The values after the `?`.
            body: What the request says.
            key: The header `Idempotency-Key`.
        """
        call = replace(self.call, path={"task": task}, query=query or {}, body=body, key=key)
        document = await HANDLERS[name](call)
        answered: Wire = document.document if isinstance(document, Answer) else document
        return answered

    async def follow(self, task_id: str) -> AsyncGenerator[Task]:
        """Yield a task whenever it is further, up to its end.

        Raises:
            TaskNotFoundError: The namespace has none of that id, or no longer.
            UnauthenticatedError: The token may not be used any more.
        """
        call = self.call
        most = timedelta(seconds=call.limits.recheck_seconds)
        task = await call.run(flows.get_task(call.core, task_id))
        yield task
        while not task.state.is_final:
            seen = task
            task = await call.run(waiting_flows.wait_for_news(call.core, seen, timeout=most))
            await self._guard.check_still(self._request)
            if waiting_flows.is_further(task, seen):
                yield task
