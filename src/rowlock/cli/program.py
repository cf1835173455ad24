"""The `rowlock` group: which commands there are, and what happens to their errors."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from io import TextIOWrapper
from typing import Any, NoReturn

import click

from rowlock._version import __version__
from rowlock.cli.loading import loading

COMPLETE_VARIABLE = "_ROWLOCK_COMPLETE"
DEBUG, URLS, TOKENS = "rowlock.debug", "rowlock.urls", "rowlock.tokens"
SERVER_OPTIONS = ("--server", "--token", "--profile")
# The other exit codes, and how errors are told, are loaded when something went wrong.
DONE = 0

# Summaries are written here too, so that help and completion import no command.
SECTIONS: Mapping[str, Mapping[str, str]] = {
    "Start here": {
        "demo": "Index a directory of real files, one task for each, and watch it.",
        "worker": "Run an app's tasks until told to stop.",
        "enqueue": "Store one task.",
        "exec": "Run one handler here and now, without a database.",
    },
    "Tasks": {
        "tasks": "List tasks, newest first.",
        "count": "Count the tasks that the options choose.",
        "task": "Show everything about one task.",
        "stuck": "List what runs for too long.",
        "watch": "Follow one task until it is finished.",
    },
    "Working by hand": {
        "create-task": "Store one task of a queue and a payload.",
        "retain-task": "Take the next task of a queue.",
        "complete-task": "End a task that was taken by hand.",
    },
    "Changing tasks": {
        "cancel": "Cancel tasks.",
        "retry": "Run finished tasks again.",
        "requeue": "Store new tasks like others.",
        "edit": "Change waiting tasks.",
        "pause": "Hold waiting tasks back.",
        "resume": "Let paused tasks wait again.",
        "delete": "Hide tasks from every list.",
        "restore": "Show deleted tasks again.",
        "purge": "Remove finished tasks for good.",
        "cleanup": "Remove finished tasks for good that ended long ago.",
        "operations": "List changes to many tasks, or go on with one.",
        "audit": "Show who changed what, and why.",
    },
    "Definitions": {
        "definitions": "List stored definitions.",
        "definition": "Show, create, change or delete a stored definition.",
    },
    "Schedules": {
        "schedules": "List schedules, or bring them in line with the code.",
        "schedule": "Show, create, change, run or delete a schedule.",
    },
    "Tickers": {
        "tickers": "List tickers.",
        "ticker": "Show everything about one ticker.",
        "create-ticker": "Store a new ticker.",
        "update-ticker": "Change what is given of a ticker.",
        "delete-ticker": "Remove a ticker.",
        "next-ticker": "Print ticks as they come.",
    },
    "Queues": {
        "queues": "List queues, and change, pause or resume one.",
        "queue": "Show one queue.",
        "create-queue": "Create a queue.",
        "update-queue": "Change what is given of a queue's policy.",
        "delete-queue": "Delete a queue and all of its tasks.",
        "namespaces": "List the namespaces that have a queue.",
        "stats": "Count the tasks of each queue by state.",
    },
    "Service": {
        "server": "Serve the queue over HTTP until told to stop.",
        "run": "Serve the database at a URL over HTTP.",
        "token": "Make, list and revoke tokens of the HTTP service.",
    },
    "Database": {
        "db": "Make, check and print the tables.",
        "doctor": "Check that everything is in order, and say what to do if not.",
        "bench": "Measure how fast tasks go through your database.",
    },
    "Shell": {
        "completion": "Print the completion script of a shell.",
    },
}

COMMANDS: Mapping[str, str] = {
    name: summary for commands in SECTIONS.values() for name, summary in commands.items()
}


def module_of(command: str) -> str:
    """Return the module of a command."""
    return f"rowlock.cli.{command.replace('-', '_')}"


HELP = """Durable background tasks in the database you already have.

Every command takes --url or the variable ROWLOCK_URL: sqlite:///path, postgresql://…,
mysql://… or mariadb://…. What looks at tasks or changes something also works at a server:
--server and --token, or --profile. Data goes to stdout, messages to stderr; --json prints one
document.
"""

EPILOG = """\b
Examples:
  rowlock demo
  rowlock worker tasks:app --queue emails=10 --queue default
  rowlock enqueue send_email user_id:=7 --app tasks:app
  rowlock tasks --state failed
  rowlock server --url sqlite:///app.db

