"""Contract: making and checking the tables, and several sets of them in one database."""

from __future__ import annotations

import re
import shutil
from copy import copy
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from rowlock.errors import (
    ConfigError,
    SchemaMissingError,
    SchemaOutdatedError,
    SchemaTooNewError,
    StorageError,
)
from rowlock.model.states import TaskState
from rowlock.storage.migrations import Migrations
from rowlock.storage.storage import Storage
from rowlock.storage.url import open_storage
from tests.contract.steps import T0, claim, done, finish, found, get, insert, new, together
from tests.support.backends import Backend, migrate, sql_plan


def apply(storage: Storage, migrations: Migrations | None = None) -> list[int]:
    """Apply what is missing; return the numbers."""
    applied = storage.runner.run((migrations or storage.migrations).apply)
    return [one.version for one in applied]


def verify(storage: Storage, migrations: Migrations | None = None) -> None:
    storage.runner.read((migrations or storage.migrations).verify)


def check(storage: Storage, migrations: Migrations | None = None) -> None:
    storage.runner.read((migrations or storage.migrations).check)


def recorded(storage: Storage) -> list[int]:
    return [one.version for one in storage.runner.read(storage.migrations.applied)]


def execute(storage: Storage, sql: str) -> None:
    storage.runner.run(sql_plan, sql)


def apply_script(storage: Storage, script: str) -> None:
    """Apply a printed script the way a person does: statement by statement."""
    for statement in re.split(r";\s*\n", script):
        if re.sub(r"^--.*$", "", statement, flags=re.MULTILINE).strip():
            execute(storage, statement)


def numbers(storage: Storage) -> list[int]:
    return [one.version for one in storage.migrations.all]


@pytest.fixture
def empty(backend: Backend) -> Storage:
    """A storage whose tables are not there yet."""
    return backend.open_unmigrated("mine_")


@pytest.fixture
def with_next(empty: Storage, tmp_path: Path) -> Migrations:
    """The migrations of a later version of the package, which has one more."""
    later = copy(empty.migrations)
    later._folder = tmp_path / "migrations"
    shutil.copytree(empty.migrations._folder, later._folder)
    text = "CREATE TABLE rowlock_later (id integer NOT NULL PRIMARY KEY);\n"
    (later._folder / f"{empty.migrations.newest + 1:04}_later.sql").write_text(text)
    return later


def test_migrations_are_numbered_from_one_without_a_gap(empty):
    assert numbers(empty) == list(range(1, empty.migrations.newest + 1))


def test_all_that_is_missing_is_applied_and_recorded(empty):
    assert apply(empty) == numbers(empty)
    assert recorded(empty) == numbers(empty)


def test_applying_twice_does_nothing_the_second_time(empty):
    apply(empty)
    assert apply(empty) == []
    assert recorded(empty) == numbers(empty)


def test_applying_again_keeps_the_data(backend):
    task = new()
    insert(backend, task)
    apply(backend.storage)
    assert get(backend, task.id).state is TaskState.QUEUED


def test_definitions_of_the_first_version_get_ids_and_times(empty, tmp_path):
    first = copy(empty.migrations)
    first._folder = tmp_path / "migrations"
    shutil.copytree(empty.migrations._folder, first._folder)
    for later in list(first._folder.iterdir()):
        if later.is_file() and not later.name.startswith("0001"):
            later.unlink()
    apply(empty, first)
    empty.runner.run(partial(empty.upkeep.take_duty, "a time", every=timedelta(hours=1)))
    for key in ("a", "b"):
        execute(
            empty,
            f"INSERT INTO mine_definition SELECT 'default', '{key}', 'A', 'T', 'D', 'default',"  # noqa: S608 - our own
            " 'canceled', NULL, next_at FROM mine_duty",
        )
    apply(empty)
    one, two = empty.runner.read(empty.definitions.list_definitions, "default")
    assert one.id != two.id
    assert (one.title, one.memo, one.status, one.deleted_at) == ("T", "", "canceled", None)
    assert one.created_at == one.updated_at is not None


