"""What is told to those who watch: metrics, figures, load, and who changed what."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from rowlock.app import figure_flows, flows
from rowlock.app.flow import run_flow_async
from rowlock.http.answers import Text
from rowlock.http.call import Call, Handlers
from rowlock.http.exposition import exposition
from rowlock.model.figures import Figures

MOST_NAMESPACES: Final = 20


async def metrics(call: Call) -> Text:
    """Tell Prometheus about a namespace, or about all if the token is good for them."""
    names: Sequence[str] = [call.core.namespace]
    if call.everywhere:
        # No namespace has an empty name.
        names = await call.observed.memory.get(
            "", lambda: call.run(flows.list_namespaces(call.core))
        )
    told = [await _figures(call, name) for name in names[:MOST_NAMESPACES]]
    counted = partial(
        call.observed.tallies.collect, None if call.everywhere else call.core.namespace
    )
    left_out = max(len(names) - MOST_NAMESPACES, 0)
    text = exposition(told, counted, namespaces_left_out=left_out)
    return Text(text, CONTENT_TYPE_PLAIN_0_0_4)


async def _figures(call: Call, namespace: str) -> Figures:
    core = call.core.within(namespace)
    return await call.observed.memory.get(
        namespace, lambda: run_flow_async(core, figure_flows.figures(core))
    )


HANDLERS: Handlers = {
    "metrics": metrics,
}
