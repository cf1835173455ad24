"""Plans and catalogues agree: no statement is missing, none is left over."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterator
from contextlib import closing

import pytest

from rowlock.storage.storage import Storage
from rowlock.storage.url import open_storage

URLS = {
    "sqlite": "sqlite:///nowhere.db",
    "postgres": "postgresql://nowhere/nothing",
    "mysql": "mysql://nowhere/nothing",
}


def functions_of(storage: Storage) -> Iterator[ast.AST]:
    """The methods of an engine's plans as it runs them: what is overridden is left out."""
    stores = (
        *("enqueue", "claims", "upkeep", "operate", "reads"),
        *("queues", "definitions", "changes", "records", "schedules", "firings", "tickers"),
        *("tokens", "events"),
        "tokens",
        "deletions",
        "tallies",
    )
    groups = (*stores, "migrations", "enlisting", "vacuum")
    for group in groups:
        kind = type(getattr(storage, group))
        for base in kind.__mro__:
            for name, member in vars(base).items():
                method = member.fget if isinstance(member, property) else member
                if not inspect.isfunction(method):
                    continue
                if getattr(kind, name) is member or calls_super(kind, name):
                    yield ast.parse(textwrap.dedent(inspect.getsource(method)))


def calls_super(kind: type, name: str) -> bool:
    return f"super().{name}(" in inspect.getsource(getattr(kind, name))


def bound_names(function: ast.AST) -> set[str]:
    """The names given to `bind`, `bind_copy` and `text`, as far as they are written out."""
    return {
        node.args[0].value
        for node in ast.walk(function)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in {"bind", "bind_copy", "text"}
        and node.args
        and isinstance(node.args[0], ast.Constant)
        and isinstance(node.args[0].value, str)
    }


def mentioned_names(function: ast.AST) -> set[str]:
    """Every text in a function, alone and after the beginning of every f-string in it."""
    nodes = list(ast.walk(function))
    texts = {
        node.value
        for node in nodes
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    beginnings = {
        node.values[0].value
        for node in nodes
        if isinstance(node, ast.JoinedStr)
        and isinstance(node.values[0], ast.Constant)
        and isinstance(node.values[0].value, str)
    }
    return texts | {beginning + text for beginning in beginnings for text in texts}


@pytest.fixture(params=URLS)
def unconnected(request: pytest.FixtureRequest) -> Iterator[Storage]:
    """Each engine's storage, whose database nobody asks."""
    with closing(open_storage(URLS[request.param])) as storage:
        yield storage


def test_every_statement_that_plans_use_is_there(unconnected):
    used = set().union(*map(bound_names, functions_of(unconnected)))
    assert used - unconnected.catalog.names == set()
    assert len(used) > 30


def test_no_statement_is_unused(unconnected):
    mentioned = set().union(*map(mentioned_names, functions_of(unconnected)))
    assert unconnected.catalog.names - mentioned == set()
