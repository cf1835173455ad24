"""Tokens of the HTTP service, as flows."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from uuid import UUID

from rowlock.app.flow import Flow, Run
from rowlock.app.opened import Opened
from rowlock.errors import InvalidValueError
from rowlock.model.changes import NOBODY, By
from rowlock.model.durations import positive_duration_from
from rowlock.model.ids import new_task_id
from rowlock.model.tokens import (
    NewToken,
    Token,
    checked_scopes,
    checked_token_name,
    digest_of,
    new_secret,
    parts_of,
    token_text,
)
from rowlock.ops import tokens as ops


def create_token(
    core: Opened,
    name: str,
    scopes: Iterable[str],
    *,
    expires: object = None,
    everywhere: bool = False,
    by: By = NOBODY,
    maker: Token | None = None,
) -> Flow[tuple[Token, str]]:
    """Make a token; returns it and its text, which nobody can read again.

    Args:
        core: Its namespace is the token's.
        name: Whose it is.
        scopes: What it may do.
        expires: After how long it ends; None for never, or when its maker does.
        everywhere: It is good for every namespace.
        by: Who asks for it, and why.
        maker: The token that hands it out; None for somebody who may hand out any.

    Raises:
        GrantError: It would have more than its maker.
        InvalidValueError: A name, a scope or the duration is refused.
    """
    secret = new_secret()
    new = NewToken(
        id=new_task_id(),
        digest=digest_of(secret),
        name=checked_token_name(name),
        namespace=None if everywhere else core.namespace,
        scopes=checked_scopes(scopes),
    )
    lifetime = None if expires is None else positive_duration_from("expires", expires)
    operation = partial(
        ops.create_token,
        core.storage,
        core.namespace,
        new,
        lifetime=lifetime,
        by=by,
        maker=maker,
    )
    token: Token = yield Run(operation)
    return token, token_text(token.id, secret)


def list_tokens(core: Opened, *, everywhere: bool = False) -> Flow[list[Token]]:
    """Return the namespace's tokens, or those of all, in the order in which they were made."""
    wanted = None if everywhere else core.namespace
    found: list[Token] = yield Run(partial(core.storage.tokens.list_tokens, wanted), reads=True)
    return found


def revoke_token(
    core: Opened, token: UUID | str, *, everywhere: bool = False, by: By = NOBODY
) -> Flow[Token]:
    """End a token's use.

    Raises:
        InvalidValueError: It is no id.
        TokenNotFoundError: There is none of that id, or it is another namespace's.
    """
    operation = partial(
        ops.revoke_token,
        core.storage,
        core.namespace,
        checked_token_id(token),
        everywhere=everywhere,
        by=by,
    )
    revoked: Token = yield Run(operation)
    return revoked


def valid_token(core: Opened, text: str) -> Flow[Token | None]:
    """Return the token of that text if it may be used now; its use is written down."""
    parts = parts_of(text)
    if parts is None:
        return None
    found: tuple[Token, bool] | None = yield Run(
        partial(ops.valid_token, core.storage, *parts), reads=True
    )
    if found is None:
        return None
    token, unseen = found
    if unseen:
        yield Run(partial(ops.touch_token, core.storage, token.id))
    return token


def checked_token_id(value: UUID | str) -> UUID:
    """Return the id of a token.

    Raises:
        InvalidValueError: It is none.
    """
    try:
        return value if isinstance(value, UUID) else UUID(value.strip())
    except ValueError as error:
        raise InvalidValueError("token", f"{value!r} is not the id of a token (a UUID)") from error
