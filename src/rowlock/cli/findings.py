"""What a check of `rowlock doctor` comes to."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

CONNECTION, DATABASE = "connection", "database"
"""Checks without which nothing else can be looked at."""


class Verdict(StrEnum):
    """How a check ended."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


class Finding(NamedTuple):
    """One line of the diagnosis; `advice` says what to do where something is to be done."""

    check: str
    verdict: Verdict
    found: str
    advice: str | None = None
