"""What requests say to change a task that is there."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Struct

from rowlock.wire.bodies.common import Duration, Moment
from rowlock.wire.bodies.tasks import TermsBody


class ReasonBody(Struct, kw_only=True):
    """Why it is asked for, for the audit."""

    reason: str | None = None


class PauseBody(ReasonBody, kw_only=True):
    """A waiting task to be held back."""

    until: Annotated[Moment | None, Meta(description="When it waits on by itself.")] = None


class EditsBody(Struct, kw_only=True):
    """What is to be different; what is left out or null stays."""

    priority: int | None = None
    run_at: Moment | None = None
    delay: Duration | None = None
    max_attempts: int | None = None
    tags: list[str] | None = None


class EditBody(EditsBody, kw_only=True):
    """A waiting task to be changed."""

    arguments: Annotated[
        dict[str, Any] | None, Meta(description="All of its arguments from now on.")
    ] = None
    set_arguments: Annotated[
        dict[str, Any] | None, Meta(description="Arguments to set; the others stay.")
    ] = None
    reason: str | None = None


class RequeueBody(TermsBody, kw_only=True):
    """A new task like another one; what is left out or null is as in that one."""

    arguments: Annotated[
        dict[str, Any] | None, Meta(description="All of the new task's arguments.")
    ] = None
    reason: str | None = None
