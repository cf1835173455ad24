"""What the HTTP service answers about itself, and about who asks."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct

from rowlock.wire.documents.tokens import TokenDocument


class IdentityDocument(Struct, forbid_unknown_fields=True):
    """Who asks."""

    namespace: Annotated[str, Meta(description="Which one this request is about.")]
    token: Annotated[TokenDocument | None, Meta(description="Null where the service needs none.")]


class DatabaseDocument(Struct, forbid_unknown_fields=True, kw_only=True):
    """The database of the service."""

    engine: str
    version: str
    advised: Annotated[
        str | None, Meta(description="An older version than this one should not be used.")
    ]
    now: Annotated[datetime, Meta(description="What its clock says.")]
    schema: Annotated[int | None, Meta(description="The version of its tables.")]
    wrong: Annotated[str | None, Meta(description="Why the service cannot use the tables.")]
    changed: Annotated[
        list[str], Meta(description="Migrations that were applied from another text.")
    ]


class ServiceDocument(Struct, forbid_unknown_fields=True, kw_only=True):
    """The service."""

    version: Annotated[str, Meta(description="Of Rowlock.")]
    now: Annotated[datetime, Meta(description="What its clock says.")]
    requests_per_second: Annotated[float, Meta(description="Of one token, and of one address.")]
    requests_at_once: Annotated[int, Meta(description="How many of them may come together.")]
    streams: Annotated[int, Meta(description="How many there may be of one token.")]
    database: Annotated[
        DatabaseDocument | None, Meta(description="Null without the scope `metrics:read`.")
    ]
