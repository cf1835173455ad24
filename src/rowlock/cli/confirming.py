"""Asking before a command does more than somebody may have meant."""

from __future__ import annotations

import sys

import click

from rowlock.cli.output import warn
from rowlock.errors import InvalidValueError

yes_option = click.option("--yes", "-y", is_flag=True, help="Do not ask.")


def confirm(question: str, *, yes: bool) -> None:
    """Go on only if the answer is yes.

    Raises:
        InvalidValueError: Nobody can be asked: no terminal shows the question, or none
            answers it.
    """
    if yes:
        return
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise InvalidValueError("yes", f"{question} Nobody can be asked here: add --yes")
    if not click.confirm(question, err=True):
        from rowlock.cli.exits import ExitCode  # lists do not ask

        warn("nothing changed")
        raise click.exceptions.Exit(ExitCode.REFUSED)
