"""The command line explains itself."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module

import click
import pytest

from rowlock import __version__
from rowlock.cli.program import COMMANDS, module_of, program
from tests.cli.commands import cli, run, untraced


def every_command() -> dict[str, click.Command]:
    """All commands and the commands below them by how they are called."""
    found: dict[str, click.Command] = {}
    for name in COMMANDS:
        command = import_module(module_of(name)).command
        found[name] = command
        for below, one in getattr(command, "commands", {}).items():
            found[f"{name} {below}"] = one
    return found


EVERY = every_command()


@pytest.mark.parametrize("name", EVERY)
def test_every_command_shows_examples(name):
    result = cli(*name.split(), "--help")
    assert result.exit_code == 0
    assert f"Examples:\n    rowlock {name.split()[0]}" in result.stdout.replace('eval "$(', "")


@pytest.mark.parametrize("name", COMMANDS)
def test_the_summary_in_the_list_is_that_of_the_command(name):
    words = " ".join((EVERY[name].help or "").split())
    summary = COMMANDS[name].removesuffix(".")
    assert words.startswith(summary.split(",")[0].split(" of ")[0][:20])


def test_the_help_lists_every_command_and_the_exit_codes():
    text = cli("--help").stdout
    assert [name for name in COMMANDS if f"\n  {name} " not in text] == []
    assert "130 interrupted" in text


def test_no_arguments_is_help():
    result = run()
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == run("--help").stdout


def test_a_group_alone_is_help():
    assert "migrate" in cli("db").stdout


def test_the_version_is_one_line():
    assert cli("--version").stdout == f"rowlock {__version__}\n"


@pytest.mark.parametrize(
    ("typed", "meant"), [("taks", "tasks"), ("worke", "worker"), ("docter", "doctor")]
)
def test_a_misspelt_command_is_answered_with_the_one_meant(typed, meant):
    result = cli(typed)
    assert result.exit_code == 2
    assert f"did you mean '{meant}'?" in result.stderr


def test_a_word_like_nothing_gets_no_suggestion():
    result = cli("xyzzy")
    assert result.exit_code == 2
    assert result.stderr == "rowlock: no such command 'xyzzy'; see 'rowlock --help'\n"


def test_an_unknown_option_says_where_to_read():
    result = cli("tasks", "--sate", "failed")
    assert result.exit_code == 2
    assert result.stderr.startswith("rowlock: no such option")
    assert "see 'rowlock tasks --help'" in result.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_a_script_for_each_shell(shell):
    result = run("completion", shell)
    assert result.returncode == 0
    assert "_ROWLOCK_COMPLETE" in result.stdout


def test_completion_offers_commands_and_states():
    first = run(_ROWLOCK_COMPLETE="bash_complete", COMP_WORDS="rowlock ta", COMP_CWORD="1")
    assert [line.split(",")[1] for line in first.stdout.split()] == ["tasks", "task"]
    state = run(
        _ROWLOCK_COMPLETE="bash_complete",
        COMP_WORDS="rowlock tasks --state fai",
        COMP_CWORD="3",
    )
    assert state.stdout.strip() == "plain,failed"


def test_completion_offers_the_options_of_the_program():
    result = run(_ROWLOCK_COMPLETE="bash_complete", COMP_WORDS="rowlock --", COMP_CWORD="1")
    assert "plain,--version" in result.stdout


@pytest.mark.parametrize("args", [["--version"], ["--help"], ["taks"]])
def test_start_up_loads_nothing_heavy(args):
    heavy = {"asyncio", "msgspec", "rich", "psycopg", "pymysql", "sqlite3", "rowlock.app"}
    code = (
        "import sys\n"
        "from rowlock.cli.program import program\n"
        "try: program.main(sys.argv[1:])\n"
        "except SystemExit: pass\n"
        f"print(sorted({heavy!r} & set(sys.modules)), file=sys.stderr)"
    )
    found = subprocess.run(
        [sys.executable, "-c", code, *args],
        env=untraced(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stderr.splitlines()[-1] == "[]"


def test_the_group_knows_only_its_commands():
    with click.Context(program) as ctx:
        assert program.list_commands(ctx) == list(COMMANDS)
        assert program.get_command(ctx, "nothing") is None
