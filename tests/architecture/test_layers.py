"""Imports point down only, and no engine is named above storage."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import rowlock

SOURCE = Path(rowlock.__file__).parent
ROOT = Path(__file__).parents[2]
ENGINES = re.compile(
    r"sqlite|postgres|psycopg|mysql|mariadb|pymysql|data_version|pg_notify", re.IGNORECASE
)
# What an engine is called may be told to people: where URLs, extras and servers are explained.
MAY_NAME_ENGINES = {"storage", "cli", "demo"}


def source_files() -> list[Path]:
    return sorted(SOURCE.rglob("*.py"))


def short(path: Path) -> str:
    return str(path.relative_to(SOURCE))


def above_storage() -> list[Path]:
    files = [path.relative_to(SOURCE) for path in source_files()]
    return [path for path in files if path.parts[0] not in MAY_NAME_ENGINES]


def code_words(tree: ast.AST) -> Iterator[str]:
    """Every identifier, imported name and string of the code; docstrings are for people."""
    docstrings = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield "" if id(node) in docstrings else node.value
        for name in ("id", "attr", "name", "arg", "module"):
            word = getattr(node, name, None)
            if isinstance(word, str):
                yield word


def test_imports_point_down_only():
    program = Path(sys.executable).with_name("lint-imports")
    path = os.pathsep.join([str(SOURCE.parent), os.environ.get("PYTHONPATH", "")])
    ended = subprocess.run(
        [program, "--no-cache"], cwd=ROOT, env={**os.environ, "PYTHONPATH": path},
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stdout + ended.stderr


@pytest.mark.parametrize("path", above_storage(), ids=str)
def test_no_engine_is_named_above_storage(path):
    words = set(code_words(ast.parse((SOURCE / path).read_text())))
    assert [word for word in words if ENGINES.search(word)] == []


@pytest.mark.parametrize("path", source_files(), ids=short)
def test_no_import_is_hidden_from_the_running_program(path):
    """An import for type checkers only lets cycles grow unseen."""
    assert "TYPE_CHECKING" not in path.read_text()


@pytest.mark.parametrize("path", source_files(), ids=short)
def test_no_sql_is_put_together_by_hand(path):
    """Ruff's S608 is on; nobody may turn it off for a line."""
    assert re.findall(r"noqa:[^\n]*S608", path.read_text()) == []


DRIVER_METHODS = {"execute", "executemany", "executescript", "copy"}


def executed_texts(tree: ast.AST) -> list[ast.expr]:
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and node.args]
    methods = [(call, call.func) for call in calls if isinstance(call.func, ast.Attribute)]
    return [call.args[0] for call, method in methods if method.attr in DRIVER_METHODS]


# Settings of a session take no parameters; their names and values are constants of ours.
SETTING = re.compile(r"""f(['"])(PRAGMA|SET|SHOW) .*\1""")


@pytest.mark.parametrize("path", source_files(), ids=short)
def test_no_formatted_string_reaches_a_driver(path):
    texts = executed_texts(ast.parse(path.read_text()))
    formatted = [
        ast.unparse(text) for text in texts if isinstance(text, (ast.JoinedStr, ast.BinOp))
    ]
    assert [text for text in formatted if not SETTING.fullmatch(text)] == []
