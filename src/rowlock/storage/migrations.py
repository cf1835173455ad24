"""Numbered SQL files, applied in order, once, by one process at a time.

Equal numbers mean equal schemas on every engine. Each applied file is recorded with its
checksum, so that a file changed after the fact is noticed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from os import PathLike
from typing import NamedTuple

from rowlock.errors import (
    SchemaError,
    SchemaMissingError,
    SchemaOutdatedError,
    SchemaTooNewError,
    StorageError,
)
from rowlock.plan import BEGIN, Plan, Statement
from rowlock.sql_text import SqlText
from rowlock.storage.catalog import Catalog, file_text, prefixed, sql_files
from rowlock.storage.values import ColumnValues


class Migration(NamedTuple):
    """One numbered file.

    Attributes:
        version: Its number; the schema's version once it is applied.
        name: The rest of the file's name.
        text: Its SQL, with our prefix put in.
        checksum: SHA-256 of the file as shipped, whatever the prefix.
    """

    version: int
    name: str
    text: str
    checksum: str

    @property
    def statements(self) -> list[str]:
        """The single statements; in our files each ends with `;` at the end of a line."""
        parts = (part.strip() for part in self.text.split(";\n"))
        return [part.removesuffix(";") for part in parts if part.removesuffix(";")]


class AppliedMigration(NamedTuple):
    """What the database recorded of a migration."""

    version: int
    name: str
    checksum: str
    applied_at: datetime


def _numbered(file_name: str) -> tuple[int, str]:
    """Return the number and the name in the name of a migration's file."""
    number, _, name = file_name.removesuffix(".sql").partition("_")
    return int(number), name


def read_migrations(
    folder: str | PathLike[str], *, prefix: str, schema: str | None
) -> list[Migration]:
    """Return the migrations in a folder, in order."""
    from hashlib import sha256  # start-up time: only who migrates or verifies gets here

    migrations: list[Migration] = []
    for file in sql_files(folder):
        version, name = _numbered(file.name)
        text = file_text(file)
        migrations.append(
            Migration(
                version=version,
                name=name,
                text=prefixed(text, prefix, schema),
                checksum=sha256(text.encode()).hexdigest(),
            )
        )
    return migrations


class Migrations:
    """The migrations of one engine, and the plans that apply and check them."""

    def __init__(
        self,
        catalog: Catalog,
        values: ColumnValues,
        folder: str | PathLike[str],
        *,
        prefix: str,
        schema: str | None,
    ) -> None:
        self._sql = catalog
        self._values = values
        self._folder = folder
        self._prefix = prefix
        self._schema = schema

    @property
    def all(self) -> list[Migration]:
        """Every migration that this package has, in order."""
        return read_migrations(self._folder, prefix=self._prefix, schema=self._schema)

    @property
    def newest(self) -> int:
        """The schema version that this package works with."""
        return max(_numbered(file.name)[0] for file in sql_files(self._folder))

    def script(self, *, after: int = 0) -> str:
        """Return the SQL of the migrations above a version, to be applied by other means."""
        create = self._sql.text("create_migration_table").text
        parts = [f"{create};\n"]
        if self._schema is not None:
            parts.insert(0, f"{self._create_schema};\n")
        for migration in self.all:
            if migration.version > after:
                parts.append(f"-- {migration.version:04} {migration.name}\n{migration.text}")
                parts.append(self._record_by_hand(migration))
        return "\n".join(parts)

    def _record_by_hand(self, migration: Migration) -> str:
        text = self._sql.text("record_migration").text
        values = {
            ":version": str(migration.version),
            ":name": f"'{migration.name}'",
            ":checksum": f"'{migration.checksum}'",
            ":now": "0",
        }
        for name, value in values.items():
            text = text.replace(name, value)
        return f"{text};\n"

    def apply(self) -> Plan[list[Migration]]:
        """Apply what is missing, under a lock; return what was applied."""
        yield BEGIN
        yield self._sql.bind("lock_migrations", table=self._table)
        if self._schema is not None:
            yield _statement(self._create_schema)
        yield self._sql.bind("create_migration_table")
        applied = yield from self._applied()
        self.check_not_newer(applied)
        pending = self.all[len(applied) :]
        for migration in pending:
            for text in migration.statements:
                yield _statement(text)
            yield self._sql.bind(
                "record_migration",
                version=migration.version,
                name=migration.name,
                checksum=migration.checksum,
                now=None,
            )
        yield self._sql.bind("unlock_migrations", table=self._table)
        return pending

    def applied(self) -> Plan[list[AppliedMigration]]:
        """Return what the database recorded; empty if it has none of our tables."""
        found = yield self._sql.bind("find_migration_table", table=self._table)
        if not found.rows:
            return []
        return (yield from self._applied())

    def _applied(self) -> Plan[list[AppliedMigration]]:
        result = yield self._sql.bind("read_migrations")
        return [
            AppliedMigration(
                version=version,
                name=name,
                checksum=checksum,
                applied_at=self._values.read_time(applied_at),
            )
            for version, name, checksum, applied_at in result.rows
        ]

    @property
    def _create_schema(self) -> str:
        return f"CREATE SCHEMA IF NOT EXISTS {self._schema}"

    @property
    def _table(self) -> str:
        return prefixed("rowlock_migration", self._prefix, self._schema)

    def check(self) -> Plan[None]:
        """Raise the `SchemaError` that applies, if the schema is not the one we work with."""
        applied = yield from self.applied()
        error = self.mismatch(applied)
        if error is not None:
            raise error

    def mismatch(self, applied: Sequence[AppliedMigration]) -> SchemaError | None:
        """Return why this package cannot work with that schema, or None if it can."""
        found, wanted = (applied[-1].version if applied else 0), self.newest
        if found == 0:
            return SchemaMissingError(found, wanted)
        if found < wanted:
            return SchemaOutdatedError(found, wanted)
        if found > wanted:
            return SchemaTooNewError(found, wanted)
        return None

    def check_not_newer(self, applied: Sequence[AppliedMigration]) -> None:
        """Refuse a schema from a later version of the package."""
        error = self.mismatch(applied)
        if isinstance(error, SchemaTooNewError):
            raise error

    def changed(self, applied: Sequence[AppliedMigration]) -> list[AppliedMigration]:
        """Return the recorded migrations whose file here has another checksum."""
        shipped = {migration.version: migration.checksum for migration in self.all}
        return [one for one in applied if shipped.get(one.version) != one.checksum]

    def verify(self) -> Plan[None]:
        """Check version and checksums.

        Raises:
            SchemaError: Missing, too old or too new.
            StorageError: A migration was applied from another text than the one shipped here.
        """
        applied = yield from self.applied()
        error = self.mismatch(applied)
        if error is not None:
            raise error
        changed = self.changed(applied)
        if changed:
            names = ", ".join(f"{one.version:04} {one.name}" for one in changed)
            raise StorageError(f"applied from other text than this package ships: {names}")


def _statement(text: str) -> Statement:
    return Statement("migration", SqlText(text), {})
