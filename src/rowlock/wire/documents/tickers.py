"""What the HTTP service answers about tickers and their ticks."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType


class TickerDocument(Struct, forbid_unknown_fields=True, kw_only=True):
    """A ticker as it is now."""

    id: str
    name: str
    ticker: Annotated[str, Meta(description="The same as `name`.")]
    namespace: str
    interval_seconds: Annotated[float | None, Meta(description="Null: it does not tick.")]
    interval: Annotated[float | None, Meta(description="The same as `interval_seconds`.")]
    payload: Any
    queue: Annotated[str | None, Meta(description="Where each tick makes a task.")]
    timestamp: Annotated[datetime | None, Meta(description="The moment of the last tick.")]
    last_tick_at: Annotated[datetime | None, Meta(description="The last that was taken.")]
    next_tick_at: datetime | None
    last_task_at: Annotated[datetime | None, Meta(description="The last that made a task.")]
    next_task_at: datetime | None
    held_until: Annotated[
        datetime | None, Meta(description="Until when whoever took the last one may handle it.")
    ]
    missed: Annotated[int, Meta(description="How many the last one stands for besides itself.")]
    attempt: Annotated[int, Meta(description="How often the last one was taken.")]
    created_at: datetime | None
    updated_at: datetime | None
    hidden: Annotated[
        list[str] | UnsetType,
        Meta(description="`payload`, if it is null because the token lacks `payload:read`."),
    ] = UNSET


class TickerList(Struct, forbid_unknown_fields=True):
    """A page of tickers by name; `count` is that of all."""

    count: int
    body: list[TickerDocument]


class TickDocument(Struct, forbid_unknown_fields=True, kw_only=True):
    """A tick in the hands of its taker."""

    name: Annotated[str, Meta(description="The ticker's.")]
    at: Annotated[datetime, Meta(description="Its moment on the grid.")]
    payload: Any
    missed: Annotated[int, Meta(description="How many earlier ones it stands for.")]
    attempt: Annotated[int, Meta(description="More than 1 if others took and lost it.")]
    token: Annotated[str, Meta(description="Confirms and renews it.")]
    lease_seconds: Annotated[float, Meta(description="After that it goes to another.")]


class TickedDocument(TickerDocument, forbid_unknown_fields=True, kw_only=True):
    """A ticker that has just ticked, and its tick.

    The tick is confirmed once it has reached the client, or by the client before that.
    """

    tick: TickDocument


class RenewedDocument(Struct, forbid_unknown_fields=True):
    """A tick that is held for longer."""

    name: str
    lease_seconds: Annotated[float, Meta(description="From now on.")]


class ConfirmedDocument(Struct, forbid_unknown_fields=True):
    """A tick that its taker is done with."""

    name: str
