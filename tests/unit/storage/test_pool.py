"""The pool of connections for sync code: none is lost, whatever interrupts it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from rowlock.plan import BEGIN, Plan
from rowlock.storage.pool import PooledRunner
from rowlock.storage.sqlite.connection import SQLiteDriver
from tests.support.backends import sql_plan


class InterruptedDriver(SQLiteDriver):
    """Somebody loses patience when it rolls back or closes."""

    interrupts = True

    def rollback(self, connection: sqlite3.Connection) -> None:
        super().rollback(connection)
        if self.interrupts:
            raise KeyboardInterrupt

    def close(self, connection: sqlite3.Connection) -> None:
        super().close(connection)
        if self.interrupts:
            raise KeyboardInterrupt


@pytest.fixture
def runner(tmp_path: Path) -> Iterator[PooledRunner]:
    """With one connection, and so with one turn to lose."""
    driver = InterruptedDriver(str(tmp_path / "here.db"))
    with closing(PooledRunner(driver, size=1)) as runner:
        yield runner
        driver.interrupts = False


def failing() -> Plan[None]:
    yield BEGIN
    raise LookupError


def test_an_interrupted_rollback_costs_no_turn(runner):
    with pytest.raises(KeyboardInterrupt):
        runner.run(failing)
    assert runner.run(sql_plan, "SELECT 1").rows == [(1,)]


def test_an_interrupted_transaction_costs_no_turn(runner):
    with pytest.raises(KeyboardInterrupt), runner.transaction():
        raise LookupError
    assert runner.run(sql_plan, "SELECT 1").rows == [(1,)]
