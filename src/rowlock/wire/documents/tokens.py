"""What the HTTP service answers about tokens."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct


class TokenDocument(Struct, forbid_unknown_fields=True, kw_only=True):
    """A token without its secret, which nobody has but its owner."""

    id: str
    name: str
    namespace: Annotated[str | None, Meta(description="Null: it is good for every one.")]
    scopes: list[str]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: Annotated[datetime | None, Meta(description="Written once a minute at most.")]
    own: Annotated[bool, Meta(description="Whether it is the one that asks.")]


class NewTokenDocument(TokenDocument, forbid_unknown_fields=True, kw_only=True):
    """A token that was made now."""

    token: Annotated[str, Meta(description="What its owner sends; nobody can read it again.")]


class TokenList(Struct, forbid_unknown_fields=True):
    """A page of tokens in the order in which they were made; `count` is that of all."""

    count: int
    body: list[TokenDocument]
