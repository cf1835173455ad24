"""What a handler is given: one request, understood and allowed."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

from rowlock.app.core import Core
from rowlock.app.flow import Flow, run_flow_async
from rowlock.errors import ScopeError
from rowlock.http.limits import Limits
from rowlock.http.live.live import Live
from rowlock.http.observing import Observed
from rowlock.http.streaming import EVENTS, EventStream
from rowlock.http.turns import Turns
from rowlock.http.waits import Waits
from rowlock.model.changes import By, checked_by
from rowlock.model.tokens import Scope, Token

T = TypeVar("T")

_NO_TOKEN = By(actor="HTTP without a token")


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who asks: a token, or anybody on this machine where none is needed."""

    token: Token | None = None

    @property
    def namespace(self) -> str | None:
        """The only namespace that is open to it; None for every one."""
        return None if self.token is None else self.token.namespace

    @property
    def actor(self) -> str | None:
        """What the audit calls it."""
        return (_NO_TOKEN if self.token is None else self.token.by).actor

    def allows(self, scope: Scope) -> bool:
        """Whether it may do that."""
        return self.token is None or self.token.allows(scope)

    def check(self, scopes: Iterable[Scope]) -> None:
        """Refuse what needs more than it may do.

        Raises:
            ScopeError: It lacks one of these.
        """
        for scope in scopes:
            if not self.allows(scope):
                raise ScopeError(scope.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request whose sender may make it.

    Attributes:
        core: The app in the namespace that the request is about.
        everywhere: Whether it is about every namespace: the token is good for all, and none is
            named.
        path: The parameters of its path.
        query: The values after the `?`; only those that were given.
        body: What its route says; None if it takes none.
        key: The header `Idempotency-Key`.
        base: Where the service is mounted, for addresses in answers.
        limits: What the service refuses beyond.
        observed: What is known for those who watch.
        waits: The requests that wait.
        turns: Requests that are sent again.
        live: The live events.
        accept: The header `Accept`.
        last_event: The header `Last-Event-ID`.
        gone: Returns once the client has gone away.
        check_still: Raises if the token may not be used any more.
    """

    core: Core
    identity: Identity
    everywhere: bool
    path: Mapping[str, str]
    query: Mapping[str, Any]
    body: Any
    key: str | None
    base: str
    limits: Limits
    observed: Observed
    waits: Waits
    turns: Turns
    live: Live
    accept: str
    last_event: str | None
    gone: Callable[[], Awaitable[None]]
    check_still: Callable[[], Awaitable[None]]

    async def run(self, flow: Flow[T]) -> T:
        """Run a flow to its end."""
        return await run_flow_async(self.core, flow)

    def by(self, reason: str | None = None) -> By:
        """Return who asks, and why."""
        return checked_by(self.identity.actor, reason)

    @property
    def wants_events(self) -> bool:
        """Whether the answer is to be a stream of events."""
        return EVENTS in self.accept.lower()

    def stream(self, frames: AsyncGenerator[bytes]) -> EventStream:
        """Return a stream as an answer.

        Raises:
            OverloadedError: There are too many.
            RateLimitError: There are too many of whoever asks.
        """
        with ExitStack() as stack:
            stack.enter_context(self.live.places.one(self.identity.actor))
            return EventStream(frames, stack.pop_all())

    @property
    def reveals(self) -> bool:
        """Whether payloads, results and errors may be shown."""
        return self.identity.allows(Scope.PAYLOAD_READ)


Handlers: TypeAlias = Mapping[str, Callable[[Call], Awaitable[Any]]]
"""What is done for each route, by its name in the table."""
