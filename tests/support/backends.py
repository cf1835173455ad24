"""The `backend` fixture: one migrated, empty database of each engine that Rowlock knows.

A test that takes `backend` runs once for each engine and must not ask which one it got. To
name the engines that a test is about, parametrise the fixture indirectly:

    @pytest.mark.parametrize("backend", DURABLE, indirect=True)
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import pytest

from rowlock.plan import BEGIN, Plan, Result, Statement
from rowlock.sql_text import SqlText
from rowlock.storage.storage import Storage
from rowlock.storage.url import open_storage

P = ParamSpec("P")
T = TypeVar("T")

ENGINES = ("memory", "sqlite", "postgres", "mariadb")
DURABLE = ("sqlite", "postgres", "mariadb")
SERVERS = ("postgres", "mariadb")

POOL_SIZE = 8

_TABLE = re.compile(r"^CREATE TABLE (?:IF NOT EXISTS )?([\w.]+)", re.MULTILINE)


@dataclass
class Backend:
    """One migrated database.

    Attributes:
        name: For messages; a test must not branch on it.
        url: What `open_storage` takes; a memory URL opens another, empty database.
        storage: It, opened.
    """

    name: str
    url: str
    storage: Storage
    _opened: ExitStack = field(default_factory=ExitStack)

    @property
    def durable(self) -> bool:
        """Whether tasks survive the process."""
        return self.storage.durable

    def run(self, operation: Callable[P, Plan[T]], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a plan that writes."""
        return self.storage.runner.run(operation, *args, **kwargs)

    def read(self, operation: Callable[P, Plan[T]], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a plan that only reads."""
        return self.storage.runner.read(operation, *args, **kwargs)

    def execute(self, sql: str, **params: Any) -> Result:
        """Run SQL that every engine understands, with `:name` parameters."""
        return self.run(sql_plan, sql, params)

    def connect_again(self) -> Storage:
        """Return a second storage on the same database; for memory there is only the one."""
        if not self.durable:
            return self.storage
        return self._opened.enter_context(closing(open_storage(self.url, pool_size=POOL_SIZE)))

    def twin(self) -> Backend:
        """Return this backend as another process would have it: over `connect_again()`."""
        return replace(self, storage=self.connect_again())

    def open_unmigrated(self, prefix: str) -> Storage:
        """Return a storage of the same database with tables of its own, which are not there yet.

        In memory, that is another database.
        """
        storage = open_storage(self.url, prefix=prefix, pool_size=POOL_SIZE)
        self._opened.callback(_drop_tables_and_close, storage)
        return storage


def sql_plan(sql: str, params: Mapping[str, Any] | None = None) -> Plan[Result]:
    """A plan of one statement that stands in no catalogue."""
    return (yield Statement("test", SqlText(sql), params or {}))


def table_names(storage: Storage) -> list[str]:
    """Return the names of all tables that the migrations make, but the record of themselves."""
    texts = [migration.text for migration in storage.migrations.all]
    return [name for text in texts for name in _TABLE.findall(text)]


def migrate(storage: Storage) -> Storage:
    """Apply the migrations."""
    storage.runner.run(storage.migrations.apply)
    return storage


def empty_tables(storage: Storage) -> None:
    """Delete every row; faster than TRUNCATE where there are few."""
    storage.runner.run(_each_table, storage, "DELETE FROM {}")


def _each_table(storage: Storage, sql: str, *more: str) -> Plan[None]:
    yield BEGIN
    for name in [*table_names(storage), *more]:
        yield from sql_plan(sql.format(name))


def _drop_tables_and_close(storage: Storage) -> None:
    [record] = _TABLE.findall(storage.migrations.script(after=storage.migrations.newest))
    storage.runner.run(_each_table, storage, "DROP TABLE IF EXISTS {}", record)
    storage.close()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated file without rows, to be copied."""
    path = tmp_path_factory.mktemp("template") / "template.db"
    migrate(open_storage(f"sqlite:///{path}")).close()
    return path


@pytest.fixture(scope="session")
def postgres_storage(postgres_dsn: str) -> Iterator[Storage]:
    """This worker's PostgreSQL database, migrated."""
    with closing(migrate(open_storage(postgres_dsn, pool_size=POOL_SIZE))) as storage:
        yield storage


@pytest.fixture(scope="session")
def mariadb_storage(mariadb_dsn: str) -> Iterator[Storage]:
    """This worker's MariaDB database, migrated."""
    with closing(migrate(open_storage(mariadb_dsn, pool_size=POOL_SIZE))) as storage:
        yield storage


@contextmanager
def opened_backend(name: str, request: pytest.FixtureRequest) -> Generator[Backend]:
    """Yield an engine's database, migrated and without rows."""
    with ExitStack() as opened:
        if name in SERVERS:
            storage: Storage = request.getfixturevalue(f"{name}_storage")
            empty_tables(storage)
        elif name == "sqlite":
            path = request.getfixturevalue("tmp_path") / "rowlock.db"
            shutil.copyfile(request.getfixturevalue("sqlite_template"), path)
            storage = opened.enter_context(closing(open_storage(f"sqlite:///{path}")))
        else:
            storage = migrate(opened.enter_context(closing(open_storage("memory://"))))
        yield Backend(name, storage.url, storage, opened)


@pytest.fixture(params=ENGINES)
def backend(request: pytest.FixtureRequest) -> Iterator[Backend]:
    """A migrated database without rows, once for each engine."""
    with opened_backend(request.param, request) as opened:
        yield opened
