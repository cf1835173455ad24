"""Opens a SQLite file or a private database in memory."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from functools import cached_property
from typing import ParamSpec, TypeVar
from uuid import UUID

from rowlock.errors import ConfigError
from rowlock.plan import Plan
from rowlock.storage.catalog import Catalog
from rowlock.storage.change_contract import ChangeStore, RecordStore
from rowlock.storage.contract import ClaimStore, EnqueueStore, OperateStore, ReadStore
from rowlock.storage.definition_contract import DefinitionStore
from rowlock.storage.deletion_contract import DeletionStore
from rowlock.storage.migrations import Migrations
from rowlock.storage.pool import PooledRunner
from rowlock.storage.queue_contract import QueueStore
from rowlock.storage.schedule_contract import FiringStore, ScheduleStore
from rowlock.storage.sql.events import EventPlans
from rowlock.storage.sqlite.connection import (
    SQLITE_VALUES,
    SQLiteDriver,
    batch_of_ids,
    json_batch,
    plain_batch,
)
from rowlock.storage.sqlite.enlisted import SQLITE_ENLISTING
from rowlock.storage.sqlite.wakeups import DataVersionWakeups
from rowlock.storage.storage import Storage
from rowlock.storage.tallier import Tallier
from rowlock.storage.tally_contract import TallyStore
from rowlock.storage.ticker_contract import TickerStore
from rowlock.storage.token_contract import TokenStore
from rowlock.storage.upkeep_contract import UpkeepStore
from rowlock.storage.wakeups import LocalWakeups

P = ParamSpec("P")
T = TypeVar("T")

HERE = os.path.dirname(__file__)  # noqa: PTH120 - see `sql_files`
OLDEST = (3, 37, 0)
# Before it, two checkpoints at a time could corrupt a database in WAL mode, very rarely.
ADVISED = (3, 51, 3)
READERS = 4


class SQLiteRunner:
    """One connection writes, a few others read; a database in memory has only the one."""

    def __init__(self, driver: SQLiteDriver, *, in_memory: bool) -> None:
        self.writer = PooledRunner(driver, size=1)
        self.reader = self.writer if in_memory else PooledRunner(driver, size=READERS)
        # One at a time in this process: the others would poll for the lock that it holds.
        self.transactions = self.writer if in_memory else PooledRunner(driver, size=1)

    def run(self, operation: Callable[P, Plan[T]], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run an operation that writes. See `Runner.run`."""
        return self.writer.run(operation, *args, **kwargs)

    def read(self, operation: Callable[P, Plan[T]], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run an operation that only reads. See `Runner.read`."""
        return self.reader.read(operation, *args, **kwargs)

    def close(self) -> None:
        """Close the connections."""
        self.reader.close()
        self.transactions.close()
        self.writer.close()


class SQLiteStores:
    """The groups of plans, each loaded when it is first used.

    What works with thousands of tasks has fast readers and encoders, which take longer to load
    than the command line takes for all else. People look at a few and steer one at a time.
    """

    def __init__(self, catalog: Catalog, tallier: Tallier) -> None:
        self._at_work = (catalog, SQLITE_VALUES, json_batch)
        self._by_hand = (catalog, SQLITE_VALUES._replace(read_id=UUID), batch_of_ids)
        self._of_tallies = (catalog, SQLITE_VALUES, plain_batch)
        self._tallier = tallier

    @cached_property
    def enqueue(self) -> EnqueueStore:
        """Storing tasks."""
        from rowlock.storage.sqlite.store import SQLiteEnqueuePlans

        return SQLiteEnqueuePlans(*self._at_work, self.events, self._tallier)

    @cached_property
    def claims(self) -> ClaimStore:
        """Taking tasks and ending attempts."""
        from rowlock.storage.sqlite.store import SQLiteClaimPlans

        return SQLiteClaimPlans(*self._at_work, self.events, self._tallier)

    @cached_property
    def upkeep(self) -> UpkeepStore:
        """What has to be done for all tasks."""
        from rowlock.storage.sql.upkeep import SteppedUpkeepPlans

        return SteppedUpkeepPlans(*self._at_work, self.events, self._tallier)

    @cached_property
    def operate(self) -> OperateStore:
        """What people do to single tasks."""
        from rowlock.storage.sql.operating import SteppedOperatePlans

        return SteppedOperatePlans(*self._by_hand, self.events, self._tallier)

    @cached_property
    def reads(self) -> ReadStore:
        """Reading over live and finished tasks."""
        from rowlock.storage.sql.reading import ReadPlans

        return ReadPlans(*self._by_hand)

    @cached_property
    def queues(self) -> QueueStore:
        """Queues and their policies."""
        from rowlock.storage.sql.queues import QueuePlans

        return QueuePlans(*self._at_work)

    @cached_property
    def deletions(self) -> DeletionStore:
        """Queues that are being deleted."""
        from rowlock.storage.sql.deletions import DeletionPlans

        return DeletionPlans(*self._at_work)

    @cached_property
    def definitions(self) -> DefinitionStore:
        """Definitions."""
        from rowlock.storage.sql.definitions import DefinitionPlans

        return DefinitionPlans(*self._by_hand)

    @cached_property
    def changes(self) -> ChangeStore:
        """Changing tasks by their ids."""
        from rowlock.storage.sql.changing import ChangePlans

        return ChangePlans(*self._at_work, self.events, self._tallier)

    @cached_property
    def records(self) -> RecordStore:
        """The audit, and operations on many tasks."""
        from rowlock.storage.sql.recording import RecordPlans

        return RecordPlans(*self._by_hand)

    @cached_property
    def schedules(self) -> ScheduleStore:
        """Schedules."""
        from rowlock.storage.sql.schedules import SchedulePlans

        return SchedulePlans(*self._by_hand)

    @cached_property
    def firings(self) -> FiringStore:
        """What fires schedules."""
        from rowlock.storage.sql.schedules import FiringPlans

        return FiringPlans(*self._at_work)

    @cached_property
    def tickers(self) -> TickerStore:
        """Tickers."""
        from rowlock.storage.sql.tickers import TickerPlans

        return TickerPlans(*self._by_hand)

    @cached_property
    def tokens(self) -> TokenStore:
        """Tokens of the HTTP service."""
        from rowlock.storage.sql.tokens import TokenPlans

        return TokenPlans(*self._by_hand)

    @cached_property
    def events(self) -> EventPlans:
        """Events of tasks."""
        return EventPlans(*self._by_hand)

    @cached_property
    def tallies(self) -> TallyStore:
        """Counts of tasks."""
        from rowlock.storage.sql.tallies import TallyPlans

        return TallyPlans(*self._of_tallies)


def open_sqlite(path: str, *, prefix: str, url: str, relaxed: bool = False) -> Storage:
    """Open the database at a path, or a private one in memory at `:memory:`.

    Args:
        path: Where it is.
        prefix: What our tables' names begin with.
        url: What it was called.
        relaxed: A power failure may undo the last commits; the death of a process does not.
    """
    if sqlite3.sqlite_version_info < OLDEST:
        raise ConfigError(f"SQLite {sqlite3.sqlite_version} is too old: 3.37 or newer is needed")
    in_memory = path == ":memory:"
    driver = SQLiteDriver(path, synchronous="NORMAL" if relaxed else "FULL")
    runner = SQLiteRunner(driver, in_memory=in_memory)
    catalog, tallier = Catalog(f"{HERE}/sql", prefix=prefix), Tallier()
    return Storage(
        engine="memory" if in_memory else "SQLite",
        url=url,
        durable=not in_memory,
        migrates_itself=True,
        stores=SQLiteStores(catalog, tallier),  # pyright: ignore[reportArgumentType] - it takes no cached property for a property
        migrations=Migrations(
            catalog, SQLITE_VALUES, f"{HERE}/migrations", prefix=prefix, schema=None
        ),
        runner=runner,
        heartbeat_runner=runner,
        patient_runner=runner,
        wakeups=LocalWakeups() if in_memory else DataVersionWakeups(path),
        close_all=runner.close,
        catalog=catalog,
        enlisting=SQLITE_ENLISTING,
        transactions=runner.transactions,
        tallier=tallier,
        advised_version=None if in_memory else ADVISED,
    )
