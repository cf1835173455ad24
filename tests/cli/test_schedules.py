"""`rowlock schedules` and `rowlock schedule`."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from rowlock import Rowlock
from rowlock.testing import do_upkeep
from tests.cli.commands import cli, cli_json, error_of
from tests.cli.conftest import stored
from tests.cli.served import served

DAY = timedelta(days=1)


@pytest.fixture
def known(url: str) -> str:
    """The URL of a database with two definitions and three schedules."""
    with closing(Rowlock(url)) as app:
        app.create_definition("report", queue="slow")
        app.create_definition("fetch")
        app.create_schedule(
            "Nightly", "30 2 * * *", "report", zone="Europe/Berlin", arguments={"day": "x"}
        )
        app.create_schedule("poll", "90s", "fetch", queue="quick", max_runs=7)
        app.create_schedule("later", {"frequency": "none", "startsAt": "2040-01-01T00:00:00Z"},
                            "fetch", status="draft")  # fmt: skip
    return url


def names(*options: str, url: str) -> list[str]:
    return [one["name"] for one in cli_json("schedules", *options, url=url)]


def shown(name: str, url: str) -> Any:
    return cli_json("schedule", "show", name, url=url)


def test_schedules_are_listed_as_fields(known):
    lines = [line.split("\t") for line in cli("schedules", url=known).stdout.splitlines()]
    assert [(*line[:4], line[5], line[6], line[7]) for line in lines] == [
        ("later", "none", "UTC", "draft", "-", "0", "-"),
        ("Nightly", "30 2 * * *", "Europe/Berlin", "active", "-", "0", "-"),
        ("poll", "@every 90s", "UTC", "active", "-", "0/7", "-"),
    ]
    assert lines[0][4] == "-"
    assert datetime.fromisoformat(lines[1][4]) - datetime.now(UTC) < 2 * DAY


def test_a_terminal_gets_a_table_and_how_far_the_next_run_is(known):
    result = cli("schedules", "--limit", "2", url=known, env={"FORCE_COLOR": "1"})
    assert "NEXT" in result.stdout
    assert "Z, in " in result.stdout
    assert "--offset 2" in result.stderr


def test_schedules_are_filtered_ordered_and_paged(known):
    assert names("--name", "IGHT", url=known) == ["Nightly"]
    assert names("--status", "draft", url=known) == ["later"]
    assert names("--definition", "Fetch", url=known) == ["later", "poll"]
    assert names("--queue", "quick", url=known) == ["poll"]
    assert names("--declared", url=known) == []
    assert len(names("--undeclared", url=known)) == 3
    assert names("--order", "-name", "--limit", "1", "--offset", "1", url=known) == ["Nightly"]
    listed = cli_json("schedules", "--status", "active", "--order", "next", url=known)
    assert [one["next_at"] for one in listed] == sorted(one["next_at"] for one in listed)


@pytest.mark.parametrize(
    "wrong",
    [("--status", "bad"), ("--order", "size"), ("--limit", "0"), ("--offset", "-1"),
     ("--name", ""), ("--queue", "no spaces")],
)  # fmt: skip
def test_a_filter_that_means_nothing_is_misuse(known, wrong):
    assert cli("schedules", *wrong, url=known).exit_code == 2


def test_no_schedules_is_said_on_stderr(url):
    with closing(Rowlock(url)) as app:
        app.list_schedules()
    result = cli("schedules", url=url)
    assert (result.stdout, result.stderr) == ("", "no schedules\n")


def test_a_problem_is_listed_and_shown(known):
    now = {"frequency": "none", "startsAt": "2020-01-01T00:00:00Z"}
    with closing(Rowlock(known)) as app:
        app.create_schedule("broken", now, "fetch")
        app.delete_definition("fetch")
        do_upkeep(app)
    [line] = cli("schedules", "--name", "broken", url=known).stdout.splitlines()
    assert "no new tasks" in line.split("\t")[7]
    assert "no new tasks" in shown("broken", known)["problem"]


def test_everything_about_a_schedule_is_shown_in_words(known):
    text = cli("schedule", "show", "NIGHTLY", url=known).stdout
    assert (
        "Rule          30 2 * * *\n              At 02:30 every day, Europe/Berlin time\n" in text
    )
    assert 'Arguments     {"day":"x"}\n' in text
    found = shown("nightly", known)
    assert found["explanation"] == "At 02:30 every day, Europe/Berlin time"
    assert len(found["upcoming"]) == 5
    assert found["upcoming"][0]["at"] == found["next_at"]
    assert shown(found["id"], known) == found
    nexts = text.partition("Next          ")[2].splitlines()
    assert len(nexts) == 5
    assert "+01:00  " in text or "+02:00  " in text


def test_a_rule_that_cannot_be_read_any_more_is_still_shown(known):
    with closing(sqlite3.connect(known.removeprefix("sqlite:///"))) as file, file:
        file.execute("UPDATE rowlock_schedule SET rule = replace(rule, 'Berlin', 'Gone')")
    text = cli("schedule", "show", "nightly", url=known).stdout
    assert "cannot be read any more: zone: 'Europe/Gone' is not a time zone" in text
    assert shown("nightly", known)["upcoming"] == []


def test_changing_does_not_make_a_database(folder, url):
    assert cli("schedule", "update", "x", "--max-runs", "1", url=url).exit_code == 3
    assert not (folder / "tasks.db").exists()


def test_what_is_left_of_a_schedule_ends_with_it(known):
    cli_json("schedule", "update", "nightly", "--max-runs", "2", url=known)
    assert len(shown("nightly", known)["upcoming"]) == 2
    ends = (datetime.now(UTC) + timedelta(hours=30)).isoformat()
    cli_json("schedule", "update", "nightly", "--clear", "max-runs", "--ends-at", ends, url=known)
    assert 1 <= len(shown("nightly", known)["upcoming"]) <= 2
    assert shown("later", known)["upcoming"] == []


def test_a_schedule_is_created_with_its_values(known):
    made = cli_json(
        *("schedule", "create", "Weekly", "0 9 * * mon", "report", "day=today", "n:=[1,2]"),
        *("--zone", "Asia/Tokyo", "--gap", "skip", "--repeated", "both", "--queue", "own"),
        *("--priority", "3", "--tag", "a", "--tag", "b", "--max-attempts", "2"),
        *("--timeout", "5m", "--lifetime", "1h", "--retry", "fixed", "--unique", "key"),
        *("--starts-at", "2030-01-01T00:00:00Z", "--ends-at", "2031-01-01T00:00:00+01:00"),
        *("--max-runs", "9", "--catch-up", "all", "--catch-up-limit", "5"),
        *("--overlap", "queue-one", "--jitter", "30s", "--description", "D", "--draft"),
        url=known,
    )
    assert made["id"] == str(UUID(made["id"]))
    assert made["arguments"] == {"day": "today", "n": [1, 2]}
    rule = {name: made["rule"][name] for name in ("cron", "zone", "gap", "overlap")}
    assert rule == {
        "cron": "0 9 * * mon", "zone": "Asia/Tokyo", "gap": "skip", "overlap": "both"
    }  # fmt: skip
    options = made["options"]
    assert (options["tags"], options["max_attempts"], options["unique"]) == (["a", "b"], 2, "key")
    assert (options["timeout"], options["lifetime"]) == (300.0, 3600.0)
    assert options["retry"]["backoff"] == "fixed"
    said = {name: made[name] for name in (
        "name", "status", "queue", "priority", "max_runs", "catch_up", "catch_up_limit", "overlap",
        "jitter_seconds", "description", "starts_at", "ends_at", "definition", "declared",
    )}  # fmt: skip
    assert said == {
        "name": "Weekly", "status": "draft", "queue": "own", "priority": 3, "max_runs": 9,
        "catch_up": "all", "catch_up_limit": 5, "overlap": "queue_one", "jitter_seconds": 30.0,
        "description": "D", "starts_at": "2030-01-01T00:00:00.000000Z",
        "ends_at": "2030-12-31T23:00:00.000000Z", "definition": "report", "declared": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("words", "field"),
    [
        (["0 25 * * *", "report"], "hour"),
        (["0 0 30 2 *", "report"], "cron"),
        (["* * * * *", "report", "--zone", "Mars/Base"], "zone"),
        (["* * * * *", "report", "--overlap", "never"], "overlap"),
        (["* * * * *", "report", "--catch-up", "some"], "catch_up"),
        (["* * * * *", "report", "--jitter", "2d"], "jitter"),
        (["* * * * *", "report", "--max-runs", "x"], "max_runs"),
        (["* * * * *", "report", "--starts-at", "soon"], "starts_at"),
        (["* * * * *", "report", "--ends-at", "2020-01-01T00:00:00Z"], "rule"),
        (["0.5s", "report"], "rule"),
    ],
)
def test_a_bad_schedule_is_refused_by_field_and_not_stored(known, words, field):
    result = cli("schedule", "create", "bad", *words, "--json", url=known)
    document = error_of(result.stderr)
    assert (result.exit_code, document["detail"]["field"]) == (2, field)
    assert "bad" not in names(url=known)


def test_a_taken_name_and_an_unknown_definition_are_refused(known):
    taken = cli("schedule", "create", "NIGHT_LY", "1h", "report", url=known)
    assert (taken.exit_code, "already exists" in taken.stderr) == (7, True)
    assert cli("schedule", "create", "new", "1h", "nothing", url=known).exit_code == 5


def test_the_code_of_an_app_checks_the_arguments(folder, url):
    words = ("schedule", "create", "sum", "1h", "add")
    refused = cli(*words, "a=1", "--app", "jobs:app", url=url)
    assert refused.exit_code == 2
    assert "write a:=…" in refused.stderr
    made = cli_json(*words, "a:=1", "--app", "jobs:app", url=url)
    assert made["arguments"] == {"a": 1}


def test_only_what_is_given_changes(known):
    before = shown("poll", known)
    after = cli_json("schedule", "update", "POLL", "--rule", "2m", "--catch-up", "skip", url=known)
    assert (after["rule"]["cron"], after["catch_up"]) == ("@every 120s", "skip")
    assert (after["queue"], after["max_runs"]) == (before["queue"], before["max_runs"])
    assert after["version"] > before["version"]


def test_single_arguments_change_or_all(known):
    words = ("schedule", "update", "nightly")
    assert cli_json(*words, "n:=1", url=known)["arguments"] == {"day": "x", "n": 1}
    assert cli_json(*words, "--args", '{"n": 2}', url=known)["arguments"] == {"n": 2}


def test_values_are_put_back(known):
    words = ("schedule", "update", "poll", "--clear", "max-runs", "--clear", "queue")
    after = cli_json(*words, url=known)
    assert (after["max_runs"], after["queue"]) == (None, None)
    assert cli(*words, "--max-runs", "3", url=known).exit_code == 2
    assert cli("schedule", "update", "poll", "--clear", "nothing", url=known).exit_code == 2


def test_an_update_of_nothing_is_misuse(known):
    assert cli("schedule", "update", "poll", url=known).exit_code == 2


@pytest.mark.parametrize(
    "words",
    [["show"], ["update", "--max-runs", "1"], ["pause"], ["resume"], ["run"], ["firings"],
     ["delete", "--yes"], ["restore"], ["simulate"], ["backfill", "7d", "1d"]],
)  # fmt: skip
def test_an_unknown_schedule_is_not_found(known, words):
    result = cli("schedule", words[0], "nope", *words[1:], url=known)
    assert result.exit_code == 5
    assert "schedule 'nope': not found" in result.stderr


def test_a_schedule_is_paused_and_resumed(known):
    assert cli("schedule", "pause", "poll", url=known).stdout == "poll\tpaused\n"
    assert shown("poll", known)["next_at"] is None
    result = cli("schedule", "resume", "poll", url=known)
    assert result.stdout == "poll\tactive\n"
    assert result.stderr.startswith("next in ")


def test_a_run_by_hand_enqueues_one_task_and_is_in_the_history(known):
    result = cli("schedule", "run", "nightly", url=known)
    [task] = stored(known)
    assert result.stdout == f"{task.id}\n"
    assert (task.definition, task.queue, task.payload) == ("report", "slow", {"day": "x"})
    [firing] = cli_json("schedule", "firings", "nightly", url=known)
    assert (firing["task"], firing["outcome"], firing["reason"]) == (
        str(task.id), "fired", "manual"
    )  # fmt: skip
    [line] = cli("schedule", "firings", "nightly", url=known).stdout.splitlines()
    assert line.split("\t")[1:] == ["fired", "0s", str(task.id), "manual", "0"]
    text = cli("schedule", "show", "nightly", url=known).stdout
    assert f"fired, manual, 0s late, task {task.id}" in text
    assert cli_json("schedule", "run", "nightly", url=known)["state"] == "queued"


def test_the_history_is_paged(known):
    for _ in range(3):
        cli("schedule", "run", "nightly", url=known)
    first = cli(
        "schedule", "firings", "nightly", "--limit", "2", url=known, env={"FORCE_COLOR": "1"}
    )
    assert "PLANNED" in first.stdout
    before = first.stderr.split("--before ")[1].strip()
    assert len(cli_json("schedule", "firings", "nightly", "--before", before, url=known)) == 1
    assert cli("schedule", "firings", "poll", url=known).stderr == "nothing was fired or skipped\n"


def test_a_deletion_wants_a_yes_and_can_be_undone(known):
    refused = cli("schedule", "delete", "poll", url=known)
    assert (refused.exit_code, "add --yes" in refused.stderr) == (2, True)
    assert cli("schedule", "delete", "poll", "--yes", url=known).stdout == "poll\tdeleted\n"
    assert "poll" not in names(url=known)
    deleted = cli("schedules", "--deleted", "--name", "poll", url=known).stdout
    assert deleted.split("\t")[3] == "deleted"
    assert cli("schedule", "restore", "poll", url=known).stdout == "poll\tpaused\n"
    cli_json("schedule", "delete", "poll", "--hard", "--yes", url=known)
    assert names("--deleted", "--name", "poll", url=known) == []


def test_a_year_is_simulated_and_changes_of_the_clocks_are_flagged(known):
    found = cli_json("schedule", "simulate", "nightly", url=known)
    assert 364 <= len(found) <= 366
    assert [one["change"] for one in found if one["change"]] in (
        ["shifted", "first"], ["first", "shifted"]
    )  # fmt: skip
    text = cli(
        *("schedule", "simulate", "nightly", "--from", "2027-03-28T00:00:00Z"),
        *("--to", "2027-03-30T00:00:00Z", "--limit", "1"),
        url=known, env={"FORCE_COLOR": "1"},
    )  # fmt: skip
    assert "2027-03-28 03:00:00+02:00  2027-03-28 01:00:00Z  shifted" in text.stdout
    assert "there may be more" in text.stderr
    wrong = ("--from", "2027-03-28T00:00:00Z", "--to", "2027-03-27T00:00:00Z")
    assert cli("schedule", "simulate", "nightly", *wrong, url=known).exit_code == 2


def test_a_backfill_is_counted_asked_for_and_done_once(known):
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    start, earlier = (midnight - days * DAY for days in (3, 4))
    words = ("schedule", "backfill", "nightly", start.isoformat(), midnight.isoformat())
    assert cli(*words, "--dry-run", url=known).stdout == "to enqueue\t3\n"
    refused = cli(*words, url=known)
    assert (refused.exit_code, "Enqueue 3 tasks" in refused.stderr) == (2, True)
    assert stored(known) == []
    assert cli(*words, "--yes", url=known).stdout == "enqueued\t3\n"
    assert len(stored(known)) == 3
    more = (*words[:3], earlier.isoformat(), "1s")
    again = cli(*more, "--yes", url=known)
    assert again.stdout in {"enqueued\t1\n", "enqueued\t2\n"}  # today's may have been
    assert again.stderr.startswith("3 left alone")
    assert cli_json(*words, "--yes", url=known) == {"fired": 0, "known": 3, "next_at": None}
    future = (datetime.now(UTC) + DAY).isoformat()
    assert cli("schedule", "backfill", "nightly", "1d", future, url=known).exit_code == 2


def test_a_rule_is_explained_without_a_database():
    words = ("schedule", "explain", "30 2 * * *", "--zone", "Europe/Berlin")
    text = cli(*words, "--from", "2027-03-27T00:00:00Z", "--limit", "2").stdout
    assert text.splitlines() == [
        "At 02:30 every day, Europe/Berlin time",
        "2027-03-27 02:30:00+01:00\t2027-03-27 01:30:00Z\t-",
        "2027-03-28 03:00:00+02:00\t2027-03-28 01:00:00Z\tshifted",
    ]
    document = json.loads(cli("schedule", "explain", "1h30m", "--json").stdout)
    assert document["explanation"] == "Every 90 minutes, UTC"
    assert len(document["occurrences"]) == 5
    spread = [cli("schedule", "explain", "H H * * *", "--name", name).stdout for name in "abcd"]
    assert len(set(spread)) > 1


@pytest.mark.parametrize(
    ("words", "field"),
    [
        (["0 25 * * *"], "hour"),
        (["FREQ=DAILY"], "DTSTART"),
        (["FREQ=DAILY;COUNT=0", "--starts-at", "2027-01-01T00:00:00Z"], "COUNT"),
        (['{"frequency": "daily"}'], "startsAt"),
        (["1h", "--zone", "Nowhere"], "zone"),
        (["1h", "--gap", "jump"], "gap"),
        (["1h", "--from", "soon"], "from"),
        (["1h", "--limit", "0"], "limit"),
        (["1h", "--starts-at", "today"], "starts_at"),
    ],
)
def test_a_bad_rule_is_told_by_field(words, field):
    result = cli("schedule", "explain", *words, "--json")
    assert result.exit_code == 2
    assert error_of(result.stderr)["detail"]["field"] == field


DECLARING = '''
@app.schedule("0 3 * * *", name="nightly", arguments={"a": 1})
@app.task(alias="sum")
def total(a: int) -> int:
    """Add."""
    return a

total.every("1h", name="hourly", arguments={"a": 2})
'''


@pytest.fixture
def declaring(folder: Path) -> Path:
    """The working directory with an app that declares two schedules."""
    code = (folder / "jobs.py").read_text("utf-8")
    (folder / "jobs.py").write_text(code + DECLARING, "utf-8")
    return folder


def change(folder: Path, old: str, new: str) -> None:
    code = (folder / "jobs.py").read_text("utf-8")
    assert old in code
    (folder / "jobs.py").write_text(code.replace(old, new), "utf-8")


@pytest.fixture(params=["database", "server"])
def place(request, url) -> Iterator[Any]:
    """Where the app's schedules are to be stored, as what `cli` takes."""
    if request.param == "database":
        yield {"url": url}
        return
    with served(url) as server:
        yield {"env": server.at()}


