"""What more than one body has."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, TypeAlias

from msgspec import Meta, Struct

Duration: TypeAlias = Annotated[int | float | str, Meta(description="Seconds, or `1h30m`.")]
Moment: TypeAlias = Annotated[datetime, Meta(tz=True, description="RFC 3339, with an offset.")]


class RetryBody(Struct, forbid_unknown_fields=True):
    """How long a failed attempt waits."""

    backoff: str = "exponential"
    base_seconds: float = 10.0
    cap_seconds: float = 3600.0
    jitter: bool = True
