"""Opens a MySQL or MariaDB database."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from rowlock.errors import ConfigError
from rowlock.storage.catalog import Catalog
from rowlock.storage.mysql.connection import Address, MySQLDriver
from rowlock.storage.mysql.enlisted import MYSQL_ENLISTING
from rowlock.storage.mysql.parameters import MYSQL_VALUES, json_batch
from rowlock.storage.mysql.store import (
    MySQLClaimPlans,
    MySQLEnqueuePlans,
    MySQLMigrations,
    MySQLOperatePlans,
    MySQLReadPlans,
)
from rowlock.storage.pool import ServerRunners
from rowlock.storage.sql.changing import ChangePlans
from rowlock.storage.sql.definitions import DefinitionPlans
from rowlock.storage.sql.deletions import DeletionPlans
from rowlock.storage.sql.events import EventPlans
from rowlock.storage.sql.queues import QueuePlans
from rowlock.storage.sql.recording import RecordPlans
from rowlock.storage.sql.schedules import FiringPlans, SchedulePlans
from rowlock.storage.sql.tallies import TallyPlans
from rowlock.storage.sql.tickers import TickerPlans
from rowlock.storage.sql.tokens import TokenPlans
from rowlock.storage.sql.upkeep import SteppedUpkeepPlans
from rowlock.storage.storage import AllStores, Storage
from rowlock.storage.tallier import Tallier
from rowlock.storage.wakeups import PollingWakeups

HERE = Path(__file__).parent

_TLS = ("ssl_ca", "ssl_cert", "ssl_key")
_OPTIONS = ("unix_socket", *_TLS)


def address_from(url: str) -> Address:
    """Return what a URL says: `mysql://user:password@host:port/database?ssl_ca=…`.

    With `ssl_ca` the server's certificate and name are verified.

    Raises:
        ConfigError: No database, no valid URL, or an unknown option.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise ConfigError(f"the database URL is not valid: {error}") from error
    options = _options(parts.query)
    database = unquote(parts.path.removeprefix("/"))
    if not database:
        raise ConfigError("the URL names no database: mysql://user:password@host:port/database")
    tls: dict[str, Any] = {name: options[name] for name in _TLS if name in options}
    if "ssl_ca" in tls:
        tls |= {"ssl_verify_cert": True, "ssl_verify_identity": True}
    return Address(
        database=database,
        host=unquote(parts.hostname or "localhost"),
        port=port or 3306,
        user=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password or ""),
        unix_socket=options.get("unix_socket"),
        tls=tls,
    )


def _options(query: str) -> dict[str, str]:
    options = dict(parse_qsl(query, keep_blank_values=True))
    unknown = sorted(set(options) - set(_OPTIONS))
    if unknown:
        raise ConfigError(
            f"unknown options in the database URL: {', '.join(unknown)}; "
            f"known are {', '.join(_OPTIONS)}"
        )
    empty = sorted(name for name, value in options.items() if not value)
    if empty:
        raise ConfigError(f"options without a value in the database URL: {', '.join(empty)}")
    return options


def open_mysql(url: str, *, prefix: str, pool_size: int, silence: float) -> Storage:
    """Open the database at a URL.

    Args:
        url: `mysql://…` or `mariadb://…`, which mean the same.
        prefix: What our tables' names begin with; there are no schemas to hold them.
        pool_size: Connections at most, besides the one for heartbeats.
        silence: After how many seconds without an answer a statement is given up.
    """
    address = address_from(url)
    runners = ServerRunners(
        lambda seconds: MySQLDriver(address, silence=seconds), size=pool_size, silence=silence
    )
    catalog = Catalog(HERE / "sql", prefix=prefix)
    parts = (catalog, MYSQL_VALUES, json_batch)
    events, tallier = EventPlans(*parts), Tallier()

    return Storage(
        engine="MySQL/MariaDB",
        url=url,
        durable=True,
        migrates_itself=False,
        stores=AllStores(
            enqueue=MySQLEnqueuePlans(*parts, events, tallier),
            claims=MySQLClaimPlans(*parts, events, tallier),
            upkeep=SteppedUpkeepPlans(*parts, events, tallier),
            operate=MySQLOperatePlans(*parts, events, tallier),
            reads=MySQLReadPlans(*parts),
            queues=QueuePlans(*parts),
            deletions=DeletionPlans(*parts),
            definitions=DefinitionPlans(*parts),
            changes=ChangePlans(*parts, events, tallier),
            records=RecordPlans(*parts),
            schedules=SchedulePlans(*parts),
            firings=FiringPlans(*parts),
            tickers=TickerPlans(*parts),
            tokens=TokenPlans(*parts),
            events=events,
            tallies=TallyPlans(*parts),
        ),
        migrations=MySQLMigrations(
            catalog, MYSQL_VALUES, HERE / "migrations", prefix=prefix, schema=None
        ),
        runner=runners.common,
        heartbeat_runner=runners.heartbeat,
        patient_runner=runners.patient,
        wakeups=PollingWakeups(),
        close_all=runners.close,
        catalog=catalog,
        enlisting=MYSQL_ENLISTING,
        transactions=runners.transactions,
        tallier=tallier,
    )
