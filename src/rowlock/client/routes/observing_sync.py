"""The routes about observing, as methods of a client.

Written by `python -m tests.docs.client_routes`; do not edit.
"""

from __future__ import annotations

from rowlock.client.calls import Call
from rowlock.client.sending import Sender

# fmt: off


class ObservingRoutes(Sender):
    """The routes about observing, as methods of a client."""

    def metrics(self) -> str:
        """Metrics for Prometheus, as its text format has them.

        `GET /api/v1/metrics`.
        """
        return self._send(Call(
            method="GET",
            path="/api/v1/metrics",
            answer=str,
        ))
