"""Which names a request may call the service by: a page from elsewhere cannot borrow a browser.

A page whose name is pointed at 127.0.0.1 after it was loaded could otherwise talk to a service
that listens on loopback alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from rowlock.errors import InvalidValueError

LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1")
ANY_HOST = "*"
_HOST = re.compile(r"\[(?P<six>[0-9a-f:.]+)\](?::\d+)?|(?P<name>[^:\[\]]+)(?::\d+)?")


class AllowedHosts:
    """The names that requests may call the service by, and come from."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = {name.strip().lower() for name in names}

    def check(self, host: str | None, origin: str | None) -> None:
        """Refuse other names, and what pages of other names send.

        Args:
            host: The header `Host`.
            origin: The header `Origin`, which browsers send along.

        Raises:
            InvalidValueError: One is none of ours.
        """
        if ANY_HOST in self._names:
            return
        if not self._is_ours(host or ""):
            shown = (host or "")[:100]
            raise InvalidValueError("host", f"{shown!r} is not a name of this service: allow it")
        if origin is not None and not self._is_ours(origin.partition("://")[2]):
            raise InvalidValueError("origin", "pages from elsewhere may not send requests here")

    def _is_ours(self, host: str) -> bool:
        found = _HOST.fullmatch(host.strip().lower())
        name = None if found is None else found["six"] or found["name"]
        return name is not None and name.rstrip(".") in self._names
