"""What more than one body has."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, TypeAlias

from msgspec import Meta, Struct, UnsetType

Duration: TypeAlias = Annotated[int | float | str, Meta(description="Seconds, or `1h30m`.")]
Moment: TypeAlias = Annotated[datetime, Meta(tz=True, description="RFC 3339, with an offset.")]

# Of what may be left out, and where null says something else.
Text: TypeAlias = str | UnsetType | None
Count: TypeAlias = int | UnsetType | None
Time: TypeAlias = Moment | UnsetType | None
Span: TypeAlias = Duration | UnsetType | None


class RetryBody(Struct, forbid_unknown_fields=True):
    """How long a failed attempt waits."""

    backoff: str = "exponential"
    base_seconds: float = 10.0
    cap_seconds: float = 3600.0
    jitter: bool = True
