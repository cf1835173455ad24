"""Who may ask what in GraphQL, and how much: the same guard and limits as for REST."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from typing import Any

import pytest
from graphql import GraphQLObjectType, build_schema, get_introspection_query

from rowlock.app import token_flows
from rowlock.app.flow import run_flow_async
from rowlock.errors import StorageUnavailableError
from rowlock.http import Limits
from rowlock.http.graphql import query
from rowlock.http.graphql.fields import FIELDS
from rowlock.http.graphql.schema import SCHEMA
from rowlock.model.tokens import Scope
from tests.http.asking import answered, ask, field_refused, following, refused
from tests.http.conftest import Caller, Service

ID = "0196b8b4-0000-7000-8000-000000000000"
ASKED = {
    "task": f'{{ task(id: "{ID}") {{ id }} }}',
    "tasks": "{ tasks { count } }",
    "taskProgress": '{ taskProgress(type: "x") { state } }',
    "stats": "{ stats { queues { queue } } }",
    "enqueue": 'mutation { enqueue(task: {queue: "nothing", payload: 1}) { id } }',
    "enqueueIfNotExists": (
        'mutation { enqueueIfNotExists(task: {queue: "nothing", payload: 1, unique: "k"}) { id } }'
    ),
    "cancel": f'mutation {{ cancel(id: "{ID}") {{ id }} }}',
    "retry": f'mutation {{ retry(id: "{ID}") {{ id }} }}',
}
FOLLOWED = f'subscription {{ taskProgress(id: "{ID}") {{ state }} }}'


@pytest.fixture
async def caller(in_memory: Service) -> Caller:
    """A client that may do all, beside a queue `q`."""
    caller = await in_memory.caller()
    await caller.ok("POST", "queue", {"queue": "q"})
    return caller


def roots() -> dict[str, set[str]]:
    """The fields of each root of the schema."""
    kinds = {"query": "Query", "mutation": "Mutation", "subscription": "Subscription"}
    schema = build_schema(SCHEMA.as_str())
    found: dict[str, set[str]] = {}
    for word, kind in kinds.items():
        root = schema.type_map[kind]
        assert isinstance(root, GraphQLObjectType)
        found[word] = set(root.fields)
    return found


def test_every_field_of_the_roots_is_asked_for_here_and_has_its_scope():
    by_root = roots()
    assert set().union(*by_root.values()) == set(FIELDS) == set(ASKED)
    assert by_root["subscription"] == {"taskProgress"}


@pytest.mark.parametrize("field", ASKED)
async def test_a_field_is_open_to_its_scope_and_to_admin_alone(in_memory: Service, field: str):
    [needed] = FIELDS[field].scopes
    others = await in_memory.caller(*(set(Scope) - {needed, Scope.ADMIN}))
    error = await field_refused(others, ASKED[field])
    assert (error["extensions"]["type"], error["extensions"]["detail"]) == (
        "ScopeError",
        {"scope": needed.value},
    )
    for scope in (needed, Scope.ADMIN):
        found = await answered(await in_memory.caller(scope), ASKED[field])
        told = [one["extensions"]["code"] for one in found.get("errors", ())]
        assert told in ([], [404]), found


async def test_a_subscription_is_open_to_its_scope_alone(in_memory: Service):
    for scopes, kind in (
        (set(Scope) - {Scope.TASKS_READ, Scope.ADMIN}, "ScopeError"),
        ({Scope.TASKS_READ}, "TaskNotFoundError"),
    ):
        _, text = await in_memory.token(*scopes)
        async with following(in_memory, text, FOLLOWED) as stream:
            name, document = await stream.next()
            assert name == "next"
            assert document["errors"][0]["extensions"]["type"] == kind
            assert document.get("data") is None
            await stream.last()


@pytest.mark.parametrize("text", [None, "", "x", "rowlock_x_y"])
@pytest.mark.parametrize("asked", [*ASKED.values(), "{ __schema { types { name } } }", "{"])
async def test_nothing_is_answered_without_a_valid_token(in_memory: Service, asked, text):
    error = await refused(in_memory.with_token(text), asked)
    assert error["extensions"] == {"code": 401, "type": "UnauthenticatedError"}


async def test_any_valid_token_may_ask_for_the_schema(in_memory: Service):
    reader = await in_memory.caller("payload:read")
    told = await ask(reader, get_introspection_query())
    assert {one["name"] for one in told["__schema"]["types"]} >= {"Task", "NewTask"}


async def test_a_token_that_is_over_is_refused(in_memory: Service):
    token, text = await in_memory.token("admin")
    assert await ask(in_memory.with_token(text), "{ stats { queues { queue } } }") == {
        "stats": {"queues": []}
    }
    core = in_memory.app.core
    await run_flow_async(core, token_flows.revoke_token(core, token.id))
    error = await refused(in_memory.with_token(text), "{ stats { queues { queue } } }")
    assert error["extensions"]["code"] == 401


async def test_without_tokens_only_this_machine_is_answered(in_memory: Service):
    in_memory.serve(needs_token=False)
    assert await ask(in_memory.with_token(None), "{ stats { queues { queue } } }") == {
        "stats": {"queues": []}
    }
    there = in_memory.with_token(None, host="192.0.2.1")
    assert (await refused(there, "{ stats { queues { queue } } }"))["extensions"]["code"] == 401


@pytest.mark.parametrize("header", [{"Host": "evil.example"}, {"Origin": "https://evil.example"}])
async def test_other_names_and_pages_from_elsewhere_are_refused(caller: Caller, header):
    response = await caller.send("POST", "/graphql", {"query": "{ x }"}, headers=header)
    assert response.status_code == 400
    [field] = [name.lower() for name in header]
    assert response.json()["errors"][0]["extensions"]["detail"]["field"] == field


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH"])
async def test_only_post_is_answered_so_no_link_changes_anything(caller: Caller, method):
    path = "/graphql?query=mutation%7Benqueue(task:%7Bqueue:%22q%22,payload:1%7D)%7Bid%7D%7D"
    response = await caller.send(method, path, headers={"Accept": "text/html"})
    assert (response.status_code, response.headers["allow"]) == (405, "POST")
    assert "<" not in response.text
    assert (await caller.ok("GET", "task"))["count"] == 0


@pytest.mark.parametrize(
    ("content", "headers", "code"),
    [
        (b"", {}, 400),
        (b"{", {}, 400),
        (b'{"query": "{ x }"', {}, 400),
        (b"\xff", {}, 400),
        (b"null", {}, 400),
        (b'[{"query": "{ stats { queues { queue } } }"}]', {}, 400),
        (b"{}", {}, 400),
        (b'{"query": null}', {}, 400),
        (b'{"query": ["{ x }"]}', {}, 400),
        (b'{"query": "{ stats { queues { queue } } }", "variables": []}', {}, 400),
        (b'{"query": "{ stats { queues { queue } } }", "operationName": 1}', {}, 400),
        (b'{"query": "{ stats { queues { queue } } }", "query": "{ x }"}', {}, 400),
        (b'{"query": "{ stats { queues { queue } } }", "variables": {"x": "\\u0000"}}', {}, 400),
        (b'{"query": "\\u0000"}', {}, 400),
        (b'{"query": "\\ud800"}', {}, 400),
        (b'{"variables": ' + b'{"a":' * 31 + b"1" + b"}" * 31 + b', "query": "{ x }"}', {}, 400),
        (b"[" * 50_000, {}, 400),
        (b'{"query": "' + b"x" * 1024 * 1024 + b'"}', {}, 413),
        (b'{"query": "{ x }"}', {"Content-Type": "text/plain"}, 400),
        (b"query=%7Bx%7D", {"Content-Type": "application/x-www-form-urlencoded"}, 400),
        (b'{"query": "{ x }"}', {"Content-Type": "multipart/form-data; boundary=x"}, 400),
        (b"{ stats { queues { queue } } }", {"Content-Type": "application/graphql"}, 400),
        (b'{"query": "{ x }"}', {"Content-Encoding": "gzip"}, 400),
    ],
)
async def test_a_body_that_is_no_good_is_refused(caller: Caller, content, headers, code):
    headers = {"Content-Type": "application/json", **headers}
    response = await caller.client.post("/graphql", content=content, headers=headers)
    assert response.status_code == code
    [error] = response.json()["errors"]
    assert error["extensions"]["code"] == code
    assert "data" not in response.json()


MANY = "fragment F{0} on Query {{ ...F{1} ...F{1} }} "
BOMB = (
    "{ ...F0 } "
    + "".join(MANY.format(number, number + 1) for number in range(30))
    + "fragment F30 on Query { stats { queues { queue } } }"
)
BOMB_OF_FIELDS = (
    "{ ...F0 } "
    + "".join(MANY.format(number, number + 1) for number in range(12))
    + "fragment F12 on Query { tasks { body { id } } }"
)


@pytest.mark.parametrize(
    ("asked", "problem"),
    [
        ("", "Syntax Error"),
        ("# nothing", "Syntax Error"),
        ("{", "Syntax Error"),
        ("}{", "Syntax Error"),
        ("\U0001f600", "Syntax Error"),
        ("{}", "nothing between"),
        ("{ stats {} }", "nothing between"),
        ("{ stats { ...F } } fragment F on Stats { }", "nothing between"),
        ("{ nothing }", "Cannot query field"),
        ("{ stats }", "selection of subfields"),
        ("{ task { id } }", "is required"),
        ("{ task(id: {}) { id } }", "ID cannot represent"),
        ("{ tasks(limit: 99999999999) { count } }", "32-bit"),
        ('{ tasks(limit: "1") { count } }', "Int cannot represent"),
        ("{ ...Nothing }", "Unknown fragment"),
        ("{ ...F } fragment F on Query { ...F }", "itself"),
        ("{ stats { ...F } } fragment F on Task { id }", "can never be"),
        ("fragment F on Query { stats { queues { queue } } }", "one operation"),
        ("type Query { x: Int }", "one operation"),
        ("query A { tasks { count } } query B { tasks { count } }", "one operation"),
        ("query ($x: Int!) { tasks(limit: $x) { count } }", "to be provided"),
        ("query ($x: Nothing) { tasks(limit: $x) { count } }", "Unknown type"),
        ("{ stats @nothing { queue } }", "Unknown directive"),
        ("{ stats { queues { queue } } ... @defer { tasks { count } } }", "defer"),
        ("{ a " * 400, "nested too deep"),
        ("{ " + "stats { queues { queue } } " * 200 + "}", "more than 500 tokens"),
        ("{ task(id: " + "[" * 300 + "]" * 300 + ") { id } }", "nested too deep"),
        ("{ tasks " + "{ body " * 20 + "{ id }" + "}" * 20 + " }", "deeper than 16 levels"),
        ("{ tasks { count } } fragment F on Task { " + "a { " * 40 + "b" + "}" * 41, "deeper"),
        ("{ " + " ".join(f"a{n}: tasks {{ count }}" for n in range(16)) + " }", "16 aliases"),
        (BOMB, "deeper than 16 levels"),
        (BOMB_OF_FIELDS, "values"),
        (
            "{ a: tasks { body { " + " ".join(f"f{n}: id" for n in range(14)) + " } } }",
            "",
        ),
        (
            ("{ a: tasks { ...F } b: tasks { ...F } c: tasks { ...F } } fragment F on TaskList "
            "{ body { id namespace queue definition state status priority payload tags uniqueKey "
            "attempt maxAttempts retries crashes maxCrashes timeoutSeconds worker createdAt runAt "
            "delayedAt startedAt finishedAt leaseUntil expiresAt diesAt pausedUntil pauseReason "
            "deletedAt result reason hidden progress progressMessage cancelRequested } }"),
            "asks for up to 10,503 values",
        ),
        ("{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }",
         "introspection depth"),
    ],
)  # fmt: skip
async def test_what_makes_no_sense_or_asks_for_too_much_is_refused(caller, asked, problem):
    started = time.process_time()
    if problem:
        error = await refused(caller, asked)
        assert problem in error["message"]
        assert error["extensions"]["type"] == "InvalidValueError"
        assert error["extensions"]["detail"]["field"] in {"query", "operationName"}
    else:
        await ask(caller, asked)
    # Of processor time, and of what takes for ever if it is done badly.
    assert time.process_time() - started < 20


async def test_a_small_page_may_have_more_fields(caller):
    assert await ask(caller, "{ " + " ".join(
        f"a{n}: tasks(limit: 9) {{ body {{ id queue payload result error {{ message }} }} }}"
        for n in range(15)
    ) + " }")  # fmt: skip


async def test_the_longest_text_of_one_token_is_read(caller):
    text = "x" * (query.MOST_TOKENS * 1_000)
    error = await field_refused(caller, f'{{ task(id: "{text}") {{ id }} }}')
    assert error["extensions"]["type"] == "InvalidValueError"


@pytest.mark.parametrize(
    ("task", "field"),
    [
        ("{}", "payload"),
        ('{queue: "q"}', "payload"),
        ('{queue: "q", payload: null}', "payload"),
        ("{payload: 1}", "queue"),
        ('{queue: "a b", payload: 1}', "queue"),
        ('{queue: "q", payload: 1, priority: 99999}', "priority"),
        ('{queue: "q", payload: 1, maxAttempts: -1}', "max_attempts"),
        ('{queue: "q", payload: 1, maxAttempts: 1, retries: 2}', "retries"),
        ('{queue: "q", payload: 1, delay: "soon"}', "delay"),
        ('{queue: "q", payload: 1, delay: true}', "delay"),
        ('{queue: "q", payload: 1, delay: [1]}', "delay"),
        ('{queue: "q", payload: 1, runAt: "today"}', "run_at"),
        ('{queue: "q", payload: 1, runAt: "2030-01-01T00:00:00"}', "run_at"),
        ('{queue: "q", payload: 1, delayedAt: "2001-01-01T00:00:00Z"}', "delayed_at"),
        ('{queue: "q", payload: 1, retry: {backoff: "x"}}', "retry"),
        ('{queue: "q", payload: 1, retry: {nothing: 1}}', "retry"),
        ('{queue: "q", payload: 1, retry: [1]}', "retry"),
        ('{queue: "q", payload: 1, unique: 7}', "unique"),
        ('{queue: "q", payload: 1, unique: ""}', "unique"),
        ('{queue: "q", payload: 1, tags: [""]}', "tag"),
        ('{queue: "q", payload: "\\u0000"}', "payload"),
        ('{queue: "\\u0000", payload: 1}', "queue"),
        (f'{{queue: "q", payload: {"9" * 30}}}', "payload"),
        (f'{{queue: "q", payload: {"[" * 31}{"]" * 31}}}', "payload"),
        ('{queue: "q", payload: 1e999}', "payload"),
    ],
)
async def test_a_task_that_is_no_good_is_refused_and_not_stored(caller, task, field):
    error = await field_refused(caller, f"mutation {{ enqueue(task: {task}) {{ id }} }}")
    assert error["extensions"]["code"] == 400, error
    first, *rest = field.split("_")
    named = first + "".join(word.capitalize() for word in rest)
    assert named in error["extensions"]["detail"]["field"], error
    assert (await caller.ok("GET", "task"))["count"] == 0


async def test_each_field_counts_as_a_request(in_memory: Service):
    in_memory.serve(limits=Limits(rate=0.01, burst=5))
    caller = await in_memory.caller("metrics:read")
    asked = "{ " + " ".join(f"a{n}: stats {{ queues {{ queue }} }}" for n in range(7)) + " }"
    document = await answered(caller, asked)
    assert list(document["data"].values()) == [{"queues": []}] * 5 + [None] * 2
    assert {one["extensions"]["type"] for one in document["errors"]} == {"RateLimitError"}
    response = await caller.send("POST", "/graphql", {"query": asked})
    assert (response.status_code, int(response.headers["retry-after"]) > 0) == (429, True)
    assert response.json()["errors"][0]["extensions"]["code"] == 429


async def test_a_fault_of_ours_is_masked_and_in_the_log(caller, monkeypatch, caplog):
    monkeypatch.setattr("rowlock.app.measuring_flows.overview", None)
    document = await answered(caller, "{ stats { queues { queue } } }")
    [error] = document["errors"]
    assert (document["data"], error["path"]) == ({"stats": None}, ["stats"])
    assert error["extensions"] == {"code": 500, "type": "InternalError"}
    assert "NoneType" not in json.dumps(document)
    assert "NoneType" in caplog.text


async def test_refusals_are_not_in_the_log_as_faults(caller, caplog):
    await field_refused(caller, ASKED["task"])
    await refused(caller, "{ nothing }")
    assert [one for one in caplog.records if one.levelname in {"ERROR", "CRITICAL"}] == []


async def test_a_subscription_says_how_it_is_to_be_asked_for(caller):
    error = await refused(caller, FOLLOWED)
    assert error["extensions"]["detail"]["field"] == "accept"
    response = await caller.send(
        "POST", "/graphql", {"query": "{ nothing }"}, headers={"Accept": "text/event-stream"}
    )
    assert (response.status_code, response.headers["content-type"]) == (
        200,
        "text/event-stream; charset=utf-8",
    )
    assert "Cannot query field" in response.text
    assert response.text.endswith("event: complete\ndata: \n\n")


async def test_an_operation_of_several_is_named(caller):
    body: Any = {
        "query": "query A { stats { queues { queue } } } query B { nobody: tasks { count } }"
    }
    found = await caller.ok("POST", "/graphql", {**body, "operationName": "B"})
    assert found == {"data": {"nobody": {"count": 0}}}
    assert "one operation" in (await refused(caller, body["query"], operationName="C"))["message"]


async def test_a_text_that_was_read_before_is_refused_or_answered_as_before(caller):
    for number in range(3):
        assert "nothing" in (await refused(caller, "{ stats { nothing } }"))["message"]
        asked = "query ($limit: Int!) { tasks(limit: $limit) { count } }"
        assert await ask(caller, asked, limit=number + 1) == {"tasks": {"count": 0}}
        assert "Int" in (await refused(caller, asked, variables={"limit": "x"}))["message"]


async def test_many_at_once_are_answered_while_the_library_is_loaded(caller):
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(ask(caller, "{ stats { queues { queue } } }")) for _ in range(10)
        ]
    assert [task.result()["stats"] for task in tasks] == [tasks[0].result()["stats"]] * 10


async def test_it_can_be_left_out(in_memory: Service, monkeypatch):
    for settings in ({"graphql": False}, {}):
        if not settings:
            monkeypatch.setattr("rowlock.http.graphql.endpoint.find_spec", lambda name: None)
        in_memory.serve(**settings)
        caller = await in_memory.caller()
        error = await caller.refused(
            "POST", "/graphql", {"query": "{ stats { queues { queue } } }"}
        )
        assert (error["code"], error["type"]) == (404, "RouteNotFoundError")


async def test_requests_and_errors_of_the_database_are_counted(in_memory: Service, monkeypatch):
    caller = await in_memory.caller()
    await ask(caller, "{ tasks { count } }")

    def away(*args: Any, **kwargs: Any) -> None:
        raise StorageUnavailableError("connection to db.internal failed")

    with monkeypatch.context() as patch:
        patch.setattr("rowlock.app.measuring_flows.overview", away)
        error = await field_refused(caller, "{ stats { queues { queue } } }")
        assert error["extensions"]["code"] == 503
        assert "db.internal" not in json.dumps(error)
    told = (await caller.send("GET", "metrics")).text
    requests = 'rowlock_http_requests_total{namespace="default",route="graphql",status="200"} 2.0'
    errors = 'rowlock_database_errors_total{namespace="default",type="StorageUnavailableError"} 1.0'
    assert requests in told
    assert errors in told


def test_a_service_that_nobody_asks_in_graphql_does_not_load_it():
    program = """
import sys
from rowlock import Rowlock
from rowlock.http import create_asgi
with Rowlock("memory://") as app:
    create_asgi(app)
print([name for name in ("strawberry", "graphql") if name in sys.modules])
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"
