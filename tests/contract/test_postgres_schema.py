"""Contract: PostgreSQL's tables in a schema of their own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import psycopg
import pytest

from rowlock.errors import SchemaMissingError
from rowlock.model.states import TaskState
from rowlock.storage.storage import Storage
from rowlock.storage.url import open_storage
from tests.contract.steps import claim, done, finish, found, get, insert, new
from tests.support.backends import Backend, empty_tables, migrate, sql_plan


@pytest.fixture
def in_schema(postgres_dsn: str) -> Iterator[Storage]:
    """A storage in a schema that is not there yet."""
    with closing(open_storage(postgres_dsn, schema="mine")) as storage:
        yield storage
        storage.runner.run(sql_plan, "DROP SCHEMA IF EXISTS mine CASCADE")


def test_the_schema_is_made_by_the_migrations(in_schema):
    with pytest.raises(SchemaMissingError):
        in_schema.runner.read(in_schema.migrations.check)
    migrate(in_schema)
    in_schema.runner.read(in_schema.migrations.verify)


def test_two_schemas_do_not_see_each_other(in_schema, postgres_storage):
    empty_tables(postgres_storage)
    first = Backend("postgres", in_schema.url, migrate(in_schema))
    second = Backend("postgres", in_schema.url, postgres_storage)
    task = new(unique_key="k", payload='"' + "x" * 3000 + '"')
    assert insert(first, task) == {task.id}
    assert found(second, task.id) is None
    assert insert(second, task) == {task.id}
    [one] = claim(first)
    finish(first, done(one))
    states = [get(backend, task.id).state for backend in (first, second)]
    assert states == [TaskState.SUCCEEDED, TaskState.QUEUED]


def test_fresh_tasks_are_copied_into_the_schema(in_schema):
    backend = Backend("postgres", in_schema.url, migrate(in_schema))
    task = new(payload='"' + "x" * 3000 + '"')
    plan = in_schema.enqueue.insert_fresh_tasks
    backend.run(plan, [task], namespace="default")
    assert get(backend, task.id, now=None).payload == "x" * 3000


def test_the_printed_script_makes_the_schema(in_schema):
    with closing(psycopg.connect(in_schema.url, autocommit=True)) as connection:
        connection.execute(in_schema.migrations.script().encode())
    in_schema.runner.read(in_schema.migrations.verify)


def test_the_printed_script_is_one_that_psql_takes_as_a_whole(postgres_dsn):
    with (
        closing(open_storage(postgres_dsn, prefix="script_")) as storage,
        closing(psycopg.connect(postgres_dsn, autocommit=True)) as connection,
        connection.transaction(force_rollback=True),
    ):
        connection.execute(storage.migrations.script().encode())
        found = connection.execute("SELECT to_regclass('script_task') IS NOT NULL").fetchone()
        assert found == (True,)
