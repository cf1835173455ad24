"""What systemd wants to hear of a service: see sd_notify(3)."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import Callable, Mapping

log = logging.getLogger(__name__)

VARIABLES = ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID")
MIN_PAUSE_SECONDS = 0.1


class Notifier:
    """Tells the service manager how this process is; says nothing where there is none."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        address = environment.get("NOTIFY_SOCKET", "")
        # The manager writes @ for the zero byte that begins an abstract name.
        self._address = f"\0{address[1:]}" if address.startswith("@") else address
        self._pause = _watchdog_pause(environment) if address else None

    def ready(self) -> None:
        """Say that it works."""
        self._send("READY=1")

    def stopping(self) -> None:
        """Say that it is about to end."""
        self._send("STOPPING=1")

    async def keep_alive(self, is_live: Callable[[], bool]) -> None:
        """Feed the manager's watchdog as long as the event loop turns and all is well."""
        while self._pause is not None:
            if is_live():
                self._send("WATCHDOG=1")
            await asyncio.sleep(self._pause)

    def _send(self, state: str) -> None:
        if not self._address:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
                channel.settimeout(0)
                channel.sendto(state.encode(), self._address)
        except OSError as error:
            log.warning("cannot tell the service manager %s: %s", state, error)


def _watchdog_pause(environment: Mapping[str, str]) -> float | None:
    """Return the seconds between two signs of life: half of what the manager allows."""
    given, whose = environment.get("WATCHDOG_USEC", ""), environment.get("WATCHDOG_PID")
    if not given.isdecimal() or int(given) == 0 or whose not in {None, "", str(os.getpid())}:
        return None
    return max(int(given) / 2_000_000, MIN_PAUSE_SECONDS)