def test_a_migrated_database_passes(empty):
    apply(empty)
    check(empty)
    verify(empty)


def test_an_empty_database_is_missing_its_tables(empty):
    with pytest.raises(SchemaMissingError):
        check(empty)
    with pytest.raises(SchemaMissingError):
        verify(empty)
    assert recorded(empty) == []


def test_work_on_an_empty_database_says_that_the_tables_are_missing(empty):
    with pytest.raises(SchemaMissingError):
        empty.runner.run(empty.enqueue.insert_tasks, [new()], namespace="default")


def test_the_time_of_a_migration_is_recorded(empty):
    apply(empty)
    [first, *_] = empty.runner.read(empty.migrations.applied)
    assert first.applied_at.utcoffset().total_seconds() == 0
    assert first.applied_at.year >= 2025


def test_a_file_that_was_changed_after_the_fact_is_noticed(empty):
    apply(empty)
    execute(empty, "UPDATE mine_migration SET checksum = 'other' WHERE version = 1")
    with pytest.raises(StorageError, match="0001 initial"):
        verify(empty)


def test_a_schema_of_a_later_version_is_refused(empty):
    apply(empty)
    execute(empty, "UPDATE mine_migration SET version = 9999 WHERE version = 1")
    with pytest.raises(SchemaTooNewError):
        check(empty)
    with pytest.raises(SchemaTooNewError):
        verify(empty)
    with pytest.raises(SchemaTooNewError):
        apply(empty)


def test_a_schema_of_an_earlier_version_is_outdated(empty, with_next):
    apply(empty)
    with pytest.raises(SchemaOutdatedError):
        check(empty, with_next)
    with pytest.raises(SchemaOutdatedError):
        verify(empty, with_next)


def test_only_what_is_missing_is_applied(empty, with_next):
    apply(empty)
    assert apply(empty, with_next) == [empty.migrations.newest + 1]
    verify(empty, with_next)
    with pytest.raises(SchemaTooNewError):
        check(empty)
    execute(empty, "DROP TABLE mine_later")


def test_a_migration_that_fails_is_not_recorded(empty, with_next):
    apply(empty)
    [path] = with_next._folder.glob("*_later.sql")
    path.write_text("CREATE NONSENSE;\n")
    with pytest.raises(StorageError):
        apply(empty, with_next)
    assert recorded(empty) == numbers(empty)
    check(empty)


def test_of_several_that_apply_at_once_one_does_and_none_fails(backend):
    storages = [backend.open_unmigrated("mine_") for _ in range(3)]
    same = storages if backend.durable else [storages[0]] * 3
    applied = together(*(partial(apply, storage) for storage in same))
    assert sorted(applied, key=len) == [[], [], numbers(storages[0])]
    verify(same[1])


def test_the_printed_script_makes_what_applying_makes(empty):
    apply_script(empty, empty.migrations.script())
    verify(empty)
    assert apply(empty) == []
    [task] = [new()]
    stored = empty.runner.run(empty.enqueue.insert_tasks, [task], namespace="default", now=T0)
    assert stored == {task.id}


def test_the_printed_script_leaves_out_what_is_there(empty, with_next):
    apply(empty)
    apply_script(empty, with_next.script(after=empty.migrations.newest))
    verify(empty, with_next)
    execute(empty, "DROP TABLE mine_later")


def test_two_prefixes_in_one_database_do_not_see_each_other(backend, empty):
    migrate(empty)
    other = Backend(backend.name, backend.url, empty)
    task = new(unique_key="k")
    insert(backend, task)
    assert found(other, task.id) is None
    assert insert(other, task) == {task.id}
    [one] = claim(other)
    finish(other, done(one))
    assert (get(backend, task.id).state, get(other, task.id).state) == (
        TaskState.QUEUED,
        TaskState.SUCCEEDED,
    )


@pytest.mark.parametrize("prefix", ["", "Rowlock_", "1x", "a-b", "a b", "a;", "a" * 32])
def test_a_prefix_that_cannot_stand_in_sql_is_refused(backend, prefix):
    with pytest.raises(ConfigError):
        open_storage(backend.url, prefix=prefix)
