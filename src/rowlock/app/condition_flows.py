"""What state a database is in, as flows: its schema may be none that this version can use."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

from rowlock.app.flow import Do, Flow
from rowlock.app.opened import Opened
from rowlock.plan import Plan
from rowlock.storage.contract import ServerFacts
from rowlock.storage.storage import Storage


class Condition(NamedTuple):
    """The state of a database.

    Attributes:
        version: The engine's.
        advised: The version that should be used at least; None if this one is not older.
        now: What its clock says.
        schema: The version of its tables; None if there are none.
        wrong: Why this version of ours cannot use them; None if it can.
        changed: Migrations that were applied from another text than ours.
    """

    engine: str
    version: str
    advised: str | None
    now: datetime
    schema: int | None
    wrong: str | None
    changed: tuple[str, ...]


def condition(core: Opened) -> Flow[Condition]:
    """Return the state of the database.

    Raises:
        StorageUnavailableError: It cannot be reached.
    """
    storage, migrations = core.storage, core.storage.migrations
    facts: ServerFacts = yield _read(storage, storage.reads.server_facts)
    applied = yield _read(storage, migrations.applied)
    wrong = migrations.mismatch(applied)
    return Condition(
        engine=storage.engine,
        version=facts.version,
        advised=_advised(storage, facts.version),
        now=facts.now,
        schema=applied[-1].version if applied else None,
        wrong=None if wrong is None else str(wrong),
        changed=tuple(f"{one.version:04} {one.name}" for one in migrations.changed(applied)),
    )


def _read(storage: Storage, operation: Callable[[], Plan[Any]]) -> Do:
    """Read whatever the schema is: a flow's `Run` refuses one that is not ours."""
    return Do(
        partial(storage.runner.read, operation), partial(storage.async_runner.read, operation)
    )


def _advised(storage: Storage, version: str) -> str | None:
    wanted = storage.advised_version
    found = tuple(int(part) for part in re.findall(r"\d+", version)[:3])
    return None if wanted is None or found >= wanted else ".".join(map(str, wanted))
