"""A command loads what it needs and no more: `python -m benchmarks` tells what that saves."""

from __future__ import annotations

import subprocess
import sys
from contextlib import closing

import pytest

from rowlock import Rowlock
from tests.cli.commands import untraced

PROGRAM = """
import sys
import click, json, sqlite3  # what these load is there anyway
before = set(sys.modules)
from rowlock.cli.main import main
try: main()
except SystemExit as end: print("\\nexit", end.code)
print(*sorted(set(sys.modules) - before))
"""

# Slow to load, and of no use to who looks at tasks or steers one.
HEAVY = {
    "asyncio", "concurrent.futures", "difflib", "email", "hashlib", "http",
    "importlib.metadata", "importlib.resources", "logging", "msgspec", "pathlib", "psycopg",
    "pymysql", "rich", "tempfile", "traceback", "urllib.parse", "zoneinfo",
    "rowlock.app.core", "rowlock.app.enqueuing", "rowlock.app.facade", "rowlock.cli.exits",
    "rowlock.cli.problems", "rowlock.definitions", "rowlock.demo", "rowlock.runtime",
    "rowlock.storage.sql.claiming", "rowlock.storage.sql.enqueue", "rowlock.storage.sql.upkeep",
    "rowlock.worker",
}  # fmt: skip
# What an argument is checked and written with, and the options of a task.
FOR_ENQUEUE = {
    "msgspec", "rowlock.app.enqueuing", "rowlock.definitions",
    "rowlock.storage.sql.claiming", "rowlock.storage.sql.enqueue",
}  # fmt: skip
# What computes recurring times, and what a schedule's tasks are checked with.
FOR_SCHEDULES = FOR_ENQUEUE | {"hashlib", "zoneinfo"}
# Before a database is opened, nothing of it is loaded either.
FOR_DATABASES = {"dataclasses", "rowlock.app", "rowlock.model", "rowlock.storage"}


def loaded_by(*args: str) -> set[str]:
    """The modules that a command loads, besides those that it cannot do without."""
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM, *args],
        env=untraced(), capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    *_, code, modules = ended.stdout.splitlines()
    assert code == "exit 0", ended.stdout + ended.stderr
    return set(modules.split())


@pytest.mark.parametrize("option", ["--version", "--help"])
def test_the_program_alone_knows_no_database(option):
    assert loaded_by(option) & (HEAVY | FOR_DATABASES) == set()


@pytest.mark.parametrize(
    "command",
    [
        ["tasks"],
        ["tasks", "--json"],
        ["tasks", "--state", "failed", "--limit", "5"],
        ["stats"],
        ["queues"],
        ["task", "{succeeded}"],
        ["task", "{failed}", "--json"],
        ["cancel", "{queued}"],
        ["retry", "{failed}"],
        ["schedules"],
        ["schedules", "--status", "active", "--order", "next", "--json"],
    ],
    ids=" ".join,
)
def test_looking_and_steering_load_nothing_heavy(seeded, command):
    words = [word.format(**seeded.ids) for word in command]
    assert loaded_by(*words, "--url", seeded.url) & HEAVY == set()


def test_enqueueing_by_alias_loads_no_code_of_definitions(seeded):
    loaded = loaded_by("enqueue", "add", "a:=1", "--url", seeded.url)
    assert loaded & (HEAVY - FOR_ENQUEUE) == set()
    assert "rowlock.definitions.definition" not in loaded


@pytest.mark.parametrize(
    "command", [["show", "nightly"], ["pause", "nightly"], ["firings", "nightly", "--json"]]
)
def test_one_schedule_loads_what_computes_recurring_times(seeded, command):
    with closing(Rowlock(seeded.url)) as app:
        app.create_schedule("nightly", "0 3 * * *", "add", arguments={"a": 1})
    loaded = loaded_by("schedule", *command, "--url", seeded.url)
    assert loaded & (HEAVY - FOR_SCHEDULES) == set()
    assert "rowlock.definitions.definition" not in loaded


def test_a_rule_is_explained_without_a_database_driver():
    loaded = loaded_by("schedule", "explain", "0 3 * * *")
    assert loaded & (HEAVY - FOR_SCHEDULES) == set()
    assert {"psycopg", "pymysql", "rowlock.storage.sqlite.opening"} & loaded == set()
