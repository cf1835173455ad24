"""The child processes of a worker."""

from __future__ import annotations

from collections.abc import Mapping

from rowlock.app.core import Core
from rowlock.definitions.options import PROCESS
from rowlock.errors import ConfigError
from rowlock.runtime.processes.origin import prepare
from rowlock.runtime.processes.pool import ChildLimits, ProcessPool


def process_pool(app: Core, limits: ChildLimits, settings: Mapping[str, str]) -> ProcessPool:
    """Return where handlers with `executor="process"` run; nothing is started yet.

    Args:
        app: Whose handlers.
        limits: After what children are replaced.
        settings: What goes over the app's own in children. See `Opened.redirect`.

    Raises:
        ConfigError: Children could not find the app, and so would leave its middleware out.
    """
    in_processes = any(one.defaults.executor == PROCESS for one in app.registry)
    if in_processes and app.extensions.layers and app.reference is None:
        raise ConfigError(
            "child processes cannot find the app, and so its middleware: start the worker with "
            "`rowlock worker module:app`"
        )
    return ProcessPool(prepare(app.reference, {**app.redirected, **settings}), limits)
