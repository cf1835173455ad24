"""Running the command line: in this process, or as a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

import rowlock
from rowlock.cli.program import program

SOURCE = str(Path(rowlock.__file__).parents[1])
PROCESS_SECONDS = 60

# Nothing of the developer's own terminal and settings reaches a test.
_OWN = ("ROWLOCK_", "NO_COLOR", "FORCE_COLOR", "TERM", "COLUMNS", "_ROWLOCK")


def cli(*args: str, url: str | None = None, env: Mapping[str, str] | None = None) -> Result:
    """Run a command in this process."""
    given = [*args, "--url", url] if url is not None else [*args]
    cleared: dict[str, str | None] = {name: None for name in os.environ if name.startswith(_OWN)}
    runner = CliRunner()
    try:
        result = runner.invoke(program, given, env={**cleared, **(env or {})})
    finally:
        _forget_apps()
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def _forget_apps() -> None:
    """Let the next command import its app afresh, as a process of its own would."""
    here = str(Path.cwd())
    if SOURCE.startswith(here):
        return
    for name in list(sys.modules):
        if (getattr(sys.modules.get(name), "__file__", None) or "").startswith(here):
            del sys.modules[name]


def cli_json(*args: str, url: str | None = None, env: Mapping[str, str] | None = None) -> Any:
    """Run a command that must succeed, and return the document it prints."""
    result = cli(*args, "--json", url=url, env=env)
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


def environment(**more: str) -> dict[str, str]:
    """Return the environment of a process of ours."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_OWN)}
    path = os.pathsep.join(filter(None, [SOURCE, os.environ.get("PYTHONPATH")]))
    return {**kept, "PYTHONPATH": path, "PYTHONUNBUFFERED": "1", **more}


def untraced() -> dict[str, str]:
    """Return the environment of a process that not even coverage loads modules into."""
    return {name: value for name, value in environment().items() if not name.startswith("COV")}


def command_line(*args: str) -> list[str]:
    """Return what starts the command line as a process."""
    return [sys.executable, "-m", "rowlock", *args]


def run(
    *args: str, cwd: Path | None = None, stdin: str | None = None, **env: str
) -> subprocess.CompletedProcess[str]:
    """Run a command as a process of its own, to its end."""
    return subprocess.run(
        command_line(*args),
        cwd=cwd,
        env=environment(**env),
        input=stdin,
        capture_output=True,
        text=True,
        timeout=PROCESS_SECONDS,
        check=False,
    )


def start(*args: str, cwd: Path | None = None, **env: str) -> subprocess.Popen[str]:
    """Start a command as a process of its own."""
    return subprocess.Popen(
        command_line(*args),
        cwd=cwd,
        env=environment(**env),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def error_of(stderr: str) -> dict[str, Any]:
    """Return the JSON document that ends what a failed command printed."""
    document: dict[str, Any] = json.loads(stderr.splitlines()[-1])
    return document
