"""`rowlock.app.token_flows`, asked of a server."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from rowlock.app.token_flows import checked_token_id
from rowlock.cli.output import warn
from rowlock.cli.remote.reading import model, models, paged
from rowlock.client import Client
from rowlock.model.changes import NOBODY, By
from rowlock.model.durations import positive_duration_from
from rowlock.model.tokens import Token, checked_scopes, checked_token_name


def create_token(
    client: Client,
    name: str,
    scopes: Iterable[str],
    *,
    expires: object = None,
    everywhere: bool = False,
    by: By = NOBODY,
) -> tuple[Token, str]:
    """Make a token, which has no more than ours."""
    owner, allowed = checked_token_name(name), checked_scopes(scopes)
    lifetime = None if expires is None else positive_duration_from("expires", expires)
    made = client.create_token(
        name=owner,
        scopes=[scope.value for scope in allowed],
        expires=None if lifetime is None else lifetime.total_seconds(),
        all_namespaces=everywhere,
        reason=by.reason,
    )
    return model(Token, made), made.token


def list_tokens(client: Client, *, everywhere: bool = False) -> list[Token]:
    """List tokens; the server knows by ours, and by what was named, of which namespaces."""
    del everywhere
    found = paged(lambda offset, limit: client.list_tokens(offset=offset, limit=limit))
    return models(Token, found)


def revoke_token(
    client: Client, token: UUID | str, *, everywhere: bool = False, by: By = NOBODY
) -> Token:
    """End a token's use; says so if it was ours."""
    del everywhere
    revoked = client.revoke_token(checked_token_id(token), reason=by.reason)
    if revoked.own:
        warn("that was the token which asked for it: it is of no more use")
    return model(Token, revoked)
