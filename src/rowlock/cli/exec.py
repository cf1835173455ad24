"""`rowlock exec`: run one handler here and now."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any

import click

from rowlock.cli.apps import load_app
from rowlock.cli.arguments import handler_arguments
from rowlock.cli.exits import ExitCode
from rowlock.cli.options import Database, database_options, examples
from rowlock.cli.output import colored, duration_text, say, say_table, warn, without_controls
from rowlock.definitions.definition import TaskDefinition
from rowlock.definitions.outcomes import Cancel, Fail, Retry, Snooze
from rowlock.definitions.registry import Registry
from rowlock.definitions.task_log import SUCCESS
from rowlock.errors import UnknownDefinitionError
from rowlock.runtime.ends import failure_from

LIST = "list"
TASK_LOG = "rowlock.task"
LEVEL_COLORS: Mapping[int, str] = {
    logging.INFO: "cyan",
    SUCCESS: "green",
    logging.WARNING: "yellow",
    logging.ERROR: "red",
    logging.CRITICAL: "red",
}


@click.command(
    # Everything after the app and the alias is the handler's.
    context_settings={"allow_interspersed_args": False},
    epilog=examples(
        "rowlock exec tasks:app list",
        'rowlock exec tasks:app HelloWorldTask --name="Tom Jones"',
        "rowlock exec tasks:app add --a 2 --b 3",
    ),
)
@click.argument("app")
@click.argument("alias")
@click.argument("words", nargs=-1, type=click.UNPROCESSED, metavar="[--NAME=VALUE]...")
@database_options
def command(database: Database, *, app: str, alias: str, words: tuple[str, ...]) -> None:
    """Run one handler here and now, without a database.

    ALIAS names the definition; case, '-' and '_' do not matter. 'list' prints what there is.
    Values are text; those of a function become what its annotations say. Nothing is stored:
    what the handler logs and returns is printed, and the exit code is 1 if it fails.
    """
    core = load_app(app, database).core
    try:
        if alias == LIST:
            _list(core.registry)
            return
        definition = core.registry.get(alias)
        if definition is None:
            warn(f"'rowlock exec {app} {LIST}' shows what there is")
            raise UnknownDefinitionError(alias)
        _execute(definition, handler_arguments(words))
    finally:
        core.close()


def _list(registry: Registry) -> None:
    rows = [
        [str(number), one.alias, one.title, one.description]
        for number, one in enumerate(registry, start=1)
    ]
    say_table(("NO", "ALIAS", "TITLE", "DESCRIPTION"), rows, whole=("ALIAS",), right=("NO",))


def _execute(definition: TaskDefinition[..., Any], texts: Mapping[str, str]) -> None:
    shown = " ".join(f"{name}={value!r}" for name, value in texts.items()) or "no arguments"
    warn(f"running {without_controls(definition.alias)} with {without_controls(shown)}")
    signature = definition.signature
    arguments = signature.decode(signature.encode(signature.read_texts(texts)))
    with _log_printed():
        try:
            value: Any = definition(**arguments)
            if definition.is_async:
                value = asyncio.run(value)
            problem, text = _problem_of(value), None
            if problem is None:
                text = signature.encode_result(value)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever it raises is its failure
            failure = failure_from(error)
            problem, text = failure.traceback or f"{failure.type}: {failure.message}", None
    if problem is not None:
        warn(without_controls(problem.rstrip()))
        raise click.exceptions.Exit(ExitCode.FAILED)
    if text is not None:
        say(text)


def _problem_of(value: object) -> str | None:
    """Return what keeps a returned value from being a success."""
    if isinstance(value, Fail):
        return f"failed: {value.message}"
    if isinstance(value, Cancel):
        return f"canceled: {value.reason}"
    if isinstance(value, Retry):
        return f"failed: {value.reason}"
    if isinstance(value, Snooze):
        return f"not done: it asks to be run again in {duration_text(value.delay)}"
    return None


@contextmanager
def _log_printed() -> Generator[None]:
    """Print what handlers log in this block, with marks for the levels."""
    logger, printing = logging.getLogger(TASK_LOG), _Printing()
    before = logger.level, logger.propagate
    logger.setLevel(logging.INFO)
    logger.propagate = False
    logger.addHandler(printing)
    try:
        yield
    finally:
        logger.removeHandler(printing)
        logger.setLevel(before[0])
        logger.propagate = before[1]


class _Printing(logging.Handler):
    """Prints lines on stdout."""

    def emit(self, record: logging.LogRecord) -> None:
        """Print one line."""
        mark = colored(f"{record.levelname}:", LEVEL_COLORS.get(record.levelno), bold=True)
        say(f"{mark} {without_controls(self.format(record))}")
