"""What requests say about queues."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from rowlock.wire.bodies.common import Duration, Moment, RetryBody
from rowlock.wire.bodies.steering import ReasonBody


class PolicyBody(Struct, kw_only=True):
    """What holds for the tasks of a queue; what is left out or null stays as it is."""

    lifetime: Duration | None = None
    ttl: Annotated[Duration | None, Meta(description="Another name of `lifetime`.")] = None
    max_attempts: int | None = None
    retries: Annotated[int | None, Meta(description="`max_attempts`; 0 is 1.")] = None
    max_crashes: int | None = None
    retry: Annotated[
        str | RetryBody | None, Meta(description="A policy, or the name of a backoff.")
    ] = None
    retry_delay: Annotated[
        Duration | None, Meta(description="A quadratic `retry` with this base, without jitter.")
    ] = None
    lease: Duration | None = None
    timeout: Duration | None = None
    retention: Duration | None = None
    reason: Annotated[str | None, Meta(description="Why, for the audit.")] = None


class NewQueueBody(PolicyBody, kw_only=True):
    """A queue to be created."""

    name: str | None = None
    queue: Annotated[str | None, Meta(description="Another name of `name`.")] = None


class PauseQueueBody(ReasonBody, kw_only=True):
    """A queue to be paused."""

    until: Annotated[Moment | None, Meta(description="When it goes on by itself.")] = None
