"""The SQL on the protocol's page is the SQL that ships, and the databases accept it."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pymysql
import pytest

from rowlock.storage.storage import Storage
from tests.docs.sql_blocks import PAGE, SqlBlock, catalog, catalog_folder, shipped, sql_blocks
from tests.support.databases import mysql_options

BLOCKS = sql_blocks()


def of_engine(engine: str) -> Any:
    blocks = [block for block in BLOCKS if block.engine == engine]
    return pytest.mark.parametrize("block", blocks, ids=[block.name for block in blocks])


def words(text: str) -> list[str]:
    return text.removesuffix(";\n").split()


@pytest.mark.parametrize("block", BLOCKS, ids=[f"{b.engine}-{b.name}" for b in BLOCKS])
def test_a_block_is_the_statement_that_ships(block: SqlBlock):
    hint = "python -m tests.docs.sql_blocks writes it into the page"
    assert words(block.text) == words(shipped(block.engine, block.name)), hint


# They read, report, or store in bulk what nobody else knows of yet.
NOT_SHOWN = {
    "append_log", "copy_payloads", "copy_tasks", "count_dead", "find_unique_holder",
    "insert_alike", "insert_payloads", "next_due", "peek_queue", "read_identities", "read_log",
    "read_payloads", "read_standings", "read_token", "read_tokens", "report_progress",
    "vacuum_tasks", "waiting_queues",
}  # fmt: skip


@pytest.mark.parametrize("engine", ["postgres", "sqlite", "mysql"])
def test_every_statement_that_moves_tasks_is_on_the_page(engine: str):
    text = (catalog_folder(engine) / "tasks.sql").read_text("utf-8")
    names = set(re.findall(r"^-- name: (\w+)$", text, re.MULTILINE))
    page = PAGE.read_text("utf-8")
    shown = {block.name for block in BLOCKS if block.engine == engine}
    mentioned = {name for name in names if f"`{name}`" in page}
    assert names - shown - mentioned == names & NOT_SHOWN


def test_each_step_is_shown_on_each_engine():
    steps = re.split(r"^### \d+\. ", PAGE.read_text("utf-8"), flags=re.MULTILINE)[1:]
    engines = [set(re.findall(r"^-- (\w+): \w+$", step, re.MULTILINE)) for step in steps]
    assert engines == [{"postgres", "sqlite", "mysql"}] * 14


@of_engine("postgres")
def test_postgres_prepares_the_statement(postgres_storage: Storage, block: SqlBlock):
    text = catalog("postgres").text(block.name).dollar.text
    with closing(psycopg.connect(postgres_storage.url)) as connection:
        connection.execute(f"PREPARE shown AS {text}".encode())


@of_engine("mysql")
def test_mariadb_prepares_the_statement(mariadb_storage: Storage, block: SqlBlock):
    named = catalog("mysql").text(block.name).pyformat
    text = re.sub(r"%\(\w+\)s", "?", named).replace("%%", "%")
    with closing(pymysql.connect(**mysql_options(mariadb_storage.url))) as connection:
        connection.cursor().execute("PREPARE shown FROM %s", (text,))


@pytest.fixture
def migrated_file(sqlite_template: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(sqlite_template)) as connection:
        yield connection


@of_engine("sqlite")
def test_sqlite_compiles_the_statement(migrated_file: sqlite3.Connection, block: SqlBlock):
    statement = catalog("sqlite").text(block.name)
    values = dict.fromkeys(statement.dollar.names)
    steps = migrated_file.execute(f"EXPLAIN {statement.text}", values)
    assert steps.fetchall()
