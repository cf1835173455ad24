"""`rowlock enqueue`: what is stored, and what is refused with nothing stored."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from rowlock import Rowlock
from tests.cli.commands import cli, cli_json, error_of, run
from tests.cli.conftest import stored


def test_the_id_alone_goes_to_stdout(url):
    result = cli("enqueue", "add", "a:=1", "--app", "jobs:app", url=url)
    assert result.exit_code == 0
    [task] = stored(url)
    assert result.stdout == f"{task.id}\n"
    assert result.stderr == "stored queued on default\n"


def test_arguments_are_text_or_json(url):
    given = ["text=1", "number:=1", "list:=[1, null]", "empty=", "equal=a=b", "colon=a:=b"]
    cli("enqueue", "add", "a:=1", "--app", "jobs:app", url=url)
    task = cli_json("enqueue", "add", *given, url=url)
    assert task["payload"] == {
        "text": "1",
        "number": 1,
        "list": [1, None],
        "empty": "",
        "equal": "a=b",
        "colon": "a:=b",
    }


def test_arguments_may_be_one_object_or_come_from_stdin(url, folder):
    task = cli_json("enqueue", "add", "--args", '{"a": 7}', "--app", "jobs:app", url=url)
    assert task["payload"] == {"a": 7}
    result = run(
        "enqueue", "add", "--args", "-", "--json", "--url", url, stdin='{"a": 8}', cwd=folder
    )
    assert json.loads(result.stdout)["payload"] == {"a": 8}


def test_an_alias_that_the_database_knows_needs_no_code(seeded):
    task = cli_json("enqueue", "ADD", "a:=5", url=seeded.url)
    assert (task["definition"], task["state"], task["created"]) == ("add", "queued", True)


def test_options_go_to_the_task(url):
    task = cli_json(
        *("enqueue", "add", "a:=1", "--app", "jobs:app", "--queue", "Mail", "--delay", "1h30m"),
        *("--priority", "-3", "--max-attempts", "7", "--timeout", "2m", "--lifetime", "1d"),
        *("--retry", "fixed", "--tag", "b", "--tag", "a", "--unique", "one"),
        *("--id", "0199b2f0-5c1e-7c3a-9d0e-3f6a1b2c4d5e"),
        url=url,
    )
    assert task["queue"] == "mail"
    assert task["state"] == "scheduled"
    assert (task["priority"], task["max_attempts"], task["timeout_seconds"]) == (-3, 7, 120)
    assert task["retry"]["backoff"] == "fixed"
    assert (task["tags"], task["unique_key"]) == (["a", "b"], "one")
    assert task["id"] == "0199b2f0-5c1e-7c3a-9d0e-3f6a1b2c4d5e"
    wait = datetime.fromisoformat(task["run_at"]) - datetime.fromisoformat(task["created_at"])
    assert wait.total_seconds() == 5400


def test_run_at_is_a_time_with_a_zone(url):
    task = cli_json(
        "enqueue", "add", "a:=1", "--app", "jobs:app", "--run-at", "2099-01-01T02:00+02:00", url=url
    )
    assert task["run_at"] == "2099-01-01T00:00:00.000000Z"
    assert datetime.fromisoformat(task["run_at"]) == datetime(2099, 1, 1, tzinfo=UTC)


def test_a_later_task_says_when(url):
    result = cli("enqueue", "add", "a:=1", "--app", "jobs:app", "--delay", "1h", url=url)
    assert "scheduled on default, runs in" in result.stderr


def test_the_environment_names_database_and_namespace(url):
    env = {"ROWLOCK_URL": url, "ROWLOCK_NAMESPACE": "mine"}
    task = cli_json("enqueue", "add", "a:=1", "--app", "jobs:app", env=env)
    assert task["namespace"] == "mine"
    with closing(Rowlock(url, namespace="mine")) as app:
        assert app.get_task(task["id"]).id == UUID(task["id"])


def test_without_a_url_the_app_uses_its_own(folder):
    assert cli("enqueue", "add", "a:=1", "--app", "jobs:app").exit_code == 0
    assert len(stored(f"sqlite:///{folder}/own.db")) == 1


def test_a_key_that_is_held_is_refused(url):
    first = cli_json("enqueue", "add", "a:=1", "--unique", "k", "--app", "jobs:app", url=url)
    result = cli("enqueue", "add", "a:=1", "--unique", "k", "--json", url=url)
    assert result.exit_code == 7
    assert error_of(result.stderr)["detail"]["task_id"] == first["id"]


def test_if_not_exists_answers_with_the_holder(url):
    args = ("enqueue", "add", "a:=1", "--if-not-exists", "--app", "jobs:app")
    first, second = cli_json(*args, url=url), cli_json(*args, url=url)
    assert (first["created"], second["created"]) == (True, False)
    assert first["id"] == second["id"]
    assert "was there already" in cli(*args, url=url).stderr


def test_the_same_id_twice_is_stored_once(url):
    args = ("--id", "0199b2f0-5c1e-7c3a-9d0e-3f6a1b2c4d5e", "--app", "jobs:app")
    assert cli("enqueue", "add", "a:=1", *args, url=url).exit_code == 0
    assert cli("enqueue", "add", "a:=1", *args, url=url).exit_code == 0
    assert cli("enqueue", "add", "a:=2", *args, url=url).exit_code == 7
    assert len(stored(url)) == 1


DEEP = "[" * 31 + "]" * 31

BAD = [
    ("unknown alias", ["nothing"], 5, "nothing"),
    ("empty alias", [" "], 2, "alias"),
    ("long alias", ["x" * 101], 2, "alias"),
    ("argument unknown", ["add", "a:=1", "c:=1"], 2, "c"),
    ("argument missing", ["add"], 2, "a"),
    ("argument of another type", ["add", "a=1"], 2, "a"),
    ("argument twice", ["add", "a:=1", "a:=2"], 2, "a"),
    ("argument without a value", ["add", "a"], 2, "arguments"),
    ("argument without a name", ["add", ":=1"], 2, "arguments"),
    ("both ways", ["add", "a:=1", "--args", "{}"], 2, "args"),
    ("no JSON", ["add", "a:={"], 2, "a"),
    ("no object", ["add", "--args", "[1]"], 2, "args"),
    ("equal keys", ["add", "--args", '{"a": 1, "a": 2}'], 2, "args"),
    ("NaN", ["add", "a:=NaN"], 2, "a"),
    ("Infinity", ["add", "a:=-Infinity"], 2, "a"),
    ("overflow", ["add", "a:=1e999"], 2, "a"),
    ("NUL", ["boom", '--args={"text": "\\u0000"}'], 2, "text"),
    ("lone surrogate", ["boom", '--args={"text": "\\ud800"}'], 2, "text"),
    ("too deep", ["boom", f"text:={DEEP}"], 2, "text"),
    ("too large", ["boom", f"text={'x' * 100_000}", "--args", "{}"], 2, "args"),
    ("over 64 bits", ["add", "a:=9223372036854775808"], 2, "a"),
    ("bad queue", ["add", "a:=1", "--queue", "no spaces"], 2, "queue"),
    ("negative delay", ["add", "a:=1", "--delay", "-1"], 2, "delay"),
    ("delay without a unit", ["add", "a:=1", "--delay", "soon"], 2, "delay"),
    ("no attempts", ["add", "a:=1", "--max-attempts", "0"], 2, "max_attempts"),
    ("attempts no number", ["add", "a:=1", "--max-attempts", "x"], 2, "max_attempts"),
    ("priority", ["add", "a:=1", "--priority", "99999"], 2, "priority"),
    ("zero timeout", ["add", "a:=1", "--timeout", "0"], 2, "timeout"),
    ("zero lifetime", ["add", "a:=1", "--lifetime", "0"], 2, "lifetime"),
    ("retry", ["add", "a:=1", "--retry", "often"], 2, "retry"),
    ("long tag", ["add", "a:=1", "--tag", "x" * 101], 2, "tags"),
    ("empty key", ["add", "a:=1", "--unique", " "], 2, "unique"),
    ("no id", ["add", "a:=1", "--id", "7"], 2, "id"),
    ("no time", ["add", "a:=1", "--run-at", "tomorrow"], 2, "run_at"),
    ("no zone", ["add", "a:=1", "--run-at", "2099-01-01T00:00"], 2, "run_at"),
    ("both times", ["add", "a:=1", "--delay", "1", "--run-at", "2099-01-01T00:00Z"], 2, "run_at"),
    ("bad namespace", ["add", "a:=1", "--namespace", "1"], 2, "namespace"),
    ("reserved namespace", ["add", "a:=1", "--namespace", "rowlock"], 2, "namespace"),
]


@pytest.mark.parametrize(
    ("args", "code", "field"), [one[1:] for one in BAD], ids=[one[0] for one in BAD]
)
def test_bad_input_is_refused_by_name_and_nothing_is_stored(args, code, field, url):
    result = cli("enqueue", *args, "--app", "jobs:app", url=url)
    assert result.exit_code == code, result.stderr
    [line] = result.stderr.splitlines()
    assert field in line
    if code == 2:
        assert line.startswith(f"rowlock: {field}: ")
    assert result.stdout == ""
    assert stored(url) == []


def test_a_payload_over_a_mebibyte_is_refused(url, folder):
    text = json.dumps({"text": "x" * (1024 * 1024 + 1)})
    result = run(
        "enqueue", "boom", "--args", "-", "--app", "jobs:app", "--url", url, stdin=text, cwd=folder
    )
    assert result.returncode == 2
    assert result.stderr.startswith("rowlock: text: is 1,048,579 bytes of JSON; ")
    assert stored(url) == []


def test_a_text_where_a_number_is_wanted_says_how_to_write_one(url):
    result = cli("enqueue", "add", "a=1", "--app", "jobs:app", url=url)
    assert "write a:=…" in result.stderr


@pytest.mark.parametrize(
    ("reference", "problem"),
    [
        ("nothing:app", "there is no module 'nothing'"),
        ("jobs.deeper:app", "there is no module 'jobs.deeper'"),
        ("jobs:other", "jobs:other does not exist; there is jobs:app"),
        ("jobs:time", "jobs:time is not a Rowlock or AsyncRowlock"),
        ("jobs.py", "name the module: jobs:app"),
        ("./jobs.py:app", "name the module: jobs:app"),
    ],
)
def test_an_app_that_is_not_there_is_told_with_what_is(reference, problem, url):
    result = cli("enqueue", "add", "a:=1", "--app", reference, url=url)
    assert result.exit_code == 2
    assert result.stderr.startswith("rowlock: app: ")
    assert problem in result.stderr


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("import nothing_like_it", "ModuleNotFoundError: No module named 'nothing_like_it'"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("def", "SyntaxError"),
    ],
)
def test_an_app_that_cannot_be_imported_is_told_with_the_cause(text, cause, url):
    Path("broken.py").write_text(f"x = 1\n{text}\n", encoding="utf-8")
    result = cli("enqueue", "add", "--app", "broken:app", url=url)
    assert result.exit_code == 2
    [line] = result.stderr.splitlines()
    assert cause in line
    assert "broken.py:2" in line or "SyntaxError" in line


def test_the_app_is_imported_from_a_package_with_its_default_name(url, folder):
    (folder / "shop").mkdir()
    (folder / "shop" / "work.py").write_text((folder / "jobs.py").read_text())
    assert cli("enqueue", "add", "a:=1", "--app", "shop.work", url=url).exit_code == 0


def test_an_app_that_has_used_its_database_cannot_be_moved(url):
    Path("eager.py").write_text(
        "from rowlock import Rowlock\napp = Rowlock('memory://')\napp.stats()\n"
    )
    result = cli("enqueue", "add", "--app", "eager:app", url=url)
    assert result.exit_code == 2
    assert "used its database" in result.stderr
