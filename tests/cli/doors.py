"""The same command at a database and at a server of it."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from rowlock import Rowlock
from rowlock.app import token_flows
from rowlock.app.flow import run_flow
from tests.cli.commands import cli, cli_json
from tests.cli.conftest import Seeded


class Told(NamedTuple):
    """What somebody at the terminal gets."""

    code: int
    stdout: str
    stderr: str

    def lines(self) -> list[str]:
        """Return it line by line, to be compared so."""
        return [str(self.code), *self.stdout.splitlines(), "", *self.stderr.splitlines()]

    def ageless(self) -> Told:
        """Return it without how long something has been waiting, or has to wait."""
        return Told(self.code, *(_PASSING.sub("…", one) for one in (self.stdout, self.stderr)))

    def but_for(self, other: Told) -> Told:
        """Return it without ids, times and actors that only one of two can have."""
        return Told(
            self.code,
            but_for(self.stdout, other.stdout),
            but_for(self.stderr, other.stderr),
        )


def told(*words: str, url: str | None = None, env: Mapping[str, str] | None = None) -> Told:
    """Run a command; returns what it told."""
    result = cli(*words, url=url, env=env)
    return Told(result.exit_code, result.stdout, result.stderr)


class Busy(Seeded):
    """A database in which there is something of everything."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        with closing(Rowlock(url)) as app:
            self._fill_more(app)

    def _fill_more(self, app: Rowlock) -> None:
        app.register_queue("mail", max_attempts=7, retry="fixed", lease="1m", timeout="20s")
        app.pause_queue("mail", until=datetime.now(UTC) + timedelta(days=1), reason="spam")
        for state in ("paused", "deleted", "claimed"):
            self.ids[state] = app.enqueue(None, {"to": state}, queue="post", tags=["x"]).id
        app.pause(self.ids["paused"], reason="wait")
        app.delete(self.ids["deleted"])
        [claim] = app.claim("by hand", ["post"], lease="1h")
        app.update_progress(claim, claim.token, 30, "on its way")
        app.create_definition("elsewhere", title="Else", queue="mail", lifetime="1h", priority=2)
        app.create_schedule(
            "nightly", "0 3 * * *", "add", arguments={"a": 1}, zone="Europe/Berlin",
            jitter="10s", tags=["t"], retry="fixed",
        )  # fmt: skip
        self.ids["run"] = app.run_schedule("nightly").id
        app.pause_schedule("nightly")
        app.create_ticker("beat", interval="1h", payload={"n": 1}, queue="beats")
        app.bulk("edit", queue="later", changes={"priority": 4}, reason="sooner")
        app.register_queue("spare")
        flow = token_flows.create_token(app.core, "old", ["tasks:read"])
        self.ids["token"] = run_flow(app.core, flow)[0].id

    def copy(self, name: str) -> str:
        """Copy the database; returns the URL of the copy."""
        path = Path(self.url.removeprefix("sqlite:///"))
        shutil.copy(path, path.with_name(name))
        return f"sqlite:///{path.with_name(name)}"

    def words(self, command: str) -> list[str]:
        """Return a command's words; `{queued}` is the id of that task."""
        for name, task_id in self.ids.items():
            command = command.replace(f"{{{name}}}", str(task_id))
        return shlex.split(command)


_MOMENT = r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?Z"
_VOLATILE = re.compile(
    rf"[0-9a-f]{{8}}(?:-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}}|rowlock_[0-9a-f]{{32}}_[\w-]+|{_MOMENT}"
)
_ACTOR = re.compile(r'"actor": (?:null|"[^"]*")')
# How long something has been waiting, or has to wait, may change between two commands.
_PASSING = re.compile(
    r'\w+ ago|(?:due|runs|next) in \w+|"oldest_wait_seconds": [\d.]+|[\d.]+m?s(?=\t|\n)'
)


def but_for(text: str, other: str) -> str:
    """Return a text without ids and times that the other one cannot have, and without actors."""
    known = set(_VOLATILE.findall(other))

    def shown(found: re.Match[str]) -> str:
        return found[0] if found[0] in known and not _is_recent(found[0]) else "…"

    return _ACTOR.sub("", _VOLATILE.sub(shown, text))


def _is_recent(text: str) -> bool:
    """Whether a text is a time at which one command or the other may have done something."""
    if not text.endswith("Z"):
        return False
    return abs(datetime.fromisoformat(text) - datetime.now(UTC)) < timedelta(minutes=30)


STATE = (
    "tasks --limit 500", "tasks --state deleted", "queues", "definitions --deleted",
    "schedules --deleted", "tickers", "operations",
)  # fmt: skip


def state_of(url: str) -> str:
    """Everything that there is in a database.

    A queue that is made where a task is to go is in the audit only if a server was told to make
    it, so the audit is without queues.
    """
    there = [told(*command.split(), "--json", url=url).stdout for command in STATE]
    audit = [one for one in cli_json("audit", url=url) if one["kind"] != "queue"]
    return "\n".join([*there, json.dumps(audit, indent=2)])
