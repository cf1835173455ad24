"""Definitions as the database knows them."""

from __future__ import annotations

from rowlock.app import definition_flows
from rowlock.app.flow import Flow
from rowlock.http.answers import Answer
from rowlock.http.call import Call, Handlers
from rowlock.http.handlers.policies import given_of
from rowlock.http.handlers.queues import page_of
from rowlock.model.definitions import Definition
from rowlock.wire.bodies.definitions import (
    CodeTermsBody,
    DeclaredDefinitionsBody,
    DefinitionBody,
    DefinitionTermsBody,
    NewDefinitionBody,
)
from rowlock.wire.definitions import definition_to_wire
from rowlock.wire.routes.table import PREFIX
from rowlock.wire.values import Wire

_PAGING = ("offset", "limit", "order")


async def list_definitions(call: Call) -> Wire:
    """List definitions."""
    offset, limit = page_of(call)
    wanted = {name: value for name, value in call.query.items() if name not in _PAGING}
    order = call.query.get("order", "alias")
    flow = definition_flows.list_definitions(
        call.core, wanted, limit=limit, offset=offset, order=order
    )
    page = await call.run(flow)
    return {
        "count": await call.run(definition_flows.count_definitions(call.core, wanted)),
        "body": [definition_to_wire(one) for one in page],
    }


async def create_definition(call: Call) -> Answer:
    """Store a definition."""
    body: NewDefinitionBody = call.body
    given = given_of(body, DefinitionTermsBody)
    flow = definition_flows.create_definition(call.core, body.alias, given, by=call.by(body.reason))
    made = await call.run(flow)
    address = f"{call.base}{PREFIX}/definition/{made.id}"
    return Answer(definition_to_wire(made), {"Location": address})


async def declare_definitions(call: Call) -> Wire:
    """Store what code elsewhere says of its definitions."""
    body: DeclaredDefinitionsBody = call.body
    codes = [(one.alias, given_of(one, CodeTermsBody)) for one in body.definitions]
    return {"count": await call.run(definition_flows.declare_definitions(call.core, codes))}


async def get_definition(call: Call) -> Wire:
    """Show a definition."""
    return await _shown(call, definition_flows.get_definition(call.core, call.path["definition"]))


async def update_definition(call: Call) -> Wire:
    """Change a definition."""
    body: DefinitionBody = call.body
    given = given_of(body, DefinitionTermsBody)
    flow = definition_flows.update_definition(
        call.core, call.path["definition"], given, by=call.by(body.reason)
    )
    return await _shown(call, flow)


async def delete_definition(call: Call) -> Wire:
    """Delete a definition."""
    soft = not call.query.get("hard", False)
    by = call.by(call.query.get("reason"))
    flow = definition_flows.delete_definition(call.core, call.path["definition"], soft=soft, by=by)
    return await _shown(call, flow)


async def _shown(call: Call, flow: Flow[Definition]) -> Wire:
    return definition_to_wire(await call.run(flow))


async def count_definition_tasks(call: Call) -> Wire:
    """Count a definition's tasks."""
    flow = definition_flows.count_definition_tasks(call.core, call.path["definition"])
    return (await call.run(flow))._asdict()


HANDLERS: Handlers = {
    "list_definitions": list_definitions,
    "create_definition": create_definition,
    "declare_definitions": declare_definitions,
    "get_definition": get_definition,
    "update_definition": update_definition,
    "delete_definition": delete_definition,
    "count_definition_tasks": count_definition_tasks,
}
