"""Where the service is mounted, as every part of it understands that."""

from __future__ import annotations

from urllib.parse import unquote_to_bytes

from starlette.types import Scope


def at_its_place(scope: Scope) -> Scope:
    """Return a scope whose `path` is the whole path, and `root_path` where the service begins.

    So ASGI has it, and Starlette. Litestar takes the prefix away from `path` without telling
    where it went, and puts a slash to the end.
    """
    raw: bytes = scope.get("raw_path") or b""
    whole, inner = unquote_to_bytes(raw).decode("utf-8", "replace"), str(scope.get("path", ""))
    if not whole or whole == inner:
        return scope
    if not whole.endswith("/"):
        inner = inner.removesuffix("/")
    if not whole.endswith(inner):
        return scope  # a server that leaves the prefix out of `raw_path`
    return {**scope, "path": whole, "root_path": whole[: len(whole) - len(inner)]}
