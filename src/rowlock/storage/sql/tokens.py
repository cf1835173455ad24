"""Plans for tokens of the HTTP service."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from rowlock.model import json_text
from rowlock.model.tokens import FoundToken, NewToken, Scope, Token
from rowlock.plan import Plan, Row
from rowlock.storage.sql.base import Plans


class TokenPlans(Plans):
    """`TokenStore` over a statement catalogue."""

    def insert_token(
        self,
        token: NewToken,
        /,
        *,
        lifetime: timedelta | None,
        until: datetime | None = None,
        now: datetime | None = None,
    ) -> Plan[None]:
        yield self._sql.bind(
            "insert_token",
            id=token.id,
            digest=token.digest,
            name=token.name,
            namespace=token.namespace,
            scopes=json_text.encode("scopes", [scope.value for scope in token.scopes]),
            lifetime=lifetime,
            until=until,
            now=now,
        )

    def find_token(
        self, token_id: UUID, /, *, interval: timedelta, now: datetime | None = None
    ) -> Plan[FoundToken | None]:
        result = yield self._sql.bind("find_token", id=token_id, interval=interval, now=now)
        if not result.rows:
            return None
        *columns, digest, valid, unseen = result.rows[0]
        return FoundToken(self._token(tuple(columns)), digest, bool(valid), bool(unseen))

    def touch_token(
        self, token_id: UUID, /, *, interval: timedelta, now: datetime | None = None
    ) -> Plan[None]:
        yield self._sql.bind("touch_token", id=token_id, interval=interval, now=now)

    def list_tokens(self, namespace: str | None, /) -> Plan[list[Token]]:
        result = yield self._sql.bind("list_tokens", namespace=namespace)
        return [self._token(row) for row in result.rows]

    def revoke_token(self, token_id: UUID, /, *, now: datetime | None = None) -> Plan[None]:
        yield self._sql.bind("revoke_token", id=token_id, now=now)

    def _token(self, row: Row) -> Token:
        token_id, name, namespace, scopes, created_at, expires_at, revoked_at, last_used_at = row
        values = self._values
        return Token(
            id=values.read_id(token_id),
            name=name,
            namespace=namespace,
            scopes=tuple(map(Scope, json_text.decode_shown(scopes))),
            created_at=values.read_time(created_at),
            expires_at=values.optional_time(expires_at),
            revoked_at=values.optional_time(revoked_at),
            last_used_at=values.optional_time(last_used_at),
        )
