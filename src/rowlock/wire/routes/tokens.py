"""Routes about tokens."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from rowlock.errors import GrantError, InvalidValueError, TokenNotFoundError
from rowlock.model.tokens import Scope
from rowlock.wire.bodies.steering import ReasonBody
from rowlock.wire.bodies.tokens import NewTokenBody
from rowlock.wire.documents.about import IdentityDocument
from rowlock.wire.documents.tokens import NewTokenDocument, TokenDocument, TokenList
from rowlock.wire.routes.table import ANY_TOKEN, LIMIT, OFFSET, Parameter, route

TOKEN: Final = Parameter("token", "The token's id.", UUID)

TOKENS: Final = (
    route("GET", "/whoami", "whoami", ANY_TOKEN, summary="Tell whose token it is that asks.",
          response=IdentityDocument),
    route("GET", "/token", "list_tokens", Scope.ADMIN, response=TokenList,
          summary="List the tokens of a namespace; of all if none is named and all are open.",
          queries=(OFFSET, LIMIT), errors=(InvalidValueError,)),
    route("POST", "/token", "create_token", Scope.ADMIN, summary="Make a token.",
          request=NewTokenBody, response=NewTokenDocument, status=201, gives=((TOKEN, "id"),),
          errors=(InvalidValueError, GrantError)),
    route("POST", "/token/{token}/revoke", "revoke_token", Scope.ADMIN,
          summary="End a token's use for good; also of the one that asks.", parameters=(TOKEN,),
          request=ReasonBody, body_needed=False, response=TokenDocument,
          errors=(InvalidValueError, TokenNotFoundError)),
)  # fmt: skip
