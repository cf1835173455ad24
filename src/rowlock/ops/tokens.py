"""Tokens of the HTTP service: making, judging and revoking them."""

from __future__ import annotations

from datetime import timedelta
from hmac import compare_digest
from uuid import UUID

from rowlock.errors import TokenNotFoundError
from rowlock.model.changes import By, NewAudit
from rowlock.model.tokens import NewToken, Token, digest_of
from rowlock.plan import BEGIN, Plan
from rowlock.storage.storage import Storage

SEEN_INTERVAL = timedelta(minutes=1)


def create_token(
    storage: Storage,
    namespace: str,
    new: NewToken,
    *,
    lifetime: timedelta | None,
    by: By,
    maker: Token | None = None,
) -> Plan[Token]:
    """Store a token and record it in the audit of a namespace.

    Args:
        storage: Where.
        namespace: In which namespace it is recorded.
        new: The token.
        lifetime: After how long it ends; None for never, or when its maker does.
        by: Who asks, and why.
        maker: The token that hands it out; None for somebody who may hand out any.

    Raises:
        GrantError: It would have more than its maker.
    """
    yield BEGIN
    until = None if maker is None or lifetime is not None else maker.expires_at
    yield from storage.tokens.insert_token(new, lifetime=lifetime, until=until)
    made = yield from _stored(storage, new.id)
    if maker is not None:
        maker.check_hands_out(made)
    detail = {"name": new.name, "scopes": [scope.value for scope in new.scopes]}
    entry = NewAudit("create", "token", str(new.id), detail)
    yield from storage.records.add_audit(namespace, entry, by)
    return made


def revoke_token(
    storage: Storage, namespace: str, token_id: UUID, *, everywhere: bool, by: By
) -> Plan[Token]:
    """End a token's use for good, and record it; once more changes nothing.

    Args:
        storage: Where.
        namespace: In which namespace it is recorded if the token is good for every one.
        token_id: Which token.
        everywhere: Also if it is another namespace's.
        by: Who asks, and why.

    Raises:
        TokenNotFoundError: There is none.
    """
    yield BEGIN
    found = yield from _stored(storage, token_id)
    if not everywhere and found.namespace != namespace:
        raise TokenNotFoundError(token_id)
    if found.revoked_at is not None:
        return found
    yield from storage.tokens.revoke_token(token_id)
    entry = NewAudit("revoke", "token", str(token_id), {"name": found.name})
    yield from storage.records.add_audit(found.namespace or namespace, entry, by)
    return (yield from _stored(storage, token_id))


def valid_token(storage: Storage, token_id: UUID, secret: str) -> Plan[tuple[Token, bool] | None]:
    """Return the token if the secret is its own and it may be used, and whether to touch it."""
    found = yield from storage.tokens.find_token(token_id, interval=SEEN_INTERVAL)
    # Compared also where nothing was found, so that both take as long.
    right = compare_digest(digest_of(secret), "" if found is None else found.digest)
    if found is None or not right or not found.valid:
        return None
    return found.token, found.unseen


def touch_token(storage: Storage, token_id: UUID) -> Plan[None]:
    """Write down that a token was used; at most once a minute."""
    yield from storage.tokens.touch_token(token_id, interval=SEEN_INTERVAL)


def _stored(storage: Storage, token_id: UUID) -> Plan[Token]:
    found = yield from storage.tokens.find_token(token_id, interval=SEEN_INTERVAL)
    if found is None:
        raise TokenNotFoundError(token_id)
    return found.token
