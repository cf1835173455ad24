"""From `module:app` to the app."""

from __future__ import annotations

import sys
import traceback
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from rowlock.app.core import Application, Core
from rowlock.cli.doors import Place
from rowlock.cli.options import Database
from rowlock.errors import InvalidValueError

DEFAULT_NAME = "app"
_OWN = Database(url=None, namespace=None, prefix=None, schema=None)


def load_app(reference: str, database: Database) -> Application:
    """Import an app and point it at the database that the command was told to use, if any.

    The working directory is importable, as with `python -m`.

    Args:
        reference: `package.module:name`; the name is `app` if it is left out.
        database: What goes over the app's own settings.

    Raises:
        InvalidValueError: There is no such module or app, or importing it failed.
        ConfigError: The settings cannot work.
    """
    module_name, _, name = reference.partition(":")
    if module_name.endswith(".py") or "/" in module_name:
        guess = module_name.removesuffix(".py").strip("./").replace("/", ".")
        raise InvalidValueError("app", f"{reference!r} is a file; name the module: {guess}:app")
    module = _imported(module_name)
    app = _app_in(module, name or DEFAULT_NAME)
    app.core.reference = f"{module_name}:{name or DEFAULT_NAME}"
    app.core.redirect(url=database.url, **database.given())
    return app


def app_at(place: Place, reference: str) -> Application:
    """Import an app; at a database it is pointed there. See `load_app`."""
    return load_app(reference, place if isinstance(place, Database) else _OWN)


def _imported(name: str) -> ModuleType:
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{name}.".startswith(f"{error.name}."):
            raise InvalidValueError("app", _cause(name, error)) from error
        problem = f"there is no module {error.name!r}, neither in {here} nor installed"
        raise InvalidValueError("app", problem) from error
    except (Exception, SystemExit) as error:
        raise InvalidValueError("app", _cause(name, error)) from error


def _cause(name: str, error: BaseException) -> str:
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename != __file__ and "importlib" not in frame.filename
    ]
    where = f" ({frames[-1].filename}:{frames[-1].lineno})" if frames else ""
    return f"importing {name!r} failed: {type(error).__name__}: {error}{where}"


def _is_app(value: Any) -> bool:
    return isinstance(getattr(value, "core", None), Core)


def _app_in(module: ModuleType, path: str) -> Application:
    value: Any = module
    for part in path.split("."):
        value = getattr(value, part, None)
    if _is_app(value):
        app: Application = value
        return app
    known = [f"{module.__name__}:{name}" for name, one in vars(module).items() if _is_app(one)]
    there_is = f"; there is {', '.join(known)}" if known else ""
    what = "does not exist" if value is None else "is not a Rowlock or AsyncRowlock"
    raise InvalidValueError("app", f"{module.__name__}:{path} {what}{there_is}")
