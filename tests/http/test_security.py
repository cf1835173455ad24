"""Who may do what: tokens, scopes, hosts and rates. Generated from the route table."""

from __future__ import annotations

import asyncio

import pytest

from rowlock.app import token_flows
from rowlock.app.flow import run_flow_async
from rowlock.errors import RateLimitError
from rowlock.http import Limits
from rowlock.http.application import Served
from rowlock.http.limits import Buckets
from rowlock.model.ids import new_task_id
from rowlock.model.tokens import Scope, token_text
from rowlock.wire.hosts import is_loopback
from rowlock.wire.routes import ROUTES
from rowlock.wire.routes.table import ANY_TOKEN, PUBLIC, Route, full_path
from tests.http.conftest import Service

GUARDED = [route for route in ROUTES if route.scope is not PUBLIC]


def path_of(route: Route) -> str:
    some = new_task_id()
    return full_path(route).format(
        queue="q", task=some, operation=some, token=some, schedule="s", definition="d", ticker="t"
    )


@pytest.mark.parametrize("route", GUARDED, ids=lambda route: route.name)
async def test_a_route_is_open_to_its_scope_and_to_admin_alone(in_memory: Service, route: Route):
    assert isinstance(in_memory.asgi, Served)
    in_memory.asgi.end_waits()  # so that streams do not go on
    opened = set()
    for scope in Scope:
        caller = await in_memory.caller(scope.value, *route.also)
        response = await caller.send(route.method, path_of(route))
        if response.status_code == 403:
            lacking = f"the token lacks the scope {route.scope}"
            assert lacking in {response.json().get("reason"), response.json().get("message")}
        else:
            assert response.status_code in {200, 400, 404}
            opened.add(scope)
    wanted = set(Scope) if route.scope is ANY_TOKEN else {route.scope, Scope.ADMIN}
    assert opened == wanted


@pytest.mark.parametrize(
    "route", [route for route in GUARDED if route.also], ids=lambda route: route.name
)
async def test_a_route_that_needs_more_scopes_is_closed_without_each(
    in_memory: Service, route: Route
):
    for missing in route.also:
        others = set(Scope) - {missing, Scope.ADMIN}
        caller = await in_memory.caller(*others)
        refused = await caller.refused(route.method, path_of(route))
        assert (refused["code"], refused["detail"]) == (403, {"scope": str(missing)})


@pytest.mark.parametrize("route", GUARDED, ids=lambda route: route.name)
async def test_a_route_is_closed_without_a_valid_token(in_memory: Service, route: Route):
    token, text = await in_memory.token("admin")
    wrong = {
        None,
        "",
        "x",
        text[:-1],
        text + "x",
        text.upper(),
        text.partition("_")[2],
        token_text(new_task_id(), text.split("_", 2)[2]),
        token_text(token.id, ""),
    }
    answers = set()
    for one in wrong:
        response = await in_memory.with_token(one).send(route.method, path_of(route))
        answers.add((response.status_code, response.text, response.headers["www-authenticate"]))
    assert len(answers) == 1
    assert answers.pop()[0] == 401


@pytest.mark.parametrize("scheme", ["Basic", "", "Token"])
async def test_a_token_comes_as_a_bearer(in_memory, scheme):
    _, text = await in_memory.token("admin")
    caller = in_memory.with_token(None)
    for header, code in ((f"{scheme} {text}", 401), (f"bearer {text}", 200)):
        response = await caller.send("GET", "queue", headers={"Authorization": header})
        assert response.status_code == code


async def test_odd_bytes_in_a_token_are_no_error_of_ours(in_memory):
    caller = in_memory.with_token(None)
    for header in (
        b"Bearer \xff\xfe",
        b"Bearer rowlock_" + b"f" * 32 + b"_\xe9",
        b"Bearer " + b"_" * 9_000,
    ):
        response = await caller.send("GET", "queue", headers={b"Authorization": header})
        assert response.status_code == 401


async def test_a_token_ends_when_it_expires_or_is_revoked(service: Service):
    _, short = await service.token("admin", expires="400ms")
    token, text = await service.token("admin")
    expiring, revoked = service.with_token(short), service.with_token(text)
    assert (await expiring.send("GET", "queue")).status_code == 200
    assert (await revoked.send("GET", "queue")).status_code == 200
    await run_flow_async(service.app.core, token_flows.revoke_token(service.app.core, token.id))
    assert (await revoked.send("GET", "queue")).status_code == 401
    await asyncio.sleep(0.5)
    assert (await expiring.send("GET", "queue")).status_code == 401


async def test_the_last_use_of_a_token_is_written_down(service: Service):
    token, text = await service.token("queues:read")
    core = service.app.core
    [stored] = await run_flow_async(core, token_flows.list_tokens(core))
    assert stored.last_used_at is None
    seen = set()
    for _ in range(3):
        await service.with_token(text).ok("GET", "queue")
        [stored] = await run_flow_async(core, token_flows.list_tokens(core))
        seen.add(stored.last_used_at)
    assert stored.id == token.id
    assert len(seen) == 1
    assert None not in seen


async def test_without_tokens_only_this_machine_is_answered(in_memory: Service):
    in_memory.serve(needs_token=False)
    assert (await in_memory.with_token(None).send("GET", "queue")).status_code == 200
    stranger = in_memory.with_token(None, host="192.0.2.7")
    assert (await stranger.send("GET", "queue")).status_code == 401
    assert (await stranger.send("GET", "/healthz")).status_code == 200
    local = in_memory.with_token(None)
    await local.ok("POST", "queue", {"queue": "q"})
    [entry] = await in_memory.app.audit()
    assert entry.actor == "HTTP without a token"


