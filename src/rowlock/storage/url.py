"""From a URL to an opened database; the engine's driver is imported only here, on demand."""

from __future__ import annotations

from typing import Literal, TypeAlias, TypedDict, get_args

from rowlock.errors import ConfigError, InvalidValueError, MissingExtraError
from rowlock.model.durations import positive_duration_from
from rowlock.storage.catalog import DEFAULT_PREFIX, checked_prefix
from rowlock.storage.storage import Storage

DEFAULT_POOL_SIZE = 4
# Longer than any wait for a lock of ours.
DEFAULT_SILENCE_SECONDS = 30.0
TIMEOUT_OPTION = "statement_timeout"

Durability: TypeAlias = Literal["full", "relaxed"]

_POSTGRES = frozenset({"postgresql", "postgres"})
_MYSQL = frozenset({"mysql", "mariadb"})
SCHEMES = "sqlite:///path, memory://, postgresql://, mysql:// or mariadb://"


class Opening(TypedDict, total=False):
    """How a database is opened; see `open_storage`."""

    prefix: str
    schema: str | None
    pool_size: int
    listen_url: str | None
    poll: object
    durability: Durability


def open_storage(
    url: str,
    *,
    prefix: str = DEFAULT_PREFIX,
    schema: str | None = None,
    pool_size: int = DEFAULT_POOL_SIZE,
    listen_url: str | None = None,
    poll: object = None,
    durability: Durability = "full",
) -> Storage:
    """Return the database at a URL; nothing is connected yet.

    Args:
        url: `sqlite:///path`, `memory://`, `postgresql://…`, `mysql://…` or `mariadb://…`. On
            server engines the option `statement_timeout` says after how long without an answer
            a statement is given up; 30 s.
        prefix: What the tables' names begin with.
        schema: PostgreSQL only: the schema that holds them.
        pool_size: Connections at most on server engines.
        listen_url: PostgreSQL only: a direct URL for LISTEN where `url` is a pooler such as
            PgBouncer; empty to poll instead.
        poll: How long a worker sleeps at most before it looks for tasks by itself, a duration.
            If not given, 250 ms where nothing can call it, 5 s elsewhere, 1 s in memory.
        durability: Whether a commit is on disk when it returns (`full`), or a moment later
            (`relaxed`; not on MariaDB).

    Raises:
        ConfigError: The URL names no engine, or a setting does not fit it.
        InvalidValueError: `poll` is no duration above zero, or `durability` is another word.
        MissingExtraError: The engine's driver is not installed.
    """
    checked_prefix(prefix, schema)
    pause = None if poll is None else positive_duration_from("poll", poll).total_seconds()
    if durability not in get_args(Durability):
        raise InvalidValueError("durability", f"must be 'full' or 'relaxed', not {durability!r}")
    relaxed = durability == "relaxed"
    storage = _opened(url, prefix, schema, pool_size, listen_url, relaxed=relaxed)
    if pause is not None:
        storage.wakeups.poll_seconds = pause
    return storage


def _opened(
    url: str,
    prefix: str,
    schema: str | None,
    pool_size: int,
    listen_url: str | None,
    *,
    relaxed: bool,
) -> Storage:
    scheme, separator, _ = url.partition("://")
    if not separator:
        raise ConfigError(f"{_without_password(url)!r} is not a database URL: use {SCHEMES}")
    if scheme in _POSTGRES:
        return _postgres(url, prefix, schema, pool_size, listen_url, relaxed=relaxed)
    if schema is not None:
        raise ConfigError(f"only PostgreSQL has schemas; use a table prefix with {scheme}://")
    if scheme in _MYSQL:
        if relaxed:
            raise ConfigError(
                "MariaDB and MySQL have one durability for all of a server: "
                "innodb_flush_log_at_trx_commit in its own settings"
            )
        return _mysql(url, prefix, pool_size)
    if scheme == "memory":
        return _sqlite(":memory:", prefix, url, relaxed=relaxed)
    if scheme == "sqlite":
        return _sqlite(_sqlite_path(url), prefix, url, relaxed=relaxed)
    raise ConfigError(f"unknown database URL scheme {scheme!r}: use {SCHEMES}")


def _without_password(url: str) -> str:
    head, at, tail = url.rpartition("@")
    return f"***@{tail}" if at and head else url


def _sqlite_path(url: str) -> str:
    rest = url.removeprefix("sqlite://")
    if not rest.startswith("/") or rest == "/":
        raise ConfigError(
            f"{url!r}: write sqlite:///relative/path.db or sqlite:////absolute/path.db"
        )
    if "?" in rest:
        raise ConfigError(f"{url!r}: sqlite URLs take no options")
    path = rest.removeprefix("/")
    if "%" in path:
        from urllib.parse import unquote  # start-up time: few paths need it

        path = unquote(path)
    return path


def database_file(url: str) -> str | None:
    """Return the file that a URL names, or None for a server or a database in memory.

    Raises:
        ConfigError: It is a `sqlite` URL without a path.
    """
    return _sqlite_path(url) if url.startswith("sqlite://") else None


def _sqlite(path: str, prefix: str, url: str, *, relaxed: bool) -> Storage:
    from rowlock.storage.sqlite.opening import open_sqlite

    return open_sqlite(path, prefix=prefix, url=url, relaxed=relaxed)


def _postgres(
    url: str,
    prefix: str,
    schema: str | None,
    pool_size: int,
    listen_url: str | None,
    *,
    relaxed: bool,
) -> Storage:
    try:
        from rowlock.storage.postgres.opening import open_postgres
    except ModuleNotFoundError as error:
        raise MissingExtraError("postgres", "a postgresql:// URL") from error
    bare, silence = without_timeout(url)
    storage = open_postgres(
        bare,
        prefix=prefix,
        schema=schema,
        pool_size=pool_size,
        listen_url=listen_url and without_timeout(listen_url)[0],
        silence=silence,
        relaxed=relaxed,
    )
    storage.url = url
    return storage


def _mysql(url: str, prefix: str, pool_size: int) -> Storage:
    try:
        from rowlock.storage.mysql.opening import open_mysql
    except ModuleNotFoundError as error:
        raise MissingExtraError("mysql", "a mysql:// or mariadb:// URL") from error
    bare, silence = without_timeout(url)
    storage = open_mysql(bare, prefix=prefix, pool_size=pool_size, silence=silence)
    storage.url = url
    return storage


def without_timeout(url: str) -> tuple[str, float]:
    """Return the URL as the driver takes it, and the seconds of its `statement_timeout`.

    Raises:
        ConfigError: That is no duration above zero.
    """
    from urllib.parse import parse_qsl

    base, _, query = url.partition("?")
    kept = [part for part in query.split("&") if part.partition("=")[0] != TIMEOUT_OPTION]
    given = dict(parse_qsl(query, keep_blank_values=True)).get(TIMEOUT_OPTION)
    if given is None:
        return url, DEFAULT_SILENCE_SECONDS
    try:
        timeout = positive_duration_from(TIMEOUT_OPTION, given)
    except InvalidValueError as error:
        raise ConfigError(f"in the database URL: {error}") from error
    return "?".join(filter(None, [base, "&".join(kept)])), timeout.total_seconds()


def shown_url(url: str) -> str:
    """Return the URL without its password, for people."""
    from urllib.parse import urlsplit

    parts = urlsplit(url)
    if not parts.password:
        return url
    return url.replace(f":{parts.password}@", ":***@", 1)
