"""How the two facades run flows: blocking, or without blocking the event loop."""

from __future__ import annotations

from typing import TypeVar

from rowlock.app.facade import Facade
from rowlock.app.flow import Flow, run_flow, run_flow_async

T = TypeVar("T")


class Running(Facade):
    """A facade whose methods block."""

    def _run(self, flow: Flow[T]) -> T:
        return run_flow(self.core, flow)


class AsyncRunning(Facade):
    """A facade whose methods are awaited."""

    async def _run(self, flow: Flow[T]) -> T:
        return await run_flow_async(self.core, flow)