@pytest.mark.parametrize(
    ("host", "code"),
    [
        ("localhost", 200),
        ("LOCALHOST:8080", 200),
        ("localhost.:1", 200),
        ("127.0.0.1:8080", 200),
        ("[::1]:8080", 200),
        ("shop.example", 200),
        ("evil.test", 400),
        ("localhost.evil.test", 400),
        ("localhost@evil.test", 400),
        ("localhost:80:80", 400),
        ("", 400),
    ],
)
async def test_only_names_of_the_service_are_answered(in_memory: Service, host: str, code: int):
    in_memory.serve(allowed_hosts=["localhost", "127.0.0.1", "::1", "Shop.Example"])
    caller = await in_memory.caller()
    response = await caller.send("GET", "queue", headers={"Host": host})
    assert response.status_code == code
    assert (await caller.send("GET", "/healthz", headers={"Host": host})).status_code == 200


@pytest.mark.parametrize(
    ("origin", "code"),
    [
        ("http://localhost:3000", 201),
        ("http://evil.test", 400),
        ("null", 400),
        ("http://localhost.evil.test", 400),
    ],
)
async def test_pages_from_elsewhere_may_not_send_requests(in_memory: Service, origin, code):
    in_memory.serve(needs_token=False)
    caller = in_memory.with_token(None)
    response = await caller.send("POST", "queue", {"queue": "q"}, headers={"Origin": origin})
    assert response.status_code == code
    assert "access-control-allow-origin" not in response.headers


async def test_any_host_where_something_in_front_has_looked(in_memory: Service):
    in_memory.serve(allowed_hosts=["*"])
    caller = await in_memory.caller()
    assert (await caller.send("GET", "queue", headers={"Host": "x"})).status_code == 200


@pytest.mark.parametrize(
    ("host", "local"),
    [("127.0.0.1", True), ("127.8.8.8", True), ("::1", True), ("localhost", True),
     (".".join("0000"), False), ("::", False), ("", False), ("192.0.2.1", False), ("shop", False)],
)  # fmt: skip
def test_which_addresses_are_this_machine_alone(host, local):
    assert is_loopback(host) is local


def test_a_bucket_is_used_up_and_fills_again():
    buckets = Buckets(2.0, 3)
    for _ in range(3):
        buckets.take("a", 10.0)
    with pytest.raises(RateLimitError) as caught:
        buckets.take("a", 10.0)
    assert caught.value.retry_after == 1
    buckets.take("b", 10.0)
    buckets.take("a", 10.5)
    with pytest.raises(RateLimitError):
        buckets.check("a", 10.6)
    buckets.check("a", 11.0)
    for _ in range(3):
        buckets.take("a", 99.0)
    with pytest.raises(RateLimitError):
        buckets.take("a", 99.0)


def test_buckets_are_bounded():
    buckets = Buckets(1.0, 1, most=3)
    for key in range(10):
        buckets.take(key, 0.0)
    assert len(buckets._left) == 3


def test_a_slow_bucket_says_how_long_to_wait():
    buckets = Buckets(0.2, 1)
    buckets.take("a", 0.0)
    with pytest.raises(RateLimitError) as caught:
        buckets.take("a", 1.0)
    assert caught.value.retry_after == 4


async def test_too_many_requests_are_429_for_a_token_and_for_an_address(in_memory: Service):
    in_memory.serve(limits=Limits(rate=0.01, burst=3))
    _, text = await in_memory.token("admin")
    codes = [
        (await in_memory.with_token(text, host=f"192.0.2.{last}").send("GET", "queue")).status_code
        for last in range(4)
    ]
    assert codes == [200, 200, 200, 429]
    _, other = await in_memory.token("admin")
    response = await in_memory.with_token(other, host="192.0.2.9").send("GET", "queue")
    assert response.status_code == 200
    here = in_memory.with_token(None, host="192.0.2.50")
    codes = [(await here.send("GET", "/livez")).status_code for _ in range(4)]
    assert codes == [200, 200, 200, 429]
    limited = await here.send("GET", "/livez")
    assert (limited.json()["type"], int(limited.headers["retry-after"]) > 0) == (
        "RateLimitError",
        True,
    )


async def test_wrong_tokens_use_up_a_budget_of_their_own(in_memory: Service):
    in_memory.serve(limits=Limits(failed_rate=0.01, failed_burst=3))
    _, known = await in_memory.token("admin")
    _, fresh = await in_memory.token("admin")
    good = in_memory.with_token(known)
    assert (await good.send("GET", "queue")).status_code == 200
    bad = in_memory.with_token("rowlock_x_y")
    codes = [(await bad.send("GET", "queue")).status_code for _ in range(5)]
    assert codes == [401, 401, 401, 429, 429]
    # Guessing goes no further, even with the right one; whoever was right before goes on.
    assert (await in_memory.with_token(fresh).send("GET", "queue")).status_code == 429
    assert (await good.send("GET", "queue")).status_code == 200
    elsewhere = in_memory.with_token(fresh, host="192.0.2.1")
    assert (await elsewhere.send("GET", "queue")).status_code == 200
