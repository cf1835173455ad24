"""Opens a PostgreSQL database."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import psycopg
from psycopg import conninfo

from rowlock.errors import ConfigError
from rowlock.runners import AsyncRunner
from rowlock.storage.async_pool import AsyncPool, AsyncPooledRunner
from rowlock.storage.catalog import Catalog
from rowlock.storage.migrations import Migrations
from rowlock.storage.pool import ServerRunners
from rowlock.storage.postgres.async_connection import AsyncPostgresDriver
from rowlock.storage.postgres.connection import PostgresDriver
from rowlock.storage.postgres.enlisted import POSTGRES_ENLISTING
from rowlock.storage.postgres.store import POSTGRES_VALUES, PostgresEnqueuePlans, arrays
from rowlock.storage.postgres.transaction import async_transaction
from rowlock.storage.postgres.vacuum import VacuumDuty
from rowlock.storage.postgres.wakeups import NotifyWakeups
from rowlock.storage.sql.changing import ChangePlans
from rowlock.storage.sql.claiming import ClaimPlans
from rowlock.storage.sql.definitions import DefinitionPlans
from rowlock.storage.sql.deletions import DeletionPlans
from rowlock.storage.sql.events import EventPlans
from rowlock.storage.sql.operating import OperatePlans
from rowlock.storage.sql.queues import QueuePlans
from rowlock.storage.sql.reading import ReadPlans
from rowlock.storage.sql.recording import RecordPlans
from rowlock.storage.sql.schedules import FiringPlans, SchedulePlans
from rowlock.storage.sql.tallies import TallyPlans
from rowlock.storage.sql.tickers import TickerPlans
from rowlock.storage.sql.tokens import TokenPlans
from rowlock.storage.sql.upkeep import UpkeepPlans
from rowlock.storage.storage import AllStores, Storage
from rowlock.storage.tallier import Tallier
from rowlock.storage.wakeups import PollingWakeups, Wakeups

HERE = Path(__file__).parent
MAX_PORT = 65_535


def open_postgres(
    dsn: str,
    *,
    prefix: str,
    schema: str | None,
    pool_size: int,
    listen_url: str | None,
    silence: float,
    relaxed: bool = False,
) -> Storage:
    """Open the database at a DSN.

    Args:
        dsn: A `postgresql://` URL as libpq takes it.
        prefix: What our tables' names begin with.
        schema: Where they are; None for the connection's search path.
        pool_size: Connections at most for sync code, and for async code, besides those for
            heartbeats and for listening.
        listen_url: Where to LISTEN if `dsn` is a pooler; empty to poll instead.
        silence: After how many seconds without an answer a statement is given up.
        relaxed: A crash of the server may undo the last commits.

    Raises:
        ConfigError: libpq cannot read one of the URLs.
    """
    for name, url in (("the database URL", dsn), ("listen_url", listen_url or dsn)):
        _check_readable(name, url)
    common = PostgresDriver(dsn, silence=silence, prepares=True, relaxed=relaxed)

    def driver(seconds: float | None) -> PostgresDriver:
        return PostgresDriver(dsn, silence=seconds, relaxed=relaxed)

    runners = ServerRunners(driver, size=pool_size, silence=silence, common=common)
    pool = AsyncPool(AsyncPostgresDriver(common))
    catalog = Catalog(HERE / "sql", prefix=prefix, schema=schema)
    tallier = Tallier()

    return Storage(
        engine="PostgreSQL",
        url=dsn,
        durable=True,
        migrates_itself=False,
        stores=_stores(catalog, tallier),
        migrations=Migrations(
            catalog, POSTGRES_VALUES, HERE / "migrations", prefix=prefix, schema=schema
        ),
        runner=runners.common,
        heartbeat_runner=runners.heartbeat,
        patient_runner=runners.patient,
        wakeups=_wakeups(listen_url, common, prefix, schema),
        close_all=partial(_close, runners, pool),
        catalog=catalog,
        enlisting=POSTGRES_ENLISTING,
        transactions=runners.transactions,
        tallier=tallier,
        async_transaction=partial(async_transaction, driver(silence)),
        async_runner_of=partial(_async_runner, pool, pool_size),
        seldom_runner=runners.seldom,
        vacuum=VacuumDuty(runners.patient, catalog),
    )


def _wakeups(
    listen_url: str | None, driver: PostgresDriver, prefix: str, schema: str | None
) -> Wakeups:
    if listen_url == "":
        return PollingWakeups()
    ear = PostgresDriver(listen_url or driver.dsn, silence=driver.silence)
    return NotifyWakeups(ear, f"{schema}.{prefix}wake" if schema else f"{prefix}wake")


def _async_runner(pool: AsyncPool, most: int, size: int | None) -> AsyncRunner:
    return AsyncPooledRunner(pool, size=min(size or most, most))


def _close(*all_of_it: ServerRunners | AsyncPool) -> None:
    for one in all_of_it:
        one.close()


def _stores(catalog: Catalog, tallier: Tallier) -> AllStores:
    parts = (catalog, POSTGRES_VALUES, arrays)
    events = EventPlans(*parts)
    return AllStores(
        enqueue=PostgresEnqueuePlans(*parts, events, tallier),
        claims=ClaimPlans(*parts, events, tallier),
        upkeep=UpkeepPlans(*parts, events, tallier),
        operate=OperatePlans(*parts, events, tallier),
        reads=ReadPlans(*parts),
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
    )


def _check_readable(name: str, url: str) -> None:
    try:
        ports = str(conninfo.conninfo_to_dict(url).get("port") or "").split(",")
    except psycopg.ProgrammingError:
        # libpq's own words may quote the password.
        ports = None
    # Not every libpq looks at the ports before it connects; there may be one for each host.
    if ports is None or not all(port == "" or _is_port(port) for port in ports):
        raise ConfigError(
            f"{name} cannot be read: write postgresql://user:password@host:port/database "
            "with special characters percent-encoded"
        )


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdigit() and 0 < int(text) <= MAX_PORT
