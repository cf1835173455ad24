"""What requests say in GraphQL."""

from __future__ import annotations

from typing import Any

from msgspec import Struct


class GraphqlBody(Struct, kw_only=True, rename="camel"):
    """One operation, or a document of several and the name of one."""

    query: str
    operation_name: str | None = None
    variables: dict[str, Any] | None = None
