"""One opened database: the stores, who runs their plans, and how sleepers are woken."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple, Protocol

from rowlock.model.tallies import Tally, TallyKey
from rowlock.model.tasks import NewTask
from rowlock.plan import Plan
from rowlock.runners import AsyncRunner, Runner, ThreadRunner
from rowlock.storage.catalog import Catalog
from rowlock.storage.change_contract import ChangeStore, RecordStore
from rowlock.storage.contract import ClaimStore, EnqueueStore, OperateStore, ReadStore
from rowlock.storage.definition_contract import DefinitionStore
from rowlock.storage.deletion_contract import DeletionStore
from rowlock.storage.endings import Endings
from rowlock.storage.enlisted import EnlistedAsyncRunner, EnlistedRunner, Enlisting
from rowlock.storage.event_contract import EventStore
from rowlock.storage.migrations import Migrations
from rowlock.storage.queue_contract import QueueStore
from rowlock.storage.schedule_contract import FiringStore, ScheduleStore
from rowlock.storage.tallier import Tallier
from rowlock.storage.tally_contract import TallyStore
from rowlock.storage.ticker_contract import TickerStore
from rowlock.storage.token_contract import TokenStore
from rowlock.storage.upkeep_contract import UpkeepStore
from rowlock.storage.wakeups import Wakeups

ASYNC_THREADS = 4
# One claims while the other settles: more would not be faster.
WORKER_CONNECTIONS = 2
# One executes while the other commits.
GROUP_LANES = 2


class Vacuum(Protocol):
    """Reclaims the dead rows of the live table."""

    def pays(self) -> Plan[bool]:
        """Return whether to do it now."""
        ...

    def vacuum(self) -> None:
        """Do it; blocks while it does, on a connection of its own. Logs its failures."""
        ...


class Groups(Protocol):
    """Stores together what many async callers store at once."""

    async def run(self, item: tuple[str, NewTask], alone: Callable[[], Plan[Any]]) -> Any:
        """Store a thing, or start the plan that stores it by itself."""
        ...


class Transactions(Protocol):
    """Lends connections with open transactions."""

    def transaction(self) -> AbstractContextManager[Any]:
        """Lend one; commit at the block's end unless that raises. It then raises ours."""
        ...


class Stores(Protocol):
    """The groups of an engine's plans; they need not be there before they are asked for."""

    @property
    def enqueue(self) -> EnqueueStore:
        """Storing tasks."""
        ...

    @property
    def claims(self) -> ClaimStore:
        """Taking tasks and ending attempts."""
        ...

    @property
    def upkeep(self) -> UpkeepStore:
        """What has to be done for all tasks."""
        ...

    @property
    def operate(self) -> OperateStore:
        """What people do to single tasks."""
        ...

    @property
    def reads(self) -> ReadStore:
        """Reading over live and finished tasks."""
        ...

    @property
    def queues(self) -> QueueStore:
        """Queues and their policies."""
        ...

    @property
    def deletions(self) -> DeletionStore:
        """Queues that are being deleted."""
        ...

    @property
    def definitions(self) -> DefinitionStore:
        """Definitions."""
        ...

    @property
    def changes(self) -> ChangeStore:
        """Changing tasks by their ids."""
        ...

    @property
    def records(self) -> RecordStore:
        """The audit, and operations on many tasks."""
        ...

    @property
    def schedules(self) -> ScheduleStore:
        """Schedules."""
        ...

    @property
    def firings(self) -> FiringStore:
        """What fires schedules."""
        ...

    @property
    def tickers(self) -> TickerStore:
        """Tickers."""
        ...

    @property
    def tokens(self) -> TokenStore:
        """Tokens of the HTTP service."""
        ...

    @property
    def events(self) -> EventStore:
        """Events of tasks."""
        ...

    @property
    def tallies(self) -> TallyStore:
        """Counts of tasks."""
        ...


class AllStores(NamedTuple):
    """Every group of an engine's plans, made at once."""

    enqueue: EnqueueStore
    claims: ClaimStore
    upkeep: UpkeepStore
    operate: OperateStore
    reads: ReadStore
    queues: QueueStore
    deletions: DeletionStore
    definitions: DefinitionStore
    changes: ChangeStore
    records: RecordStore
    schedules: ScheduleStore
    firings: FiringStore
    tickers: TickerStore
    tokens: TokenStore
    events: EventStore
    tallies: TallyStore


