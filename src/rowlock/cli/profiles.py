"""Servers under short names, in a file: `$XDG_CONFIG_HOME/rowlock/profiles.toml`."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Any, NamedTuple

from rowlock.cli.output import warn
from rowlock.errors import ConfigError, InvalidValueError

OTHERS = 0o077
"""What the file's mode has if anybody else can read or write it."""


class Profile(NamedTuple):
    """A server and how to talk to it."""

    server: str
    token: str | None = None
    namespace: str | None = None


def profiles_file() -> Path:
    """Return where the profiles are."""
    folder = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(folder) / "rowlock" / "profiles.toml"


def profile_named(name: str) -> Profile:
    """Return a profile; warns if others can read a token of the file.

    Raises:
        InvalidValueError: There is none of that name.
        ConfigError: The file cannot be read, or says something else than it may.
    """
    path = profiles_file()
    try:
        with path.open("rb") as file:
            mode, known = os.fstat(file.fileno()).st_mode, tomllib.load(file)
    except FileNotFoundError as error:
        raise InvalidValueError("profile", f"there is no file {path}") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path} is no TOML: {error}") from None
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from error
    if name not in known:
        names = ", ".join(known) or "none"
        raise InvalidValueError("profile", f"{name!r} is not in {path}; there is {names}")
    profile = _profile(known[name], f"profile {name!r} in {path}")
    if profile.token is not None and mode & OTHERS and os.name == "posix":
        warn(f"rowlock: others can read the tokens in {path}: chmod 600 {path}")
    return profile


def _profile(said: Any, where: str) -> Profile:
    """Return what a profile says; an error never shows a value, which may be a token."""
    if not isinstance(said, dict):
        raise ConfigError(f"{where} must be a table: [name] and lines below")
    for key, value in said.items():  # pyright: ignore[reportUnknownVariableType] - TOML
        if key not in Profile._fields:
            raise ConfigError(f"{where}: {key} is unknown; there are {', '.join(Profile._fields)}")
        if not isinstance(value, str) or not value:
            raise ConfigError(f"{where}: {key} must be text")
    if "server" not in said:
        raise ConfigError(f"{where}: server is missing")
    return Profile(**said)
