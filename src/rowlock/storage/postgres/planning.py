"""How the server plans what a connection has prepared."""

from __future__ import annotations

from typing import Any, LiteralString, Protocol, TypeAlias

import psycopg

from rowlock.plan import Statement

PREPARED_AFTER = 5
"""How often a connection executes a statement before it prepares it."""

LASTING = frozenset(
    {
        "claim_tasks",
        "expire_tasks",
        "finish_tasks",
        "insert_task",
        "insert_tasks",
        "lock_ended_pauses",
        "next_due",
        "promote_tasks",
        "release_tasks",
        "rescue_tasks",
    }
)
"""Statements with one good plan, whatever the tables hold: prepared, they keep it."""

SMALL = frozenset({"is_watched", "list_deletions", "resting_duties", "take_duty"})
"""Statements on small tables, sent between others of either kind: any plan is good."""

# A plan that is made while a table is empty may not count on that. With nothing but indexes to
# choose from it is the same for a million rows.
KEEP_PLANS = (
    b"SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off;"
    b"SET enable_bitmapscan = off; SET enable_sort = off; SET jit = off"
)
PLAN_ANEW = (
    b"SET plan_cache_mode = force_custom_plan; RESET enable_seqscan;"
    b"RESET enable_bitmapscan; RESET enable_sort; RESET jit"
)

AnyConnection: TypeAlias = psycopg.Connection[Any] | psycopg.AsyncConnection[Any]


Setting: TypeAlias = tuple[LiteralString, tuple[str, str, int]]


def plan_anew(connection: AnyConnection) -> Setting:
    """Return what has prepared statements planned each time; gives no row behind a pooler.

    A plan that was made while a table was empty would be kept when it has a million rows.
    """
    return _setting(connection, "plan_cache_mode", "force_custom_plan")


def not_wait_for_disk(connection: AnyConnection) -> Setting:
    """Return what lets commits return before they are on disk; gives no row behind a pooler."""
    return _setting(connection, "synchronous_commit", "off")


def _setting(connection: AnyConnection, name: str, value: str) -> Setting:
    """Return what sets something for a session of one's own.

    Whoever passes connections on tells every client a process id of its own making, as a client's
    statements go to several processes: nothing is set there, and no row is given.
    """
    text = "SELECT set_config(%s, %s, false) WHERE pg_backend_pid() = %s"
    return text, (name, value, connection.info.backend_pid)


class Planning(Protocol):
    """A connection that knows how its session plans. See `HeardConnection`."""

    keeps_plans: bool | None

    @property
    def prepare_threshold(self) -> int | None:
        """After how many executions it prepares a statement; None for never."""
        ...


def other_planning(connection: Planning, statement: Statement) -> bytes | None:
    """Return what has a statement planned as it should be; None if it is so already.

    When that is answered, `keeps_plans` is to say so.
    """
    if connection.prepare_threshold is None or statement.name in SMALL:
        return None
    keeps_plans = statement.name in LASTING
    if connection.keeps_plans is keeps_plans:
        return None
    connection.keeps_plans = None
    return KEEP_PLANS if keeps_plans else PLAN_ANEW
