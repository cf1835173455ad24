"""Who may use the HTTP service: tokens, what they are allowed, and how they are written."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from rowlock.errors import GrantError, InvalidValueError
from rowlock.model.changes import By, checked_note

MAX_TOKEN_NAME_LENGTH = 100
SECRET_BYTES = 32
_PREFIX = "rowlock"
_PARTS = 3


class Scope(StrEnum):
    """What a token may do; every route of the service needs one of these.

    `admin` may do all. `payload:read` alone opens no route: it shows payloads, results and errors
    in the answers of the others.
    """

    QUEUES_READ = "queues:read"
    QUEUES_WRITE = "queues:write"
    TASKS_READ = "tasks:read"
    TASKS_ENQUEUE = "tasks:enqueue"
    TASKS_WORK = "tasks:work"
    TASKS_CANCEL = "tasks:cancel"
    TASKS_RETRY = "tasks:retry"
    TASKS_WRITE = "tasks:write"
    METRICS_READ = "metrics:read"
    DEFINITIONS_READ = "definitions:read"
    DEFINITIONS_WRITE = "definitions:write"
    SCHEDULES_READ = "schedules:read"
    SCHEDULES_WRITE = "schedules:write"
    TICKERS_READ = "tickers:read"
    TICKERS_WRITE = "tickers:write"
    TICKERS_WORK = "tickers:work"
    PAYLOAD_READ = "payload:read"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """What is stored of a token; its secret is not.

    Attributes:
        id: Also the part of the token's text that is no secret.
        name: Whose it is, for people and for the audit.
        namespace: The only one it is good for; None for every one.
    """

    id: UUID
    name: str
    namespace: str | None
    scopes: tuple[Scope, ...]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None

    def allows(self, scope: Scope) -> bool:
        """Whether it may do that."""
        return scope in self.scopes or Scope.ADMIN in self.scopes

    def check_hands_out(self, other: Token) -> None:
        """Refuse to hand out a token that may do more, in more namespaces or for longer.

        Raises:
            GrantError: It may.
        """
        for scope in other.scopes:
            if not self.allows(scope):
                raise GrantError(f"it lacks the scope {scope}")
        if self.namespace is not None and other.namespace != self.namespace:
            raise GrantError(f"it is good for the namespace {self.namespace} alone")
        end = self.expires_at
        if end is not None and (other.expires_at is None or other.expires_at > end):
            raise GrantError(f"it ends at {end:%Y-%m-%dT%H:%M:%SZ}")

    @property
    def by(self) -> By:
        """Who the audit says did what was asked for with it."""
        return By(actor=f"token {self.name} ({self.id})")


class NewToken(NamedTuple):
    """A token to be stored; see `Token`."""

    id: UUID
    digest: str
    name: str
    namespace: str | None
    scopes: tuple[Scope, ...]


class FoundToken(NamedTuple):
    """A token as whoever shows it has to be judged.

    Attributes:
        digest: SHA-256 of its secret, in hexadecimal digits.
        valid: Neither revoked nor expired.
        unseen: Whether its last use is to be written down again.
    """

    token: Token
    digest: str
    valid: bool
    unseen: bool


def checked_scopes(given: Iterable[str]) -> tuple[Scope, ...]:
    """Return scopes in their order, each once.

    Raises:
        InvalidValueError: None is given, or a word is no scope.
    """
    words = set(given)
    unknown = sorted(words - set(Scope))
    if unknown or not words:
        problem = f"{unknown[0]!r} is none" if unknown else "is missing; it is one or more"
        raise InvalidValueError("scope", f"{problem} of {', '.join(Scope)}")
    return tuple(scope for scope in Scope if scope in words)


def checked_token_name(value: object) -> str:
    """Return a token's name, trimmed.

    Raises:
        InvalidValueError: Empty, not text, or too long.
    """
    name = checked_note("name", value, MAX_TOKEN_NAME_LENGTH)
    if name is None:
        raise InvalidValueError("name", "must not be empty")
    return name


def new_secret() -> str:
    """Return 256 random bits as text."""
    from secrets import token_urlsafe  # start-up time: only who makes a token gets here

    return token_urlsafe(SECRET_BYTES)


def digest_of(secret: str) -> str:
    """Return what is stored of a secret. It is random, so a fast digest does."""
    from hashlib import sha256

    return sha256(secret.encode(errors="replace")).hexdigest()


def token_text(token_id: UUID, secret: str) -> str:
    """Return the token as its owner keeps it."""
    return f"{_PREFIX}_{token_id.hex}_{secret}"


def parts_of(text: str) -> tuple[UUID, str] | None:
    """Return a token's id and secret; None if the text is no token."""
    parts = text.split("_", _PARTS - 1)
    if len(parts) != _PARTS or parts[0] != _PREFIX:
        return None
    try:
        return UUID(hex=parts[1]), parts[2]
    except ValueError:
        return None