\b
Exit codes:
  0 done              4 schema missing, too old or too new
  1 failed            5 not found
  2 misused           6 unhealthy
  3 unreachable       7 refused
  130 interrupted
"""


class Program(click.Group):
    """Imports a command when it is run, and turns what it raises into an exit code."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of the help."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command of that name."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        with loading():
            command: click.Command = import_module(module_of(cmd_name)).command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or say which one may have been meant."""
        name = args[0]
        if name not in COMMANDS and not name.startswith("-") and not ctx.resilient_parsing:
            from difflib import get_close_matches

            near = get_close_matches(name, COMMANDS, n=1, cutoff=0.5)
            hint = f"; did you mean '{near[0]}'?" if near else ""
            raise click.UsageError(f"no such command '{name}'{hint}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands by section."""
        del ctx
        width = max(map(len, COMMANDS))
        for section, commands in SECTIONS.items():
            with formatter.section(section):
                rows = [(name.ljust(width), summary) for name, summary in commands.items()]
                formatter.write_dl(rows)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[Any]:
        """Complete a command's name without importing any."""
        from click.shell_completion import CompletionItem

        if incomplete.startswith("-"):
            return click.Command.shell_complete(self, ctx, incomplete)
        return [
            CompletionItem(name, help=summary)
            for name, summary in COMMANDS.items()
            if name.startswith(incomplete)
        ]

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,  # noqa: FBT001,FBT002 - click's own signature
        windows_expand_args: bool = True,  # noqa: FBT001,FBT002
        **extra: Any,
    ) -> NoReturn:
        """Run the command line and exit with its code."""
        del prog_name, complete_var, standalone_mode, windows_expand_args
        for stream in (sys.stdout, sys.stderr):
            # A stream of another kind, such as a test's, stays as it is.
            if isinstance(stream, TextIOWrapper):
                with suppress(ValueError):
                    stream.reconfigure(errors="backslashreplace")
        given = (sys.argv[1:] if args is None else list(args)) or ["--help"]
        instruction = os.environ.get(COMPLETE_VARIABLE)
        if instruction:
            from click.shell_completion import shell_complete

            sys.exit(shell_complete(self, extra, "rowlock", COMPLETE_VARIABLE, instruction))
        try:
            code = self._run(given, extra)
            sys.stdout.flush()
        except BrokenPipeError:
            # Whoever read has read enough. Python would complain when it flushes at its end.
            with suppress(OSError, ValueError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            code = DONE
        except KeyboardInterrupt:
            from rowlock.cli.exits import ExitCode

            code = ExitCode.INTERRUPTED
        sys.exit(int(code))

    def _run(self, given: list[str], extra: dict[str, Any]) -> int:
        context: click.Context | None = None
        try:
            with self.make_context("rowlock", given, **extra) as context:
                self.invoke(context)
        except click.exceptions.Exit as end:
            return end.exit_code
        except (EOFError, click.Abort) as error:
            raise KeyboardInterrupt from error
        except BrokenPipeError:
            raise
        except Exception as error:  # noqa: BLE001 - the outermost edge: told, and made a code
            from rowlock.cli.exits import exit_code_for
            from rowlock.cli.problems import Telling

            known = {} if context is None else context.meta
            told = Telling(
                as_json="--json" in given,
                debug=bool(known.get(DEBUG)),
                urls=known.get(URLS, ()),
                tokens=known.get(TOKENS, ()),
            )
            told.tell(error)
            return exit_code_for(error)
        return DONE


def _show_version(ctx: click.Context, _: click.Parameter, value: Any) -> None:
    if value:
        click.echo(f"rowlock {__version__}")
        ctx.exit()


program = Program(
    "rowlock",
    help=HELP,
    epilog=EPILOG,
    context_settings={
        "help_option_names": ["-h", "--help"],
        "auto_envvar_prefix": "ROWLOCK",
        "max_content_width": 100,
    },
    params=[
        click.Option(
            ["--version"],
            is_flag=True,
            is_eager=True,
            expose_value=False,
            help="Show the version and exit.",
            callback=_show_version,
        )
    ],
)
