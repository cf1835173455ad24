"""Importing the package costs next to nothing, and what is public explains itself."""

from __future__ import annotations

import inspect
import subprocess
import sys

import pytest

import rowlock

HEAVY = ["asyncio", "msgspec", "rich", "click", "sqlite3", "psycopg", "pymysql", "logging"]


def loaded_by(statement: str) -> set[str]:
    """The modules that a fresh interpreter has after a statement and had not before."""
    script = f"import sys; old = set(sys.modules); {statement}; print(*set(sys.modules) - old)"
    ended = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    return set(ended.stdout.split())


@pytest.fixture(scope="module")
def loaded() -> set[str]:
    return loaded_by("import rowlock")


@pytest.mark.parametrize("name", HEAVY)
def test_importing_the_package_loads_nothing_heavy(loaded, name):
    assert name not in loaded


def test_importing_the_package_loads_hardly_anything_of_it(loaded):
    assert {name for name in loaded if name.startswith("rowlock")} == {
        "rowlock",
        "rowlock._lazy",
        "rowlock._version",
    }


@pytest.mark.parametrize("driver", ["psycopg", "pymysql", "rich", "click"])
def test_an_app_on_a_file_loads_no_driver_of_a_server(driver):
    assert driver not in loaded_by("from rowlock import Rowlock; Rowlock('memory://').close()")


PUBLIC = [name for name in rowlock.__all__ if name != "__version__"]


@pytest.mark.parametrize("name", PUBLIC)
def test_a_public_name_has_a_docstring(name):
    assert inspect.getdoc(getattr(rowlock, name))


def public_methods() -> list[str]:
    return [
        f"{name}.{method}"
        for name in PUBLIC
        if inspect.isclass(kind := getattr(rowlock, name))
        for method, value in vars(kind).items()
        if not method.startswith("_")
        and (inspect.isfunction(value) or isinstance(value, (property, classmethod)))
    ]


@pytest.mark.parametrize("name", public_methods())
def test_a_public_method_has_a_docstring(name):
    kind, _, method = name.partition(".")
    assert inspect.getdoc(getattr(getattr(rowlock, kind), method)) or inspect.getdoc(
        vars(getattr(rowlock, kind))[method]
    )
