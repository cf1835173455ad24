"""What requests say about tickers and their ticks."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct

from rowlock.wire.bodies.common import Span, Text


class TickerTermsBody(Struct, kw_only=True):
    """What may be said of a ticker."""

    interval: Annotated[
        Span, Meta(description="From tick to tick, 1 ms to 366 days; null does not tick.")
    ] = UNSET
    payload: Annotated[Any, Meta(description="Given with each tick; null is `{}`.")] = UNSET
    queue: Annotated[
        Text, Meta(description="Where each tick makes a task of the payload; null: nowhere.")
    ] = UNSET


class NewTickerBody(TickerTermsBody, kw_only=True):
    """A ticker to be created; its interval is a minute if none is given."""

    name: str | None = None
    ticker: Annotated[str | None, Meta(description="Another name of `name`.")] = None
    reason: Annotated[str | None, Meta(description="Why, for the audit.")] = None


class TickerBody(TickerTermsBody, kw_only=True):
    """A ticker to be changed; what is left out stays."""

    reason: Annotated[str | None, Meta(description="Why, for the audit.")] = None


class TakenTickBody(Struct, kw_only=True):
    """A tick that was taken."""

    token: Annotated[
        str, Meta(description="What it came with.", extra_json_schema={"format": "uuid"})
    ]