def test_what_code_declares_is_stored_once(declaring, url, place):
    words = ("schedules", "sync", "jobs:app")
    assert cli(*words, **place).stdout == "nightly\tcreated\t-\nhourly\tcreated\t-\n"
    assert cli(*words, **place).stdout == "nightly\tunchanged\t-\nhourly\tunchanged\t-\n"
    assert names("--declared", url=url) == ["hourly", "nightly"]
    change(declaring, "0 3 * * *", "0 4 * * *")
    assert cli_json(*words, **place)["changed"] == ["nightly"]


def test_what_code_no_longer_declares_goes_only_when_asked(declaring, url, place):
    words = ("schedules", "sync", "jobs:app")
    cli(*words, **place)
    change(declaring, 'total.every("1h", name="hourly", arguments={"a": 2})', "")
    left = cli(*words, **place)
    assert left.stdout == "nightly\tunchanged\t-\nhourly\tundeclared\t-\n"
    assert "--prune" in left.stderr
    refused = cli(*words, "--prune", **place)
    assert refused.exit_code == 2
    assert "Delete what this code does not declare: hourly?" in refused.stderr
    assert "hourly" in names(url=url)
    done = cli_json(*words, "--prune", "--yes", **place)
    assert (done["undeclared"], done["pruned"]) == (["hourly"], ["hourly"])
    assert names(url=url) == ["nightly"]


