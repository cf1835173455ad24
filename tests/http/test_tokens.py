"""Tokens over HTTP: who asks, what may be handed out, and to whom it is shown."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any

import pytest

from rowlock.app import token_flows
from rowlock.app.flow import run_flow_async
from rowlock.errors import GrantError
from rowlock.model.ids import new_task_id
from rowlock.model.tokens import Scope
from tests.http.conftest import Caller, Service


async def made(caller: Caller, *scopes: str, **more: Any) -> Any:
    body = {"name": "shop", "scopes": scopes or ("tasks:read",), **more}
    return await caller.ok("POST", "token", body)


async def grant_refused(caller: Caller, **more: Any) -> str:
    refused = await caller.refused("POST", "token", {"name": "x", "scopes": ["admin"], **more})
    assert (refused["code"], refused["type"]) == (403, "GrantError")
    return str(refused["detail"]["problem"])


async def test_who_asks_is_told_without_the_secret(service: Service):
    token, text = await service.token("tasks:read", "payload:read", namespace="shop")
    response = await service.with_token(text).send("GET", "whoami")
    told = response.json()
    assert told["namespace"] == "shop"
    shown = told["token"]
    assert (shown["id"], shown["name"], shown["namespace"]) == (str(token.id), "test", "shop")
    assert shown["scopes"] == ["tasks:read", "payload:read"]
    assert (shown["expires_at"], shown["own"]) == (None, True)
    assert text.split("_", 2)[2] not in response.text


async def test_nobody_in_particular_asks_where_no_token_is_needed(in_memory: Service):
    in_memory.serve(needs_token=False)
    anybody = in_memory.with_token(None)
    assert await anybody.ok("GET", "whoami") == {"namespace": "default", "token": None}
    assert (await made(anybody, "admin", all_namespaces=True))["namespace"] is None


async def test_a_token_is_made_shown_once_and_works_until_it_is_revoked(service: Service, admin):
    token = await made(admin, "queues:read", expires="1h", reason="for the shop")
    caller = service.with_token(token.pop("token"))
    assert (await caller.ok("GET", "queue"))["count"] == 0
    ends = datetime.fromisoformat(token["expires_at"]) - datetime.fromisoformat(token["created_at"])
    assert abs(ends - timedelta(hours=1)) < timedelta(seconds=1)
    listed = await admin.ok("GET", "token")
    assert [one["own"] for one in listed["body"]] == [True, False]
    assert listed["body"][1] == {**token, "last_used_at": listed["body"][1]["last_used_at"]}
    revoked = await admin.ok("POST", f"token/{token['id']}/revoke", {"reason": "leaked"})
    assert revoked["revoked_at"] is not None
    assert (await caller.send("GET", "queue")).status_code == 401
    assert await admin.ok("POST", f"token/{token['id']}/revoke") == revoked
    entries = (await admin.ok("GET", f"audit?target={token['id']}"))["body"]
    assert [(one["action"], one["reason"]) for one in entries] == [
        ("revoke", "leaked"),
        ("create", "for the shop"),
    ]
    assert all(one["actor"].startswith("token test (") for one in entries)
    assert entries[1]["detail"] == {"name": "shop", "scopes": ["queues:read"]}


async def test_a_page_of_tokens(admin):
    names = [(await made(admin, name=f"t{number}"))["name"] for number in range(3)]
    page = await admin.ok("GET", "token?offset=1&limit=2")
    assert (page["count"], [one["name"] for one in page["body"]]) == (4, names[:2])


async def test_a_token_may_revoke_itself_and_is_told(service: Service, admin):
    own = (await admin.ok("GET", "whoami"))["token"]["id"]
    assert (await admin.ok("POST", f"token/{own}/revoke"))["own"] is True
    assert (await admin.send("GET", "whoami")).status_code == 401


async def test_a_token_of_one_namespace_hands_out_no_other(service: Service):
    bound = await service.caller("admin", namespace="mine")
    assert (await made(bound))["namespace"] == "mine"
    problem = await grant_refused(bound, all_namespaces=True)
    assert problem == "it is good for the namespace mine alone"
    elsewhere = await bound.refused("POST", "token", headers={"Rowlock-Namespace": "theirs"})
    assert elsewhere["type"] == "RouteNotFoundError"
    assert len((await bound.ok("GET", "token"))["body"]) == 2


async def test_a_token_that_ends_hands_out_none_that_lasts_longer(service: Service):
    _, text = await service.token("admin", expires="1h")
    ending = service.with_token(text)
    end = (await ending.ok("GET", "whoami"))["token"]["expires_at"]
    assert (await made(ending))["expires_at"] == end
    assert (await made(ending, expires="59m"))["expires_at"] < end
    assert (await grant_refused(ending, expires="2h")).startswith("it ends at ")
    assert (await ending.ok("GET", "token"))["count"] == 3
    names = [one["action"] for one in (await ending.ok("GET", "audit"))["body"]]
    assert names == ["create"] * 3, "what is refused is in no audit"


async def test_a_token_hands_out_no_scope_that_it_lacks(service: Service):
    core = service.app.core
    maker, _ = await service.token("tasks:read", "tasks:work")
    for scopes, allowed in (
        (["tasks:work"], True), (["tasks:read", "tasks:work"], True),
        (["tasks:read", "queues:read"], False), (["admin"], False),
    ):  # fmt: skip
        flow = token_flows.create_token(core, "x", scopes, maker=maker)
        if allowed:
            assert set((await run_flow_async(core, flow))[0].scopes) == set(scopes)
        else:
            with pytest.raises(GrantError, match="it lacks the scope"):
                await run_flow_async(core, flow)


async def test_two_namespaces_see_and_end_only_their_own_tokens(service: Service):
    mine = await service.caller("admin", namespace="mine")
    theirs = await service.caller("admin", namespace="theirs")
    every = await service.caller("admin", everywhere=True)
    here = await made(mine, name="canary")
    for caller in (theirs, await service.caller("admin")):
        assert "canary" not in (await caller.send("GET", "token")).text
        refused = await caller.refused("POST", f"token/{here['id']}/revoke")
        assert (refused["code"], refused["type"]) == (404, "TokenNotFoundError")
    names = {one["name"] for one in (await every.ok("GET", "token"))["body"]}
    assert "canary" in names
    assert (await every.ok("GET", "namespace/mine/token"))["count"] == 2
    own = (await every.ok("GET", "whoami"))["token"]["id"]
    assert (await mine.refused("POST", f"token/{own}/revoke"))["type"] == "TokenNotFoundError"
    elsewhere = await every.refused("POST", f"namespace/theirs/token/{here['id']}/revoke")
    assert elsewhere["type"] == "TokenNotFoundError"
    assert (await every.ok("POST", f"token/{here['id']}/revoke"))["revoked_at"] is not None
    assert (await mine.ok("GET", "audit"))["body"][0]["target"] == here["id"]


async def test_a_token_of_all_namespaces_makes_both_kinds(service: Service):
    every = await service.caller("admin", everywhere=True)
    assert (await made(every))["namespace"] == "default"
    assert (await made(every, all_namespaces=True))["namespace"] is None
    body = {"name": "x", "scopes": ["tasks:read"]}
    there = await every.ok("POST", "namespace/shop/token", body)
    assert there["namespace"] == "shop"
    both = await every.refused("POST", "namespace/shop/token", {**body, "all_namespaces": True})
    assert both["detail"]["field"] == "all_namespaces"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": " ", "scopes": ["admin"]}, "name"),
        ({"name": "x" * 101, "scopes": ["admin"]}, "name"),
        ({"name": "x", "scopes": []}, "scope"),
        ({"name": "x", "scopes": ["tasks:all"]}, "scope"),
        ({"name": "x", "scopes": ["admin"], "expires": 0}, "expires"),
        ({"name": "x", "scopes": ["admin"], "expires": "soon"}, "expires"),
        ({"name": "x"}, "scopes"),
        ({"scopes": ["admin"]}, "name"),
    ],
)
async def test_what_makes_no_sense_is_refused(in_memory: Service, body, field):
    caller = await in_memory.caller()
    refused = await caller.refused("POST", "token", body)
    assert (refused["code"], refused["detail"]["field"]) == (400, field)
    assert (await caller.ok("GET", "token"))["count"] == 1


async def test_what_is_no_token_is_not_revoked(in_memory: Service):
    caller = await in_memory.caller()
    assert (await caller.refused("POST", "token/x/revoke"))["detail"]["field"] == "token"
    missing = await caller.refused("POST", f"token/{new_task_id()}/revoke")
    assert (missing["code"], missing["type"]) == (404, "TokenNotFoundError")


async def test_no_secret_is_logged_or_streamed(in_memory: Service, caplog):
    caplog.set_level(logging.DEBUG)
    caller = await in_memory.caller()
    secret = (await made(caller, "admin"))["token"].split("_", 2)[2]
    assert "POST /api/v1/token 201" in caplog.text
    assert secret not in caplog.text
    for path in ("token", "audit", "whoami"):
        assert secret not in (await caller.send("GET", path)).text


async def test_the_service_tells_of_itself_and_of_its_database_to_those_who_may_see_it(
    service: Service,
):
    told = await (await service.caller("tasks:read")).ok("GET", "about")
    assert told["database"] is None
    assert (told["requests_per_second"], told["requests_at_once"]) == (500.0, 1_000)
    database = (await (await service.caller("metrics:read")).ok("GET", "about"))["database"]
    storage = service.app.core.storage
    assert (database["engine"], database["schema"]) == (storage.engine, storage.migrations.newest)
    assert (database["wrong"], database["changed"]) == (None, [])


async def test_every_scope_can_be_handed_out(in_memory: Service):
    caller = await in_memory.caller()
    assert (await made(caller, *Scope))["scopes"] == list(Scope)
