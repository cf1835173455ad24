"""An app may give up the last moments before a crash for speed, if it says so."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import pytest

from rowlock import AsyncRowlock, Rowlock, Worker
from rowlock.app.core import Settings
from rowlock.errors import ConfigError, InvalidValueError
from rowlock.storage.postgres.connection import PostgresDriver
from tests.support.backends import Backend, sql_plan

# How each engine that leaves it to its connections is asked, and what one of each kind says.
POSTGRES = ("postgres", "SHOW synchronous_commit", "on", "off")
SQLITE = ("sqlite", "PRAGMA synchronous", 2, 1)

each_choosing = pytest.mark.parametrize(
    ("backend", "asked", "full", "relaxed"),
    [POSTGRES, SQLITE],
    indirect=["backend"],
    ids=["postgres", "sqlite"],
)


@each_choosing
async def test_all_connections_of_an_app_are_as_durable_as_it_says(
    backend: Backend, asked: str, full: Any, relaxed: Any
):
    given: list[tuple[Settings, Any]] = [({}, full), ({"durability": "relaxed"}, relaxed)]
    for settings, said in given:
        async with AsyncRowlock(backend.url, **settings) as app:
            storage = app.core.storage
            for runner in (storage.runner, storage.heartbeat_runner, storage.patient_runner):
                assert runner.run(sql_plan, asked).rows[0][0] == said
            for async_runner in (
                storage.async_runner,
                storage.worker_runner,
                storage.lingering_runner,
            ):
                result = await async_runner.run(sql_plan, asked)
                assert result.rows[0][0] == said
            with storage.transactions.transaction() as connection:
                assert connection.execute(asked).fetchone()[0] == said
            if storage.async_transaction is not None:
                async with storage.async_transaction() as opened:
                    answer = await opened.execute(asked)
                    assert (await answer.fetchone())[0] == said


@pytest.mark.parametrize("backend", ["memory", "sqlite", "postgres"], indirect=True)
def test_a_relaxed_app_does_its_tasks(backend: Backend):
    ran: list[int] = []
    with Rowlock(backend.url, durability="relaxed") as app:

        @app.task
        def note(number: int) -> None:
            ran.append(number)

        app.enqueue(note, {"number": 1})
        app.enqueue_many(note, ({"number": number} for number in range(2, 5)))
        Worker(app).run_once()
    assert sorted(ran) == [1, 2, 3, 4]


@pytest.mark.parametrize("url", ["memory://", "postgresql://host/db", "mysql://host/db"])
@pytest.mark.parametrize("durability", ["", "off", None, True, ["full"]])
def test_another_word_is_refused(url: str, durability: Any):
    with pytest.raises(InvalidValueError) as refused:
        Rowlock(url, durability=durability)
    assert refused.value.field == "durability"


@pytest.mark.parametrize("url", ["mysql://host/db", "mariadb://host/db"])
def test_where_a_server_has_one_for_all_it_is_refused(url: str):
    with pytest.raises(ConfigError, match="innodb_flush_log_at_trx_commit"):
        Rowlock(url, durability="relaxed")


def test_what_else_a_connection_is_told_stays(
    postgres_server: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("PGOPTIONS", "-c geqo=off -c synchronous_commit=on")
    with closing(PostgresDriver(postgres_server, relaxed=True).connect()) as connection:
        told = [connection.execute(f"SHOW {name}").fetchone() for name in ("geqo", POSTGRES[1][5:])]
    assert told == [("off",), ("off",)]
