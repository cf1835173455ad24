"""Streams of what becomes of tasks."""

from __future__ import annotations

from typing import Final

from rowlock.errors import InvalidValueError
from rowlock.http.call import Call, Handlers
from rowlock.http.live.following import Following
from rowlock.http.live.ring import Wanted, place_from
from rowlock.http.streaming import EventStream
from rowlock.model.names import checked_alias, checked_name, definition_key
from rowlock.model.tokens import Scope

MOST_TASKS: Final = 20
MOST_NAMES: Final = 100


async def watch_events(call: Call) -> EventStream:
    """Stream what becomes of tasks."""
    query = call.query
    queues, definitions = query.get("queue", ()), query.get("definition", ())
    tasks = query.get("task", ())
    for name, given, most in (
        ("queue", queues, MOST_NAMES),
        ("definition", definitions, MOST_NAMES),
        ("task", tasks, MOST_TASKS),
    ):
        if len(given) > most:
            raise InvalidValueError(name, f"is given more than {most} times")
    if query.get("stats"):
        call.identity.check([Scope.METRICS_READ])
    wanted = Wanted(
        namespace=call.core.namespace,
        queues=frozenset(checked_name("queue", one) for one in queues),
        definitions=frozenset(definition_key(checked_alias(one)) for one in definitions),
        tasks=frozenset(map(str, tasks)),
        stats=query.get("stats", False),
    )
    # A browser that asks again for the same address says in the header how far it is.
    last = query.get("last_event_id") if call.last_event is None else call.last_event
    place = None if last is None else place_from(last)
    every = call.limits.recheck_seconds
    following = Following(call.live, wanted, place, call.check_still, every=every)
    return call.stream(following.frames())


HANDLERS: Handlers = {"watch_events": watch_events}
