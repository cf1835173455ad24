"""Files and functions that fit in a head."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.architecture.test_layers import short, source_files

MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 60


@pytest.mark.parametrize("path", source_files(), ids=short)
def test_a_file_has_at_most_400_lines(path: Path):
    assert len(path.read_text().splitlines()) <= MAX_FILE_LINES


@pytest.mark.parametrize("path", source_files(), ids=short)
def test_a_function_has_at_most_60_lines(path: Path):
    functions = [
        node
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    ]
    lengths = {one.name: (one.end_lineno or 0) - one.lineno + 1 for one in functions}
    assert {name: lines for name, lines in lengths.items() if lines > MAX_FUNCTION_LINES} == {}