@dataclass(kw_only=True)
class Storage:
    """Everything above storage reaches a database through one of these.

    Attributes:
        engine: The engine's name for people: `PostgreSQL`, `SQLite` …
        durable: Whether tasks survive the process.
        migrates_itself: Whether the schema is brought up to date when it is opened.
        stores: The engine's plans.
        runner: Runs plans on pooled connections.
        heartbeat_runner: Runs plans on a connection of its own, which nothing else can hold up.
        patient_runner: Runs plans that may take their time, such as migrations.
        catalog: The engine's statements.
        enlisting: How the engine joins the caller's own transaction.
        transactions: Opens the transactions in which handlers settle their tasks.
        async_transaction: Opens one for async code; None where our driver is sync.
        seldom_runner: Runs what a worker does now and then, on a connection that is not kept; None
            where its runner is on threads.
        async_runner_of: Returns a runner that has so many async connections at most, or as many
            as an app may have; None where our driver is sync.
        advised_version: Below this version of the engine a known bug threatens the data.
        vacuum: Reclaims dead rows of the live table where that pays; None where none gather.
        tallier: Counts what happens to tasks.
        endings: Tells who waits in this process that a task has ended.
    """

    engine: str
    url: str
    durable: bool
    migrates_itself: bool
    stores: Stores
    migrations: Migrations
    runner: Runner
    heartbeat_runner: Runner
    patient_runner: Runner
    wakeups: Wakeups
    close_all: Callable[[], None]
    catalog: Catalog
    enlisting: Enlisting
    transactions: Transactions
    tallier: Tallier
    async_transaction: Callable[[], AbstractAsyncContextManager[Any]] | None = None
    async_runner_of: Callable[[int | None], AsyncRunner] | None = None
    seldom_runner: Runner | None = None
    advised_version: tuple[int, ...] | None = None
    vacuum: Vacuum | None = None
    endings: Endings = field(default_factory=Endings)
    _threads: ThreadRunner | None = field(default=None, init=False)
    _async_runner: AsyncRunner | None = field(default=None, init=False)
    _worker_runner: AsyncRunner | None = field(default=None, init=False)
    _lingering_runner: AsyncRunner | None = field(default=None, init=False)
    _groups: Groups | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        """Let counts be stored here."""
        self.tallier.bind(self.runner, self._append_tallies)

    def _append_tallies(self, counts: Mapping[TallyKey, Tally]) -> Plan[None]:
        # Not before there are some is the store asked for, which may have to be loaded.
        return self.tallies.append_tallies(counts)

    @property
    def enqueue(self) -> EnqueueStore:
        """Storing tasks."""
        return self.stores.enqueue

    @property
    def claims(self) -> ClaimStore:
        """Taking tasks and ending attempts."""
        return self.stores.claims

    @property
    def upkeep(self) -> UpkeepStore:
        """What has to be done for all tasks."""
        return self.stores.upkeep

    @property
    def operate(self) -> OperateStore:
        """What people do to single tasks."""
        return self.stores.operate

    @property
    def reads(self) -> ReadStore:
        """Reading over live and finished tasks."""
        return self.stores.reads

    @property
    def queues(self) -> QueueStore:
        """Queues and their policies."""
        return self.stores.queues

    @property
    def deletions(self) -> DeletionStore:
        """Queues that are being deleted."""
        return self.stores.deletions

    @property
    def definitions(self) -> DefinitionStore:
        """Definitions."""
        return self.stores.definitions

    @property
    def changes(self) -> ChangeStore:
        """Changing tasks by their ids."""
        return self.stores.changes

    @property
    def records(self) -> RecordStore:
        """The audit, and operations on many tasks."""
        return self.stores.records

    @property
    def schedules(self) -> ScheduleStore:
        """Schedules."""
        return self.stores.schedules

    @property
    def firings(self) -> FiringStore:
        """What fires schedules."""
        return self.stores.firings

    @property
    def tickers(self) -> TickerStore:
        """Tickers."""
        return self.stores.tickers

    @property
    def tokens(self) -> TokenStore:
        """Tokens of the HTTP service."""
        return self.stores.tokens

    @property
    def events(self) -> EventStore:
        """Events of tasks."""
        return self.stores.events

    @property
    def tallies(self) -> TallyStore:
        """Counts of tasks."""
        return self.stores.tallies

    @property
    def threads(self) -> ThreadRunner:
        """The runner on threads, for async callers: for what would hold up an event loop."""
        if self._threads is None:
            self._threads = ThreadRunner(self.runner, threads=ASYNC_THREADS)
        return self._threads

    @property
    def async_runner(self) -> AsyncRunner:
        """The runner for async callers."""
        if self._async_runner is None:
            of = self.async_runner_of
            self._async_runner = self.threads if of is None else of(None)
        return self._async_runner

    def groups(
        self, together: Callable[[Storage, Sequence[tuple[str, NewTask]]], Plan[list[Any]]]
    ) -> Groups:
        """Return what stores together what many async callers store at once.

        Args:
            together: The operation that does; the same each time.
        """
        if self._groups is None:
            from rowlock.storage.grouping import GroupRunner  # start-up time of sync programs

            lanes = 1 if self.enlisting.one_writer else GROUP_LANES
            store = partial(together, self)
            self._groups = GroupRunner(self.async_runner, store, lanes=lanes)
        return self._groups

    @property
    def worker_runner(self) -> AsyncRunner:
        """The runner for a worker's own needs, which never take more than two connections."""
        if self._worker_runner is None:
            of = self.async_runner_of
            if of is None:
                self._worker_runner = ThreadRunner(self.runner, threads=WORKER_CONNECTIONS)
            else:
                self._worker_runner = of(WORKER_CONNECTIONS)
        return self._worker_runner

    @property
    def lingering_runner(self) -> AsyncRunner:
        """The runner for what of a worker's needs computes for long: never in the event loop."""
        if self._lingering_runner is None:
            seldom = self.seldom_runner
            self._lingering_runner = (
                self.worker_runner if seldom is None else ThreadRunner(seldom, threads=1)
            )
        return self._lingering_runner

    def enlist(self, transaction: object) -> EnlistedRunner:
        """Return the runner on the caller's open transaction. See `Enlisting.runner`."""
        return self.enlisting.runner(transaction)

    async def enlist_async(self, transaction: object) -> EnlistedAsyncRunner:
        """Return the runner on the caller's open async transaction."""
        return await self.enlisting.async_runner(transaction)

    def close(self) -> None:
        """Close every connection and thread."""
        used = (self._threads, self._async_runner, self._worker_runner, self._lingering_runner)
        for runner in used:
            if runner is not None:
                runner.close()
        self.tallier.close()
        self.wakeups.close()
        self.close_all()
