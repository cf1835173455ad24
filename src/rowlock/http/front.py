"""What stands in front of the service, and what of its word is believed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from ipaddress import IPv4Network, ip_network
from typing import Final, NamedTuple

from rowlock.errors import InvalidValueError

_MAPPED_BITS = 96
_PREFIX = re.compile(r"(/[A-Za-z0-9._~-]+)*")


class Front(NamedTuple):
    """What stands in front of the service.

    Attributes:
        proxies: Addresses and networks that are believed what address a request came from.
        prefix: What is taken off the paths on the way, such as `/queue`.
    """

    proxies: tuple[str, ...] = ()
    prefix: str = ""


NOTHING: Final = Front()


def checked_front(proxies: Iterable[str], prefix: str) -> Front:
    """Return what stands in front of the service.

    Raises:
        InvalidValueError: No address or network, the network of all, or no path.
    """
    prefix = prefix.rstrip("/")
    if not _PREFIX.fullmatch(prefix):
        raise InvalidValueError("root_path", f"must be a path such as /queue, not {prefix!r}")
    return Front(tuple(word for proxy in proxies for word in _forms(proxy)), prefix)


def _forms(proxy: str) -> Iterator[str]:
    """Yield an address or a network, in each form in which it is met."""
    try:
        network = ip_network(proxy.strip())
    except ValueError as error:
        raise InvalidValueError(
            "trust_proxy", f"must be an address or a network such as 10.0.0.0/8, not {proxy!r}"
        ) from error
    if network.prefixlen == 0:
        raise InvalidValueError("trust_proxy", f"{proxy!r} is everybody: name the proxy")
    yield str(network)
    if isinstance(network, IPv4Network):
        # So it is called by a server that listens on IPv6 for both.
        yield f"::ffff:{network.network_address}/{_MAPPED_BITS + network.prefixlen}"
