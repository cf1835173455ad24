"""Whatever fits the schema of GraphQL is answered or refused, and is never a fault of ours."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx2
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis_graphql import from_schema, nodes

from rowlock import AsyncRowlock
from rowlock.http import Limits, create_asgi
from rowlock.http.graphql.schema import SCHEMA

LEAVES: st.SearchStrategy[Any] = st.text().map(nodes.String)
SCALARS = {
    "JSON": st.one_of(
        st.text().map(nodes.String),
        st.integers().map(nodes.Int),
        st.floats(allow_nan=False, allow_infinity=False).map(nodes.Float),
        st.booleans().map(nodes.Boolean),
        st.just(nodes.Null),
        st.lists(LEAVES, max_size=3).map(nodes.List),
    ),
    "DateTime": st.one_of(st.text(), st.datetimes().map(lambda one: f"{one.isoformat()}Z")).map(
        nodes.String
    ),
    "Duration": st.one_of(
        st.text().map(nodes.String), st.integers().map(nodes.Int), st.just(nodes.String("1h"))
    ),
}


async def answer(text: str) -> Any:
    async with AsyncRowlock("memory://") as app:
        asgi = create_asgi(app, needs_token=False, limits=Limits(body_bytes=100_000))
        transport = httpx2.ASGITransport(asgi, client=("127.0.0.1", 1))
        async with httpx2.AsyncClient(transport=transport, base_url="http://localhost") as client:
            await client.post("/api/v1/queue", json={"queue": "q"})
            return await client.post("/graphql", json={"query": text})


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(text=from_schema(SCHEMA.as_str(), custom_scalars=SCALARS))
def test_what_fits_the_schema_is_no_fault_of_ours(text: str):
    response = asyncio.run(answer(text))
    assert response.status_code in {200, 400}, response.text
    codes = [one["extensions"]["code"] for one in response.json().get("errors", ())]
    assert all(400 <= code < 500 for code in codes), (text, response.text)


@settings(max_examples=150, deadline=None)
@given(text=st.text(alphabet='{}()[]:!@$&|="\\#.,… \n\t0123abcxyz\u00e9\U0001f600'))
def test_garbage_is_refused(text: str):
    response = asyncio.run(answer(text))
    assert response.status_code == 400
    assert response.json()["errors"][0]["extensions"]["code"] == 400
