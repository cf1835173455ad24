"""`rowlock db`: the tables are made, checked and printed, on every engine."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.commands import cli, cli_json, run


@pytest.fixture(params=["sqlite", "postgres", "mariadb"])
def server(request: pytest.FixtureRequest, folder: Path) -> tuple[str, list[str]]:
    """An engine's URL, and options that name tables which no other test has."""
    if request.param == "sqlite":
        return f"sqlite:///{folder}/tasks.db", []
    dsn = request.getfixturevalue(f"{request.param}_dsn")
    return dsn, ["--prefix", "cli_db_"]


def execute(path: Path, sql: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(sql)


def test_migrate_status_and_verify_agree(server):
    url, options = server
    first = cli_json("db", "migrate", *options, url=url)
    assert cli_json("db", "migrate", *options, url=url) == {
        "version": first["version"],
        "applied": [],
    }
    status = cli_json("db", "status", *options, url=url)
    assert status["version"] == status["wanted"] == first["version"]
    assert {one["state"] for one in status["migrations"]} == {"applied"}
    verified = cli("db", "verify", *options, url=url)
    assert verified.exit_code == 0
    assert verified.stdout.startswith(f"ok: version {first['version']}, ")
    assert cli_json("tasks", *options, url=url) == []


def test_tasks_go_through_every_engine(server, folder):
    url, options = server
    cli("db", "migrate", *options, url=url)
    added = cli_json("enqueue", "add", "a:=1", "--app", "jobs:app", *options, url=url)
    done = run("worker", "jobs:app", "--once", "--url", url, *options, cwd=folder)
    assert done.returncode == 0, done.stderr
    task = cli_json("task", added["id"][:13], *options, url=url)
    assert (task["state"], task["result"]) == ("succeeded", 3)
    assert task["log"][0]["message"] == "adding 1 and 2"
    assert [one["queue"] for one in cli_json("stats", *options, url=url)] == ["default", "slow"]
    assert cli("doctor", *options, url=url).exit_code == 0


def test_a_server_is_not_migrated_by_looking(server):
    url, _ = server
    missing = 3 if url.startswith("sqlite") else 4
    assert cli("tasks", "--prefix", "never_", url=url).exit_code == missing
    assert cli("db", "verify", "--prefix", "never_", url=url).exit_code == missing


def test_migrate_says_what_it_applied(url):
    first = cli("db", "migrate", url=url)
    assert first.stdout.splitlines()[0] == "applied 0001 initial"
    second = cli("db", "migrate", url=url)
    assert (second.stdout, second.exit_code) == ("", 0)
    assert "nothing to do" in second.stderr


def test_status_before_the_first_migration_lists_what_is_pending(folder):
    (folder / "new.db").touch()
    result = cli("db", "status", url=f"sqlite:///{folder}/new.db")
    assert result.exit_code == 4
    assert result.stdout.startswith("0001\tinitial\tpending\t-\n")
    assert "rowlock db migrate" in result.stderr


def test_status_tells_of_a_newer_schema(url, folder):
    cli("db", "migrate", url=url)
    execute(folder / "tasks.db", "INSERT INTO rowlock_migration VALUES (99, 'later', 'x', 0)")
    result = cli("db", "status", url=url)
    assert result.exit_code == 4
    assert "0099\tlater\tnewer\t1970-01-01T00:00:00.000000Z" in result.stdout
    assert cli("tasks", url=url).exit_code == 4
    assert "upgrade the package" in cli("db", "verify", url=url).stderr


def test_verify_tells_of_a_changed_migration(url, folder):
    cli("db", "migrate", url=url)
    execute(folder / "tasks.db", "UPDATE rowlock_migration SET checksum = 'x' WHERE version = 1")
    result = cli("db", "verify", "--json", url=url)
    assert result.exit_code == 6
    assert '"changed": [\n    "0001 initial"\n  ]' in result.stdout
    assert "applied from another text" in result.stderr
    assert "0001\tinitial\tchanged" in cli("db", "status", url=url).stdout


@pytest.mark.parametrize("engine", ["postgresql", "mysql", "mariadb", "sqlite"])
def test_sql_is_printed_without_a_database(engine):
    result = cli("db", "sql", "--engine", engine)
    assert result.exit_code == 0
    assert re.search(r"CREATE TABLE (IF NOT EXISTS )?rowlock_task \(", result.stdout)
    assert result.stdout.count("INSERT INTO rowlock_migration") >= 1


def test_sql_follows_the_url_and_connects_to_nothing():
    result = cli("db", "sql", "--prefix", "q_", url="postgresql://ann:secret@nowhere.invalid/x")
    assert "CREATE TABLE q_task (" in result.stdout
    assert "secret" not in result.output


def test_printed_sql_makes_the_schema(url, folder):
    script = cli("db", "sql", "--engine", "sqlite").stdout
    with closing(sqlite3.connect(folder / "tasks.db")) as connection:
        connection.executescript(script)
    assert cli("db", "verify", url=url).exit_code == 0
    assert cli_json("tasks", url=url) == []


def test_sql_from_the_newest_version_has_no_migration(url):
    version = cli_json("db", "migrate", url=url)["version"]
    assert "rowlock_task (" not in cli("db", "sql", "--from", str(version), url=url).stdout


def test_sql_wants_to_know_which():
    result = cli("db", "sql")
    assert result.exit_code == 2
    assert result.stderr.startswith("rowlock: engine: ")


def test_a_schema_is_for_postgresql_only(seeded):
    result = cli("tasks", "--schema", "jobs", url=seeded.url)
    assert result.exit_code == 2
    assert "only PostgreSQL has schemas" in result.stderr
