"""The statements of one engine, read from its `.sql` files.

A file holds statements under `-- name: …` lines. A statement is complete and legal in its
dialect, with `:name` parameters. The only thing that is substituted is the prefix of the
tables: they are written `rowlock_task` and indexes `ix_rowlock_task_claim`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from rowlock.errors import ConfigError
from rowlock.plan import Statement
from rowlock.sql_text import SqlText

DEFAULT_PREFIX = "rowlock_"

_NAME_LINE = r"(?m)^-- name: (\w+)\s*$"
_PREFIX = r"[a-z][a-z0-9_]{0,30}"
_SCHEMA = r"[a-z_][a-z0-9_]{0,62}"


def sql_files(folder: str | os.PathLike[str]) -> list[os.DirEntry[str]]:
    """Return the SQL files in a folder, by name.

    Like all that opening a SQLite file takes it does without pathlib, which would take longer
    to load than everything that is read here.
    """
    with os.scandir(folder) as found:
        return sorted((one for one in found if one.name.endswith(".sql")), key=lambda one: one.name)


def file_text(path: str | os.PathLike[str]) -> str:
    """Return the text of a file."""
    with open(path, encoding="utf-8") as file:  # noqa: PTH123 - see `sql_files`
        return file.read()


def prefixed(text: str, prefix: str, schema: str | None) -> str:
    """Return SQL with our tables and indexes under another prefix, or in a schema."""
    if prefix == DEFAULT_PREFIX and schema is None:
        return text
    table = prefix if schema is None else f"{schema}.{prefix}"
    text = re.sub(r"\bix_rowlock_", f"ix_{prefix}", text)
    return re.sub(r"\browlock_", table, text)


def checked_prefix(prefix: str, schema: str | None) -> None:
    """Refuse a prefix or a schema that could not stand in SQL unquoted.

    Raises:
        ConfigError: Not lower-case letters, digits and underscores, or too long.
    """
    if prefix != DEFAULT_PREFIX and not re.fullmatch(_PREFIX, prefix):
        raise ConfigError(f"table prefix {prefix!r}: use lower-case letters, digits and '_'")
    if schema is not None and not re.fullmatch(_SCHEMA, schema):
        raise ConfigError(f"schema {schema!r}: use lower-case letters, digits and '_'")


class Catalog:
    """Every statement of one engine by name.

    Attributes:
        clock: Tells the time in place of the database's clock; None, except in tests.
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        *,
        prefix: str = DEFAULT_PREFIX,
        schema: str | None = None,
    ) -> None:
        checked_prefix(prefix, schema)
        self.clock: Callable[[], datetime] | None = None
        self._statements: dict[str, SqlText] = {}
        for file in sql_files(folder):
            parts = re.split(_NAME_LINE, file_text(file))
            for name, text in zip(parts[1::2], parts[2::2], strict=True):
                statement = prefixed(text, prefix, schema).strip().removesuffix(";")
                self._statements[name] = SqlText(statement)

    @property
    def names(self) -> frozenset[str]:
        """The names of all statements."""
        return frozenset(self._statements)

    def text(self, name: str) -> SqlText:
        """Return the statement of that name."""
        return self._statements[name]

    def bind(self, name: str, /, **params: Any) -> Statement:
        """Return the statement with its values."""
        if self.clock is not None and params.get("now") is None:
            params["now"] = self.clock()
        return Statement(name, self._statements[name], params)

    def bind_copy(self, name: str, copied: Iterable[str]) -> Statement:
        """Return the COPY statement with the text that it reads."""
        return Statement(name, self._statements[name], {}, copied)
