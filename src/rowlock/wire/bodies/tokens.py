"""What requests say about tokens."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from rowlock.wire.bodies.common import Duration


class NewTokenBody(Struct, kw_only=True):
    """A token to be made; it may have no more than the one that asks for it."""

    name: Annotated[str, Meta(description="Whose it is, for people and for the audit.")]
    scopes: Annotated[list[str], Meta(description="What it may do.")]
    expires: Annotated[
        Duration | None,
        Meta(description="After how long it ends; when the one that asks does, or never."),
    ] = None
    all_namespaces: Annotated[
        bool, Meta(description="Whether it is good for every one, and not for this one alone.")
    ] = False
    reason: Annotated[str | None, Meta(description="Why, for the audit.")] = None
