"""Tokens of the HTTP service as plain dicts for JSON; without their secret, which nobody has."""

from __future__ import annotations

from uuid import UUID

from rowlock.model.tokens import Token
from rowlock.wire.values import Wire, optional_time_to_wire, time_to_wire


def token_to_wire(token: Token) -> Wire:
    """Return a token; every field is always there, a namespace of null is every one."""
    return {
        "id": str(token.id),
        "name": token.name,
        "namespace": token.namespace,
        "scopes": [scope.value for scope in token.scopes],
        "created_at": time_to_wire(token.created_at),
        "expires_at": optional_time_to_wire(token.expires_at),
        "revoked_at": optional_time_to_wire(token.revoked_at),
        "last_used_at": optional_time_to_wire(token.last_used_at),
    }


def token_document(token: Token, *, asking: UUID | None) -> Wire:
    """Return a `TokenDocument`; `asking` is the token that asks for it, if one does."""
    return {**token_to_wire(token), "own": token.id == asking}
