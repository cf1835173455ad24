"""The public names of the testing kit load when they are used, and type checkers see them."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path

import pytest

from rowlock import testing

TWINS = [name for name in testing.__all__ if f"a{name}" in testing.__all__]


def test_type_checkers_see_the_names_that_load():
    tree = ast.parse(Path(testing.__file__).with_suffix(".pyi").read_text())
    imports = [node for node in tree.body if isinstance(node, ast.ImportFrom)]
    assert {alias.asname for node in imports for alias in node.names} == set(testing.__all__)


@pytest.mark.parametrize("name", testing.__all__)
def test_each_public_name_loads(name):
    assert inspect.getdoc(getattr(testing, name))
    assert name in dir(testing)


def test_a_name_that_is_not_public_is_an_attribute_error():
    with pytest.raises(AttributeError, match=r"'rowlock\.testing' has no attribute 'Fake'"):
        testing.Fake  # type: ignore[attr-defined] # not there # noqa: B018


@pytest.mark.parametrize("name", TWINS)
def test_twins_have_the_same_signature(name):
    sync, twin = getattr(testing, name), getattr(testing, f"a{name}")
    assert inspect.signature(sync) == inspect.signature(twin)
    assert inspect.iscoroutinefunction(twin)
    assert f"See `{name}`." in (inspect.getdoc(twin) or "")
