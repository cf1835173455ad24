"""The options of the command line that choose and sort tasks, and `count`."""

from __future__ import annotations

from contextlib import closing

import pytest

from rowlock import Rowlock
from tests.cli.commands import cli, cli_json, error_of
from tests.cli.test_both_doors import Case, told_in_python, told_on_the_command_line


def listed(seeded, *args: str) -> list[str]:
    states = {str(task_id): state for state, task_id in seeded.ids.items()}
    return [states[task["id"]] for task in cli_json("tasks", *args, url=seeded.url)]


@pytest.mark.parametrize(
    ("args", "shown"),
    [
        (["--error", "SECOND line"], ["failed"]),
        (["--definition", "add", "--argument", "a:=2"], ["queued"]),
        (["--definition", "boom", "--argument", "a:=2"], []),
        (["--queue", "later", "--argument", "a:=3"], ["scheduled"]),
        (["--worker", "nobody"], []),
        (["--unique", "nothing"], []),
        (["--finished-after", "1h", "--state", "succeeded"], ["succeeded"]),
        (["--finished-before", "1h"], []),
        (["--started-after", "2020-01-01T00:00:00Z"], ["failed", "succeeded"]),
        (["--created-before", "2020-01-01T00:00:00Z"], []),
        (["--order", "run_at"], ["queued", "scheduled"]),
        (["--order", "run_at", "--limit", "1"], ["queued"]),
    ],
)
def test_options_choose_tasks(seeded, args, shown):
    assert listed(seeded, *args) == shown


def test_a_page_in_order_of_time_goes_on_from_the_task_before(seeded):
    order = listed(seeded, "--order", "finished_at")
    assert sorted(order) == ["failed", "succeeded"]
    rest = listed(seeded, "--order", "finished_at", "--before", seeded[order[0]])
    assert rest == order[1:]


def test_count_prints_a_number(seeded):
    assert cli("count", url=seeded.url).stdout == "4\n"
    assert cli("count", "--state", "failed", url=seeded.url).stdout == "1\n"
    assert cli_json("count", "--tag", "monthly", url=seeded.url) == {
        "count": 1,
        "count_capped": False,
    }


@pytest.mark.parametrize(
    ("args", "field"),
    [
        (["--argument", "a=1"], "arguments"),
        (["--queue", "default", "--argument", "a"], "arguments"),
        (["--queue", "default", "--argument", "a:=[1]"], "arguments"),
        (["--queue", "default", "--argument", "a=1", "--argument", "a=2"], "arguments"),
        (["--finished-after", "soon"], "finished_after"),
        (["--created-before", "2020-01-01"], "created_before"),
        (["--error", ""], "error"),
    ],
)
@pytest.mark.parametrize("command", ["tasks", "count"])
def test_what_no_task_can_have_is_refused(seeded, command, args, field):
    result = cli(command, *args, "--json", url=seeded.url)
    assert result.exit_code == 2
    assert error_of(result.stderr)["detail"]["field"] == field


def test_an_order_that_does_not_fit_the_states_is_refused(seeded):
    args = ("--order", "run_at", "--state", "failed", "--json")
    result = cli("tasks", *args, url=seeded.url)
    assert error_of(result.stderr)["detail"]["field"] == "order"


BOTH_DOORS = {
    "argument without a queue": Case(
        "arguments",
        ["tasks", "--argument", "a=1"],
        lambda app: app.list_tasks(arguments={"a": "1"}),
    ),
    "argument that is a list": Case(
        "arguments",
        ["count", "--queue", "default", "--argument", "a:=[1]"],
        lambda app: app.count(queue="default", arguments={"a": [1]}),
    ),
    "empty error": Case("error", ["tasks", "--error", ""], lambda app: app.list_tasks(error="")),
    "empty worker": Case("worker", ["count", "--worker", ""], lambda app: app.count(worker="")),
    "order": Case(
        "order",
        ["tasks", "--order", "finished_at", "--state", "queued"],
        lambda app: app.list_tasks(order="finished_at", states=("queued",)),
    ),
    "stuck for no time": Case(
        "longer_than", ["stuck", "--longer-than", "0"], lambda app: app.stuck(longer_than="0")
    ),
    "no window": Case(
        "window", ["stats", "--window", "soon"], lambda app: app.throughput(window="soon")
    ),
}


@pytest.mark.parametrize("case", BOTH_DOORS.values(), ids=list(BOTH_DOORS))
def test_both_doors_refuse_alike(seeded, case):
    with closing(Rowlock(seeded.url)) as app:
        told = told_in_python(lambda: case.call(app))
    assert told.field == case.field
    assert told == told_on_the_command_line(*case.args, url=seeded.url)
