"""What every engine promises about tokens of the HTTP service."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from rowlock.model.tokens import FoundToken, NewToken, Token
from rowlock.plan import Plan


class TokenStore(Protocol):
    """Tokens of the HTTP service."""

    def insert_token(
        self,
        token: NewToken,
        /,
        *,
        lifetime: timedelta | None,
        until: datetime | None = None,
        now: datetime | None = None,
    ) -> Plan[None]:
        """Store a token that expires at a time, or else after its lifetime, or never."""
        ...

    def find_token(
        self, token_id: UUID, /, *, interval: timedelta, now: datetime | None = None
    ) -> Plan[FoundToken | None]:
        """Return a token by its id, expired and revoked ones too.

        Args:
            token_id: Which one.
            interval: It is `unseen` if it was not used for so long.
            now: Instead of the database's clock; for tests.
        """
        ...

    def touch_token(
        self, token_id: UUID, /, *, interval: timedelta, now: datetime | None = None
    ) -> Plan[None]:
        """Write down that a token was used, unless that was done within the interval."""
        ...

    def list_tokens(self, namespace: str | None, /) -> Plan[list[Token]]:
        """Return the tokens of a namespace, or all, in the order in which they were made."""
        ...

    def revoke_token(self, token_id: UUID, /, *, now: datetime | None = None) -> Plan[None]:
        """End a token's use; one that is revoked stays as it is."""
        ...
