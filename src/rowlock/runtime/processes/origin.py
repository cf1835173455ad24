"""Where a child finds the code of its worker, told by the worker and loaded by the child."""

from __future__ import annotations

import logging
import runpy
import sys
from collections.abc import Mapping
from importlib import import_module
from types import ModuleType
from typing import Any, Protocol, cast

from rowlock.definitions.collection import CollectionEnqueuer
from rowlock.definitions.definition import TaskDefinition, define
from rowlock.definitions.extensions import Extensions
from rowlock.definitions.handler_definition import define_handler, is_handler
from rowlock.definitions.registry import Registry
from rowlock.errors import ConfigError, UnknownDefinitionError
from rowlock.runtime.processes.messages import Prepare, Run

MAIN_NAME = "__rowlock_main__"
"""What a program's main module is called in a child, so that its main block does not run."""


class _Core(Protocol):
    registry: Registry
    extensions: Extensions

    def redirect(self, **settings: Any) -> None: ...


def in_child() -> bool:
    """Whether this process is a child that loads or has loaded the main module of its worker."""
    return MAIN_NAME in sys.modules


def prepare(reference: str | None, settings: Mapping[str, str]) -> Prepare:
    """Return what a child must know of this process.

    Args:
        reference: `module:name` of the app, if it is known.
        settings: What goes over the app's own.
    """
    main = sys.modules.get("__main__")
    spec = getattr(main, "__spec__", None)
    return Prepare(
        sys_path=[str(path) for path in sys.path],
        app=reference,
        settings=dict(settings),
        main_module=None if spec is None else spec.name,
        main_path=getattr(main, "__file__", None),
        log_level=logging.getLogger().getEffectiveLevel(),
    )


class Code:
    """The code of the worker, in the child."""

    def __init__(self, origin: Prepare) -> None:
        """Load the app, if it is known.

        Raises:
            Exception: Whatever importing it raises.
        """
        self._origin = origin
        self._main: ModuleType | None = None
        self._definitions: dict[str, TaskDefinition[..., Any]] = {}
        self._core: _Core | None = None
        sys.path[:] = origin.sys_path
        if origin.app is not None:
            module, _, name = origin.app.partition(":")
            core: _Core = _attribute(import_module(module), name).core
            if origin.settings:
                core.redirect(**origin.settings)
            self._core = core

    @property
    def extensions(self) -> Extensions:
        """What the app puts around handlers; nothing if it is not known."""
        return Extensions() if self._core is None else self._core.extensions

    def find(self, asked: Run) -> TaskDefinition[..., Any]:
        """Return the definition.

        Raises:
            ConfigError: It cannot be found by its name.
            Exception: Whatever importing its module raises.
        """
        definition = self._definitions.get(asked.key)
        if definition is None:
            definition = self._definitions[asked.key] = self._found(asked)
        return definition

    def _found(self, asked: Run) -> TaskDefinition[..., Any]:
        if self._core is not None:
            definition = self._core.registry.get(asked.key)
            if definition is None:
                raise UnknownDefinitionError(asked.key)
            return definition
        if "<" in asked.qualname:
            raise ConfigError(
                f"{asked.module}.{asked.qualname} cannot be found by a process: "
                "define it at the top of its module"
            )
        value = _attribute(self._module(asked.module), asked.qualname)
        if isinstance(value, TaskDefinition):
            return cast("TaskDefinition[..., Any]", value)
        if is_handler(value):
            return define_handler(
                value, enqueuer=CollectionEnqueuer(), alias=asked.key, defaults={}
            )
        return define(value, enqueuer=CollectionEnqueuer(), alias=asked.key)

    def _module(self, name: str) -> ModuleType:
        if name != "__main__":
            return import_module(name)
        if self._main is None:
            self._main = self._load_main()
        return self._main

    def _load_main(self) -> ModuleType:
        origin = self._origin
        module = ModuleType(MAIN_NAME)
        # There while it runs: what looks itself up finds itself, and a worker is not started.
        sys.modules[MAIN_NAME] = sys.modules["__main__"] = module
        if origin.main_module is not None:
            content = runpy.run_module(origin.main_module, run_name=MAIN_NAME, alter_sys=True)
        elif origin.main_path is not None:
            content = runpy.run_path(origin.main_path, run_name=MAIN_NAME)
        else:
            raise ConfigError("the program has no file that a process could load: put it into one")
        vars(module).update(content)
        sys.modules[MAIN_NAME] = sys.modules["__main__"] = module
        return module


def _attribute(module: ModuleType, path: str) -> Any:
    value: Any = module
    for part in path.split("."):
        value = getattr(value, part)
    return value
