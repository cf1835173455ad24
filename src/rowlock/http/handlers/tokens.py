"""Tokens: who asks, and what may be handed out."""

from __future__ import annotations

from rowlock.app import token_flows
from rowlock.errors import InvalidValueError
from rowlock.http.call import Call, Handlers
from rowlock.http.handlers.queues import page_of
from rowlock.model.tokens import Token
from rowlock.wire.bodies.tokens import NewTokenBody
from rowlock.wire.tokens import token_document
from rowlock.wire.values import Wire


def _shown(call: Call, token: Token) -> Wire:
    asking = call.identity.token
    return token_document(token, asking=None if asking is None else asking.id)


async def whoami(call: Call) -> Wire:
    """Tell who asks."""
    token = call.identity.token
    return {
        "namespace": call.core.namespace,
        "token": None if token is None else _shown(call, token),
    }


async def list_tokens(call: Call) -> Wire:
    """List tokens."""
    offset, limit = page_of(call)
    found = await call.run(token_flows.list_tokens(call.core, everywhere=call.everywhere))
    page = found[offset : offset + limit]
    return {"count": len(found), "body": [_shown(call, one) for one in page]}


async def create_token(call: Call) -> Wire:
    """Make a token."""
    body: NewTokenBody = call.body
    if body.all_namespaces and call.identity.namespace is None and not call.everywhere:
        raise InvalidValueError("all_namespaces", "is given, and one namespace is named besides")
    flow = token_flows.create_token(
        call.core,
        body.name,
        body.scopes,
        expires=body.expires,
        everywhere=body.all_namespaces,
        by=call.by(body.reason),
        maker=call.identity.token,
    )
    token, text = await call.run(flow)
    return {**_shown(call, token), "token": text}


async def revoke_token(call: Call) -> Wire:
    """End a token's use."""
    flow = token_flows.revoke_token(
        call.core, call.path["token"], everywhere=call.everywhere, by=call.by(call.body.reason)
    )
    return _shown(call, await call.run(flow))


HANDLERS: Handlers = {
    "whoami": whoami,
    "list_tokens": list_tokens,
    "create_token": create_token,
    "revoke_token": revoke_token,
}
