"""What a terminal sees, what a pipe sees, and what happens when a reader goes away."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import subprocess
import time
from contextlib import closing, suppress
from pathlib import Path

import pytest

from rowlock import Rowlock
from tests.cli.commands import PROCESS_SECONDS, cli, command_line, environment, start
from tests.cli.conftest import Seeded

ESCAPE = "\x1b"


def on_terminal(*args: str, columns: int = 100, answer: str = "", **env: str) -> tuple[str, int]:
    """Run a command on a terminal of its own; return what it showed and its exit code.

    If it asks, it gets the answer.
    """
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        command_line(*args),
        env=environment(TERM="xterm-256color", COLUMNS=str(columns), LINES="40") | env,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    shown = b""
    end = time.monotonic() + PROCESS_SECONDS
    with suppress(OSError):  # the terminal's other end was closed
        while time.monotonic() < end:
            if select.select([ours], [], [], 0.1)[0]:
                part = os.read(ours, 65536)
                if not part:
                    break
                shown += part
            if answer and b"[y/N]" in shown:
                os.write(ours, f"{answer}\n".encode())
                answer = ""
    os.close(ours)
    return shown.decode().replace("\r\n", "\n"), process.wait(PROCESS_SECONDS)


def plain(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)


def test_a_terminal_gets_a_table_with_a_head_and_colours(seeded):
    shown, code = on_terminal("tasks", "--url", seeded.url)
    assert code == 0
    assert plain(shown).splitlines()[0].split()[:3] == ["ID", "STATE", "DEFINITION"]
    assert f"{ESCAPE}[31mfailed" in shown
    assert f"{ESCAPE}[31mred" not in shown


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_ids_are_whole_whatever_the_width(columns, seeded):
    shown, _ = on_terminal("tasks", "--url", seeded.url, columns=columns)
    lines = plain(shown).splitlines()
    assert [line.split()[0] for line in lines[1:5]] == [
        seeded["scheduled"],
        seeded["queued"],
        seeded["failed"],
        seeded["succeeded"],
    ]


@pytest.mark.parametrize(
    ("columns", "head"),
    [
        (80, ["ID", "STATE", "DEFINITION", "MESSAGE"]),
        (120, ["ID", "STATE", "DEFINITION", "QUEUE", "RUNS", "CREATED", "MESSAGE"]),
    ],
)
def test_a_narrow_terminal_does_without_the_lesser_columns(columns, head, seeded):
    shown, _ = on_terminal("tasks", "--url", seeded.url, columns=columns)
    lines = plain(shown).splitlines()
    assert lines[0].split() == head
    assert [line.split()[1] for line in lines[1:5]] == [
        "scheduled", "queued", "failed", "succeeded",
    ]  # fmt: skip
    assert max(map(len, lines)) <= columns


@pytest.mark.parametrize("columns", [80, 120])
def test_a_narrow_terminal_does_without_columns_of_zeros(columns, seeded):
    shown, _ = on_terminal("stats", "--url", seeded.url, columns=columns)
    head, *lines = plain(shown).splitlines()
    assert ("CANCELED" in head) == (columns == 120)
    assert [head.split()[0], head.split()[-2:]] == ["QUEUE", ["OLDEST", "WAIT"]]
    assert max(map(len, [head, *lines])) <= columns


def test_a_full_page_says_how_to_get_the_next(seeded):
    shown, _ = on_terminal("tasks", "--limit", "2", "--url", seeded.url)
    assert f"there may be more: --before {seeded['queued']}" in plain(shown)


def test_no_color_is_obeyed_on_a_terminal(seeded):
    for command in (["tasks"], ["task", seeded["failed"]], ["doctor"], ["stats"]):
        shown, _ = on_terminal(*command, "--url", seeded.url, NO_COLOR="1")
        assert not re.search(r"\x1b\[[0-9;]*m", shown)


def test_a_dumb_terminal_gets_no_escapes(seeded):
    shown, _ = on_terminal("tasks", "--url", seeded.url, TERM="dumb")
    assert ESCAPE not in shown
    assert plain(shown).startswith("ID ")


def test_a_pipe_gets_neither_colours_nor_a_head(seeded):
    for command in (["tasks"], ["task", seeded["failed"]], ["stats"], ["queues"], ["doctor"]):
        assert ESCAPE not in cli(*command, url=seeded.url).output


def test_forced_colours_reach_a_pipe_with_whole_lines(seeded):
    result = cli("tasks", url=seeded.url, env={"FORCE_COLOR": "1"})
    assert f"{ESCAPE}[31mfailed" in result.stdout
    assert "second line" in result.stdout
    without = cli("tasks", url=seeded.url, env={"FORCE_COLOR": "1", "NO_COLOR": "1"})
    assert ESCAPE not in without.stdout


def test_watch_draws_a_bar_and_ends_with_the_result(seeded):
    shown, code = on_terminal("watch", seeded["succeeded"], "--url", seeded.url)
    assert code == 0
    assert "adding 1 and 2" in shown
    assert "100%" in shown
    assert plain(shown).rstrip().endswith("3")


@pytest.fixture
def hourly(seeded: Seeded) -> str:
    """The URL of a database with an hourly schedule."""
    with closing(Rowlock(seeded.url)) as app:
        app.create_schedule("hourly", "0 * * * *", "add", arguments={"a": 1})
    return seeded.url


@pytest.mark.parametrize(
    ("columns", "head"),
    [
        (60, ["NAME", "RULE", "STATUS", "NEXT", "PROBLEM"]),
        (120, ["NAME", "RULE", "ZONE", "STATUS", "NEXT", "LAST", "RUNS", "PROBLEM"]),
    ],
)
def test_schedules_are_a_table_as_wide_as_the_terminal(columns, head, hourly):
    shown, _ = on_terminal("schedules", "--url", hourly, columns=columns)
    assert plain(shown).splitlines()[0].split() == head


def test_a_backfill_asks_and_draws_how_far_it_is(hourly):
    words = ("schedule", "backfill", "hourly", "10d", "1h", "--url", hourly)
    asked, refused = on_terminal(*words, answer="n")
    assert (refused, "Enqueue 2" in plain(asked), "nothing changed" in plain(asked)) == (
        7, True, True
    )  # fmt: skip
    shown, code = on_terminal(*words, answer="y")
    assert code == 0
    found = re.search(r"Enqueue (\d+) tasks of hourly\? \[y/N\]", plain(shown))
    assert found is not None
    assert f"{found[1]}/{found[1]}" in plain(shown)
    assert f"enqueued\t{found[1]}" in plain(shown)


ASKING = [
    ("cancel", "--state", "queued"),
    ("bench", "--tasks", "100"),
    ("definition", "delete", "add"),
]


@pytest.mark.parametrize("command", ASKING)
def test_who_says_no_changes_nothing(command, seeded):
    shown, code = on_terminal(*command, "--url", seeded.url, answer="n")
    assert code == 7
    assert "? [y/N]: " in shown
    assert "nothing changed" in shown
    assert cli("audit", url=seeded.url).stdout == ""


@pytest.mark.parametrize("command", ASKING)
def test_nobody_is_asked_where_nobody_is(command, seeded):
    result = cli(*command, url=seeded.url)
    assert result.exit_code == 2
    assert "Nobody can be asked here: add --yes" in result.stderr
    assert cli("audit", url=seeded.url).stdout == ""


def test_who_says_yes_is_obeyed(seeded):
    shown, code = on_terminal("cancel", "--state", "queued", "--url", seeded.url, answer="y")
    assert code == 0
    assert "cancel 1 task? [y/N]: " in shown
    assert "\tdone\t1" in shown


def test_the_demo_draws_its_progress_and_leaves_a_summary(tmp_path):
    top = tmp_path / "tree"
    top.mkdir()
    for number in range(50):
        (top / str(number)).write_bytes(b"line\n" * number)
    shown, code = on_terminal("demo", "--dir", str(top), "--db", str(tmp_path / "x.db"))
    assert code == 0
    text = plain(shown)
    assert "Indexing" in text
    assert "50/50 files" in re.sub(r" +", " ", text)
    assert "Indexed 50 files, one task for each" in text
    assert f"database    {tmp_path}/x.db" in text


def test_a_reader_that_goes_away_is_no_error(url):
    with closing(Rowlock(url)) as app:

        @app.task
        def count(number: int) -> None:
            """Count."""

        count.enqueue_many({"number": number} for number in range(3000))
    process = start("tasks", "--limit", "3000", "--url", url)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.stderr.read() == ""
    process.stderr.close()
    assert process.wait(PROCESS_SECONDS) == 0


def test_an_interrupt_while_watching_exits_with_130(seeded):
    process = start("watch", seeded["queued"], "--url", seeded.url)
    assert process.stdout is not None
    assert seeded["queued"] in process.stdout.readline()
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=PROCESS_SECONDS)
    assert process.returncode == 130
    assert "Traceback" not in err


def test_the_entry_point_runs_the_program(seeded, tmp_path: Path):
    script = tmp_path / "rowlock"
    script.write_text("from rowlock.cli.main import main\nmain()\n")
    found = subprocess.run(
        [command_line()[0], str(script), "tasks", "--url", seeded.url],
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert len(found.stdout.splitlines()) == 4
