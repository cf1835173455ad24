"""`rowlock definitions` and `rowlock definition`."""

from __future__ import annotations

from contextlib import closing
from uuid import UUID

import pytest

from rowlock import Rowlock
from tests.cli.commands import cli, cli_json


@pytest.fixture
def known(url: str) -> str:
    """The URL of a database with three definitions, one of them canceled, and a task."""
    with closing(Rowlock(url)) as app:
        app.create_definition("send-mail", title="Send\tmail", queue="mail")
        app.create_definition("Report", status="canceled", memo="Ask Ada.\nOr Bob.")
        app.create_definition("cleanup")
        app.enqueue("cleanup")
    return url


def test_definitions_are_listed_as_fields(known):
    lines = [line.split("\t") for line in cli("definitions", url=known).stdout.splitlines()]
    assert [line[:3] for line in lines] == [
        ["cleanup", "active", "default"],
        ["Report", "canceled", "default"],
        ["send-mail", "active", "mail"],
    ]
    assert lines[2][4] == "Send mail"


def test_a_terminal_gets_a_table(known):
    result = cli("definitions", "--limit", "2", url=known, env={"FORCE_COLOR": "1"})
    assert "ALIAS" in result.stdout
    assert "--offset 2" in result.stderr


def aliases(*options: str, url: str) -> list[str]:
    return [one["alias"] for one in cli_json("definitions", *options, url=url)]


def test_definitions_are_filtered_ordered_and_paged(known):
    assert aliases("--status", "inactive", url=known) == ["Report"]
    assert aliases("--alias", "E-P", url=known) == ["Report"]
    assert aliases("--order", "-created", "--limit", "1", "--offset", "1", url=known) == ["Report"]
    assert aliases("--created-after", "2200-01-01T00:00:00Z", url=known) == []
    assert len(aliases("--created-before", "2200-01-01T00:00:00Z", url=known)) == 3


@pytest.mark.parametrize(
    "wrong",
    [
        ("--status", "bad"),
        ("--order", "size"),
        ("--limit", "0"),
        ("--limit", "x"),
        ("--offset", "-1"),
        ("--created-after", "soon"),
        ("--alias", ""),
    ],
)
def test_a_filter_that_means_nothing_is_misuse(known, wrong):
    assert cli("definitions", *wrong, url=known).exit_code == 2


def test_no_definitions_is_said_on_stderr(url):
    with closing(Rowlock(url)) as app:
        app.list_definitions()
    result = cli("definitions", url=url)
    assert (result.stdout, result.stderr) == ("", "no definitions\n")


def test_everything_about_a_definition_is_shown(known):
    shown = cli("definition", "show", "REPORT", url=known).stdout
    assert "Status        canceled\n" in shown
    assert "Memo          Ask Ada.\n              Or Bob.\n" in shown
    found = cli_json("definition", "show", "report", url=known)
    assert cli_json("definition", "show", found["id"], url=known) == found
    assert (found["key"], found["memo"], found["deleted_at"]) == (
        "report",
        "Ask Ada.\nOr Bob.",
        None,
    )


def test_a_definition_is_created_with_its_values(url):
    made = cli_json(
        *("definition", "create", "Nightly", "--title", "T", "--description", "D", "--memo", "M"),
        *("--queue", "slow", "--priority", "3", "--max-attempts", "2", "--max-crashes", "1"),
        *("--lifetime", "1h"),
        url=url,
    )
    assert made["id"] == str(UUID(made["id"]))
    said = {name: made[name] for name in ("alias", "title", "description", "memo", "status")}
    assert said == {
        "alias": "Nightly", "title": "T", "description": "D", "memo": "M", "status": "active"
    }  # fmt: skip
    limits = (made["queue"], made["priority"], made["max_attempts"], made["lifetime_seconds"])
    assert limits == ("slow", 3, 2, 3600.0)


def test_a_taken_alias_is_refused(known):
    result = cli("definition", "create", "SEND_MAIL", url=known)
    assert result.exit_code == 7
    assert "already exists" in result.stderr


def test_only_what_is_given_changes(known):
    changed = cli_json("definition", "update", "send_mail", "--status", "canceled", url=known)
    assert (changed["status"], changed["queue"]) == ("canceled", "mail")
    result = cli("enqueue", "send-mail", url=known)
    assert result.exit_code == 7
    assert "is canceled" in result.stderr


def test_an_update_of_nothing_is_misuse(known):
    assert cli("definition", "update", "report", url=known).exit_code == 2


@pytest.mark.parametrize("what", ["show", "update", "delete"])
def test_an_unknown_definition_is_not_found(known, what):
    more = {"update": ["--memo", "x"], "delete": ["--yes"]}.get(what, [])
    result = cli("definition", what, "nope", *more, url=known)
    assert result.exit_code == 5
    assert "task definition 'nope': not found" in result.stderr


def test_a_deletion_says_how_many_tasks_there_are_and_wants_a_yes(known):
    """C88."""
    result = cli("definition", "delete", "cleanup", url=known)
    assert result.exit_code == 2
    assert "1 waiting, 0 running and 0 finished tasks" in result.stderr
    assert "cleanup" in aliases(url=known)


def test_a_deletion_may_take_the_tasks_with_it(known):
    """C88."""
    asked = cli("definition", "delete", "cleanup", "--tasks", url=known)
    assert "which are deleted too but for those that run" in asked.stderr
    assert cli("definition", "delete", "cleanup", "--tasks", "--yes", url=known).exit_code == 0
    assert cli_json("tasks", "--definition", "cleanup", url=known) == []
    [hidden] = cli_json("tasks", "--definition", "cleanup", "--state", "deleted", url=known)
    assert hidden["state"] == "canceled"


def test_a_deleted_definition_is_listed_only_when_asked_for(known):
    gone = cli_json("definition", "delete", "cleanup", "--yes", url=known)
    assert gone["tasks"] == {"waiting": 1, "running": 0, "finished": 0}
    assert "cleanup" not in aliases(url=known)
    deleted = cli("definitions", "--deleted", url=known).stdout.splitlines()[0]
    assert deleted.split("\t")[:2] == ["cleanup", "deleted"]


def test_a_hard_deletion_leaves_nothing(known):
    result = cli("definition", "delete", "cleanup", "--hard", "--yes", url=known)
    assert result.stdout == "cleanup\tdeleted\n"
    assert "cleanup" not in aliases("--deleted", url=known)
