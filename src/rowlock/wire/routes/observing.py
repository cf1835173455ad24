"""Routes for those who watch."""

from __future__ import annotations

from typing import Final

from rowlock.model.tokens import Scope
from rowlock.wire.routes.table import route

OBSERVING: Final = (
    route("GET", "/metrics", "metrics", Scope.METRICS_READ,
          summary="Metrics for Prometheus, as its text format has them.", response=None,
          text=True),
)  # fmt: skip
