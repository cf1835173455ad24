"""How many connections a worker holds."""

from __future__ import annotations

import time
from contextlib import closing

import psycopg
import pymysql

from tests.support.databases import mysql_options
from tests.worker.places import Place

FOR_WORK, FOR_HEARTBEATS, FOR_LISTENING, FOR_COUNTS = 2, 1, 1, 1
LOOK_SECONDS = 0.02
ENDING_SECONDS = 0.5  # until the server has ended what we closed


def connections(place: Place, *, seconds: float) -> int:
    """How many connections to the database there were at most, for so long, besides ours."""
    place.app.close()
    time.sleep(ENDING_SECONDS)
    most, until = 0, time.monotonic() + seconds
    with closing(_own_connection(place)) as own, closing(own.cursor()) as cursor:
        while time.monotonic() < until:
            cursor.execute(_count(place))
            found = cursor.fetchone()
            assert found is not None
            most = max(most, found[0])
            time.sleep(LOOK_SECONDS)
    return most


def _own_connection(place: Place) -> psycopg.Connection | pymysql.Connection:
    if place.dsn.startswith("postgres"):
        return psycopg.connect(place.dsn, autocommit=True)
    return pymysql.connect(**mysql_options(place.dsn), autocommit=True)


def _count(place: Place) -> str:
    if place.dsn.startswith("postgres"):
        return (
            "SELECT count(*) FROM pg_stat_activity "
            "WHERE datname = current_database() AND application_name = 'rowlock'"
        )
    return (
        "SELECT COUNT(*) FROM information_schema.PROCESSLIST "
        "WHERE DB = DATABASE() AND ID <> CONNECTION_ID()"
    )


def listening(place: Place) -> int:
    """How many of a worker's connections listen."""
    return FOR_LISTENING if place.dsn.startswith("postgres") else 0


def counting(place: Place) -> int:
    """How many store counts: a blocking connection, where the worker's own do not block."""
    return FOR_COUNTS if place.dsn.startswith("postgres") else 0


def test_an_idle_worker_holds_two_connections_and_one_to_listen(place: Place):
    place.worker()
    assert 1 <= connections(place, seconds=7) <= FOR_WORK + listening(place)


def test_a_busy_worker_holds_one_more_for_heartbeats(place: Place):
    place.app.register_queue("default", lease="1s")
    for which in range(400):
        place.nap(2.0 if which % 100 == 0 else 0.01)
    place.worker()
    allowed = FOR_WORK + FOR_HEARTBEATS + listening(place) + counting(place)
    assert FOR_WORK <= connections(place, seconds=6) <= allowed
