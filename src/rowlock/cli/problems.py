"""How an error is told: one line for people, and one JSON document for programs."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import click

from rowlock.cli.exits import exit_code_for
from rowlock.cli.output import warn, without_controls
from rowlock.cli.program import SERVER_OPTIONS
from rowlock.errors import RowlockError
from rowlock.wire.problems import error_detail

_PASSWORD = re.compile(r"""(://[^:@/\s"']*):(?!password@)[^"']*@""")
_TOKEN = re.compile(r"rowlock_[0-9a-f]{32}_[\w-]+")
_GIVEN_PASSWORD = re.compile(r"://[^:@/]*:(.+)@")
# Shorter ones would be taken out of ordinary words.
MIN_SECRET_LENGTH = 3


def reason_of(error: Exception) -> str:
    """Return the problem in one line."""
    if isinstance(error, click.ClickException):
        text = _usage_problem(error)
    elif isinstance(error, RowlockError):
        text = str(error)
    elif isinstance(error, OSError):
        where = "" if error.filename is None else f": {error.filename}"
        text = f"{error.strerror or error}{where}"
    else:
        text = f"internal error: {type(error).__name__}: {error}; --debug shows where"
    return without_controls(" ".join(text.split()))


def _usage_problem(error: click.ClickException) -> str:
    message = error.format_message().rstrip(".")
    if isinstance(error, click.BadParameter) and error.param is not None:
        missing = isinstance(error, click.MissingParameter)
        problem = "is missing" if missing else error.message.rstrip(".")
        return f"{error.param.name}: {problem}{_where_to_read(error)}"
    if isinstance(error, click.NoSuchOption) and _needs_database(error):
        message = (
            f"{error.option_name} is for servers, this works on a database only: run it where "
            "that is, with --url"
        )
    if isinstance(error, click.UsageError):
        return f"{message[:1].lower()}{message[1:]}{_where_to_read(error)}"
    return message


def _needs_database(error: click.NoSuchOption) -> bool:
    """Whether somebody told a command to go to a server that knows databases alone."""
    options = [] if error.ctx is None else [one.opts for one in error.ctx.command.params]
    return error.option_name in SERVER_OPTIONS and ["--url"] in options


def _where_to_read(error: click.UsageError) -> str:
    return "" if error.ctx is None else f"; see '{error.ctx.command_path} --help'"


def _detail_of(error: Exception) -> dict[str, Any] | None:
    if isinstance(error, click.BadParameter) and error.param is not None:
        return {"field": error.param.name, "problem": error.message}
    return error_detail(error) if isinstance(error, RowlockError) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """How this command tells its errors.

    Attributes:
        as_json: Also as one line of JSON, the last one on stderr.
        debug: After the traceback.
        urls: What was given as such, whose passwords must not show.
        tokens: What was given as such, and must not show.
    """

    as_json: bool
    debug: bool
    urls: Sequence[str | None] = ()
    tokens: Sequence[str | None] = ()

    def tell(self, error: Exception) -> None:
        """Print an error on stderr."""
        if self.debug:
            import traceback

            warn(self._safe("".join(traceback.format_exception(error)).rstrip()))
        reason = self._safe(reason_of(error))
        warn(f"rowlock: {reason}")
        if self.as_json:
            document: dict[str, Any] = {
                "code": exit_code_for(error).value,
                "reason": reason,
                "type": type(error).__name__,
            }
            detail = _detail_of(error)
            if detail is not None:
                document["detail"] = detail
            warn(self._safe(json.dumps(document)))

    def _safe(self, text: str) -> str:
        passwords = (_GIVEN_PASSWORD.search(url) for url in self.urls if url)
        for secret in (*(found[1] for found in passwords if found), *self.tokens):
            if secret and len(secret) >= MIN_SECRET_LENGTH:
                text = text.replace(secret, "***")
        return _TOKEN.sub("***", _PASSWORD.sub(r"\1:***@", text))
