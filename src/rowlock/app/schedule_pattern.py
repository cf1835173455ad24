"""What the tasks of a schedule look like, whoever fires it: by what the database says alone."""

from __future__ import annotations

from rowlock.app.orders import Order, Target
from rowlock.definitions.scheduling import options_of
from rowlock.errors import DefinitionClosedError, UnknownDefinitionError
from rowlock.model.definitions import Definition
from rowlock.model.schedules import Schedule
from rowlock.model.tasks import NewTask
from rowlock.ops.policies import PolicyCache
from rowlock.plan import Plan
from rowlock.storage.storage import Storage


class StoredPattern:
    """Makes tasks of schedules of any namespace; see `Pattern`.

    What it reads of definitions and queues it reads once: use it for one pass.
    """

    def __init__(self) -> None:
        self._definitions: dict[tuple[str, str], Definition | None] = {}
        self._policies: dict[str, PolicyCache] = {}

    def __call__(self, storage: Storage, schedule: Schedule, /) -> Plan[NewTask]:
        """Return the task of any occurrence.

        Raises:
            UnknownDefinitionError: The definition is not there.
            DefinitionClosedError: It is canceled or deleted.
            InvalidValueError: The arguments or an option do not fit.
        """
        definition = yield from self._definition(storage, schedule)
        if definition is None:
            raise UnknownDefinitionError(schedule.definition)
        if definition.refusal is not None:
            raise DefinitionClosedError(definition.alias, definition.refusal)
        target, options = Target.of_row(definition), options_of(schedule)
        if isinstance(options.unique, tuple):
            # Those that are left to their defaults do not count, and only the code knows them.
            given = tuple(name for name in options.unique if name in schedule.arguments)
            options = options._replace(unique=given)
        policies = yield from self._policies_of(storage, schedule.namespace)
        queue = policies.queue(options.queue or target.queue)
        order = Order(target, options, queue, unique_by_default=False)
        return order.task(dict(schedule.arguments))

    def _definition(self, storage: Storage, schedule: Schedule) -> Plan[Definition | None]:
        place = (schedule.namespace, schedule.definition)
        if place not in self._definitions:
            found = yield from storage.definitions.get_definition(*place)
            self._definitions[place] = found
        return self._definitions[place]

    def _policies_of(self, storage: Storage, namespace: str) -> Plan[PolicyCache]:
        if namespace not in self._policies:
            cache = PolicyCache(namespace)
            for queue in (yield from storage.queues.list_queues(namespace)):
                cache.remember(queue)
            self._policies[namespace] = cache
        return self._policies[namespace]