def test_what_was_deleted_by_hand_stays_so(declaring, url, place):
    words = ("schedules", "sync", "jobs:app")
    cli(*words, **place)
    cli("schedule", "delete", "hourly", "--yes", url=url)
    again = cli(*words, **place)
    assert again.stdout == "nightly\tunchanged\t-\nhourly\tdeleted\t-\n"
    assert "restore" in again.stderr


def test_a_schedule_that_cannot_be_stored_is_told_and_fails_the_command(declaring, url, place):
    change(declaring, 'arguments={"a": 2}', 'arguments={"b": 2}')
    result = cli("schedules", "sync", "jobs:app", **place)
    assert result.exit_code == 1
    assert result.stdout.startswith("nightly\tcreated\t-\nhourly\tproblem\t")
    document = json.loads(cli("schedules", "sync", "jobs:app", "--json", **place).stdout)
    assert list(document["problems"]) == ["hourly"]


def test_an_app_without_schedules_says_so(folder, url, place):
    result = cli("schedules", "sync", "jobs:app", **place)
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == "this app declares no schedules\n"


RICH = """
from datetime import UTC, datetime, timedelta
from rowlock.recurrence.parsing import parse

@app.task(queue="far", tags=["t"], unique=["a"], max_attempts=7, lifetime="1d")
def report(a: int, when: datetime | None = None) -> None:
    "Report."

report.every(
    "30 2 * * *", name="zoned", zone="Europe/Berlin", gap="skip", repeated="both",
    arguments={"a": 1, "when": datetime(2027, 1, 1, tzinfo=UTC)}, queue="else", priority=3,
    jitter="10s", catch_up="all", catch_up_limit=5, overlap="skip", retry="linear",
    timeout="5s", tags=["own"], unique=True, description="Words.",
)
report.every(timedelta(hours=2), name="spaced", arguments={"a": 2},
             starts_at=datetime(2027, 1, 1, tzinfo=UTC), status="draft", max_runs=3)
report.every("FREQ=MONTHLY;BYDAY=-1FR", name="monthly", arguments={"a": 3},
             starts_at=datetime(2027, 1, 29, 17, tzinfo=UTC),
             ends_at=datetime(2030, 1, 1, tzinfo=UTC))
report.every(parse("0 9 * * MON", zone="Asia/Tokyo"), name="parsed", arguments={"a": 4})
report.every({"frequency": "hourly", "interval": 6, "startsAt": "2027-01-01T00:00:00Z"},
             name="ruled", arguments={"a": 5})
"""


def test_a_server_stores_what_a_database_would(folder, url):
    """Whoever syncs next, by whichever way, finds nothing to change."""
    with (folder / "jobs.py").open("a", encoding="utf-8") as file:
        file.write(RICH)
    with served(url) as server:
        there: dict[str, Any] = {"env": server.at()}
        words = ("schedules", "sync", "jobs:app")
        first = cli_json(*words, **there)
        assert (len(first["created"]), first["problems"]) == (5, {})
        assert len(cli_json(*words, url=url)["unchanged"]) == 5
        assert len(cli_json(*words, **there)["unchanged"]) == 5
    definition = cli_json("definition", "show", "report", url=url)
    assert (definition["title"], definition["queue"]) == ("Report.", "far")
    assert "else" in cli("queues", url=url).stdout


def test_a_token_that_may_not_make_what_is_missing_is_told(declaring, url):
    with served(url) as server:
        env = server.at("schedules:write", "tasks:enqueue")
        told = cli("schedules", "sync", "jobs:app", env=env)
        assert told.exit_code == 1
        assert told.stdout.startswith("nightly\tproblem\t")
        assert cli("schedules", "sync", "jobs:app", env=server.at("schedules:read")).exit_code == 7
