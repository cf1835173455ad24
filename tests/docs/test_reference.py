"""The reference says what the code says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import rowlock
from rowlock import testing
from rowlock.app.core import Settings
from rowlock.app.facade import GivenPolicy
from rowlock.definitions.options import GivenOptions
from tests.docs import reference
from tests.docs.pages import DOCS, ROOT, pages
from tests.docs.rest import rest_page

SOURCE = Path(rowlock.__file__).parent
HINT = "python -m tests.docs.reference writes it"


def test_the_api_page_is_current():
    assert reference.API.read_text("utf-8") == reference.api_page(), HINT


def test_the_errors_page_is_current():
    assert reference.ERRORS.read_text("utf-8") == reference.errors_page(), HINT


def test_the_command_line_page_is_current():
    assert reference.COMMANDS.read_text("utf-8") == reference.commands_page(), HINT


def test_the_page_of_the_rest_api_is_current():
    assert reference.REST.read_text("utf-8") == rest_page(), HINT


def test_the_schema_of_graphql_is_current():
    assert reference.SCHEMA.read_text("utf-8") == reference.schema_page(), HINT


def test_every_public_name_is_on_the_api_page():
    shown = {name for names in reference.GROUPS.values() for name in names}
    assert shown == set(vars(rowlock)["__all__"]) - {"__version__"}


def test_every_public_name_of_the_testing_kit_is_on_the_api_page():
    public = set(vars(testing)["__all__"])
    twins = {f"a{name}" for name in reference.TESTING} & public
    assert set(reference.TESTING) | twins == public - {"TaskFailedError"}  # on the page of errors


@pytest.mark.parametrize("settings", [Settings, GivenPolicy, GivenOptions])
def test_every_setting_is_explained(settings: type):
    page = (DOCS / "reference" / "settings.md").read_text("utf-8")
    missing = [name for name in settings.__annotations__ if f"`{name}`" not in page]
    assert missing == []


@pytest.mark.parametrize("engine", ["postgres", "sqlite", "mysql"])
def test_every_table_column_and_index_is_explained(engine: str):
    page = (DOCS / "reference" / "tables.md").read_text("utf-8")
    folder = SOURCE / "storage" / engine / "migrations"
    text = "\n".join(path.read_text("utf-8") for path in sorted(folder.glob("*.sql")))
    tables = re.findall(r"CREATE TABLE (?:IF NOT EXISTS )?(rowlock_\w+)", text)
    columns = re.findall(r"^    `?([a-z_]+)`? (?:[a-z]+)[ ,(]", text, re.MULTILINE)
    indexes = re.findall(r"\bix_rowlock_\w+", text)
    missing = {
        *(name for name in tables if f"## {name}\n" not in page),
        *(name for name in (*columns, *indexes) if f"`{name}`" not in page),
    }
    assert missing == set()
    assert len(tables) > 5
    assert len(columns) > 50


def test_every_decision_has_its_sections():
    sections = ["Context", "Decision", "Consequences", "Rejected"]
    decisions = sorted((DOCS / "decisions").glob("*.md"))
    found = {
        path.name: re.findall(r"^## (\w+)", path.read_text(), re.MULTILINE) for path in decisions
    }
    assert found == {path.name: sections for path in decisions}


def test_contributing_names_every_part_of_the_package():
    page = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    parts = [path for path in SOURCE.iterdir() if not path.name.startswith(("_", "."))]
    named = {f"{path.name}/" if path.is_dir() else path.name for path in parts} - {"py.typed"}
    assert {name for name in named if name not in page} == set()


def test_contributing_names_only_what_exists():
    page = (ROOT / "CONTRIBUTING.md").read_text("utf-8").partition("## To change X")[2]
    named = set(re.findall(r"`((?:[a-z_]+/)*[a-z_]+\.pyi?|[a-z]+/)`", page))
    missing = {
        name for name in named if not (SOURCE / name).exists() and not (ROOT / name).exists()
    }
    assert missing == set()


def test_no_page_has_a_line_that_is_too_long():
    # Tables, links and code are as long as they are.
    prose = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in pages()
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if len(line) > 120 and "|" not in line and "](" not in line
    ]
    assert prose == []
